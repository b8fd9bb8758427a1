"""Blocking work of a channel on threads of its own, each with an end.

The standard library's clients of SMTP and HTTP block, and bound one answer, not the whole. Owns the deadline over
all of it: when it is over, the socket is closed under the client, which ends its thread.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
ANSWER_S = 10.0  # for one answer of the far side
WHOLE_S = 40.0  # for everything, from the name's look-up on; the post's own end comes after it
THREADS = 2


class Line:
    """The connection that a thread works on: `hold` it once it is there. `cut` ends it from another thread."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self.is_cut = False

    def hold(self, connected: socket.socket) -> None:
        self._socket = connected
        if self.is_cut:
            self.cut()

    def cut(self) -> None:
        self.is_cut = True
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself


class Threads:
    """`flying_max` of a channel's post may be no more than these are."""

    def __init__(self, name: str, whole_s: float = WHOLE_S) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix=name)
        self._whole_s = whole_s

    async def run(self, work: Callable[[Line], T]) -> T:
        """Raises TimeoutError when it did not end in time, and whatever the work raises."""
        line = Line()
        future = asyncio.get_running_loop().run_in_executor(self._pool, work, line)
        try:
            async with asyncio.timeout(self._whole_s):
                return await asyncio.shield(future)
        except (TimeoutError, asyncio.CancelledError):
            line.cut()
            future.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # nobody asks any more
            raise

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
