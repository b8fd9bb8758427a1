"""Services that the daemon hosts: bridge and scheduler. Each starts, serves, and tells what it measures.

APScheduler is imported here, when the service that needs it is started, and off the loop.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hydrad.bridge.bridge import Bridge
from hydrad.config import Config, Market
from hydrad.domain.instants import DAY_MS, duration_text, ns_text
from hydrad.jobs import JobFailed, Jobs, Spec
from hydrad.link.frames import DownFrame
from hydrad.market import retention
from hydrad.market.recorder import RECORDED
from hydrad.ports import Daily, Every
from hydrad.toc import alarm_views, service
from hydrad.wire.answers.status import JobRow

if TYPE_CHECKING:
    from hydrad.app import App

VERIFY_TIMEOUT_S = 3600.0
SNAPSHOT_TIMEOUT_S = 120.0
COMPARE_EVERY_S = 3600
COMPARE_TIMEOUT_S = 420.0
RETAIN_EVERY_S = 3600
RETAIN_TIMEOUT_S = 300.0
RECORDING_CODES = "RECORDING_"


class Links:
    """The driver's way to agents while bridges come and go: nothing is sent while there is none."""

    def __init__(self) -> None:
        self.bridge: Bridge | None = None

    def send(self, terminal: str, connection: int, frame: DownFrame) -> bool:
        return self.bridge is not None and self.bridge.send(terminal, connection, frame)

    def allow(self, terminals: Mapping[str, str]) -> None:
        if self.bridge is not None:
            self.bridge.allow(terminals)

    def close(self) -> None:
        bridge, self.bridge = self.bridge, None
        if bridge is not None:
            bridge.close()


class BridgeService:
    """The bridge. The first one is bound before the daemon says that it started; `bind` makes the next."""

    name = service.BRIDGE

    def __init__(self, app: App, links: Links, bind: Callable[[], Bridge]) -> None:
        self._app, self._links, self._bind = app, links, bind

    def off(self) -> str:
        return ""

    async def run(self, ready: Callable[[], None]) -> None:
        if self._links.bridge is None:
            self._links.bridge = self._bind()
        self._app.admit()
        try:
            ready()
            await asyncio.Event().wait()
        finally:
            self._links.close()

    def detail(self) -> str:
        bridge = self._links.bridge
        if bridge is None:
            return "no socket is open: no terminal can be reached"
        counts = bridge.counters()
        heard_ns = max((link.heard_ns for link in self._app.links_live()), default=0)
        age = f"last frame {duration_text(self._app.now_ns() - heard_ns)} ago" if heard_ns else "no frame yet"
        full = f"{counts['dropped_full']} frames dropped at full queues"
        return f"{counts['connections']} connections, {counts['frames_in']} frames in, {age}, {full}"


class SchedulerService:
    """The scheduler and its jobs."""

    name = service.SCHEDULER

    def __init__(self, app: App, config: Config, more: tuple[Spec, ...] = ()) -> None:
        self._app = app
        self._specs = specs(app, config) + more
        self._jobs: Jobs | None = None

    def off(self) -> str:
        return ""

    async def run(self, ready: Callable[[], None]) -> None:
        module = await asyncio.to_thread(importlib.import_module, "hydrad.host.scheduler")
        self._jobs = jobs = Jobs(module.LoopScheduler(), self._specs, self._app)
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
        last = self._app.last_runs().get(spec.name)
        next_ns = self._jobs.next_ns(spec.name) if self._jobs else None
        return JobRow(
            spec.name,
            str(spec.when),
            ns_text(next_ns) if next_ns else None,
            ns_text(last.ended_ns) if last else None,
            last.ok if last else None,
            last.detail if last else None,
        )


def specs(app: App, config: Config) -> tuple[Spec, ...]:
    """The daemon's jobs."""
    hour, _, minute = config.scheduler.verify_at.partition(":")
    return (
        Spec(
            "journal-verify",
            Daily(int(hour), int(minute)),
            lambda: _verify(app.places.journal),
            VERIFY_TIMEOUT_S,
        ),
        Spec("recording-check", Every(COMPARE_EVERY_S), app.comparison.run, COMPARE_TIMEOUT_S),
        Spec("recording-retention", Every(RETAIN_EVERY_S), lambda: _retain(app, config.market), RETAIN_TIMEOUT_S),
        Spec("snapshot", Every(config.scheduler.snapshot_every_s), app.snapshot_now, SNAPSHOT_TIMEOUT_S),
    )


async def _retain(app: App, market: Market) -> str:
    """Old recordings go, on a thread. Raises JobFailed where more is left than may be kept."""
    today, seqs = app.glance().market_ms // DAY_MS, tuple(app.state.findings)
    keep_bytes = market.keep_mib << 20

    def work() -> retention.Swept:
        rows = [alarm_views.finding_row(record) for seq in seqs for record in app.read(seq - 1, 1)]
        named = retention.named_in((row.subject, row.detail) for row in rows if row.code.startswith(RECORDING_CODES))
        return retention.sweep(app.places.market / RECORDED, today, market.keep_days, keep_bytes, named)

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
