"""Owns bars in points: made of ticks, and joined to longer ones.

Bars are made of bids, as on a chart. `time` is the opening second; whose clock it is on, the caller knows.
`count`: ticks. `spread`: the smallest of the bar, in points. Joining is exact: the bars of an hour joined are
the bar of its ticks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BAR = np.dtype(
    [
        ("time", "<i8"),
        ("open", "<i4"),
        ("high", "<i4"),
        ("low", "<i4"),
        ("close", "<i4"),
        ("count", "<i8"),
        ("spread", "<i4"),
    ]
)
MINUTE_S, HALF_HOUR_S, DAY_S = 60, 1_800, 86_400
HOURS, WEEK, MONTH = 0x4000, 0x8001, 0xC001  # how MetaTrader numbers timeframes
TIMEFRAMES = frozenset(
    [
        *(1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30),
        *(HOURS | h for h in (1, 2, 3, 4, 6, 8, 12, 24)),
        WEEK,
        MONTH,
    ]
)
Bars = NDArray[np.void]
Seconds = NDArray[np.int64]


def period_s(timeframe: int) -> int:
    """The length of a timeframe's bar in seconds; the longest, for months."""
    if timeframe in (WEEK, MONTH):
        return 7 * DAY_S if timeframe == WEEK else 31 * DAY_S
    return (timeframe & ~HOURS) * 3_600 if timeframe & HOURS else timeframe * MINUTE_S


def opens(seconds: Seconds, timeframe: int) -> Seconds:
    """The opening second of the bar that each second belongs to: whole periods, weeks from Sunday, months."""
    if timeframe == MONTH:
        months = seconds.astype("datetime64[s]").astype("datetime64[M]")
        return months.astype("datetime64[s]").astype(np.int64)
    if timeframe == WEEK:
        days = seconds // DAY_S
        return (days - (days + 4) % 7) * DAY_S  # day 3 of 1970 was the first Sunday
    period = period_s(timeframe)
    return seconds // period * period


def of_ticks(seconds: Seconds, bids: NDArray[np.int32], asks: NDArray[np.int32]) -> Bars:
    """Minute bars of ticks in the order of time."""
    rows = np.zeros(len(seconds), dtype=BAR)
    rows["time"] = seconds // MINUTE_S * MINUTE_S
    for name in ("open", "high", "low", "close"):
        rows[name] = bids
    rows["spread"] = asks - bids
    rows["count"] = 1
    return _joined(rows)


def join(rows: Bars, timeframe: int) -> Bars:
    """Bars of a longer timeframe; `rows` in the order of time, their `time` on the clock that counts."""
    longer = rows.copy()
    longer["time"] = opens(rows["time"], timeframe)
    return _joined(longer)


def _joined(rows: Bars) -> Bars:
    """Neighbours with one `time` become one bar."""
    if not len(rows):
        return rows
    firsts = np.flatnonzero(np.diff(rows["time"], prepend=rows["time"][0] - 1))
    bars = rows[firsts]
    bars["high"] = np.maximum.reduceat(rows["high"], firsts)
    bars["low"] = np.minimum.reduceat(rows["low"], firsts)
    bars["close"] = rows["close"][np.append(firsts[1:], len(rows)) - 1]
    bars["count"] = np.add.reduceat(rows["count"], firsts)
    bars["spread"] = np.minimum.reduceat(rows["spread"], firsts)
    return bars
