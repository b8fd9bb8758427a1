"""Alarms: those that stand, one with its runbook, taking one on; and findings, from the journal."""

from __future__ import annotations

from hydractl.commands.tail import instant_ns
from hydractl.output import MISSING, Column, age
from hydractl.session import Session, an_id
from hydractl.verbs import argument, flag, option, verb
from hydrad.domain.ids import IdKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.alarms import AlarmRow, AlarmShow


def state_of(row: AlarmRow) -> str:
    """What a tired person must know: is somebody on it?"""
    if row.cleared_at:
        return "cleared"
    if row.acknowledged_by:
        return f"acknowledged by {row.acknowledged_by}"
    return "warning" if row.severity == "WARNING" else "NOBODY IS ON IT"


ALARMS = (
    Column("ID", "id"),
    Column("CODE", "code"),
    Column("SUBJECT", "subject"),
    Column("STATE", "severity", show=state_of),
    Column("OWNER", "owner"),
    Column("AGE", "age_s", right=True, show=lambda row: age(row.age_s)),
    Column("TOLD", "repeats", right=True, show=lambda row: f"{row.repeats + 1}x"),
    Column("ACCOUNT", "account", wide=True),
    Column("SINCE", "since", wide=True),
    Column("ACKNOWLEDGED BY", "acknowledged_by", wide=True),
    Column("AT", "acknowledged_at", wide=True),
    Column("NOTE", "note", wide=True),
    Column("TOLD LAST", "told", wide=True, show=lambda row: ", ".join(row.told) or MISSING),
    Column("CLEARED", "cleared_at", wide=True),
    Column("WHY", "cleared_why", wide=True),
    Column("TEXT", "text"),
    Column("NOW", "runbook", show=lambda row: row.runbook[0]),
)
FINDINGS = (
    Column("SEQ", "seq", right=True),
    Column("AT", "at"),
    Column("CODE", "code"),
    Column("SUBJECT", "subject"),
    Column("DETAIL", "detail"),
    Column("MEANING", "meaning", wide=True),
    Column("NOW", "now"),
)


@verb("alarms", "alarms", flag("--all", "The newest cleared ones too.", name="cleared"))
def alarms(session: Session, cleared: bool) -> int:
    """Alarms that stand, those that nobody is on first; wide shows the whole runbooks."""
    answer = session.client.query("alarms", cleared=cleared)
    if session.out.form != "wide":
        return session.rows(answer, ALARMS, "no alarm stands")

    def people(data: list[AlarmRow]) -> None:
        session.heading(answer)
        for row in data:
            _lines(session, row)
        if not data:
            session.out.line("no alarm stands")

    return session.present(answer, people, ALARMS)


@verb("alarm show", "alarm", argument("alarm", "The alarm's id."))
def alarm_show(session: Session, alarm: str) -> int:
    """One alarm: who has it, who was told, and what to do."""
    return show_alarm(session, session.client.query("alarm.show", alarm=an_id(alarm, IdKind.ALARM)))


@verb(
    "ack",
    "alarm",
    argument("alarm", "The alarm's id."),
    option("--note", "What you are doing about it.", metavar="TEXT"),
)
def ack(session: Session, alarm: str, note: str | None) -> int:
    """Take an alarm on: it stands until its cause is gone, and is no longer repeated."""
    return show_alarm(session, session.client.request("ack", alarm=an_id(alarm, IdKind.ALARM), note=note))


@verb(
    "findings",
    "findings",
    option("--since", "From so long ago (10m), or from an instant.", metavar="WHEN"),
    option("--code", "Only of this code.", metavar="CODE"),
    option("--limit", "At most so many.", form=int, default=50, metavar="N"),
)
def findings(session: Session, since: str | None, code: str | None, limit: int) -> int:
    """What reconciliation and checks have found, newest first."""
    answer = session.client.query("findings", since_ns=instant_ns(since), code=code, limit=limit)
    return session.rows(answer, FINDINGS, "no finding")


def show_alarm(session: Session, answer: Answer) -> int:
    """One alarm with its runbook and what was noted about it."""

    def people(data: AlarmShow) -> None:
        session.heading(answer)
        _lines(session, data.alarm)
        for note in data.notes:
            session.out.line(f"note    {session.out.instant(note.at)} {note.by}: {note.text}")

    return session.present(answer, people)


def _lines(session: Session, row: AlarmRow) -> None:
    """What it is, who has it, and the runbook, the line for now first."""
    out = session.out
    state = state_of(row)
    style = {"cleared": "dim", "NOBODY IS ON IT": "bad"}.get(state, "warn")
    head = f"{out.paint(row.id, 'id')}  {out.paint(row.code, 'bold')}  {row.subject}  {out.paint(state, style)}"
    out.line(f"{head}  {age(row.age_s)} old")
    out.line(f"  {row.text}")
    out.line(f"  {out.paint('now:', 'bold')} {row.runbook[0]}")
    for line in row.runbook[1:]:
        out.line(f"       {line}")
    told = ", ".join(row.told) or "nobody"
    out.line(f"  owner {row.owner or 'none'}, told {row.repeats + 1}x, last {told}, since {out.instant(row.since)}")
    if row.acknowledged_by:
        note = f": {row.note}" if row.note else ""
        out.line(f"  acknowledged by {row.acknowledged_by} at {out.instant(row.acknowledged_at)}{note}")
    if row.cleared_at:
        out.line(f"  cleared at {out.instant(row.cleared_at)}: {row.cleared_why}")
