"""UNKNOWN: how an act gets there, and the only things that end it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import inputs as i
from hydrad.toc.act import ActState
from hydrad.toc.limits import Timing
from hydrad.toc.state import Act
from hydrad.toc.terminal import Duty, LinkState
from hydrad.wire import calls
from hydrad.wire.codes import Finding
from tests.toc.conftest import Core


def unknown(core: Core) -> Act:
    """A fire without a verdict; its link is up."""
    act = core.fire()
    core.wait(8_500)
    assert act.state is ActState.UNKNOWN
    return act


def shown(act: Act) -> str:
    return show(IdKind.FIRE, sequence_of(act.act_id))


def same(core: Core, act: Act) -> Act:
    """The act in the engine's present state (a restart makes new objects)."""
    return core.state.acts[act.act_id]


# --- how -------------------------------------------------------------------------------------------------


def test_no_verdict_in_time(core: Core) -> None:
    act = core.fire()
    core.wait(7_500)
    assert act.state is ActState.ROUTED
    core.wait(1_000)
    assert (act.state, act.by) == (ActState.UNKNOWN, "timeout")
    assert core.alarms() == ["ACT_UNKNOWN"]


def test_acked_is_no_verdict_either(core: Core) -> None:
    act = core.fire()
    core.ack(act)
    assert act.state is ActState.ACKED
    core.wait(8_500)
    assert act.state is ActState.UNKNOWN


def test_a_lost_link(core: Core) -> None:
    act = core.fire()
    core.wait(7_000, beat=())
    assert core.link().state is LinkState.DEGRADED
    assert act.state is ActState.ROUTED
    core.wait(4_000, beat=())
    assert core.link().state is LinkState.LOST
    assert act.state is ActState.UNKNOWN
    assert core.alarms() == ["ACT_UNKNOWN", "TERMINAL_LOST"]


def test_a_gap_in_the_session(core: Core) -> None:
    act = core.fire()
    core.t1.seq += 1
    core.beat()
    assert (act.state, act.by) == (ActState.UNKNOWN, "link")
    assert (core.link().state, core.link().session) == (LinkState.LOST, None)
    assert core.findings() == [Finding.SEQUENCE_GAP]


def test_a_new_session(core: Core) -> None:
    act = core.fire()
    core.hello()
    assert (act.state, act.by) == (ActState.UNKNOWN, "link")


def test_a_restart(core: Core) -> None:
    act = core.fire()
    core.restart()
    assert (same(core, act).state, same(core, act).by) == (ActState.UNKNOWN, "restart")
    assert core.state.epoch == 2


def test_the_agent_says_so(core: Core) -> None:
    act = core.fire()
    core.result(act, RowState.UNKNOWN, retcode=10012)
    assert (act.state, act.by) == (ActState.UNKNOWN, "result")


def test_it_keeps_its_exposure_and_its_mission(core: Core) -> None:
    act = unknown(core)
    core.beat()
    core.later(1)
    again = core.fire(show(IdKind.MISSION, act.mission))
    assert again.codes == ("DUPLICATE",)
    measured = next(check.measured for check in core.fire().checks if check.code == "OPEN_RISK")
    assert measured.startswith("48.40 and")


# --- chased ----------------------------------------------------------------------------------------------


def test_it_is_asked_about_ever_more_slowly_and_never_resent(core: Core) -> None:
    unknown(core)
    before = len(core.sent(f.Query))
    core.wait(60_000, every_ms=100)
    asked = len(core.sent(f.Query)) - before
    assert 5 <= asked <= 9
    assert len(core.sent(f.Fire)) == 1


def test_it_is_asked_about_at_ready(core: Core) -> None:
    act = core.fire()
    core.restart()
    core.connect()
    assert core.sent(f.Query) == [f.Query(act.act_id, 0)]


# --- what ends it ----------------------------------------------------------------------------------------


def test_a_late_result(core: Core) -> None:
    act = unknown(core)
    core.done(act)
    assert (act.state, act.by) == (ActState.FILLED, "result")
    assert core.alarms() == []
    assert core.state.positions[act.position].position_id == 1000 + sequence_of(act.act_id)


def test_the_ledger_in_the_next_hand_shake(core: Core) -> None:
    act = core.fire()
    core.ack(act)
    row = core.t1.row(
        act, RowState.DONE, order_ticket=5, deal_ticket=6, position_id=5, price_points=110_010, volume_steps=22
    )
    core.restart()
    core.connect()
    assert (same(core, act).state, same(core, act).by) == (ActState.FILLED, "ledger")
    assert core.state.terminals["t1"].ledger_known == row.index


def test_the_ledger_is_told_from_where_it_is_known(core: Core) -> None:
    core.filled()
    core.restart()
    core.hello()
    welcome = core.sent(f.Welcome)[-1]
    assert (welcome.ledger_id, welcome.ledger_known) == (core.t1.ledger_id, len(core.t1.rows))


def test_a_tombstone(core: Core) -> None:
    act = unknown(core)
    core.up(f.Status(core.t1.row(act.act_id, RowState.TOMBSTONED)))
    assert (act.state, act.by) == (ActState.NOT_EXECUTED, "tombstone")
    assert core.alarms() == []


def test_an_answer_to_the_question(core: Core) -> None:
    act = unknown(core)
    core.up(f.Status(core.t1.row(act, RowState.NOT_EXECUTED, code="PROVEN_ABSENT")))
    assert (act.state, act.by, act.codes) == (ActState.NOT_EXECUTED, "query", ("PROVEN_ABSENT",))


def test_a_deal_in_the_brokers_history(core: Core) -> None:
    act = unknown(core)
    core.deals(core.deal_row(70, 60, deal_type=0, entry=0, magic=act.act_id, price_points=110_012))
    assert (act.state, act.by) == (ActState.FILLED, "history")
    position = core.state.positions[act.position]
    assert (position.position_id, position.open_points, position.deals) == (60, 110_012, [70])


def test_a_deal_that_comes_before_its_result(core: Core) -> None:
    """Two terminals of one account: the other one may read the deal first."""
    act = core.fire()
    core.deals(core.deal_row(70, 60, deal_type=0, entry=0, magic=act.act_id, price_points=110_010))
    core.deals(core.deal_row(71, 60, reason=4))
    assert act.state is ActState.CLOSED
    core.done(act, position_id=60, deal_ticket=70)
    assert (act.state, core.findings()) == (ActState.CLOSED, [])


def test_a_position_with_its_magic(core: Core) -> None:
    act = unknown(core)
    core.up(f.Positions((core.position_row(act),), core.market_ms, True, True))
    assert (act.state, act.by) == (ActState.FILLED, "position")


def test_a_position_that_had_lost_a_part_when_it_was_found(core: Core) -> None:
    """The report says what is left; the deals say what was opened and what was closed."""
    act = unknown(core)
    row = core.position_row(act, volume_steps=8)
    core.up(f.Positions((row,), core.market_ms, True, True))
    opened = core.deal_row(70, row.position_id, deal_type=0, entry=0, magic=act.act_id)
    core.deals(opened, core.deal_row(71, row.position_id, reason=0, volume_steps=14))
    position = core.state.positions[act.position]
    assert (position.open, position.volume_steps, position.opened_steps) == (True, 8, 22)


def test_a_lost_change_of_levels_is_found_at_its_position(core: Core) -> None:
    fire = core.filled()
    modify = core.act(calls.Modify(show(IdKind.POSITION, fire.position), stop="1.09900"))
    core.restart()
    lose_ledger(core)
    core.hello()
    core.books(positions=(core.position_row(fire, stop_points=109_900),))
    core.beat()
    core.wait(62_000)
    assert (same(core, modify).state, same(core, modify).by) == (ActState.DONE, "position")


def test_opened_and_closed_while_nobody_looked(core: Core) -> None:
    act = core.fire()
    core.restart()
    core.hello()
    deals = (
        core.deal_row(70, 60, deal_type=0, entry=0, magic=act.act_id),
        core.deal_row(71, 60, reason=4, profit=Decimal("-44.00")),
    )
    core.books(deals=deals)
    act = same(core, act)
    assert act.state is ActState.CLOSED
    position = core.state.positions[act.position]
    assert (position.close_reason, position.profit) == ("STOP", Decimal("-44.00"))


@pytest.mark.parametrize("verdict", ["not-executed", "filled"])
def test_a_commander_resolves(core: Core, verdict: str) -> None:
    act = unknown(core)
    ticket = None
    if verdict == "filled":
        row = core.position_row(act, magic=0)
        core.up(f.Positions((row,), core.market_ms, True, True))
        ticket = row.ticket
    core.ask(calls.Resolve(shown(act), verdict, "seen in the broker's app", ticket))
    wanted = ActState.FILLED if verdict == "filled" else ActState.NOT_EXECUTED
    assert (act.state, act.by, act.detail) == (wanted, "resolve", "seen in the broker's app")
    assert "ACT_UNKNOWN" not in core.alarms()
    assert bool(core.state.positions) is (verdict == "filled")


def test_a_verdict_that_the_broker_contradicts_is_refused(core: Core) -> None:
    act = unknown(core)
    for verb, code in (
        (calls.Resolve(shown(act), "filled", "why", 999), "NOT_FOUND"),
        (calls.Resolve(shown(act), "filled", "why"), "USAGE"),
        (calls.Resolve(shown(act), "maybe", "why"), "USAGE"),
        (calls.Resolve(shown(act), "not-executed", " "), "USAGE"),
        (calls.Resolve("F-00000ZZ0", "not-executed", "why"), "USAGE"),
        (calls.Resolve(show(IdKind.FIRE, 99), "not-executed", "why"), "NOT_FOUND"),
    ):
        problem = core.ask(verb).problem
        assert problem is not None
        assert problem.code == code
    assert act.state is ActState.UNKNOWN


def test_only_what_is_open_to_doubt_is_resolved(core: Core) -> None:
    act = core.filled()
    problem = core.ask(calls.Resolve(shown(act), "not-executed", "why")).problem
    assert problem is not None
    assert problem.code == "CONFLICT"


# --- a lost ledger ---------------------------------------------------------------------------------------


def lose_ledger(core: Core) -> None:
    core.t1.ledger_id, core.t1.rows, core.t1.boot_id = "ledger-2", [], "boot-2"


def test_a_tombstone_of_another_ledger_proves_nothing(core: Core) -> None:
    act = core.fire()
    core.restart()
    lose_ledger(core)
    core.connect()
    assert Finding.LEDGER_LOST in core.findings()
    core.up(f.Status(core.t1.row(act.act_id, RowState.TOMBSTONED)))
    assert same(core, act).state is ActState.UNKNOWN


def test_nor_does_it_in_the_session_after(core: Core) -> None:
    """The second ledger is whole, but it is still not the one that may have executed."""
    act = core.fire()
    core.restart()
    lose_ledger(core)
    core.connect()
    core.t1.row(act.act_id, RowState.TOMBSTONED)
    core.connect()
    core.up(f.Status(core.t1.row(act.act_id, RowState.TOMBSTONED)))
    assert same(core, act).state is ActState.UNKNOWN
    assert core.findings().count(Finding.LEDGER_LOST) == 1


def test_nor_when_the_first_ledger_was_lost_before_anything_was_booked(core: Core) -> None:
    act = core.fire()
    assert core.state.terminals["t1"].ledger_known == 0
    core.wait(4_000, beat=())
    lose_ledger(core)
    core.connect()
    core.up(f.Status(core.t1.row(act.act_id, RowState.TOMBSTONED)))
    assert act.state is ActState.UNKNOWN


def test_a_shorter_ledger_is_another_ledger(core: Core) -> None:
    core.filled()
    act = core.fire()
    core.restart()
    del core.t1.rows[1:]
    core.connect()
    assert Finding.LEDGER_LOST in core.findings()
    core.up(f.Status(core.t1.row(act.act_id, RowState.TOMBSTONED)))
    assert same(core, act).state is ActState.UNKNOWN


def test_then_the_brokers_history_proves_it_over_an_unbroken_settle_window(core: Core) -> None:
    act = core.fire()
    core.restart()
    lose_ledger(core)
    core.connect()
    core.wait(59_000)
    assert same(core, act).state is ActState.UNKNOWN
    core.wait(2_000)
    assert (same(core, act).state, same(core, act).by) == (ActState.NOT_EXECUTED, "history")


@pytest.mark.parametrize("broken", ["broker", "link", "session"])
def test_the_window_starts_anew_when_the_connection_breaks(core: Core, broken: str) -> None:
    act = core.fire()
    core.restart()
    lose_ledger(core)
    core.connect()
    core.wait(50_000)
    if broken == "broker":
        core.beat(connected=False)
    elif broken == "session":
        core.connect()
    else:
        core.wait(11_000, beat=())
        core.connect()
    core.wait(55_000)
    assert same(core, act).state is ActState.UNKNOWN
    core.wait(6_000)
    assert same(core, act).state is ActState.NOT_EXECUTED


def test_nothing_is_proven_while_the_link_is_lost(core: Core) -> None:
    act = core.fire()
    core.restart()
    lose_ledger(core)
    core.connect()
    core.wait(5_000)
    core.wait(120_000, beat=())
    assert same(core, act).state is ActState.UNKNOWN


def test_an_act_of_the_new_ledger_is_not_proven_absent_by_the_old_window(core: Core) -> None:
    """Routed after the loss: its own ledger knows it, history alone must not end it early."""
    core.wait(4_000, beat=())
    lose_ledger(core)
    core.connect()
    core.wait(65_000)
    core.ask(calls.TerminalDuty("t1", "active", "a new disk"))
    core.later(1)
    act = core.fire()
    core.wait(9_000)
    assert act.state is ActState.UNKNOWN
    core.wait(120_000)
    assert act.state is ActState.UNKNOWN
    core.up(f.Status(core.t1.row(act.act_id, RowState.TOMBSTONED)))
    assert act.state is ActState.NOT_EXECUTED


# --- against the evidence --------------------------------------------------------------------------------


@pytest.mark.parametrize("proof", [RowState.TOMBSTONED, RowState.NOT_EXECUTED, RowState.REFUSED])
@pytest.mark.parametrize("seen", ["deal", "position", "result"])
def test_an_execution_after_the_proof_is_quarantined(core: Core, proof: RowState, seen: str) -> None:
    act = unknown(core)
    core.up(f.Status(core.t1.row(act, proof)))
    if seen == "deal":
        core.deals(core.deal_row(70, 60, deal_type=0, entry=0, magic=act.act_id))
    elif seen == "position":
        core.up(f.Positions((core.position_row(act),), core.market_ms, True, True))
    else:
        core.done(act)
    assert act.state is ActState.QUARANTINED
    assert core.findings() == [Finding.LATE_EXECUTION]
    assert "LATE_EXECUTION" in core.alarms()


@pytest.mark.parametrize("proof", [RowState.NOT_EXECUTED, RowState.TOMBSTONED, RowState.REFUSED])
def test_the_contradicted_proof_told_again_ends_no_quarantine(core: Core, proof: RowState) -> None:
    act = unknown(core)
    row = core.t1.row(act, proof)
    core.up(f.Status(row))
    core.deals(core.deal_row(70, 60, deal_type=0, entry=0, magic=act.act_id))
    assert act.state is ActState.QUARANTINED
    core.up(f.Status(row))
    assert act.state is ActState.QUARANTINED and "LATE_EXECUTION" in core.alarms()


def test_what_was_denied_and_still_opened_is_quarantined(core: Core) -> None:
    act = core.fire(core.mission(target_points=109_000))
    assert act.state is ActState.DENIED
    core.up(f.Positions((core.position_row(act),), core.market_ms, True, True))
    assert act.state is ActState.QUARANTINED


def test_quarantine_stops_the_accounts_opens_until_a_person_decides(core: Core) -> None:
    act = unknown(core)
    core.up(f.Status(core.t1.row(act.act_id, RowState.TOMBSTONED)))
    row = core.position_row(act)
    core.up(f.Positions((row,), core.market_ms, True, True))
    core.later(1)
    waiting = core.fire()
    assert waiting.state is ActState.QUEUED
    core.done(act)  # told once more: that is not a person
    core.deals(core.deal_row(70, row.position_id, deal_type=0, entry=0, magic=act.act_id))
    assert act.state is ActState.QUARANTINED
    core.ask(calls.Resolve(shown(act), "filled", "it is there", row.ticket))
    assert act.state is ActState.FILLED
    assert waiting.state is ActState.ROUTED


def test_more_than_was_asked_for_is_quarantined(core: Core) -> None:
    act = core.fire()
    core.done(act, volume_steps=23)
    assert act.state is ActState.QUARANTINED
    assert core.findings() == [Finding.DEAL_MISMATCH]


def test_less_than_was_asked_for_is_a_smaller_position(core: Core) -> None:
    act = core.fire()
    core.done(act, volume_steps=20)
    assert act.state is ActState.FILLED
    assert core.state.positions[act.position].volume_steps == 20


def test_a_conflict_quarantines_act_and_terminal(core: Core) -> None:
    act = core.fire()
    core.up(f.Conflict(act.act_id, 0, b"a" * 32, act.order_hash))
    assert act.state is ActState.QUARANTINED
    assert core.state.terminals["t1"].duty is Duty.QUARANTINED
    assert core.findings() == [Finding.CONFLICT]
    assert "TERMINAL_DUTY" in core.fire().codes


def test_another_order_in_the_ledger_is_a_conflict(core: Core) -> None:
    act = core.fire()
    core.up(f.Result(core.t1.row(act, RowState.DONE, order_hash=b"x" * 32)))
    assert act.state is ActState.QUARANTINED
    assert core.findings() == [Finding.CONFLICT]


def test_an_entry_with_our_tag_that_nobody_asked_for(core: Core) -> None:
    core.up(f.Result(core.t1.row(77 << 38 | 12345, RowState.DONE)))
    assert core.findings() == [Finding.ALIEN_ORDER]


def test_an_entry_of_the_agents_own_is_not_ours_to_judge(core: Core) -> None:
    core.up(f.Result(core.t1.row(5, RowState.DONE)))
    assert core.findings() == []


# --- never released --------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", [i.Withheld, i.Unsent])
def test_what_was_never_released_is_not_executed(core: Core, why: Callable[[tuple[int, ...]], i.AnyInput]) -> None:
    act = core.fire()
    core.step(why((act.act_id,)))
    assert act.state is ActState.NOT_EXECUTED
    assert core.fire().state is ActState.ROUTED


def test_a_withheld_act_that_has_moved_on_stays_where_it_is(core: Core) -> None:
    act = unknown(core)
    core.step(i.Withheld((act.act_id,)))
    assert act.state is ActState.UNKNOWN


def test_results_told_twice_write_nothing(core: Core) -> None:
    act = core.filled()
    count = len(core.records)
    core.up(f.Result(msgspec.structs.replace(core.t1.rows[-1])))
    core.up(f.Result(core.t1.rows[0]))
    assert len(core.records) == count
    assert act.state is ActState.FILLED


def test_timeouts_are_configured(make: Callable[..., Core]) -> None:
    core = make(timing=Timing(result_timeout_ms=300))
    core.connect()
    act = core.fire()
    core.clock(200)
    assert act.state is ActState.ROUTED
    core.clock(100)
    assert act.state is ActState.UNKNOWN
