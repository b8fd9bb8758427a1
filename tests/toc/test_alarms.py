"""Alarms: whose they are, who takes them on, who is told next, how many may stand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.link.frames import RowState
from hydrad.toc import alarms, desk
from hydrad.toc import records as r
from hydrad.toc.limits import Timing
from hydrad.toc.routing import shown
from hydrad.toc.state import Alarm
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.runbooks import RUNBOOKS
from tests.toc.conftest import Core

ANNA, BERT, VERA = "uid:2001", "uid:2002", "uid:2003"
CHIEF = "commander"  # the name of who made the home
REPEAT_MS = 60_000
TWO = (("t1", "alpha", 5001), ("t2", "bravo", 5002))


@pytest.fixture
def crew(make: Callable[..., Core]) -> Core:
    """A commander, two traders, a viewer; alarms are repeated every minute."""
    core = make(timing=Timing(alarm_repeat_ms=REPEAT_MS, feed_silent_ms=86_400_000), terminals=TWO)
    core.connect("t1")
    core.connect("t2")
    for who, role in ((ANNA, Role.TRADER), (BERT, Role.TRADER), (VERA, Role.VIEWER)):
        core.role(who, role)
    return core


def lost(core: Core) -> Alarm:
    """An alarm of terminal t1, which says nothing any more."""
    core.wait(12_000, every_ms=1_000, beat=("t2",))
    (alarm,) = (alarm for alarm in core.state.alarms.values() if alarm.code == "TERMINAL_LOST")
    return alarm


def id_of(alarm: Alarm) -> str:
    return show(IdKind.ALARM, alarm.number)


def minutes(core: Core, count: int) -> list[r.AlarmRepeated]:
    """Time passes, and who is there beats; what was repeated."""
    before = len(core.records)
    core.wait(count * REPEAT_MS, every_ms=1_000, beat=("t1", "t2"))
    bodies = [r.decode(record.type, record.body) for record in core.records[before:]]
    return [body for body in bodies if isinstance(body, r.AlarmRepeated)]


# --- whose ----------------------------------------------------------------------------------------------


def test_an_act_without_a_verdict_belongs_to_whoever_asked_for_it(crew: Core) -> None:
    act = crew.fire(who=ANNA)
    crew.result(act, RowState.UNKNOWN)
    (alarm,) = crew.state.alarms.values()
    assert (alarm.code, alarm.subject) == ("ACT_UNKNOWN", shown(act))
    assert (alarm.owner, alarm.account, alarm.severity, alarm.told) == (ANNA, "alpha", "ALARM", (ANNA,))


def test_a_terminals_alarm_belongs_to_the_first_commander_and_names_its_account(crew: Core) -> None:
    alarm = lost(crew)
    assert (alarm.owner, alarm.account) == (CHIEF, "alpha")


@pytest.mark.parametrize(
    ("subject", "account"),
    [("t2", "bravo"), ("t2 EURUSD", "bravo"), ("bravo 1234", "bravo"), ("home", ""), ("nobody knows", ""), ("", "")],
)
def test_the_account_follows_from_the_subject(crew: Core, subject: str, account: str) -> None:
    assert alarms.concerned(crew.state, subject) == (CHIEF, account)


def test_a_position_is_its_fires(crew: Core) -> None:
    act = crew.filled(who=BERT)
    assert alarms.concerned(crew.state, show(IdKind.POSITION, act.position)) == (BERT, "alpha")
    assert alarms.concerned(crew.state, show(IdKind.FIRE, 9_999)) == (CHIEF, "")


def test_who_lost_the_role_is_not_an_owner(crew: Core) -> None:
    act = crew.filled(who=BERT)
    crew.role(BERT, Role.VIEWER)
    assert alarms.concerned(crew.state, shown(act)) == (CHIEF, "alpha")


# --- told again -----------------------------------------------------------------------------------------


def test_nobody_is_on_it_so_it_is_told_again_to_more_people(crew: Core) -> None:
    act = crew.fire(who=ANNA)
    crew.result(act, RowState.UNKNOWN)
    told = minutes(crew, 4)
    assert [(body.repeats, body.step) for body in told] == [(1, 1), (2, 2), (3, 2), (4, 2)]
    assert told[0].told == (ANNA, BERT), "the owner, then whoever may trade"
    assert told[1].told == (ANNA, BERT, CHIEF), "then the commanders"
    assert all(VERA not in body.told for body in told)
    (alarm,) = crew.state.alarms.values()
    assert (alarm.repeats, alarm.step, alarm.told) == (told[-1].repeats, 2, told[-1].told)


def test_a_trader_of_another_account_is_not_woken_and_nobody_who_is_suspended(crew: Core) -> None:
    assert crew.ask(calls.OperatorAdd("carl", "trader", "uid:2004", accounts=("bravo",))).problem is None
    assert crew.ask(calls.OperatorSuspend(BERT)).problem is None
    act = crew.fire(who=ANNA)
    crew.result(act, RowState.UNKNOWN)
    told = minutes(crew, 2)
    assert [body.told for body in told] == [(ANNA,), (ANNA, CHIEF)]
    assert crew.ask(calls.OperatorSuspend(ANNA)).problem is None
    assert minutes(crew, 1)[-1].told == (CHIEF,), "an alarm of somebody who is suspended passes on"


def test_acknowledged_it_stands_and_is_not_repeated(crew: Core) -> None:
    alarm = lost(crew)
    said = crew.ask(calls.Ack(id_of(alarm), "calling the host"), who=ANNA)
    assert said.problem is None and said.schema == "hydra.alarm/v1"
    assert (said.data.alarm.acknowledged_by, said.data.alarm.note) == (ANNA, "calling the host")  # type: ignore[union-attr]
    assert minutes(crew, 3) == []
    assert crew.alarms() == ["TERMINAL_LOST"]
    crew.connect("t1")
    assert crew.alarms() == []
    assert (crew.state.alarms_past[-1].acked_by, crew.state.alarms_past[-1].cleared_why) == (ANNA, "READY again")


def test_a_restart_forgets_neither_the_acknowledgement_nor_the_step(crew: Core) -> None:
    alarm = lost(crew)
    minutes(crew, 1)
    crew.restart()
    assert crew.state.alarms[alarm.number].repeats == 1
    crew.ask(calls.Ack(id_of(alarm)), who=BERT)
    crew.restart()
    assert crew.state.alarms[alarm.number].acked_by == BERT


def test_a_warning_is_told_once(crew: Core) -> None:
    turn = Turn(crew.state, crew.engine.live, crew.now_ns, 0)
    turn.alarm("SIGNALS_SILENT", "elsewhere", "quiet")
    crew.records += turn.records
    (alarm,) = crew.state.alarms.values()
    assert alarm.severity == "WARNING"
    assert minutes(crew, 3) == []


# --- taking it on ---------------------------------------------------------------------------------------


def test_the_first_to_acknowledge_has_it(crew: Core) -> None:
    alarm = lost(crew)
    crew.ask(calls.Ack(id_of(alarm)), who=ANNA)
    before = len(crew.records)
    again = crew.ask(calls.Ack(id_of(alarm)), who=BERT)
    assert again.problem is None and again.data.alarm.acknowledged_by == ANNA  # type: ignore[union-attr]
    assert len(crew.records) == before, "nothing is written twice"
    noted = crew.ask(calls.Ack(id_of(alarm), "me too"), who=BERT)
    assert noted.problem is not None and noted.problem.code == "CONFLICT"


def test_who_may_not_and_what_is_not_there(crew: Core) -> None:
    alarm = lost(crew)
    code = {
        "viewer": crew.ask(calls.Ack(id_of(alarm)), who=VERA),
        "stranger": crew.ask(calls.Ack(id_of(alarm)), who="uid:666"),
        "none": crew.ask(calls.Ack(show(IdKind.ALARM, 9_999))),
        "a mission": crew.ask(calls.Ack(show(IdKind.MISSION, 1))),
        "lines": crew.ask(calls.Ack(id_of(alarm), "two\nlines")),
    }
    said = {what: reply.problem.code if reply.problem else "" for what, reply in code.items()}
    assert said == {
        "viewer": "FORBIDDEN", "stranger": "FORBIDDEN", "none": "NOT_FOUND", "a mission": "USAGE", "lines": "USAGE",
    }  # fmt: skip
    assert not crew.state.alarms[alarm.number].acked_by
    crew.connect("t1")
    cleared = crew.ask(calls.Ack(id_of(alarm)))
    assert cleared.problem is not None and cleared.problem.code == "CONFLICT" and "READY" in cleared.problem.message
    assert desk.NEEDS[calls.Ack] is Role.TRADER


# --- bounds ---------------------------------------------------------------------------------------------


def flood(core: Core, count: int) -> None:
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    for number in range(count):
        turn.alarm("IDENTITY", f"t{number}", "wrong")
    core.records += turn.records


def test_more_alarms_than_are_kept_are_held_back_and_say_so(crew: Core) -> None:
    flood(crew, alarms.ALARMS_MAX + 50)
    assert len(crew.state.alarms) == alarms.ALARMS_MAX + 1
    assert crew.alarms().count("ALARMS_FULL") == 1
    act = crew.fire()
    crew.result(act, RowState.UNKNOWN)
    assert "ACT_UNKNOWN" in crew.alarms(), "an act without a verdict always rings"


def test_full_ends_when_there_is_room_again(crew: Core) -> None:
    flood(crew, alarms.ALARMS_MAX + 1)
    turn = Turn(crew.state, crew.engine.live, crew.now_ns, 0)
    for number in range(alarms.ROOM // 2):
        turn.clear_alarm("IDENTITY", f"t{number}", "right again")
    crew.records += turn.records
    crew.clock()
    assert "ALARMS_FULL" in crew.alarms(), "it does not come and go"
    for number in range(alarms.ROOM // 2, alarms.ROOM + 1):
        turn.clear_alarm("IDENTITY", f"t{number}", "right again")
    crew.records += turn.records[alarms.ROOM // 2 :]
    crew.clock()
    assert "ALARMS_FULL" not in crew.alarms()


def test_the_cleared_ones_are_kept_up_to_a_bound(crew: Core) -> None:
    turn = Turn(crew.state, crew.engine.live, crew.now_ns, 0)
    for number in range(250):
        turn.alarm("IDENTITY", f"x{number}", "wrong")
        turn.clear_alarm("IDENTITY", f"x{number}", "right")
    crew.records += turn.records
    assert len(crew.state.alarms_past) == 200 and crew.state.alarms_past[-1].subject == "x249"


def test_every_standing_alarm_has_a_runbook(crew: Core) -> None:
    lost(crew)
    assert all(alarm.code in RUNBOOKS for alarm in crew.state.alarms.values())


def test_old_alarms_fold(crew: Core) -> None:
    """A record written before owners and accounts were."""
    import msgspec

    body = r.AlarmRaised(crew.state.next_number, "IDENTITY", "t1", "wrong")
    bare = msgspec.msgpack.encode(msgspec.msgpack.decode(r.encode(body))[:4])
    assert r.decode("ALARM_RAISED", bare) == body
