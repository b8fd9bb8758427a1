"""Which records leave by e-mail and webhook: alarms by the ladder of `toc.escalation`, halts, and their end. Pure.

The webhook is one for all: it gets one letter a record, which names who is told. Who gets an alarm by the bot alone, at
its first step, gets none here; what was told here is told here as over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from hydrad.domain.accounts import Authority
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import HOUR
from hydrad.outbox import letter as outbox
from hydrad.outbox.letter import Letter, Priority, clipped
from hydrad.toc import audience, crew, escalation, oncall
from hydrad.toc import records as r
from hydrad.toc.alarm_texts import alarm_text
from hydrad.toc.oncall import BESIDE_THE_BOT, OF_THE_HOME
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Alarm, Operator, State
from hydrad.toc.texts import line
from hydrad.toc.turn import Turn

EXPIRES_NS = 24 * HOUR
# Acts whose outcome is not known go first, as halts do.
_FIRST = frozenset({"ACT_UNKNOWN", "RESTING_UNCANCELLED"})


class Desk(NamedTuple):
    turn: Turn
    record: Record

    @property
    def state(self) -> State:
        return self.turn.state


def composed(turn: Turn, record: Record) -> Sequence[Letter]:
    """`turn`: the state with this record in it, or later."""
    body = r.decode(record.type, record.body)
    maker = _MAKERS.get(type(body))
    return maker(Desk(turn, record), body) if maker is not None else ()


def _raised(desk: Desk, body: r.AlarmRaised) -> list[Letter]:
    alarm = desk.state.alarms.get(body.number)
    return [] if alarm is None else _rings(desk, alarm, escalation.told_at(desk.state, alarm, 0), 0)


def _repeated(desk: Desk, body: r.AlarmRepeated) -> list[Letter]:
    """Not where somebody has taken it on meanwhile."""
    alarm = desk.state.alarms.get(body.number)
    return [] if alarm is None or alarm.acked_by else _rings(desk, alarm, body.told, body.step)


def _rings(desk: Desk, alarm: Alarm, names: Iterable[str], step: int) -> list[Letter]:
    priority = Priority.HALT if alarm.code in _FIRST else Priority.ALARM
    answer = f"\nTake it on: hydractl ack {show(IdKind.ALARM, alarm.number)}, or the bot's button."
    return _letters(desk, names, step, priority, alarm_text(desk.turn, alarm) + answer, _topic(alarm))


def _over(desk: Desk, body: r.AlarmAcknowledged | r.AlarmCleared) -> list[Letter]:
    past = (alarm for alarm in reversed(desk.state.alarms_past) if alarm.number == body.number)
    alarm = desk.state.alarms.get(body.number) or next(past, None)
    if alarm is None:
        return []
    return _letters(desk, alarm.told, alarm.step, Priority.RESULT, alarm_text(desk.turn, alarm), _topic(alarm))


def _topic(alarm: Alarm) -> str:
    return show(IdKind.ALARM, alarm.number)


def _authority(desk: Desk, body: r.AuthoritySet) -> list[Letter]:
    """A halt is told to those on call whose first way it is; a resume likewise, so that nobody waits for it."""
    where = f"of {line(body.account)}" if body.account else "of everything"
    who = line(crew.name_of(desk.state, desk.record.actor))
    reason = f": {line(body.reason)}" if body.reason else ""
    text = f"{Authority(body.level).name}: authority {where}, by {who}{reason}"
    return _letters(desk, [o.name for o in crew.on_call(desk.state)], 0, Priority.HALT, text, "", body.account)


def _letters(
    desk: Desk, names: Iterable[str], step: int, priority: Priority, text: str, topic: str, account: str = ""
) -> list[Letter]:
    """One for each address, whoever shares it."""
    people = [desk.state.operators[name] for name in names if name in desk.state.operators]
    people = [one for one in people if not one.suspended and _sees(desk.state, one, account)]
    ways = {way for one in people for way in oncall.ways(desk.state, one, step) if way.channel in BESIDE_THE_BOT}
    named = f"\ntold: {', '.join(line(one.name) for one in people)}"
    return [
        Letter(
            key=f"{desk.record.seq}/{channel.value}/{to}",
            channel=outbox.Channel(channel.value),
            to=to,
            priority=priority,
            text=clipped(text + (named if channel in OF_THE_HOME else "")),
            topic=topic,
            expires_ns=0 if priority is Priority.HALT else desk.record.at_ns + EXPIRES_NS,
        )
        for channel, to in sorted(ways)
    ]


def _sees(state: State, operator: Operator, account: str) -> bool:
    return audience.sees(audience.of(state, operator.identities[0]), account)


_MAKERS: dict[type[Body], Callable[[Desk, Any], list[Letter]]] = {
    r.AlarmRaised: _raised,
    r.AlarmRepeated: _repeated,
    r.AlarmAcknowledged: _over,
    r.AlarmCleared: _over,
    r.AuthoritySet: _authority,
}
