"""The life of an act: every state, every event, one table.

Theory of operation
===================

An *act* is anything that reaches `order_send`: a fire (opens), a close, a part close, a modify, a cancel, a plan
step. It is REQUESTED, judged, and either DENIED by us or ROUTED. From the commit that says ROUTED on we assume
that bytes have left, so nothing but evidence ends it:

* the agent's ledger (ACKED, then a verdict),
* the broker's records (a position, a deal, an order with our magic),
* a *tombstone*: the agent promised never to execute an id it had not seen,
* a commander's `resolve`, with a reason.

No verdict in time, a lost link, a restart of either side: UNKNOWN. UNKNOWN keeps its exposure reserved and blocks
its account's lane. It is never resent and never guessed.

A fire lives on after FILLED with its position: CLOSING while a close is under way, FILLED again when that close
came to nothing or took a part, CLOSED when the position is gone. The other acts end in DONE.

Whatever contradicts the table (an execution after a proof of absence, another volume than was asked for) is
QUARANTINED: an alarm stands, the account's opens stop, a person decides.

Illegal events raise `IllegalMove` and change nothing; the daemon stops, since its picture of the world is wrong.
"""

from __future__ import annotations

import enum


class ActState(enum.StrEnum):
    REQUESTED = "REQUESTED"
    DENIED = "DENIED"  # by us
    QUEUED = "QUEUED"  # waits in its account's lane; judged again at its turn
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    EXPIRED = "EXPIRED"
    ROUTED = "ROUTED"
    ACKED = "ACKED"  # in the agent's ledger
    UNKNOWN = "UNKNOWN"
    WORKING = "WORKING"  # a resting order stands at the broker
    FILLED = "FILLED"
    REJECTED = "REJECTED"  # by the broker
    NOT_EXECUTED = "NOT_EXECUTED"  # provably never happened
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"
    DONE = "DONE"  # executed: close, part close, modify, cancel, plan step
    QUARANTINED = "QUARANTINED"


class ActEvent(enum.StrEnum):
    DENY = "DENY"
    QUEUE = "QUEUE"
    ASK_APPROVAL = "ASK_APPROVAL"
    LAPSE = "LAPSE"
    ROUTE = "ROUTE"
    WITHHOLD = "WITHHOLD"
    ACK = "ACK"
    DOUBT = "DOUBT"
    WORK = "WORK"
    FILL = "FILL"
    EXECUTE = "EXECUTE"
    REJECT = "REJECT"
    PROVE_ABSENT = "PROVE_ABSENT"
    BEGIN_CLOSE = "BEGIN_CLOSE"
    STAY_OPEN = "STAY_OPEN"
    POSITION_CLOSED = "POSITION_CLOSED"
    CANCEL = "CANCEL"
    ORDER_EXPIRED = "ORDER_EXPIRED"
    QUARANTINE = "QUARANTINE"


S, E = ActState, ActEvent

_WAITING_FOR_VERDICT: dict[ActEvent, ActState] = {
    E.WORK: S.WORKING,
    E.FILL: S.FILLED,
    E.EXECUTE: S.DONE,
    E.REJECT: S.REJECTED,
    E.PROVE_ABSENT: S.NOT_EXECUTED,
    E.POSITION_CLOSED: S.CLOSED,
    E.QUARANTINE: S.QUARANTINED,
}

TRANSITIONS: dict[ActState, dict[ActEvent, ActState]] = {
    S.REQUESTED: {
        E.DENY: S.DENIED,
        E.QUEUE: S.QUEUED,
        E.ASK_APPROVAL: S.AWAITING_APPROVAL,
        E.ROUTE: S.ROUTED,
    },
    S.QUEUED: {E.DENY: S.DENIED, E.ROUTE: S.ROUTED},
    S.AWAITING_APPROVAL: {E.DENY: S.DENIED, E.LAPSE: S.EXPIRED, E.ROUTE: S.ROUTED},
    S.ROUTED: {
        **_WAITING_FOR_VERDICT,
        E.WITHHOLD: S.NOT_EXECUTED,
        E.ACK: S.ACKED,
        E.DOUBT: S.UNKNOWN,
    },
    S.ACKED: {**_WAITING_FOR_VERDICT, E.DOUBT: S.UNKNOWN},
    S.UNKNOWN: _WAITING_FOR_VERDICT,
    S.WORKING: {
        E.FILL: S.FILLED,
        E.EXECUTE: S.DONE,
        E.PROVE_ABSENT: S.NOT_EXECUTED,
        E.CANCEL: S.CANCELLED,
        E.ORDER_EXPIRED: S.EXPIRED,
        E.REJECT: S.REJECTED,
        E.DOUBT: S.UNKNOWN,
        E.QUARANTINE: S.QUARANTINED,
    },
    S.FILLED: {E.BEGIN_CLOSE: S.CLOSING, E.POSITION_CLOSED: S.CLOSED, E.QUARANTINE: S.QUARANTINED},
    S.CLOSING: {E.STAY_OPEN: S.FILLED, E.POSITION_CLOSED: S.CLOSED, E.QUARANTINE: S.QUARANTINED},
    S.DENIED: {E.QUARANTINE: S.QUARANTINED},
    S.EXPIRED: {E.QUARANTINE: S.QUARANTINED},
    S.REJECTED: {E.QUARANTINE: S.QUARANTINED},
    S.NOT_EXECUTED: {E.QUARANTINE: S.QUARANTINED},
    S.CANCELLED: {E.QUARANTINE: S.QUARANTINED},
    S.CLOSED: {E.QUARANTINE: S.QUARANTINED},
    S.DONE: {E.QUARANTINE: S.QUARANTINED},
    S.QUARANTINED: {
        E.FILL: S.FILLED,
        E.EXECUTE: S.DONE,
        E.PROVE_ABSENT: S.NOT_EXECUTED,
        E.POSITION_CLOSED: S.CLOSED,
    },
}

# On the wire without a verdict: the market may not step, the lane is busy.
IN_FLIGHT = frozenset({S.ROUTED, S.ACKED})
# Exposure is reserved while one of these holds.
RESERVED = frozenset({S.ROUTED, S.ACKED, S.UNKNOWN, S.WORKING, S.QUARANTINED})
# One opening act of an account at a time may be in one of these.
LANE_BUSY = frozenset({S.ROUTED, S.ACKED, S.UNKNOWN})
# Nothing opens on an account while a person has to decide about one of its acts.
LANE_BLOCKED = frozenset({S.QUARANTINED})
# A fire in one of these holds its (mission, account).
LIVE_OR_EXECUTED = frozenset(
    {
        S.QUEUED,
        S.AWAITING_APPROVAL,
        S.ROUTED,
        S.ACKED,
        S.UNKNOWN,
        S.WORKING,
        S.FILLED,
        S.CLOSING,
        S.CLOSED,
        S.QUARANTINED,
    }
)
# A fire that lives on with its position: nothing is awaited.
HOLDING = frozenset({S.FILLED, S.CLOSING})
# A fire in one of these has, or had, its position.
HOLDS_POSITION = frozenset({S.FILLED, S.CLOSING, S.CLOSED})
FINAL = frozenset({S.DENIED, S.EXPIRED, S.REJECTED, S.NOT_EXECUTED, S.CLOSED, S.CANCELLED, S.DONE})


class IllegalMove(Exception):
    """An event that the state's row does not have: our picture of the world is wrong."""


def after(state: ActState, event: ActEvent) -> ActState:
    """The state that follows; raises IllegalMove."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalMove(f"{event.value} in {state.value}") from None


def allows(state: ActState, event: ActEvent) -> bool:
    return event in TRANSITIONS[state]
