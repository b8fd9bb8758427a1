"""Where a price stands between a position's stop and its target, on one line. Owns the line's scale and its marks.

|-----o=====>---------|     a BUY or a SELL on its way to its target
|--<==o---------------|     on its way to its stop
o-----|=====>---------|     its stop is beyond the open price
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from hydractl.tui.draw.glyphs import Glyphs

CELLS_MIN = 8
CELLS_MAX = 40
BEYOND = 2.0  # without a target, the line goes on for so many times the way from stop to open price


@dataclass(frozen=True, slots=True)
class Track:
    """A position's prices. `sign` is 1 for a BUY, -1 for a SELL; None: there is none, or it is not known."""

    sign: int
    open: float
    stop: float | None
    target: float | None
    now: float | None


def track(of: Track, width: int, glyphs: Glyphs) -> Text:
    """The line in at most `width` cells, the losing side always to the left; empty where there is no room, no price
    that can be read, or neither a stop nor a target to measure by. The way from the open price (`o`) to the price now
    ends in an arrow's head; a price beyond an end stands at it. No price now: no way and no head."""
    text = Text(no_wrap=True, end="")
    cells = min(width, CELLS_MAX)
    stop_mark, target_mark, flat, gone, left, right = tuple(glyphs.track)
    scale = _scale(of)
    if scale is None or cells < CELLS_MIN:
        return text
    low, high = scale

    def cell(price: float) -> int:
        share = (of.sign * price - low) / (high - low)
        return round(min(max(share, 0.0), 1.0) * (cells - 1))

    begin = cell(of.open)
    marks = [(flat, "dim")] * cells
    now = None if of.now is None else cell(of.now)
    if now is not None:
        style = "green" if now > begin else "red"
        for at in range(min(begin, now), max(begin, now) + 1):
            marks[at] = (gone, style)
    if of.target is not None:
        marks[cell(of.target)] = (target_mark, "green")
    if of.stop is not None:
        marks[cell(of.stop)] = (stop_mark, "red")
    marks[begin] = ("o", "bold")
    if now is not None and now != begin:
        marks[now] = (right, "bold green") if now > begin else (left, "bold red")
    for mark, style in marks:
        text.append(mark, style)
    return text


def _scale(of: Track) -> tuple[float, float] | None:
    """The line's two ends, as prices times `sign`."""
    known = [price for price in (of.open, of.stop, of.target, of.now) if price is not None]
    if not all(map(math.isfinite, known)) or (of.stop is None and of.target is None):
        return None
    ends = [of.sign * price for price in (of.open, of.stop, of.target) if price is not None]
    if of.target is None and of.stop is not None:
        beyond = of.sign * of.open + abs(of.open - of.stop) * BEYOND
        ends += [beyond, of.sign * of.now] if of.now is not None and of.sign * of.now > beyond else [beyond]
    low, high = min(ends), max(ends)
    return (low, high) if high > low else None
