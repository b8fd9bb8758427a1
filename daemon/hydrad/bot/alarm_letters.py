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
from hydrad.bot.words import line
from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import HOUR, ns_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.outbox.letter import Letter, Priority
from hydrad.toc import alarms, crew, exposure, position_views, sizing
from hydrad.toc import records as r
from hydrad.toc.audience import sees
from hydrad.toc.desk.phones import name_of
from hydrad.toc.live import Link
from hydrad.toc.state import Alarm, Position, State
from hydrad.toc.terminal import REDUCES_IN
from hydrad.toc.texts import position_id_text
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.runbooks import Severity, runbook

BUTTON_FOR_NS = 24 * HOUR
LOST = "TERMINAL_LOST"
# Acts whose outcome is not known: told first, as halts are.
_FIRST = frozenset({"ACT_UNKNOWN", "RESTING_UNCANCELLED"})


# --- alarms -----------------------------------------------------------------------------------------------


def raised(desk: Desk, body: r.AlarmRaised) -> list[Letter]:
    alarm = desk.state.alarms.get(body.number)
    return [] if alarm is None else _rings(desk, alarm, alarms.told_at(desk.state, alarm, 0), "")


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


def alarm_text(turn: Turn, alarm: Alarm) -> str:
    """The newest word on it first, then what to do now."""
    again = f" (told {alarm.repeats + 1} times)" if alarm.repeats else ""
    lines = [f"{alarm.severity} {alarm.code} {show(IdKind.ALARM, alarm.number)}{again}", line(alarm.text)]
    if alarm.cleared_ns:
        lines.append(f"CLEARED: {line(alarm.cleared_why)}")
    else:
        lines.append(f"Now: {runbook(alarm.code).lines[0]}")
        if alarm.code == LOST and alarm.subject in turn.state.terminals:
            lines += lost(turn, alarm.subject)
    if alarm.acked_by:
        note = f": {line(alarm.ack_note)}" if alarm.ack_note else ""
        lines.append(f"acknowledged by {line(crew.name_of(turn.state, alarm.acked_by))}{note}")
    return "\n".join(lines)


# --- a terminal that is lost ------------------------------------------------------------------------------


def lost(turn: Turn, terminal: str) -> list[str]:
    """What stands at the broker of the account, position by position, and how else it is closed."""
    state, account = turn.state, turn.state.terminals[terminal].account
    held = exposure.open_positions(state, account)
    if not held:
        return ["No position of ours is open on its account."]
    link = exposure.reporter(state, turn.live, account)
    return (
        [f"{len(held)} open on {line(account)}:"]
        + [_standing(state, link, p) for p in held]
        + [_other_way(turn, account)]
    )


def _standing(state: State, link: Link | None, position: Position) -> str:
    """Stop and target as the broker last said, and when; without a word of this session, as the journal has them."""
    rows = link.positions.values() if link else ()
    told = next((row for row in rows if row.position_id == position.position_id), None)
    stop, target = (told.stop_points, told.target_points) if told else (position.stop_points, position.target_points)
    when = f"confirmed {ns_text(link.positions_ns, 0)}" if told and link else "not confirmed in this session"
    stop_text = f"stop {price_text(stop, position.digits)}" if stop else "NO STOP"
    target_text = f"target {price_text(target, position.digits)}" if target else "no target"
    volume = volume_text(position.volume_steps, position.volume_step)
    return (
        f"- {position_id_text(position.number)} ticket {told.ticket if told else position.position_id}, "
        f"{line(position.symbol)} {position.side.name} {volume}: {stop_text}, {target_text}, {when}; "
        f"{_worst(state, link, position, stop)}"
    )


def _worst(state: State, link: Link | None, position: Position, stop_points: int) -> str:
    currency = state.accounts[position.account].currency
    if not stop_points:
        return "the loss has no bound"
    terms = link.terms.get(position.symbol) if link else None
    if terms is None:
        risked = state.acts[position.fire_id].risk_money
        return f"approved to lose {money_text(risked)} {currency} at the stop"
    distance = (position.open_points - stop_points) * position.side.sign
    loss = -sizing.money_at_stop(distance, position.volume_steps, terms) if distance >= 0 else None
    return f"at the stop {money_text(loss)} {currency}" if loss is not None else "at the stop no loss"


def _other_way(turn: Turn, account: str) -> str:
    """Another terminal of the account that closes now, else the broker's own app."""
    others = [t.name for t in turn.state.terminals.values() if t.account == account and t.reduces]
    able = [name for name in others if turn.live.link(name).state in REDUCES_IN]
    if able and position_views.reachable(turn.state, turn.live, account):
        return f"Closes still go, through {line(able[0])}: /positions"
    of = turn.state.accounts[account]
    return (
        f"No other terminal of the account closes now. By the broker's own app or phone (the number is on the "
        f"enrolment card): server {line(of.server)}, login {of.login}."
    )


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
