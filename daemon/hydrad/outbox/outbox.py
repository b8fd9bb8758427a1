"""The outbox: what the daemon's loop may ask of the file, which is written on a thread of its own.

Owns that thread, who is woken by new letters, and what is said of letters that were lost. Whoever has something to tell
puts letters; whoever carries a channel waits for them (`post`). Nothing here waits for a network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from hydrad.domain.instants import MINUTE
from hydrad.outbox.letter import Channel, Letter
from hydrad.outbox.outcomes import Outcome, Refused, Rejected, Sent
from hydrad.outbox.store import LETTERS_MAX, Drop, Row, Store

P = ParamSpec("P")
T = TypeVar("T")


REFUSED_EVERY_NS = MINUTE
# A finding's name, its subject, its detail: empty where it has ended.
Noted = Callable[[str, str, str], None]


class Closed(Exception):
    """The file is not open: there is no channel, or it failed and is opened again soon."""


class Outbox:
    """`noted`: called on the loop with findings. `now_ns`: UTC, by which letters expire; `boot_ns`: a clock that never
    steps, by which channels are waited for; where it is not given, the first."""

    def __init__(
        self, path: Path, now_ns: Callable[[], int], noted: Noted, boot_ns: Callable[[], int] | None = None
    ) -> None:
        self._path, self.now_ns, self.noted = path, now_ns, noted
        self.boot_ns = boot_ns or now_ns
        self._thread: ThreadPoolExecutor | None = None
        self._store: Store | None = None
        self.news: dict[Channel, asyncio.Event] = {channel: asyncio.Event() for channel in Channel}
        self.waiting = 0
        self._full = False
        self._gone: set[tuple[Channel, str]] = set()
        self._rejected: set[tuple[Channel, str]] = set()
        self._refused = 0
        self._refused_ns = 0

    async def open(self, schemas: tuple[str, ...] = ()) -> bool:
        """Whether the file is new. `schemas`: tables of others in it. Raises BadStore, OSError."""
        loop = asyncio.get_running_loop()
        self._thread = thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._store = await loop.run_in_executor(thread, lambda: Store(self._path, schemas=schemas))
        self._gone = {(found.channel, found.to) for found in await self.do(Store.stopped)}
        self._rejected = set(await self.do(Store.rejected))
        return self._store.new

    @property
    def is_open(self) -> bool:
        return self._store is not None

    @property
    def counts(self) -> Mapping[str, int]:
        """Since the file was opened: sent, edited, coalesced, known, expired, needless, full, gone, refused."""
        return {} if self._store is None else self._store.counts

    async def put(self, letters: Iterable[Letter], place: int | None = None) -> None:
        """Take these; durable on return. `place`: the journal's record that was read up to, moved along with them."""
        taken = tuple(letters)
        self.dropped(await self.do(Store.put, taken, self.now_ns(), place))
        self.waiting = await self.do(Store.size)
        for letter in taken:
            self.news[letter.channel].set()

    async def look(self) -> None:
        """Drop what has expired; see whether there is room again. Now and then, whoever sends."""
        await self.expire()
        self.waiting = await self.do(Store.size)
        if self._full and self.waiting <= LETTERS_MAX * 9 // 10:
            self._full = False
            self.noted("OUTBOX_FULL", "outbox", "")

    async def expire(self) -> None:
        """Drop what has expired, and end what is said of those for whom nothing waits any more."""
        await self.do(Store.expire, self.now_ns())
        if self._rejected:
            for to in self._rejected.difference(await self.do(Store.rejected)):
                self._taken(to)

    def _taken(self, to: tuple[Channel, str]) -> None:
        self._rejected.discard(to)
        self.noted("ADDRESS_REJECTED", f"{to[0].value}:{to[1]}", "")

    async def settle(self, row: Row, outcome: Outcome) -> None:
        """What became of a letter that left."""
        self.dropped(await self.do(Store.settle, row, outcome, self.now_ns()))
        to = (row.letter.channel, row.letter.to)
        if isinstance(outcome, Rejected):  # said each time: whose address was changed and changed back is told anew
            self._rejected.add(to)
            self.noted("ADDRESS_REJECTED", f"{to[0].value}:{to[1]}", outcome.why)
        elif isinstance(outcome, Sent) and to in self._rejected:
            self._taken(to)
        if isinstance(outcome, Refused):
            digest = sha256(row.letter.text.encode()).hexdigest()[:16]
            self.refused(f"{row.letter.channel.value}: {outcome.why}; SHA-256 of the text {digest}")

    async def stand(self, alarms: Iterable[tuple[str, str]]) -> None:
        """These stand, by code and subject, and are about letters: end those that this file does not know, as one that
        was made anew does not; OUTBOX_FULL ends where there is room."""
        dead = {"CHAT_GONE": self._gone, "ADDRESS_REJECTED": self._rejected}
        for code, subject in alarms:
            self._full |= code == "OUTBOX_FULL"
            if code in dead and subject not in {f"{channel.value}:{to}" for channel, to in dead[code]}:
                self.noted(code, subject, "")
        await self.look()

    async def back(self, channel: Channel, to: str) -> None:
        """This recipient was heard of: letters to them are taken again."""
        if (channel, to) in self._gone:
            self._gone.discard((channel, to))
            await self.do(Store.back, channel, to)
            self.noted("CHAT_GONE", f"{channel.value}:{to}", "")

    # --- what is said of losses -----------------------------------------------------------------------

    def dropped(self, drops: Sequence[Drop]) -> None:
        """What was left out. Each loss is said once, while it goes on."""
        for drop in drops:
            to = (drop.channel, drop.to)
            if drop.reason == "full" and not self._full:
                self._full = True
                self.noted("OUTBOX_FULL", "outbox", f"the first is one of {drop.priority.name} to {drop.channel.value}")
            elif drop.reason == "gone":  # said each time: whose chat was taken away and given back is told anew
                self._gone.add(to)
                self.noted("CHAT_GONE", f"{drop.channel.value}:{drop.to}", drop.why or "nothing is taken there")

    def refused(self, why: str) -> None:
        """One finding a minute at most: a finding is told as well, and could be refused in its turn."""
        self._refused += 1
        now_ns = self.now_ns()
        if now_ns - self._refused_ns >= REFUSED_EVERY_NS:
            self._refused_ns = now_ns
            self.noted("LETTER_REFUSED", "outbox", f"{why}; {self._refused} since the start")

    async def do(self, work: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """A method of the store, on its thread: `await outbox.do(Store.stopped)`. Raises Closed."""
        store = self._store
        if store is None:
            raise Closed("the outbox is not open")
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(store, *args, **kwargs))

    async def close(self) -> None:
        store, self._store = self._store, None
        thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            if store is not None:
                await asyncio.get_running_loop().run_in_executor(thread, store.close)
        finally:
            thread.shutdown(wait=False)
