"""Sizes are rounded down and never up; prices keep their direction when digits change."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.orders import Side
from hydrad.toc import sizing
from hydrad.toc.act import ActState
from tests.toc.conftest import SIGNAL, TERMS, Core

MONEY = st.decimals(Decimal("0.01"), Decimal(100_000), places=2)
DISTANCE = st.integers(1, 5_000)
TICK_VALUE = st.decimals(Decimal("0.0001"), Decimal(20), places=4)


@given(money=MONEY, distance=DISTANCE, value=TICK_VALUE)
def test_the_largest_volume_that_risks_no_more(money: Decimal, distance: int, value: Decimal) -> None:
    terms = msgspec.structs.replace(TERMS, tick_value_loss=value)
    steps = sizing.volume_for(money, distance, terms)
    assert sizing.money_at_stop(distance, steps, terms) <= money
    assert sizing.money_at_stop(distance, steps + 1, terms) > money


@pytest.mark.parametrize(("money", "distance"), [("0", 100), ("-5", 100), ("10", 0), ("10", -3)])
def test_nothing_where_nothing_can_be_risked(money: str, distance: int) -> None:
    assert sizing.volume_for(Decimal(money), distance, TERMS) == 0


def test_nothing_where_a_point_is_worth_nothing() -> None:
    assert sizing.volume_for(Decimal(10), 100, msgspec.structs.replace(TERMS, tick_value_loss=Decimal(0))) == 0


@pytest.mark.parametrize(
    ("side", "stop", "target", "digits", "wanted"),
    [
        (Side.BUY, 109_815, 110_415, 4, (10_982, 11_041)),  # the stop up, the target down: both towards entry
        (Side.SELL, 110_215, 109_605, 4, (11_021, 10_961)),  # the stop down, the target up
        (Side.BUY, 109_815, 110_415, 6, (1_098_150, 1_104_150)),
        (Side.BUY, 109_810, 110_410, 4, (10_981, 11_041)),  # exact: nothing to round
    ],
)
def test_levels_move_towards_entry(side: Side, stop: int, target: int, digits: int, wanted: tuple[int, int]) -> None:
    signal = msgspec.structs.replace(SIGNAL, side=side, stop_points=stop, target_points=target)
    at = sizing.levels(signal, digits)
    assert (at.stop_points, at.target_points) == wanted


@given(
    side=st.sampled_from(Side),
    entry=st.integers(50_000, 150_000),
    stop=st.integers(1, 4_000),
    target=st.integers(1, 9_000),
    collar=st.integers(0, 200),
    digits=st.integers(2, 7),
)
def test_other_digits_never_mean_more_risk_or_more_promise(
    side: Side, entry: int, stop: int, target: int, collar: int, digits: int
) -> None:
    signal = msgspec.structs.replace(
        SIGNAL,
        side=side,
        entry_points=entry,
        stop_points=entry - side.sign * stop,
        target_points=entry + side.sign * target,
        collar_points=collar,
    )
    at, unit = sizing.levels(signal, digits), Decimal(10) ** (5 - digits)
    assert at.stop_points * unit * side.sign >= signal.stop_points * side.sign
    assert at.target_points * unit * side.sign <= signal.target_points * side.sign
    assert at.collar_points * unit <= signal.collar_points


def test_a_basis_moves_all_levels() -> None:
    at = sizing.levels(SIGNAL, 5, basis_points=7)
    assert (at.entry_points, at.stop_points, at.target_points) == (110_017, 109_817, 110_417)


def test_no_stop_and_no_target_stay_none() -> None:
    at = sizing.levels(msgspec.structs.replace(SIGNAL, stop_points=0, target_points=0), 4, basis_points=7)
    assert (at.stop_points, at.target_points) == (0, 0)


@given(side=st.sampled_from(Side), entry=st.integers(50_000, 150_000), stop=st.integers(1, 4_000))
def test_the_distance_is_from_the_worse_edge(side: Side, entry: int, stop: int) -> None:
    at = sizing.Levels(entry, entry - side.sign * stop, 0, 20)
    assert sizing.stop_distance(side, at) == stop + 20
    assert sizing.worst_entry(side, at) == entry + side.sign * 20


def test_a_fire_is_sized_by_the_configured_risk(core: Core) -> None:
    act = core.fire()
    assert act.state is ActState.ROUTED
    assert act.order is not None
    assert act.order.volume_steps == 22  # 0.5 % of 10000 is 50; 220 points cost 2.20 a step
    assert act.risk_money == Decimal("48.40")


def test_named_risk_and_named_volume_are_taken(core: Core) -> None:
    assert core.fire(risk="0.25%").order.volume_steps == 11  # type: ignore[union-attr]
    core.done(max(core.state.acts.values(), key=lambda act: act.act_id))
    assert core.fire(volume="0.03").order.volume_steps == 3  # type: ignore[union-attr]


def test_below_the_minimum_is_refused_and_never_rounded_up(core: Core) -> None:
    act = core.fire(risk="0.01%")  # 1.00 money, a step costs 2.20
    assert (act.state, act.codes) == (ActState.DENIED, ("SIZE",))
    assert act.order is not None
    assert act.order.volume_steps == 0
