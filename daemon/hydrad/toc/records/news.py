"""The news file, and the windows around what it announces."""

from __future__ import annotations

from hydrad.domain.news import NewsEvent
from hydrad.toc.records.base import Body


class NewsRead(Body, frozen=True):
    """The news file was read (`as_of_ns`: when it was last written), or could not be (`problem`)."""

    mode: str
    events: int
    as_of_ns: int
    problem: str


class NewsAhead(Body, frozen=True):
    """At most 15 minutes before high impact: which open positions it concerns, by their shown ids."""

    event: NewsEvent
    positions: tuple[str, ...]


class NewsWindow(Body, frozen=True):
    """From here on nothing opens in the event's currency, until `until_ms` of market time."""

    event: NewsEvent
    from_ms: int
    until_ms: int


class NewsModeSet(Body, frozen=True):
    """`mode`: off or file; a looser one has waited."""

    mode: str
    why: str
