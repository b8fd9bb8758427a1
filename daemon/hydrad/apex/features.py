"""What the detectors look at: ranges and extremes of the last closed bars. Owns how much of the past matters.

The memory is finite on purpose. Wilder's average never forgets, so an engine that restarts could not reach
the number of one that ran on; here the average begins anew `ATR_MEMORY` lengths back, where what is left out
weighs less than a thousandth, and both agree to the last digit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from hydrad.apex.bars import Bar
from hydrad.apex.profile import Profile

ATR_MEMORY = 8


def memory_bars(profile: Profile) -> int:
    """Closed bars that every feature of this profile together looks back on."""
    return max(profile.channel_bars, profile.swing_bars, profile.atr_bars * ATR_MEMORY)


def least_bars(profile: Profile) -> int:
    """Closed bars before any feature can be told."""
    return max(profile.channel_bars, profile.swing_bars, profile.atr_bars)


def true_range(bar: Bar, close_before: int | None) -> int:
    """Wilder's true range of the bid, points; the plain range of the first bar (New Concepts, 1978)."""
    if close_before is None:
        return bar.bid_high - bar.bid_low
    return max(bar.bid_high, close_before) - min(bar.bid_low, close_before)


def wilder_milli(ranges: Sequence[int], length: int) -> int | None:
    """Wilder's average of true ranges, thousandths of a point, rounded down; None for fewer than `length`.

    It begins with the mean of the first `length`; then each new range weighs 1/length (New Concepts, 1978).
    """
    if len(ranges) < length:
        return None
    average = sum(islice(ranges, length)) * 1000 // length
    for value in islice(ranges, length, None):
        average = (average * (length - 1) + value * 1000) // length
    return average


class Window:
    """The last closed bars of one symbol and timeframe, oldest first."""

    __slots__ = ("_bars", "_profile", "_ranges")

    def __init__(self, profile: Profile) -> None:
        memory = memory_bars(profile)
        self._profile = profile
        self._bars: deque[Bar] = deque(maxlen=memory)
        self._ranges: deque[int] = deque(maxlen=memory)

    def add(self, bar: Bar) -> None:
        """Takes the next closed bar; the oldest beyond the memory is forgotten."""
        self._ranges.append(true_range(bar, self._bars[-1].bid_close if self._bars else None))
        self._bars.append(bar)

    def last(self, count: int) -> Iterable[Bar]:
        """The newest `count` bars, oldest first; all of them when there are fewer."""
        return islice(self._bars, max(0, len(self._bars) - count), None)

    @property
    def ready(self) -> bool:
        """Whether there are bars enough for every feature."""
        return len(self._bars) >= least_bars(self._profile)

    @property
    def bars(self) -> int:
        """How many there are, up to the memory."""
        return len(self._bars)

    @property
    def end_ms(self) -> int | None:
        """The end of the newest bar."""
        return self._bars[-1].end_ms if self._bars else None

    def atr_milli(self) -> int:
        """Average true range of the bid, thousandths of a point; the window must be ready."""
        ranges = list(self._ranges)[-self._profile.atr_bars * ATR_MEMORY :]
        average = wilder_milli(ranges, self._profile.atr_bars)
        assert average is not None, "asked for only when ready"
        return average

    def spread_mean_milli(self, count: int) -> int:
        """Mean spread over the ticks of the newest `count` bars, thousandths of a point, rounded down."""
        bars = list(self.last(count))
        return sum(bar.spread_sum for bar in bars) * 1000 // sum(bar.ticks for bar in bars)
