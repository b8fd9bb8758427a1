"""The last thing before the terminal: where it has no UTF-8, whatever is drawn is drawn in ASCII, cell by cell."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from hydractl.tui.draw.glyphs import ascii_of


class AsciiOnly(LineFilter):
    """Maps each character beyond ASCII to one that looks like it, or to `?`, and keeps its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [segment if segment.text.isascii() else _mapped(segment) for segment in segments]


@lru_cache(4096)
def _mapped(segment: Segment) -> Segment:
    return Segment(ascii_of(segment.text), segment.style, segment.control)
