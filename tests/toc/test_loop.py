"""The loop: what waits is stepped, committed beside it, and released; it ends for the first reason, or with a task's error."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from hydrad.loop.loop import Loop
from hydrad.toc import inputs as i
from hydrad.toc.record import Record
from hydrad.wire import calls
from tests.toc.conftest import Core
from tests.toc.test_driver import World, asked


class Held(World):
    """Its journal's disk is as slow as the test says."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.begun, self.disk = threading.Event(), threading.Event()
        self.disk.set()

    def append(self, given: Sequence[Record] | int, data: bytes = b"") -> None:
        if self.fail and not isinstance(given, int):
            self.core.records += given  # the core was stepped: the fixture looks at both
        super().append(given, data)
        if not isinstance(given, int):
            self.begun.set()
            assert self.disk.wait(10)


@pytest.fixture
def world(core: Core) -> Held:
    return Held(core)


def loop_of(world: World) -> Loop:
    loop = Loop(world.machine_ns)
    loop.driver = world.driver
    return loop


def fire(world: World) -> i.Requested:
    return asked(calls.Fire(world.core.mission(), wait_s=0.0))


def test_a_query_that_comes_while_a_batch_is_committed_is_answered_after_it_was_told(world: Held) -> None:
    async def story() -> None:
        loop = loop_of(world)
        world.disk.clear()
        loop.submit(fire(world))
        turning = asyncio.create_task(loop.drain())
        await asyncio.to_thread(world.begun.wait, 10)
        assert not loop.idle and loop.commit_s == 0
        loop.ask(lambda: world.said.append("answer"))
        assert world.said[-1] == "commit"
        world.disk.set()
        await turning
        assert world.said[-2:] == ["published", "answer"]
        assert loop.idle and loop.commit_s > 0
        loop.close()

    asyncio.run(story())


def test_it_ends_for_the_first_reason_and_what_waits_is_not_stepped(world: Held) -> None:
    async def story() -> None:
        loop = loop_of(world)
        loop.stop("fenced: 7", 75)
        loop.stop("signal SIGTERM")
        loop.submit(fire(world))
        await loop.pump([])
        await loop.drain()
        assert (loop.stopping, loop.exit_code) == ("fenced: 7", 75)
        assert world.said == [] and not loop.idle
        loop.close()

    asyncio.run(story())


def test_a_task_that_died_takes_the_daemon_with_it_though_nothing_else_comes(world: Held) -> None:
    async def dies() -> None:
        raise RuntimeError("the ticker died")

    async def story() -> None:
        loop = loop_of(world)
        with pytest.raises(RuntimeError, match="the ticker died"):
            await asyncio.wait_for(loop.pump([asyncio.create_task(dies())]), 10)
        loop.close()

    asyncio.run(story())


def test_a_failed_commit_ends_it_with_nothing_released(world: Held) -> None:
    async def story() -> None:
        loop = loop_of(world)
        world.fail = True
        loop.submit(fire(world))
        with pytest.raises(OSError, match="disk full"):
            await loop.drain()
        assert world.frames == [] and world.replies == [] and "published" not in world.said
        loop.close()

    asyncio.run(story())
