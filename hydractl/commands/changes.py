"""Changes that wait for a second person or for their time."""

from __future__ import annotations

from hydractl.output import Column
from hydractl.session import Session, an_id
from hydractl.verbs import YES, argument, option, verb
from hydrad.domain.ids import IdKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers import Answer

CHANGES = (
    Column("ID", "id"),
    Column("WHAT", "text"),
    Column("ASKED BY", "asked_by"),
    Column("AT", "asked_at"),
    Column("DUE", "due_at", show=lambda row: row.due_at or "only when approved"),
    Column("APPROVED", "approve"),
)
_ID = argument("id", "The change's id.")


def _one(session: Session, answer: Answer, word: str) -> int:
    def people(row: Any) -> None:
        session.heading(answer)
        session.out.line(f"{word}  {row.id}  {row.text}")

    return session.present(answer, people)


@verb("changes", "changes")
def changes(session: Session) -> int:
    """What waits for a second person, or for its time."""
    return session.rows(session.client.query("changes"), CHANGES, "nothing waits")


@verb("approve", "change", _ID, YES)
def approve(session: Session, id: str, yes: bool) -> int:
    """Let a change be made that another person asked for; needs a commander."""
    id = an_id(id, IdKind.CHANGE)
    session.require(yes, "approve")
    if not yes:
        answer = session.client.query("changes")
        found = [row for row in answer.data or () if row.id == id]
        session.out.table(CHANGES, found, empty="no such change waits")
        session.out.flush()
        session.confirm(f"approve {id}?", session.label(answer, None))
    return _one(session, session.client.request("approve", id=id), "APPROVED")


@verb("change drop", "change", _ID, option("--reason", "Why; kept in the journal.", default="", metavar="TEXT"))
def drop(session: Session, id: str, reason: str) -> int:
    """End a waiting change; needs a commander."""
    answer = session.client.request("change.drop", id=an_id(id, IdKind.CHANGE), reason=reason)
    return _one(session, answer, "DROPPED")
