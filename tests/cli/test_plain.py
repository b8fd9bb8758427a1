"""Text from elsewhere cannot play with the terminal that shows it."""

from __future__ import annotations

import pytest

from hydractl.diagnostics import write
from hydractl.output import Output
from hydractl.plain import plain


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "\x1b]0;title\x07", "\r PAPER  ACTIVE", "\x9b2J", "\u202eevitca", "\x08\x08", "\x1b[31m"]
)
def test_no_control_passes(text: str) -> None:
    assert plain(text).isprintable() and "?" in plain(text)


def test_lines_and_letters_pass() -> None:
    assert plain("Grüße 你好\n\tzwei") == "Grüße 你好\n\tzwei"


def test_what_we_painted_passes_and_nothing_else() -> None:
    text = "\x1b[31mred\x1b[0m \x1b[2Jgone\x1b"
    assert plain(text, ("[31m", "[0m")) == "\x1b[31mred\x1b[0m ?[2Jgone?"


def test_both_writers_use_it(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output()
    out.line("halted: \x1b[2J\x1b[Hall is well")
    out.flush()
    write("hydractl: FAILED: \x1b[2J")
    said = capsys.readouterr()
    assert said.out == "halted: ?[2J?[Hall is well\n" and said.err == "hydractl: FAILED: ?[2J\n"
