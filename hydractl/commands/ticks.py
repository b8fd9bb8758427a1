"""Quotes: the last one of each symbol at each terminal."""

from __future__ import annotations

from hydractl.output import Column, age
from hydractl.session import Session
from hydractl.verbs import argument, flag, verb

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
    Column("SINCE", "source_since", wide=True),
    Column("WHY", "source_why", wide=True),
)


@verb(
    "ticks",
    "ticks",
    argument("symbols", "Symbols; all without.", required=False, many=True),
    flag("--watch -w", "Again every second."),
)
def ticks(session: Session, symbols: tuple[str, ...], watch: bool) -> int:
    """The last quote of each symbol and terminal, with its age."""

    def once() -> int:
        answer = session.client.query("ticks", symbols=symbols)
        return session.rows(answer, QUOTES, "no quote has come yet")

    if not watch:
        return once()
    from hydractl.commands.watch import repeat

    return repeat(session, once)
