"""Plans of open positions: each kind of step, what it waits for, and what it never does."""

from __future__ import annotations

import msgspec
import pytest

from hydrad.agent import calls, inputs, plans
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ActKind, Order, PlanStep, PlanStepKind, Side
from hydrad.domain.plans import replacing_order
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from tests.agent.conftest import ASK, FIRE, START_MS, TERMS, Bench, order, time_stop

STEP = FIRE + 1
STOP = ASK - 200  # the fire's; so that 1 R is 200 points from ASK, where it is filled
R1 = ASK + 200
FAR = 100_000


def break_even(trigger_r_milli: int = 1_000, distance: int = 20, act_id: int = STEP) -> PlanStep:
    return PlanStep(PlanStepKind.BREAK_EVEN, act_id, trigger_r_milli=trigger_r_milli, distance_points=distance)


def part(steps: int, trigger_r_milli: int = 1_000, act_id: int = STEP) -> PlanStep:
    return PlanStep(PlanStepKind.PART_CLOSE, act_id, trigger_r_milli=trigger_r_milli, volume_steps=steps)


def trail(distance: int = 100, trigger_r_milli: int = 1_000, act_id: int = STEP) -> PlanStep:
    return PlanStep(PlanStepKind.TRAIL, act_id, trigger_r_milli=trigger_r_milli, distance_points=distance)


def opened(bench: Bench, *steps: PlanStep, **changes: object) -> f.PositionRow:
    """A fire with this plan and a far target, filled at ASK."""
    changes = {"target_points": ASK + FAR, **changes}
    bench.fire(order(plan=steps, **changes))
    return held(bench)


def held(bench: Bench) -> f.PositionRow:
    (row,) = bench.held()
    return row


def sent(bench: Bench) -> list[tuple[int, int]]:
    """Plan steps that reached the broker."""
    assert all(count == 1 for count in bench.broker.sent.values())
    return [key for key in bench.broker.sent if key[0] != FIRE]


# --- break-even -----------------------------------------------------------------------------------------


def test_break_even_moves_the_stop_once_when_r_is_reached_by_the_closing_price(bench: Bench) -> None:
    opened(bench, break_even())
    bench.price(R1 - 1)
    assert held(bench).stop_points == STOP
    bench.price(R1)
    assert held(bench).stop_points == ASK + 20 and held(bench).target_points == ASK + FAR
    bench.price(R1 + 500)
    assert sent(bench) == [(STEP, 0)]
    row = next(body.row for body in bench.of(f.PlanStepRun))  # type: ignore[attr-defined]
    assert (row.order.kind, row.order.volume_steps, row.order.volume_expected_steps) == (ActKind.PLAN_STEP, 0, 10)


def test_a_sell_is_judged_by_the_ask(bench: Bench) -> None:
    bench.broker.ask_points = ASK + 2
    bench.price(ASK)
    changes = {"side": Side.SELL, "stop_points": ASK + 200, "target_points": ASK - FAR}
    opened(bench, break_even(), **changes)
    bench.price(ASK - 201)  # the ask is two points higher
    assert held(bench).stop_points == ASK + 200
    bench.price(ASK - 202)
    assert held(bench).stop_points == ASK - 20


def test_a_stop_that_is_tighter_already_stays(bench: Bench) -> None:
    row = opened(bench, break_even())
    bench.broker.positions[row.position_id] = msgspec.structs.replace(row, stop_points=ASK + 20)
    bench.price(R1)
    assert sent(bench) == []


def test_a_move_that_the_broker_would_refuse_waits() -> None:
    bench = Bench()
    bench.broker.terms = msgspec.structs.replace(TERMS, stops_level_points=190, freeze_level_points=30)
    bench.ready()
    opened(bench, break_even(distance=20))
    bench.price(R1)  # 180 points from the new stop
    assert sent(bench) == []
    bench.price(R1 + 10)
    assert sent(bench) == [(STEP, 0)]


@pytest.mark.parametrize("target", [R1 + 29, R1 + 30])
def test_a_frozen_position_waits(target: int) -> None:
    bench = Bench()
    bench.broker.terms = msgspec.structs.replace(TERMS, freeze_level_points=30)
    bench.ready()
    opened(bench, break_even(), target_points=target)
    bench.price(R1)
    assert bool(sent(bench)) is (target == R1 + 30)


# --- trail ----------------------------------------------------------------------------------------------


def test_a_trail_follows_numbers_its_moves_and_never_loosens(bench: Bench) -> None:
    opened(bench, trail(100))
    for bid in (R1 - 1, R1, R1 + 5, R1 + 10, R1 - 150, R1 + 60):
        bench.price(bid)
    assert sent(bench) == [(STEP, 0), (STEP, 1), (STEP, 2)]
    assert [level for _, level in bench.broker.moved] == [R1 - 100, R1 - 90, R1 - 40]
    assert all(after > before for before, after in bench.broker.moved)


def test_a_trail_goes_on_from_a_persons_tighter_stop(bench: Bench) -> None:
    row = opened(bench, trail(100))
    bench.price(R1)
    bench.broker.positions[row.position_id] = msgspec.structs.replace(held(bench), stop_points=R1 - 20)
    bench.price(R1 + 60)
    assert held(bench).stop_points == R1 - 20
    bench.price(R1 + 90)
    assert held(bench).stop_points == R1 - 10


def test_the_moves_of_a_trail_are_bounded(bench: Bench) -> None:
    opened(bench, trail(10))
    for number in range(plans.MOVES_MAX + 10):
        bench.price(R1 + number)
    assert len(sent(bench)) == plans.MOVES_MAX


# --- part closes ----------------------------------------------------------------------------------------


def test_a_part_is_closed_once_and_names_what_shall_remain(bench: Bench) -> None:
    opened(bench, part(4))
    bench.price(R1)
    bench.price(R1 + 100)
    assert bench.broker.dealt == [(10, 4)] and held(bench).volume_steps == 6
    asked = next(call for key, call in _orders(bench) if key == (STEP, 0))
    assert (asked.volume_steps, asked.volume_expected_steps, asked.volume_remaining_steps) == (4, 10, 6)


@pytest.mark.parametrize("left", [4, 3, 5])
def test_a_part_of_what_a_person_has_left_over_is_skipped_where_nothing_would_remain(bench: Bench, left: int) -> None:
    row = opened(bench, part(4))
    bench.broker.positions[row.position_id] = msgspec.structs.replace(row, volume_steps=left)
    bench.price(R1)
    bench.price(R1, market_ms=2 * plans.RETRY_MS)
    if left == 5:
        assert bench.broker.dealt == [(5, 4)]
    else:
        assert sent(bench) == [] and held(bench).volume_steps == left
        told = [body.row for body in bench.of(f.PlanStepRun)]  # type: ignore[attr-defined]
        assert [(row.state, row.code) for row in told] == [
            (RowState.JOURNALED, ""),
            (RowState.NOT_EXECUTED, plans.PART_SKIPPED),
        ]


def test_no_part_is_below_the_smallest_volume() -> None:
    bench = Bench()
    bench.broker.terms = msgspec.structs.replace(TERMS, volume_min_steps=5)
    bench.ready()
    opened(bench, part(6))
    bench.price(R1)
    assert sent(bench) == [] and held(bench).volume_steps == 10


# --- exits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [PlanStepKind.EXIT_BEFORE_NEWS, PlanStepKind.EXIT_BEFORE_WEEKEND])
def test_an_exit_closes_all_at_its_instant(bench: Bench, kind: PlanStepKind) -> None:
    opened(bench, PlanStep(kind, STEP, at_ms=START_MS + 600_000))
    bench.pass_time(SECOND, market_ms=599_999)
    assert held(bench)
    bench.pass_time(SECOND, market_ms=1)
    assert not bench.held() and bench.broker.dealt == [(10, 10)]


# --- several steps --------------------------------------------------------------------------------------


def test_one_step_at_a_time_and_what_closes_comes_first(bench: Bench) -> None:
    opened(bench, trail(100, 1_000, STEP), break_even(500, 20, STEP + 1), part(4, 1_000, STEP + 2))
    bench.auto = False
    bench.market_ms += 1_000
    bench.broker.ask_points = R1 + 2
    bench.poll()
    bench.answer()
    assert isinstance(bench.call, calls.Perform) and bench.call.act_id == STEP + 2
    bench.auto = True
    bench.answer()
    for _ in range(4):
        bench.poll()
    assert sent(bench) == [(STEP + 2, 0), (STEP + 1, 0), (STEP, 0)]
    assert (held(bench).volume_steps, held(bench).stop_points) == (6, R1 - 100)


def test_a_step_waits_while_a_persons_act_on_the_position_has_no_verdict(bench: Bench) -> None:
    row = opened(bench, break_even(), time_stop(STEP + 1, START_MS + 600_000))
    close = Order(
        1, ActKind.PART_CLOSE, "alpha", "EURUSD", Side.SELL, volume_steps=5, position_id=row.position_id,
        volume_expected_steps=10, volume_remaining_steps=5,
    )  # fmt: skip
    bench.auto = False
    bench.send(bench.command(close, FIRE + 50, f.Close))
    bench.answer_with(calls.Performed(RowState.UNKNOWN, "TIMEOUT", 10012))
    bench.auto = True
    bench.answer()
    bench.price(R1)
    bench.pass_time(SECOND, market_ms=600_000)
    assert sent(bench) == []
    bench.pass_time(70 * SECOND)  # proven absent after the settle window
    assert not bench.held() and bench.broker.sent[STEP + 1, 0] == 1


# --- restarts, and no daemon ----------------------------------------------------------------------------


def test_steps_run_without_the_daemon_and_after_a_restart(bench: Bench) -> None:
    opened(bench, break_even(500), part(4, 1_000, STEP + 1), trail(100, 1_500, STEP + 2))
    bench.start()
    bench.worker_up()
    bench.price(ASK)
    bench.price(ASK + 100)
    bench.price(R1)
    bench.price(ASK + 300)
    assert sent(bench) == [(STEP, 0), (STEP + 1, 0), (STEP + 2, 0)]
    assert (held(bench).volume_steps, held(bench).stop_points) == (6, ASK + 200)
    bench.start()
    bench.ready()
    bench.price(ASK + 305)
    assert len(sent(bench)) == 3
    told = [row for body in bench.of(f.Ledger) for row in body.rows if row.act_id != FIRE]  # type: ignore[attr-defined]
    done = [(row.act_id, row.move) for row in told if row.state is RowState.DONE]
    assert done == [(STEP, 0), (STEP + 1, 0), (STEP + 2, 0)]


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("step", [break_even(), part(4), trail()], ids=lambda step: step.kind.name)
def test_a_crash_between_ledger_and_order_sends_nothing_twice(bench: Bench, step: PlanStep, executed: bool) -> None:
    """After the restart the step is looked for; what was not sent is tried again, as its next move."""
    opened(bench, step)
    bench.auto = False
    bench.market_ms += 1_000
    bench.broker.ask_points = R1 + 2
    bench.poll()
    call, bench.call = bench.call, None
    assert call is not None
    given = inputs.Answered(*bench.at(), bench._execute(call))
    bench.step_and_crash(given, committed=True, effects_done=5 if executed else 0)
    assert len(sent(bench)) == int(executed)
    bench.auto = True
    bench.ready()
    bench.pass_time(30 * SECOND)
    assert len(sent(bench)) == int(executed)
    bench.pass_time(60 * SECOND)
    bench.price(R1, market_ms=plans.RETRY_MS)
    assert sent(bench) == ([(STEP, 0)] if executed else [(STEP, 1)])


def test_a_refused_move_is_tried_again_a_minute_later(bench: Bench) -> None:
    opened(bench, break_even())
    bench.auto = False
    bench.market_ms += 1_000
    bench.broker.ask_points = R1 + 2
    bench.poll()
    bench.answer()
    bench.answer_with(calls.Performed(RowState.REFUSED, "INVALID_STOPS", 10016))
    bench.auto = True
    bench.price(R1, market_ms=plans.RETRY_MS - 1_000)
    assert sent(bench) == []
    bench.price(R1, market_ms=1_000)
    assert sent(bench) == [(STEP, 1)]


def test_a_market_that_is_closed_for_a_weekend_does_not_use_up_the_tries(bench: Bench) -> None:
    opened(bench, time_stop(STEP, START_MS + 60_000))
    refused = 0
    bench.auto = False
    for _ in range(50 * 6):
        bench.market_ms += plans.RETRY_LATER_MS
        bench.poll()
        while bench.call is not None:
            if isinstance(bench.call, calls.Perform):
                refused += 1
                bench.answer_with(calls.Performed(RowState.REFUSED, "MARKET_CLOSED", 10018))
            else:
                bench.answer()
    assert 250 < refused < plans.MOVES_MAX
    bench.auto = True
    bench.pass_time(SECOND, market_ms=plans.RETRY_LATER_MS)
    assert not bench.held()


def test_nothing_is_judged_by_a_price_of_the_past(bench: Bench) -> None:
    """After a hand-shake hours of ticks are read before the market's last."""
    opened(bench, break_even(), part(4, 1_000, STEP + 1), time_stop(STEP + 2, START_MS + 600_000))
    bench.auto = False
    bench.market_ms += 1_000
    bench.poll()
    old = f.SymbolTicks("EURUSD", (f.Tick(START_MS - 3_600_000, R1 + 50, R1 + 52),))
    cursors = bench.call.cursors  # type: ignore[union-attr]
    seen = calls.Polled(
        bench.market_ms, True, True, True, False, (old,), cursors, bench.held(), (), bench.account(), (), 0
    )
    bench.answer_with(seen)
    assert not isinstance(bench.call, calls.Perform) and sent(bench) == []
    bench.answer_with(msgspec.structs.replace(seen, market_ms=START_MS + 600_000))
    assert isinstance(bench.call, calls.Perform) and bench.call.act_id == STEP + 2  # what needs no price goes on
    bench.answer()
    assert not bench.held()


# --- replacing a plan -----------------------------------------------------------------------------------


def test_a_plan_that_is_replaced_by_an_act_is_confirmed_once_and_kept(bench: Bench) -> None:
    row = opened(bench, break_even())
    asked = f.Plan(row.position_id, FIRE, (trail(100, 1_000, FIRE + 8),), FIRE + 7)
    for _ in range(2):
        bench.send(asked)
        told = bench.told(FIRE + 7)
        assert (told.state, told.position_id) == (RowState.DONE, row.position_id)
    rows = [entry.row for entry in bench.durable if getattr(entry, "row", None) and entry.row.act_id == FIRE + 7]
    assert [one.state for one in rows] == [RowState.JOURNALED, RowState.DONE]
    assert rows[0].order == replacing_order("alpha", row.position_id, asked.steps)
    bench.start()
    bench.ready()
    bench.price(R1)
    assert sent(bench) == [(FIRE + 8, 0)]


def test_a_plan_comes_to_an_agent_that_did_not_open_with_the_fires_stop(bench: Bench) -> None:
    """As after a failover: the position is there, its fire is in another agent's ledger."""
    row = opened(bench)
    other = FIRE + 30
    bench.send(f.Plan(row.position_id, other, (break_even(act_id=FIRE + 8),), FIRE + 7, stop_points=ASK - 200))
    assert bench.told(FIRE + 7).state is RowState.DONE
    stored = [entry.row for entry in bench.durable if getattr(entry, "row", None) and entry.row.act_id == FIRE + 7]
    assert stored[0].order == replacing_order("alpha", row.position_id, (break_even(act_id=FIRE + 8),), ASK - 200)
    bench.start()
    bench.ready()
    bench.price(R1 - 1)
    assert sent(bench) == []
    bench.price(R1)
    assert sent(bench) == [(FIRE + 8, 0)]


def test_a_plan_that_was_asked_about_first_is_never_set(bench: Bench) -> None:
    row = opened(bench, break_even())
    bench.send(f.Query(FIRE + 7, 0))
    bench.send(f.Plan(row.position_id, FIRE, (), FIRE + 7))
    assert bench.told(FIRE + 7).state is RowState.TOMBSTONED
    bench.price(R1)
    assert sent(bench) == [(STEP, 0)]


def test_a_step_that_was_asked_about_before_it_ran_runs_as_its_next_move(bench: Bench) -> None:
    """After a lost ledger a daemon asks about the old one's step, and a plan set anew keeps that step's id."""
    row = opened(bench, break_even())
    bench.send(f.Query(FIRE + 8, 0))
    bench.send(f.Plan(row.position_id, FIRE, (time_stop(FIRE + 8, START_MS + 120_000),), FIRE + 7))
    bench.pass_time(SECOND, market_ms=121_000)
    assert bench.held() == () and sent(bench) == [(FIRE + 8, 1)]


def test_another_plan_under_a_known_id_is_a_conflict(bench: Bench) -> None:
    row = opened(bench, break_even())
    bench.send(f.Plan(row.position_id, FIRE, (), FIRE + 7))
    bench.send(f.Plan(row.position_id, FIRE, (trail(act_id=FIRE + 8),), FIRE + 7))
    assert len(bench.of(f.Conflict)) == 1
    bench.price(R1)
    assert sent(bench) == []


@pytest.mark.parametrize(
    ("fire", "steps"),
    [
        (FIRE, (PlanStep(PlanStepKind.TRAIL, FIRE + 8, trigger_r_milli=1_000),)),
        (FIRE, (PlanStep(PlanStepKind.EXIT_BEFORE_NEWS, FIRE + 8),)),
        (FIRE, (trail(act_id=FIRE + 8), break_even(act_id=FIRE + 8))),
        (FIRE, tuple(trail(trigger_r_milli=n + 1, act_id=FIRE + 8 + n) for n in range(9))),
        (FIRE + 30, (break_even(act_id=FIRE + 8),)),
    ],
    ids=["no distance", "no instant", "one id twice", "too many", "R without its fire"],
)
def test_a_plan_that_cannot_be_run_is_refused_whole(bench: Bench, fire: int, steps: tuple[PlanStep, ...]) -> None:
    row = opened(bench, break_even())
    bench.send(f.Plan(row.position_id, fire, steps, FIRE + 7))
    told = bench.told(FIRE + 7)
    assert (told.state, told.code) == (RowState.NOT_EXECUTED, "PLAN_UNSUPPORTED")
    assert len(bench.of(f.Warn)) == 1
    bench.price(R1)
    assert sent(bench) == [(STEP, 0)]


# --- right before the order -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop", "target", "code"),
    [
        (ASK - 50, ASK + 300, ""),
        (0, ASK + 300, ""),
        (ASK + 20, ASK + 300, "NOT_TIGHTER"),
        (ASK + 30, ASK + 300, "NOT_TIGHTER"),
        (ASK - 50, ASK + 301, "TARGET_CHANGED"),
    ],
)
def test_a_move_gives_way_to_what_has_changed(bench: Bench, stop: int, target: int, code: str) -> None:
    row = opened(bench)
    move = Order(
        1, ActKind.PLAN_STEP, "alpha", "EURUSD", Side.BUY, stop_points=ASK + 20, target_points=ASK + 300,
        position_id=row.position_id,
    )  # fmt: skip
    now = msgspec.structs.replace(row, stop_points=stop, target_points=target)
    assert plans.overtaken(move, now) == code
    closing = msgspec.structs.replace(move, volume_steps=3)
    assert plans.overtaken(closing, now) == ""


def _orders(bench: Bench) -> list[tuple[tuple[int, int], Order]]:
    rows = [entry.row for entry in bench.durable if getattr(entry, "row", None)]
    return [((row.act_id, row.move), row.order) for row in rows if row.order is not None]
