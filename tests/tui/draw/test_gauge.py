"""A gauge never says less than is used, never takes what is not known for nothing, and cuts no number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydractl.tui.draw.gauge import HIT, NOT_KNOWN, gauge
from hydractl.tui.draw.glyphs import ASCII, UNICODE, Glyphs

TABLES = [UNICODE, ASCII]


@given(
    share=st.one_of(st.none(), st.floats()),
    width=st.integers(-1, 60),
    glyphs=st.sampled_from(TABLES),
    limit=st.one_of(st.just(""), st.just("500.00"), st.text(max_size=8)),
)
def test_any_gauge(share: float | None, width: int, glyphs: Glyphs, limit: str) -> None:
    line = gauge(share, width, glyphs, limit=limit)
    assert line.cell_len <= max(width, 0)
    assert not glyphs.ascii or line.plain.isascii()
    if width >= 40:
        assert (NOT_KNOWN in line.plain) == (share is None or math.isnan(share))
        assert (HIT in line.plain) == (share is not None and share >= 1)


@pytest.mark.parametrize(
    ("share", "width", "text"),
    [
        (0.52, 26, "[#####-----] 52% of 500.00"),
        (0.0, 25, "[----------] 0% of 500.00"),
        (0.001, 26, "[#---------] <1% of 500.00"),
        (0.999, 26, "[#########-] 99% of 500.00"),
        (0.99999999999999, 26, "[#########-] 99% of 500.00"),
        (1.0, 37, "[##########] 100% of 500.00 LIMIT HIT"),
        (1.3, 37, "[##########] 130% of 500.00 LIMIT HIT"),
        (1.3, 25, "[########] 130% LIMIT HIT"),
        (1.3, 14, "130% LIMIT HIT"),
        (1.3, 6, "130%!"),
        (-0.2, 20, "[----------] no loss"),
        (None, 40, "not known"),
        (None, 5, "?"),
        (0.52, 12, "[###---] 52%"),
        (0.52, 5, "52%"),
        (0.52, 2, "~"),
        (0.29, 10, "[#---] 29%"),
    ],
)
def test_gauges(share: float | None, width: int, text: str) -> None:
    assert gauge(share, width, ASCII, limit="500.00").plain == text


def test_eighths() -> None:
    assert gauge(0.52, 25, UNICODE, limit="500.00", bar=10).plain == "█████▏···· 52% of 500.00"
    assert gauge(0.001, 14, UNICODE).plain == "▏········· <1%"


@pytest.mark.parametrize(("share", "style"), [(0.1, "green"), (0.34, "yellow"), (0.7, "red"), (2.0, "red")])
def test_thirds_have_their_colours(share: float, style: str) -> None:
    assert str(gauge(share, 40, UNICODE).spans[0].style) == style


def test_what_is_not_used_is_not_coloured() -> None:
    assert {str(span.style) for share in (0.0, -1.0) for span in gauge(share, 40, UNICODE).spans if span.end} <= {
        "dim",
        "",
    }


@given(share=st.floats(0, 2), less=st.floats(0, 2), width=st.integers(21, 60))
def test_more_used_is_not_a_shorter_bar(share: float, less: float, width: int) -> None:
    less, share = sorted((less, share))
    filled, before = (gauge(one, width, ASCII, bar=4).plain.count("#") for one in (share, less))
    assert filled >= before
    assert (filled == 4) == (share >= 1)
    assert (filled == 0) == (share == 0)
