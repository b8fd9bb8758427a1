"""Changes that wait for a second person or for their time."""

from __future__ import annotations

from hydractl.output import Column
from hydractl.session import Session, an_id
from hydractl.verbs import argument, option, verb
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


def show_one(session: Session, answer: Answer, word: str) -> int:
    """A change, and what became of it."""

    def people(row: Any) -> None:
        session.heading(answer)
        session.out.line(f"{word}  {row.id}  {row.text}")

    return session.present(answer, people)


@verb("changes", "changes")
def changes(session: Session) -> int:
    """What waits for a second person, or for its time."""
    return session.rows(session.client.query("changes"), CHANGES, "nothing waits")


@verb("change drop", "change", _ID, option("--reason", "Why; kept in the journal.", default="", metavar="TEXT"))
def drop(session: Session, id: str, reason: str) -> int:
    """End a waiting change; needs a commander."""
    answer = session.client.request("change.drop", id=an_id(id, IdKind.CHANGE), reason=reason)
    return show_one(session, answer, "DROPPED")
