"""What came of carrying one letter, with the reason in words; and who is told that a channel fails.

The core judges how long a channel may fail (`toc.oncall`): here is only said that it does, why, and
that it works again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from hydrad.outbox.outcomes import Lost, Outcome, Sent
from hydrad.outbox.store import Row

SHOWN_MAX = 200


class Carried(NamedTuple):
    """`why`: what is wrong with the channel, for people; empty where nothing is."""

    outcome: Outcome
    why: str = ""


class Carrying(Protocol):
    """One channel's protocol. What goes wrong is a value."""

    async def carry(self, row: Row) -> Carried: ...

    def close(self) -> None: ...


class Watched:
    """A carrier for the outbox's post. `report`: why the channel fails, empty when it works again; told when it
    changes."""

    def __init__(self, carrying: Carrying, report: Callable[[str], None]) -> None:
        self._carrying, self._report = carrying, report
        self.why: str | None = None  # nothing was tried
        self.sent = 0

    async def deliver(self, row: Row) -> Outcome:
        outcome, why = await self._carrying.carry(row)
        self.sent += isinstance(outcome, Sent)
        if why != self.why:
            self.why = why
            self._report(why)
        return outcome


def lost(why: str, reached: bool) -> Carried:
    return Carried(Lost(why, reached=reached), why)


def shown(text: bytes | str) -> str:
    """What the far side said, or an error, as one bounded line."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return "".join(c if c.isprintable() else " " for c in words)[:SHOWN_MAX]
