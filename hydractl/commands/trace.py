"""One thing's story: every record about a mission, act or position, with the time between."""

from __future__ import annotations

from hydractl.output import age
from hydractl.session import Session, an_id
from hydractl.verbs import argument, flag, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers.journal import TraceData


@verb(
    "trace",
    "trace",
    argument("id", "A mission, act or position."),
    flag("--recheck", "Ask the terminal again about what is UNKNOWN."),
)
def trace(session: Session, id: str, recheck: bool) -> int:
    """Every record about a mission, act or position, as a time line."""
    answer = session.client.query("trace", id=an_id(id), recheck=recheck)

    def people(data: TraceData) -> None:
        out = session.out
        session.heading(answer)
        out.line(out.paint(f"{data.id}  {data.title}", "bold"))
        for event in data.events:
            after = f"+{age(event.after_s)}" if event.after_s is not None else ""
            ids = f"  [{event.actor} {event.surface}] #{event.seq}" if out.form == "wide" else ""
            market = f"  market {out.clock(event.market_at)}"
            out.line(f"{out.clock(event.at, 3)}{market}  {after:>12}  {event.kind:<24} {event.text}{ids}")
        if not data.events:
            out.line("no record is about it")
        for finding in data.findings:
            out.line(f"{out.paint('finding', 'warn')}  {finding}")

    return session.present(answer, people)
