"""What each mark is drawn with: one table for terminals with UTF-8, one for those without.

Owns the two tables, what stands in for any other character where there is only ASCII, and how text from elsewhere is
made to fit a line. Each mark is one cell wide in both tables, so that a picture has the same shape in either.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len, get_character_cell_size, set_cell_size

from hydractl.plain import plain

_HALVES = ("  ", " w", "w ", "ww", " r", "r ", "rr", "wr", "rw", " f", "f ", "ff", "wf", "fw")
_LINE_ENDS = str.maketrans("\t\n", "  ")


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A table of marks. `levels`: a column of a spark line from low to high; `fills`: a cell of a bar from nearly empty
    to full; `halves`: a cell of a candle by (upper half, lower half), each ` ` nothing, `w` wick, `r` rising body, `f`
    falling body; `dashes`: how a level's line is dashed, a table by name with `""` for the rest."""

    ascii: bool
    horizontal: str
    vertical: str
    corners: str  # top left, top right, bottom left, bottom right
    tick: str  # on a vertical line, a mark to its left
    up: str
    down: str
    bullet: str
    ellipsis: str
    warning: str
    play: str
    pause: str
    check: str
    cross: str
    levels: str
    fills: str
    empty: str  # a cell of a bar with nothing in it
    ends: str  # what stands before and behind a bar
    signal: str
    unused: str  # a bar in which something is missing
    track: str  # stop, target, the line, the way that was gone, its head to the left and to the right
    halves: dict[str, str]
    dashes: dict[str, str]

    def write(self, text: str) -> str:
        """Text from elsewhere as it can stand in one line here."""
        if not (text.isascii() and text.isprintable()):
            text = plain(text).translate(_LINE_ENDS)
        return ascii_of(text) if self.ascii else text

    def shorten(self, text: str, cells: int) -> str:
        """The text in at most so many cells; an ellipsis says that there was more."""
        if cell_len(text) <= cells:
            return text
        return set_cell_size(text, cells - 1).rstrip() + self.ellipsis if cells > 0 else ""


UNICODE = Glyphs(
    ascii=False,
    horizontal="─",
    vertical="│",
    corners="┌┐└┘",
    tick="┤",
    up="▲",
    down="▼",
    bullet="•",
    ellipsis="…",
    warning="⚠",
    play="▶",
    pause="‖",
    check="✓",
    cross="✗",
    levels="▁▂▃▄▅▆▇█",
    fills="▏▎▍▌▋▊▉█",
    empty="·",
    ends="",
    signal="┊",
    unused="▒",
    track="├┤─━◀▶",
    halves=dict(zip(_HALVES, " ╷╵│╻╹┃╽╿▄▀█▄▀", strict=True)),
    dashes={"entry": "── ", "stop": "╌", "target": "─ ╴ ", "now": "· ", "stale": "·   ", "": "┈ "},
)
ASCII = Glyphs(
    ascii=True,
    horizontal="-",
    vertical="|",
    corners="++++",
    tick="+",
    up="^",
    down="v",
    bullet="*",
    ellipsis="~",
    warning="!",
    play=">",
    pause="=",
    check="+",
    cross="x",
    levels="_.-=*#",
    fills="#",
    empty="-",
    ends="[]",
    signal=":",
    unused="%",
    track="||-=<>",
    halves=dict(zip(_HALVES, " |||OOOOO#####", strict=True)),
    dashes={"entry": "-- ", "stop": "-", "target": "- . ", "now": ". ", "stale": ".   ", "": "'   "},
)

_STAND_INS = {
    **dict.fromkeys("─┄┅┈┉╌╍╴╶╸╺╼╾‐‑‒–—―−", "-"),
    **dict.fromkeys("━═", "="),  # a rule that stands out
    **dict.fromkeys("│┃┆┇┊┋╎╏╵╷╹╻╽╿║▏▎▍▌▐▕", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬", "+"),
    **dict.fromkeys("┏┓┗┛┣┫┳┻╋┿╂", "+"),
    **dict.fromkeys("█▉▊▋▇▆▀■▓◼", "#"),
    **dict.fromkeys("▅▄▃", "="),
    **dict.fromkeys("▂▁", "_"),
    **dict.fromkeys("░▒", ":"),
    **dict.fromkeys("▲△↑⇑", "^"),
    **dict.fromkeys("▼▽↓⇓", "v"),
    **dict.fromkeys("▶▷►▸→⇒›»", ">"),
    **dict.fromkeys("◀◁◄◂←⇐‹«", "<"),
    **dict.fromkeys("•●○◆◇★☆∙", "*"),
    **dict.fromkeys("·‧․", "."),
    **dict.fromkeys("×✗✘✕✖☒", "x"),
    **dict.fromkeys("✓✔☑", "+"),
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("⏸‖", "="),
    **dict(zip("…⚠°±≈≤≥≠∞µ╱╲¦√ΣΔ∆€£¥ßøØæÆłŁđ", "~!o~~<>!8u/\\|vSDDELYsoOaAlLd", strict=True)),
    **dict.fromkeys("\u00a0\u2009\u202f", " "),
}


def ascii_of(text: str) -> str:
    """The text with ASCII alone, as wide in cells: a wide character becomes two, one of no width nothing, and what the
    table does not know `?`. Control characters, which have no width, are dropped."""
    if text.isascii() and text.isprintable():
        return text
    cells = [get_character_cell_size(character) for character in text]
    if sum(cells) != cell_len(text):  # characters that join to one
        ends = [cell_len(text[:at]) for at in range(len(text) + 1)]
        cells = [end - begin for begin, end in pairwise(ends)]
    return "".join(_stand_in(character)[:width].ljust(width) for character, width in zip(text, cells, strict=True))


def _stand_in(character: str) -> str:
    """One cell, or `??` for what is unknown."""
    if character.isascii():
        return character
    known = _STAND_INS.get(character)
    if known is not None:
        return known
    if "\u2800" <= character <= "\u28ff":
        return _braille(ord(character) - 0x2800)
    base, *marks = list(unicodedata.normalize("NFKD", character))
    return base if base.isascii() and base.isprintable() and all(map(unicodedata.combining, marks)) else "??"


def _braille(dots: int) -> str:
    """A cell of dots: by how many there are."""
    return " ..::**##"[dots.bit_count()]
