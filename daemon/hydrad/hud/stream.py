"""The stream of a page: what has happened, and each second what is now. Owns the watchers, and how they are woken.

Server-sent events. `hello` says which daemon speaks and from where it tells. Each record is an event `record` with the
journal's number as its `id`; a page that comes back names the last one it saw (`Last-Event-ID`) and is told all that
followed, from the ring or, further back, from the journal. Each second an event `now` without an id says the time, the
quotes with their ages, the authority: so silence means a daemon that hangs, and never that nothing has happened.

Everything is rendered and encoded once, whoever looks. Watchers sleep until there is something and are told
`TOLD_AT_ONCE` a turn of the loop, a fifth of a millisecond of work, so that a thousand hold up no order. They are
told in their sleep: the bytes go to the sink, and a watcher's own task wakes only for one that is further behind, full,
or over. What one does not take is not kept for it: it reads on from its place when its sink has drained, and the kernel
hangs up on one that has taken nothing for `STALLED_S` (TCP_USER_TIMEOUT, tcp(7): it counts at a closed window too).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from hydrad.hud.ring import Item, Ring, item
from hydrad.toc.audience import Audience, sees
from hydrad.toc.record import Record
from hydrad.wire.answers.journal import Event
from hydrad.wire.answers.live import Hello, Now

WATCHERS_MAX = 1_024
TOLD_AT_ONCE = 10
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


class Sink(Protocol):
    """Where a page's bytes go. `write` takes all it is given; False: it is full, and wants no more until `drained`."""

    def write(self, data: bytes) -> bool: ...

    async def drained(self) -> None: ...


class _Watcher:
    """`cursor`: the last record it was told. `beat`: the last second. `waker`: what its task sleeps on."""

    __slots__ = ("audience", "beat", "cursor", "sink", "waker")

    def __init__(self, cursor: int, audience: Callable[[], Audience], sink: Sink) -> None:
        self.cursor, self.audience, self.sink = cursor, audience, sink
        self.beat = -1
        self.waker: asyncio.Future[None] | None = None


class Stream:
    """Every page's stream. `published` and `beat` are called on the loop."""

    def __init__(self, told: Told, watchers_max: int = WATCHERS_MAX) -> None:
        self._told = told
        self._ring = Ring(told.head_seq())
        self._watchers_max = watchers_max
        self._sleeping: list[_Watcher] = []
        self._due: deque[_Watcher] = deque()
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

    def before(self, at_ns: int) -> int:
        """The last number older than this instant, by halving; times follow the numbers unless the host's clock was set
        back."""
        low, high = 0, self._ring.last
        while low < high:
            middle = (low + high) // 2
            if self._told.read(middle, 1)[0].at_ns < at_ns:
                low = middle + 1
            else:
                high = middle
        return low

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

    async def follow(self, after_seq: int | None, audience: Callable[[], Audience], sink: Sink) -> None:
        """Tells a page what follows the number it saw last, or what comes from now on. `audience` is asked before each
        piece, and may have become smaller; one that raises `Over` ends the stream. Who was given no account is told of
        what is about none."""
        self.watchers += 1
        try:
            head = self._ring.last
            watcher = _Watcher(head if after_seq is None else after_seq, audience, sink)
            greeting = self._hello(head)
            if not head - BEHIND_MAX <= watcher.cursor <= head:  # too far back, or a number of another journal
                greeting += b"event: reset\ndata: {}\n\n"
                watcher.cursor = head
            taken = sink.write(greeting)
            while True:
                if not taken:
                    await sink.drained()
                elif self._knows_all(watcher):
                    await self._news(watcher)
                else:
                    await asyncio.sleep(0)
                taken = self._tell(watcher)
        except Over:
            return
        finally:
            self.watchers -= 1

    def _tell(self, watcher: _Watcher) -> bool:
        """The next piece, and whether the sink takes more. Raises Over."""
        shown = watcher.audience()
        piece, watcher.cursor = self._next(watcher.cursor, shown)
        if watcher.beat != self._beats and watcher.cursor == self._ring.last:
            watcher.beat = self._beats
            piece += self._now(shown)
        return not piece or watcher.sink.write(piece)

    def _knows_all(self, watcher: _Watcher) -> bool:
        return watcher.cursor == self._ring.last and watcher.beat == self._beats

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

    # --- sleeping, and being told -----------------------------------------------------------------------

    async def _news(self, watcher: _Watcher) -> None:
        watcher.waker = asyncio.get_running_loop().create_future()
        self._sleeping.append(watcher)
        await watcher.waker

    def _wake(self) -> None:
        """All who sleep now; those who lie down again meanwhile have seen the news."""
        telling = bool(self._due)
        self._due.extend(self._sleeping)
        self._sleeping.clear()
        if self._due and not telling:
            asyncio.get_running_loop().call_soon(self._tell_some)

    def _tell_some(self) -> None:
        some = [self._due.popleft() for _ in range(min(TOLD_AT_ONCE, len(self._due)))]
        if self._due:
            asyncio.get_running_loop().call_soon(self._tell_some)
        for watcher in some:
            assert watcher.waker is not None
            if watcher.waker.done():  # its page has left
                continue
            if self._sleeps_on(watcher):
                self._sleeping.append(watcher)
            else:
                watcher.waker.set_result(None)

    def _sleeps_on(self, watcher: _Watcher) -> bool:
        """Told in its sleep. What hinders that, its own task finds, and the others are told."""
        try:
            return self._tell(watcher) and self._knows_all(watcher)
        except Exception:  # noqa: BLE001 - the edge of one watcher: what fails for it fails again in its own task
            return False
