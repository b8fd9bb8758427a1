"""News in the core: what the file said, which opens it holds back, and what is told before an event.

The file is read outside and comes in as an input (`NewsTold`), so that a replay knows what was known. Nothing of it is
durable but the records: which file was read, and which events have been told of.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from hydrad.domain import news
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import HOUR
from hydrad.domain.news import NewsEvent
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import exposure
from hydrad.toc import records as r
from hydrad.toc.live import NEWS_FILE, NEWS_OFF, News

if TYPE_CHECKING:
    from hydrad.toc.inputs import NewsTold
    from hydrad.toc.turn import Turn

NEVER_MS = 1 << 62
AHEAD, BEGUN = 1, 2  # what has been told of an event


# Called once when the window of a high-impact event begins.
OnWindow = Callable[["Turn", NewsEvent], None]


def stricter(one: str, other: str) -> str:
    """Of two modes the one that holds more back."""
    return NEWS_FILE if NEWS_FILE in (one, other) else NEWS_OFF


def follow(turn: Turn) -> None:
    """The mode was set: what holds nothing back any more is forgotten."""
    if turn.state.news_mode == NEWS_OFF:
        turn.live.news = News(NEWS_OFF)


def told(turn: Turn, body: NewsTold) -> None:
    """The file was read, or could not be. It holds back while the journal's mode says so, whatever is configured."""
    if body.actor is not None:
        turn.actor, turn.surface = body.actor.identity, body.actor.surface.value
    mode = stricter(turn.state.news_mode, body.mode)
    turn.live.news = News(mode, tuple(sorted(body.events)), body.as_of_ns, body.problem)
    turn.emit(r.NewsRead(mode, len(body.events), body.as_of_ns, body.problem))


def check(
    now: News, terms: SymbolTerms | None, market_ms: int, now_ns: int, age_max_hours: int
) -> tuple[bool, str, str]:
    """Passed, measured, limit. With a file that is missing or old nothing passes."""
    if now.mode == NEWS_OFF:
        return True, "news is off: not read", "off by news.mode"
    limit = f"5 min before to 10 after high impact; a file of at most {age_max_hours} h"
    if now.problem or not now.as_of_ns:
        return False, f"no file: {now.problem or 'not read yet'}", limit
    age_ns = now_ns - now.as_of_ns
    if age_ns > age_max_hours * HOUR:
        return False, f"the file is {age_ns // HOUR} h old", limit
    if terms is None or not market_ms:
        return False, "unknown", limit
    for event in near(now.events, market_ms):
        if event.concerns(currencies(terms)):
            return False, event.text, limit
    return True, f"none near; file {Decimal(age_ns) / HOUR:.1f} h old", limit


def near(events: tuple[NewsEvent, ...], market_ms: int) -> list[NewsEvent]:
    """Those of high impact whose window this instant is in."""
    first = bisect_left(events, market_ms - news.AFTER_MS, key=lambda event: event.time_ms)
    found = []
    for event in events[first:]:
        if event.time_ms - news.BEFORE_MS > market_ms:
            break
        if event.blocks(market_ms):
            found.append(event)
    return found


def next_ms(now: News, terms: SymbolTerms, market_ms: int) -> int | None:
    """When the next high impact comes that concerns a symbol; None while none is known. For plans that end before
    news."""
    ahead = (event for event in now.events if event.holds and event.time_ms > market_ms)
    known = () if now.mode == NEWS_OFF else ahead
    return next((event.time_ms for event in known if event.concerns(currencies(terms))), None)


def currencies(terms: SymbolTerms) -> tuple[str, ...]:
    return (terms.currency_base, terms.currency_profit)


# --- before an event ------------------------------------------------------------------------------------


def look(turn: Turn, on_window: OnWindow) -> None:
    """Tell of what is ahead, and begin windows; costs a comparison until the next event is near."""
    now = turn.live.news
    if now.mode == NEWS_OFF or not now.events or turn.market_ms < now.look_ms:
        return
    first = bisect_left(now.events, turn.market_ms - news.AFTER_MS, key=lambda event: event.time_ms)
    now.look_ms = NEVER_MS
    for event in now.events[first:]:
        if not event.holds:
            continue
        if event.time_ms - news.AHEAD_MS > turn.market_ms:
            now.look_ms = event.time_ms - news.AHEAD_MS
            break
        now.look_ms = turn.market_ms + 1
        _near(turn, event, on_window)


def _near(turn: Turn, event: NewsEvent, on_window: OnWindow) -> None:
    """Each once. A file may come late, when the window has begun already: positions are named all the same."""
    told = turn.state.news_told.get(event.key, 0)
    if told < AHEAD and turn.market_ms < event.time_ms and (found := affected(turn, event)):
        turn.emit(r.NewsAhead(event, found))
    if told < BEGUN and turn.market_ms >= event.time_ms - news.BEFORE_MS:
        turn.emit(r.NewsWindow(event, event.time_ms - news.BEFORE_MS, event.time_ms + news.AFTER_MS))
        on_window(turn, event)


def affected(turn: Turn, event: NewsEvent) -> tuple[str, ...]:
    """Shown ids of our open positions that an event concerns; one whose terms are not known counts as concerned."""
    found = []
    for number in sorted(turn.state.positions_open):
        position = turn.state.positions[number]
        link = exposure.reporter(turn.state, turn.live, position.account)
        terms = link.terms.get(position.symbol) if link else None
        if terms is None or event.concerns(currencies(terms)):
            found.append(show(IdKind.POSITION, number))
    return tuple(found)
