"""The fold's part that concerns alarms, findings and notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.toc import records as r
from hydrad.toc.numbering import used
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Alarm, Note, State

ALARMS_PAST_MAX = 200
FINDINGS_MAX = 1_000


def _alarm_raised(state: State, record: Record, body: r.AlarmRaised) -> None:
    used(state, body.number)
    state.alarms[body.number] = Alarm(
        number=body.number,
        code=body.code,
        subject=body.subject,
        text=body.text,
        since_ns=record.at_ns,
        severity=body.severity,
        account=body.account,
        owner=body.owner,
        told=(body.owner,) if body.owner else (),
        told_ns=record.at_ns,
    )


def _alarm_cleared(state: State, record: Record, body: r.AlarmCleared) -> None:
    alarm = state.alarms.pop(body.number)
    alarm.cleared_ns, alarm.cleared_why = record.at_ns, body.why
    state.alarms_past = [*state.alarms_past, alarm][-ALARMS_PAST_MAX:]


def _alarm_acknowledged(state: State, record: Record, body: r.AlarmAcknowledged) -> None:
    alarm = state.alarms[body.number]
    alarm.acked_by, alarm.acked_ns, alarm.ack_note = record.actor, record.at_ns, body.note


def _alarm_repeated(state: State, record: Record, body: r.AlarmRepeated) -> None:
    alarm = state.alarms[body.number]
    alarm.repeats, alarm.step, alarm.told, alarm.told_ns = body.repeats, body.step, body.told, record.at_ns


def _alarm_changed(state: State, record: Record, body: r.AlarmChanged) -> None:
    state.alarms[body.number].text = body.text


def _finding_made(state: State, record: Record, body: r.FindingMade) -> None:
    state.findings.append(record.seq)
    del state.findings[:-FINDINGS_MAX]


def _note_made(state: State, record: Record, body: r.NoteMade) -> None:
    note = Note(record.actor, record.at_ns, body.text, body.tag)
    state.notes.setdefault(body.subject, []).append(note)


HANDLERS: dict[type[Body], Callable[[State, Record, Any], None]] = {
    r.AlarmRaised: _alarm_raised,
    r.AlarmCleared: _alarm_cleared,
    r.AlarmAcknowledged: _alarm_acknowledged,
    r.AlarmRepeated: _alarm_repeated,
    r.AlarmChanged: _alarm_changed,
    r.FindingMade: _finding_made,
    r.NoteMade: _note_made,
}
