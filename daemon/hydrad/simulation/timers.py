"""The scheduler's port as a list of timers on a virtual clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hydrad.ports import When
from hydrad.services.jobs import latest_slot_ns, next_slot_ns


@dataclass(slots=True)
class _Timer:
    name: str
    when: When
    call: Callable[[], Awaitable[None]]
    next_ns: int


class TimerList:
    """Calls what is due when it is told the time; runs that were missed meanwhile are one call."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.started = False
        self._timers: list[_Timer] = []

    def add(self, name: str, when: When, call: Callable[[], Awaitable[None]]) -> None:
        self._timers.append(_Timer(name, when, call, next_slot_ns(when, self.now_ns)))

    def start(self) -> None:
        self.started = True

    def stop(self) -> None:
        self.started = False

    def next_ns(self, name: str) -> int | None:
        return next((timer.next_ns for timer in self._timers if timer.name == name and self.started), None)

    async def advance(self, now_ns: int) -> None:
        """The time is `now_ns` now: each timer that came due calls once, the earliest first."""
        assert now_ns >= self.now_ns
        due = sorted((t for t in self._timers if t.next_ns <= now_ns and self.started), key=lambda t: t.next_ns)
        self.now_ns = now_ns
        for timer in due:
            assert latest_slot_ns(timer.when, now_ns) >= timer.next_ns
            timer.next_ns = next_slot_ns(timer.when, now_ns)
            await timer.call()
