"""The clocks of this machine. The only place where now is read."""

from __future__ import annotations

import sys
import time


class SystemClock:
    """Machine time: UTC, which people and deadlines use, and a clock that never steps and counts suspend."""

    def machine_ns(self) -> int:
        """UTC nanoseconds since 1970."""
        return time.time_ns()

    def boot_ns(self) -> int:
        """Nanoseconds since this machine started, suspend included (clock_gettime(2), CLOCK_BOOTTIME).

        On Windows Python's monotonic clock counts it too, by GetTickCount64 up to 3.12 (which moves every 16 ms), by
        QueryPerformanceCounter from then on.
        """
        if sys.platform == "win32":
            return time.monotonic_ns()
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
