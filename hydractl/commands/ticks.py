"""Quotes: the last one of each symbol at each terminal, and the recorded ones before it, with the bars of them."""

from __future__ import annotations

from hydractl.diagnostics import Failure
from hydractl.output import Column, age
from hydractl.session import Session
from hydractl.verbs import argument, flag, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TIMEFRAMES = ("M1", "M5", "M15", "M30", "H1", "H4", "D1")
QUOTES = (
    Column("SYMBOL", "symbol"),
    Column("TERMINAL", "terminal"),
    Column("BID", "bid", right=True),
    Column("ASK", "ask", right=True),
    Column("SPREAD", "spread_points", right=True),
    Column("TIME", "time"),
    Column("AGE", "age_s", right=True, show=lambda row: age(row.age_s)),
    Column("", "stale", show=lambda row: "STALE" if row.stale else "fresh"),
    Column("SOURCE", "source", wide=True, show=lambda row: "source" if row.source else "-"),
)
PAST = (
    Column("TIME", "time"),
    Column("BID", "bid", right=True),
    Column("ASK", "ask", right=True),
    Column("SPREAD", "spread_points", right=True),
    Column("RECEIVED", "received", wide=True),
)
BARS = (
    Column("TIME", "time"),
    *(
        Column(f"{side[:1].upper()} {part[:1].upper()}", f"{side}_{part}", right=True)
        for side in ("bid", "ask")
        for part in ("open", "high", "low", "close")
    ),
    Column("TICKS", "ticks", right=True),
    Column("SPREAD", "spread_points", right=True),
    Column("", "used", show=lambda row: "" if row.used else "NOT USED"),
)
SINCE = option("--since", "Recorded ones, from so long ago (10m, market time) or from an instant.", metavar="WHEN")
UNTIL = option("--until", "Up to so long ago, or to an instant; not included.", metavar="WHEN")
LIMIT = option("--limit -n", "The newest so many (20).", form=int, metavar="N")


@verb(
    "ticks",
    "ticks",
    argument("symbols", "Symbols; all without.", required=False, many=True),
    flag("--watch -w", "Again every second."),
    SINCE,
    UNTIL,
    LIMIT,
)
def ticks(
    session: Session, symbols: tuple[str, ...], watch: bool, since: str | None, until: str | None, limit: int | None
) -> int:
    """The last quote of each symbol and terminal, with its age; with --since, --until or -n recorded ones."""
    if since or until or limit:
        return _recorded(session, symbols, watch, {"since": since, "until": until, "limit": limit or 20})

    def once() -> int:
        answer = session.client.query("ticks", symbols=symbols)
        return session.rows(answer, QUOTES, "no quote has come yet")

    if not watch:
        return once()
    from hydractl.commands.watch import repeat

    return repeat(session, once)


def _recorded(session: Session, symbols: tuple[str, ...], watch: bool, wanted: dict[str, Any]) -> int:
    if len(symbols) != 1 or watch:
        raise Failure("USAGE", "recorded ticks are of one symbol, and not watched", "hydractl ticks EURUSD --since 10m")
    answer = session.client.query("ticks.history", symbol=symbols[0], **wanted)

    def people(data: Any) -> None:
        session.heading(answer)
        session.out.table(PAST, data.ticks, empty="no tick was recorded in that range")
        for source in data.sources[1:]:
            missing = "" if source.whole else "; something may be missing before"
            session.out.line(f"from {source.since} on by {source.terminal}{missing}")
        for line in data.damage:
            session.out.line(f"DAMAGED {line}")
        if data.more:
            session.talk.note("there are more in that range: -n takes up to 10000")

    return session.present(answer, people)


@verb(
    "bars",
    "bars",
    argument("symbol", "A recorded symbol."),
    option("--timeframe -t", "Width of a bar (M1).", choices=TIMEFRAMES),
    SINCE,
    UNTIL,
    LIMIT,
)
def bars(
    session: Session, symbol: str, timeframe: str | None, since: str | None, until: str | None, limit: int | None
) -> int:
    """Bars of the recording: bid and ask, ticks, mean spread; those that are not whole say so."""
    wanted = {"timeframe": timeframe or "M1", "since": since, "until": until, "limit": limit or 20}
    answer = session.client.query("bars", symbol=symbol, **wanted)
    return session.rows(answer, BARS, "no bar in that range")
