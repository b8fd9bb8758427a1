"""Owns ticks and bars as MetaTrader gives them: packed numpy rows in the server's wall clock.

Bars are made of bids, as on a chart; `spread` is the smallest of the bar, in points. They begin on whole
periods of the wall clock, weeks on Sunday. A minute without a tick has no bar.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hydrad.terminal.broker.market import Market

TICK = np.dtype(
    [
        ("time", "<i8"),
        ("bid", "<f8"),
        ("ask", "<f8"),
        ("last", "<f8"),
        ("volume", "<u8"),
        ("time_msc", "<i8"),
        ("flags", "<u4"),
        ("volume_real", "<f8"),
    ]
)
RATE = np.dtype(
    [
        ("time", "<i8"),
        ("open", "<f8"),
        ("high", "<f8"),
        ("low", "<f8"),
        ("close", "<f8"),
        ("tick_volume", "<u8"),
        ("spread", "<i4"),
        ("real_volume", "<u8"),
    ]
)
_BID, _ASK = 2, 4
_HOURS, _WEEK, _MONTH = 0x4000, 0x8001, 0xC001
_DAY_S = 86_400
TIMEFRAMES = frozenset(
    [
        *(1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30),
        *(_HOURS | h for h in (1, 2, 3, 4, 6, 8, 12, 24)),
        _WEEK,
        _MONTH,
    ]
)
Rows = NDArray[np.void]


class Arrays:
    """Ticks and bars of one market, nothing after its clock."""

    def __init__(self, market: Market, offset_s: int) -> None:
        self._market = market
        self._offset_ms = offset_s * 1_000
        self._starts = lru_cache(maxsize=256)(self._bar_starts)

    def ticks_from(self, symbol: str, from_ms: int, count: int) -> Rows:
        """At most `count` ticks not before an instant (UTC milliseconds), oldest first."""
        first = self._market.index_at(symbol, from_ms - 1)
        return self._ticks(symbol, first, min(first + count, self._seen(symbol)))

    def ticks_range(self, symbol: str, from_ms: int, to_ms: int) -> Rows:
        """Ticks between two instants (UTC milliseconds), both included."""
        first = self._market.index_at(symbol, from_ms - 1)
        return self._ticks(symbol, first, min(self._market.index_at(symbol, to_ms), self._seen(symbol)))

    def rates_from(self, symbol: str, timeframe: int, wall_s: int, count: int) -> Rows:
        """The last `count` bars that open not after a wall-clock second."""
        times = self._bars_seen(symbol, timeframe)
        last = int(np.searchsorted(times, wall_s, side="right"))
        return self._rates(symbol, timeframe, max(last - count, 0), last)

    def rates_from_position(self, symbol: str, timeframe: int, position: int, count: int) -> Rows:
        """`count` bars back from the one at `position`, where 0 is the forming bar."""
        last = max(len(self._bars_seen(symbol, timeframe)) - position, 0)
        return self._rates(symbol, timeframe, max(last - count, 0), last)

    def rates_range(self, symbol: str, timeframe: int, from_s: int, to_s: int) -> Rows:
        """Bars that open between two wall-clock seconds, both included."""
        times = self._bars_seen(symbol, timeframe)
        first = int(np.searchsorted(times, from_s, side="left"))
        return self._rates(symbol, timeframe, first, int(np.searchsorted(times, to_s, side="right")))

    def _seen(self, symbol: str) -> int:
        return self._market.index_at(symbol, self._market.now_ms)

    def _ticks(self, symbol: str, first: int, last: int) -> Rows:
        series = self._market.series[symbol]
        part = slice(first, max(first, last))
        wall_ms = series.time_ms[part] + self._offset_ms
        rows = np.zeros(len(wall_ms), dtype=TICK)
        rows["time"], rows["time_msc"] = wall_ms // 1_000, wall_ms
        rows["bid"] = _prices(series.bid_points[part], series.digits)
        rows["ask"] = _prices(series.ask_points[part], series.digits)
        rows["flags"] = _changed(series.bid_points, part, _BID) | _changed(series.ask_points, part, _ASK)
        return rows

    def _bar_starts(self, symbol: str, timeframe: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Index of each bar's first tick, and its opening time in wall-clock seconds, over the whole feed."""
        wall_s = (self._market.series[symbol].time_ms + self._offset_ms) // 1_000
        opens = _opens(wall_s, timeframe)
        firsts = np.flatnonzero(np.diff(opens, prepend=opens[0] - 1)).astype(np.int64)
        return firsts, opens[firsts]

    def _bars_seen(self, symbol: str, timeframe: int) -> NDArray[np.int64]:
        firsts, times = self._starts(symbol, timeframe)
        return times[: int(np.searchsorted(firsts, self._seen(symbol), side="left"))]

    def _rates(self, symbol: str, timeframe: int, first: int, last: int) -> Rows:
        rows = np.zeros(max(last - first, 0), dtype=RATE)
        if not len(rows):
            return rows
        firsts, times = self._starts(symbol, timeframe)
        begin = int(firsts[first])
        end = min(int(firsts[last]) if last < len(firsts) else self._seen(symbol), self._seen(symbol))
        series = self._market.series[symbol]
        bids, asks = series.bid_points[begin:end], series.ask_points[begin:end]
        cuts = firsts[first:last] - begin
        lasts = np.append(cuts[1:], end - begin) - 1
        rows["time"] = times[first:last]
        rows["open"] = _prices(bids[cuts], series.digits)
        rows["high"] = _prices(np.maximum.reduceat(bids, cuts), series.digits)
        rows["low"] = _prices(np.minimum.reduceat(bids, cuts), series.digits)
        rows["close"] = _prices(bids[lasts], series.digits)
        rows["tick_volume"] = lasts - cuts + 1
        rows["spread"] = np.minimum.reduceat(asks - bids, cuts)
        return rows


def _prices(points: NDArray[np.int32], digits: int) -> NDArray[np.float64]:
    """The nearest floats of exact prices, the same as `round(points / 10**digits, digits)`."""
    prices: NDArray[np.float64] = points / float(10**digits)
    return prices


def _changed(points: NDArray[np.int32], part: slice, flag: int) -> NDArray[np.uint32]:
    """`flag` for each tick of a part that differs from the one before; the feed's first tick counts."""
    before = points[max(part.start - 1, 0) : part.stop]
    changes = np.diff(before) != 0
    if part.start == 0 and part.stop > 0:
        changes = np.append(True, changes)
    return np.where(changes, np.uint32(flag), np.uint32(0))


def _opens(wall_s: NDArray[np.int64], timeframe: int) -> NDArray[np.int64]:
    """The opening second of the bar that each second belongs to."""
    if timeframe == _MONTH:
        months = wall_s.astype("datetime64[s]").astype("datetime64[M]")
        return months.astype("datetime64[s]").astype(np.int64)
    if timeframe == _WEEK:
        days = wall_s // _DAY_S
        return (days - (days + 4) % 7) * _DAY_S  # day 3 of 1970 was the first Sunday
    period_s = (timeframe & ~_HOURS) * 3_600 if timeframe & _HOURS else timeframe * 60
    return wall_s // period_s * period_s
