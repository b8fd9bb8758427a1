"""Owns one symbol's ticks as the market reads them: a window of arrays round the clock, and the history behind it.

The window is what the clock's steps work on: indexes into it hold until `trim`. A recording is its own window.
The generated market makes its ticks day by day as the clock gets there, and keeps no more than it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hydrad.domain.instants import DAY_MS
from hydrad.terminal.broker import bars
from hydrad.terminal.broker.bars import BAR, Bars
from hydrad.terminal.broker.factors import week_of
from hydrad.terminal.broker.generator import Generator
from hydrad.terminal.broker.series import BadFeed, Series

SILENCE_DAYS_MAX = 14  # the longest pause of a market, with holidays to spare


class Track(Protocol):
    """One symbol's ticks. Times are UTC milliseconds; `first_ms`, `last_ms`: of the whole history."""

    first_ms: int
    last_ms: int
    digits: int

    @property
    def time_ms(self) -> NDArray[np.int64]: ...

    @property
    def bid_points(self) -> NDArray[np.int32]: ...

    @property
    def ask_points(self) -> NDArray[np.int32]: ...

    def reach(self, ms: int) -> None:
        """Have the window go to an instant; indexes stay what they were."""

    def trim(self, now_ms: int) -> None:
        """Forget what nobody asks for at this clock; indexes change."""

    def pieces(self, from_ms: int, to_ms: int) -> Iterator[Series]:
        """Stretches of the ticks from an instant to another, both included, oldest first."""

    def minutes(self, from_ms: int, to_ms: int) -> Bars:
        """Minute bars (UTC) that open from an instant on and before another."""

    def half_hours(self, from_ms: int, to_ms: int) -> Bars:
        """Likewise, bars of thirty minutes."""


class Recorded:
    """Ticks in memory."""

    def __init__(self, series: Series) -> None:
        self.time_ms, self.bid_points, self.ask_points = series.time_ms, series.bid_points, series.ask_points
        self.digits = series.digits
        self.first_ms, self.last_ms = int(series.time_ms[0]), int(series.time_ms[-1])

    def reach(self, ms: int) -> None:
        return

    def trim(self, now_ms: int) -> None:
        return

    def pieces(self, from_ms: int, to_ms: int) -> Iterator[Series]:
        first = int(np.searchsorted(self.time_ms, from_ms, side="left"))
        last = int(np.searchsorted(self.time_ms, to_ms, side="right"))
        part = slice(first, max(first, last))
        yield Series(self.time_ms[part], self.bid_points[part], self.ask_points[part], self.digits)

    def minutes(self, from_ms: int, to_ms: int) -> Bars:
        return _between(self._minutes, from_ms, to_ms)

    def half_hours(self, from_ms: int, to_ms: int) -> Bars:
        return _between(self._half_hours, from_ms, to_ms)

    @cached_property
    def _minutes(self) -> Bars:
        return bars.of_ticks(self.time_ms // 1_000, self.bid_points, self.ask_points)

    @cached_property
    def _half_hours(self) -> Bars:
        return bars.join(self._minutes, 30)


class Windowed:
    """A track whose window is a series of its own, replaced as it grows."""

    _window: Series

    @property
    def time_ms(self) -> NDArray[np.int64]:
        return self._window.time_ms

    @property
    def bid_points(self) -> NDArray[np.int32]:
        return self._window.bid_points

    @property
    def ask_points(self) -> NDArray[np.int32]:
        return self._window.ask_points


class Generated(Windowed):
    """Ticks of the generated market, from `first_ms` on and without an end that anybody reaches."""

    def __init__(self, generator: Generator, symbol: str, digits: int, first_ms: int, last_ms: int) -> None:
        self._generator, self._symbol = generator, symbol
        self.digits, self.first_ms, self.last_ms = digits, first_ms, last_ms
        self._days: range = range(0)
        self._window = Series(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32), digits)
        self._day = lru_cache(maxsize=4)(lambda day: generator.ticks(symbol, day))

    def reach(self, ms: int) -> None:
        day = ms // DAY_MS
        if not self._days:
            self._open(day)
        elif day >= self._days.stop:
            new = [self._day(n) for n in range(self._days.stop, day + 1)]
            self._window = _joined([self._window, *new])
            self._days = range(self._days.start, day + 1)

    def trim(self, now_ms: int) -> None:
        """Keep yesterday and today, and more where they have no tick before the clock."""
        keep = now_ms // DAY_MS - 1
        if not self._days or keep <= self._days.start:
            return
        first = int(np.searchsorted(self.time_ms, keep * DAY_MS))
        if first >= int(np.searchsorted(self.time_ms, now_ms, side="right")):
            return
        window = self._window
        # Copied, so that the forgotten part is given back.
        self._window = Series(
            window.time_ms[first:].copy(),
            window.bid_points[first:].copy(),
            window.ask_points[first:].copy(),
            self.digits,
        )
        self._days = range(keep, self._days.stop)

    def pieces(self, from_ms: int, to_ms: int) -> Iterator[Series]:
        first_ms = max(from_ms, self.first_ms)
        for day in range(first_ms // DAY_MS, to_ms // DAY_MS + 1):
            yield from Recorded(self._day(day)).pieces(first_ms, to_ms) if len(self._day(day).time_ms) else ()

    def minutes(self, from_ms: int, to_ms: int) -> Bars:
        return self._weeks(self._generator.minutes, from_ms, to_ms)

    def half_hours(self, from_ms: int, to_ms: int) -> Bars:
        return self._weeks(self._generator.half_hours, from_ms, to_ms)

    def _weeks(self, weekly: Callable[[str, int], Bars], from_ms: int, to_ms: int) -> Bars:
        first_ms = max(from_ms, self.first_ms)
        weeks = range(week_of(first_ms), week_of(max(to_ms - 1, first_ms)) + 1)
        rows = [weekly(self._symbol, week) for week in weeks]
        return _between(np.concatenate(rows) if rows else np.zeros(0, BAR), first_ms, to_ms)

    def _open(self, day: int) -> None:
        """The window for its first use: back to the day before, and further to the last tick there was."""
        back = day - 1
        while not len(self._day(back).time_ms):
            back -= 1
            if back < day - SILENCE_DAYS_MAX:
                raise BadFeed(f"{self._symbol}: no tick in {SILENCE_DAYS_MAX} days")
        self._window = _joined([self._day(n) for n in range(back, day + 1)])
        self._days = range(back, day + 1)


def _between(rows: Bars, from_ms: int, to_ms: int) -> Bars:
    first, last = np.searchsorted(rows["time"], [-(-from_ms // 1_000), -(-to_ms // 1_000)], side="left")
    return rows[first : max(first, last)]


def _joined(parts: list[Series]) -> Series:
    return Series(
        np.concatenate([part.time_ms for part in parts]),
        np.concatenate([part.bid_points for part in parts]),
        np.concatenate([part.ask_points for part in parts]),
        parts[0].digits,
    )
