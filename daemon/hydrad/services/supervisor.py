"""Services inside the daemon, supervised. Owns the tasks that run them, their restarts, and when one is given up.

What is wanted stands in the journal, written by the core (`toc.desk.services`); this follows it after each commit,
starts and ends what the records say, and reports what became of it. A failure is tried again after a wait that doubles;
a service that has failed `FAILURES_MAX` times in a row is FATAL, with an alarm, until a person starts it. A failing
service never takes the daemon with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from hydrad.ports import Unfit
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.toc.service import ServiceState
from hydrad.toc.turn import DAEMON_ACTOR

log = logging.getLogger("hydrad.services")

FAILURES_MAX = 5
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 30.0
# One that has run so long has recovered: its next failure is a first one again.
STEADY_S = 60.0
SETTLE_S = 10.0


class Hopeless(Exception):
    """A service cannot run, and trying again would change nothing: FATAL at once. The message says why."""


class Hosted(Protocol):
    """A service that the supervisor runs."""

    name: str

    def off(self) -> str:
        """Why it has nothing to do, from the configuration; empty where it has."""
        ...

    async def run(self, ready: Callable[[], None]) -> None:
        """Run until cancelled; `ready` is called once it serves. Raises whatever it failed of, or Hopeless."""
        ...

    def detail(self) -> str:
        """What is measured of it now, for people."""
        ...


class Supervisor:
    """`report`: takes what became of a service to the core."""

    def __init__(self, hosted: Sequence[Hosted], report: Callable[[i.ServiceReported], None]) -> None:
        self.hosted = {service.name: service for service in hosted}
        self._report = report
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    # --- what the journal says -----------------------------------------------------------------------

    def published(self, records: Sequence[Record]) -> None:
        """These records are durable: begin and end what they say. Our own reports come back here too."""
        for record in records:
            if record.type == "SERVICE_CHANGED":
                body = r.decode(record.type, record.body)
                assert isinstance(body, r.ServiceChanged)
                if body.name in self.hosted:
                    self._follow(body, record.actor != DAEMON_ACTOR)
        if any(record.type == "SERVICE_CHANGED" for record in records):
            self._changed.set()

    def _follow(self, body: r.ServiceChanged, by_a_person: bool) -> None:
        task = self._tasks.get(body.name)
        begins = body.wanted and body.state is ServiceState.STARTING
        if task is not None and not task.done() and (by_a_person or not body.wanted):
            task.cancel()
        if begins and (task is None or task.done() or task.cancelling()):
            self._begin(body.name, task)

    def _begin(self, name: str, before: asyncio.Task[None] | None) -> None:
        keep = self._keep(self.hosted[name], before)
        self._tasks[name] = asyncio.get_running_loop().create_task(keep, name=f"service {name}")

    # --- one service ---------------------------------------------------------------------------------

    async def _keep(self, service: Hosted, before: asyncio.Task[None] | None) -> None:
        """Run it again and again until it is OFF, FATAL or stopped. `before`: its last task, which must have ended."""
        if before is not None:
            await asyncio.wait({before})
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            if why := service.off():
                return self._say(service, ServiceState.OFF, why)
            began_s = loop.time()
            why, hopeless = await self._once(service)
            failures = 1 if loop.time() - began_s >= STEADY_S else failures + 1
            if hopeless or failures >= FAILURES_MAX:
                return self._say(service, ServiceState.FATAL, why)
            delay_s = min(BACKOFF_FIRST_S * 2 ** (failures - 1), BACKOFF_MAX_S)
            self._say(service, ServiceState.BACKING_OFF, f"{why}; again in {delay_s:g} s")
            await asyncio.sleep(delay_s)
            self._say(service, ServiceState.STARTING, "tried again")

    async def _once(self, service: Hosted) -> tuple[str, bool]:
        """Why it ended, and whether that is hopeless."""
        try:
            await service.run(lambda: self._say(service, ServiceState.RUNNING, "it serves"))
        except Hopeless as hopeless:
            return str(hopeless), True
        except (OSError, Unfit) as error:
            log.error("%s failed: %s: %s", service.name, type(error).__name__, error)
            return f"{type(error).__name__}: {error}", False
        except Exception as error:  # the edge of services: what fails here must not end what trades
            log.exception("%s failed", service.name)
            return f"{type(error).__name__}: {error}", False
        return "it ended by itself", False

    def _say(self, service: Hosted, state: ServiceState, why: str) -> None:
        log.info("%s %s: %s", service.name, state.value, why)
        self._report(i.ServiceReported(service.name, state, why))

    # --- waiting and ending --------------------------------------------------------------------------

    def ended(self, name: str) -> bool:
        """Whether nothing of it runs."""
        task = self._tasks.get(name)
        return task is None or task.done()

    async def settled(self, is_settled: Callable[[], bool], timeout_s: float = SETTLE_S) -> bool:
        """Wait until a condition on the states holds; False when it does not within the time."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + timeout_s
        while not is_settled():
            left_s = end_s - loop.time()
            if left_s <= 0:
                return False
            self._changed.clear()
            try:
                async with asyncio.timeout(min(left_s, 0.1)):  # a task's end is no record
                    await self._changed.wait()
            except TimeoutError:
                continue
        return True

    async def close(self) -> None:
        """End all, for the end of the daemon; nothing is reported."""
        live = [task for task in self._tasks.values() if not task.done()]
        for task in live:
            task.cancel()
        if live:
            await asyncio.wait(live, timeout=SETTLE_S)
