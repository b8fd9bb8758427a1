"""APScheduler 3 behind `ports.SchedulerPort`: on the running loop, its jobs in memory.

What must outlive the process (when a job last ran) stands in the journal, so no job store of its own is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from hydrad.domain.instants import SECOND
from hydrad.ports import Daily, When

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class LoopScheduler:
    """A scheduler of the loop that it is started on; used once."""

    def __init__(self) -> None:
        defaults = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        self._scheduler = AsyncIOScheduler(timezone=dt.UTC, job_defaults=defaults)

    def add(self, name: str, when: When, call: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:  # APScheduler would run a plain function on a thread
            await call()

        self._scheduler.add_job(run, _trigger(when), id=name, name=name)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def next_ns(self, name: str) -> int | None:
        job = self._scheduler.get_job(name)
        at: dt.datetime | None = getattr(job, "next_run_time", None)
        return None if at is None else (at - _EPOCH) // dt.timedelta(microseconds=1) * (SECOND // 1_000_000)


def _trigger(when: When) -> CronTrigger | IntervalTrigger:
    if isinstance(when, Daily):
        return CronTrigger(hour=when.hour, minute=when.minute, timezone=dt.UTC)
    return IntervalTrigger(seconds=when.seconds, start_date=_EPOCH, timezone=dt.UTC)
