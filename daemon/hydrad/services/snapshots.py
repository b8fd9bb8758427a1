"""Snapshots: a short fold for the next start. Owns when one is written, which is never while something is committed."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor

from hydrad.home import opening
from hydrad.home.opening import Opened
from hydrad.loop.loop import Loop
from hydrad.services.jobs import JobFailed

EVERY_RECORDS = 5_000
TRIES = 3_000
AGAIN_S = 0.01


class Snapshots:
    """`keeper` writes: a thread that no commit waits for."""

    def __init__(self, opened: Opened, loop: Loop, keeper: Executor) -> None:
        self._opened, self._loop, self._keeper = opened, loop, keeper
        self._seq = opened.engine.state.seq

    async def if_due(self) -> None:
        """Every so many records, when nothing is being committed."""
        if self._opened.engine.state.seq - self._seq >= EVERY_RECORDS and self._is_settled():
            await self._write()

    async def now(self) -> str:
        """The scheduler's job: a snapshot, unless nothing has changed since the last. Raises JobFailed."""
        if self._opened.engine.state.seq == self._seq:
            return f"nothing new since record {self._seq}"
        for _ in range(TRIES):
            if self._is_settled():
                await self._write()
                return f"written at record {self._seq}"
            await asyncio.sleep(AGAIN_S)
        raise JobFailed("the daemon was never idle")

    def _is_settled(self) -> bool:
        return self._loop.idle and self._opened.engine.state.seq == self._opened.journal.head()[0]

    async def _write(self) -> None:
        self._seq = self._opened.engine.state.seq
        found = opening.snapshot_of(self._opened)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._keeper, opening.write_snapshot, self._opened.places, found)
