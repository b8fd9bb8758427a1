"""What a chart is made of: bars and the levels over them. Owns how they are read from the answers `bars` and `brief`.

Numbers here are floats because they become rows of a screen; a level's price is *shown* as the broker wrote it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hydrad.domain.instants import BadInstant, parse_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hydrad.wire.answers.briefing import ChartView, PriceNow
    from hydrad.wire.market import BarRow

PRICE_MAX = 1e12  # nothing that is traded costs more: beyond it a number is no price


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of bid prices. `at`: when it opened, ISO 8601 in UTC. `used` is false where something is missing."""

    open: float
    high: float
    low: float
    close: float
    at: str
    used: bool = True

    @property
    def drawable(self) -> bool:
        """Whether its numbers are prices."""
        return all(map(is_price, (self.open, self.high, self.low, self.close)))


@dataclass(frozen=True, slots=True)
class Level:
    """A price to draw a line at. `name`: `entry`, `stop`, `target`, `now`, or any other; `text`: the price as it is
    shown, never made from the number."""

    name: str
    price: float
    text: str


def is_price(number: float) -> bool:
    return math.isfinite(number) and abs(number) <= PRICE_MAX


def bars_of(rows: Iterable[BarRow]) -> tuple[Bar, ...]:
    """The bid's bars of the answer `bars`, oldest first as they came. A row without a price that can be read is left
    out: the gap shows."""
    return tuple(bar for row in rows if (bar := _bar(row)) is not None)


def levels_of(chart: ChartView, price: PriceNow | None) -> tuple[Level, ...]:
    """The levels of a briefing, the most important first, and where the bid is now: `stale` where the gate would call
    it so."""
    told = [_level(view.name, view.price) for view in chart.levels]
    if price is not None:
        told.insert(3, _level("stale" if price.stale else "now", price.bid))
    return tuple(level for level in told if level is not None)


def signal_bar(bars: Sequence[Bar], signal_at: str, bar_s: int = 60) -> str | None:
    """`at` of the bar whose close made the signal, `bar_s` being how long a bar lasts; None: it is not among them."""
    try:
        closed = parse_ms(signal_at)
        for bar in reversed(bars):
            if closed - bar_s * 1000 <= parse_ms(bar.at) < closed:
                return bar.at
    except BadInstant:
        return None
    return None


def _bar(row: BarRow) -> Bar | None:
    prices = [_number(text) for text in (row.bid_open, row.bid_high, row.bid_low, row.bid_close)]
    known = [price for price in prices if price is not None]
    if len(known) < len(prices) or not row.time:
        return None
    first, high, low, last = known
    return Bar(first, high, low, last, row.time, used=row.used is not False)


def _level(name: str, text: str) -> Level | None:
    price = _number(text)
    return None if price is None else Level(name, price, text)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
