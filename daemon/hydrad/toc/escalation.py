"""Escalation: who is told of an alarm next, and when it is told again.

*Acknowledged* means that somebody has taken it on: it goes on standing, and is no longer repeated. An alarm that nobody
acknowledges is told again every `timing.alarm_repeat_ms` of machine time, each time to more people:

    step 0  its owner, else the first on call; by the first way to them that is not down
    then    and the first on call, then the next one, and so on; from step 1 on by every way to each (`oncall`)
    then    and everybody who may trade the account concerned
    last    and the commanders; from here on everybody, each time

Warnings are told once.
"""

from __future__ import annotations

from hydrad.domain.actors import Role
from hydrad.domain.instants import MS
from hydrad.toc import crew
from hydrad.toc import records as r
from hydrad.toc.alarms import ALARMS_MAX, FULL_ALARM, ROOM, standing
from hydrad.toc.state import Alarm, Operator, State
from hydrad.toc.turn import Turn
from hydrad.wire.runbooks import Severity


def told_at(state: State, alarm: Alarm, step: int) -> tuple[str, ...]:
    """The names of everybody who is told at a step, in order, each once; nobody who is suspended."""
    active = [operator for operator in state.operators.values() if not operator.suspended]
    on_call = crew.on_call(state)
    order = [operator.name for operator in active if operator.name == alarm.owner] or [o.name for o in on_call[:1]]
    order += [operator.name for operator in on_call[:step]]
    if step > len(on_call):
        order += [o.name for o in active if Role.TRADER <= o.role < Role.COMMANDER and _concerns(alarm, o)]
    if step >= step_last(state):
        order += [commander.name for commander in crew.active_commanders(state)]
    return tuple(dict.fromkeys(order))


def step_last(state: State) -> int:
    """From which step on everybody is told."""
    return len(crew.on_call(state)) + 2


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
