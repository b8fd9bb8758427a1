"""The word twice a day that all is well, so that silence means something: said only where it is so, else what is not.

It says since when, what is held, what answers, how old the last tick is, when the journal was verified and how it ends,
and what waits to be told. Whoever misses it at its time knows that nobody watches. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hydrad.domain.instants import SECOND, duration_text, ns_text
from hydrad.toc import exposure
from hydrad.toc.quote_views import feed_rows
from hydrad.toc.state import Job
from hydrad.toc.terminal import LinkState
from hydrad.toc.texts import line
from hydrad.toc.turn import Turn
from hydrad.wire.answers.status import HealthRow

VERIFY_JOB = "journal-verify"
SHOWN_MAX = 12


class Told(NamedTuple):
    ok: bool
    text: str


class Measured(NamedTuple):
    """What the daemon measures of itself, now. `waiting`: letters that are not sent yet."""

    name: str
    checks: Sequence[HealthRow]
    waiting: int
    seq: int
    head: bytes
    standing_ms: int


def told(turn: Turn, now: Measured) -> Told:
    bad = [f"{row.check}: {line(row.detail)}" for row in now.checks if not row.ok]
    home = f"{now.name} ({turn.state.mode.value})"
    if bad:
        left = [f"and {len(bad) - SHOWN_MAX} more"] if len(bad) > SHOWN_MAX else []
        lines = [f"NOT ALL WELL: {home}", *(f"- {text}" for text in bad[:SHOWN_MAX]), *left]
    else:
        lines = [f"ALL WELL: {home}, since {ns_text(_since_ns(turn), 0)}"]
    return Told(not bad, "\n".join([*lines, *_facts(turn, now)]))


def _since_ns(turn: Turn) -> int:
    """When the last thing that was not well ended: an alarm, or that the daemon was not there."""
    return max([turn.state.started_ns, *(alarm.cleared_ns for alarm in turn.state.alarms_past)])


def _facts(turn: Turn, now: Measured) -> list[str]:
    state = turn.state
    held = [p for account in state.accounts for p in exposure.open_positions(state, account)]
    bare = sum(not position.stop_points for position in held)
    ready = sum(turn.live.link(name).state is LinkState.READY for name in state.terminals)
    ages = [row.age_s for row in feed_rows(turn, now.standing_ms) if row.age_s is not None]
    tick = f"{min(ages):.1f} s ago" if ages else "none in this session"
    return [
        f"{len(held)} positions open" + (f", {bare} WITHOUT A STOP" if bare else ""),
        f"{ready} of {len(state.terminals)} terminals READY, last tick {tick}",
        f"journal: record {now.seq}, head {now.head.hex()[:16]}, {_verified(turn, state.jobs.get(VERIFY_JOB))}",
        f"{now.waiting} letters wait",
    ]


def _verified(turn: Turn, job: Job | None) -> str:
    if job is None:
        return "not verified yet"
    age = duration_text((turn.now_ns - job.ended_ns) // SECOND * SECOND)
    return f"verified {age} ago" if job.ok else f"VERIFYING FAILED {age} ago"
