"""Makes tables and lines fit a terminal that people read: owns what goes first where there is too little room.

First the last column's text is wrapped under itself, where it has room for words; else what does not fit stands on
lines of its own below its row, as `HEADING value`, where there is a value. Nothing is hidden. Off a terminal, and with
`-o wide`, nothing of this happens.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GAP = "  "
TEXT_MIN = 24  # a narrower last column is no text any more
BELOW = "    "
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Shape:
    """Columns that fit: `first`: the indexes that stand side by side, `below`: those on lines of their own,
    `text_width`: how wide the last of the first may be, None where it need not be wrapped."""

    __slots__ = ("below", "first", "text_width")

    def __init__(self, first: list[int], below: list[int], text_width: int | None) -> None:
        self.first, self.below, self.text_width = first, below, text_width


def shape(widths: Sequence[int], text_last: bool, room: int) -> Shape:
    """How columns of these widths stand in `room` characters; at least one is on the first line."""
    every = list(range(len(widths)))
    if _total(widths, every) <= room:
        return Shape(every, [], None)
    rest = room - _total(widths, every[:-1]) - len(GAP)
    if text_last and len(every) > 1 and rest >= TEXT_MIN:
        return Shape(every, [], rest)
    fits = len(every)
    while fits > 1 and _total(widths, every[:fits]) > room:
        fits -= 1
    return Shape(every[:fits], every[fits:], None)


def _total(widths: Sequence[int], columns: Sequence[int]) -> int:
    return sum(widths[at] for at in columns) + len(GAP) * max(len(columns) - 1, 0)


def below(pairs: Sequence[tuple[str, str]], room: int) -> Iterator[str]:
    """What does not fit beside the rest: headings with their values, as many on a line as there is room for."""
    line = ""
    for heading, value in pairs:
        text = f"{heading} {value}".strip()
        if line and len(line) + len(GAP) + len(text) > room:
            yield from wrapped(line, room, len(BELOW))
            line = ""
        line = f"{line}{GAP}{text}" if line else BELOW + text
    if line:
        yield from wrapped(line, room, len(BELOW))


def wrapped(text: str, room: int, hang: int) -> Iterator[str]:
    """The text in lines of at most `room` characters, broken at gaps and spaces, the later ones `hang` to the right. A
    word that is longer than the room is cut in two: nothing is lost."""
    hang = min(hang, max(room - TEXT_MIN, 0))
    while len(text) > room:
        at = text.rfind(GAP, room // 2, room + len(GAP))  # between two things rather than within one
        at = at if hang < at <= room else text.rfind(" ", hang + 1, room + 1)
        head, tail = (text[:at], text[at:].lstrip(" ")) if at > hang else (text[:room], text[room:])
        yield head.rstrip(" ")
        text = " " * hang + tail
    yield text


def painted(text: str, room: int) -> Iterator[str]:
    """A line with the escapes of colours in it, which take no room, in lines that fit."""
    plain = _ESCAPE.sub("", text)
    at = 0
    for number, line in enumerate(wrapped(plain, room, hang_of(plain))):
        content = line.lstrip(" ") if number else line
        made = line[: len(line) - len(content)]
        for character in content:
            while text[at] != character:
                escape = _ESCAPE.match(text, at)
                made += escape.group() if escape else ""
                at = escape.end() if escape else at + 1  # a space that the end of a line took
            made += character
            at += 1
        while escape := _ESCAPE.match(text, at):
            made += escape.group()
            at = escape.end()
        yield made


def hang_of(text: str) -> int:
    """Where the later lines of a sentence begin: under its text where a label stands before it, else a little in."""
    lead = len(text) - len(text.lstrip(" "))
    label, gap, rest = text[lead:].partition(GAP)
    begin = len(text) - len(rest.lstrip(" "))
    return begin if gap and rest and 0 < len(label) <= 12 and begin - lead <= 16 else lead + 2
