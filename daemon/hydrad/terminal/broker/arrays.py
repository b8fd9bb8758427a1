"""Owns ticks and bars as MetaTrader gives them: packed numpy rows in the server's wall clock.

Bars are made of bids, as on a chart; `spread` is the smallest of the bar, in points. They begin on whole
periods of the wall clock, weeks on Sunday. A minute without a tick has no bar. As in a terminal no chart goes
back further than some 100,000 bars. Nothing after the market's clock is shown.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hydrad.domain.instants import DAY_MS, MINUTE_MS
from hydrad.terminal.broker import bars
from hydrad.terminal.broker.bars import Bars
from hydrad.terminal.broker.market import Market
from hydrad.terminal.broker.series import Series
from hydrad.terminal.broker.server_time import ServerTime

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
BARS_MAX = 100_000
TICKS_MAX = 4_000_000
_BID, _ASK = 2, 4
_HALF_HOUR_MS = 30 * MINUTE_MS
Rows = NDArray[np.void]


class TooMuch(ValueError):
    """More ticks than one answer holds."""


class Arrays:
    """Ticks and bars of one market, nothing after its clock."""

    def __init__(self, market: Market, server: ServerTime) -> None:
        self._market = market
        self._server = server

    def ticks_from(self, symbol: str, from_ms: int, count: int) -> Rows:
        """At most `count` ticks not before an instant (UTC milliseconds), oldest first; raises TooMuch."""
        return self._ticks(symbol, from_ms, self._market.now_ms, count)

    def ticks_range(self, symbol: str, from_ms: int, to_ms: int) -> Rows:
        """Ticks between two instants (UTC milliseconds), both included; raises TooMuch."""
        return self._ticks(symbol, from_ms, min(to_ms, self._market.now_ms), None)

    def rates_from(self, symbol: str, timeframe: int, wall_s: int, count: int) -> Rows:
        """The last `count` bars that open not after a wall-clock second."""
        end_ms = min(self._server.utc_ms((wall_s + 1) * 1_000), self._market.now_ms + 1)
        return self._rates(symbol, self._last_bars(symbol, timeframe, end_ms, count, wall_s))

    def rates_from_position(self, symbol: str, timeframe: int, position: int, count: int) -> Rows:
        """`count` bars back from the one at `position`, where 0 is the forming bar."""
        found = self._last_bars(symbol, timeframe, self._market.now_ms + 1, position + count, None)
        return self._rates(symbol, found[: max(len(found) - position, 0)][-count:])

    def rates_range(self, symbol: str, timeframe: int, from_s: int, to_s: int) -> Rows:
        """Bars that open between two wall-clock seconds, both included."""
        begin_ms, end_ms = (self._server.utc_ms(second * 1_000) for second in (from_s, to_s + 1))
        length_ms = bars.period_s(timeframe) * 1_000
        begin_ms = max(begin_ms, self._market.now_ms - BARS_MAX * length_ms * 3 // 2)
        found = self._bars(symbol, timeframe, begin_ms, end_ms + length_ms + DAY_MS)
        first, last = np.searchsorted(found["time"], [from_s, to_s + 1])
        return self._rates(symbol, found[first : max(first, last)][-BARS_MAX:])

    def _last_bars(self, symbol: str, timeframe: int, end_ms: int, count: int, wall_s: int | None) -> Bars:
        """The last `count` bars, fewer where there are no more: a guess of how far back, doubled until it does."""
        count = min(count, BARS_MAX)
        length_ms = bars.period_s(timeframe) * 1_000
        first_ms = self._market.series[symbol].first_ms
        # The bar that is open at `end_ms` is wanted whole, as far as the clock has come.
        until_ms = end_ms if wall_s is None else end_ms + length_ms + DAY_MS
        span_ms = count * length_ms * 8 // 5 + 4 * _HALF_HOUR_MS
        while True:
            begin_ms = max(end_ms - span_ms, first_ms)
            found = self._bars(symbol, timeframe, begin_ms, until_ms)
            if wall_s is not None:
                found = found[: int(np.searchsorted(found["time"], wall_s, side="right"))]
            if len(found) >= count or begin_ms <= first_ms:
                return found[-count:]
            span_ms *= 2

    def _bars(self, symbol: str, timeframe: int, begin_ms: int, end_ms: int) -> Bars:
        """Bars in wall time, whole but for the forming one, that have a tick from an instant on and before another."""
        track, now_ms = self._market.series[symbol], self._market.now_ms
        begin_ms = self._server.utc_ms(self._opens_s(begin_ms, timeframe) * 1_000)
        end_ms = min(end_ms, now_ms + 1)
        minute_ms = min(end_ms, now_ms) // MINUTE_MS * MINUTE_MS
        coarse_ms = (
            minute_ms // _HALF_HOUR_MS * _HALF_HOUR_MS if timeframe & bars.HOURS or timeframe >= bars.WEEK else 0
        )
        parts = [track.half_hours(begin_ms, coarse_ms)] if coarse_ms > begin_ms else []
        parts.append(track.minutes(max(begin_ms, coarse_ms), minute_ms))
        parts += [_minute_of(piece) for piece in track.pieces(max(minute_ms, begin_ms), end_ms - 1)]
        rows = np.concatenate(parts)
        rows["time"] = self._server.walls(rows["time"] * 1_000) // 1_000
        return bars.join(rows, timeframe)

    def _opens_s(self, utc_ms: int, timeframe: int) -> int:
        wall_s = np.array([self._server.wall_ms(utc_ms) // 1_000])
        return int(bars.opens(wall_s, timeframe)[0])

    def _rates(self, symbol: str, found: Bars) -> Rows:
        digits = self._market.series[symbol].digits
        rows = np.zeros(len(found), dtype=RATE)
        rows["time"] = found["time"]
        for name in ("open", "high", "low", "close"):
            rows[name] = _prices(found[name], digits)
        rows["tick_volume"], rows["spread"] = found["count"], found["spread"]
        return rows

    def _ticks(self, symbol: str, from_ms: int, to_ms: int, count: int | None) -> Rows:
        """Each of its pieces knows the tick before it, so that `flags` names what changed."""
        track = self._market.series[symbol]
        before = self._before(symbol, from_ms)
        made: list[Rows] = []
        left = TICKS_MAX + 1 if count is None else min(count, TICKS_MAX + 1)
        for piece in track.pieces(from_ms, to_ms):
            if left <= 0:
                break
            made.append(self._rows(piece, before, left))
            left -= len(made[-1])
            before = (int(piece.bid_points[-1]), int(piece.ask_points[-1])) if len(piece.time_ms) else before
        if sum(map(len, made)) > TICKS_MAX:
            raise TooMuch(f"more than {TICKS_MAX} ticks")
        return np.concatenate(made) if made else np.zeros(0, dtype=TICK)

    def _before(self, symbol: str, ms: int) -> tuple[int, int] | None:
        """The prices of the last tick before an instant, None at the feed's first and after a longer pause."""
        found = None
        for piece in self._market.series[symbol].pieces(ms - DAY_MS, ms - 1):
            if len(piece.time_ms):
                found = int(piece.bid_points[-1]), int(piece.ask_points[-1])
        return found

    def _rows(self, piece: Series, before: tuple[int, int] | None, most: int) -> Rows:
        times, bids, asks = piece.time_ms[:most], piece.bid_points[:most], piece.ask_points[:most]
        wall_ms = self._server.walls(times)
        rows = np.zeros(len(times), dtype=TICK)
        rows["time"], rows["time_msc"] = wall_ms // 1_000, wall_ms
        rows["bid"], rows["ask"] = _prices(bids, piece.digits), _prices(asks, piece.digits)
        earlier = before if before is not None else (None, None)
        rows["flags"] = _changed(bids, earlier[0], _BID) | _changed(asks, earlier[1], _ASK)
        return rows


def _minute_of(piece: Series) -> Bars:
    return bars.of_ticks(piece.time_ms // 1_000, piece.bid_points, piece.ask_points)


def _prices(points: NDArray[np.int32], digits: int) -> NDArray[np.float64]:
    """The nearest floats of exact prices, the same as `round(points / 10**digits, digits)`."""
    prices: NDArray[np.float64] = points / float(10**digits)
    return prices


def _changed(points: NDArray[np.int32], before: int | None, flag: int) -> NDArray[np.uint32]:
    """`flag` for each tick that differs from the one before; one that has none before counts."""
    if not len(points):
        return np.zeros(0, dtype=np.uint32)
    changes = np.diff(points, prepend=points[0]) != 0
    changes[0] = before is None or int(points[0]) != before
    return np.where(changes, np.uint32(flag), np.uint32(0))
