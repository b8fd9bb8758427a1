"""The conductor: a paper home's market clock. Owns when the market takes its next step.

Market time moves only here: it asks the broker's control socket for the next step, and it asks again only when every
agent has said `through` the last one with nothing in hand, the daemon has stepped it, and no act is QUEUED, ROUTED or
ACKED.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from decimal import Decimal

from hydrad.config import Config, parse_speed
from hydrad.home import paper_broker
from hydrad.host.places import Places
from hydrad.paper.broker_control import BrokerControl
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.engine import Engine
from hydrad.toc.terminal import Duty, LinkState

LOOK_S = 0.2
STEP_MS = 100
MINUTE_MS = 60_000
HELD_S = 0.004
POLL_S = 1.0
SILENT_MAX_S = 3.0


class Conductor:
    """Moves market time. `speed`: market seconds a second; None is `max`; 0 stands still."""

    def __init__(self, places: Places, config: Config, engine: Engine, after_step: Callable[[], bool]) -> None:
        self._control = BrokerControl(paper_broker.broker_control(places))
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
