"""The line of times below a chart. Owns which bars' times are written, and how: market time, in UTC."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from hydrad.domain.instants import BadInstant, parse_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hydractl.tui.draw.glyphs import Glyphs

GAP = 3  # between two times
HOLE_MIN = 4  # a longer step than so many usual ones
HOLES_MAX = 3
# Which minutes are rounder: the first kind that fits is written first.
_ROUNDER = (("00:00",), ("12:00", "06:00", "18:00"), (":00",), (":30",), (":15", ":45"), ("0", "5"))


def time_line(
    instants: Sequence[str],
    columns: Sequence[int],
    marked: int | None,
    plot: int,
    width: int,
    notes: Sequence[str],
    glyphs: Glyphs,
) -> Text:
    """The times of the first and last bar and of some between, each under its bar: of the one that is `marked` with the
    word for it, of one after a hole with an ellipsis before it. `notes`, the most important first, stand at the right
    end."""
    tail = _tail(notes, width, width - plot, glyphs)
    begin_tail = min(plot + 1, width - cell_len(tail))
    room = min(plot, begin_tail - 1)
    texts = [glyphs.write(text) for text in _texts(instants)]
    placed: list[tuple[int, str, str]] = []
    for at, text, style, gap in _wanted(instants, texts, marked, glyphs):
        for begin in _begins(columns[at], len(text), room):
            if all(begin >= left + len(other) + gap or left >= begin + len(text) + gap for left, other, _ in placed):
                placed.append((begin, text, style))
                break
    line = Text(no_wrap=True, end="")
    for begin, text, style in sorted(placed):
        line.append(" " * (begin - line.cell_len)).append(text, style)
    return line.append(" " * (begin_tail - line.cell_len)).append(tail, "dim")


def _begins(column: int, length: int, room: int) -> Iterator[int]:
    """Where a text may begin, the best first: with its middle, its end or its begin under the column."""
    middle = min(max(column - length // 2, 0), room - length)
    for begin in dict.fromkeys((middle, column - length + 1, column)):
        if 0 <= begin <= min(column, room - length) and column <= begin + length:
            yield begin


def _tail(notes: Sequence[str], width: int, beside: int, glyphs: Glyphs) -> str:
    """The notes that have room `beside` the plot, whole, and whether there are more; the first even where it takes the
    room of times. The zone where there is room for it too."""
    for count in range(len(notes), 0, -1):
        text = ", ".join(notes[:count]) + (f", {glyphs.ellipsis}" if count < len(notes) else "")
        if cell_len(text) < beside:
            return f"UTC, {text}" if cell_len(text) + 5 < beside else text
    return glyphs.shorten(notes[0] if len(notes) == 1 else f"{notes[0]}, {glyphs.ellipsis}", width) if notes else "UTC"


def _wanted(
    instants: Sequence[str], texts: Sequence[str], marked: int | None, glyphs: Glyphs
) -> Iterator[tuple[int, str, str, int]]:
    """The bars whose times would be written, the most wanted first, and how far from others."""
    if marked != len(texts) - 1:
        yield len(texts) - 1, texts[-1], "dim", 1
    if marked is not None:
        yield marked, f"signal {texts[marked]}", "cyan", 1
        yield marked, f"{glyphs.up}{texts[marked]}", "cyan", 1  # both have its column, so at most one is placed
    yield 0, texts[0], "dim", 1
    for at in holes(instants):
        yield at, f"{glyphs.ellipsis}{texts[at]}", "yellow", 1
    for kind in _ROUNDER:
        for at, instant in enumerate(instants):
            if instant[11:16].endswith(kind):
                yield at, texts[at], "dim", GAP


def holes(instants: Sequence[str]) -> list[int]:
    """The bars before which the most time is missing, the longest hole first: bars stand side by side whether or not
    there was one between them."""
    try:
        moments = [parse_ms(instant) for instant in instants]
    except BadInstant:
        return []
    steps = sorted((later - earlier, at) for at, (earlier, later) in enumerate(pairwise(moments), 1))
    if not steps:
        return []
    usual, _ = steps[len(steps) // 2]
    return [at for step, at in reversed(steps[-HOLES_MAX:]) if step > HOLE_MIN * usual > 0]


def _texts(instants: Sequence[str]) -> list[str]:
    """`HH:MM`; with the day where they are of several; the date where each is a day's."""
    if all(instant[11:16] == "00:00" for instant in instants):
        return [instant[5:10] for instant in instants]
    if instants[0][:10] == instants[-1][:10]:
        return [instant[11:16] for instant in instants]
    return [f"{instant[8:10]} {instant[11:16]}" for instant in instants]
