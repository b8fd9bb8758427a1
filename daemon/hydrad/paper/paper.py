"""The paper home's own processes and its market clock: one simulated broker, one agent per terminal, one conductor.

The children have process groups and locks of their own and survive a killed daemon: a starting daemon that finds a
lock held adopts. Only `down` ends them. Market time moves only when the conductor asks the broker's control socket
for the next step, and it asks again only when every agent has said `through` the last one with nothing in hand, the
daemon has stepped it, and no act is QUEUED, ROUTED or ACKED.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hydrad.config import Config, parse_speed
from hydrad.home import home
from hydrad.host import processes
from hydrad.host.lock import holder
from hydrad.host.places import Places
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.engine import Engine
from hydrad.toc.terminal import Duty, LinkState

LOOK_S = 0.2
BACKOFF_MAX_S = 5.0
STEP_MS = 100
MINUTE_MS = 60_000
GRACE_S = 5.0
HELD_S = 0.004
CONTROL_TIMEOUT_S = 10.0
POLL_S = 1.0
SILENT_MAX_S = 3.0


@dataclass(slots=True)
class Child:
    name: str
    argv: list[str]
    lock: Path
    log: Path
    restarts: int = -1
    since_ns: int = 0
    retry_at: float = 0.0
    backoff_s: float = 0.2
    process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return holder(self.lock) is not None

    def end(self) -> processes.Ended:
        """End the process that holds its lock, whoever started it."""
        return processes.stop(self.lock, GRACE_S)


class Family:
    """The simulated broker and the agents, kept running with backoff."""

    def __init__(self, places: Places, terminals: list[str]) -> None:
        self._places = places
        broker = str(places.broker_dir / "books.db.lock")
        argv = [sys.executable, "-m", "hydrad.terminal", "sim", "--config", home.broker_config(places)]
        self.children = {"broker": Child("broker", argv, Path(broker), places.log_dir / "broker.log")}
        for name in terminals:
            self.add(name)

    def add(self, terminal: str) -> None:
        """Supervise one more agent."""
        places = self._places
        argv = [sys.executable, "-m", "hydrad.terminal", "run", str(places.bundle(terminal))]
        self.children[terminal] = Child(
            terminal, argv, places.process_lock(terminal), places.log_dir / f"{terminal}.log"
        )

    def take(self, terminal: str) -> Child | None:
        """Supervise this agent no more; whoever takes it ends it."""
        return self.children.pop(terminal, None)

    def look(self, now_s: float) -> None:
        """Adopt what runs, start what does not."""
        for child in self.children.values():
            starting = child.process is not None and child.process.poll() is None
            if child.running or starting or now_s < child.retry_at:
                continue
            child.restarts += 1
            child.process = processes.spawn(child.argv, child.log, os.environ, self._places.state_dir)
            child.retry_at = now_s + child.backoff_s
            child.backoff_s = min(child.backoff_s * 2, BACKOFF_MAX_S) if child.restarts else child.backoff_s

    def stop(self) -> tuple[list[str], list[str]]:
        """End all, agents first: the names of those that ended now, and of those that would not."""
        ended, left = [], []
        for child in reversed(self.children.values()):
            how = child.end()
            if how is processes.Ended.STILL_THERE:
                left.append(child.name)
            elif how is not processes.Ended.NOT_RUNNING:
                ended.append(child.name)
        return ended, left


class BrokerControl:
    """A client of the simulated broker's control socket: one JSON line each way."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._one = asyncio.Lock()

    async def ask(self, **request: object) -> dict[str, object] | None:
        """The answer, or None when the broker cannot be reached in time or refuses."""
        answer = await self.say(**request)
        return answer if answer and answer.get("ok") else None

    async def say(self, **request: object) -> dict[str, object] | None:
        """The answer, a refusal too, or None when the broker cannot be reached in time. One at a time."""
        async with self._one:
            return await self._exchange(request)

    async def _exchange(self, request: dict[str, object]) -> dict[str, object] | None:
        try:
            async with asyncio.timeout(CONTROL_TIMEOUT_S):
                if self._writer is None:
                    self._reader, self._writer = await asyncio.open_unix_connection(self._path)
                assert self._reader is not None
                self._writer.write(json.dumps(request).encode() + b"\n")
                line = await self._reader.readline()
        except (OSError, TimeoutError):
            self.close()
            return None
        if not line:
            self.close()
            return None
        answer: dict[str, object] = json.loads(line)
        return answer

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


class Conductor:
    """Moves market time. `speed`: market seconds a second; None is `max`; 0 stands still."""

    def __init__(self, places: Places, config: Config, engine: Engine, after_step: Callable[[], bool]) -> None:
        self._control = BrokerControl(home.broker_control(places))
        self._engine = engine
        self._idle = after_step
        self.by_client = config.paper.conductor == "client"
        self.speed: Decimal | None = parse_speed(config.paper.speed)
        self.clock_ms = 0
        self.ended = False
        self.reached = False
        self._heard_s: float | None = None

    def standing_ms(self, now_s: float) -> int:
        """For how long the market has stood still though it should go, by the loop's clock; 0 while it goes. Before the
        broker was ever reached there is no quote whose age it could be."""
        if self._heard_s is None:
            return 1
        silent_s = now_s - self._heard_s
        return round(silent_s * 1000) if silent_s > SILENT_MAX_S else 0

    def check(self, now_s: float) -> tuple[bool, str]:
        """Whether the simulated market is alive, and in words: its own clock tells no age while it stands still, so
        this is by machine time. `now_s`: the loop's clock."""
        if self._heard_s is None:
            return False, "the simulated broker was not reached yet"
        silent_s = now_s - self._heard_s
        if not self.standing_ms(now_s):
            return True, f"{self.speed_text()}, the broker answered {silent_s:.1f} s ago"
        held = "" if self._rests else ", ".join(self.held_by())
        held = held or "the broker does not answer"
        return False, f"stands still since {silent_s:.0f} s, which counts into the ages of quotes: {held}"

    @property
    def _rests(self) -> bool:
        """It steps nothing by itself, and looks at the broker's clock alone."""
        return self.by_client or self.ended or self.speed == 0

    def speed_text(self) -> str:
        if not self.reached:
            return "broker not reached"
        if self.ended:
            return "day ended"
        if self.by_client:
            return "stepped by a client"
        return "max" if self.speed is None else f"{self.speed}x"

    def held_by(self) -> list[str]:
        """What keeps the market from moving on; empty when nothing does."""
        state, live = self._engine.state, self._engine.live
        held = []
        for name, terminal in state.terminals.items():
            link = live.link(name)
            if link.state is not LinkState.READY and link.state is not LinkState.DEGRADED:
                if terminal.duty is not Duty.QUARANTINED:  # what is shut out does not stop the market for the others
                    held.append(f"{name} {link.state.value}")
            elif link.through_ms < self.clock_ms:
                held.append(f"{name} has not read through")
        for number in state.acts_open:
            act = state.acts[number]
            if act.state in IN_FLIGHT or act.state is ActState.QUEUED:
                held.append(f"act {act.state.value}")
        if not self._idle():
            held.append("inbox")
        return held

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        next_s = loop.time()
        while True:
            if not self.reached and not await self._read_clock():
                await asyncio.sleep(LOOK_S)
                continue
            if self._rests:
                await asyncio.sleep(LOOK_S)
                if not self.by_client or loop.time() - (self._heard_s or 0.0) > POLL_S:
                    await self._read_clock()
                continue
            if self.held_by():
                await asyncio.sleep(HELD_S)
                continue
            if self.speed is None:
                await self.step(MINUTE_MS)
                continue
            next_s = max(next_s + STEP_MS / 1000, loop.time() - STEP_MS / 1000)
            await asyncio.sleep(max(next_s - loop.time(), 0))
            await self.step(int(STEP_MS * self.speed))

    async def step(self, ms: int) -> bool:
        """One step of the market; False when the broker could not be asked."""
        return self._told(await self._control.ask(op="step", ms=ms))

    async def step_through(self, minutes: int, timeout_s: float) -> list[str]:
        """Steps of a minute, each through all agents; what still held it at the time-out (empty: done)."""
        for _ in range(minutes):
            if self.ended:
                break
            if held := await self._settle(timeout_s):
                return held
            if not await self.step(MINUTE_MS):
                return ["broker not reached"]
        return await self._settle(timeout_s)

    async def _settle(self, timeout_s: float) -> list[str]:
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while held := self.held_by():
            if loop.time() > end:
                return held
            await asyncio.sleep(HELD_S / 2)
        return []

    async def _read_clock(self) -> bool:
        return self._told(await self._control.ask(op="clock"))

    def _told(self, answer: dict[str, object] | None) -> bool:
        self.reached = answer is not None
        if answer is None:
            return False
        market_ms = answer["market_ms"]
        assert isinstance(market_ms, int)
        self.clock_ms = market_ms
        self.ended = bool(answer["ended"])
        self._heard_s = asyncio.get_running_loop().time()
        return True

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._control.close()
