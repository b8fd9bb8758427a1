"""What the agent does with commands, questions, crashes and time."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hydrad.agent import calls, inputs, plans
from hydrad.agent.caps import Caps
from hydrad.agent.core import CHASE_EVERY_NS
from hydrad.agent.entries import EpochStored, LatchStored, RowStored
from hydrad.agent.readings import READINGS_MAX
from hydrad.agent.session import OTHER_VERSION_WAIT_NS, SILENCE_NS_MAX, Phase
from hydrad.domain.instants import MINUTE, MS, SECOND
from hydrad.domain.orders import ActKind, EntryType, PlanStep, PlanStepKind, Side
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from tests.agent.conftest import ASK, FIRE, IDENTITY, START_MS, Bench, order, time_stop

STOP_MS = START_MS + 600_000


# --- versions -------------------------------------------------------------------------------------------


def test_a_daemon_of_another_version_is_greeted_again_later_and_said_why(bench: Bench) -> None:
    newer = msgspec.structs.replace(f.versions_told(bench.session, 1), version=2)
    bench.step(inputs.Received(*bench.at(), f.encode(newer)))
    assert bench.core.phase is Phase.CLOSED
    assert bench.reopened[-1].reason.startswith("another version: this daemon speaks link 1")
    bench.open()
    hellos = len(bench.of(f.Hello))
    bench.pass_time(OTHER_VERSION_WAIT_NS - SECOND)
    assert len(bench.of(f.Hello)) == hellos and len(bench.reopened) == 1
    bench.pass_time(2 * SECOND)
    assert len(bench.of(f.Hello)) > hellos
    bench.welcome()
    assert bench.core.phase is Phase.READY


def test_a_command_of_another_version_is_not_obeyed(bench: Bench) -> None:
    frame = f.DownFrame(2, bench.epoch, bench.session, bench.down_seq + 1, bench.command(order()))
    bench.step(inputs.Received(*bench.at(), f.encode(frame)))
    assert bench.reopened[-1].reason == "another version: the daemon speaks link 2, this agent 1"
    assert bench.broker.opened(FIRE) == 0


def test_version_in_our_own_version_is_no_answer_to_us(bench: Bench) -> None:
    bench.send(f.Versions(1, 1, "what?"))
    assert bench.reopened[-1].reason.startswith("bad frame")


# --- one fire -------------------------------------------------------------------------------------------


def test_a_fire_is_journaled_with_its_order_acknowledged_sent_and_told(bench: Bench) -> None:
    bench.auto = False
    bench.send(bench.command(order()))
    stored = bench.durable[-1]
    assert isinstance(stored, RowStored)
    assert (stored.row.state, stored.row.order) == (RowState.JOURNALED, order())
    assert bench.of(f.Ack)[-1] == f.Ack(FIRE, 0, stored.row.index)
    assert isinstance(bench.call, calls.Perform) and bench.call.order == order()
    bench.answer()
    assert bench.told().state is RowState.DONE and bench.told().position_id in bench.broker.positions


def test_the_same_command_again_gets_the_first_answer_and_sends_nothing(bench: Bench) -> None:
    first = bench.fire()
    assert bench.fire() == first
    assert bench.broker.opened(FIRE) == 1


def test_another_order_under_a_known_id_is_a_conflict(bench: Bench) -> None:
    first = bench.fire()
    bench.send(bench.command(order(volume_steps=11)))
    (conflict,) = bench.of(f.Conflict)
    assert isinstance(conflict, f.Conflict) and conflict.known_hash == first.order_hash
    assert bench.broker.opened(FIRE) == 1


def test_a_hash_that_is_not_the_orders_is_a_conflict_and_stores_nothing(bench: Bench) -> None:
    length = len(bench.durable)
    bench.send(msgspec.structs.replace(bench.command(order()), order_hash=bytes(32)))
    assert bench.of(f.Conflict) and len(bench.durable) == length and not bench.broker.opened(FIRE)


def test_a_command_whose_order_is_of_another_kind_is_a_conflict(bench: Bench) -> None:
    bench.send(bench.command(order(), kind=f.Close))
    assert bench.of(f.Conflict) and not bench.broker.sent


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("VERSION", {"version": 2}),
        ("ACCOUNT", {"account": "bravo"}),
        ("EXPIRATION", {"entry_type": EntryType.LIMIT}),
        ("EXPIRATION", {"expiration_ms": START_MS + 60_000}),
        ("STOP_PRESENT", {"stop_points": 0}),
        ("PLAN_UNSUPPORTED", {"plan": (PlanStep(PlanStepKind.TRAIL, FIRE + 1, distance_points=9),)}),
        ("CAP_SYMBOL", {"symbol": "GBPUSD"}),
        ("CAP_LOTS", {"volume_steps": 101}),
        ("CAP_LOTS", {"volume_steps": 0}),
        ("ENTRY_MISSED", {"entry_points": ASK + 6}),
        ("ENTRY_MISSED", {"entry_points": ASK - 6}),
        ("ENTRY_MISSED", {"side": Side.SELL, "entry_points": ASK + 4}),
    ],
)
def test_an_order_that_breaks_a_rule_is_not_executed_and_says_why(
    bench: Bench, code: str, changes: dict[str, object]
) -> None:
    row = bench.fire(order(**changes))
    assert (row.state, row.code) == (RowState.NOT_EXECUTED, code)
    assert not bench.broker.sent
    assert bench.fire(order(**changes)) == row  # and stays so


def test_the_collar_holds_at_its_very_edge(bench: Bench) -> None:
    assert bench.fire(order(entry_points=ASK + 5)).state is RowState.DONE
    assert bench.fire(order(side=Side.SELL, entry_points=ASK + 3), FIRE + 1).state is RowState.DONE


def test_caps_count_openings_within_a_minute_and_not_closes() -> None:
    bench = Bench(caps=Caps(Decimal(1), 2, ("EURUSD",))).ready()
    rows = [bench.fire(act_id=FIRE + number) for number in range(3)]
    assert [row.code for row in rows] == ["", "", "CAP_RATE"]
    held = bench.held()[0]
    bench.send(bench.command(closing(held), FIRE + 9, f.Close))
    assert bench.told(FIRE + 9).state is RowState.DONE
    bench.pass_time(MINUTE)
    assert bench.fire(act_id=FIRE + 10).state is RowState.DONE


def test_nothing_opens_at_or_below_the_equity_floor() -> None:
    bench = Bench(caps=Caps(Decimal(1), 2, ("EURUSD",), Decimal(10_000))).ready()
    assert bench.core.halted and bench.fire().code == "HALTED"
    bench.send(f.Resume("somebody", ("floor",)))
    assert bench.fire(act_id=FIRE + 1).code == "CAP_EQUITY"  # between a resume and the next reading


def closing(held: f.PositionRow) -> object:
    return order(
        kind=ActKind.CLOSE,
        side=Side(held.side).opposite,
        entry_points=0,
        stop_points=0,
        target_points=0,
        collar_points=0,
        position_id=held.position_id,
        volume_expected_steps=held.volume_steps,
    )


# --- time -----------------------------------------------------------------------------------------------


def test_a_deadline_is_read_by_the_daemons_clock_not_ours(bench: Bench) -> None:
    # Our own clock stands 90 s behind: read by it, this deadline would be far away.
    assert bench.fire(deadline_ns=bench.daemon_ns() - 10 * MS).code == "EXPIRED"
    assert bench.fire(act_id=FIRE + 1, deadline_ns=bench.daemon_ns() + 10 * MS).state is RowState.DONE


def test_an_act_that_waited_past_its_deadline_is_withheld(bench: Bench) -> None:
    bench.auto = False
    bench.poll()
    bench.send(bench.command(order()))
    assert isinstance(bench.call, calls.Poll)
    bench.now_ns += 6 * SECOND
    bench.answer()
    assert (bench.told().state, bench.told().code) == (RowState.NOT_EXECUTED, "EXPIRED")
    assert not bench.broker.sent


def test_a_worker_that_hangs_does_not_hold_back_what_is_too_late_anyway(bench: Bench) -> None:
    bench.auto = False
    bench.poll()
    bench.send(bench.command(order()))
    bench.pass_time(4 * SECOND)
    assert not bench.of(f.Result)
    bench.pass_time(2 * SECOND)
    assert isinstance(bench.call, calls.Poll)  # it still hangs
    assert (bench.told().state, bench.told().code) == (RowState.NOT_EXECUTED, "EXPIRED")
    bench.answer()
    assert not bench.broker.sent


def test_the_worker_is_told_until_when_it_may_send(bench: Bench) -> None:
    bench.auto = False
    deadline_ns = bench.daemon_ns() + 5 * SECOND
    bench.send(bench.command(order(), deadline_ns=deadline_ns))
    assert isinstance(bench.call, calls.Perform)
    left_ns = bench.call.not_after_ns - bench.now_ns
    assert 5 * SECOND - 2 * MS <= left_ns <= 5 * SECOND


def test_a_mission_that_has_expired_in_market_time_opens_nothing(bench: Bench) -> None:
    assert bench.fire(mission_expiry_ms=START_MS).code == "MISSION_EXPIRED"


def test_an_old_measurement_of_the_clock_opens_nothing_but_closes(bench: Bench) -> None:
    bench.fire()
    (held,) = bench.held()
    for _ in range(61):  # other frames keep the session alive; beats do not come
        bench.now_ns += SECOND
        bench.send(f.Query(1, 0))
    assert bench.fire(act_id=FIRE + 1).code == "CLOCK"
    bench.send(bench.command(closing(held), FIRE + 2, f.Close))
    assert bench.told(FIRE + 2).state is RowState.DONE


def test_without_beats_the_dead_man_opens_nothing(bench: Bench) -> None:
    for _ in range(11):
        bench.now_ns += SECOND
        bench.send(f.Query(1, 0))
    assert bench.fire().code == "DEAD_MAN"


def test_a_silent_daemon_is_greeted_anew(bench: Bench) -> None:
    bench.now_ns += SILENCE_NS_MAX
    bench.step(inputs.Timer(*bench.at()))
    assert bench.core.phase is Phase.CLOSED and not bench.reopened[-1].next_daemon
    bench.open()
    bench.now_ns += SILENCE_NS_MAX
    bench.step(inputs.Timer(*bench.at()))
    assert bench.reopened[-1].next_daemon


# --- fencing and sessions -------------------------------------------------------------------------------


def test_a_lower_epoch_is_fenced_and_stays_so_after_a_restart(bench: Bench) -> None:
    bench.epoch = 3
    bench.ready()
    assert EpochStored(3) in bench.durable
    bench.send(bench.command(order()), epoch=2)
    assert bench.of(f.Fenced)[-1] == f.Fenced(3) and not bench.broker.sent
    bench.start()
    bench.worker_up()
    bench.open()
    bench.welcome(epoch=2)
    assert bench.core.phase is Phase.GREETING and bench.of(f.Fenced)[-1] == f.Fenced(3)


def test_a_higher_epoch_must_say_welcome_first(bench: Bench) -> None:
    bench.send(bench.command(order()), epoch=2)
    assert bench.core.phase is Phase.CLOSED and not bench.broker.sent and bench.core.epoch_max == 1


def test_nothing_is_executed_before_ready() -> None:
    bench = Bench()
    bench.auto = False
    bench.worker_up()
    bench.open()
    bench.welcome()
    bench.send(bench.command(order()))
    assert bench.core.phase is Phase.READING
    bench.auto = True
    bench.answer()
    pages = [row for body in bench.of(f.Ledger) for row in body.rows]  # type: ignore[attr-defined]
    assert [(row.state, row.code) for row in pages] == [(RowState.NOT_EXECUTED, "NOT_READY")]
    assert not bench.broker.sent


@pytest.mark.parametrize("seq", [0, 2])
def test_a_repeat_is_passed_over_and_a_gap_ends_the_session(bench: Bench, seq: int) -> None:
    bench.send(bench.command(order()), seq=bench.down_seq + seq)
    assert not bench.broker.sent
    assert bench.core.phase is (Phase.CLOSED if seq else Phase.READY)


def test_bytes_that_are_no_frame_end_the_session(bench: Bench) -> None:
    bench.step(inputs.Received(*bench.at(), b"\x93nonsense"))
    assert bench.core.phase is Phase.CLOSED and bench.reopened


def test_hello_is_the_first_frame_until_it_is_welcomed() -> None:
    bench = Bench()
    bench.open()
    assert not bench.sent  # nobody is logged in yet
    bench.worker_up()
    bench.pass_time(2 * SECOND)
    assert len(bench.of(f.Hello)) == 3
    bench.welcome()
    assert bench.core.phase is Phase.READY


def test_the_ledger_is_told_from_where_the_daemon_knows_it(bench: Bench) -> None:
    bench.fire()
    bench.ledger_known = 1
    bench.sent.clear()
    bench.ready()
    (page,) = bench.of(f.Ledger)
    assert isinstance(page, f.Ledger) and [row.index for row in page.rows] == [2]
    bench.ledger_known = 9  # longer than ours: one of us has lost something
    bench.sent.clear()
    bench.ready()
    (page,) = bench.of(f.Ledger)
    assert isinstance(page, f.Ledger) and [row.index for row in page.rows] == [1, 2]


def test_a_changed_identity_ends_the_session_and_a_wrong_one_executes_nothing(bench: Bench) -> None:
    wrong = msgspec.structs.replace(IDENTITY, login=5)
    bench.step(inputs.WorkerUp(*bench.at(), wrong, 0))
    assert bench.core.phase is Phase.CLOSED
    bench.open()
    bench.welcome()
    assert bench.fire().code == "IDENTITY"


# --- the latch ------------------------------------------------------------------------------------------


def test_a_halt_is_durable_before_it_is_told_and_needs_no_session(bench: Bench) -> None:
    entries, _ = bench.core.step(bench.incoming(f.Halt("ann"), epoch=0, seq=77))
    assert entries == [LatchStored(True, "ann")]


def test_halted_opens_nothing_and_closes_everything(bench: Bench) -> None:
    bench.fire()
    bench.send(f.Halt("ann"))
    assert bench.of(f.Halted)[-1] == f.Halted(True, "ann", ("daemon",))
    assert bench.fire(act_id=FIRE + 1).code == "HALTED"
    (held,) = bench.held()
    bench.poll()
    for number, (stop, code) in enumerate(((held.stop_points - 1, "NOT_TIGHTER"), (0, "NOT_TIGHTER"), (ASK - 100, ""))):
        asked = order(kind=ActKind.MODIFY, position_id=held.position_id, stop_points=stop)
        bench.send(bench.command(asked, FIRE + 5 + number, f.Modify))
        assert bench.told(FIRE + 5 + number).code == code
    bench.send(bench.command(closing(held), FIRE + 2, f.Close))
    assert bench.told(FIRE + 2).state is RowState.DONE


def test_a_halt_survives_a_restart_and_only_the_current_epoch_resumes(bench: Bench) -> None:
    bench.epoch = 2
    bench.ready()
    bench.send(f.Halt("ann"))
    bench.start()
    bench.ready()
    assert bench.core.halted
    bench.send(f.Resume("old"), epoch=1)
    assert bench.core.halted
    bench.send(f.Resume("bob"))
    assert not bench.core.halted and bench.fire().state is RowState.DONE


def test_a_halt_overtakes_a_fire_that_waits_for_the_worker(bench: Bench) -> None:
    bench.auto = False
    bench.poll()
    bench.send(bench.command(order()))
    bench.send(f.Halt("ann"))
    bench.answer()
    assert bench.told().code == "HALTED" and not bench.broker.sent


def test_a_local_halt_counts_like_the_daemons(bench: Bench) -> None:
    bench.step(inputs.LocalLatch(*bench.at(), LatchStored(True, "owner", "local")))
    assert bench.of(f.Halted)[-1] == f.Halted(True, "owner", ("local",)) and bench.fire().code == "HALTED"


# --- questions, crashes and evidence --------------------------------------------------------------------


def test_a_question_about_an_unseen_act_buries_it(bench: Bench) -> None:
    bench.send(f.Query(FIRE, 0))
    assert bench.told().state is RowState.TOMBSTONED
    assert bench.fire().state is RowState.TOMBSTONED
    bench.start()
    bench.ready()
    assert bench.fire().state is RowState.TOMBSTONED and not bench.broker.sent


def test_a_worker_lost_after_the_order_leaves_the_truth_to_the_records(bench: Bench) -> None:
    bench.auto = False
    bench.send(bench.command(order()))
    bench.lose_worker(executed=True)
    assert (bench.told().state, bench.told().code) == (RowState.UNKNOWN, "WORKER_LOST")
    bench.auto = True
    bench.worker_up()
    assert bench.told().state is RowState.DONE and bench.broker.opened(FIRE) == 1


def crashed_before_sending() -> Bench:
    bench = Bench().ready()
    bench.step_and_crash(bench.incoming(bench.command(order())), committed=True)
    return bench.ready()


def test_absence_is_proven_only_after_the_settle_window() -> None:
    bench = crashed_before_sending()
    bench.send(f.Query(FIRE, 0))
    assert not bench.of(f.Result)
    bench.pass_time(70 * SECOND)
    assert (bench.told().state, bench.told().code) == (RowState.NOT_EXECUTED, "PROVEN_ABSENT")
    assert bench.fire().state is RowState.NOT_EXECUTED and not bench.broker.sent


def test_a_break_of_the_brokers_connection_starts_the_settle_window_anew() -> None:
    bench = crashed_before_sending()
    bench.pass_time(50 * SECOND)
    bench.broker.connected = False
    bench.pass_time(SECOND)
    bench.broker.connected = True
    bench.pass_time(50 * SECOND)
    bench.send(f.Query(FIRE, 0))
    assert not bench.of(f.Result)
    bench.pass_time(20 * SECOND)
    assert bench.told().code == "PROVEN_ABSENT"


def test_a_crash_after_the_order_finds_it_again_and_sends_nothing() -> None:
    bench = Bench().ready()
    bench.step_and_crash(bench.incoming(bench.command(order())), committed=True, effects_done=2)
    assert bench.broker.opened(FIRE) == 1
    bench.ready()
    assert bench.fire().state is RowState.DONE and bench.broker.opened(FIRE) == 1


def test_a_crash_before_the_commit_leaves_the_act_unseen() -> None:
    bench = Bench().ready()
    bench.step_and_crash(bench.incoming(bench.command(order())), committed=False)
    bench.ready()
    bench.send(f.Query(FIRE, 0))
    assert bench.told().state is RowState.TOMBSTONED and not bench.broker.sent


def test_a_resting_order_is_followed_until_its_deal(bench: Bench) -> None:
    bench.auto = False
    bench.send(bench.command(order()))
    bench.answer_with(calls.Performed(RowState.WORKING, "PLACED", 10008, 77))
    assert bench.told().state is RowState.WORKING
    bench.auto = True
    bench.broker.done[FIRE, 0] = calls.Performed(RowState.DONE, "", 10009, 77, 78, 77, ASK, 10)
    bench.pass_time(2 * CHASE_EVERY_NS)
    assert bench.told().state is RowState.DONE


def test_another_identity_after_the_order_is_unknown_and_a_warning(bench: Bench) -> None:
    bench.auto = False
    bench.send(bench.command(order()))
    bench.answer_with(calls.Performed(RowState.UNKNOWN, "IDENTITY", identity_changed=True))
    assert bench.told().state is RowState.UNKNOWN
    assert [body.code for body in bench.of(f.Warn)] == ["IDENTITY_CHANGED"]  # type: ignore[attr-defined]


def test_history_is_read_when_asked(bench: Bench) -> None:
    bench.send(f.QueryHistory(5, 0, START_MS))
    assert bench.of(f.Deals)[-1] == f.Deals((), True, 5)


def test_bars_are_read_when_asked_and_too_many_questions_are_answered_at_once(bench: Bench) -> None:
    assert bench.of(f.Hello)[-1].knows == ("QUERY_RATES",)
    bench.send(f.QueryRates(6, "EURUSD", 0, START_MS))
    assert bench.of(f.Rates)[-1] == f.Rates(6, "EURUSD", (), True)
    bench.core._readings.extend([calls.ReadRates(1, "EURUSD", 0, 0)] * READINGS_MAX)
    bench.send(f.QueryRates(7, "EURUSD", 0, START_MS))
    assert any(page.query_id == 7 and page.why for page in bench.of(f.Rates))


# --- plans ----------------------------------------------------------------------------------------------


def test_a_time_stop_closes_its_position_once_without_the_daemon(bench: Bench) -> None:
    bench.fire(order(plan=(time_stop(FIRE + 1, STOP_MS),)))
    bench.start()
    bench.worker_up()  # no daemon at all
    bench.pass_time(SECOND, market_ms=599_999)
    assert bench.held()
    bench.pass_time(SECOND, market_ms=1)
    assert not bench.held() and bench.broker.sent[FIRE + 1, 0] == 1
    bench.ready()
    bench.pass_time(SECOND, market_ms=600_000)
    assert bench.broker.sent[FIRE + 1, 0] == 1


def test_a_step_is_told_with_its_fire_and_names_the_position(bench: Bench) -> None:
    bench.fire(order(plan=(time_stop(FIRE + 1, STOP_MS),)))
    (held,) = bench.held()
    bench.pass_time(SECOND, market_ms=600_000)
    runs = [body for body in bench.of(f.PlanStepRun) if isinstance(body, f.PlanStepRun)]
    assert [(run.fire_id, run.row.state) for run in runs] == [(FIRE, RowState.JOURNALED), (FIRE, RowState.DONE)]
    sent = runs[0].row.order
    assert sent is not None and sent.kind is ActKind.PLAN_STEP
    assert (sent.position_id, sent.volume_steps, sent.side) == (held.position_id, 10, Side.SELL)


def test_through_is_said_only_when_the_due_steps_are_done(bench: Bench) -> None:
    bench.fire(order(plan=(time_stop(FIRE + 1, STOP_MS),)))
    bench.poll()
    bench.auto = False
    bench.market_ms = STOP_MS
    bench.poll()
    bench.answer()
    assert isinstance(bench.call, calls.Perform)
    said = [body.through_ms for body in bench.of(f.Ticks)]  # type: ignore[attr-defined]
    assert max(said) < STOP_MS
    bench.auto = True
    bench.answer()
    bench.poll()
    kinds = [type(body) for body in bench.sent]
    last = bench.of(f.Ticks)[-1]
    assert isinstance(last, f.Ticks) and last.through_ms == STOP_MS
    assert bench.of(f.Positions)[-1].rows == ()  # type: ignore[attr-defined]
    assert kinds[::-1].index(f.Ticks) < kinds[::-1].index(f.Positions)


def test_a_step_that_the_broker_refused_is_tried_again_a_minute_later(bench: Bench) -> None:
    bench.fire(order(plan=(time_stop(FIRE + 1, STOP_MS),)))
    bench.auto = False
    bench.market_ms = STOP_MS
    bench.poll()
    bench.answer()
    bench.answer_with(calls.Performed(RowState.REFUSED, "REQUOTE", 10004))
    bench.auto = True
    bench.pass_time(SECOND, market_ms=plans.RETRY_MS - 1)
    assert bench.held()
    bench.pass_time(SECOND, market_ms=1)
    assert not bench.held() and bench.broker.sent == {(FIRE, 0): 1, (FIRE + 1, 1): 1}


def test_a_step_without_a_verdict_is_not_tried_again(bench: Bench) -> None:
    bench.fire(order(plan=(time_stop(FIRE + 1, STOP_MS),)))
    bench.auto = False
    bench.market_ms = STOP_MS
    bench.poll()
    bench.answer()
    bench.answer_with(calls.Performed(RowState.UNKNOWN, "TIMEOUT", 10012))
    bench.auto = True
    bench.answer()
    bench.pass_time(10 * SECOND, market_ms=5 * plans.RETRY_MS)
    assert set(bench.broker.sent) == {(FIRE, 0)}


def test_a_plan_is_replaced_durably_and_an_unknown_step_is_refused_whole(bench: Bench) -> None:
    row = bench.fire(order(plan=(time_stop(FIRE + 1, STOP_MS),)))
    bench.send(f.Plan(row.position_id, FIRE, (time_stop(FIRE + 2, STOP_MS + 60_000),)))
    bench.send(f.Plan(row.position_id, FIRE, (PlanStep(PlanStepKind.TRAIL, FIRE + 3),)))
    assert [body.code for body in bench.of(f.Warn)] == ["PLAN_UNSUPPORTED"]  # type: ignore[attr-defined]
    bench.start()
    bench.ready()
    bench.pass_time(SECOND, market_ms=600_000)
    assert bench.held()
    bench.pass_time(SECOND, market_ms=60_000)
    assert not bench.held() and set(bench.broker.sent) == {(FIRE, 0), (FIRE + 2, 0)}


# --- readings -------------------------------------------------------------------------------------------


def test_through_moves_with_the_clock_even_without_ticks(bench: Bench) -> None:
    bench.sent.clear()
    bench.poll()
    assert not bench.of(f.Ticks)
    bench.market_ms += 100
    bench.poll()
    (ticks,) = bench.of(f.Ticks)
    assert isinstance(ticks, f.Ticks) and ticks.through_ms == bench.market_ms


def test_ticks_are_shed_first_counted_and_then_no_through_is_said(bench: Bench) -> None:
    bench.sent.clear()
    bench.market_ms += 100
    bench.step(inputs.PollDue(*bench.at(), 3))
    assert not bench.of(f.Ticks)
    bench.pass_time(SECOND)
    beat = bench.of(f.BeatUp)[-1]
    assert isinstance(beat, f.BeatUp) and beat.ticks_shed == 1
    assert bench.of(f.Ticks)[-1].through_ms == bench.market_ms  # type: ignore[attr-defined]


def test_terms_come_again_with_market_time(bench: Bench) -> None:
    bench.sent.clear()
    bench.pass_time(SECOND, market_ms=900_000)
    bench.pass_time(SECOND)
    assert len(bench.of(f.Specs)) == 1


def test_a_full_outbox_ends_the_session(bench: Bench) -> None:
    bench.step(inputs.LinkLost(*bench.at(), "full"))
    assert bench.core.phase is Phase.CLOSED and bench.reopened[-1].reason == "full"


def test_what_stays_the_same_is_told_again_so_that_it_never_looks_old(bench: Bench) -> None:
    bench.fire()
    for kind in (f.Account, f.Positions):
        bench.sent.clear()
        for _ in range(12):
            bench.market_ms += 1_000
            bench.pass_time(SECOND)
        assert len(bench.of(kind)) == 2


def test_terms_that_are_due_are_told_before_how_far_was_read(bench: Bench) -> None:
    bench.sent.clear()
    bench.market_ms += 15 * 60_000
    bench.pass_time(SECOND)
    told = [type(body) for body in bench.sent if isinstance(body, f.Specs | f.Ticks)]
    through = [body.through_ms for body in bench.of(f.Ticks)]
    assert f.Specs in told and through[-1] == bench.market_ms
    said = next(n for n, body in enumerate(bench.sent) if isinstance(body, f.Ticks) and body.through_ms == through[-1])
    assert any(isinstance(body, f.Specs) for body in bench.sent[:said])


def test_ready_is_followed_by_a_beat_that_answers_welcome() -> None:
    bench = Bench()
    bench.worker_up()
    bench.open()
    bench.now_ns += 10_000_000
    bench.welcome()
    told = [body for body in bench.sent if isinstance(body, f.Ready | f.BeatUp)]
    assert isinstance(told[0], f.Ready) and isinstance(told[1], f.BeatUp)
    assert told[1].echo_ns > 0


# --- mutants: what each rule is for ---------------------------------------------------------------------


def test_without_dedupe_a_repeat_would_open_twice() -> None:
    bench = Bench(frozenset({"no_dedupe"})).ready()
    bench.fire()
    bench.fire()
    assert bench.broker.opened(FIRE) == 2


def test_without_the_deadline_an_old_fire_would_open() -> None:
    bench = Bench(frozenset({"deadline_not_checked"})).ready()
    assert bench.fire(deadline_ns=bench.daemon_ns() - SECOND).state is RowState.DONE


def test_without_the_ledger_a_hand_shake_would_hide_an_execution() -> None:
    bench = Bench(frozenset({"handshake_without_ledger"})).ready()
    bench.fire()
    bench.sent.clear()
    bench.ready()
    assert [body.rows for body in bench.of(f.Ledger)] == [()]  # type: ignore[attr-defined]


def test_after_a_history_everything_is_read_and_told_again_though_the_clock_stands(bench: Bench) -> None:
    bench.fire()
    bench.poll()
    before = len(bench.sent)
    bench.poll()
    assert len(bench.sent) == before, "a clock that stands has nothing new"
    bench.send(f.QueryHistory(7, 0, START_MS))
    bench.poll()
    told = [type(body) for body in bench.sent[before:]]
    assert told[0] is f.Deals and f.Positions in told and f.Account in told
    assert told.index(f.Positions) > 0
    after = len(bench.sent)
    bench.poll()
    assert len(bench.sent) == after, "once"


def test_a_wrong_terminal_is_told_and_nothing_is_sent_until_it_is_the_right_one_again(bench: Bench) -> None:
    other = msgspec.structs.replace(IDENTITY, login=4711)
    bench.step(inputs.WorkerLost(*bench.at(), "the terminal is another"))
    bench.step(inputs.WrongTerminal(*bench.at(), other))
    assert len(bench.reopened) == 1 and not bench.core.worker_free
    bench.open()
    assert bench.of(f.Hello)[-1].identity == other
    bench.welcome()  # of a daemon that does not look
    bench.send(bench.command(order()))
    assert isinstance(bench.durable[-1], RowStored) and bench.durable[-1].row.code == "NOT_READY"
    assert not bench.broker.sent
    bench.worker_up()
    assert len(bench.reopened) == 2
    bench.ready()
    assert bench.of(f.Hello)[-1].identity == IDENTITY
    assert bench.fire(act_id=FIRE + 1).state is f.RowState.DONE
