"""Notes: what people write beside what happened."""

from __future__ import annotations

from hydractl.session import Session, an_id
from hydractl.verbs import argument, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers.alarms import NoteRow


@verb(
    "note",
    "note",
    argument("id", "A mission, act, position or alarm."),
    argument("text", "One line."),
    option("--tag", "A word that report can count by.", metavar="TAG"),
)
def note(session: Session, id: str, text: str, tag: str | None) -> int:
    """Write a note about a mission, act, position or alarm; it stands in the journal."""
    answer = session.client.request("note", id=an_id(id), text=text, tag=tag)

    def people(data: NoteRow) -> None:
        session.heading(answer)
        session.out.line(f"{data.id}  {data.by}{f' [{data.tag}]' if data.tag else ''}: {data.text}")

    return session.present(answer, people)
