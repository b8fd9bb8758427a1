"""Ticks by hand, and a recorder's file of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hydrad.link.frames import Tick
from hydrad.market.series import Batch, Series

DAY = 16_192  # 2014-05-02
DAY_MS = 86_400_000
START_MS = DAY * DAY_MS
BLOCK_SOURCE = 32 + 8


def tick(at_ms: int, bid: int = 138_500, spread: int = 10) -> Tick:
    return Tick(START_MS + at_ms, bid, bid + spread)


def batch(*ticks: Tick, terminal: str = "alpha", session: int = 7, digits: int = 5, history: bool = False) -> Batch:
    through_ms = max((one.time_ms for one in ticks), default=0)
    return Batch(terminal, session, "EURUSD", digits, ticks, through_ms, history, START_MS + 900)


@pytest.fixture
def series(tmp_path: Path) -> Callable[[], Series]:
    """A new writer of the same folder, as after a start."""
    return lambda: Series(tmp_path / "recorded" / "EURUSD", "EURUSD")
