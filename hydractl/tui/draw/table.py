"""A table that fits its width: whole columns are left out, the least important first, and no number is ever cut.

Owns which columns fit. What a column is, what a cell says and which colour a state's word has are those of the shell
(`hydractl.output`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.text import Text

from hydractl.output import WORDS, cell_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from hydractl.output import Column
    from hydractl.tui.draw.glyphs import Glyphs

GAP = "  "
FLEXIBLE_MIN = 8
# The styles of `hydractl.output.STYLES`, by the same names.
STYLES = {
    "bad": "bold red", "warn": "yellow", "way": "cyan", "good": "green", "id": "cyan", "dim": "dim", "bold": "bold",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """A heading and a line for each row. `dropped`: headings of the columns that have no room, `wide` ones not
    counted, for the pane to say so. `whole`: what each row says in all columns, for filters."""

    heading: Text
    rows: tuple[Text, ...]
    dropped: tuple[str, ...]
    whole: tuple[str, ...]


def table(
    columns: Sequence[Column],
    rows: Iterable[Any],
    width: int,
    glyphs: Glyphs,
    *,
    priority: Sequence[str] = (),
    flexible: Collection[str] = (),
    style: Callable[[Any], str] | None = None,
    paint: Mapping[str, Callable[[Any], str]] | None = None,
) -> Table:
    """The rows in lines of at most `width` cells.

    `priority`: keys of columns, the most important first; the others come after them in their order, `wide` ones last
    of all. What is left out is never more important than what is shown; a column
    that says nothing of any row has no room, and is not missed. `flexible`: keys of columns of text, which may
    be shortened with an ellipsis. `style`: a row's own, such as `dim`; a word of a state has its colour all the same.
    `paint`: by a column's key, the style of its cell in a row.
    """
    rows = list(rows)
    cells = [[glyphs.write(cell_text(column, row)) for column in columns] for row in rows]
    headings = [glyphs.write(column.heading) for column in columns]
    natural = [max(map(cell_len, texts)) for texts in zip(headings, *cells, strict=True)]
    said = [at for at in range(len(columns)) if not cells or any(row[at].strip() for row in cells)]
    order = sorted(said, key=lambda at: _rank(columns[at], priority))
    bends = [column.key in flexible for column in columns]
    least = [
        min(whole, max(FLEXIBLE_MIN, cell_len(heading))) if bend else whole
        for whole, heading, bend in zip(natural, headings, bends, strict=True)
    ]
    chosen = _chosen(order, least, bends, width)
    widths = _widened(chosen, least, natural, width)
    shown = sorted(widths)
    keys = [column.key for column in columns]
    dropped = tuple(
        column.heading or column.key
        for at, column in enumerate(columns)
        if at in said and at not in widths and not column.wide
    )

    def line(texts: Sequence[str], base: str, row: Any = None) -> Text:
        if not shown:
            return Text(glyphs.ellipsis if width > 0 and columns else "", base, no_wrap=True, end="")
        styles = [paint[key](row) if paint and key in paint and row is not None else "" for key in keys]
        return _line([(texts[at], widths[at], columns[at].right, styles[at]) for at in shown], base, glyphs)

    return Table(
        heading=Text(line(headings, "").plain, "bold", no_wrap=True, end=""),  # a heading is no state
        rows=tuple(line(texts, style(row) if style else "", row) for texts, row in zip(cells, rows, strict=True)),
        dropped=dropped,
        whole=tuple(GAP.join(texts) for texts in cells),
    )


def _rank(column: Column, priority: Sequence[str]) -> tuple[int, bool]:
    return (priority.index(column.key), False) if column.key in priority else (len(priority), column.wide)


def _chosen(order: Sequence[int], least: Sequence[int], bends: Sequence[bool], width: int) -> dict[int, int]:
    """The columns that fit, the most important first, and their least widths."""
    chosen: dict[int, int] = {}
    room = width
    for at in order:
        need = least[at] + (len(GAP) if chosen else 0)
        if need > room:
            if not chosen and bends[at] and width > 0:
                return {at: width}
            break
        chosen[at] = least[at]
        room -= need
    return chosen


def _widened(chosen: dict[int, int], least: Sequence[int], natural: Sequence[int], width: int) -> dict[int, int]:
    """Room that is left goes to the columns that could use it, the most important first."""
    room = width - sum(chosen.values()) - len(GAP) * (len(chosen) - 1)
    widths = dict(chosen)
    for at in chosen:
        more = min(natural[at] - least[at], room) if room > 0 else 0
        widths[at] += more
        room -= more
    return widths


def _line(cells: Sequence[tuple[str, int, bool, str]], base: str, glyphs: Glyphs) -> Text:
    parts: list[str] = []
    spans: list[tuple[str, int, int]] = []
    at = 0
    for text, width, right, style in cells:
        fitted = glyphs.shorten(text, width)
        pad = " " * (width - cell_len(fitted))
        cell = pad + fitted if right else fitted + pad
        word = WORDS.get(text.strip())
        if style or word is not None:
            spans.append((style or STYLES[word or ""], at, at + len(cell)))
        parts.append(cell)
        at += len(cell) + len(GAP)
    line = Text(GAP.join(parts).rstrip(" "), base, no_wrap=True, end="")
    for style, begin, end in spans:
        line.stylize(style, begin, end)
    return line
