"""A server's clock, measured with what is imported in UTC. Owns which bars it is held against.

The same symbol serves, or another file of the same export that together with it makes a symbol that is there in UTC:
EURJPY / USDJPY = EURUSD. The measuring itself is `server_clock`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from hydrad.market import provenance, server_clock, stored
from hydrad.market.layouts import Bars, Parsed
from hydrad.market.saying import Refused
from hydrad.market.server_clock import Clock, Prices, Week


def references(market: Path, minutes: int) -> dict[str, tuple[str, Prices]]:
    """Closes of imported bars whose source says UTC, by symbol: of the source with the most bars."""
    found: dict[str, dict[str, list[Bars]]] = {}
    for path, told in provenance.every(market):
        if not told["clock"]["is"].startswith("UTC") or told["layout"] == "ticks":
            continue
        for entry in told["files"]:
            bars, _ = stored.load_bars(path.parent / entry["name"])
            if bars.minutes == minutes:
                found.setdefault(bars.symbol, {}).setdefault(told["source"], []).append(bars)
    return {symbol: _longest(by_source) for symbol, by_source in found.items()}


def _longest(by_source: dict[str, list[Bars]]) -> tuple[str, Prices]:
    source = max(sorted(by_source), key=lambda name: sum(len(bars) for bars in by_source[name]))
    times = np.concatenate([bars.time_ms for bars in by_source[source]])
    closes = np.concatenate([bars.close for bars in by_source[source]])
    return source, server_clock.prices_of(times, closes)


def measured(market: Path, wanted: Parsed, others: Iterable[Parsed]) -> Clock:
    """The clock of a file's bars: by the same symbol in UTC, else by another file of the same export that together with
    it makes a symbol that is there in UTC. Raises Refused where there is neither, or nothing fits."""
    bars = wanted.data
    assert isinstance(bars, Bars)
    known = references(market, bars.minutes)
    own = server_clock.prices_of(bars.time_ms, bars.close)
    clock = Clock()
    if bars.symbol in known:
        source, prices = known[bars.symbol]
        clock = _clock(f"{source} {bars.symbol}", server_clock.measure(own, prices))
    else:
        for name, prices, crossed in _crossings(bars.symbol, own, wanted, others, known):
            clock = _clock(name, server_clock.measure(crossed, prices))
            if clock.spans:
                break
    if not clock.by:
        raise Refused(
            f"{wanted.path.name}: its clock cannot be measured: no {bars.symbol} {wanted.layout} in UTC is imported, "
            "and with no other file of this export does it make a symbol that is",
            "import bars of UTC first: nothing is assumed",
        )
    if not clock.spans:
        raise Refused(f"{wanted.path.name}: no week of it fits {clock.by}: its clock cannot be measured")
    return clock


def _clock(by: str, weeks: list[Week]) -> Clock:
    return Clock(by, server_clock.spans(weeks), [week for week in weeks if week.offset_ms is None])


def _crossings(
    symbol: str, own: Prices, wanted: Parsed, others: Iterable[Parsed], known: dict[str, tuple[str, Prices]]
) -> Iterator[tuple[str, Prices, Prices]]:
    """Symbols of UTC that this one and another of the same export make: name, their prices, the made ones."""
    for other in others:
        bars = other.data
        if not isinstance(bars, Bars) or other.source != wanted.source or bars.symbol == symbol:
            continue
        for target, (source, prices) in known.items():
            signs = _signs(symbol, bars.symbol, target)
            if signs is not None:
                made = server_clock.ratio(own, server_clock.prices_of(bars.time_ms, bars.close), *signs)
                yield f"{source} {target}, made of {symbol} and {bars.symbol}", prices, made


def _signs(a: str, b: str, target: str) -> tuple[int, int] | None:
    """How log a and log b make log target: of six letters, base and profit currency."""
    for sign_a in (1, -1):
        for sign_b in (1, -1):
            sums: dict[str, int] = {}
            for name, sign in ((a, sign_a), (b, sign_b), (target, -1)):
                sums[name[:3]] = sums.get(name[:3], 0) + sign
                sums[name[3:]] = sums.get(name[3:], 0) - sign
            if not any(sums.values()):
                return sign_a, sign_b
    return None
