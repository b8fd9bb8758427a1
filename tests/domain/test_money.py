"""Prices, volumes, money: exact, or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain import money as m

DIGITS = st.integers(0, m.DIGITS_MAX)
POINTS = st.integers(1, 10**11)
STEPS = st.sampled_from([Decimal("0.01"), Decimal("0.1"), Decimal("1"), Decimal("0.001"), Decimal("0.05")])


@given(POINTS, DIGITS)
def test_prices_come_back_as_text_and_as_float(points: int, digits: int) -> None:
    text = m.price_text(points, digits)
    assert m.price_points(text, digits) == points
    assert m.float_points(m.points_float(points, digits), digits) == points


@given(st.integers(1, 10**6), STEPS)
def test_volumes_come_back(steps: int, step: Decimal) -> None:
    assert m.volume_steps(m.volume_text(steps, step), step) == steps
    assert m.float_steps(float(m.volume_lots(steps, step)), step) == steps


@pytest.mark.parametrize(
    ("points", "digits", "text"),
    [(138672, 5, "1.38672"), (1, 5, "0.00001"), (-25, 5, "-0.00025"), (7, 0, "7"), (128050, 2, "1280.50")],
)
def test_prices_as_people_read_them(points: int, digits: int, text: str) -> None:
    assert m.price_text(points, digits) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.386721", "more than 5"),
        ("0", "not above zero"),
        ("-1.3", "not above zero"),
        ("abc", "not a number"),
        ("", "not a number"),
        ("NaN", "not finite"),
        ("Infinity", "not finite"),
    ],
)
def test_prices_that_are_none(text: str, words: str) -> None:
    with pytest.raises(m.BadNumber, match=words):
        m.price_points(text, 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [("0.015", "not a multiple"), ("0", "not above zero"), ("-0.01", "not above zero"), ("NaN", "not finite")],
)
def test_volumes_that_are_none(text: str, words: str) -> None:
    with pytest.raises(m.BadNumber, match=words):
        m.volume_steps(text, Decimal("0.01"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1.386725, 1.3867200101])
def test_floats_off_the_grid_are_refused(value: float) -> None:
    with pytest.raises(m.BadNumber):
        m.float_points(value, 5)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 0.015, 0.0100001])
def test_volumes_off_the_grid_are_refused(value: float) -> None:
    with pytest.raises(m.BadNumber):
        m.float_steps(value, Decimal("0.01"))


def test_floats_beside_the_grid_are_taken() -> None:
    assert m.float_points(1.38672 + 1e-12, 5) == 138672
    assert m.float_steps(0.1 + 0.2, Decimal("0.1")) == 3


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.005", "0.00"),
        ("0.015", "0.02"),
        ("0.025", "0.02"),
        ("-1.005", "-1.00"),
        ("12", "12.00"),
        ("1E+3", "1000.00"),
    ],
)
def test_money_is_rounded_half_even_to_cents(amount: str, text: str) -> None:
    assert m.money_text(Decimal(amount)) == text
    assert m.cents(Decimal(amount)) == Decimal(text)


def test_money_beyond_any_account_is_rounded_too() -> None:
    """A terminal that tells nonsense may make it; what shows it must not fail."""
    assert m.cents(Decimal(10) ** 60 + Decimal("0.005")) == Decimal(10) ** 60
    assert m.money_text(Decimal("1E-40")) == "0.00"


@given(st.decimals(min_value=Decimal("-0.02"), max_value=Decimal("0.02"), places=6))
def test_money_that_rounds_to_nothing_has_no_sign(amount: Decimal) -> None:
    text = m.money_text(amount)
    assert Decimal(text) == m.cents(amount)
    assert text.startswith("-") is (Decimal(text) < 0)
