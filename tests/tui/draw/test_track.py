"""Where a price stands between stop and target: any prices make a line of its width, and the losing side is left."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydractl.tui.draw.glyphs import ASCII, UNICODE, Glyphs
from hydractl.tui.draw.track import CELLS_MAX, CELLS_MIN, Track, track

PRICES = st.one_of(st.none(), st.floats(0.01, 1e5), st.sampled_from([0.0, math.inf, math.nan]))


@given(
    of=st.builds(Track, st.sampled_from([1, -1]), st.floats(0.01, 1e5), PRICES, PRICES, PRICES),
    width=st.integers(-1, 60),
    glyphs=st.sampled_from([UNICODE, ASCII]),
)
def test_any_prices(of: Track, width: int, glyphs: Glyphs) -> None:
    text = track(of, width, glyphs)
    assert text.cell_len in (0, min(max(width, 0), CELLS_MAX))
    assert text.cell_len == 0 or width >= CELLS_MIN
    assert not glyphs.ascii or text.plain.isascii()
    if text.plain:
        assert "o" in text.plain
        assert not {*glyphs.track[4:]} <= {*text.plain}, "it goes one way"


@pytest.mark.parametrize(
    ("of", "line"),
    [
        (Track(1, 1.0, 0.9, 1.2, 1.1), "|---------o=========>---------|"),
        (Track(-1, 1.2, 1.3, 1.0, 1.1), "|---------o=========>---------|"),
        (Track(1, 1.0, 0.9, 1.2, 0.95), "|----<====o-------------------|"),
        (Track(-1, 1.2, 1.3, 1.0, 1.25), "|----<====o-------------------|"),
        (Track(1, 1.0, 0.9, 1.2, 1.0), "|---------o-------------------|"),
        (Track(1, 1.0, 0.9, 1.2, None), "|---------o-------------------|"),
        (Track(1, 1.0, 0.9, 1.2, 1.3), "|---------o===================>"),
        (Track(1, 1.0, 0.9, 1.2, 0.8), "<=========o-------------------|"),
        (Track(1, 1.0, 0.9, None, 1.1), "|---------o=========>----------"),
        (Track(1, 1.0, 0.9, None, 1.4), "|-----o=======================>"),
        (Track(1, 1.0, 1.05, 1.1, 1.08), "o==============|========>-----|"),
        (Track(1, 1.0, None, 1.2, 1.1), "o==============>--------------|"),
        (Track(1, 1.0, None, None, 1.1), ""),
        (Track(1, 1.0, 1.0, None, 1.1), "o=============================>"),
        (Track(1, 1.0, 1.0, 1.0, 1.1), ""),
        (Track(1, math.nan, 0.9, 1.2, 1.1), ""),
    ],
)
def test_lines(of: Track, line: str) -> None:
    assert track(of, 31, ASCII).plain == line


def test_won_and_lost_differ_by_more_than_colour() -> None:
    won, lost = (track(Track(1, 1.0, 0.9, 1.2, now), 31, UNICODE) for now in (1.1, 0.95))
    assert ("▶" in won.plain, "◀" in won.plain) == (True, False) and ("◀" in lost.plain) and "▶" not in lost.plain
    assert "green" in {span.style for span in won.spans} and "red" in {span.style for span in lost.spans}
