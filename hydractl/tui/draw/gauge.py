"""How much of a limit is used: a bar, its percent and a word. Owns which share has which colour.

███▌······ 35% of 500.00
██████████ 130% of 500.00 LIMIT HIT
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydractl.tui.draw.glyphs import Glyphs

BAR_MIN = 4
BAR_MAX = 20
THIRDS = ((1 / 3, "green"), (2 / 3, "yellow"), (math.inf, "red"))
NOT_KNOWN = "not known"
HIT = "LIMIT HIT"


def gauge(
    share: float | None, width: int, glyphs: Glyphs, *, limit: str = "", nothing: str = "no loss", bar: int = BAR_MAX
) -> Text:
    """A share of a limit (1.0: all of it) in at most `width` cells, the bar at most `bar`. None, or what is no number:
    not known, and no bar, which would look like nothing. Below zero is `nothing`. `limit`: what the whole is, as it is
    written. The percent is rounded down, so that 100 stands for all of it, but something is never `0%`.

    Too little room leaves out the limit first, then the bar; of numbers nothing is cut."""
    if share is None or math.isnan(share):
        return _fit([NOT_KNOWN, "?"], width, "yellow", glyphs)
    style = next(style for most, style in THIRDS if share < most or most == math.inf)
    told = _told(share, glyphs.write(limit), glyphs.write(nothing))
    words = next((text for text in told if BAR_MIN + len(glyphs.ends) + 1 + cell_len(text) <= width), None)
    if words is None:
        return _fit([*told, f"{_percent(share)}!"] if share >= 1 else told, width, style, glyphs)
    room = min(bar, width - 1 - cell_len(words) - len(glyphs.ends))
    text = Text(no_wrap=True, end="")
    filled, empty = _bar(share, max(room, BAR_MIN), glyphs)
    text.append(glyphs.ends[:1] + filled, style).append(empty + glyphs.ends[1:], "dim")
    return text.append(f" {words}", style if share >= THIRDS[0][0] else "")


def _told(share: float, limit: str, nothing: str) -> list[str]:
    """What is written, the longest first."""
    if share < 0:
        return [nothing]
    percent = _percent(share)
    of = f"{percent} of {limit}" if limit else percent
    if share >= 1:
        return [f"{of} {HIT}", f"{percent} {HIT}"]
    return [of, percent]


def _percent(share: float) -> str:
    if not math.isfinite(share) or share >= 100:
        return ">9999%"
    if 0 < share < 0.01:
        return "<1%"
    percent = math.floor(share * 100 + 1e-9)
    return f"{percent if share >= 1 else min(percent, 99)}%"


def _bar(share: float, cells: int, glyphs: Glyphs) -> tuple[str, str]:
    """The filled part and the rest; never empty with something in it, never full with room left."""
    parts = len(glyphs.fills)
    most = cells * parts
    filled = most if share >= 1 else 0 if share <= 0 else min(max(int(share * most), 1), most - 1)
    whole, rest = divmod(filled, parts)
    marks = glyphs.fills[-1] * whole + (glyphs.fills[rest - 1] if rest else "")
    return marks, glyphs.empty * (cells - len(marks))


def _fit(told: Sequence[str], width: int, style: str, glyphs: Glyphs) -> Text:
    words = next((text for text in told if cell_len(text) <= width), glyphs.ellipsis if width > 0 else "")
    return Text(words, style=style, no_wrap=True, end="")
