"""Positions: closed by us, by stop, target, time stop or owner; changed; foreign, alien, missing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.orders import ActKind, Order, Side, order_hash
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import position_views
from hydrad.toc.act import ActState
from hydrad.toc.state import Act, Position
from hydrad.wire import calls
from hydrad.wire.answers.positions import PositionRow
from hydrad.wire.codes import Finding
from tests.toc.conftest import Core

replace = msgspec.structs.replace


def shown(act: Act) -> str:
    return show(IdKind.POSITION, act.position)


def held(core: Core, act: Act) -> Position:
    return core.state.positions[act.position]


def broker_id(act: Act) -> int:
    return 1000 + sequence_of(act.act_id)


def report(core: Core, *rows: f.PositionRow) -> None:
    core.up(f.Positions(tuple(rows), core.market_ms, True, True))


# --- closed ----------------------------------------------------------------------------------------------


def test_a_close_ends_the_position_and_its_fire(core: Core) -> None:
    fire = core.filled()
    close = core.act(calls.Close(shown(fire), reason="enough"))
    assert fire.state is ActState.CLOSING
    (command,) = core.sent(f.Close)
    assert (command.order.side, command.order.volume_steps) == (Side.SELL, 22)
    assert (command.order.volume_expected_steps, command.order.volume_remaining_steps) == (22, 0)
    core.done(close, deal_ticket=70)
    core.deals(core.deal_row(70, broker_id(fire), magic=close.act_id, profit=Decimal("24.20")))
    position = held(core, fire)
    assert (fire.state, close.state) == (ActState.CLOSED, ActState.DONE)
    assert (position.open, position.close_reason, position.profit) == (False, "CLOSED", Decimal("24.20"))
    assert position.r_milli == 550  # 24.20 of 44.00: 200 points from the real open price to the stop; 220 were approved


@pytest.mark.parametrize(
    ("reason", "magic", "word"),
    [(4, 0, "STOP"), (5, 0, "TARGET"), (6, 0, "STOP_OUT"), (0, 0, "OWNER"), (3, 0, "OWNER"), (1, 0, "OWNER")],
)
def test_closed_by_the_broker_or_the_owner(core: Core, reason: int, magic: int, word: str) -> None:
    fire = core.filled()
    core.deals(core.deal_row(70, broker_id(fire), reason=reason, magic=magic))
    assert (fire.state, held(core, fire).close_reason) == (ActState.CLOSED, word)


def test_a_refused_close_leaves_the_fire_filled(core: Core) -> None:
    fire = core.filled()
    close = core.act(calls.Close(shown(fire)))
    core.result(close, RowState.REFUSED, retcode=10004)
    assert (close.state, fire.state) == (ActState.REJECTED, ActState.FILLED)
    assert core.act(calls.Close(shown(fire))).state is ActState.ROUTED


def test_the_stop_is_hit_while_the_close_is_in_flight(core: Core) -> None:
    fire = core.filled()
    close = core.act(calls.Close(shown(fire)))
    core.deals(core.deal_row(70, broker_id(fire), reason=4))
    assert fire.state is ActState.CLOSED
    core.result(close, RowState.REFUSED, retcode=10036)
    assert (close.state, fire.state) == (ActState.REJECTED, ActState.CLOSED)


def test_a_part_close_leaves_the_rest(core: Core) -> None:
    fire = core.filled()
    part = core.act(calls.Close(shown(fire), part="0.05"))
    assert part.kind is ActKind.PART_CLOSE
    assert part.order is not None
    assert (part.order.volume_expected_steps, part.order.volume_remaining_steps) == (22, 17)
    core.done(part, deal_ticket=70)
    assert fire.state is ActState.FILLED
    core.deals(core.deal_row(70, broker_id(fire), magic=part.act_id, volume_steps=5, profit=Decimal("5")))
    position = held(core, fire)
    assert (position.volume_steps, position.closed_steps, position.open) == (17, 5, True)
    core.deals(core.deal_row(71, broker_id(fire), reason=5, volume_steps=17, profit=Decimal("7")))
    assert (position.open, position.profit) == (False, Decimal("12"))


def row(core: Core, fire: Act) -> PositionRow:
    return position_views.position_row(core.state, core.engine.live, core.now_ns, held(core, fire))


def test_money_and_price_are_of_the_same_report(core: Core) -> None:
    """And the price of now is another field: the next report may be a second away."""
    fire = core.filled()
    report(core, core.position_row(fire, profit=Decimal("5.50"), price_points=110_035))
    core.ticks(110_080, 110_090)
    seen = row(core, fire)
    assert (seen.pnl, seen.report_price, seen.price) == ("5.50", "1.10035", "1.10080")
    report(core, core.position_row(fire, profit=Decimal("5.50")))
    assert row(core, fire).report_price is None, "of an agent that does not tell it"


def test_a_close_price_is_the_mean_of_all_lots_and_the_last_one(core: Core) -> None:
    fire = core.filled()
    assert row(core, fire).close_average is None
    core.deals(core.deal_row(70, broker_id(fire), volume_steps=2, price_points=110_200, profit=Decimal("5")))
    assert (row(core, fire).close_average, row(core, fire).close_price) == ("1.10200", None)
    core.deals(core.deal_row(71, broker_id(fire), volume_steps=20, price_points=110_101, profit=Decimal("7")))
    seen = row(core, fire)
    assert (seen.close_average, seen.close_price, seen.report_price) == ("1.10110", "1.10101", None)


@pytest.mark.parametrize(("part", "steps"), [("50%", 11), ("49%", 10), ("100%", 22), ("0.22", 22), ("5%", 1)])
def test_parts_are_absolute_and_rounded_down(core: Core, part: str, steps: int) -> None:
    act = core.act(calls.Close(shown(core.filled()), part=part))
    assert act.order is not None
    assert act.order.volume_steps == steps
    assert act.kind is (ActKind.CLOSE if steps == 22 else ActKind.PART_CLOSE)


def test_what_was_shown_to_stay_open_stays_open_or_nothing_is_closed(core: Core) -> None:
    """Somebody else has closed half of it meanwhile: the same lots would be all of it."""
    fire = core.filled()
    shown_to_stay = calls.Close(shown(fire), part="0.11", stays="0.11")
    first = core.act(shown_to_stay)
    assert first.kind is ActKind.PART_CLOSE
    core.done(first, deal_ticket=70)
    core.deals(core.deal_row(70, broker_id(fire), magic=first.act_id, volume_steps=11))
    before = len(core.state.acts)
    problem = core.ask(shown_to_stay).problem
    assert problem is not None and problem.code == "CONFLICT" and "0.11 is open by now" in problem.message
    assert len(core.state.acts) == before
    assert core.act(calls.Close(shown(fire), part="0.11", stays="0")).kind is ActKind.CLOSE


@pytest.mark.parametrize("part", ["50%", "0.05", None])
def test_of_a_closed_position_nothing_is_closed(core: Core, part: str | None) -> None:
    fire = core.filled()
    close = core.act(calls.Close(shown(fire)))
    core.done(close, deal_ticket=70)
    core.deals(core.deal_row(70, broker_id(fire), magic=close.act_id))
    late = core.act(calls.Close(shown(fire), part=part))
    assert late.state is ActState.DENIED and late.codes == ("POSITION_STATE",)


@pytest.mark.parametrize("part", ["4%", "0%", "101%", "-5%", "0.23", "0.015", "0", "half"])
def test_parts_that_are_none(core: Core, part: str) -> None:
    fire = core.filled()
    count = len(core.records)
    problem = core.ask(calls.Close(shown(fire), part=part)).problem
    assert problem is not None
    assert problem.code == "USAGE"
    assert len(core.records) == count


def test_one_act_on_a_position_at_a_time(core: Core) -> None:
    fire = core.filled()
    first = core.act(calls.Close(shown(fire), part="0.05"))
    for verb in (calls.Close(shown(fire)), calls.Modify(shown(fire), stop="1.09900")):
        assert core.act(verb).codes == ("POSITION_STATE",)
    core.result(first, RowState.REFUSED)
    assert core.act(calls.Modify(shown(fire), stop="1.09900")).state is ActState.ROUTED


def test_an_unknown_close_blocks_the_next_and_ends_by_its_deal(core: Core) -> None:
    fire = core.filled()
    close = core.act(calls.Close(shown(fire)))
    core.wait(8_500)
    assert (close.state, fire.state) == (ActState.UNKNOWN, ActState.CLOSING)
    assert core.act(calls.Close(shown(fire))).codes == ("POSITION_STATE",)
    core.deals(core.deal_row(70, broker_id(fire), magic=close.act_id))
    assert (close.state, close.by, fire.state) == (ActState.DONE, "history", ActState.CLOSED)
    assert core.alarms() == []


def test_an_unknown_close_that_never_happened(core: Core) -> None:
    fire = core.filled()
    close = core.act(calls.Close(shown(fire)))
    core.wait(8_500)
    core.up(f.Status(core.t1.row(close.act_id, RowState.TOMBSTONED)))
    assert (close.state, fire.state) == (ActState.NOT_EXECUTED, ActState.FILLED)


def test_nothing_closes_twice(core: Core) -> None:
    fire = core.filled()
    core.deals(core.deal_row(70, broker_id(fire), reason=4))
    assert core.act(calls.Close(shown(fire))).codes == ("POSITION_STATE",)


def test_without_a_terminal_a_close_is_denied(core: Core) -> None:
    fire = core.filled()
    core.wait(11_000, beat=())
    assert core.act(calls.Close(shown(fire))).codes == ("TERMINAL_LINK",)


def test_a_degraded_terminal_may_close(core: Core) -> None:
    fire = core.filled()
    core.beat(trade_allowed=False)
    assert core.act(calls.Close(shown(fire))).state is ActState.ROUTED


# --- changed ---------------------------------------------------------------------------------------------


def test_modify_sets_both_levels(core: Core) -> None:
    fire = core.filled()
    modify = core.act(calls.Modify(shown(fire), stop="1.09900", target="1.10500"))
    core.done(modify)
    assert (held(core, fire).stop_points, held(core, fire).target_points) == (109_900, 110_500)
    core.done(core.act(calls.Modify(shown(fire), target="none")))
    assert (held(core, fire).stop_points, held(core, fire).target_points) == (109_900, 0)


@pytest.mark.parametrize(
    ("levels", "code"),
    [({"stop": "1.10005"}, "PRICE_SIDE"), ({"target": "1.09999"}, "PRICE_SIDE")],
)
def test_levels_on_the_wrong_side(core: Core, levels: dict[str, str], code: str) -> None:
    assert core.act(calls.Modify(shown(core.filled()), **levels)).codes == (code,)


@pytest.mark.parametrize("levels", [{}, {"stop": "none"}, {"stop": "0"}, {"stop": "1.0990001"}])
def test_levels_that_are_none(core: Core, levels: dict[str, str]) -> None:
    problem = core.ask(calls.Modify(shown(core.filled()), **levels)).problem
    assert problem is not None
    assert problem.code == "USAGE"


def test_what_the_broker_says_of_levels_is_taken(core: Core) -> None:
    fire = core.filled()
    report(core, core.position_row(fire, stop_points=0))
    assert held(core, fire).stop_points == 0
    assert core.alarms() == ["STOP_MISSING"]
    report(core, core.position_row(fire, stop_points=0))
    assert core.findings() == [Finding.STOP_MISSING]
    report(core, core.position_row(fire, stop_points=109_700))
    assert (held(core, fire).stop_points, core.alarms()) == (109_700, [])


def test_pages_are_compared_together(core: Core) -> None:
    fire = core.filled()
    row = core.position_row(fire)
    core.up(f.Positions((replace(row, ticket=5, position_id=5, magic=0),), core.market_ms, True, False))
    core.up(f.Positions((row,), core.market_ms, False, True))
    assert set(core.link().positions) == {5, row.ticket}
    assert core.link().unsettled_ns == {}


# --- a plan's steps --------------------------------------------------------------------------------------


def step_row(core: Core, fire: Act, state: RowState, move: int = 0, volume: int = 22, **facts: object) -> f.LedgerRow:
    """The agent ran the fire's time stop by itself."""
    assert fire.order is not None
    step = fire.order.plan[0]
    order = Order(
        1, ActKind.PLAN_STEP, "alpha", "EURUSD", Side.BUY, volume_steps=volume, position_id=broker_id(fire),
        volume_expected_steps=volume,
    )  # fmt: skip
    if state is RowState.JOURNALED:
        facts["order"] = order
    return core.t1.row(step.act_id, state, move=move, order_hash=order_hash(order), **facts)


def tell(core: Core, fire: Act, row: f.LedgerRow) -> None:
    core.up(f.PlanStepRun(fire.act_id, row))


def test_a_time_stop_runs_by_itself(core: Core) -> None:
    fire = core.filled()
    tell(core, fire, step_row(core, fire, RowState.JOURNALED))
    step = core.state.acts[fire.order.plan[0].act_id]  # type: ignore[union-attr]
    assert (step.kind, step.state, step.actor) == (ActKind.PLAN_STEP, ActState.ACKED, "plan")
    tell(core, fire, step_row(core, fire, RowState.DONE, deal_ticket=70, volume_steps=22))
    core.deals(core.deal_row(70, broker_id(fire), magic=step.act_id))
    assert (step.state, fire.state) == (ActState.DONE, ActState.CLOSED)
    assert held(core, fire).close_reason == "TIME_STOP"


def test_a_refused_step_is_tried_again_as_the_next_move(core: Core) -> None:
    fire = core.filled()
    tell(core, fire, step_row(core, fire, RowState.JOURNALED))
    tell(core, fire, step_row(core, fire, RowState.REFUSED, retcode=10018))
    number = fire.order.plan[0].act_id  # type: ignore[union-attr]
    assert core.state.acts[number].state is ActState.REJECTED
    tell(core, fire, step_row(core, fire, RowState.JOURNALED, move=1, volume=20))
    step = core.state.acts[number]
    assert (step.move, step.state) == (1, ActState.ACKED)
    tell(core, fire, core.t1.rows[-3])  # an older move, told again
    tell(core, fire, step_row(core, fire, RowState.DONE, move=1, volume=20, volume_steps=20))
    assert core.state.acts[number].state is ActState.DONE
    assert core.findings() == [Finding.MARKET_HOURS]  # the table says open
    assert core.state.missions[fire.mission].acts.count(number) == 1


def test_a_step_without_a_verdict_is_asked_about_by_its_move(core: Core) -> None:
    fire = core.filled()
    tell(core, fire, step_row(core, fire, RowState.JOURNALED))
    tell(core, fire, step_row(core, fire, RowState.REFUSED))
    tell(core, fire, step_row(core, fire, RowState.JOURNALED, move=1))
    core.wait(10_000)
    number = fire.order.plan[0].act_id  # type: ignore[union-attr]
    assert core.state.acts[number].state is ActState.UNKNOWN
    assert {(query.act_id, query.move) for query in core.sent(f.Query)} == {(number, 1)}


# --- its price -------------------------------------------------------------------------------------------


def listed(core: Core, *, closed: bool = False) -> list[PositionRow]:
    return position_views.positions(core.state, core.engine.live, core.now_ns, closed, None, 10)


def test_the_price_is_that_of_a_close_and_has_its_age(core: Core) -> None:
    """Ours is a BUY, the owner's a SELL."""
    theirs = f.PositionRow(9, 9, "EURUSD", 1, 10, 110_000, 0, 0, 0, 0, Decimal(0), Decimal(0), "")
    report(core, core.position_row(core.filled()), theirs)
    core.ticks(110_500, 110_520)
    assert [(row.foreign, row.price) for row in listed(core)] == [(False, "1.10500"), (True, "1.10520")]
    young = listed(core)[0].price_age_s
    core.wait(7_000)
    assert young is not None and listed(core)[0].price_age_s == pytest.approx(young + 7.0)
    core.link("t1").quotes.clear()
    assert [(row.price, row.price_age_s) for row in listed(core)] == [(None, None), (None, None)]


# --- not ours --------------------------------------------------------------------------------------------


def test_a_foreign_position_counts_and_is_never_touched(core: Core) -> None:
    core.up(f.Positions((core.position_row(core.filled()),), core.market_ms, True, True))
    row = f.PositionRow(9, 9, "EURUSD", 0, 10, 110_000, 109_000, 0, 0, 0, Decimal(0), Decimal(0), "")
    fire = next(iter(core.state.acts.values()))
    report(core, core.position_row(fire), row)
    report(core, core.position_row(fire), row)
    assert (core.findings(), core.alarms()) == ([Finding.FOREIGN_POSITION], [])
    number = core.state.foreign[("alpha", 9)]
    problem = core.ask(calls.Close(show(IdKind.POSITION, number))).problem
    assert problem is not None
    assert problem.code == "FORBIDDEN"
    core.later(1)
    measured = next(check.measured for check in core.fire().checks if check.code == "OPEN_POSITIONS")
    assert measured == "2 and this one"


def test_an_alien_position_raises_an_alarm(core: Core) -> None:
    row = f.PositionRow(9, 9, "EURUSD", 0, 10, 110_000, 109_000, 0, 77 << 38 | 999, 0, Decimal(0), Decimal(0), "")
    report(core, row)
    assert (core.findings(), core.alarms()) == ([Finding.ALIEN_POSITION], ["ALIEN_POSITION"])


def test_a_deal_of_somebody_elses_position_is_read_over(core: Core) -> None:
    core.deals(core.deal_row(70, 12345))
    assert core.state.accounts["alpha"].deals_after == 70


def test_deals_are_booked_once(core: Core) -> None:
    fire = core.filled()
    row = core.deal_row(70, broker_id(fire), volume_steps=5)
    core.deals(row)
    core.deals(row)
    core.deals(row, core.deal_row(71, broker_id(fire), volume_steps=5))
    assert held(core, fire).closed_steps == 10
    assert held(core, fire).deals == [70, 71]


def test_a_position_that_is_gone_without_its_deal_is_missed_once(core: Core) -> None:
    fire = core.filled()
    report(core)
    core.wait(30_000)
    assert core.findings() == []
    core.wait(5_000)
    assert (core.findings(), core.alarms()) == ([Finding.MISSING_POSITION], ["MISSING_POSITION"])
    core.deals(core.deal_row(70, broker_id(fire), reason=4))
    assert (fire.state, core.alarms()) == (ActState.CLOSED, [])


def test_a_position_that_is_back_in_time_is_not_missed(core: Core) -> None:
    fire = core.filled()
    report(core)
    core.wait(20_000)
    report(core, core.position_row(fire))
    core.wait(20_000)
    assert core.findings() == []


def test_cash_is_no_trade(core: Core) -> None:
    core.deals(core.deal_row(70, 0, deal_type=2, entry=0, symbol="", profit=Decimal(500)))
    assert core.state.accounts["alpha"].day_cash == Decimal(500)


def test_closing_by_the_other_terminal_of_the_account(make: Callable[..., Core]) -> None:
    core = make(terminals=(("t1", "alpha", 1), ("t2", "alpha", 1)))
    core.connect("t1")
    core.connect("t2")
    core.ticks(110_000, 110_010)
    fire = core.filled()
    core.wait(11_000, beat=("t2",))
    close = core.act(calls.Close(shown(fire)))
    assert (close.state, close.terminal) == (ActState.ROUTED, "t2")
