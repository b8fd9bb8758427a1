"""What a position costs: nights by the server's clock, commission by what was paid, and what that asks of the price."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.instants import DAY_MS, MINUTE_MS
from hydrad.domain.orders import Side
from hydrad.toc import costs
from hydrad.toc.costs import Holding
from hydrad.venue.contract import SwapMode
from tests.toc.conftest import MARKET_MS, TERMS, Core

POINTS = msgspec.structs.replace(
    TERMS, swap_mode=int(SwapMode.POINTS), swap_long=Decimal("-7.2"), swap_short=Decimal("2.5"), swap_triple_day=3
)
NOON_WEDNESDAY = MARKET_MS
HOUR_MS = 60 * MINUTE_MS


def test_the_night_of_the_triple_day_counts_three_times_at_the_servers_midnight() -> None:
    night = costs.next_night(Holding(POINTS, Side.BUY, 100), NOON_WEDNESDAY, 3 * HOUR_MS)
    assert night == (NOON_WEDNESDAY + 9 * HOUR_MS, 3, Decimal("-21.60"))


def test_a_weekend_charges_nothing_until_mondays_midnight() -> None:
    saturday = NOON_WEDNESDAY + 3 * DAY_MS
    night = costs.next_night(Holding(POINTS, Side.SELL, 100), saturday, 0)
    assert night == (saturday + 2 * DAY_MS + 12 * HOUR_MS, 1, Decimal("2.50"))


def test_a_coin_is_charged_each_day_of_the_week() -> None:
    coin = msgspec.structs.replace(POINTS, symbol="BTCUSD", currency_base="BTC")
    saturday = NOON_WEDNESDAY + 3 * DAY_MS
    night = costs.next_night(Holding(coin, Side.BUY, 100), saturday, 0)
    assert night is not None and (night.at_ms, night.nights) == (saturday + 12 * HOUR_MS, 1)


@given(offset_h=st.integers(-12, 14), hours=st.integers(0, 24 * 14))
def test_the_next_night_is_ahead_and_within_three_days(offset_h: int, hours: int) -> None:
    now = NOON_WEDNESDAY + hours * HOUR_MS
    night = costs.next_night(Holding(POINTS, Side.BUY, 1), now, offset_h * HOUR_MS)
    assert night is not None
    assert now < night.at_ms <= now + 3 * DAY_MS
    assert (night.at_ms + offset_h * HOUR_MS) % DAY_MS == 0


@pytest.mark.parametrize(
    ("mode", "money"),
    [
        (SwapMode.DISABLED, Decimal(0)),
        (SwapMode.POINTS, Decimal("-7.20")),
        (SwapMode.DEPOSIT_CURRENCY, Decimal("-7.20")),
        (SwapMode.BASE_CURRENCY, None),
        (SwapMode.MARGIN_CURRENCY, None),
    ],
)
def test_a_unit_that_needs_a_rate_is_not_guessed(mode: SwapMode, money: Decimal | None) -> None:
    assert costs.night_money(Holding(msgspec.structs.replace(POINTS, swap_mode=int(mode)), Side.BUY, 100)) == money


def test_what_was_not_told_is_not_known() -> None:
    assert costs.next_night(Holding(TERMS, Side.BUY, 1), NOON_WEDNESDAY, 0) is None
    assert costs.next_night(Holding(POINTS, Side.BUY, 1), NOON_WEDNESDAY, None) is None


@given(side=st.sampled_from(Side), cost=st.integers(0, 100_000), steps=st.integers(1, 1_000))
def test_at_the_break_even_price_the_profit_pays_the_costs_and_a_point_before_it_does_not(
    side: Side, cost: int, steps: int
) -> None:
    costs_money = Decimal(cost) / 100
    points = costs.break_even_points(side, 110_000, costs_money, steps, TERMS)
    assert points is not None
    gained = (points - 110_000) * side.sign
    per_point = TERMS.tick_value_profit * TERMS.volume_step * steps
    assert gained * per_point >= costs_money
    assert gained == 0 or (gained - 1) * per_point < costs_money


@given(loss=st.integers(1, 10_000), gain=st.integers(1, 10_000))
def test_at_the_needed_share_the_sum_is_zero(loss: int, gain: int) -> None:
    needs = costs.needs_percent(Decimal(loss), Decimal(gain))
    assert needs is not None
    assert abs(needs * gain - (100 - needs) * loss) < Decimal("1e-15") * loss * gain


def test_commission_is_what_the_last_closed_position_paid(core: Core) -> None:
    assert costs.commission_per_lot(core.state, "alpha", "EURUSD") is None
    act = core.filled()
    position = core.state.positions[core.state.acts[act.act_id].position]
    assert costs.commission_per_lot(core.state, "alpha", "EURUSD") is None, "it is still open"
    kept = position.open, position.opened_steps, position.closed_steps
    position.open, position.opened_steps, position.closed_steps = False, 20, 20
    position.commission = Decimal("-1.40")
    try:
        assert costs.commission_per_lot(core.state, "alpha", "EURUSD") == Decimal(-7)
        assert costs.commission_per_lot(core.state, "beta", "EURUSD") is None
        position.closed_steps = 10
        assert costs.commission_per_lot(core.state, "alpha", "EURUSD") is None, "half of it was lost sight of"
    finally:
        position.open, position.opened_steps, position.closed_steps = kept
        position.commission = Decimal(0)
