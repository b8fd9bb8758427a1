"""R of a position: by the real open price and the first stop, as a plan counts; of all lots, net of costs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.orders import ORDER_VERSION, ActKind, Order, Side
from hydrad.toc import multiple, position_views
from hydrad.toc.state import Act
from hydrad.wire import calls
from hydrad.wire.answers.positions import PositionRow
from tests.toc.conftest import Core
from tests.toc.test_positions import broker_id, held, replace, report, shown

CENT = Decimal("0.01")


def row_of(core: Core, fire: Act) -> PositionRow:
    return position_views.position_row(core.state, core.engine.live, core.now_ns, held(core, fire))


@given(
    side=st.sampled_from(Side),
    way=st.integers(1, 5_000),
    collar=st.integers(0, 200),
    slip=st.integers(-200, 200),
    asked=st.integers(1, 500),
    part=st.integers(1, 500),
)
def test_from_the_open_price_to_the_first_stop_is_one(
    side: Side, way: int, collar: int, slip: int, asked: int, part: int
) -> None:
    """Whatever the collar, the slip of the fill, and how much of it was filled; a cent a point and step."""
    entry, opened_steps = 110_000, min(part, asked)
    stop = entry - side.sign * way
    order = Order(
        ORDER_VERSION, ActKind.FIRE, "alpha", "EURUSD", side,
        entry_points=entry, volume_steps=asked, stop_points=stop, collar_points=collar,
    )  # fmt: skip
    money = multiple.risk(order, (way + collar) * asked * CENT, entry + side.sign * slip, opened_steps)
    if way + slip <= 0:
        assert money is None, "opened beyond its stop"
    else:
        assert money == pytest.approx((way + slip) * opened_steps * CENT)


def test_without_a_stop_there_is_no_r() -> None:
    order = Order(ORDER_VERSION, ActKind.FIRE, "alpha", "EURUSD", Side.BUY, volume_steps=5)
    assert multiple.risk(order, Decimal(0), 110_000, 5) is None
    assert multiple.risk(None, Decimal(1), 110_000, 5) is None


def test_one_that_was_adopted_was_judged_from_its_open_price() -> None:
    order = Order(ORDER_VERSION, ActKind.FIRE, "alpha", "EURUSD", Side.SELL, volume_steps=5, stop_points=110_100)
    assert multiple.risk(order, Decimal("5.00"), 110_000, 5) == 5


def test_r_is_what_a_plan_counts(core: Core) -> None:
    """At 1 R of the plan, so far from the open price as the first stop, a position without costs stands at 1 R."""
    fire = core.filled()
    report(core, core.position_row(fire, profit=Decimal("44.00")))  # 200 points by 22 steps of 0.01 dollars
    assert row_of(core, fire).r == "+1.00"
    core.act(calls.Modify(shown(fire), stop="1.10000"))
    assert row_of(core, fire).r == "+1.00", "a stop that is moved changes what may be lost, not what was risked"


def test_a_part_that_was_closed_counts(core: Core) -> None:
    fire = core.filled()
    part = core.act(calls.Close(shown(fire), part="0.11"))
    report(core, core.position_row(fire, profit=Decimal("22.00"), volume_steps=11))
    assert row_of(core, fire).r_in_all is None, "the report is ahead of the deal: the closed part would be left out"
    core.done(part, deal_ticket=70)
    core.deals(core.deal_row(70, broker_id(fire), magic=part.act_id, volume_steps=11, profit=Decimal("11.00")))
    row = row_of(core, fire)
    assert (row.pnl, row.r, row.realised, row.r_in_all) == ("22.00", "+0.50", "11.00", "+0.75")
    core.deals(core.deal_row(71, broker_id(fire), volume_steps=11, profit=Decimal("33.00")))
    assert (row_of(core, fire).pnl, row_of(core, fire).r) == ("44.00", "+1.00")


def test_money_and_r_of_a_row_never_disagree(core: Core) -> None:
    """The closed part has brought more than the rest loses: the row is of the rest."""
    fire = core.filled()
    part = core.act(calls.Close(shown(fire), part="0.11"))
    core.done(part, deal_ticket=70)
    core.deals(core.deal_row(70, broker_id(fire), magic=part.act_id, volume_steps=11, profit=Decimal("11.00")))
    report(core, core.position_row(fire, profit=Decimal("-4.40"), volume_steps=11))
    row = row_of(core, fire)
    assert (row.pnl, row.r, row.realised, row.r_in_all) == ("-4.40", "-0.10", "11.00", "+0.15")


def test_what_was_closed_counts_net_of_costs(core: Core) -> None:
    fire = core.filled()
    core.deals(core.deal_row(69, broker_id(fire), entry=0, commission=Decimal("-4.40")))
    report(core, core.position_row(fire, profit=Decimal("44.00"), swap=Decimal("-4.40")))
    row = row_of(core, fire)
    assert (row.pnl, row.r, row.r_in_all) == ("39.60", "+0.90", None), "no part was closed"
    core.deals(core.deal_row(70, broker_id(fire), profit=Decimal("44.00"), swap=Decimal("-4.40")))
    assert (row_of(core, fire).pnl, row_of(core, fire).r) == ("35.20", "+0.80")


def test_r_of_one_without_a_stop_is_not_known_and_never_nothing(core: Core) -> None:
    """Not `+0.00`, which is a result."""
    fire = core.filled()
    assert fire.order is not None
    core.deals(core.deal_row(70, broker_id(fire)))
    with_stop, fire.order = fire.order, replace(fire.order, stop_points=0)
    row = row_of(core, fire)
    fire.order = with_stop  # the journal has it
    assert (row.closed_at is not None, row.pnl, row.r) == (True, "19.80", None)
