"""When jobs are due, what is made good, and how a run is told; on the timer list and on APScheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hydrad.domain.instants import SECOND, parse_ms
from hydrad.host.scheduler import LoopScheduler
from hydrad.ports import Daily, Every
from hydrad.services.jobs import DAY_NS, JobFailed, Jobs, Spec, latest_slot_ns, missed, next_slot_ns
from hydrad.simulation.timers import TimerList
from hydrad.toc import inputs as i
from hydrad.toc.state import Job

NOON = parse_ms("2026-11-26T12:00:00Z") * 1_000_000
VERIFY = Daily(3, 10)
SLOT = parse_ms("2026-11-26T03:10:00Z") * 1_000_000


class World:
    """A clock that a test moves, and what was told, folded as the core would."""

    def __init__(self, last: dict[str, Job] | None = None) -> None:
        self.ns = NOON
        self.jobs = last or {}
        self.told: list[i.JobReported] = []

    def now_ns(self) -> int:
        return self.ns

    def last_runs(self) -> dict[str, Job]:
        return self.jobs

    def submit(self, body: i.AnyInput) -> None:
        assert isinstance(body, i.JobReported)
        self.told.append(body)
        self.jobs[body.name] = Job(body.name, body.scheduled_ns, body.began_ns, body.ended_ns, body.ok, body.detail)


def ran(scheduled_ns: int) -> dict[str, Job]:
    return {"verify": Job("verify", scheduled_ns, 0, 0, True, "")}


async def good() -> str:
    return "fine"


def spec(work: Callable[[], Awaitable[str]] = good, when: Any = VERIFY, timeout_s: float = 5.0) -> Spec:
    return Spec("verify", when, work, timeout_s)


async def kept(jobs: Jobs) -> asyncio.Task[None]:
    """The jobs begun, what was missed made good."""
    task = asyncio.get_running_loop().create_task(jobs.keep(lambda: None))
    for _ in range(20):
        await asyncio.sleep(0)
    return task


def test_slots() -> None:
    assert latest_slot_ns(VERIFY, NOON) == SLOT
    assert latest_slot_ns(VERIFY, SLOT) == SLOT and latest_slot_ns(VERIFY, SLOT - 1) == SLOT - DAY_NS
    assert next_slot_ns(VERIFY, SLOT) == SLOT + DAY_NS
    assert latest_slot_ns(Every(3600), NOON + 5) == NOON
    assert missed(VERIFY, SLOT - 4 * DAY_NS, SLOT) == 3 and missed(VERIFY, SLOT - DAY_NS, SLOT) == 0


def test_a_new_home_waits_for_its_time_and_a_day_is_run_once() -> None:
    async def story() -> None:
        world = World()
        timers = TimerList(world.ns)
        task = await kept(Jobs(timers, (spec(),), world))
        assert not world.told and timers.next_ns("verify") == SLOT + DAY_NS
        for ns in (SLOT + DAY_NS - 1, SLOT + DAY_NS, SLOT + DAY_NS + 1):
            world.ns = ns
            await timers.advance(ns)
        assert [(t.scheduled_ns, t.ok, t.detail, t.missed) for t in world.told] == [(SLOT + DAY_NS, True, "fine", 0)]
        task.cancel()
        await asyncio.wait({task})
        assert not timers.started

    asyncio.run(story())


def test_missed_days_are_made_good_once_at_the_start() -> None:
    async def story() -> None:
        world = World(ran(SLOT - 5 * DAY_NS))
        task = await kept(Jobs(TimerList(world.ns), (spec(),), world))
        assert [(t.scheduled_ns, t.missed) for t in world.told] == [(SLOT, 4)]
        task.cancel()

    asyncio.run(story())


def test_days_that_went_by_while_it_slept_are_one_run() -> None:
    async def story() -> None:
        world = World(ran(SLOT))
        timers = TimerList(world.ns)
        task = await kept(Jobs(timers, (spec(),), world))
        assert not world.told
        world.ns = NOON + 3 * DAY_NS
        await timers.advance(world.ns)
        assert [(t.scheduled_ns, t.missed) for t in world.told] == [(SLOT + 3 * DAY_NS, 2)]
        task.cancel()

    asyncio.run(story())


def test_a_failure_and_a_time_out_are_told() -> None:
    async def bad() -> str:
        raise JobFailed("broken at record 7")

    async def slow() -> str:
        await asyncio.Event().wait()
        return "never"

    async def defect() -> str:
        raise ZeroDivisionError("a defect")

    async def story() -> None:
        cases = (
            (bad, 5.0, "broken at record 7"),
            (slow, 0.01, "not done within 0.01 s: ended"),
            (defect, 5.0, "ZeroDivisionError: a defect"),
        )
        for work, timeout_s, text in cases:
            world = World(ran(SLOT - DAY_NS))
            jobs = Jobs(TimerList(world.ns), (spec(work, timeout_s=timeout_s),), world)
            await jobs.run(jobs.specs["verify"])
            assert [(t.ok, t.detail) for t in world.told] == [(False, text)]
            assert not jobs.running

    asyncio.run(story())


def test_no_run_stands_beside_another() -> None:
    async def story() -> None:
        gate = asyncio.Event()

        async def slow() -> str:
            await gate.wait()
            return "done"

        world = World(ran(SLOT - DAY_NS))
        jobs = Jobs(TimerList(world.ns), (spec(slow),), world)
        first = asyncio.create_task(jobs.run(jobs.specs["verify"]))
        await asyncio.sleep(0)
        await jobs.run(jobs.specs["verify"])
        assert jobs.running == {"verify"} and not world.told
        gate.set()
        await first
        assert len(world.told) == 1

    asyncio.run(story())


def test_apscheduler_calls_on_the_loop_and_knows_what_is_next() -> None:
    async def story() -> None:
        called = asyncio.Event()
        loop = asyncio.get_running_loop()

        async def call() -> None:
            assert asyncio.get_running_loop() is loop
            called.set()

        async def never() -> None:
            raise AssertionError

        scheduler = LoopScheduler()
        scheduler.add("soon", Every(1), call)
        scheduler.add("verify", VERIFY, never)
        assert scheduler.next_ns("verify") is None
        scheduler.start()
        try:
            at = scheduler.next_ns("verify")
            assert at is not None and at % DAY_NS == (3 * 3600 + 600) * SECOND
            soon = scheduler.next_ns("soon")
            assert soon is not None and soon % SECOND == 0
            await asyncio.wait_for(called.wait(), 20)
            assert scheduler.next_ns("nosuch") is None
        finally:
            scheduler.stop()

    asyncio.run(story())


@pytest.mark.parametrize("when", [VERIFY, Every(90)])
def test_a_time_says_itself(when: Any) -> None:
    assert str(when) in ("daily at 03:10Z", "every 90 s")
