"""At which price something fills, and which levels a broker takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.orders import Side
from hydrad.venue.contract import CONTRACTS, Contract
from hydrad.venue.fills import Hit, Trigger, closing_points, hit, opening_points
from hydrad.venue.rates import Quote
from hydrad.venue.stops import frozen, valid

SIDES = st.sampled_from(list(Side))
QUOTES = st.builds(lambda bid, spread: Quote(bid, bid + spread), st.integers(1_000, 10**6), st.integers(0, 500))
EURUSD = CONTRACTS["EURUSD"]


def test_a_market_order_pays_the_spread() -> None:
    quote = Quote(100, 103)
    assert (opening_points(Side.BUY, quote), closing_points(Side.BUY, quote)) == (103, 100)
    assert (opening_points(Side.SELL, quote), closing_points(Side.SELL, quote)) == (100, 103)


@pytest.mark.parametrize(
    ("side", "stop", "target", "quote", "expected"),
    [
        (Side.BUY, 90, 120, Quote(91, 95), None),
        (Side.BUY, 90, 120, Quote(90, 95), Hit(Trigger.STOP, 90)),
        (Side.BUY, 90, 120, Quote(70, 75), Hit(Trigger.STOP, 70)),
        (Side.BUY, 90, 120, Quote(120, 125), Hit(Trigger.TARGET, 120)),
        (Side.BUY, 90, 120, Quote(150, 155), Hit(Trigger.TARGET, 120)),
        (Side.SELL, 120, 90, Quote(115, 119), None),
        (Side.SELL, 120, 90, Quote(115, 120), Hit(Trigger.STOP, 120)),
        (Side.SELL, 120, 90, Quote(140, 145), Hit(Trigger.STOP, 145)),
        (Side.SELL, 120, 90, Quote(80, 90), Hit(Trigger.TARGET, 90)),
        (Side.SELL, 120, 90, Quote(70, 75), Hit(Trigger.TARGET, 90)),
        (Side.BUY, 0, 0, Quote(1, 2), None),
        (Side.SELL, 0, 90, Quote(500, 505), None),
    ],
)
def test_stops_fill_at_the_tick_and_targets_at_the_target(
    side: Side, stop: int, target: int, quote: Quote, expected: Hit | None
) -> None:
    assert hit(side, stop, target, quote) == expected


@given(SIDES, st.integers(1_000, 10**6), QUOTES)
def test_a_stop_never_fills_better_than_the_stop(side: Side, stop: int, quote: Quote) -> None:
    reached = hit(side, stop, 0, quote)
    assert reached is None or (reached.price_points - stop) * side.sign <= 0


@given(SIDES, st.integers(0, 10**6), st.integers(0, 10**6), QUOTES)
def test_levels_that_were_accepted_are_not_reached_by_the_same_tick(
    side: Side, stop: int, target: int, quote: Quote
) -> None:
    for contract in (EURUSD, replace(EURUSD, stops_level_points=0)):
        if valid(contract, side, stop, target, quote):
            assert hit(side, stop, target, quote) is None


@pytest.mark.parametrize("distance", [9, 10])
def test_the_stops_level_is_measured_from_the_closing_price(distance: int) -> None:
    quote, good = Quote(1_000, 1_020), distance >= EURUSD.stops_level_points
    assert valid(EURUSD, Side.BUY, 1_000 - distance, 0, quote) is good
    assert valid(EURUSD, Side.BUY, 0, 1_000 + distance, quote) is good
    assert valid(EURUSD, Side.SELL, 1_020 + distance, 0, quote) is good
    assert valid(EURUSD, Side.SELL, 0, 1_020 - distance, quote) is good


@pytest.mark.parametrize(("level", "stuck"), [(0, False), (5, True)])
def test_a_position_freezes_near_its_levels(level: int, stuck: bool) -> None:
    contract: Contract = replace(EURUSD, freeze_level_points=level)
    near: Callable[[Side, int, int], bool] = lambda side, stop, target: frozen(  # noqa: E731
        contract, side, stop, target, Quote(1_000, 1_020)
    )
    assert near(Side.BUY, 996, 0) is stuck
    assert near(Side.SELL, 0, 1_016) is stuck
    assert near(Side.BUY, 995, 1_005) is False
