"""The one place where the shell reads the time."""

from __future__ import annotations

import time


def now_ns() -> int:
    """UTC nanoseconds."""
    return time.time_ns()
