"""Missions: the list, one in full, and passing on one."""

from __future__ import annotations

from hydractl.commands import fired
from hydractl.commands.fires import ACTS
from hydractl.output import Column, age
from hydractl.session import Session, an_id
from hydractl.verbs import argument, option, verb
from hydrad.domain.ids import IdKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydractl.output import Output
    from hydrad.wire.answers.alarms import NoteRow
    from hydrad.wire.answers.missions import MissionRow, MissionShow


def _tcs(row: MissionRow) -> str:
    return row.tcs_text or ("not calibrated" if row.tcs is None else f"{row.tcs}%")


def _left(row: MissionRow) -> str:
    return age(row.expires_in_s) if row.expires_in_s > 0 else "over"


def entry_words(row: MissionRow) -> str:
    """How the market stands to the entry, as the gate's check says it; no word of its other checks."""
    now = row.entry_now
    if now is None:
        return "-"
    by = now.missed_by_points
    if by is None:
        return "not known"
    words = f"missed by {by} pts" if by else "in reach"
    return f"{words}, STALE" if now.stale else words


def quote_age(row: MissionRow) -> str:
    """Of the quote that those words are of."""
    return "-" if row.entry_now is None or row.entry_now.age_s is None else age(row.entry_now.age_s)


def fires_words(row: MissionRow) -> str:
    """How many fires it has had, by what became of them: ENGAGED says that there was one, never that it lives."""
    states = row.fire_states or ()  # an older daemon does not tell them
    counts = {state: states.count(state) for state in dict.fromkeys(states)}
    return ", ".join(f"{count} {state}" for state, count in counts.items()) or str(row.fires)


def _entry_now(row: MissionRow) -> str:
    old = quote_age(row)
    return entry_words(row) if old == "-" else f"{entry_words(row)}, {old} old"


MISSIONS = (
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("KIND", "kind"),
    Column("SYMBOL", "symbol"),
    Column("SIDE", "side"),
    Column("ENTRY", "entry", right=True),
    Column("STOP", "stop", right=True),
    Column("TARGET", "target", right=True),
    Column("COLLAR", "collar", right=True, wide=True),
    Column("R", "r", right=True),
    Column("TCS", "tcs_text", show=_tcs),
    Column("SESSION", "session", wide=True),
    Column("LEFT", "expires_in_s", right=True, show=_left),
    Column("ENTRY NOW", "entry_now", show=_entry_now),
    Column("FIRES", "fires", right=True, show=fires_words),
    Column("ORIGIN", "origin", wide=True),
    Column("DETECTOR", "detector", wide=True),
    Column("PROPOSED", "proposed_at", wide=True),
    Column("EXPIRES", "expires_at", wide=True),
    Column("HORIZON", "horizon_at", wide=True),
    Column("PASSED", "passed", wide=True),
    Column("OUTCOME", "outcome"),
    Column("RESULT R", "outcome_r", right=True),
)


@verb(
    "missions",
    "missions",
    option("--state", "Only in this state.", metavar="STATE"),
    option("--symbol", "Only of this symbol.", metavar="S"),
    option("--limit", "At most so many.", form=int, default=50, metavar="N"),
)
def missions(session: Session, state: str | None, symbol: str | None, limit: int) -> int:
    """Missions: those whose entry the market lets pass, others that take fires, then those that are over."""
    state = state.upper() if state else None
    answer = session.client.query("missions", state=state, symbol=symbol, limit=limit)
    return session.rows(answer, MISSIONS, "no missions")


@verb("mission", "mission", argument("mission", "The mission's id."))
@verb("mission show", "mission", argument("mission", "The mission's id."))
def mission_show(session: Session, mission: str) -> int:
    """One mission: why it was proposed, and what became of it."""
    answer = session.client.query("mission.show", mission=an_id(mission, IdKind.MISSION))

    def people(data: MissionShow) -> None:
        session.heading(answer)
        show_mission(session, data)

    return session.present(answer, people)


def show_mission(session: Session, data: MissionShow) -> None:
    out = session.out
    show_head(session, data)
    for name, value in data.features.items():
        out.line(f"  {name:24} {value}")
    out.table(ACTS, data.acts, empty="no acts", indent="  ")
    for note in data.notes or ():
        out.line(f"note    {note_text(out, note)}")


def show_head(session: Session, data: MissionShow) -> None:
    """What was proposed, without what it was measured by and what was done with it."""
    out, row = session.out, data.mission
    out.line(f"{out.paint(row.id, 'id')}  {out.word(row.state)}  {row.kind}  {row.symbol} {row.side}")
    for at, (state, text) in enumerate(fired.texts(data, data.positions or ())):
        words = text.replace(state, out.word(state), 1) if state else text
        out.line(f"{'fired' if state or not at else '':<7} {words}")
    for label, text in mission_texts(out, data, _left(row)):
        out.line(f"{label:<7} {text}")


def mission_texts(out: Output, data: MissionShow, left: str) -> list[tuple[str, str]]:
    """What was proposed, why, and what came of it, each with the word before it. `left`: how long it still stands."""
    row = data.mission
    target = row.target or "none"
    texts = [
        ("entry", f"{row.entry} +/- {row.collar}  stop {row.stop}  target {target}  R {row.r or '-'}"),
        ("tcs", _tcs(row)),
        ("made", f"{out.instant(row.proposed_at)} by {row.detector or row.origin}, session {row.session}"),
        ("until", f"{out.instant(row.expires_at)} ({left}), horizon {out.instant(row.horizon_at)}"),
        ("why", data.why),
    ]
    if row.outcome:
        texts.append(("outcome", f"{row.outcome} {row.outcome_r or '-'} R"))
    if row.passed:
        texts.append(("passed", "by you"))
    return texts


def note_text(out: Output, note: NoteRow) -> str:
    """A note in one line."""
    tag = f" [{note.tag}]" if note.tag else ""
    return f"{out.instant(note.at)} {note.id} {note.by}{tag}: {note.text}"


@verb(
    "pass",
    "mission",
    argument("mission", "The mission's id."),
    option("--reason", "Why; kept in the journal.", metavar="TEXT"),
)
def let_pass(session: Session, mission: str, reason: str | None) -> int:
    """Let a mission go by; others may still fire it."""
    mission = an_id(mission, IdKind.MISSION)
    answer = session.client.request("pass", mission=mission, reason=reason)

    def people(_: Any) -> None:
        session.out.line(f"passed {mission}")

    return session.present(answer, people)


@verb(
    "withdraw",
    "mission",
    argument("mission", "The mission's id."),
    option("--reason", "Why; kept in the journal.", metavar="TEXT"),
)
def withdraw(session: Session, mission: str, reason: str | None) -> int:
    """End a mission for everybody: it takes no more fires; what was fired goes on."""
    mission = an_id(mission, IdKind.MISSION)
    answer = session.client.request("withdraw", mission=mission, reason=reason)

    def people(data: MissionRow) -> None:
        session.out.line(f"{data.id}  {session.out.word(data.state)}")

    return session.present(answer, people)
