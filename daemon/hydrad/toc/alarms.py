"""Alarms: who owns one, and how many may stand.

Raised once per (code, subject) and cleared when the condition ends. Its owner is the operator who asked for the act
that it is about, else the first on call, else the first commander; who else is told, and when again: `escalation`.

`ALARMS_MAX` may stand; what would be one more is held back, and ALARMS_FULL says so (an act without a verdict always
gets its alarm: invariant I3). What is held back and still true is raised as soon as there is room, when it is one of
the conditions judged at every clock; findings are journaled whatever happens to their alarm.
"""

from __future__ import annotations

from collections.abc import Iterator

from hydrad.domain.actors import Role
from hydrad.domain.ids import BadId, IdKind, act_id, parse
from hydrad.toc import crew
from hydrad.toc import records as r
from hydrad.toc.state import Alarm, State
from hydrad.wire.runbooks import runbook

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
    return next((person.name for person in (*crew.on_call(state), *crew.active_commanders(state))), "")
