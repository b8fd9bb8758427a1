"""Alarms: who owns one, who is told next, when it is told again, and how many may stand.

Raised once per (code, subject) and cleared when the condition ends. *Acknowledged* means that somebody has taken it
on: it goes on standing, and is no longer repeated. An alarm that nobody acknowledges is told again every
`timing.alarm_repeat_ms` of machine time, each time to more people:

    step 0  its owner: the operator who asked for the act that it is about, else the first on call, else the first
            commander; by the first way to them that is not down
    then    and the first on call, then the next one, and so on; from step 1 on by every way to each (`oncall`)
    then    and everybody who may trade the account concerned
    last    and the commanders; from here on everybody, each time

Warnings are told once. `ALARMS_MAX` may stand; what would be one more is held back, and ALARMS_FULL says so (an act
without a verdict always gets its alarm: invariant I3). What is held back and still true is raised as soon as there is
room, when it is one of the conditions judged at every clock; findings are journaled whatever happens to their alarm.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hydrad.domain.actors import Role
from hydrad.domain.ids import BadId, IdKind, act_id, parse
from hydrad.domain.instants import MS
from hydrad.toc import crew, oncall
from hydrad.toc import records as r
from hydrad.toc.state import Alarm, Operator, State
from hydrad.wire.runbooks import Severity, runbook

if TYPE_CHECKING:
    from hydrad.toc.turn import Turn

ALARMS_MAX = 200
ROOM = 10  # so many places must be free before ALARMS_FULL ends, so that it does not come and go
FULL_ALARM = "ALARMS_FULL"
_ALWAYS = ("ACT_UNKNOWN", "RESTING_UNCANCELLED", FULL_ALARM)


def standing(state: State, code: str, subject: str) -> Alarm | None:
    for alarm in state.alarms.values():
        if alarm.code == code and alarm.subject == subject:
            return alarm
    return None


def raised(state: State, code: str, subject: str, text: str) -> Iterator[r.AlarmRaised]:
    """The record that raises an alarm; none when it stands already, another when there is no room for it."""
    if standing(state, code, subject) is not None:
        return
    if len(state.alarms) >= ALARMS_MAX and code not in _ALWAYS:
        yield from raised(state, FULL_ALARM, "home", f"{ALARMS_MAX} alarms stand; {code} {subject} was held back")
        return
    owner, account = concerned(state, subject)
    severity = runbook(code).severity.value
    yield r.AlarmRaised(state.next_number, code, subject, text, severity, account, owner)


def concerned(state: State, subject: str) -> tuple[str, str]:
    """The owner's name and the account that a subject speaks of: an act's or position's shown id, a terminal or an
    account, alone or as the first word."""
    first = subject.split(" ", 1)[0]
    actor, account = _by_id(state, first)
    if not account and first in state.terminals:
        account = state.terminals[first].account
    if not account and first in state.accounts:
        account = first
    return _owner(state, actor), account


def _by_id(state: State, text: str) -> tuple[str, str]:
    try:
        kind, number = parse(text, IdKind.FIRE, IdKind.ACT, IdKind.POSITION)
    except BadId:
        return "", ""
    position = state.positions.get(number)
    act = state.acts.get(position.fire_id if position and kind is IdKind.POSITION else act_id(state.tag, number))
    if act is None:
        return "", ""
    if act.mission and state.operator(act.actor) is None:  # a plan's step: whoever fired it
        fires = [state.acts[n] for n in state.missions[act.mission].acts if state.acts[n].position == act.position]
        act = fires[0] if fires else act
    return act.actor, act.account


def _owner(state: State, actor: str) -> str:
    """Whoever asked for it, while they may trade; else the first commander."""
    operator = state.operator(actor)
    if operator is not None and state.role(actor) >= Role.TRADER:
        return operator.name
    return next((person.name for person in (*oncall.order(state), *crew.active_commanders(state))), "")


# --- escalation -----------------------------------------------------------------------------------------


def told_at(state: State, alarm: Alarm, step: int) -> tuple[str, ...]:
    """The names of everybody who is told at a step, in order, each once; nobody who is suspended."""
    active = [operator for operator in state.operators.values() if not operator.suspended]
    on_call = oncall.order(state)
    order = [operator.name for operator in active if operator.name == alarm.owner] or [o.name for o in on_call[:1]]
    order += [operator.name for operator in on_call[:step]]
    if step > len(on_call):
        order += [o.name for o in active if Role.TRADER <= o.role < Role.COMMANDER and _concerns(alarm, o)]
    if step >= step_last(state):
        order += [commander.name for commander in crew.active_commanders(state)]
    return tuple(dict.fromkeys(order))


def step_last(state: State) -> int:
    """From which step on everybody is told."""
    return len(oncall.order(state)) + 2


def _concerns(alarm: Alarm, operator: Operator) -> bool:
    """Whether a trader has to do with it: an account of theirs, or the home."""
    return not alarm.account or crew.reaches(operator, alarm.account)


def clock(turn: Turn) -> None:
    """Tell again what nobody has acknowledged; end ALARMS_FULL when there is room."""
    repeat_ns = turn.state.timing.alarm_repeat_ms * MS
    for alarm in list(turn.state.alarms.values()):
        if alarm.severity != Severity.ALARM or alarm.acked_by or turn.now_ns - alarm.told_ns < repeat_ns:
            continue
        step = min(alarm.step + 1, step_last(turn.state))
        turn.emit(r.AlarmRepeated(alarm.number, alarm.repeats + 1, step, told_at(turn.state, alarm, step)))
    if len(turn.state.alarms) <= ALARMS_MAX - ROOM and standing(turn.state, FULL_ALARM, "home"):
        turn.clear_alarm(FULL_ALARM, "home", "there is room again")
