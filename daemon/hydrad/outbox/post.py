"""The post of one channel: takes letters from the outbox as they may leave, and books what became of each.

Owns the tasks that wait for the channel's answers, `flying_max` at most, each with an end. Nothing waits for them but
the letters themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Protocol

from hydrad.domain.instants import SECOND
from hydrad.outbox.letter import Channel, Priority
from hydrad.outbox.outbox import Closed, Outbox
from hydrad.outbox.outcomes import Lost, Outcome, Sent
from hydrad.outbox.planner import Limits, Planner
from hydrad.outbox.store import Row, Store

log = logging.getLogger("hydrad.outbox")

# A carrier has its own deadlines; this one is for a carrier without.
DELIVER_MAX_S = 60.0
# Letters expire without news.
LOOK_EVERY_S = 10.0


class Carrier(Protocol):
    """A channel's protocol. `deliver` sends the letter, or changes `row.edits` into it; where `row.doubt_ns` is set it
    says to its reader that it may be there already. What goes wrong is an outcome."""

    async def deliver(self, row: Row) -> Outcome: ...


class Post:
    """One channel's. `sent_ns`: when something last arrived, 0 never. `waiting`: by priority, at the last look."""

    def __init__(self, outbox: Outbox, channel: Channel, carrier: Carrier, limits: Limits) -> None:
        self._outbox, self._channel, self._carrier = outbox, channel, carrier
        self._planner = Planner(limits)
        self._flying: dict[asyncio.Task[None], Row] = {}
        self._failed: BaseException | None = None
        self.sent_ns = 0
        self.waiting: dict[Priority, int] = {}

    @property
    def down_ns(self) -> int:
        """For how long the channel has not answered; 0 while it does, or nothing was tried."""
        since_ns = self._planner.down_since_ns
        return max(self._outbox.boot_ns() - since_ns, 1) if since_ns else 0

    @property
    def flying(self) -> int:
        """Letters whose answer is waited for."""
        return len(self._flying)

    async def run(self) -> None:
        """Deliver until cancelled, or until something of ours failed, which is raised. What was on its way is then in
        doubt."""
        news = self._outbox.news[self._channel]
        try:
            while True:
                news.clear()
                wait_s = await self._turn()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await news.wait()
                if self._failed is not None:
                    raise self._failed
        finally:
            await self._stop()

    async def _turn(self) -> float:
        """Let go what may go; seconds until there may be more."""
        box, now_ns, boot_ns = self._outbox, self._outbox.now_ns(), self._outbox.boot_ns()
        await box.expire()
        self.waiting = await box.do(Store.waiting, self._channel)
        plan = self._planner.next(await box.do(Store.heads, self._channel), boot_ns)
        rows = await box.do(Store.began, [head.id for head in plan.go], now_ns) if plan.go else []
        leaving = {row.letter.to for row in rows}
        for head in plan.go:
            if head.to not in leaving:
                self._planner.settled(head.to, None, boot_ns)
        for row in rows:
            task = asyncio.create_task(self._deliver(row), name=f"letter {row.id}")
            self._flying[task] = row
            task.add_done_callback(self._landed)
        if len(rows) < len(plan.go):
            return 0.0  # what did not leave has made room
        wait_s = LOOK_EVERY_S if plan.wake_ns is None else (plan.wake_ns - box.boot_ns()) / SECOND
        return min(max(wait_s, 0.0), LOOK_EVERY_S)

    async def _deliver(self, row: Row) -> None:
        outcome: Outcome = Lost(f"no answer within {DELIVER_MAX_S:g} s")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DELIVER_MAX_S):
                outcome = await self._carrier.deliver(row)
        if isinstance(outcome, Sent):
            self.sent_ns = self._outbox.now_ns()
        else:
            log.warning("%s letter %d: %s", self._channel.value, row.id, outcome)
        await self._outbox.settle(row, outcome)
        self._planner.settled(row.letter.to, outcome, self._outbox.boot_ns())

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.pop(task, None)
        self._outbox.news[self._channel].set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed = error

    async def _stop(self) -> None:
        flying = dict(self._flying)
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)
        for row in flying.values():
            with contextlib.suppress(Closed):  # then the file says so by itself
                await self._outbox.settle(row, Lost("the service was stopped"))
