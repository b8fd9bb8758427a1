"""Failover, drain and removal: what is shown first, what follows the lane, and that a plan is never at two agents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, act_id, sequence_of, show
from hydrad.domain.orders import ActKind, PlanStepKind, order_hash
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import effects as e
from hydrad.toc import inputs as i
from hydrad.toc import plan_views, planning
from hydrad.toc.act import ActState
from hydrad.toc.state import Act, PlanMove, Position
from hydrad.wire import calls
from tests.toc.conftest import Core
from tests.toc.test_plans import run, step_of

ANN = "uid:1001"
PLAN = "break-even 1R; part 50% at 1.5R; trail from 2R by 1R; time stop"
T1, T2 = ("t1", "alpha", 5001), ("t2", "alpha", 5001)


@pytest.fixture
def pair(make: Callable[..., Core]) -> Core:
    """Two terminals of one account, READY, and a named plan."""
    core = make(terminals=(T1, T2))
    core.step(i.Started("inst", "0", "2024a", core.limits, core.timing, False, ("EURUSD",), plans={"runner": PLAN}))
    core.connect("t1")
    core.connect("t2")
    return core


def position_of(core: Core, fire: Act) -> Position:
    return core.state.positions[sequence_of(fire.act_id)]


def shown(fire: Act) -> str:
    return show(IdKind.POSITION, sequence_of(fire.act_id))


def planned(core: Core) -> tuple[Act, Position]:
    """A position of five steps of volume whose plan runs at t1."""
    fire = core.fire(plan="runner", volume="0.10")
    core.done(fire)
    return fire, position_of(core, fire)


def pass_time(core: Core, ms: int, beat: Sequence[str] = ("t1", "t2")) -> None:
    core.wait(ms, beat=beat)


def move_of(core: Core, position: Position) -> PlanMove:
    return core.state.plan_moves[position.number]


def act_of(core: Core, numbers: list[int]) -> Act:
    return core.state.acts[numbers[-1]]


def answer(core: Core, act: Act, state: RowState = RowState.DONE, **facts: Any) -> None:
    """The agent answers an act that sets a plan."""
    core.result(act, state, **facts)
    core.clock()


def away(core: Core, terminal: str, ms: int = 11_000) -> None:
    """It is silent until it is LOST."""
    pass_time(core, ms, tuple(name for name in ("t1", "t2") if name != terminal))


# --- what is shown ----------------------------------------------------------------------------------------


def test_a_dry_run_shows_what_a_failover_touches_and_does_nothing(pair: Core) -> None:
    fire, _ = planned(pair)
    before = len(pair.records)
    data = pair.ask(calls.TerminalFailover("t2", dry_run=True)).data
    assert (data.lane, data.lane_after, data.done, data.blocked) == ("t1", "t2", False, None)
    (row,) = data.positions
    assert (row.id, row.terminal, row.plan, row.steps_left) == (shown(fire), "t1", "runner", 4)
    assert row.becomes == "its plan (4 steps left) is withdrawn at t1, then set at t2"
    assert len(pair.records) == before and pair.state.lanes == {}


def test_acts_are_shown_with_what_becomes_of_each(pair: Core) -> None:
    first = pair.fire()
    second = pair.fire()
    assert (first.state, second.state) == (ActState.ROUTED, ActState.QUEUED)
    rows = pair.ask(calls.TerminalFailover("t2", dry_run=True)).data.acts
    assert [row.becomes for row in rows] == [
        "stays at t1, its verdict comes from there",
        "is judged again at its turn, for t2",
    ]


def test_nothing_is_moved_while_an_act_has_no_verdict(pair: Core) -> None:
    fire = pair.fire()
    pass_time(pair, 9_000)
    assert fire.state is ActState.UNKNOWN
    for dry_run in (True, False):
        reply = pair.ask(calls.TerminalFailover("t2", dry_run=dry_run))
        assert reply.problem is not None and reply.problem.code == "CONFLICT"
        assert reply.data.blocked == reply.problem.message
        assert reply.data.acts[0].becomes == "has no verdict: resolve it first"
    assert pair.state.lanes == {}
    pair.up(f.Status(pair.t1.row(fire.act_id, RowState.TOMBSTONED)))
    assert pair.ask(calls.TerminalFailover("t2")).problem is None
    assert pair.fire().terminal == "t2"


# --- plans follow -----------------------------------------------------------------------------------------


def test_a_plan_is_withdrawn_before_it_is_set_elsewhere_and_only_what_is_left(pair: Core) -> None:
    fire, position = planned(pair)
    done = step_of(position.plan, PlanStepKind.BREAK_EVEN)
    run(pair, fire, done, RowState.DONE, stop_points=110_010)
    old = {step.act_id for step in position.plan}
    assert pair.ask(calls.TerminalFailover("t2", "t1 will be rebuilt")).data.done
    withdrawal = act_of(pair, move_of(pair, position).withdrawals)
    assert (withdrawal.kind, withdrawal.terminal, withdrawal.state) == (ActKind.SET_PLAN, "t1", ActState.ROUTED)
    assert pair.sent(f.Plan, "t1")[-1].steps == () and pair.sent(f.Plan, "t2") == []
    pass_time(pair, 1_000)
    assert pair.sent(f.Plan, "t2") == []  # not before the first has confirmed
    answer(pair, withdrawal)
    setting = act_of(pair, move_of(pair, position).settings)
    told = pair.sent(f.Plan, "t2")[-1]
    assert (setting.terminal, told.act_id, told.stop_points) == ("t2", setting.act_id, 109_810)
    kinds = [PlanStepKind.PART_CLOSE, PlanStepKind.TRAIL, PlanStepKind.TIME_STOP]
    assert [step.kind for step in told.steps] == kinds
    assert not {step.act_id for step in told.steps} & old
    answer(pair, setting)
    assert (position.terminal, position.plan, pair.state.plan_moves) == ("t2", told.steps, {})
    assert planning.name_of(pair.state, position) == "runner"
    part = step_of(position.plan, PlanStepKind.PART_CLOSE)
    digest = order_hash(setting.order)
    asked = f.LedgerRow(1, part.act_id, 0, RowState.JOURNALED, digest, 0, 0, order=setting.order)
    pair.up(f.PlanStepRun(fire.act_id, asked), "t2")
    assert pair.state.acts[part.act_id].terminal == "t2"


def test_a_step_without_a_verdict_holds_the_plan_where_it_is(pair: Core) -> None:
    fire, position = planned(pair)
    pair.ask(calls.TerminalFailover("t2"))
    part = step_of(position.plan, PlanStepKind.PART_CLOSE)
    withdrawal = act_of(pair, move_of(pair, position).withdrawals)
    begun = run(pair, fire, part, RowState.UNKNOWN, volume_steps=5)  # it was due before the empty plan came
    answer(pair, withdrawal)
    assert begun.state is ActState.UNKNOWN and pair.sent(f.Plan, "t2") == []
    pair.up(
        f.Status(pair.t1.row(part.act_id, RowState.DONE, volume_steps=5, deal_ticket=9, order_hash=begun.order_hash))
    )
    pair.clock()
    assert PlanStepKind.PART_CLOSE not in [step.kind for step in pair.sent(f.Plan, "t2")[-1].steps]


def test_an_agent_that_is_gone_keeps_its_plan_and_an_alarm_says_so(pair: Core) -> None:
    _, position = planned(pair)
    away(pair, "t1")
    data = pair.ask(calls.TerminalFailover("t2")).data
    assert (
        data.positions[0].becomes == "its plan (4 steps left) is at t1, which is LOST: it waits there until t1 answers"
    )
    pass_time(pair, 12_000, ("t2",))
    assert pair.sent(f.Plan, "t2") == [] and "PLAN_STRANDED" in pair.alarms()
    assert pair.fire(pair.mission("t2")).terminal == "t2"
    pair.connect("t1")
    pair.clock()
    answer(pair, act_of(pair, move_of(pair, position).withdrawals))
    assert "PLAN_STRANDED" not in pair.alarms()
    answer(pair, act_of(pair, move_of(pair, position).settings))
    assert position.terminal == "t2" and position.plan


def test_a_restart_goes_on_where_the_move_was(pair: Core) -> None:
    _, position = planned(pair)
    pair.ask(calls.TerminalFailover("t2"))
    answer(pair, act_of(pair, move_of(pair, position).withdrawals))
    setting = act_of(pair, move_of(pair, position).settings)
    pair.restart()
    assert pair.state.acts[setting.act_id].state is ActState.UNKNOWN
    pair.connect("t1")
    pair.connect("t2")
    pair.up(f.Status(pair.agents["t2"].row(setting.act_id, RowState.TOMBSTONED)), "t2")
    pass_time(pair, 6_000)
    again = act_of(pair, pair.state.plan_moves[position.number].settings)
    assert again.act_id != setting.act_id and again.state is ActState.ROUTED
    answer(pair, again)
    assert pair.state.positions[position.number].terminal == "t2"


def test_a_plan_that_nobody_takes_is_told(pair: Core) -> None:
    _, position = planned(pair)
    pair.ask(calls.TerminalFailover("t2"))
    answer(pair, act_of(pair, move_of(pair, position).withdrawals))
    for wait_ms in (6_000, 12_000, 1_000):
        answer(pair, act_of(pair, move_of(pair, position).settings), RowState.NOT_EXECUTED, code="PLAN_UNSUPPORTED")
        pass_time(pair, wait_ms)
    assert pair.state.plan_moves == {} and "PLAN_LOST" in pair.alarms() and position.plan == ()
    reset = pair.act(calls.PlanSet(show(IdKind.POSITION, position.number), "runner"))
    answer(pair, reset)
    assert "PLAN_LOST" not in pair.alarms()


def test_while_a_plan_moves_nobody_sets_another_and_everybody_may_close(pair: Core) -> None:
    fire, position = planned(pair)
    away(pair, "t1")
    pair.ask(calls.TerminalFailover("t2"))
    assert pair.act(calls.PlanSet(shown(fire), "default")).codes[0] == "POSITION_STATE"
    assert "moves from t1 to t2: still at t1" in str(
        plan_views.plan_data(pair.state, pair.engine.live, position).pending
    )
    close = pair.act(calls.Close(shown(fire)))
    assert (close.state, close.terminal) == (ActState.ROUTED, "t2")


def test_plans_stay_when_they_are_asked_to(pair: Core) -> None:
    _, position = planned(pair)
    data = pair.ask(calls.TerminalFailover("t2", keep_plans=True)).data
    assert data.positions[0].becomes == "its plan (4 steps left) stays at t1, and runs there or nowhere"
    pass_time(pair, 2_000)
    assert pair.state.plan_moves == {} and position.terminal == "t1"


def test_a_position_that_closes_ends_its_move(pair: Core) -> None:
    fire, position = planned(pair)
    away(pair, "t1")
    pair.ask(calls.TerminalFailover("t2"))
    close = pair.act(calls.Close(shown(fire)))
    pair.done(close)
    pair.up(f.Deals((pair.deal_row(9_900, position.position_id, volume_steps=10, magic=close.act_id),), True), "t2")
    pair.clock()
    assert not position.open and pair.state.plan_moves == {}


def test_a_plan_set_anew_where_a_ledger_was_lost_leaves_out_what_was_done(pair: Core) -> None:
    fire, position = planned(pair)
    part = step_of(position.plan, PlanStepKind.PART_CLOSE)
    run(pair, fire, part, RowState.DONE, volume_steps=5)
    old = {step.act_id for step in position.plan}
    pair.t1.ledger_id, pair.t1.rows, pair.t1.boot_id = "ledger-2", [], "boot-2"
    pass_time(pair, 4_000, ("t2",))
    pair.connect("t1")
    act = pair.act(calls.PlanSet(shown(fire), "runner"))
    assert act.order is not None
    assert PlanStepKind.PART_CLOSE not in [step.kind for step in act.order.plan]
    assert not {step.act_id for step in act.order.plan} & old


# --- drain ------------------------------------------------------------------------------------------------


def test_a_drained_terminal_says_so_once(pair: Core) -> None:
    _, position = planned(pair)
    row = pair.ask(calls.TerminalDuty("t1", "draining")).data
    assert (row.holds, row.drained) == (1, False)
    assert pair.fire().terminal == "t2"
    pair.ask(calls.TerminalFailover("t2"))
    answer(pair, act_of(pair, move_of(pair, position).withdrawals))
    answer(pair, act_of(pair, move_of(pair, position).settings))
    pass_time(pair, 1_000)
    assert [record.type for record in pair.records].count("TERMINAL_DRAINED") == 1
    assert pair.state.terminals["t1"].drained
    pair.ask(calls.TerminalDuty("t1", "active"))
    assert not pair.state.terminals["t1"].drained


def test_the_last_terminal_of_an_account_drains_when_the_account_is_flat(core: Core) -> None:
    act = core.filled()
    core.ask(calls.TerminalDuty("t1", "draining"))
    core.clock()
    assert not core.state.terminals["t1"].drained
    assert core.act(calls.Close(show(IdKind.FIRE, sequence_of(act.act_id)))).state is ActState.ROUTED


# --- removal ----------------------------------------------------------------------------------------------


def test_a_terminal_is_removed_with_its_key_and_its_alarms(pair: Core) -> None:
    pass_time(pair, 13_000, ("t1",))
    assert "TERMINAL_LOST" in pair.alarms()
    pair.effects.clear()
    reply = pair.ask(calls.TerminalRemove("t2", "sold"))
    assert reply.problem is None and reply.data.done
    assert any(isinstance(effect, e.Admit) for effect in pair.effects)
    assert list(pair.state.terminals) == ["t1"] and pair.alarms() == []
    pair.hello("t2")
    assert "t2" not in pair.engine.live.links
    again = pair.ask(calls.TerminalEnroll("t2", "alpha", 5001, "Sim"), extra="key")
    assert again.problem is not None and "not used again" in again.problem.message


def test_whoever_waits_for_its_word_is_answered_without_it(pair: Core) -> None:
    halt = pair.send(calls.Halt(wait_s=30.0))
    books = pair.send(calls.Reconcile(wait_s=30.0))
    pair.up(f.Halted(True, "x"), "t1")
    assert halt not in pair.replies
    assert pair.ask(calls.TerminalRemove("t2", "sold")).problem is None
    assert [row.terminal for row in pair.replies[halt].data.terminals] == ["t1"]
    pass_time(pair, 31_000, ("t1",))
    assert [row.terminal for row in pair.replies[books].data.terminals] == ["t1"]


def test_the_last_way_to_an_open_position_is_not_removed(core: Core) -> None:
    core.filled()
    reply = core.ask(calls.TerminalRemove("t1", "sold", force=True))
    assert reply.problem is not None and "no other terminal reaches alpha" in reply.problem.message
    assert "t1" in core.state.terminals


def test_a_terminal_with_an_act_on_its_way_is_not_removed(pair: Core) -> None:
    pair.fire()
    reply = pair.ask(calls.TerminalRemove("t1", "sold", force=True))
    assert reply.problem is not None and reply.problem.message.startswith("not at their end: F-")


def test_alarms_of_an_account_with_the_same_name_stand_on(make: Callable[..., Core]) -> None:
    core = make(terminals=(("alpha", "alpha", 5001), ("t2", "alpha", 5001)))
    core.connect("t2")
    stranger = f.OrderRow(9, "EURUSD", 2, 1, 109_000, 0, 0, act_id(core.state.tag, 999), 0, "")
    core.orders(stranger, terminal="t2")
    core.wait(11_000, beat=("t2",))
    assert sorted(core.alarms()) == ["ALIEN_ORDER", "TERMINAL_LOST"]
    assert core.ask(calls.TerminalRemove("alpha", "burned")).problem is None
    assert core.alarms() == ["ALIEN_ORDER"]


@pytest.mark.parametrize("moves", [True, False])
def test_a_plan_that_is_removed_with_its_agent_has_an_alarm_until_there_is_another(pair: Core, moves: bool) -> None:
    fire, position = planned(pair)
    away(pair, "t1")
    if moves:
        pair.ask(calls.TerminalFailover("t2"))
    assert pair.ask(calls.TerminalRemove("t1", "burned", force=True)).problem is None
    pass_time(pair, 2_000, ("t2",))
    assert position.plan and pair.alarms() == ["PLAN_LOST"]
    answer(pair, pair.act(calls.PlanSet(shown(fire), "runner")))
    assert pair.alarms() == []


def test_plans_at_a_removed_agent_are_a_persons_to_set_anew(pair: Core) -> None:
    fire, position = planned(pair)
    reply = pair.ask(calls.TerminalRemove("t1", "burned"))
    assert reply.problem is not None and "fail over first" in reply.problem.message
    away(pair, "t1")
    pair.ask(calls.TerminalFailover("t2"))
    assert pair.ask(calls.TerminalRemove("t1", "burned", force=True)).problem is None
    pair.clock()
    assert (position.terminal, pair.state.plan_moves) == ("t2", {})
    assert {row.state for row in plan_views.rows_of_position(pair.state, position)} == {"LOST"}
    act = pair.act(calls.PlanSet(shown(fire), "runner"))
    assert (act.state, act.terminal) == (ActState.ROUTED, "t2") and pair.sent(f.Plan, "t2")[-1].stop_points
    answer(pair, act)
    assert pair.act(calls.Close(shown(fire))).terminal == "t2"


def test_who_may_and_with_what(pair: Core) -> None:
    pair.role(ANN, Role.TRADER)
    assert pair.ask(calls.TerminalRemove("t2", "x"), ANN).problem.code == "FORBIDDEN"  # type: ignore[union-attr]
    assert pair.ask(calls.TerminalRemove("t2")).problem.code == "USAGE"  # type: ignore[union-attr]
    assert pair.ask(calls.TerminalRemove("t9", "x")).problem.code == "NOT_FOUND"  # type: ignore[union-attr]
    assert pair.ask(calls.TerminalRemove("t2", dry_run=True)).problem is None
    assert "t2" in pair.state.terminals
