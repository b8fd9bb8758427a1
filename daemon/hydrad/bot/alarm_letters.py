"""Alarms, authority, and what waits for another person's word, as letters. Pure.

An alarm says what to do now. One that is repeated comes as a new message, since an edit rings no phone; the ones before
it lose their button when somebody has taken it on. A terminal that is lost while positions stand is told with
everything that a person needs who has only a phone: what stands at the broker, and how else it is closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hydrad.bot.addressing import Chat, Desk, chats, named
from hydrad.bot.buttons import Action, Rows, wish
from hydrad.bot.confirming import LABELS
from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import HOUR
from hydrad.outbox.letter import Letter, Priority
from hydrad.toc import crew, escalation
from hydrad.toc import records as r
from hydrad.toc.alarm_texts import alarm_text
from hydrad.toc.audience import sees
from hydrad.toc.desk.phones import name_of
from hydrad.toc.state import Alarm, State
from hydrad.toc.texts import line
from hydrad.wire import calls
from hydrad.wire.runbooks import Severity

BUTTON_FOR_NS = 24 * HOUR
# Acts whose outcome is not known: told first, as halts are.
_FIRST = frozenset({"ACT_UNKNOWN", "RESTING_UNCANCELLED"})


# --- alarms -----------------------------------------------------------------------------------------------


def raised(desk: Desk, body: r.AlarmRaised) -> list[Letter]:
    alarm = desk.state.alarms.get(body.number)
    return [] if alarm is None else _rings(desk, alarm, escalation.told_at(desk.state, alarm, 0), "")


def repeated(desk: Desk, body: r.AlarmRepeated) -> list[Letter]:
    alarm = desk.state.alarms.get(body.number)
    return [] if alarm is None else _rings(desk, alarm, body.told, f"/{body.repeats}")


def changed(desk: Desk, number: int) -> list[Letter]:
    """What was sent of it says what is known now."""
    alarm = _any(desk.state, number)
    return [] if alarm is None else [each for mark in _marks(alarm) for each in _edits(desk, alarm, mark)]


def _any(state: State, number: int) -> Alarm | None:
    past = (alarm for alarm in reversed(state.alarms_past) if alarm.number == number)
    return state.alarms.get(number) or next(past, None)


def _marks(alarm: Alarm) -> list[str]:
    """The first message of an alarm, and the last one."""
    return [""] if not alarm.repeats else ["", f"/{alarm.repeats}"]


def _rings(desk: Desk, alarm: Alarm, names: Iterable[str], mark: str) -> list[Letter]:
    warning = alarm.severity != Severity.ALARM
    priority = Priority.HALT if alarm.code in _FIRST else Priority.ALARM
    more: dict[str, Any] = {"topic": _topic(alarm, mark), "silent": warning}
    return [
        desk.letter(chat.to, priority, alarm_text(desk.turn, alarm), _buttons(desk, alarm, chat), **more)
        for chat in named(desk.state, names)
    ]


def _edits(desk: Desk, alarm: Alarm, mark: str) -> list[Letter]:
    more: dict[str, Any] = {"topic": _topic(alarm, mark), "edits_only": True, "silent": True}
    return [
        desk.letter(chat.to, Priority.ALARM, alarm_text(desk.turn, alarm), _buttons(desk, alarm, chat), **more)
        for chat in chats(desk.state)
    ]


def _topic(alarm: Alarm, mark: str) -> str:
    return show(IdKind.ALARM, alarm.number) + mark


def _buttons(desk: Desk, alarm: Alarm, chat: Chat) -> Rows:
    if alarm.acked_by or alarm.cleared_ns or not chat.may_act:
        return ()
    ends_ns = desk.record.at_ns + BUTTON_FOR_NS
    return ((wish(LABELS[Action.ACK], Action.ACK, show(IdKind.ALARM, alarm.number), ends_ns),),)


# --- authority --------------------------------------------------------------------------------------------


def authority(desk: Desk, body: r.AuthoritySet) -> list[Letter]:
    """Halts and resumes, to everybody who sees what it is about; groups hear of what is of everything."""
    level, where = Authority(body.level).name, f"of {line(body.account)}" if body.account else "of everything"
    who = line(crew.name_of(desk.state, desk.record.actor))
    text = f"{level}: authority {where}, by {who}" + (f": {line(body.reason)}" if body.reason else "")
    letters = [desk.letter(c.to, Priority.HALT, text) for c in chats(desk.state) if sees(c.shown, body.account)]
    return letters if body.account else letters + desk.to_groups(Priority.HALT, f"{level}: authority {where}, by {who}")


# --- approvals --------------------------------------------------------------------------------------------


def change_asked(desk: Desk, body: r.ChangeAsked) -> list[Letter]:
    """To every other commander; with a button only where the home takes approvals from phones."""
    name = show(IdKind.CHANGE, body.number)
    who = line(crew.name_of(desk.state, desk.record.actor))
    takes = name_of(calls.Approve) in desk.setup.phone_may
    how = "" if takes else f"\nApprove it at a shell: hydractl approve {name}"
    text = f"{name} waits for a second person: {line(body.text)}\nasked by {who}{how}"
    buttons = (
        ((wish(LABELS[Action.APPROVE], Action.APPROVE, name, desk.record.at_ns + BUTTON_FOR_NS),),) if takes else ()
    )
    return [
        desk.letter(chat.to, Priority.ALARM, text, buttons, topic=name)
        for chat in chats(desk.state)
        if chat.operator.role is Role.COMMANDER and desk.record.actor not in chat.operator.identities
    ]


def change_ended(desk: Desk, body: r.ChangeEnded) -> list[Letter]:
    name = show(IdKind.CHANGE, body.number)
    who = line(crew.name_of(desk.state, desk.record.actor))
    text = f"{name} {body.how} by {who}" + (f": {line(body.detail)}" if body.detail else "")
    more: dict[str, Any] = {"topic": name, "edits_only": True, "silent": True}
    return [
        desk.letter(c.to, Priority.ALARM, text, **more) for c in chats(desk.state) if c.operator.role is Role.COMMANDER
    ]
