"""Verbs that change how the daemon runs: services, the configuration read again, log levels.

Each gives the schema, data and problem of its answer. What is durable goes through the core; this waits for what the
core's word brings about, and says what came of it.
"""

from __future__ import annotations

import asyncio
import os

from hydrad.config import ConfigError, Loaded, words
from hydrad.domain.actors import Actor
from hydrad.domain.instants import SECOND, ns_text
from hydrad.home import settings
from hydrad.host import logs
from hydrad.surface.daemon import Daemon
from hydrad.toc import housekeeping
from hydrad.toc import inputs as i
from hydrad.toc.service import ServiceState
from hydrad.vitals import vitals
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.answers.daemon import LogLevelData, ReloadData, ServicesData
from hydrad.wire.answers.status import ServiceRow
from hydrad.wire.codes import ErrorCode

Told = tuple[str, object, Problem | None]
ServiceVerb = calls.ServiceStart | calls.ServiceStop | calls.ServiceRestart
LEVEL_FOR_MAX_S = 86_400.0


class Running:
    """Owns the reloads that wait for the core's answer."""

    SERVICE_VERBS = (calls.ServiceStart, calls.ServiceStop, calls.ServiceRestart)

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._reloads: dict[int, tuple[Loaded, tuple[str, ...], tuple[str, ...]]] = {}

    # --- services ---------------------------------------------------------------------------------------

    async def settled(self, verb: ServiceVerb) -> Told:
        """Wait, a bounded time, until the services that were named are as they were asked to be."""
        names = tuple(dict.fromkeys(verb.names))
        stops = isinstance(verb, calls.ServiceStop)
        await self._daemon.supervisor.settled(lambda: all(self._is_settled(name, stops) for name in names))
        rows = tuple(row for name in names for row in vitals.service_rows(self._daemon) if row.name == name)
        return "hydra.services/v1", ServicesData(rows), self._problem(rows, stops)

    def _is_settled(self, name: str, stops: bool) -> bool:
        if stops:
            return self._daemon.supervisor.ended(name)
        state = housekeeping.service_of(self._daemon.state, name).state
        return state not in (ServiceState.STARTING, ServiceState.STOPPED)

    def _problem(self, rows: tuple[ServiceRow, ...], stops: bool) -> Problem | None:
        good = (ServiceState.STOPPED.value,) if stops else (ServiceState.RUNNING.value,)
        bad = [row for row in rows if row.state not in good]
        if not bad:
            return None
        code = ErrorCode.PARTLY if len(bad) < len(rows) else ErrorCode.FAILED
        text = "; ".join(f"{row.name} is {row.state}: {row.detail}" for row in bad)
        return Problem(code.value, text, "hydractl logs services, hydractl status -o wide")

    # --- configuration ----------------------------------------------------------------------------------

    async def read(self) -> Loaded | Problem:
        try:
            return await asyncio.to_thread(settings.read, self._daemon.places, os.environ)
        except ConfigError as error:
            hint = "nothing was changed; hydractl config check"
            return Problem(ErrorCode.FAILED.value, str(error), hint, {"problems": [str(p) for p in error.problems]})

    def configured(self, request: int, actor: Actor, read: Loaded) -> i.Configured:
        """The input for the core; what it answers ends in `reloaded`."""
        taken, restart = settings.changed(self._daemon.loaded, read)
        self._reloads[request] = (settings.merged(self._daemon.loaded, read), taken, restart)
        return i.Configured(request, actor, read.config.risk, read.config.timing, words(read.config.oncall.order))

    def reloaded(self, request: int) -> Told:
        loaded, taken, restart = self._reloads.pop(request)
        self._daemon.reloaded(loaded)
        waiting = settings.pending_rows(self._daemon.state)
        late = {row.key for row in waiting}
        data = ReloadData(tuple(path for path in taken if path not in late), waiting, restart)
        problem = None
        if restart:
            text = f"a restart is needed for {', '.join(restart)}"
            problem = Problem(ErrorCode.PARTLY.value, text, "hydractl restart")
        return "hydra.reload/v1", data, problem

    # --- logs -------------------------------------------------------------------------------------------

    async def log_level(self, verb: calls.LogLevel) -> Told:
        schema = "hydra.log_level/v1"
        if verb.subsystem not in logs.SUBSYSTEMS:
            known = ", ".join(logs.SUBSYSTEMS)
            return schema, None, Problem(ErrorCode.NOT_FOUND.value, f"no subsystem {verb.subsystem}", f"known: {known}")
        if verb.level not in logs.LEVELS or not 0 <= verb.for_s <= LEVEL_FOR_MAX_S:
            text = f"a level is one of {', '.join(logs.LEVELS)}, its time at most a day"
            return schema, None, Problem(ErrorCode.USAGE.value, text)
        before = self._daemon.levels.set(verb.subsystem, verb.level, verb.for_s)
        until = ns_text(self._daemon.now_ns() + int(verb.for_s * SECOND)) if verb.for_s else None
        return schema, LogLevelData(verb.subsystem, verb.level, before, until), None
