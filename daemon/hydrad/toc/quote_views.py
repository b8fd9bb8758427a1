"""Quotes and feeds as people see them. Pure.

Ages are market time, as the gate measures them, and `standing_ms`: for how long, by machine time, the clock of a paper
home's market has not gone though it should. An age by that clock alone would stand with it; no feed is fresh then.
"""

from __future__ import annotations

from hydrad.domain.instants import ms_text, ns_text
from hydrad.domain.money import price_text
from hydrad.toc import sources
from hydrad.toc.live import Link
from hydrad.toc.terminal import LinkState
from hydrad.toc.turn import Turn
from hydrad.wire.answers.market import FeedRow, QuoteRow

NO_SOURCE = "none"


def quote_rows(turn: Turn, symbols: tuple[str, ...], standing_ms: int = 0) -> list[QuoteRow]:
    """The last quote of each terminal and symbol."""
    rows = []
    limit_ms = turn.state.limits.tick_age_max_ms
    for terminal in turn.state.terminals.values():
        link = turn.live.link(terminal.name)
        for symbol, quote in sorted(link.quotes.items()):
            if symbols and symbol not in symbols:
                continue
            terms = link.terms.get(symbol)
            if terms is None:
                continue
            age_ms = turn.market_ms - quote.time_ms + standing_ms
            is_source = sources.source(turn, symbol) == terminal.name
            rows.append(
                QuoteRow(
                    symbol,
                    terminal.name,
                    price_text(quote.bid_points, terms.digits),
                    price_text(quote.ask_points, terms.digits),
                    quote.spread_points,
                    ms_text(quote.time_ms),
                    round(age_ms / 1000, 3),
                    standing_ms > 0 or not 0 <= age_ms <= limit_ms or link.state is not LinkState.READY,
                    is_source,
                    *_taken(turn, symbol, terminal.name if is_source else ""),
                    terminal.account,
                    limit_ms / 1000,
                )
            )
    return rows


def feed_rows(turn: Turn, standing_ms: int = 0) -> tuple[FeedRow, ...]:
    """One row a symbol and its source."""
    rows = []
    for symbol in turn.live.symbols:
        source = sources.source(turn, symbol)
        link: Link | None = turn.live.link(source) if source else None
        quote = link.quotes.get(symbol) if link else None
        age_ms = turn.market_ms - quote.time_ms + standing_ms if quote else None
        rate = link.rates[symbol].per_s(turn.now_ns) if link and symbol in link.rates else 0.0
        stale = standing_ms > 0 or age_ms is None or not 0 <= age_ms <= turn.state.limits.tick_age_max_ms
        age_s = age_ms / 1000 if age_ms is not None else None
        age_max_s = turn.state.limits.tick_age_max_ms / 1000
        account = turn.state.terminals[source].account if source else None
        taken = _taken(turn, symbol, source)
        rows.append(FeedRow(symbol, source or NO_SOURCE, age_s, round(rate, 2), stale, *taken, account, age_max_s))
    return tuple(rows)


def _taken(turn: Turn, symbol: str, source: str) -> tuple[str | None, str | None]:
    """Since when a source is the one, and why it was taken."""
    found = turn.live.sources.get(symbol)
    return (ns_text(found.since_ns), found.why) if found is not None and source else (None, None)
