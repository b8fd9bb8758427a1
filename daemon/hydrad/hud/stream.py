"""The stream of a page: what has happened, and each second what is now. Owns the watchers, and how they are woken.

Server-sent events. `hello` says which daemon speaks and from where it tells. Each record is an event `record` with the
journal's number as its `id`; a page that comes back names the last one it saw (`Last-Event-ID`) and is told all that
followed, from the ring or, further back, from the journal. Each second an event `now` without an id says the time, the
quotes with their ages, the authority: so silence means a daemon that hangs, and never that nothing has happened.

Everything is rendered and encoded once, whoever looks. Watchers sleep until there is something and are woken
`WOKEN_AT_ONCE` a turn of the loop, about a millisecond of work, so that a thousand of them hold up no order. What one
does not take is not kept for it: it reads on from its place when its socket has drained, and the kernel hangs up on one
that has taken nothing for `STALLED_S` (TCP_USER_TIMEOUT, tcp(7): it counts at a closed window too).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

import msgspec

from hydrad.hud.ring import Item, Ring, item
from hydrad.toc.audience import Audience, sees
from hydrad.toc.record import Record
from hydrad.wire.answers.journal import Event
from hydrad.wire.answers.live import Hello, Now

WATCHERS_MAX = 1_024
WOKEN_AT_ONCE = 25
EVENTS_AT_ONCE = 200
# A page that is further behind is told to ask anew instead.
BEHIND_MAX = 20_000
STALLED_S = 10
RETRY_MS = 2_000


class Over(Exception):
    """Nobody is to be told anything here any more: the session has ended, or its person has no role."""


class Told(Protocol):
    """What the stream asks of the daemon. None of it blocks."""

    def head_seq(self) -> int: ...

    def read(self, after_seq: int, limit: int) -> list[Record]: ...

    def event(self, record: Record) -> Event: ...

    def account_of(self, record: Record) -> str: ...

    def hello(self, seq: int) -> Hello: ...

    def now(self, audience: Audience) -> Now: ...


class Stream:
    """Every page's stream. `published` and `beat` are called on the loop."""

    def __init__(self, told: Told, watchers_max: int = WATCHERS_MAX) -> None:
        self._told = told
        self._ring = Ring(told.head_seq())
        self._watchers_max = watchers_max
        self._sleeping: list[asyncio.Future[None]] = []
        self._rising: deque[asyncio.Future[None]] = deque()
        self._beats = 0
        self._nows: dict[Audience, bytes] = {}
        self.watchers = 0

    @property
    def full(self) -> bool:
        """Whether no page more is to be let in."""
        return self.watchers >= self._watchers_max

    @property
    def head_seq(self) -> int:
        """The last record that was told."""
        return self._ring.last

    def published(self, records: Sequence[Record]) -> None:
        """These records are durable. While nobody watches nothing is rendered."""
        if not self.watchers:
            self._ring.skip(records[-1].seq)
            return
        for record in records:
            if record.seq > self._ring.last:
                self._ring.add(self._item(record))
        self._wake()

    def beat(self) -> None:
        """A second has passed."""
        self._beats += 1
        self._nows.clear()
        self._wake()

    async def follow(self, after_seq: int | None, audience: Callable[[], Audience]) -> AsyncIterator[bytes]:
        """What a page reads, from the number it saw last, or from now on. `audience` is asked before each piece, and
        may have become smaller; one that raises `Over` ends the stream. Who was given no account is told of what is
        about none."""
        self.watchers += 1
        try:
            head = self._ring.last
            yield self._hello(head)
            cursor = head if after_seq is None else after_seq
            if not head - BEHIND_MAX <= cursor <= head:  # too far back, or a number of another journal
                yield b"event: reset\ndata: {}\n\n"
                cursor = head
            beat = -1
            while True:
                shown = audience()
                piece, cursor = self._next(cursor, shown)
                if beat != self._beats and cursor == self._ring.last:
                    beat = self._beats
                    piece += self._now(shown)
                if piece:
                    yield piece
                elif cursor == self._ring.last:
                    await self._news()
                else:  # nothing of this slice was to be shown
                    await asyncio.sleep(0)
        except Over:
            return
        finally:
            self.watchers -= 1

    # --- pieces ---------------------------------------------------------------------------------------

    def _next(self, cursor: int, shown: Audience) -> tuple[bytes, int]:
        """The events after the cursor, as many as go at once, and the cursor behind them."""
        if self._ring.holds(cursor):
            items: Sequence[Item] = self._ring.after(cursor, EVENTS_AT_ONCE)
        else:
            missing = self._ring.last - cursor  # what is durable and not published yet comes in its turn
            items = [self._item(record) for record in self._told.read(cursor, min(EVENTS_AT_ONCE, missing))]
        if not items:
            return b"", cursor
        return b"".join(found.data for found in items if sees(shown, found.account)), items[-1].seq

    def _item(self, record: Record) -> Item:
        return item(self._told.event(record), self._told.account_of(record))

    def _hello(self, head: int) -> bytes:
        return b"retry: %d\nevent: hello\ndata: %s\n\n" % (RETRY_MS, msgspec.json.encode(self._told.hello(head)))

    def _now(self, shown: Audience) -> bytes:
        found = self._nows.get(shown)
        if found is None:
            found = self._nows[shown] = b"event: now\ndata: %s\n\n" % msgspec.json.encode(self._told.now(shown))
        return found

    # --- sleeping and waking --------------------------------------------------------------------------

    async def _news(self) -> None:
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleeping.append(sleeper)
        await sleeper

    def _wake(self) -> None:
        """All who sleep now; those who lie down again meanwhile have seen the news."""
        waking = bool(self._rising)
        self._rising.extend(self._sleeping)
        self._sleeping.clear()
        if self._rising and not waking:
            asyncio.get_running_loop().call_soon(self._wake_some)

    def _wake_some(self) -> None:
        for _ in range(min(WOKEN_AT_ONCE, len(self._rising))):
            sleeper = self._rising.popleft()
            if not sleeper.done():  # else its page has left
                sleeper.set_result(None)
        if self._rising:
            asyncio.get_running_loop().call_soon(self._wake_some)
