"""The bundled day as frames, read once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from hydrad.apex.engine import Apex
from hydrad.apex.profile import SAMPLE
from hydrad.domain.instants import MINUTE_MS
from hydrad.domain.signals import Signal, Suppressed
from hydrad.link.frames import SymbolTicks, Tick
from hydrad.market import sample

DIGITS = {"EURUSD": 5, "XAUUSD": 3}
NOON_MS = sample.START_MS + 12 * 60 * MINUTE_MS
Batches = tuple[SymbolTicks, ...]
Frame = tuple[Batches, int, bool]  # batches, through_ms, history


class Day:
    """The day's ticks by symbol, and how to cut them into frames."""

    def __init__(self) -> None:
        self.ticks = {
            symbol: [
                Tick(*row)
                for row in zip(
                    arrays.time_ms.tolist(),
                    arrays.bid_points.tolist(),
                    arrays.ask_points.tolist(),
                    strict=True,
                )
            ]
            for symbol, arrays in sample.load().items()
        }

    def frames(self, ends_ms: Iterable[int], from_ms: int = sample.START_MS, noon_ms: int = NOON_MS) -> list[Frame]:
        """Frames that end before each of `ends_ms`; those that end by noon are history."""
        made = []
        for end_ms in ends_ms:
            made.append((self._batches(from_ms, end_ms), end_ms, end_ms <= noon_ms))
            from_ms = end_ms
        return made

    def _batches(self, from_ms: int, end_ms: int) -> Batches:
        return tuple(
            SymbolTicks(symbol, tuple(ticks[_first(ticks, from_ms) : _first(ticks, end_ms)]))
            for symbol, ticks in self.ticks.items()
        )


def _first(ticks: Sequence[Tick], ms: int) -> int:
    low, high = 0, len(ticks)
    while low < high:
        middle = (low + high) // 2
        if ticks[middle].time_ms < ms:
            low = middle + 1
        else:
            high = middle
    return low


def feed(apex: Apex, frames: Iterable[Frame]) -> list[Signal | Suppressed]:
    return [said for batches, through_ms, history in frames for said in apex.on_frame(batches, through_ms, history)]


def minutes(from_ms: int = sample.START_MS, to_ms: int = sample.END_MS) -> range:
    return range(from_ms + MINUTE_MS, to_ms + 1, MINUTE_MS)


@pytest.fixture(scope="session")
def day() -> Day:
    return Day()


@pytest.fixture(scope="session")
def said(day: Day) -> list[Signal | Suppressed]:
    """What the sample profile says on the day, fed minute by minute."""
    return feed(Apex(SAMPLE, DIGITS), day.frames(minutes()))
