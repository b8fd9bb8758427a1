"""Plans at the daemon: from a name to the steps in the hash, what the steps book, and another plan for a position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hydrad.domain import calendar
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.orders import ActKind, Order, PlanStep, PlanStepKind, Side, order_hash
from hydrad.domain.plans import MOVES_MAX, replacing_order
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import act_views, narrate, plan_views, planning
from hydrad.toc import inputs as i
from hydrad.toc.act import ActState
from hydrad.toc.state import Act, Position
from hydrad.wire import calls
from tests.toc.conftest import MARKET_MS, Core, ours

K = PlanStepKind
PLANS = {
    "runner": "break-even 1R +0.1R; part 50% at 1.5R; trail from 2R by 1R; time stop; before weekend 30m",
    "news": "before news 15m; time stop",
    "tiny": "part 2% at 1R; part 96% at 2R; trail from 1R by 0.001R",
    "tight": "trail from 0.5R by 20p; part 50% at 1.5R",
}
WEEKEND_MS = calendar.week_end_ms(MARKET_MS)


@pytest.fixture
def planned(make: Callable[..., Core]) -> Core:
    """READY, with named plans."""
    core = make()
    core.step(i.Started("inst", "0", "2024a", core.limits, core.timing, False, ("EURUSD",), plans=PLANS))
    core.connect()
    return core


def position_of(core: Core, fire: Act) -> Position:
    return core.state.positions[sequence_of(fire.act_id)]


def shown(fire: Act) -> str:
    return show(IdKind.POSITION, sequence_of(fire.act_id))


def step_of(plan: tuple[PlanStep, ...], kind: PlanStepKind) -> PlanStep:
    (found,) = [step for step in plan if step.kind is kind]
    return found


def run(core: Core, fire: Act, step: PlanStep, state: RowState, move: int = 0, code: str = "", **order: Any) -> Act:
    """The agent runs a step by itself and tells of it: JOURNALED, then how it ended."""
    held = position_of(core, fire)
    side = held.side if "stop_points" in order else held.side.opposite
    asked = Order(1, ActKind.PLAN_STEP, "alpha", "EURUSD", side, position_id=held.position_id, **order)
    facts: dict[str, Any] = {"move": move, "order_hash": order_hash(asked)}
    core.up(f.PlanStepRun(fire.act_id, core.t1.row(step.act_id, RowState.JOURNALED, order=asked, **facts)))
    facts |= {"volume_steps": asked.volume_steps, "deal_ticket": 9000 + move if asked.volume_steps else 0}
    core.up(f.PlanStepRun(fire.act_id, core.t1.row(step.act_id, state, code=code, **facts)))
    return core.state.acts[step.act_id]


def states(core: Core, fire: Act) -> dict[str, str | None]:
    rows = plan_views.rows_of_position(core.state, position_of(core, fire))
    return {row.kind: row.state for row in rows}


def texts(core: Core, fire: Act) -> list[str]:
    """What `trace` tells of a position."""
    events = [narrate.event(core.state, record) for record in core.records]
    return [
        event.text
        for event in events
        if shown(fire) in event.ids or show(IdKind.FIRE, sequence_of(fire.act_id)) in event.ids
    ]


def test_the_agent_that_fired_has_the_plan_whoever_tells_of_the_fill(make: Callable[..., Core]) -> None:
    """Another terminal's history may be first: a plan set there would be a second one."""
    core = make(terminals=(("t1", "alpha", 5001), ("t2", "alpha", 5001)))
    core.step(i.Started("inst", "0", "2024a", core.limits, core.timing, False, ("EURUSD",), plans=PLANS))
    core.connect("t1")
    core.connect("t2")
    fire = core.fire(plan="runner")
    other = next(name for name in core.agents if name != fire.terminal)
    deal = core.deal_row(
        5000, 44, entry=0, deal_type=0, magic=fire.act_id, volume_steps=ours(fire).volume_steps, price_points=110_010
    )
    core.deals(deal, terminal=other)
    assert fire.state is ActState.FILLED
    assert position_of(core, fire).terminal == fire.terminal
    assert core.act(calls.PlanSet(shown(fire), "tight")).terminal == fire.terminal


# --- from a name to steps ----------------------------------------------------------------------------------


def test_a_name_becomes_absolute_steps_in_the_hash(planned: Core) -> None:
    """R by the mission's reference is 200 points; the size is 22 steps."""
    fire = planned.fire(plan="runner")
    first = fire.act_id + 1
    assert ours(fire).plan == (
        PlanStep(K.BREAK_EVEN, first, trigger_r_milli=1_000, distance_points=20),
        PlanStep(K.PART_CLOSE, first + 1, trigger_r_milli=1_500, volume_steps=11),
        PlanStep(K.TRAIL, first + 2, trigger_r_milli=2_000, distance_points=200),
        PlanStep(K.TIME_STOP, first + 3, at_ms=planned.state.missions[fire.mission].signal.horizon_ms),
        PlanStep(K.EXIT_BEFORE_WEEKEND, first + 4, at_ms=WEEKEND_MS - 30 * 60_000),
    )
    assert fire.order_hash == order_hash(ours(fire)) != order_hash(msgspec.structs.replace(ours(fire), plan=()))
    (sent,) = planned.sent(f.Fire)
    assert sent.order == fire.order
    assert planned.state.next_number > sequence_of(first + 4)


def test_what_is_left_out_is_said_before_it_is_fired(planned: Core) -> None:
    mission = planned.mission()
    news = planned.ask(calls.Fire(mission, plan="news", dry_run=True)).data.order  # type: ignore[union-attr]
    assert news.plan_left_out == ("before news 15m: no news about EURUSD is known",)
    assert [row.kind for row in news.plan] == ["TIME_STOP"]
    tiny = planned.ask(calls.Fire(mission, plan="tiny", dry_run=True)).data.order  # type: ignore[union-attr]
    assert tiny.plan_left_out == ("part 2% at 1R: less than the smallest volume",)
    assert [(row.kind, row.volume) for row in tiny.plan] == [("PART_CLOSE", "0.21"), ("TRAIL", None)]


def test_a_part_that_would_leave_too_little_is_left_out(planned: Core) -> None:
    order = planned.ask(calls.Fire(planned.mission(), plan="tight", volume="0.01", dry_run=True)).data.order  # type: ignore[union-attr]
    assert order.plan_left_out == ("part 50% at 1.5R: less than the smallest volume",)


def test_a_step_keeps_its_id_whatever_is_left_out(planned: Core) -> None:
    """A fire that waited for its lane is judged again, maybe with another size: its ids must not meet another's."""
    fire = planned.fire(plan="tiny")
    assert [step.act_id - fire.act_id for step in ours(fire).plan] == [2, 3]
    assert planned.state.next_number == sequence_of(fire.act_id) + 4


def test_a_dry_run_shows_each_step_with_its_prices(planned: Core) -> None:
    order = planned.ask(calls.Fire(planned.mission(), plan="runner", dry_run=True)).data.order  # type: ignore[union-attr]
    rows = {row.kind: row for row in order.plan}
    assert rows["BREAK_EVEN"].text == "at 1 R (1.10210) stop to 1.10030"
    assert (rows["BREAK_EVEN"].trigger_price, rows["BREAK_EVEN"].stop) == ("1.10210", "1.10030")
    assert rows["PART_CLOSE"].text == "at 1.5 R (1.10310) close 0.11"
    assert rows["TRAIL"].text == "from 2 R (1.10410) stop 0.00200 behind the price"
    assert rows["EXIT_BEFORE_WEEKEND"].at == "2024-05-17T20:30:00Z"
    assert all(row.state is None for row in order.plan)


def test_an_exit_that_has_passed_is_denied(planned: Core) -> None:
    planned.later(WEEKEND_MS - 29 * 60_000 - planned.market_ms)
    fire = planned.fire(plan="runner")
    assert (fire.state, fire.codes) == (ActState.DENIED, ("PLAN",))
    assert planned.fire(plan="default").state is ActState.ROUTED


def test_an_unknown_plan_is_a_usage_error_and_one_gone_since_is_denied(planned: Core) -> None:
    problem = planned.ask(calls.Fire(planned.mission(), plan="moon")).problem
    assert problem is not None and problem.code == "USAGE" and "runner" in problem.message
    blocker = planned.fire()
    waiting = planned.fire(plan="runner")
    assert waiting.state is ActState.QUEUED
    planned.state.plans.pop("runner")
    planned.done(blocker)
    assert (waiting.state, waiting.codes) == (ActState.DENIED, ("PLAN",))
    planned.state.plans["runner"] = PLANS["runner"]


def test_named_plans_come_with_the_start_and_survive_the_fold(planned: Core) -> None:
    assert planning.known(planned.state) == {"default": "time stop", "none": "", **PLANS}
    planned.restart()
    assert planning.known(planned.state) == {"default": "time stop", "none": ""}  # this start brought none


# --- what the agent did ------------------------------------------------------------------------------------


def test_a_stop_move_is_booked_and_the_position_follows(planned: Core) -> None:
    fire = planned.filled(plan="runner")
    assert set(states(planned, fire).values()) == {"waiting"}
    step = step_of(ours(fire).plan, K.BREAK_EVEN)
    act = run(planned, fire, step, RowState.DONE, stop_points=110_030, target_points=110_410)
    assert act.state is ActState.DONE and position_of(planned, fire).stop_points == 110_030
    assert states(planned, fire)["BREAK_EVEN"] == "done"
    told = [text for text in texts(planned, fire) if "BREAK_EVEN" in text]
    assert len(told) == 1 and "stop to 1.10030, run by t1" in told[0]
    planned.up(f.Positions((planned.position_row(fire, stop_points=110_030),), planned.market_ms, True, True))
    assert planned.findings() == []


def test_each_move_of_a_trail_is_booked(planned: Core) -> None:
    fire = planned.filled(plan="tight")
    step = step_of(ours(fire).plan, K.TRAIL)
    for move, stop in enumerate((110_090, 110_120, 110_150)):
        act = run(planned, fire, step, RowState.DONE, move, stop_points=stop, target_points=110_410)
        assert (act.move, act.state) == (move, ActState.DONE)
    assert position_of(planned, fire).stop_points == 110_150
    row = plan_views.rows_of_position(planned.state, position_of(planned, fire))[0]
    assert (row.state, row.detail) == ("trailing", "move 2, stop 1.10150, again at 1.10172")
    refused = run(planned, fire, step, RowState.REFUSED, 3, stop_points=110_170, target_points=110_410)
    assert refused.state is ActState.REJECTED and position_of(planned, fire).stop_points == 110_150
    assert planned.state.missions[fire.mission].acts.count(step.act_id) == 1


@pytest.mark.parametrize("state", [RowState.DONE, RowState.REFUSED])
def test_a_trail_that_has_made_all_its_moves_rings_until_it_is_set_anew(planned: Core, state: RowState) -> None:
    fire = planned.filled(plan="tight")
    step = step_of(ours(fire).plan, K.TRAIL)
    run(planned, fire, step, state, MOVES_MAX - 2, stop_points=110_090, target_points=110_410)
    planned.clock()
    assert planned.alarms() == []
    run(planned, fire, step, state, MOVES_MAX - 1, stop_points=110_120, target_points=110_410)
    planned.clock()
    assert planned.alarms() == ["PLAN_LOST"]
    again = planned.act(calls.PlanSet(shown(fire), "tight"))
    assert step_of(ours(again).plan, K.TRAIL).act_id != step.act_id
    planned.result(again, RowState.DONE)
    planned.clock()
    assert planned.alarms() == []


def test_a_part_close_is_booked_and_the_fire_stays_open(planned: Core) -> None:
    fire = planned.filled(plan="runner")
    step = step_of(ours(fire).plan, K.PART_CLOSE)
    run(planned, fire, step, RowState.DONE, volume_steps=11, volume_expected_steps=22, volume_remaining_steps=11)
    held = position_of(planned, fire)
    planned.deals(
        planned.deal_row(8000, held.position_id, entry=0, magic=fire.act_id),
        planned.deal_row(9000, held.position_id, volume_steps=11, magic=step.act_id),
    )
    assert (held.volume_steps, held.open, fire.state) == (11, True, ActState.FILLED)
    assert states(planned, fire)["PART_CLOSE"] == "done"


def test_a_skipped_part_says_so(planned: Core) -> None:
    fire = planned.filled(plan="runner")
    step = step_of(ours(fire).plan, K.PART_CLOSE)
    act = run(planned, fire, step, RowState.NOT_EXECUTED, code="PART_SKIPPED", volume_steps=11)
    assert act.state is ActState.NOT_EXECUTED and states(planned, fire)["PART_CLOSE"] == "skipped"


@pytest.mark.parametrize("kind", [K.TIME_STOP, K.EXIT_BEFORE_WEEKEND])
def test_a_closing_step_names_itself_as_the_reason(planned: Core, kind: PlanStepKind) -> None:
    fire = planned.filled(plan="runner")
    step = step_of(ours(fire).plan, kind)
    run(planned, fire, step, RowState.DONE, volume_steps=22, volume_expected_steps=22)
    held = position_of(planned, fire)
    planned.deals(planned.deal_row(9000, held.position_id, magic=step.act_id))
    assert (held.close_reason, fire.state) == (kind.name, ActState.CLOSED)
    assert states(planned, fire)["TRAIL"] == "not reached"


def test_a_step_without_a_verdict_shows_as_unknown_and_blocks_another_plan(planned: Core) -> None:
    fire = planned.filled(plan="runner")
    step = step_of(ours(fire).plan, K.BREAK_EVEN)
    run(planned, fire, step, RowState.UNKNOWN, stop_points=110_030, target_points=110_410)
    assert states(planned, fire)["BREAK_EVEN"] == "UNKNOWN" and "ACT_UNKNOWN" in planned.alarms()
    act = planned.act(calls.PlanSet(shown(fire), "none"))
    assert (act.state, act.codes) == (ActState.DENIED, ("POSITION_STATE",))
    assert planned.act(calls.Close(shown(fire))).state is ActState.ROUTED  # a stop in doubt holds up no close


def test_a_part_without_a_verdict_holds_up_a_close(planned: Core) -> None:
    fire = planned.filled(plan="runner")
    run(planned, fire, step_of(ours(fire).plan, K.PART_CLOSE), RowState.UNKNOWN, volume_steps=11)
    act = planned.act(calls.Close(shown(fire)))
    assert (act.state, act.codes) == (ActState.DENIED, ("POSITION_STATE",))


# --- another plan --------------------------------------------------------------------------------------------


def confirm(core: Core, act: Act) -> None:
    core.up(f.Result(core.t1.row(act, RowState.JOURNALED, order=act.order)))
    core.up(f.Result(core.t1.row(act, RowState.DONE, position_id=ours(act).position_id)))


def test_a_plan_is_in_force_only_when_the_agent_has_confirmed_it(planned: Core) -> None:
    fire = planned.filled(plan="default")
    act = planned.act(calls.PlanSet(shown(fire), "runner"))
    held = position_of(planned, fire)
    assert act.state is ActState.ROUTED and held.plan == ours(fire).plan
    (frame,) = planned.sent(f.Plan)
    assert frame == f.Plan(held.position_id, fire.act_id, ours(act).plan, act.act_id)
    assert act.order == replacing_order("alpha", held.position_id, frame.steps)
    confirm(planned, act)
    assert act.state is ActState.DONE and held.plan == frame.steps
    data = plan_views.plan_data(planned.state, planned.engine.live, held)
    assert (data.plan, data.set_by) == ("runner", show(IdKind.ACT, sequence_of(act.act_id)))
    assert [row.state for row in data.steps] == ["waiting"] * 5
    row = act_views.act_row(planned.state, planned.now_ns, act)
    assert (row.kind, row.symbol, row.side) == ("SET_PLAN", "EURUSD", "BUY")


def test_what_stays_the_same_keeps_its_id_and_what_is_done_stays_done(planned: Core) -> None:
    fire = planned.filled(plan="runner")
    done = step_of(ours(fire).plan, K.PART_CLOSE)
    run(planned, fire, done, RowState.DONE, volume_steps=11, volume_expected_steps=22, volume_remaining_steps=11)
    planned.deals(
        planned.deal_row(8000, position_of(planned, fire).position_id, entry=0, magic=fire.act_id),
        planned.deal_row(9000, position_of(planned, fire).position_id, volume_steps=11, magic=done.act_id),
    )
    act = planned.act(calls.PlanSet(shown(fire), "tight"))
    trail, part = ours(act).plan
    assert part == done and trail.act_id == act.act_id + 1
    confirm(planned, act)
    assert states(planned, fire) == {"TRAIL": "waiting", "PART_CLOSE": "done"}
    again = planned.act(calls.PlanSet(shown(fire), "runner"))
    kept = step_of(ours(again).plan, K.PART_CLOSE)
    assert kept == done and step_of(ours(again).plan, K.TRAIL) != trail
    confirm(planned, again)
    same = planned.act(calls.PlanSet(shown(fire), "runner"))
    assert ours(same).plan == ours(again).plan
    step = step_of(ours(again).plan, K.BREAK_EVEN)
    run(planned, fire, step, RowState.UNKNOWN, stop_points=110_030, target_points=110_410)
    assert planned.state.acts[step.act_id].position == position_of(planned, fire).number


def test_a_part_that_is_done_is_not_done_again_after_a_plan_without_it(planned: Core) -> None:
    fire = planned.filled(plan="runner")
    done = step_of(ours(fire).plan, K.PART_CLOSE)
    run(planned, fire, done, RowState.DONE, volume_steps=11, volume_expected_steps=22, volume_remaining_steps=11)
    confirm(planned, planned.act(calls.PlanSet(shown(fire), "none")))
    assert position_of(planned, fire).plan == ()
    act = planned.act(calls.PlanSet(shown(fire), "runner"))
    assert step_of(ours(act).plan, K.PART_CLOSE) == done


def test_a_plan_whose_ledger_is_gone_is_not_shown_as_waiting(planned: Core) -> None:
    fire = planned.filled(plan="runner")
    held = planned.position_row(fire)
    planned.t1.rows.clear()
    planned.t1.ledger_id = "ledger-2"
    planned.connect(positions=(held,))
    assert set(states(planned, fire).values()) == {"LOST"}
    act = planned.act(calls.PlanSet(shown(fire), "default"))
    confirm(planned, act)
    assert states(planned, fire) == {"TIME_STOP": "waiting"}


def test_without_a_verdict_it_is_unknown_asked_about_and_buried(planned: Core) -> None:
    fire = planned.filled(plan="default")
    act = planned.act(calls.PlanSet(shown(fire), "none"))
    planned.wait(10_000)
    assert act.state is ActState.UNKNOWN and position_of(planned, fire).plan == ours(fire).plan
    assert planned.sent(f.Query)[-1].act_id == act.act_id
    data = plan_views.plan_data(planned.state, planned.engine.live, position_of(planned, fire))
    assert data.pending == f"{show(IdKind.ACT, sequence_of(act.act_id))} UNKNOWN 'none'"
    planned.up(f.Status(planned.t1.row(act.act_id, RowState.TOMBSTONED)))
    assert act.state is ActState.NOT_EXECUTED and position_of(planned, fire).plan == ours(fire).plan
    assert plan_views.plan_data(planned.state, planned.engine.live, position_of(planned, fire)).pending is None


def test_a_verdict_that_comes_late_counts(planned: Core) -> None:
    fire = planned.filled(plan="default")
    act = planned.act(calls.PlanSet(shown(fire), "none"))
    planned.wait(10_000)
    planned.up(f.Status(planned.t1.row(act, RowState.DONE)))
    assert act.state is ActState.DONE and position_of(planned, fire).plan == ()


def test_a_plan_refused_by_the_agent_is_not_in_force(planned: Core) -> None:
    fire = planned.filled(plan="default")
    act = planned.act(calls.PlanSet(shown(fire), "runner"))
    planned.up(f.Result(planned.t1.row(act, RowState.NOT_EXECUTED, code="PLAN_UNSUPPORTED")))
    assert (act.state, act.codes) == (ActState.NOT_EXECUTED, ("PLAN_UNSUPPORTED",))
    assert position_of(planned, fire).plan == ours(fire).plan


def test_another_plan_under_its_id_is_a_conflict(planned: Core) -> None:
    fire = planned.filled(plan="default")
    act = planned.act(calls.PlanSet(shown(fire), "none"))
    planned.up(f.Result(planned.t1.row(act, RowState.DONE, order_hash=b"x" * 32)))
    assert act.state is ActState.QUARANTINED and position_of(planned, fire).plan == ours(fire).plan


def test_the_same_key_sets_once(planned: Core) -> None:
    fire = planned.filled(plan="default")
    for _ in range(2):
        planned.send(calls.PlanSet(shown(fire), "none"), key="k")
    assert len(planned.sent(f.Plan)) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda core, fire: core.ask(calls.Halt(wait_s=0.0)), "AUTHORITY"),
        (lambda core, fire: core.later(WEEKEND_MS - 29 * 60_000 - core.market_ms), "PLAN"),
        (lambda core, fire: core.done(core.act(calls.Close(shown(fire), wait_s=0.0))), "POSITION_STATE"),
        (lambda core, fire: core.clock(60_000), "TERMINAL_LINK"),
    ],
    ids=["halted", "the weekend has come", "being closed", "no link"],
)
def test_when_no_other_plan_can_be_set(planned: Core, change: Any, code: str) -> None:
    fire = planned.filled(plan="default")
    change(planned, fire)
    if code == "POSITION_STATE":
        position_id = position_of(planned, fire).position_id
        planned.deals(planned.deal_row(8000, position_id, entry=0), planned.deal_row(8001, position_id))
    act = planned.act(calls.PlanSet(shown(fire), "runner"))
    assert act.state is ActState.DENIED and code in act.codes
    assert planned.sent(f.Plan) == []


def test_a_sell_counts_downwards(planned: Core) -> None:
    levels = {"entry_points": 110_000, "stop_points": 110_200, "target_points": 109_600}
    fire = planned.filled(mission=planned.mission(side=Side.SELL, **levels), plan="runner")
    rows = {row.kind: row for row in plan_views.rows_of_position(planned.state, position_of(planned, fire))}
    assert (rows["BREAK_EVEN"].trigger_price, rows["BREAK_EVEN"].stop) == ("1.09820", "1.09990")
