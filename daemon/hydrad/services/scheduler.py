"""The scheduler as a service of the daemon, and the jobs that keep a home: verify, snapshot, compare, sweep.

APScheduler is imported when it is started, and off the loop.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from pathlib import Path

from hydrad.config import Config, Market
from hydrad.domain.instants import DAY_MS, ns_text
from hydrad.market import retention
from hydrad.market.recorder import RECORDED
from hydrad.ports import Daily, Every
from hydrad.services.comparing import Comparison
from hydrad.services.daemon import Daemon
from hydrad.services.jobs import JobFailed, Jobs, Spec
from hydrad.services.snapshots import Snapshots
from hydrad.toc import alarm_views, service
from hydrad.wire.answers.status import JobRow

VERIFY_TIMEOUT_S = 3600.0
SNAPSHOT_TIMEOUT_S = 120.0
COMPARE_EVERY_S = 3600
COMPARE_TIMEOUT_S = 420.0
RETAIN_EVERY_S = 3600
RETAIN_TIMEOUT_S = 300.0
RECORDING_CODES = "RECORDING_"


class SchedulerService:
    """The scheduler and its jobs."""

    name = service.SCHEDULER

    def __init__(self, daemon: Daemon, specs: tuple[Spec, ...]) -> None:
        self._daemon = daemon
        self._specs = specs
        self._jobs: Jobs | None = None

    def off(self) -> str:
        return ""

    async def run(self, ready: Callable[[], None]) -> None:
        module = await asyncio.to_thread(importlib.import_module, "hydrad.host.scheduler")
        self._jobs = jobs = Jobs(module.LoopScheduler(), self._specs, self._daemon)
        try:
            await jobs.keep(ready)
        finally:
            self._jobs = None

    def detail(self) -> str:
        if self._jobs is None:
            return "no job will run"
        running = ", ".join(sorted(self._jobs.running)) or "none"
        return f"{len(self._specs)} jobs, running: {running}"

    def rows(self) -> tuple[JobRow, ...]:
        return tuple(self._row(spec) for spec in self._specs)

    def _row(self, spec: Spec) -> JobRow:
        last = self._daemon.last_runs().get(spec.name)
        next_ns = self._jobs.next_ns(spec.name) if self._jobs else None
        return JobRow(
            spec.name,
            str(spec.when),
            ns_text(next_ns) if next_ns else None,
            ns_text(last.ended_ns) if last else None,
            last.ok if last else None,
            last.detail if last else None,
        )


def specs(daemon: Daemon, comparison: Comparison, snapshots: Snapshots, config: Config) -> tuple[Spec, ...]:
    """The jobs that keep a home."""
    hour, _, minute = config.scheduler.verify_at.partition(":")
    return (
        Spec(
            "journal-verify",
            Daily(int(hour), int(minute)),
            lambda: _verify(daemon.places.journal),
            VERIFY_TIMEOUT_S,
        ),
        Spec("recording-check", Every(COMPARE_EVERY_S), comparison.run, COMPARE_TIMEOUT_S),
        Spec("recording-retention", Every(RETAIN_EVERY_S), lambda: _retain(daemon, config.market), RETAIN_TIMEOUT_S),
        Spec("snapshot", Every(config.scheduler.snapshot_every_s), snapshots.now, SNAPSHOT_TIMEOUT_S),
    )


async def _retain(daemon: Daemon, market: Market) -> str:
    """Old recordings go, on a thread. Raises JobFailed where more is left than may be kept."""
    today, seqs = daemon.glance().market_ms // DAY_MS, tuple(daemon.state.findings)
    keep_bytes = market.keep_mib << 20

    def work() -> retention.Swept:
        rows = [alarm_views.finding_row(record) for seq in seqs for record in daemon.read(seq - 1, 1)]
        named = retention.named_in((row.subject, row.detail) for row in rows if row.code.startswith(RECORDING_CODES))
        return retention.sweep(daemon.places.market / RECORDED, today, market.keep_days, keep_bytes, named)

    swept = await asyncio.to_thread(work)
    if keep_bytes and swept.left_bytes > keep_bytes:
        raise JobFailed(f"recordings take more than market.keep_mib = {market.keep_mib}: {swept.line}")
    return swept.line


async def _verify(journal: Path) -> str:
    """The chain, checked by another process, so that neither the loop nor the interpreter lock waits for it."""
    argv = (sys.executable, "-m", "hydrad", "journal", "verify", str(journal))
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe)
    try:
        said, problem = await child.communicate()
    finally:
        if child.returncode is None:  # the time is over, or the scheduler was stopped
            child.kill()
            await child.wait()
    if child.returncode:
        raise JobFailed(problem.decode(errors="replace").strip() or f"exit {child.returncode}")
    return said.decode(errors="replace").strip()
