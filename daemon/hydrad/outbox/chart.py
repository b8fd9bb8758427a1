"""A day as a picture: a PNG of a few kilobytes, drawn into a raster of palette indices. Pure.

What a day's lines need is rectangles and a few letters; a library for charts would take more memory than the daemon
itself. Format: https://www.w3.org/TR/png-3/ (colour type 3, filter 0).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

WIDTH = 640
LEFT, RIGHT, HEAD, GAP, FOOT = 92, 16, 40, 22, 34
DOWN = 170  # of one panel
SCALE, HEAD_SCALE = 2, 3
PAPER, GRID, INK, GAIN, LOSS, BESIDE = range(6)
PALETTE = bytes((255, 255, 255, 222, 222, 222, 60, 60, 60, 0, 112, 66, 178, 24, 24, 110, 110, 190))
Point = tuple[int, int]

# Three columns, five rows, from the top left.
_GLYPHS = {
    "0": "111101101101111", "1": "010110010010111", "2": "111001111100111", "3": "111001111001111",
    "4": "101101111001001", "5": "111100111001111", "6": "111100111101111", "7": "111001001001001",
    "8": "111101111101111", "9": "111101111001111", "+": "000010111010000", "-": "000000111000000",
    ".": "000000000000010", ":": "000010000010000", "A": "010101111101101", "B": "110101110101110",
    "C": "011100100100011", "D": "110101101101110", "E": "111100110100111", "F": "111100110100100",
    "G": "011100101101011", "H": "101101111101101", "I": "111010010010111", "J": "001001001101010",
    "K": "101101110101101", "L": "100100100100111", "M": "101111111101101", "N": "110101101101101",
    "O": "010101101101010", "P": "110101110100100", "Q": "010101101011001", "R": "110101110101101",
    "S": "011100010001110", "T": "111010010010010", "U": "101101101101111", "V": "101101101101010",
    "W": "101101111111101", "X": "101101010101101", "Y": "101101010010010", "Z": "111001010100111",
}  # fmt: skip


class Panel(NamedTuple):
    """A line of sums over instants, which begins at zero. `unit`: of its axis; `said`: how a value is written there;
    `beside`: a thin second line on the same axis."""

    unit: str
    line: Sequence[Point]
    said: Callable[[int], str]
    beside: Sequence[Point] = ()


class Picture(NamedTuple):
    """`heading`: words with their colours. `clock`: texts of the times of the beginning, the middle and the end."""

    heading: Sequence[tuple[str, int]]
    panels: Sequence[Panel]
    begin_ms: int
    end_ms: int
    clock: Sequence[str]


def tone(line: Sequence[Point]) -> int:
    """The colour of what a line comes to."""
    return GAIN if not line or line[-1][1] >= 0 else LOSS


def height(panels: int) -> int:
    return HEAD + panels * (DOWN + GAP) - GAP + FOOT


def png(picture: Picture) -> bytes:
    drawn = _Raster(height(len(picture.panels)))
    _words(drawn, picture.heading)
    for index, panel in enumerate(picture.panels):
        _panel(drawn, picture, panel, HEAD + index * (DOWN + GAP))
    across = WIDTH - LEFT - RIGHT
    for index, text in enumerate(picture.clock):
        width = _width(text, SCALE)
        x = min(max(LEFT + across * index // 2 - width // 2, LEFT), WIDTH - RIGHT - width)
        drawn.text(x, drawn.height - FOOT + 14, text, INK, SCALE)
    return drawn.encoded()


def _words(drawn: _Raster, heading: Sequence[tuple[str, int]]) -> None:
    x = 8
    for text, colour in heading:
        drawn.text(x, 12, text, colour, HEAD_SCALE)
        x += _width(text, HEAD_SCALE) + 24


def _panel(drawn: _Raster, picture: Picture, panel: Panel, top: int) -> None:
    values = [0, *(value for _, value in (*panel.line, *panel.beside))]
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 1_000, high + 1_000
    across, begin_ms, end_ms = WIDTH - LEFT - RIGHT, picture.begin_ms, picture.end_ms

    def place(ms: int, value: int) -> Point:
        x = LEFT + (min(max(ms, begin_ms), end_ms) - begin_ms) * across // max(end_ms - begin_ms, 1)
        return x, top + (high - value) * DOWN // (high - low)

    _axis(drawn, panel, top, {value: place(begin_ms, value)[1] for value in (low, 0, high)})
    for line, colour, thick in ((panel.beside, BESIDE, 1), (panel.line, tone(panel.line), 3)):
        if line or thick > 1:
            ends = ((begin_ms, 0), *line, (end_ms, line[-1][1] if line else 0))
            _steps(drawn, [place(*point) for point in ends], colour, thick)


def _axis(drawn: _Raster, panel: Panel, top: int, lines: dict[int, int]) -> None:
    """Zero is always written; the others where they do not lie on it. The unit stands under the highest."""
    across, zero_y = WIDTH - LEFT - RIGHT, lines[0]
    for value, y in lines.items():
        drawn.box(LEFT, y, across, 1, INK if value == 0 else GRID)
        if value == 0 or abs(y - zero_y) >= 14:
            text = panel.said(value) if value else "0"
            drawn.text(LEFT - 8 - _width(text, SCALE), y - 5, text, INK, SCALE)
    drawn.text(LEFT - 8 - _width(panel.unit, SCALE), top + 10, panel.unit, INK, SCALE)


def _steps(drawn: _Raster, places: Sequence[Point], colour: int, thick: int) -> None:
    x, y = places[0]
    for to_x, to_y in places[1:]:
        drawn.box(x, y - thick // 2, max(to_x - x, 1), thick, colour)
        drawn.box(to_x - thick // 2, min(y, to_y), thick, abs(to_y - y) + 1, colour)
        x, y = to_x, to_y


def _width(text: str, scale: int) -> int:
    return len(text) * 4 * scale


class _Raster:
    def __init__(self, rows: int) -> None:
        self.height = rows
        self._rows = [bytearray(WIDTH) for _ in range(rows)]

    def box(self, x: int, y: int, width: int, height: int, colour: int) -> None:
        """Cut off at the edges."""
        left, right = max(x, 0), min(x + width, WIDTH)
        for row in self._rows[max(y, 0) : max(min(y + height, self.height), 0)]:
            row[left:right] = bytes((colour,)) * max(right - left, 0)

    def text(self, x: int, y: int, text: str, colour: int, scale: int) -> None:
        """Capitals, digits and signs; what there is no glyph for is left blank."""
        for index, character in enumerate(text):
            glyph = _GLYPHS.get(character, "")
            for at, bit in enumerate(glyph):
                if bit == "1":
                    column, row = x + (index * 4 + at % 3) * scale, y + at // 3 * scale
                    self.box(column, row, scale, scale, colour)

    def encoded(self) -> bytes:
        header = struct.pack(">IIBBBBB", WIDTH, self.height, 8, 3, 0, 0, 0)
        data = zlib.compress(b"".join(b"\0" + bytes(row) for row in self._rows), 9)
        parts = ((b"IHDR", header), (b"PLTE", PALETTE), (b"IDAT", data), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
