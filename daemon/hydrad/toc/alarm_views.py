"""Alarms, findings and notes as people's surfaces show them."""

from __future__ import annotations

from collections.abc import Iterable

from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import SECOND, ms_text, ns_text
from hydrad.toc import crew
from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.toc.state import Alarm, State
from hydrad.wire.answers.alarms import AlarmRow, AlarmShow, FindingRow, NoteRow
from hydrad.wire.codes import Finding
from hydrad.wire.runbooks import Severity, runbook


def alarm_row(state: State, now_ns: int, alarm: Alarm) -> AlarmRow:
    return AlarmRow(
        id=show(IdKind.ALARM, alarm.number),
        code=alarm.code,
        subject=alarm.subject,
        text=alarm.text,
        since=ns_text(alarm.since_ns),
        age_s=round((now_ns - alarm.since_ns) / SECOND, 3),
        severity=alarm.severity,
        account=alarm.account or None,
        owner=alarm.owner or None,
        acknowledged_by=crew.name_of(state, alarm.acked_by) or None,
        acknowledged_at=ns_text(alarm.acked_ns) if alarm.acked_by else None,
        note=alarm.ack_note or None,
        repeats=alarm.repeats,
        step=alarm.step,
        told=alarm.told,
        cleared_at=ns_text(alarm.cleared_ns) if alarm.cleared_ns else None,
        cleared_why=alarm.cleared_why or None,
        runbook=runbook(alarm.code).lines,
    )


def alarm_rows(state: State, now_ns: int, cleared: bool = False) -> tuple[AlarmRow, ...]:
    """Those that stand: unacknowledged alarms first, warnings last, oldest first; then the cleared ones, newest
    first."""
    standing = sorted(state.alarms.values(), key=lambda x: (x.severity != Severity.ALARM, bool(x.acked_by), x.number))
    past = reversed(state.alarms_past) if cleared else ()
    return tuple(alarm_row(state, now_ns, alarm) for alarm in (*standing, *past))


def alarm_show(state: State, now_ns: int, alarm: Alarm) -> AlarmShow:
    return AlarmShow(alarm_row(state, now_ns, alarm), note_rows(state, (show(IdKind.ALARM, alarm.number),)))


def note_rows(state: State, subjects: Iterable[str]) -> tuple[NoteRow, ...]:
    """What was written about some ids, oldest first."""
    found = [(note, subject) for subject in subjects for note in state.notes.get(subject, ())]
    return tuple(
        NoteRow(subject, ns_text(note.at_ns), crew.name_of(state, note.actor), note.text, note.tag or None)
        for note, subject in sorted(found, key=lambda pair: pair[0].at_ns)
    )


def finding_row(record: Record) -> FindingRow:
    body = r.decode(record.type, record.body)
    assert isinstance(body, r.FindingMade)
    known = Finding.__members__.get(body.code)
    return FindingRow(
        seq=record.seq,
        at=ns_text(record.at_ns),
        market_at=ms_text(record.market_ms) if record.market_ms else None,
        code=body.code,
        subject=body.subject,
        detail=body.detail,
        meaning=known.text if known else "A code of an earlier version.",
        now=runbook(body.code).lines[0],
    )
