"""Owns a market clock that runs by itself: so many market seconds a second, or as fast as it goes."""

from __future__ import annotations

from collections.abc import Callable

from hydrad.domain.instants import DAY_MS, MINUTE_MS
from hydrad.terminal.broker.broker import Broker

LOOK_S = 0.1


class Pace:
    """`rate`: market seconds a second, 0 stands still, None is as fast as it goes. `now_s`: it never steps back."""

    def __init__(self, broker: Broker, rate: float | None, now_s: Callable[[], float]) -> None:
        self._broker = broker
        self._rate = rate
        self._now_s = now_s
        self._last_s = now_s()
        self._due_ms = 0.0

    @property
    def patience_s(self) -> float | None:
        """How long the loop may wait for requests before it looks again; None: for ever."""
        if self._rate is None:
            return None if self._broker.market.ended else 0.0
        return LOOK_S if self._rate else None

    def advance(self) -> None:
        """Move the clock to where it should be, a day at a time; a minute at a time as fast as it goes."""
        if self._rate == 0 or self._broker.market.ended:
            return
        if self._rate is None:
            self._broker.step(MINUTE_MS, durable=False)
            return
        now_s = self._now_s()
        self._due_ms += (now_s - self._last_s) * 1_000 * self._rate
        self._last_s = now_s
        whole = min(int(self._due_ms), DAY_MS)
        if whole:
            self._due_ms -= whole
            self._broker.step(whole, durable=False)

    def catch_up(self, to_ms: int) -> None:
        """Move the clock on to an instant, for one that follows the machine's: what happened meanwhile happens now."""
        while self._broker.market.now_ms < to_ms and not self._broker.market.ended:
            self._broker.step(min(to_ms - self._broker.market.now_ms, DAY_MS), durable=False)


class Following(Pace):
    """A clock that stands `lag_ms` behind the machine's, whatever that does but stepping back. `machine_ms`: UTC."""

    def __init__(self, broker: Broker, lag_ms: int, machine_ms: Callable[[], int]) -> None:
        super().__init__(broker, 1.0, lambda: 0.0)
        self._lag_ms, self._machine_ms = lag_ms, machine_ms

    def advance(self) -> None:
        self.catch_up(self._machine_ms() - self._lag_ms)
