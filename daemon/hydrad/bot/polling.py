"""Polls for updates, and hands each on once it is kept. Owns the offset: what an update's number confirms at Telegram.

What came is written into the outbox's file before the next poll confirms it, and leaves the file when it was handled;
so what was confirmed and not handled, because the daemon ended in between, is handed on again at the next start, as
late. Whoever takes an update twice does nothing twice (`listening`). One poller has a token: a second one is told by
Telegram to both, as a conflict.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from telegram.error import Conflict, RetryAfter, TelegramError

from hydrad.bot import errors, received
from hydrad.bot.updates import Tide
from hydrad.domain.instants import SECOND
from hydrad.outbox.outbox import Outbox

log = logging.getLogger("hydrad.bot")

HOLD_S = 25
PACE_S = 0.3  # between polls that a server does not hold though it was asked to
BACKOFF_FIRST_S = 1.0
BACKOFF_MAX_S = 30.0
# Updates that are being handled at once; the poll waits for a place.
HANDLED_MAX = 64
HANDLE_MAX_S = 60.0
CONFLICT = (
    "another program polls with this bot's token, and takes updates away: stop it, or have @BotFather revoke the token "
    "and put the new one into the token's file"
)

Hear = Callable[[Mapping[str, Any], bool], Awaitable[None]]


class Polls(Protocol):
    """Where updates come from. Raises TelegramError, BadToken."""

    async def poll(self, offset: int, hold_s: int) -> list[dict[str, Any]]: ...


class Polling:
    """`hear` takes an update, and whether it is late. `boot_ns`: a clock that counts suspend.

    `ok_ns`: when a poll was last answered, by the outbox's clock; 0 never. `problem`: what is wrong now.
    """

    def __init__(self, polls: Polls, outbox: Outbox, hear: Hear, boot_ns: Callable[[], int], hold_s: int = HOLD_S):
        self._polls, self._outbox, self._hear, self._boot_ns = polls, outbox, hear, boot_ns
        self._hold_s = hold_s
        self._tide = Tide()
        self._handled: set[asyncio.Task[None]] = set()
        self._level = False
        self._offset = 0
        self.ok_ns = self.update_ns = self._down_since_ns = 0
        self.updates = 0
        self.problem = ""

    @property
    def down_ns(self) -> int:
        """For how long no poll was answered as it should; 0 while they are."""
        return max(self._boot_ns() - self._down_since_ns, 1) if self._down_since_ns else 0

    @property
    def conflict(self) -> bool:
        """Another program polls with the same token; letters leave all the same."""
        return self.problem == CONFLICT

    async def run(self) -> None:
        """Poll until cancelled. Raises BadToken."""
        try:
            for number, raw in await self._outbox.do(received.waiting):
                await self._hand_on(number, msgspec.json.decode(raw), True)
            failures = 0
            while True:
                wait_s = await self._turn(failures)
                failures = failures + 1 if wait_s else 0
                await asyncio.sleep(wait_s)
        finally:
            for task in self._handled:
                task.cancel()
            await asyncio.gather(*self._handled, return_exceptions=True)

    async def _turn(self, failures: int) -> float:
        """One poll; how long to wait after it, 0 where it was answered. Until nothing old is left it is not held."""
        hold_s, began_ns = self._hold_s if self._level else 0, self._boot_ns()
        try:
            found = await self._polls.poll(self._offset, hold_s)
        except Conflict:
            return self._failed(CONFLICT, BACKOFF_MAX_S if failures else BACKOFF_FIRST_S)
        except RetryAfter as error:
            return self._failed(errors.words(error), min(errors.seconds(error), 10 * BACKOFF_MAX_S))
        except TelegramError as error:
            wait_s = min(BACKOFF_FIRST_S * 2 ** min(failures, 10), BACKOFF_MAX_S)
            return self._failed(f"no updates: {errors.words(error)}", wait_s)
        late = self._tide.polled(began_ns, self._boot_ns(), hold_s * SECOND, len(found))
        self._level = not late or not found
        self.ok_ns, self._down_since_ns, self.problem = self._outbox.now_ns(), 0, ""
        await self._take(found, late)
        if hold_s and not found and self._boot_ns() - began_ns < hold_s * SECOND // 2:
            await asyncio.sleep(PACE_S)
        return 0.0

    def _failed(self, why: str, wait_s: float) -> float:
        if why != self.problem:
            log.warning("%s", why)
        self.problem = why
        self._down_since_ns = self._down_since_ns or self._boot_ns()
        return max(wait_s, BACKOFF_FIRST_S)

    # --- updates --------------------------------------------------------------------------------------

    async def _take(self, found: Sequence[Mapping[str, Any]], late: bool) -> None:
        """Keep them, then hand them on; the next poll confirms them."""
        numbered = [(update["update_id"], update) for update in found if isinstance(update.get("update_id"), int)]
        if not numbered:
            return
        self.update_ns, self.updates = self._outbox.now_ns(), self.updates + len(numbered)
        await self._outbox.do(received.keep, [(number, msgspec.json.encode(update)) for number, update in numbered])
        self._offset = max(number for number, _ in numbered) + 1
        for number, update in numbered:
            await self._hand_on(number, update, late)

    async def _hand_on(self, number: int, update: Mapping[str, Any], late: bool) -> None:
        while len(self._handled) >= HANDLED_MAX:
            await asyncio.wait(self._handled, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(self._handle(number, update, late), name=f"update {number}")
        self._handled.add(task)
        task.add_done_callback(self._handled.discard)

    async def _handle(self, number: int, update: Mapping[str, Any], late: bool) -> None:
        try:
            async with asyncio.timeout(HANDLE_MAX_S):
                await self._hear(update, late)
        except TimeoutError:
            log.error("update %d was not handled within %g s", number, HANDLE_MAX_S)
        except Exception:  # the edge of updates: one that cannot be handled stops none that can
            log.exception("update %d cannot be handled", number)
        await self._outbox.do(received.over, number)
