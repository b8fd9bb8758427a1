"""Lines of accounts where not all have room: the worst first, and what there is to say of the others. Pure.

Owns what is wrong with an account: its authority, and that much of the day's limit is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from hydractl.plain import plain
from hydractl.tui.frame import Frame

LOST_SHOWN = 0.5  # of the day's limit
FIRST_MIN = 22  # cells for the name, kind and authority of the first one


def lost_of(row: Any) -> float | None:
    """Which share of the day's limit is lost; None: not known."""
    try:
        limit, pnl = float(row.day_limit), float(row.day_pnl)
    except (TypeError, ValueError):
        return None
    return -pnl / abs(limit) if limit else None


def trouble(row: Any) -> str:
    """What is wrong with an account, in few words; "" for nothing, or where it is not known."""
    if row is None:
        return ""
    lost = lost_of(row)
    words = [row.authority] if row.authority != "ACTIVE" else []
    words += [f"{lost:.0%} of day's loss"] if lost is not None and lost >= LOST_SHOWN else []
    return " ".join(map(plain, words))


def within(
    frame: Frame, named: Sequence[tuple[str, Any]], room: int, width: int, make: Callable[[str, Any, int], Text]
) -> list[Text]:
    """A line for each of `named` accounts (name, row or None), in `room` lines of `width` cells. Where they do not fit
    the worst stand first, and the last line tells how many more there are, and what is wrong with them."""
    if len(named) <= room:
        return [make(name, row, width) for name, row in named]
    ordered = sorted(named, key=lambda one: not trouble(one[1]))
    count = max(room - 1, 1)
    more = rest_line(ordered[count:])
    if room > 1:
        return [*(make(name, row, width) for name, row in ordered[:count]), _cut(frame, more, width)]
    if width - more.cell_len - 2 < FIRST_MIN:
        more = rest_line(ordered[count:], names=False)
    (name, row), left = ordered[0], max(width - more.cell_len - 2, 0)
    first = _cut(frame, make(name, row, left), left).append("  ").append_text(more)
    return [_cut(frame, first, width)]


def rest_line(named: Sequence[tuple[str, Any]], names: bool = True) -> Text:
    """Of those that have no room: how many, and what is wrong with which; without `names`, with how many."""
    bad = [f"{plain(name)} {trouble(row)}" for name, row in named if trouble(row)]
    if bad:
        words = f"+{len(named)}: {', '.join(bad)}" if names else f"+{len(named)}, {len(bad)} not well"
        return Text.assemble((words, "bold red"), no_wrap=True, end="")
    return Text.assemble((f"+{len(named)} account{'s' * (len(named) > 1)}", "dim"), no_wrap=True, end="")


def _cut(frame: Frame, line: Text, width: int) -> Text:
    """A line that ends with an ellipsis where it is longer."""
    if line.cell_len <= width:
        return line
    line = line.copy()
    line.truncate(max(width - 1, 0))
    return line.append(frame.glyphs.ellipsis)
