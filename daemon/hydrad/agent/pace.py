"""How soon the agent asks again, by itself, for what the broker provably did not do: soon at first, then slowly, and
without an end while the thing stands. From the first slow time on it is said each time that it does not go.
"""

from __future__ import annotations

import msgspec


class Pace(msgspec.Struct, frozen=True):
    """`soon_moves` moves at most `soon_ms` of market time apart, all later ones `later_ms` apart."""

    soon_ms: int
    soon_moves: int
    later_ms: int

    def due(self, move: int, last_ms: int, market_ms: int) -> bool:
        """Whether move number `move` may be made, the one before having ended at `last_ms`."""
        return market_ms >= last_ms + (self.later_ms if self.stuck(move) else self.soon_ms)

    def stuck(self, move: int) -> bool:
        """Whether so many moves have failed that a person should look."""
        return move >= self.soon_moves
