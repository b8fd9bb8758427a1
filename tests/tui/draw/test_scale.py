"""The arithmetic of a chart."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydractl.tui.draw.bars import Bar
from hydractl.tui.draw.scale import Scale, apart, round_prices, scale_of

PRICES = st.floats(1.0, 2.0)


def bar(low: float, high: float) -> Bar:
    return Bar(low, high, low, high, "2026-01-05T10:00:00Z")


def test_a_near_level_extends_the_scale_and_a_far_one_does_not() -> None:
    scale = scale_of([bar(1.0, 1.1)], [1.2, 0.95, 5.0], 20)
    assert (scale.low, scale.high) == (0.95, 1.2)
    assert (scale.beyond(5.0), scale.beyond(1.2), scale.beyond(0.1)) == (1, 0, -1)


@given(prices=st.lists(PRICES, max_size=6), low=PRICES, high=PRICES)
def test_bars_keep_a_third_of_the_height(prices: list[float], low: float, high: float) -> None:
    low, high = sorted((low, high))
    scale = scale_of([bar(low, high)], prices, 20)
    assert scale.low <= low <= high <= scale.high
    assert high == low or scale.high - scale.low <= (high - low) * 3.000001


def test_a_market_that_does_not_move_shows_all_levels() -> None:
    scale = scale_of([bar(1.1, 1.1)], [1.0, 1.3], 20)
    assert (scale.low, scale.high) == (1.0, 1.3)


@given(price=PRICES, other=PRICES)
def test_higher_prices_are_not_lower_on_the_screen(price: float, other: float) -> None:
    scale = Scale(1.2, 1.8, 40)
    low, high = sorted((price, other))
    assert 0 <= scale.half(high) <= scale.half(low) < 40
    assert (scale.half(1.8), scale.half(1.2)) == (0, 39)


@given(low=st.floats(0.0001, 1e6), span=st.floats(1e-5, 1e6), count=st.integers(1, 12))
def test_round_prices_are_in_the_scale_and_few(low: float, span: float, count: int) -> None:
    scale = Scale(low, low + span, 20)
    prices = [price for price, _ in round_prices(scale, count)]
    assert len(prices) <= count + 1
    slack = span * 1e-6 + low * 1e-15
    assert all(low - slack <= price <= low + span + slack for price in prices)
    assert prices == sorted(prices)


@pytest.mark.parametrize("span", [0.0, 5e-324, 1e-300, 1e-16])
def test_a_span_that_is_none_has_no_round_prices(span: float) -> None:
    assert list(round_prices(Scale(0.0, span, 20), 5)) == []


def test_round_prices_are_round() -> None:
    texts = [f"{price:.{decimals}f}" for price, decimals in round_prices(Scale(1.3935, 1.4002, 40), 5)]
    assert texts == ["1.394", "1.396", "1.398", "1.400"]
    assert [price for price, _ in round_prices(Scale(1890.0, 1931.0, 40), 4)] == [1900.0, 1920.0]


@given(data=st.data(), rows=st.integers(1, 30))
def test_labels_stand_apart_in_their_order(data: st.DataObject, rows: int) -> None:
    wanted = sorted(data.draw(st.lists(st.integers(0, rows - 1), max_size=rows)))
    places = apart(wanted, rows)
    assert len(places) == len(wanted)
    assert all(before < after for before, after in pairwise(places))
    assert all(0 <= place < rows for place in places)
    if len(set(wanted)) == len(wanted):
        assert places == wanted


def test_labels_of_one_row_stand_around_it() -> None:
    assert apart([5, 5, 5], 20) == [4, 5, 6]
    assert apart([0, 0, 0], 20) == [0, 1, 2]
    assert apart([19, 19], 20) == [18, 19]
