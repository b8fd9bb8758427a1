"""Lines of a box that tells about one thing: a label and its text, which goes on below where it is long."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from hydractl.fitting import wrapped
from hydractl.tui.draw.glyphs import Glyphs

LABEL = 10


def told(label: str, text: str, room: int, glyphs: Glyphs, style: str = "") -> list[Text]:
    """`label  text` in lines of at most `room`; nothing of the text is lost."""
    head = f"{label:<{LABEL}} "
    lines = _wrapped(head + glyphs.write(text), room, len(head), style)
    lines[0].stylize(style or "dim", 0, len(label))
    return lines


def flowed(text: str, room: int, glyphs: Glyphs, style: str = "", hang: int = 2) -> list[Text]:
    """A sentence in lines of at most `room`."""
    return _wrapped(glyphs.write(text), room, hang, style)


def _wrapped(text: str, room: int, hang: int, style: str) -> list[Text]:
    """Where a character is two cells wide, as many characters to a line as fit if all are."""
    if cell_len(text) != len(text):
        room //= 2
    return [Text(row, style, no_wrap=True, end="") for row in wrapped(text, room, hang)]
