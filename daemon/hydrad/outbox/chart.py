"""A day's R as a picture: a PNG of a few kilobytes, drawn into a raster of palette indices. Pure.

What a day's line needs is rectangles and digits; a library for charts would take more memory than the daemon itself.
Format: https://www.w3.org/TR/png-3/ (colour type 3, filter 0).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

WIDTH, HEIGHT = 640, 280
LEFT, RIGHT, TOP, BOTTOM = 76, 14, 14, 30
SCALE = 2
PAPER, GRID, INK, GAIN, LOSS = range(5)
PALETTE = bytes((255, 255, 255, 222, 222, 222, 60, 60, 60, 0, 112, 66, 178, 24, 24))
Point = tuple[int, int]

# Three columns, five rows, from the top left.
_GLYPHS = {
    "0": "111101101101111", "1": "010110010010111", "2": "111001111100111", "3": "111001111001111",
    "4": "101101111001001", "5": "111100111001111", "6": "111100111101111", "7": "111001001001001",
    "8": "111101111101111", "9": "111101111001111", "+": "000010111010000", "-": "000000111000000",
    ".": "000000000000010", ":": "000010000010000", "R": "110101110101101",
}  # fmt: skip


def png(points: Sequence[Point], begin_ms: int, end_ms: int, clock: Sequence[str]) -> bytes:
    """A line of cumulated thousandths of R over instants, from zero at `begin_ms`. `clock`: texts of the times of the
    beginning, the middle and the end."""
    drawn = _Raster()
    values = [0, *(value for _, value in points)]
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 1_000, high + 1_000
    across = WIDTH - LEFT - RIGHT
    down = HEIGHT - TOP - BOTTOM

    def x_of(ms: int) -> int:
        return LEFT + (min(max(ms, begin_ms), end_ms) - begin_ms) * across // max(end_ms - begin_ms, 1)

    def y_of(value: int) -> int:
        return TOP + (high - value) * down // (high - low)

    for value in sorted({low, 0, high}):
        drawn.box(LEFT, y_of(value), across, 1, INK if value == 0 else GRID)
    last_y = -100
    for value in sorted({high, 0, low}, key=lambda each: (each != 0, -each)):
        y = y_of(value) - 5
        if abs(y - last_y) >= 12 or value == 0:
            drawn.text(4, y, f"{value / 1000:+.1f}R")
            last_y = y
    for index, text in enumerate(clock):
        width = len(text) * 4 * SCALE
        drawn.text(min(max(LEFT + across * index // 2 - width // 2, LEFT), WIDTH - width), HEIGHT - 20, text)
    x, y = LEFT, y_of(0)
    colour = GAIN if values[-1] >= 0 else LOSS
    for ms, value in (*points, (end_ms, values[-1])):
        to_x, to_y = x_of(ms), y_of(value)
        drawn.box(x, y - 1, max(to_x - x, 1), 3, colour)
        drawn.box(to_x - 1, min(y, to_y), 3, abs(to_y - y) + 1, colour)
        x, y = to_x, to_y
    return drawn.encoded()


class _Raster:
    def __init__(self) -> None:
        self._rows = [bytearray(WIDTH) for _ in range(HEIGHT)]

    def box(self, x: int, y: int, width: int, height: int, colour: int) -> None:
        """Cut off at the edges."""
        left, right = max(x, 0), min(x + width, WIDTH)
        for row in self._rows[max(y, 0) : max(min(y + height, HEIGHT), 0)]:
            row[left:right] = bytes((colour,)) * max(right - left, 0)

    def text(self, x: int, y: int, text: str) -> None:
        """Digits and signs; what there is no glyph for is left out."""
        for index, character in enumerate(text):
            glyph = _GLYPHS.get(character, "")
            for at, bit in enumerate(glyph):
                if bit == "1":
                    column, row = x + (index * 4 + at % 3) * SCALE, y + at // 3 * SCALE
                    self.box(column, row, SCALE, SCALE, INK)

    def encoded(self) -> bytes:
        header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
        data = zlib.compress(b"".join(b"\0" + bytes(row) for row in self._rows), 9)
        parts = ((b"IHDR", header), (b"PLTE", PALETTE), (b"IDAT", data), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
