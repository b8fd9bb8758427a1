"""The supervisor: what fails is tried again later and later, then given up; a person's word comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from hydrad.services import supervisor as services
from hydrad.services.supervisor import FAILURES_MAX, Hopeless, Supervisor
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.toc.service import ServiceState


class Service:
    """Does what `act` says, each time that it is run."""

    name = "hud"

    def __init__(self, act: Callable[[Callable[[], None]], Awaitable[None]], off: str = "") -> None:
        self._act, self._off = act, off
        self.runs = self.ends = 0

    def off(self) -> str:
        return self._off

    async def run(self, ready: Callable[[], None]) -> None:
        self.runs += 1
        try:
            await self._act(ready)
        finally:
            self.ends += 1

    def detail(self) -> str:
        return f"{self.runs} runs"


class Bench:
    """A supervisor of one service. What it reports comes back as records, as the core would write them."""

    def __init__(self, service: Service) -> None:
        self.said: list[tuple[ServiceState, str]] = []
        self.supervisor = Supervisor((service,), self._report)
        self._seq = 0

    def _report(self, body: i.ServiceReported) -> None:
        self.said.append((body.state, body.why))
        self.publish(body.state, actor="daemon")

    def publish(self, state: ServiceState, wanted: bool = True, actor: str = "uid:1000") -> None:
        self._seq += 1
        body = r.ServiceChanged("hud", state, "test", 0, wanted)
        record = Record(self._seq, 1, 0, 0, 0, actor, "shell", "SERVICE_CHANGED", 1, r.encode(body))
        self.supervisor.published([record])

    @property
    def states(self) -> list[ServiceState]:
        return [state for state, _ in self.said]

    async def until(self, condition: Callable[[], bool]) -> None:
        assert await self.supervisor.settled(condition, 10.0), self.said


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 30))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BACKOFF_FIRST_S", 0.001)


async def serves(ready: Callable[[], None]) -> None:
    ready()
    await asyncio.Event().wait()


async def fails(ready: Callable[[], None]) -> None:
    ready()
    raise OSError("port taken")


def test_it_begins_on_the_record_and_ends_on_the_record() -> None:
    async def story() -> None:
        service = Service(serves)
        bench = Bench(service)
        bench.publish(ServiceState.STARTING, actor="daemon")
        await bench.until(lambda: bench.states == [ServiceState.RUNNING])
        bench.publish(ServiceState.STOPPED, wanted=False)
        await bench.until(lambda: bench.supervisor.ended("hud"))
        assert (service.runs, service.ends) == (1, 1)
        assert bench.states == [ServiceState.RUNNING]

    run(story())


def test_failures_wait_longer_each_time_and_then_it_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        service = Service(fails)
        bench = Bench(service)
        bench.publish(ServiceState.STARTING, actor="daemon")
        await bench.until(lambda: ServiceState.FATAL in bench.states)
        assert service.runs == FAILURES_MAX
        waits = [float(why.rpartition("again in ")[2].split()[0]) for s, why in bench.said if s == "backing off"]
        assert waits == [0.001 * 2**n for n in range(FAILURES_MAX - 1)]
        assert bench.said[-1] == (ServiceState.FATAL, "OSError: port taken")
        bench.publish(ServiceState.STARTING)
        await bench.until(lambda: bench.states.count(ServiceState.FATAL) == 2)
        assert service.runs == 2 * FAILURES_MAX

    run(story())


def test_one_that_held_for_long_begins_to_count_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "STEADY_S", 0.0)

    async def story() -> None:
        service = Service(fails)
        bench = Bench(service)
        bench.publish(ServiceState.STARTING, actor="daemon")
        await bench.until(lambda: service.runs > FAILURES_MAX * 2)
        assert ServiceState.FATAL not in bench.states
        await bench.supervisor.close()

    run(story())


def test_what_is_hopeless_is_not_tried_again() -> None:
    async def hopeless(ready: Callable[[], None]) -> None:
        raise Hopeless("not built")

    async def story() -> None:
        service = Service(hopeless)
        bench = Bench(service)
        bench.publish(ServiceState.STARTING, actor="daemon")
        await bench.until(lambda: bench.said == [(ServiceState.FATAL, "not built")])
        assert service.runs == 1

    run(story())


def test_what_has_nothing_to_do_is_off() -> None:
    async def story() -> None:
        bench = Bench(Service(serves, off="no token"))
        bench.publish(ServiceState.STARTING, actor="daemon")
        await bench.until(lambda: bench.said == [(ServiceState.OFF, "no token")])

    run(story())


def test_a_restart_ends_the_old_before_the_new_begins() -> None:
    running = 0

    async def alone(ready: Callable[[], None]) -> None:
        nonlocal running
        running += 1
        assert running == 1
        ready()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            running -= 1

    async def story() -> None:
        service = Service(alone)
        bench = Bench(service)
        bench.publish(ServiceState.STARTING, actor="daemon")
        await bench.until(lambda: len(bench.said) == 1)
        for state, wanted in ((ServiceState.STOPPED, False), (ServiceState.STARTING, True)):
            bench.publish(state, wanted)
        await bench.until(lambda: bench.states == [ServiceState.RUNNING] * 2)
        assert (service.runs, service.ends) == (2, 1)
        await bench.supervisor.close()
        assert service.ends == 2

    run(story())


def test_a_person_does_not_wait_for_the_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BACKOFF_FIRST_S", 3600.0)
    monkeypatch.setattr(services, "BACKOFF_MAX_S", 3600.0)

    async def story() -> None:
        service = Service(fails)
        bench = Bench(service)
        bench.publish(ServiceState.STARTING, actor="daemon")
        await bench.until(lambda: ServiceState.BACKING_OFF in bench.states)
        bench.publish(ServiceState.STARTING)
        await bench.until(lambda: service.runs == 2)
        bench.publish(ServiceState.STOPPED, wanted=False)
        await bench.until(lambda: bench.supervisor.ended("hud"))

    run(story())


def test_waiting_for_what_does_not_come_ends() -> None:
    async def story() -> None:
        bench = Bench(Service(serves))
        assert not await bench.supervisor.settled(lambda: False, 0.05)

    run(story())
