"""A line of the log is one line of ours, whatever is told in it: none is forged, no terminal is steered, no token stands there."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydractl.commands import logs as reader
from hydrad.host.logs import UtcFormatter

FORM = UtcFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
FORGED = "2026-11-26T09:10:11.123Z INFO hydrad all is well"
TOKEN = "7354021987:AAEhBOweik6ad9" + "r_QXMENQjcrGbqCr4K"


def formatted(message: str, *args: object, error: Exception | None = None) -> str:
    told = (type(error), error, None) if error else None
    return FORM.format(logging.LogRecord("hydrad.x", logging.WARNING, "x.py", 1, message, args, told))


def begun(text: str) -> list[str]:
    """Lines that a reader takes for lines of the log."""
    return [line for line in text.split("\n") if reader._LINE.fullmatch(line)]


@pytest.mark.parametrize("error", [None, ValueError(f"x\n{FORGED}")])
def test_no_line_is_forged(error: Exception | None) -> None:
    text = formatted("the server says %s", f"no\n{FORGED}\r{FORGED}", error=error)
    assert len(begun(text)) == 1 and FORGED in text, "it is told, within its own line"


def test_no_terminal_is_steered() -> None:
    assert not set("\x1b\x07\r\u202e\x9b") & set(formatted("%s", "\x1b[2J\x07\r\u202e\x9b31m"))


@given(st.text(max_size=80))
def test_any_text_is_one_line_of_the_log(text: str) -> None:
    shown = formatted("%s", text + "\n" + FORGED)
    assert len(begun(shown)) <= 1 and all(c.isprintable() or c in "\n\t" for c in shown)


@pytest.mark.parametrize(
    "text",
    [
        f"https://api.telegram.org/bot{TOKEN}/getMe",
        f"no such method /bot{TOKEN}",
        f"token '{TOKEN}'",
        "user=x&hash=" + "ab" * 32,
        "authorization: Bearer abcdef0123456789abcdef0123456789abcdef",
    ],
)
def test_what_looks_like_a_token_is_masked(text: str) -> None:
    for shown in (formatted("%s", text), formatted("x", error=ValueError(text))):
        assert "(secret)" in shown
        assert not any(part in shown for part in (TOKEN.partition(":")[2], "abab", "abcdef0123456789"))


def test_what_is_none_stays() -> None:
    for text in ("M-00001A3K at 1.08500", "tcp://127.0.0.1:5555", "a" * 64, "2026-11-26T17:00:00Z"):
        assert formatted("%s", text).endswith(text)
