"""News as people's surfaces show it."""

from __future__ import annotations

from hydrad.domain import calendar
from hydrad.domain.instants import SECOND, ms_text
from hydrad.domain.news import NewsEvent
from hydrad.toc.live import NEWS_OFF
from hydrad.toc.news import currencies, near
from hydrad.toc.turn import Turn
from hydrad.wire.answers.market import NewsData, NewsRow, NewsView


def view(turn: Turn, file: str, explicit: bool) -> NewsView:
    now = turn.live.news
    on = now.mode != NEWS_OFF
    ahead = next((event for event in now.events if event.holds and event.time_ms > turn.market_ms), None)
    return NewsView(
        mode=now.mode,
        explicit=explicit,
        file=file,
        age_s=round((turn.now_ns - now.as_of_ns) / SECOND, 3) if now.as_of_ns else None,
        problem=(now.problem or None) if on else None,
        events=len(now.events),
        next=ahead.text if ahead else None,
        holding=tuple(event.text for event in near(now.events, turn.market_ms)) if on else (),
    )


def data(turn: Turn, shown: NewsView) -> NewsData:
    """The trading day that holds market time; without a market clock nothing is today."""
    day = calendar.trading_day(turn.market_ms) if turn.market_ms else None
    events = [event for event in turn.live.news.events if calendar.trading_day(event.time_ms) == day]
    return NewsData(shown, tuple(_row(turn, event) for event in events))


def _row(turn: Turn, event: NewsEvent) -> NewsRow:
    terms = {symbol: one for link in turn.live.links.values() for symbol, one in link.terms.items()}
    return NewsRow(
        at=ms_text(event.time_ms, 0),
        in_s=round((event.time_ms - turn.market_ms) / 1000, 3),
        currency=event.currency,
        impact=event.impact,
        title=event.title,
        source=event.source,
        symbols=tuple(sorted(symbol for symbol, one in terms.items() if event.concerns(currencies(one)))),
        holds=turn.live.news.mode != NEWS_OFF and event.blocks(turn.market_ms),
    )
