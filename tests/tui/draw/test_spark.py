"""A spark line is as wide as asked; what is not there is a gap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydractl.tui.draw.glyphs import ASCII, UNICODE, Glyphs
from hydractl.tui.draw.spark import GAP, spark


@given(
    numbers=st.lists(st.one_of(st.none(), st.floats(), st.integers(-100, 100)), max_size=40),
    width=st.integers(-1, 30),
    glyphs=st.sampled_from([UNICODE, ASCII]),
    low=st.one_of(st.none(), st.floats(-1e300, 1e300)),
    high=st.one_of(st.none(), st.floats(-1e300, 1e300)),
)
def test_any_spark(
    numbers: list[float | None], width: int, glyphs: Glyphs, low: float | None, high: float | None
) -> None:
    line = spark(numbers, width, glyphs, low=low, high=high)
    assert line.cell_len == max(width, 0)
    assert set(line.plain) <= {GAP, *glyphs.levels}
    assert not glyphs.ascii or line.plain.isascii()


def test_the_newest_are_at_the_right() -> None:
    assert spark([9, 1, 2, 3, 4, 5, 6, 7, 8], 8, UNICODE).plain == "▁▂▃▄▅▆▇█"
    assert spark([1, 6], 4, ASCII).plain == "  _#"
    assert spark([1, 2, 3, 4, 5, 6], 6, ASCII).plain == "_.-=*#"


def test_a_gap_is_no_zero() -> None:
    assert spark([0, None, 5, float("nan"), 10], 5, UNICODE).plain == "▁ ▅ █"
    assert spark([None], 3, ASCII).plain == spark([], 3, ASCII).plain == "   "


def test_a_fixed_scale_holds_at_its_edges() -> None:
    assert spark([-5, 0, 50, 100, 900], 5, UNICODE, low=0, high=100).plain == "▁▁▅██"


def test_what_does_not_move_is_in_the_middle() -> None:
    assert spark([3, 3], 2, UNICODE).plain == "▅▅"


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_higher_numbers_are_not_lower(glyphs: Glyphs) -> None:
    marks = spark(list(range(50)), 50, glyphs).plain
    places = [glyphs.levels.index(mark) for mark in marks]
    assert places == sorted(places)
