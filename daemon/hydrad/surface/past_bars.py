"""Bars for people who ask the daemon. Owns the processes that make them: how many, how long, and for how many askers.

When an alert comes, everybody opens the same briefing: who asks what is being made already gets the same answer.
"""

from __future__ import annotations

import asyncio
import sys

import msgspec

from hydrad.market.told_bars import Asked, Told
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode

AT_ONCE = 2
MAKING_MAX = 32
WITHIN_S = 60.0


class BarMaker:
    """`argv` is the process that is asked, for tests of one that fails or hangs."""

    def __init__(self, argv: tuple[str, ...] = (sys.executable, "-m", "hydrad.market.told_bars")) -> None:
        self._argv = argv
        self._making: dict[Asked, asyncio.Task[Told]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def make(self, asked: Asked, within_s: float = WITHIN_S) -> Told:
        making = self._making.get(asked)
        if making is None and len(self._making) >= MAKING_MAX:
            return Told(
                problem=Problem(ErrorCode.TIMED_OUT.value, "too many ask for other bars", "ask again in a moment")
            )
        if making is None:
            making = self._making[asked] = asyncio.get_running_loop().create_task(self._bounded(asked, within_s))
            making.add_done_callback(lambda _: self._making.pop(asked))
        return await asyncio.shield(making)  # one who leaves takes nobody's answer along

    async def _bounded(self, asked: Asked, within_s: float) -> Told:
        """Waiting for room included."""
        try:
            async with asyncio.timeout(within_s), self._room:
                return await self._made(asked)
        except TimeoutError:
            return Told(problem=Problem(ErrorCode.TIMED_OUT.value, f"no bars within {within_s:g} s"))

    async def _made(self, asked: Asked) -> Told:
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(*self._argv, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            said, complaint = await child.communicate(msgspec.json.encode(asked))
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode == 0:
            return msgspec.json.decode(said, type=Told)
        lines = complaint.decode(errors="replace").strip().splitlines()
        return Told(problem=Problem(ErrorCode.FAILED.value, lines[-1] if lines else f"exit {child.returncode}"))
