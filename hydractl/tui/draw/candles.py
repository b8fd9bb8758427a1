"""A chart of bars with a mission's levels: candles, or a line of dots where there are more bars than columns.

Owns the picture's parts: the plot, a column of letters that say which line is whose, the labels beside it, and a line
of times. Rising and falling, and one level and another, differ by shape as well as by colour.

    ╷ ╽            │ Target  1.38761    each label stands in its own line's row, or as near as there is room
    ┃ ┃ █ ╌ ╌ ╌ ╌  N Now     1.38702    the letter is where the line is; what is far away has an arrow and no line
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from hydractl.tui.draw.bars import is_price
from hydractl.tui.draw.scale import apart, round_prices, scale_of
from hydractl.tui.draw.times import time_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hydractl.tui.draw.bars import Bar, Level
    from hydractl.tui.draw.glyphs import Glyphs
    from hydractl.tui.draw.scale import Scale

WIDTH_MIN = 20
HEIGHT_MIN = 5
STRIDE_MAX = 3
NAME_MAX = 12
_PLOT_WIDE = 16  # a plot at least so wide may have names beside it, else letters
_PLOT_MIN = 4
_LETTERS_MAX = 3
_DECIMALS_MAX = 8
_RISING, _FALLING, _UNUSED, _SIGNAL, _FAINT = "green", "red", "dim", "cyan", "dim"
_STYLES = {"entry": "bold cyan", "stop": "bold red", "target": "bold green", "now": "bold", "stale": "yellow"}
_OTHER = "magenta"
# Dots of a braille cell: left and right column, from the top.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


@dataclass(frozen=True, slots=True)
class _Named:
    """A level with its letter, its name as it is written, and its place."""

    level: Level
    letter: str
    name: str
    text: str
    row: int
    beyond: int

    @property
    def style(self) -> str:
        return _STYLES.get(self.level.name, _OTHER)


class _Canvas:
    """Rows of characters, each with a style."""

    __slots__ = ("marks", "styles")

    def __init__(self, width: int, rows: int) -> None:
        self.marks = [[" "] * width for _ in range(rows)]
        self.styles = [[""] * width for _ in range(rows)]

    def put(self, row: int, column: int, mark: str, style: str) -> None:
        self.marks[row][column] = mark
        self.styles[row][column] = style

    def line(self, row: int) -> Text:
        styles = self.styles[row]
        text = line_of("".join(self.marks[row]))
        begin = 0
        for at in range(1, len(styles) + 1):
            if at == len(styles) or styles[at] != styles[begin]:
                if styles[begin]:
                    text.stylize(styles[begin], begin, at)
                begin = at
        return text


def line_of(text: str, style: str = "") -> Text:
    """A line that is never wrapped."""
    return Text(text, style=style, no_wrap=True, end="")


def chart(
    bars: Sequence[Bar],
    levels: Sequence[Level],
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    signal: str | None = None,
    dots: bool = False,
    empty: str = "no bars",
) -> list[Text]:
    """The chart in exactly `height` lines of at most `width` cells; one line that says why, where there is no bar or
    too little room.

    Bars come oldest first; levels the most important first, since those that have no row are left out, and the last
    line counts them. `signal`: `at` of the bar to mark. `dots`: from low to high of all bars, as many to a column as
    must be; else the newest that have a column. `empty`: why there is no bar, in the caller's words."""
    drawn = [bar for bar in bars if bar.drawable]
    rows = height - 1
    if not drawn or width < WIDTH_MIN or height < HEIGHT_MIN:
        return _why(empty if not drawn else f"too small for a chart: {WIDTH_MIN}x{HEIGHT_MIN}", width, glyphs)
    kept = levels[:rows]
    layout = _Layout.of(drawn, kept, width, glyphs)
    if layout.plot < _PLOT_MIN:
        return _why(f"too narrow for a chart: {width + _PLOT_MIN - layout.plot} columns", width, glyphs)
    if not dots:
        drawn = drawn[-layout.plot :]
    scale = scale_of(drawn, [level.price for level in kept if is_price(level.price)], rows * 2)
    named = _named(kept, scale, glyphs, layout)
    columns = _columns_dots(len(drawn), layout.plot) if dots else _columns(len(drawn), layout.plot)
    canvas = _Canvas(layout.plot, rows)
    if dots:
        _draw_dots(canvas, drawn, scale, glyphs)
    else:
        _draw_candles(canvas, drawn, columns, scale, glyphs)
    _draw_signal(canvas, drawn, columns, signal, glyphs)
    _draw_levels(canvas, named, glyphs)
    notes = _notes(len(drawn), len(bars), sum(not bar.used for bar in drawn), len(levels) - len(kept), glyphs)
    marked = next((at for at, bar in enumerate(drawn) if bar.at == signal), None)
    lines = [canvas.line(row) for row in range(rows)]
    for line, beside in zip(lines, _beside(named, scale, layout, rows, glyphs), strict=True):
        line.append_text(beside)
    return [*lines, time_line([bar.at for bar in drawn], columns, marked, layout.plot, width, notes, glyphs)]


def _why(text: str, width: int, glyphs: Glyphs) -> list[Text]:
    return [line_of(glyphs.shorten(glyphs.write(text), max(width, 0)), _FAINT)]


# --- how the width is shared ---


@dataclass(frozen=True, slots=True)
class _Layout:
    """`plot` columns, then `letters` for the lines' letters, then a label of an arrow, a name of `names` cells (0: its
    letter) and a price of `prices`."""

    plot: int
    letters: int
    names: int
    prices: int
    decimals: int

    @property
    def label(self) -> int:
        return 1 + (self.names or 1) + 1 + self.prices

    @staticmethod
    def of(bars: Sequence[Bar], levels: Sequence[Level], width: int, glyphs: Glyphs) -> _Layout:
        texts = [glyphs.write(level.text) for level in levels]
        decimals = max((_decimals(text) for text in texts), default=0)
        if not texts:
            decimals = max(_decimals(repr(bar.close)) for bar in bars[-8:])
        top = max(abs(bar.high) for bar in bars)
        prices = max([cell_len(text) for text in texts] or [len(f"{top:.{decimals}f}")])
        names = max((min(cell_len(_name(level, glyphs)), NAME_MAX) for level in levels), default=0)
        letters = min(max(len(levels), 1), _LETTERS_MAX)
        wide = _Layout(width - letters - 1 - names - 1 - prices, letters, names, prices, decimals)
        if names and wide.plot >= _PLOT_WIDE:
            return wide
        letters = min(letters, 2)
        return _Layout(width - letters - 1 - 1 - 1 - prices, letters, 0, prices, decimals)


def _decimals(text: str) -> int:
    fraction = text.partition(".")[2]
    return min(len(fraction), _DECIMALS_MAX) if fraction.isdigit() else 0


def _name(level: Level, glyphs: Glyphs) -> str:
    return glyphs.write(level.name.replace("_", " ")) or "level"


def _columns(count: int, plot: int) -> list[int]:
    """The column of each bar, the newest at the right."""
    stride = max(1, min(STRIDE_MAX, plot // count))
    return [plot - 1 - (count - 1 - at) * stride for at in range(count)]


def _columns_dots(count: int, plot: int) -> list[int]:
    return [column // 2 for column in _dot_columns(count, plot)]


def _dot_columns(count: int, plot: int) -> list[int]:
    """The column of dots of each bar, two to a cell."""
    room = plot * 2
    return [at * room // count if count > room else room - count + at for at in range(count)]


# --- the plot ---


def _draw_candles(canvas: _Canvas, bars: Sequence[Bar], columns: Sequence[int], scale: Scale, glyphs: Glyphs) -> None:
    for bar, column in zip(bars, columns, strict=True):
        body = "r" if bar.close >= bar.open else "f"
        style = (_RISING if body == "r" else _FALLING) if bar.used else _UNUSED
        first, last = scale.half(max(bar.high, bar.open, bar.close)), scale.half(min(bar.low, bar.open, bar.close))
        top, bottom = scale.half(max(bar.open, bar.close)), scale.half(min(bar.open, bar.close))
        kinds = [
            body if top <= half <= bottom else "w" if first <= half <= last else " "
            for half in range(first // 2 * 2, last // 2 * 2 + 2)
        ]
        for row, (upper, lower) in enumerate(zip(kinds[::2], kinds[1::2], strict=True), first // 2):
            canvas.put(row, column, glyphs.halves[upper + lower] if bar.used else glyphs.unused, style)


def _draw_dots(canvas: _Canvas, bars: Sequence[Bar], scale: Scale, glyphs: Glyphs) -> None:
    """From low to high of the bars of each column of dots, joined to the close before it."""
    quarters = replace(scale, halves=scale.halves * 2)
    cells: dict[tuple[int, int], int] = {}
    before = bars[0].open
    for bar, column in zip(bars, _dot_columns(len(bars), len(canvas.marks[0])), strict=True):
        first = quarters.half(max(bar.high, bar.open, bar.close, before))
        last = quarters.half(min(bar.low, bar.open, bar.close, before))
        for dot in range(first, last + 1):
            place = dot // 4, column // 2
            cells[place] = cells.get(place, 0) | _DOTS[column % 2][dot % 4]
        before = bar.close
    for (row, column), dots in cells.items():
        canvas.put(row, column, "*" if glyphs.ascii else chr(0x2800 + dots), "")


def _draw_signal(
    canvas: _Canvas, bars: Sequence[Bar], columns: Sequence[int], signal: str | None, glyphs: Glyphs
) -> None:
    for bar, column in zip(bars, columns, strict=True):
        if bar.at == signal:
            for row, marks in enumerate(canvas.marks):
                if marks[column] == " ":
                    canvas.put(row, column, glyphs.signal, _SIGNAL)


def _draw_levels(canvas: _Canvas, named: Sequence[_Named], glyphs: Glyphs) -> None:
    """Lines where nothing else is; of two in one row the more important."""
    for row, one in {one.row: one for one in reversed(named) if not one.beyond}.items():
        dashes = glyphs.dashes.get(one.level.name, glyphs.dashes[""])
        for column, mark in enumerate(canvas.marks[row]):
            if mark == " ":
                canvas.put(row, column, dashes[column % len(dashes)], one.style)


# --- beside the plot ---


def _named(levels: Sequence[Level], scale: Scale, glyphs: Glyphs, layout: _Layout) -> list[_Named]:
    """Each level with a letter of its own: of its name where one is free, else a digit."""
    taken: set[str] = set()
    named = []
    for number, level in enumerate(levels):
        whole = glyphs.shorten(_name(level, glyphs), layout.names or NAME_MAX)
        free = (at for at, mark in enumerate(whole) if mark.isascii() and mark.isalpha() and mark.upper() not in taken)
        at = next(free, None)
        letter = whole[at].upper() if at is not None else str(number % 10)
        taken.add(letter)
        name = whole if at is None else whole[:at] + letter + whole[at + 1 :]
        known = is_price(level.price)
        beyond = scale.beyond(level.price) if known else -1
        row = scale.row(level.price if known else scale.low)
        named.append(_Named(level, letter, name, glyphs.write(level.text), row, beyond))
    return named


def _beside(named: Sequence[_Named], scale: Scale, layout: _Layout, rows: int, glyphs: Glyphs) -> list[Text]:
    """For each row the letters of the lines in it, and a label or a round price."""
    order = sorted(named, key=lambda one: (one.row, -one.level.price if is_price(one.level.price) else 0.0))
    labels = dict(zip(apart([one.row for one in order], rows), order, strict=True))
    axis = {scale.row(price): text for price, text in _axis(scale, layout, rows)}
    lines = []
    for row in range(rows):
        here = [one for one in named if one.row == row and not one.beyond][: layout.letters]
        line = line_of("")
        for one in here:
            line.append(one.letter, one.style)
        if not here:
            line.append(glyphs.tick if row in axis and row not in labels else glyphs.vertical, _FAINT)
        line.append(" " * (layout.letters - max(len(here), 1)))
        if row in labels:
            line.append(_label(labels[row], layout, glyphs), labels[row].style)
        elif row in axis:
            line.append(axis[row].rjust(layout.label), _FAINT)
        lines.append(line)
    return lines


def _label(one: _Named, layout: _Layout, glyphs: Glyphs) -> str:
    arrow = glyphs.up if one.beyond > 0 else glyphs.down if one.beyond else " "
    name = set_cell_size(one.name, layout.names) if layout.names else one.letter
    return f"{arrow}{name} {' ' * (layout.prices - cell_len(one.text))}{one.text}"


def _axis(scale: Scale, layout: _Layout, rows: int) -> Iterator[tuple[float, str]]:
    for price, decimals in round_prices(scale, max(rows // 4, 2)):
        text = f"{price:.{max(decimals, layout.decimals)}f}"
        if len(text) <= layout.label:
            yield price, text


def _notes(shown: int, count: int, unused: int, left_out: int, glyphs: Glyphs) -> list[str]:
    """What the picture does not show, the most important first."""
    notes = [f"+{left_out} levels"] if left_out else []
    notes += [f"last {shown} of {count}"] if shown < count else []
    notes += [f"{glyphs.unused} {unused} partial"] if unused else []
    return notes
