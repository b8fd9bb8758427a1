"""Taking an alarm on."""

from __future__ import annotations

from hydrad.domain import ids
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind
from hydrad.domain.instants import ns_text
from hydrad.toc import alarm_views, crew
from hydrad.toc import records as r
from hydrad.toc.desk.notes import checked_text
from hydrad.toc.desk.refusals import Refused
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode


def _ack(turn: Turn, asked: Requested, verb: calls.Ack) -> None:
    """The first one to acknowledge has it; told again, the answer is who that was, and nothing is written."""
    _, number = ids.parse(verb.alarm, IdKind.ALARM)
    alarm = turn.state.alarms.get(number)
    if alarm is None:
        past = next((a for a in turn.state.alarms_past if a.number == number), None)
        if past is None:
            raise Refused(ErrorCode.NOT_FOUND, f"no alarm {verb.alarm}", "hydractl alarms lists those that stand")
        raise Refused(
            ErrorCode.CONFLICT, f"{verb.alarm} was cleared at {ns_text(past.cleared_ns, 0)}: {past.cleared_why}"
        )
    note = checked_text(verb.note, "note") if verb.note else ""
    if not alarm.acked_by:
        turn.emit(r.AlarmAcknowledged(number, note))
    elif note and alarm.acked_by != turn.actor:
        text = f"{verb.alarm} was acknowledged by {crew.name_of(turn.state, alarm.acked_by)}; your note was not written"
        raise Refused(ErrorCode.CONFLICT, text, f"hydractl note {verb.alarm} TEXT")
    turn.reply(asked.request, "hydra.alarm/v1", alarm_views.alarm_show(turn.state, turn.now_ns, alarm))


VERBS: Table = {calls.Ack: (Role.TRADER, _ack)}
