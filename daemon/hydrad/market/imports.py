"""Data of others in a home: `imported/SOURCE/SYMBOL/`, never mixed with recordings. Owns what may be imported, and what
is kept of where it came from.

Bars on a server's wall clock are converted by measuring it against bars of UTC that were imported before
(`server_clock`): rows of weeks that could not be measured stay out, and the provenance says which.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hydrad.domain.instants import ms_text, ns_text
from hydrad.market import server_clock, stored, tickfile
from hydrad.market.cut import TickArrays
from hydrad.market.layouts import Bars, Parsed
from hydrad.market.server_clock import HOUR_MS, Prices, Span, Week

IMPORTED = "imported"
PROVENANCE = ".provenance.json"


class Refused(Exception):
    """Not imported; the message says why. `hint`: what to do. `taken`: something else stands in its place."""

    def __init__(self, message: str, hint: str | None = None, taken: bool = False) -> None:
        super().__init__(message)
        self.hint, self.taken = hint, taken


@dataclass(slots=True)
class Clock:
    """How times became UTC. `by`: what it was measured with, empty where the source says UTC."""

    by: str = ""
    spans: list[Span] = field(default_factory=list)
    unmeasured: list[Week] = field(default_factory=list)


@dataclass(slots=True)
class Imported:
    """One source file. `rows_out`: read, and left out."""

    parsed: Parsed
    files: list[tuple[str, int]]
    rows: int
    rows_out: int
    clock: Clock
    there: bool = False

    @property
    def digits(self) -> int:
        return self.parsed.data.digits


# --- where things are -----------------------------------------------------------------------------------


def folder_of(market: Path, source: str, symbol: str) -> Path:
    return market / IMPORTED / tickfile.folder_name(source) / tickfile.folder_name(symbol)


def provenances(market: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every import that is whole, in the order of their names."""
    for path in sorted((market / IMPORTED).glob(f"*/*/*{PROVENANCE}")):
        yield path, json.loads(path.read_text())


# --- importing ------------------------------------------------------------------------------------------


def import_one(market: Path, parsed: Parsed, clock: Clock, now_ns: int, licence: str | None, replace: bool) -> Imported:
    """Store what was parsed (bars: with UTC times already). Raises Refused, OSError, BadFile."""
    folder = folder_of(market, parsed.source, parsed.data.symbol)
    if isinstance(parsed.data, TickArrays):
        return _import_ticks(folder, parsed, now_ns, licence, replace)
    return _import_bars(folder, parsed, parsed.data, clock, now_ns, licence, replace)


def _import_ticks(folder: Path, parsed: Parsed, now_ns: int, licence: str | None, replace: bool) -> Imported:
    ticks = parsed.data
    assert isinstance(ticks, TickArrays)
    runs = stored.days_of(ticks)
    again = {day for day, _ in runs if sum(day == other for other, _ in runs) > 1} if len(runs) < 4096 else {0}
    if again:
        raise Refused(f"{parsed.path.name}: its ticks jump between days and back: sort it first")
    files, there = [], 0
    for day, rows in runs:
        name = tickfile.file_name(day)
        count = rows.stop - rows.start
        if (folder / name).exists() and not replace:
            if not _same(folder / name, ticks, rows):
                raise Refused(
                    f"{parsed.path.name}: {name} of {parsed.source} {ticks.symbol} has other ticks already",
                    "give it another --source, or --replace",
                    taken=True,
                )
            there += 1
        files.append((name, count, partial(stored.encode_day, day, parsed.source, ticks, rows)))
    done = Imported(parsed, [(name, count) for name, count, _ in files], len(ticks), 0, Clock(), there == len(files))
    _write(folder, done, [(name, encode) for name, _, encode in files], now_ns, licence)
    return done


def _same(path: Path, ticks: TickArrays, rows: slice) -> bool:
    known = stored.load_day(path).ticks
    return (
        known.digits == ticks.digits
        and np.array_equal(known.time_ms, ticks.time_ms[rows])
        and np.array_equal(known.bid_points, ticks.bid_points[rows])
        and np.array_equal(known.ask_points, ticks.ask_points[rows])
    )


def _import_bars(
    folder: Path, parsed: Parsed, bars: Bars, clock: Clock, now_ns: int, licence: str | None, replace: bool
) -> Imported:
    rows_out = 0
    if clock.by:
        utc, covered = server_clock.to_utc(bars.time_ms, clock.spans)
        rows_out = int((~covered).sum())
        bars = bars.taken(covered, utc[covered])
    if not len(bars):
        raise Refused(f"{parsed.path.name}: no bar is left")
    name = f"{parsed.layout}-{_date(bars.time_ms.min())}-{_date(bars.time_ms.max())}{stored.BAR_SUFFIX}"
    for other in sorted(folder.glob(f"{parsed.layout}-*{stored.BAR_SUFFIX}")) if not replace else ():
        known, _ = stored.load_bars(other)
        if other.name == name and _same_bars(known, bars):
            continue
        if known.time_ms.min() <= bars.time_ms.max() and bars.time_ms.min() <= known.time_ms.max():
            raise Refused(
                f"{parsed.path.name}: overlaps {other.name} of {parsed.source} {bars.symbol}",
                "give it another --source, or --replace",
                taken=True,
            )
    there = (folder / name).exists() and not replace
    done = Imported(parsed, [(name, len(bars))], len(bars), rows_out, clock, there)
    _write(folder, done, [(name, partial(stored.encode_bars, bars))], now_ns, licence)
    return done


def _same_bars(a: Bars, b: Bars) -> bool:
    return (
        (a.digits, a.sides) == (b.digits, b.sides)
        and np.array_equal(a.time_ms, b.time_ms)
        and np.array_equal(a.prices, b.prices)
        and np.array_equal(a.volume, b.volume)
    )


def _date(ms: np.int64) -> str:
    return ms_text(int(ms))[:10].replace("-", "")


def _write(folder: Path, done: Imported, files: list[tuple[str, Any]], now_ns: int, licence: str | None) -> None:
    """The data, and last the provenance: a file without one is no import."""
    if not done.there:
        stored.write_all(folder, files)
    text = json.dumps(provenance(done, now_ns, licence), indent=1) + "\n"
    name = f"{done.parsed.layout}-{done.parsed.sha256[:12]}{PROVENANCE}"
    if not (folder / name).exists() or not done.there:
        stored.write_all(folder, [(name, text.encode)])


def provenance(done: Imported, now_ns: int, licence: str | None) -> dict[str, Any]:
    """What is kept beside the data."""
    parsed = done.parsed
    return {
        "file": parsed.path.name,
        "sha256": parsed.sha256,
        "imported_at": ns_text(now_ns),
        "source": parsed.source,
        "symbol": parsed.data.symbol,
        "layout": parsed.layout,
        "digits": done.digits,
        "sides": "both" if isinstance(parsed.data, TickArrays) else parsed.data.sides,
        "rows": done.rows,
        "rows_out": done.rows_out,
        "files": [{"name": name, "rows": rows} for name, rows in done.files],
        "clock": clock_view(done.clock),
        "licence": licence,
    }


def clock_view(clock: Clock) -> dict[str, Any]:
    """`measured`: spans of one offset, on the server's clock. `unmeasured`: weeks that stayed out, by their reason."""
    reasons: dict[str, int] = {}
    for week in clock.unmeasured:
        reasons[week.why] = reasons.get(week.why, 0) + 1
    return {
        "is": f"measured against {clock.by}" if clock.by else "UTC, by its source",
        "measured": [
            {
                "offset_h": span.offset_ms / HOUR_MS,
                "from": ms_text(span.from_ms, 0).rstrip("Z"),
                "to": ms_text(span.to_ms, 0).rstrip("Z"),
                "weeks": span.weeks,
                "confidence": round(span.confidence, 3),
            }
            for span in clock.spans
        ],
        "unmeasured": reasons,
    }


# --- measuring a server's clock -------------------------------------------------------------------------


def references(market: Path, minutes: int) -> dict[str, tuple[str, Prices]]:
    """Closes of imported bars whose source says UTC, by symbol: of the source with the most bars."""
    found: dict[str, dict[str, list[Bars]]] = {}
    for path, told in provenances(market):
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
