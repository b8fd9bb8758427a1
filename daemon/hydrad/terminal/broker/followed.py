"""Owns one symbol's ticks as a recording tells them while it grows: the market of a home on live quotes.

The recorder writes once a second, so a clock that stands `LAG_MS` behind the machine's finds each tick in the file
before its time has come. One that comes later than that happens when it is read: it is stamped right after what the
clock has passed, never put into a past that was dealt in already.

Prices are brought to the contract's digits; with fewer of them a bid is rounded down and an ask up. A quote that is
none (a price at or below zero, a crossed one) is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hydrad.domain.instants import DAY_MS
from hydrad.market import reading
from hydrad.market.follow import Follower
from hydrad.market.tickfile import Tick
from hydrad.terminal.broker import bars
from hydrad.terminal.broker.bars import Bars
from hydrad.terminal.broker.series import Series
from hydrad.terminal.broker.tracks import Windowed

LAG_MS = 2_000
LATE_MS_MAX = 10_000
KEEP_DAYS = 2  # in memory; what is older is read from the files again
READ_MAX = 2_000_000
FOR_EVER_MS = 4_102_444_800_000  # 2100: a live market has no last tick


class Followed(Windowed):
    """A track (`tracks.Track`) without an end. `from_ms`: what is earlier is not shown. `now_ms`: the clock."""

    def __init__(self, folder: Path, symbol: str, digits: int, from_ms: int, now_ms: int) -> None:
        self._folder, self._symbol = folder, symbol
        self.digits, self.first_ms, self.last_ms = digits, from_ms, FOR_EVER_MS
        self._window_ms = max(from_ms, now_ms - KEEP_DAYS * DAY_MS)
        self._follower = Follower(folder, symbol, self._window_ms)
        self._reached_ms = 0
        self._window = _series([], digits)
        self.left_out = 0
        self.reach(now_ms)

    def reach(self, ms: int) -> None:
        """Read what came, once for each step of the clock."""
        if ms <= self._reached_ms:
            return
        came: list[tuple[int, int, int]] = []
        while grown := self._follower.poll():
            for part in grown:
                made = (self._made(tick, part.source.digits) for tick in part.ticks)
                came += [tick for tick in made if tick is not None]
        if came:
            self._window = _joined(self._window, _series(self._stamped(came), self.digits))
        self._reached_ms = ms

    def _stamped(self, came: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
        """In the order of time, none before what the clock has passed. Of those that are later than `LATE_MS_MAX` only
        the newest is taken, as the price that stands: they were history when they were told, and nobody dealt in it."""
        if not self._reached_ms:
            return came
        timely = [tick for tick in came if tick[0] > self._reached_ms - LATE_MS_MAX] or came[-1:]
        floor_ms = max(int(self.time_ms[-1]) if len(self.time_ms) else 0, self._reached_ms + 1)
        stamped = []
        for time_ms, bid, ask in timely:
            floor_ms = max(floor_ms, time_ms)
            stamped.append((floor_ms, bid, ask))
        return stamped

    def trim(self, now_ms: int) -> None:
        """Keep the last days, and at least the tick that stands now. The clock has come here, asked for or not."""
        self.reach(now_ms)
        keep_ms = (now_ms // DAY_MS - KEEP_DAYS) * DAY_MS
        first = min(int(np.searchsorted(self.time_ms, keep_ms)), max(len(self.time_ms) - 1, 0))
        if keep_ms <= self._window_ms or not first:
            return
        window = self._window
        self._window_ms = keep_ms
        bids, asks = window.bid_points[first:].copy(), window.ask_points[first:].copy()
        self._window = Series(window.time_ms[first:].copy(), bids, asks, self.digits)

    def pieces(self, from_ms: int, to_ms: int) -> Iterator[Series]:
        first_ms = max(from_ms, self.first_ms)
        if first_ms < self._window_ms:
            yield self._older(first_ms, min(to_ms, self._window_ms - 1))
        first = int(np.searchsorted(self.time_ms, max(first_ms, self._window_ms), side="left"))
        last = max(first, int(np.searchsorted(self.time_ms, to_ms, side="right")))
        part, window = slice(first, last), self._window
        yield Series(window.time_ms[part], window.bid_points[part], window.ask_points[part], self.digits)

    def minutes(self, from_ms: int, to_ms: int) -> Bars:
        parts = [part for part in self.pieces(from_ms, to_ms - 1) if len(part.time_ms)]
        whole = parts[0] if len(parts) == 1 else _series([], self.digits)
        for part in parts if len(parts) > 1 else []:
            whole = _joined(whole, part)
        return bars.of_ticks(whole.time_ms // 1_000, whole.bid_points, whole.ask_points)

    def half_hours(self, from_ms: int, to_ms: int) -> Bars:
        return bars.join(self.minutes(from_ms, to_ms), 30)

    def _older(self, from_ms: int, to_ms: int) -> Series:
        found = reading.read(self._folder, self._symbol, from_ms, to_ms + 1, READ_MAX)
        made = [self._made(tick, found.digits) for tick in found.ticks] if found else []
        return _series([tick for tick in made if tick is not None], self.digits)

    def _made(self, tick: Tick, digits: int) -> tuple[int, int, int] | None:
        """A tick at the contract's digits; None for what is no quote."""
        if not 0 < tick.bid_points <= tick.ask_points:
            self.left_out += 1
            return None
        more = self.digits - digits
        if more >= 0:
            return tick.time_ms, tick.bid_points * 10**more, tick.ask_points * 10**more
        unit = 10**-more
        return tick.time_ms, tick.bid_points // unit, -(-tick.ask_points // unit)


def _series(ticks: list[tuple[int, int, int]], digits: int) -> Series:
    table = np.array(ticks, np.int64).reshape(-1, 3)
    return Series(table[:, 0].copy(), table[:, 1].astype(np.int32), table[:, 2].astype(np.int32), digits)


def _joined(before: Series, after: Series) -> Series:
    return Series(
        np.concatenate([before.time_ms, after.time_ms]),
        np.concatenate([before.bid_points, after.bid_points]),
        np.concatenate([before.ask_points, after.ask_points]),
        before.digits,
    )
