"""One side of a session: numbers what it sends, checks the order of what it gets.

Sans-IO: both ends use it. A gap, a repeat or a foreign session never passes; the caller drops the session and a
new hand-shake begins, in which the ledger tells what the gap hid.
"""

from __future__ import annotations

import enum

SESSION_MAX = (1 << 53) - 1


class Arrival(enum.Enum):
    NEXT = "next"
    GAP = "gap"
    REPEAT = "repeat"
    FOREIGN = "foreign"


class Session:
    """`session`: the agent's random number, 1..2^53-1."""

    __slots__ = ("received", "sent", "session")

    def __init__(self, session: int) -> None:
        if not 1 <= session <= SESSION_MAX:
            raise ValueError(f"session {session} is outside 1..{SESSION_MAX}")
        self.session = session
        self.sent = 0
        self.received = 0

    def next_seq(self) -> int:
        self.sent += 1
        return self.sent

    def arrival(self, session: int, seq: int, gone: int = 0) -> Arrival:
        """Judge a frame; only NEXT moves the count. `gone`: frames right before it for which it stands, too."""
        if session != self.session:
            return Arrival.FOREIGN
        if seq - gone == self.received + 1:
            self.received = seq
            return Arrival.NEXT
        return Arrival.REPEAT if seq <= self.received else Arrival.GAP
