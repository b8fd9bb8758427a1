"""The agent's machine time: UTC at the start, carried on by a clock that never steps and counts suspend.

So a stepped wall clock cannot move a deadline; how far this clock is from the daemon's is measured by beats.
"""

from __future__ import annotations

from hydrad.host.clock import SystemClock


class SteadyClock:
    """`base_ns`: what is added to the time since boot; measured now unless another process has told its own."""

    def __init__(self, base_ns: int | None = None) -> None:
        self._system = SystemClock()
        self.base_ns = self._system.machine_ns() - self._system.boot_ns() if base_ns is None else base_ns

    def now_ns(self) -> int:
        """UTC nanoseconds, as this clock has it."""
        return self.base_ns + self._system.boot_ns()
