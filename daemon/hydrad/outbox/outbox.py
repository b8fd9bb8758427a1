"""The outbox: what the daemon's loop may ask of the file, which is written on a thread of its own.

Owns that thread, and who is woken by new letters. Whoever has something to tell puts letters; whoever carries a channel
waits for them (`post`). Nothing here waits for a network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from hydrad.outbox.letter import Channel, Letter
from hydrad.outbox.store import Drop, Store

P = ParamSpec("P")
T = TypeVar("T")


class Outbox:
    """`dropped`: called on the loop with letters that will never be sent. Made on the loop."""

    def __init__(self, path: Path, now_ns: Callable[[], int], dropped: Callable[[Sequence[Drop]], None]) -> None:
        self._path, self.now_ns, self._dropped = path, now_ns, dropped
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._store: Store | None = None
        self.news: dict[Channel, asyncio.Event] = {channel: asyncio.Event() for channel in Channel}

    async def open(self, schemas: tuple[str, ...] = ()) -> bool:
        """Whether the file is new. `schemas`: tables of others in it. Raises BadStore, OSError."""
        loop = asyncio.get_running_loop()
        self._store = await loop.run_in_executor(self._thread, lambda: Store(self._path, schemas=schemas))
        return self._store.new

    async def put(self, letters: Iterable[Letter], place: int | None = None) -> None:
        """Take these; durable on return. `place`: the journal's record that was read up to, moved along with them."""
        taken = tuple(letters)
        self.tell(await self.do(Store.put, taken, self.now_ns(), place))
        for letter in taken:
            self.news[letter.channel].set()

    def tell(self, drops: Sequence[Drop]) -> None:
        """What was left out, to whoever counts it."""
        if drops:
            self._dropped(drops)

    async def do(self, work: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """A method of the store, on its thread: `await outbox.do(Store.stopped)`."""
        store = self._store
        assert store is not None, "it was not opened"
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(store, *args, **kwargs))

    async def close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, store.close)
        self._thread.shutdown(wait=False)
