"""The journal as it is told: events as they happen, and the time line of a mission or an act."""

from __future__ import annotations

from typing import Any

from hydrad.wire.answers import Out


class JournalView(Out, frozen=True):
    seq: int
    head: str
    size_bytes: int


class Event(Out, frozen=True):
    """A record as `tail` and `trace` show it. `text` is one line for people, `facts` the record's fields for scripts;
    `after_s` (trace only) the time since the line before."""

    seq: int
    at: str
    market_at: str | None
    kind: str
    text: str
    actor: str
    surface: str
    ids: tuple[str, ...]
    facts: dict[str, Any]
    after_s: float | None = None


class TraceData(Out, frozen=True):
    id: str
    title: str
    events: tuple[Event, ...]
    findings: tuple[str, ...]
