"""The journal as it happens. A lost connection is said on stderr and resumed by sequence number."""

from __future__ import annotations

from hydractl.clock import now_ns
from hydractl.diagnostics import ExitCode, Failure
from hydractl.output import Column
from hydractl.session import Session, an_id
from hydractl.verbs import flag, option, verb
from hydrad.domain.ids import IdKind
from hydrad.domain.instants import MS, BadInstant, parse_duration_ns, parse_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers.journal import Event

EVENTS = (
    Column("SEQ", "seq"),
    Column("AT", "at"),
    Column("MARKET", "market_at"),
    Column("KIND", "kind"),
    Column("IDS", "ids"),
    Column("ACTOR", "actor"),
    Column("SURFACE", "surface"),
    Column("TEXT", "text"),
)


@verb(
    "tail",
    "event",
    flag("--follow -f", "Go on as records come."),
    option("--lines -n", "The last so many.", name="last", form=int, default=20, metavar="N"),
    option("--since", "From so long ago (10m), or from an instant.", metavar="WHEN"),
    option("--until", "Up to so long ago, or to an instant.", metavar="WHEN"),
    option("--after-seq", "From behind this sequence number.", form=int, metavar="SEQ"),
    option("--kind", "Only records of this type.", metavar="K"),
    option("--symbol", "Only of this symbol.", metavar="S"),
    option("--mission", "Only of this mission.", metavar="ID"),
    flag("--json", "The same as -o json."),
)
def tail(
    session: Session,
    follow: bool,
    last: int,
    since: str | None,
    until: str | None,
    after_seq: int | None,
    kind: str | None,
    symbol: str | None,
    mission: str | None,
    json: bool,
) -> int:
    """Records of the journal as events, oldest first."""
    out = session.out
    if json:
        out.form = "json"
    if out.form == "tsv" and not session.quiet:
        out.tsv(EVENTS, (), heading=True)
    events = session.client.events(
        follow,
        lambda seq: session.talk.note(f"connection lost; going on behind {seq} when the daemon is back"),
        lambda silent_s: session.talk.note(_silence(silent_s)),
        last=last,
        since_ns=instant_ns(since),
        until_ns=instant_ns(until),
        after_seq=after_seq,
        kind=kind,
        symbol=symbol,
        mission=an_id(mission, IdKind.MISSION) if mission else None,
    )
    for event in events:
        _show(session, event)
        out.flush()
        if out.closed:
            break
    out.flush()
    return ExitCode.DONE


def _silence(silent_s: float) -> str:
    if silent_s:
        return f"no sign of life from the daemon for {silent_s:g} s: it hangs or is stopped; nothing new can be shown"
    return "the daemon is heard again"


def _show(session: Session, event: Event) -> None:
    out = session.out
    if out.form == "json":
        out.json(event)
    elif out.form == "tsv":
        out.tsv(EVENTS, (event,), heading=False)
    else:
        wide = f"  [{event.actor} {event.surface}] #{event.seq}" if out.form == "wide" else ""
        market = out.paint(f"market {out.clock(event.market_at)}", "dim")
        out.line(f"{out.clock(event.at, 3)} {market} {event.kind} {event.text}{wide}")


def instant_ns(text: str | None) -> int | None:
    """UTC nanoseconds of `10m` (so long ago) or of an ISO 8601 instant."""
    if text is None:
        return None
    try:
        if is_instant(text):
            return parse_ms(text) * MS
        return now_ns() - parse_duration_ns(text)
    except BadInstant as error:
        raise Failure("USAGE", str(error)) from None


def is_instant(text: str) -> bool:
    """An instant, rather than a length of time."""
    return "T" in text.upper() or text.count("-") == 2
