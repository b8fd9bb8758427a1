"""The loop that turns. Owns what waits for the core, whether it is being committed, and why the daemon ends.

It takes a bounded batch from the inbox, steps it, commits on the one writer thread, and only then releases what leaves
the process. Halts have a lane of their own that is drained first. Ticks are shed first when the inbox is full, and
counted; order traffic never is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from hydrad.driver import Driver
from hydrad.loop.asks import Asks
from hydrad.loop.inbox import Inbox
from hydrad.toc import inputs as i


class Loop:
    """`boot_ns`: a clock that never steps. `driver` is there before the first turn. `stopping`: why it is left, None
    while it turns; `exit_code`: what the process then ends with. `commit_s`: how long the last commit took, `durable_s`
    when the journal's disk last worked, by the event loop's clock; `lag_s`: how late its clock last was."""

    driver: Driver

    def __init__(self, boot_ns: Callable[[], int]) -> None:
        self.inbox = Inbox()
        self.stopping: str | None = None
        self.exit_code = 0
        self.commit_s = 0.0
        self.durable_s = 0.0
        self.lag_s = 0.0
        self._asks = Asks(boot_ns)
        self._wake = asyncio.Event()
        self._turning = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="journal")

    # --- what waits -----------------------------------------------------------------------------------

    def submit(self, body: i.AnyInput, urgent: bool = False) -> None:
        """Put an input into the inbox; the urgent lane is drained first."""
        if urgent:
            self.inbox.put_urgent(body)
        else:
            self.inbox.put(body)
        self._wake.set()

    def frame(self, body: i.FrameIn) -> None:
        """What a terminal says has a bound of its own."""
        self.inbox.put_frame(body)
        self._wake.set()

    def ask(self, answer: Callable[[], None]) -> None:
        """Answer a query after the batch that is being committed now."""
        self._asks.put(answer)
        self._wake.set()

    def stop(self, reason: str, code: int = 0) -> None:
        """Leave the loop after the current batch."""
        if self.stopping is None:
            self.stopping, self.exit_code = reason, code
        self._wake.set()

    # --- turning --------------------------------------------------------------------------------------

    async def pump(self, tasks: list[asyncio.Task[None]]) -> None:
        """Turn until stopped; a task that died takes the daemon with it, evidence first."""
        for task in tasks:  # nothing else may wake a quiet home, least of all the dead
            task.add_done_callback(lambda _: self._wake.set())
        while self.stopping is None:
            await self._wake.wait()
            self._wake.clear()
            await self.drain()
            for task in tasks:
                if task.done() and not task.cancelled():
                    task.result()

    async def drain(self) -> None:
        """Turn until nothing waits, or somebody stops it."""
        while (self.inbox or self._asks) and self.stopping is None:
            self._turning = True
            batch = self.driver.prepare(self.inbox.take())
            asked = len(self._asks)
            if batch.records:
                began_s = asyncio.get_running_loop().time()
                await self.on_writer(partial(self.driver.commit, batch))
                self.commit_s = self.durable_s - began_s
            self.inbox.put_back(self.driver.release(batch))
            self._turning = False
            self._asks.answer(asked)
            await asyncio.sleep(0)

    async def on_writer(self, work: Callable[[], None]) -> None:
        """Something on the journal's disk, by the one thread that writes there."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, work)
        self.durable_s = loop.time()

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is being committed."""
        return not (self._turning or self.inbox)

    def close(self) -> None:
        self._writer.shutdown()
