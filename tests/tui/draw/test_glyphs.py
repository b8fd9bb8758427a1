"""Each mark is one cell wide in either table; what stands in for other characters is ASCII, and as wide."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from hydractl.tui.draw.glyphs import ASCII, UNICODE, Glyphs, ascii_of

TABLES = [UNICODE, ASCII]
ONE_CELL = ("horizontal", "vertical", "tick", "up", "down", "bullet", "ellipsis", "warning", "play", "pause", "check")
ONE_CELL = (*ONE_CELL, "cross", "empty", "signal", "unused")
MARKS = "─│┌┃╽╿█▄░⠿⣿▲▼▶…⚠✓✗°–—“”é\u0301日本語Ａ½👩\u200d👧\ufe0f☀"


def every_mark(glyphs: Glyphs) -> str:
    values = [getattr(glyphs, field.name) for field in fields(glyphs) if field.name != "ascii"]
    return "".join(value if isinstance(value, str) else "".join(value.values()) for value in values)


@pytest.mark.parametrize("glyphs", TABLES)
def test_each_mark_is_one_cell_wide(glyphs: Glyphs) -> None:
    assert all(len(getattr(glyphs, name)) == cell_len(getattr(glyphs, name)) == 1 for name in ONE_CELL)
    assert all(cell_len(mark) == 1 for mark in every_mark(glyphs))
    assert len(glyphs.corners) == 4


def test_the_tables_have_the_same_marks() -> None:
    assert UNICODE.halves.keys() == ASCII.halves.keys()
    assert UNICODE.dashes.keys() == ASCII.dashes.keys()
    assert every_mark(ASCII).isascii() and not every_mark(UNICODE).isascii()


@pytest.mark.parametrize("glyphs", TABLES)
def test_levels_have_lines_of_their_own(glyphs: Glyphs) -> None:
    assert len(set(glyphs.dashes.values())) == len(glyphs.dashes)


@pytest.mark.parametrize("glyphs", TABLES)
def test_rising_and_falling_differ_by_shape(glyphs: Glyphs) -> None:
    """Every cell with a body in it says which."""
    bodies = {kind: {glyphs.halves[key] for key in glyphs.halves if kind in key} for kind in "rf"}
    assert not bodies["r"] & bodies["f"]


@given(
    text=st.one_of(
        st.text(), st.text(MARKS, max_size=20), st.text(st.characters(min_codepoint=0x2500, max_codepoint=0x28FF))
    )
)
@example("👩\u200d👧")
@example("☀\ufe0f")
@example("\u200d\ufe0f")
def test_ascii_is_as_wide(text: str) -> None:
    made = ascii_of(text)
    assert made.isascii()
    assert len(made) == cell_len(made) == cell_len(text)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("EURUSD 1.08", "EURUSD 1.08"),
        ("┌─┐ ▲ … 5°", "+-+ ^ ~ 5o"),
        ("café naïve", "cafe naive"),
        ("日x", "??x"),
        ("Ａ", "A "),
        ("½ ☃", "? ?"),
        ("\u2800⠁⣿", " .#"),
    ],
)
def test_stand_ins(text: str, made: str) -> None:
    assert ascii_of(text) == made


def test_ascii_of_every_mark_is_known() -> None:
    assert "?" not in ascii_of(every_mark(UNICODE))


@given(text=st.text())
def test_what_is_written_is_one_harmless_line(text: str) -> None:
    for glyphs in TABLES:
        made = glyphs.write(text)
        assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in made)
        assert "\u202e" not in made
    assert cell_len(UNICODE.write(text)) == cell_len(ASCII.write(text))


@given(text=st.text(MARKS + "abc"), cells=st.integers(0, 20))
def test_shortened_text_fits_and_says_so(text: str, cells: int) -> None:
    made = UNICODE.shorten(text, cells)
    assert cell_len(made) <= cells
    assert made == text or cells == 0 or made.endswith("…")


def test_what_is_well_is_no_fall() -> None:
    assert len({ASCII.check, ASCII.cross, ASCII.up, ASCII.down, ASCII.warning}) == 5
    assert ascii_of(UNICODE.check) == ASCII.check
