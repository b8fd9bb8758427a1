"""The last numbers of a series as a line of little columns. The smallest and the largest are the caller's to write."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydractl.tui.draw.glyphs import Glyphs

GAP = " "


def spark(
    numbers: Sequence[float | None],
    width: int,
    glyphs: Glyphs,
    *,
    low: float | None = None,
    high: float | None = None,
    style: str = "",
) -> Text:
    """The newest `width` numbers, the newest at the right, in exactly `width` cells; None, or what is no number, is a
    gap. From `low` to `high`, beyond which they stay at the edge; where one is None, from the smallest or to the
    largest number shown. Numbers that are all the same are in the middle."""
    width = max(width, 0)
    shown = (
        [number if number is not None and math.isfinite(number) else None for number in numbers[-width:]]
        if width
        else []
    )
    known = [number for number in shown if number is not None]
    bottom = min(known, default=0.0) if low is None else low
    top = max(known, default=0.0) if high is None else high
    marks = "".join(GAP if number is None else _mark(number, bottom, top, glyphs.levels) for number in shown)
    return Text(marks.rjust(width), style=style, no_wrap=True, end="")


def _mark(number: float, low: float, high: float, levels: str) -> str:
    if high <= low:
        return levels[len(levels) // 2]
    share = min(max(number / 2 - low / 2, 0.0) / (high / 2 - low / 2), 1.0)  # halves: no overflow
    return levels[min(int(share * len(levels)), len(levels) - 1)]
