"""What the daemon does by itself at certain times, over the scheduler's port. Owns when a job is due, how missed runs
are made good, and how a run is told to the core.

A run that was missed, because the daemon was down or the scheduler stopped, is made good once, at the start, however
many there were; the record says how many it stands for. A job that never ran waits for its time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from hydrad.domain.instants import SECOND
from hydrad.ports import Daily, SchedulerPort, When
from hydrad.toc import inputs as i
from hydrad.toc.state import Job

log = logging.getLogger("hydrad.jobs")

DAY_NS = 86_400 * SECOND


class JobFailed(Exception):
    """A job could not do its work, or found something bad; the message is for people."""


@dataclass(frozen=True, slots=True)
class Spec:
    """`work` gives what it did, in a line; it raises JobFailed. It is cut off after `timeout_s`."""

    name: str
    when: When
    work: Callable[[], Awaitable[str]]
    timeout_s: float


class World(Protocol):
    """What jobs ask of the daemon."""

    def now_ns(self) -> int: ...

    def last_runs(self) -> Mapping[str, Job]: ...

    def submit(self, body: i.AnyInput) -> None: ...


def latest_slot_ns(when: When, now_ns: int) -> int:
    """The last time at or before now at which it is due."""
    period_ns, offset_ns = _rhythm(when)
    return (now_ns - offset_ns) // period_ns * period_ns + offset_ns


def next_slot_ns(when: When, now_ns: int) -> int:
    return latest_slot_ns(when, now_ns) + _rhythm(when)[0]


def missed(when: When, last_ns: int, slot_ns: int) -> int:
    """Runs that were due between the last one and this one."""
    return max((slot_ns - last_ns) // _rhythm(when)[0] - 1, 0)


def _rhythm(when: When) -> tuple[int, int]:
    if isinstance(when, Daily):
        return DAY_NS, (when.hour * 3600 + when.minute * 60) * SECOND
    return when.seconds * SECOND, 0


class Jobs:
    """Runs `specs` on `port`."""

    def __init__(self, port: SchedulerPort, specs: tuple[Spec, ...], world: World) -> None:
        self._port = port
        self._world = world
        self.specs = {spec.name: spec for spec in specs}
        self.running: set[str] = set()
        for spec in specs:
            port.add(spec.name, spec.when, lambda spec=spec: self.run(spec))  # type: ignore[misc]

    def next_ns(self, name: str) -> int | None:
        return self._port.next_ns(name)

    async def keep(self, ready: Callable[[], None]) -> None:
        """Make good what was missed, then run until cancelled."""
        self._port.start()
        try:
            ready()
            for spec in self.specs.values():
                if self._is_late(spec):
                    await self.run(spec)
            await asyncio.Event().wait()
        finally:
            self._port.stop()

    def _is_late(self, spec: Spec) -> bool:
        last = self._world.last_runs().get(spec.name)
        return last is not None and last.scheduled_ns < latest_slot_ns(spec.when, self._world.now_ns())

    async def run(self, spec: Spec) -> None:
        """One run for the slot that is due now; nothing where it has run, or runs."""
        began_ns = self._world.now_ns()
        slot_ns = latest_slot_ns(spec.when, began_ns)
        last = self._world.last_runs().get(spec.name)
        if spec.name in self.running or (last is not None and last.scheduled_ns >= slot_ns):
            return
        self.running.add(spec.name)
        log.info("%s begins", spec.name)
        try:
            ok, detail = await _outcome(spec)
        finally:
            self.running.discard(spec.name)
        gone = missed(spec.when, last.scheduled_ns, slot_ns) if last is not None else 0
        log.info("%s %s: %s", spec.name, "ok" if ok else "FAILED", detail)
        self._world.submit(i.JobReported(spec.name, slot_ns, began_ns, self._world.now_ns(), ok, detail, gone))


async def _outcome(spec: Spec) -> tuple[bool, str]:
    try:
        async with asyncio.timeout(spec.timeout_s):
            return True, await spec.work()
    except JobFailed as failed:
        return False, str(failed)
    except TimeoutError:
        return False, f"not done within {spec.timeout_s:g} s: ended"
    except Exception as error:  # the edge of jobs: whatever one fails of is told, and ends nothing else
        log.exception("%s failed", spec.name)
        return False, f"{type(error).__name__}: {error}"
