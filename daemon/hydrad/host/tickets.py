"""One-time codes: drawn for one person and one purpose, good for some minutes and once. Owns those that are out.

Only a code's SHA-256 is kept, in memory: a restart makes all of them void, and the next one is a key away. Login links
are such codes, and so are the bot's buttons that let a read-only session of the HUD act.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable
from typing import NamedTuple

from hydrad.domain.instants import MINUTE
from hydrad.host.entropy import draw_token

FOR_NS = 5 * MINUTE
TICKETS_MAX = 256
OF_ONE_MAX = 16
CODE_CHARACTERS_MAX = 128


class Purpose(enum.Enum):
    LOGIN = "login"
    ELEVATE = "elevate"


class _Ticket(NamedTuple):
    purpose: Purpose
    identity: str
    ends_ns: int


class Tickets:
    """At most `TICKETS_MAX` at once, and `OF_ONE_MAX` of one person: the oldest goes for the next."""

    def __init__(self, now_ns: Callable[[], int], draw: Callable[[], str] = draw_token) -> None:
        self._now_ns, self._draw = now_ns, draw
        self._out: dict[bytes, _Ticket] = {}

    def draw(self, purpose: Purpose, identity: str) -> tuple[str, int]:
        """A new code for `identity`, and when it ends (machine time, ns)."""
        self._drop_ended()
        own = [key for key, ticket in self._out.items() if ticket.identity == identity]
        for key in own[: max(len(own) - OF_ONE_MAX + 1, 0)]:
            del self._out[key]
        while len(self._out) >= TICKETS_MAX:
            del self._out[next(iter(self._out))]
        code, ends_ns = self._draw(), self._now_ns() + FOR_NS
        self._out[digest(code)] = _Ticket(purpose, identity, ends_ns)
        return code, ends_ns

    def take(self, code: str, purpose: Purpose) -> str | None:
        """Use a code up; for whom it was drawn. None for one that is not known, was used, has ended, or is for
        something else (and then it stays)."""
        self._drop_ended()
        if len(code) > CODE_CHARACTERS_MAX:
            return None
        key = digest(code)
        ticket = self._out.get(key)
        if ticket is None or ticket.purpose is not purpose:
            return None
        del self._out[key]
        return ticket.identity

    def _drop_ended(self) -> None:
        now_ns = self._now_ns()
        for key in [key for key, ticket in self._out.items() if ticket.ends_ns <= now_ns]:
            del self._out[key]


def digest(code: str) -> bytes:
    """What is kept of a secret that was drawn at random: SHA-256, no salt needed at 256 bits."""
    return hashlib.sha256(code.encode()).digest()
