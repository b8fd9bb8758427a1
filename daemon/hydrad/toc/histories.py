"""Readings that people asked for: a terminal's whole history, then its positions and figures, all read after the
question. Owns what has come of an answer so far; volatile, bounded by `ROWS_MAX`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hydrad.link import frames as f

ROWS_MAX = 50_000
ASKINGS_MAX = 8


@dataclass(slots=True)
class History:
    """One terminal's answer. `reports`: how many positions reports and figures it had told when its history was
    complete; None while it is not. What comes over `ROWS_MAX` is counted, not kept."""

    terminal: str
    query_id: int
    rows: dict[int, f.DealRow] = field(default_factory=dict)
    reports: tuple[int, int] | None = None
    shed: int = 0


@dataclass(slots=True)
class Before:
    """How the journal had an open position when the question came."""

    volume_steps: int
    stop_points: int
    target_points: int
    deals: int


@dataclass(slots=True)
class Asking:
    """A client that waits for readings. `month`: of a statement, as (first ms, last ms, name)."""

    request: int
    verb: str
    since_ns: int
    deadline_ns: int
    accounts: tuple[str, ...]
    histories: dict[str, History]
    silent: tuple[str, ...] = ()  # those that could not even be asked
    month: tuple[int, int, str] | None = None
    before: dict[int, Before] = field(default_factory=dict)


def told(askings: Iterable[Asking], terminal: str, body: f.Deals, reports: tuple[int, int]) -> None:
    """A page of an answer; one that nobody waits for any more is dropped."""
    for asking in askings:
        history = asking.histories.get(terminal)
        if history is None or history.query_id != body.query_id or history.reports is not None:
            continue
        for row in body.rows:
            if len(history.rows) < ROWS_MAX or row.ticket in history.rows:
                history.rows[row.ticket] = row
            else:
                history.shed += 1
        if body.last:
            history.reports = reports
