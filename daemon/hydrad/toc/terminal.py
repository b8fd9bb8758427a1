"""A terminal: its link (volatile, rebuilt by hand-shake) and its duty (durable, a person's or a finding's doing).

Link: ABSENT -> GREETING (HELLO seen) -> RECONCILING (WELCOME sent, books on their way) -> READY <-> DEGRADED (late
beats, no broker, trading off) -> LOST (no beat for long) -> GREETING with the next HELLO. Only READY takes opens.
"""

from __future__ import annotations

import enum


class LinkState(enum.StrEnum):
    ABSENT = "ABSENT"
    GREETING = "GREETING"
    RECONCILING = "RECONCILING"
    READY = "READY"
    DEGRADED = "DEGRADED"
    LOST = "LOST"


class Duty(enum.StrEnum):
    ACTIVE = "ACTIVE"
    DRAINING = "DRAINING"
    QUARANTINED = "QUARANTINED"
    HALTED = "HALTED"


LINK_TRANSITIONS: dict[LinkState, frozenset[LinkState]] = {
    LinkState.ABSENT: frozenset({LinkState.GREETING}),
    LinkState.GREETING: frozenset({LinkState.GREETING, LinkState.RECONCILING, LinkState.LOST}),
    LinkState.RECONCILING: frozenset({LinkState.READY, LinkState.GREETING, LinkState.LOST}),
    LinkState.READY: frozenset({LinkState.DEGRADED, LinkState.LOST, LinkState.GREETING}),
    LinkState.DEGRADED: frozenset({LinkState.READY, LinkState.LOST, LinkState.GREETING}),
    LinkState.LOST: frozenset({LinkState.GREETING}),
}


class Cause(enum.StrEnum):
    """Why a terminal is QUARANTINED. Nothing opens there, whatever it is."""

    PERSON = "PERSON"
    IDENTITY = "IDENTITY"  # another account or server than the enrolled one
    EPOCH = "EPOCH"
    CLOCK = "CLOCK"
    RECONCILIATION = "RECONCILIATION"  # its ledger and ours, or the acts that it tells of, contradict each other
    AGENTS = "AGENTS"  # two of them used its key
    TERMS = "TERMS"


# Where a close could reach somebody else's account, nothing passes at all.
NOTHING_PASSES = frozenset({Cause.IDENTITY})
# Closes, cancels and tighter stops may be sent in these.
REDUCES_IN = frozenset({LinkState.READY, LinkState.DEGRADED})
