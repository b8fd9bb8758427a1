"""On a terminal no line is wider than it is, and nothing is hidden; off it nothing changes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydractl import fitting

WORDS = st.text("abc", min_size=1, max_size=30)
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def shown(words: list[str], environ: dict[str, str], columns: int) -> list[str]:
    """What a terminal of so many columns shows."""
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        os.execve(sys.executable, [sys.executable, "-P", "-m", "hydractl.main", *words], environ)
    data = b""
    try:
        while more := os.read(terminal, 65536):
            data += more
    except OSError:
        pass
    os.waitpid(pid, 0)
    os.close(terminal)
    return [ESCAPE.sub("", line) for line in data.decode().replace("\r", "").splitlines()]


@pytest.mark.parametrize("columns", [80, 100, 160])
@pytest.mark.parametrize(
    "words",
    [
        ["status"], ["report"], ["fires"], ["missions"], ["terminals"], ["accounts"], ["positions"], ["symbols"],
        ["orders"], ["alarms"], ["findings"], ["bars", "EURUSD"], ["ticks"], ["symbol", "diff"], ["health"],
        ["preflight"], ["reconcile"], ["operators"], ["policies"], ["changes"], ["config", "show"], ["news"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_line_is_wider_than_the_terminal(fake: Any, environ: dict[str, str], words: list[str], columns: int) -> None:
    lines = shown(words, {**environ, "TERM": "xterm"}, columns)
    assert lines and not [line for line in lines if len(line) > columns]


def test_all_of_a_row_is_there_though_it_does_not_fit(fake: Any, environ: dict[str, str], wire: Any) -> None:
    text = " ".join(shown(["fires"], environ, 60))
    for value in (wire.ACT.id, wire.ACT.account, wire.ACT.symbol, wire.ACT.state):
        assert str(value) in text


def test_wide_is_as_wide_as_it_is(fake: Any, environ: dict[str, str]) -> None:
    assert max(len(line) for line in shown(["terminals", "-o", "wide"], environ, 80)) > 80


@given(widths=st.lists(st.integers(1, 40), min_size=1, max_size=12), text_last=st.booleans(), room=st.integers(40, 160))
def test_every_column_is_somewhere(widths: list[int], text_last: bool, room: int) -> None:
    made = fitting.shape(widths, text_last, room)
    assert made.first and [*made.first, *made.below] == list(range(len(widths)))
    used = [widths[at] for at in made.first]
    if made.text_width is not None:
        assert text_last and made.text_width < used[-1]
        used[-1] = made.text_width
    assert sum(used) + 2 * (len(used) - 1) <= room
    if sum(widths) + 2 * (len(widths) - 1) <= room:
        assert not made.below and made.text_width is None


@given(words=st.lists(WORDS, min_size=1, max_size=30), room=st.integers(30, 100), hang=st.integers(0, 20))
def test_wrapped_text_loses_nothing(words: list[str], room: int, hang: int) -> None:
    lines = list(fitting.wrapped(" ".join(words), room, hang))
    assert max(map(len, lines)) <= room
    assert "".join("".join(lines).split()) == "".join(words)


@given(
    words=st.lists(st.tuples(WORDS, st.sampled_from(["", "31", "1"])), min_size=1, max_size=20),
    room=st.integers(30, 80),
)
def test_colours_take_no_room_and_stay_where_they_were(words: list[tuple[str, str]], room: int) -> None:
    text = "  ".join(f"\x1b[{code}m{word}\x1b[0m" if code else word for word, code in words)
    lines = list(fitting.painted(text, room))
    assert max(len(ESCAPE.sub("", line)) for line in lines) <= room
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(pairs=st.lists(st.tuples(WORDS, WORDS), max_size=10), room=st.integers(40, 100))
def test_what_stands_below_loses_nothing(pairs: list[tuple[str, str]], room: int) -> None:
    lines = list(fitting.below(pairs, room))
    assert all(len(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(heading + value for heading, value in pairs)


def test_a_sentence_goes_on_under_its_text() -> None:
    text = "services  bridge running  apex running  toc running  bot off  hud running  scheduler running"
    assert list(fitting.wrapped(text, 50, fitting.hang_of(text))) == [
        "services  bridge running  apex running",
        "          toc running  bot off  hud running",
        "          scheduler running",
    ]


def test_what_is_indented_goes_on_indented() -> None:
    assert list(fitting.wrapped("        one two three four five six", 32, fitting.hang_of("        one two"))) == [
        "        one two three four five",
        "        six",
    ]
    assert fitting.hang_of("        one two") == 10
