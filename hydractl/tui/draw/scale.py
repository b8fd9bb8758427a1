"""The arithmetic of a chart: which prices it spans, in which row a price is, which labels stand where.

A row of the screen is two half rows; half row 0 is the top. Owns what is far away, and what a round price is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hydractl.tui.draw.bars import Bar

SPAN_MAX = 3.0  # of the bars' own: a level that would take more of the height than this is shown at the edge
SPAN_MIN = 1e-12  # less is no difference between prices
_ROUND = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """Prices from `low` to `high` over `halves` half rows."""

    low: float
    high: float
    halves: int

    def half(self, price: float) -> int:
        """The half row of a price, the nearest one where it is outside."""
        if self.high <= self.low:
            return self.halves // 2
        share = (self.high - price) / (self.high - self.low)
        return min(max(math.floor(share * (self.halves - 1) + 0.5), 0), self.halves - 1)

    def row(self, price: float) -> int:
        return self.half(price) // 2

    def beyond(self, price: float) -> int:
        """Above zero where the price is above the scale, below zero where it is below."""
        return (price > self.high) - (price < self.low)


def scale_of(bars: Sequence[Bar], prices: Iterable[float], halves: int) -> Scale:
    """A scale of all bars, and of those prices that leave the bars at least a third of the height, the nearest
    first."""
    low = min(min(bar.low, bar.open, bar.close) for bar in bars)
    high = max(max(bar.high, bar.open, bar.close) for bar in bars)
    most = (high - low) * SPAN_MAX if high > low else math.inf
    for price in sorted(prices, key=lambda price: max(low - price, price - high)):
        if max(high, price) - min(low, price) > most:
            break
        low, high = min(low, price), max(high, price)
    return Scale(low, high, halves)


def round_prices(scale: Scale, count: int) -> Iterator[tuple[float, int]]:
    """At most about `count` round prices of the scale, each with the decimals that it needs."""
    span = scale.high - scale.low
    if span < SPAN_MIN or count < 1:
        return
    power = math.floor(math.log10(span / count))
    step = next(size for size in _ROUND if size * 10.0**power >= span / count * 0.999)
    decimals = max(0, -power - (step == 10))
    unit = step * 10.0**power
    for number in range(math.ceil(scale.low / unit), math.floor(scale.high / unit) + 1):
        yield number * unit, decimals


def apart(wanted: Sequence[int], rows: int) -> list[int]:
    """A row of its own for each of the labels, as near as may be to the ones they want, in the same order. `wanted`
    does not fall and has at most `rows` of them (isotonic regression by pooling neighbours)."""
    pools: list[tuple[float, int]] = []  # mean of what they want, each less its own place; how many
    for place, row in enumerate(wanted):
        mean, count = float(row - place), 1
        while pools and pools[-1][0] > mean:
            before, others = pools.pop()
            mean = (mean * count + before * others) / (count + others)
            count += others
        pools.append((mean, count))
    starts = [min(max(math.floor(mean + 0.5), 0), rows - len(wanted)) for mean, count in pools for _ in range(count)]
    return [start + place for place, start in enumerate(starts)]
