"""News: events of an economic calendar, and the file they come in.

`news.csv`: a heading line `time_utc,currency,impact,title,source`, then one event a line. `time_utc` is ISO 8601
with Z, `currency` three letters or ALL, `impact` high, medium or low. Only high impact holds anything back.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from hydrad.domain.instants import MINUTE_MS, BadInstant, ms_text, parse_ms

COLUMNS = ("time_utc", "currency", "impact", "title", "source")
IMPACTS = ("high", "medium", "low")
EVERY_CURRENCY = "ALL"
EVENTS_MAX = 5_000
BEFORE_MS, AFTER_MS, AHEAD_MS = 5 * MINUTE_MS, 10 * MINUTE_MS, 15 * MINUTE_MS
_CURRENCY = re.compile(r"[A-Z]{3}")


class BadNews(ValueError):
    """A file or an event that cannot be read; the message names the line."""


class NewsEvent(msgspec.Struct, frozen=True, array_like=True, order=True):
    time_ms: int
    currency: str
    impact: str
    title: str
    source: str = ""

    @property
    def holds(self) -> bool:
        """Whether opens are held back around it."""
        return self.impact == IMPACTS[0]

    def concerns(self, currencies: Iterable[str]) -> bool:
        return self.currency == EVERY_CURRENCY or self.currency in currencies

    def blocks(self, market_ms: int) -> bool:
        """From 5 minutes before to 10 after, the ends included."""
        return self.holds and self.time_ms - BEFORE_MS <= market_ms <= self.time_ms + AFTER_MS

    @property
    def key(self) -> str:
        """Tells it from all others; begins with its time."""
        return f"{self.time_ms} {self.currency} {self.title}"

    @property
    def text(self) -> str:
        return f"{self.currency} {self.title} at {ms_text(self.time_ms, 0)}"


def event(time_utc: str, currency: str, impact: str, title: str, source: str = "") -> NewsEvent:
    """An event from texts; raises BadNews."""
    try:
        time_ms = parse_ms(time_utc.strip())
    except BadInstant as error:
        raise BadNews(str(error)) from None
    currency, impact, title = currency.strip().upper(), impact.strip().lower(), " ".join(title.split())
    if not _CURRENCY.fullmatch(currency):
        raise BadNews(f"currency '{currency}' is not three letters")
    if impact not in IMPACTS:
        raise BadNews(f"impact '{impact}' is not {', '.join(IMPACTS)}")
    if not title:
        raise BadNews("an event needs a title")
    return NewsEvent(time_ms, currency, impact, title[:120], source.strip()[:60])


def parse(text: str) -> tuple[NewsEvent, ...]:
    """All events of a file, each once, in the order of their time; raises BadNews."""
    rows = csv.reader(text.splitlines())
    try:
        found = _events(rows)
    except csv.Error as error:
        raise BadNews(f"line {rows.line_num}: {error}") from None
    if len(found) > EVENTS_MAX:
        raise BadNews(f"{len(found)} events, {EVENTS_MAX} at most")
    return tuple(sorted(found))


def _events(rows: Any) -> set[NewsEvent]:
    """`rows`: a csv.reader; raises BadNews and csv.Error."""
    found: set[NewsEvent] = set()
    heading = tuple(name.strip().lower() for name in next(rows, []))
    if heading != COLUMNS:
        raise BadNews(f"line 1: the heading is not {','.join(COLUMNS)}")
    for row in rows:
        if not row:
            continue
        if len(row) != len(COLUMNS):
            raise BadNews(f"line {rows.line_num}: {len(row)} columns, {len(COLUMNS)} expected")
        try:
            found.add(event(*row))
        except BadNews as error:
            raise BadNews(f"line {rows.line_num}: {error}") from None
    return found


def write(events: Iterable[NewsEvent]) -> str:
    """The text of a file."""
    lines = [",".join(COLUMNS)]
    for item in sorted(set(events)):
        cells = (ms_text(item.time_ms, 0), item.currency, item.impact, item.title, item.source)
        lines.append(",".join(_cell(cell) for cell in cells))
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r') else text
