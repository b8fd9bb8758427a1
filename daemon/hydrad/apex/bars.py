"""Ticks to bars. Owns what counts as a good tick, and when a bar closes.

A bar of `minutes` covers [start, end) of market time. It closes when market time has passed its end, by a
later tick or by being told so (`through`), whichever comes first: both give the same bar. Minutes without
ticks make no bar. M1 is built from ticks, M5 from M1 and M15 from M5.

A bad tick touches nothing: it is refused with a reason, for the caller to count and journal, and never
repaired.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec

from hydrad.domain.instants import MINUTE_MS
from hydrad.link.frames import Tick

TIMEFRAMES_MIN = (1, 5, 15)
AHEAD_MS_MAX = 60_000  # a tick this far past what was read says that a clock is wrong
JUMP_TICKS = 3  # so many ticks in a row near one new level are a move of the market, not a spike


class BadTickReason(enum.StrEnum):
    NOT_POSITIVE = "NOT_POSITIVE"  # bid or ask is zero or less
    CROSSED = "CROSSED"  # bid above ask
    BACKWARDS = "BACKWARDS"  # older than the last good tick, or of a bar that has closed
    AHEAD = "AHEAD"  # later than what its source says it has read
    JUMP = "JUMP"  # further from the last good tick than the profile allows, and not yet confirmed


class BadTick(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A tick that was refused, as it came."""

    symbol: str
    time_ms: int
    bid_points: int
    ask_points: int
    reason: BadTickReason


class Bar(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A closed bar: prices in points, `start_ms` in UTC milliseconds, `spread_sum` over its `ticks`.

    `last_ms`: time of its last tick; `live`: that tick was no history.
    """

    start_ms: int
    minutes: int
    bid_open: int
    bid_high: int
    bid_low: int
    bid_close: int
    ask_open: int
    ask_high: int
    ask_low: int
    ask_close: int
    ticks: int
    spread_sum: int
    last_ms: int
    live: bool

    @property
    def end_ms(self) -> int:
        """First instant after the bar."""
        return self.start_ms + self.minutes * MINUTE_MS

    @property
    def spread_close(self) -> int:
        """Points between bid and ask at the last tick."""
        return self.ask_close - self.bid_close


class TickGuard:
    """Judges the ticks of one symbol in the order in which they come.

    A jump is a move of the mid price by more than `jump_permille_max` thousandths since the last good tick. A
    single one is refused; the third in a row near the same new level is taken, so that a gap over a weekend
    does not silence a symbol. Repeated history is dropped without a word: older ticks, and the last one once
    more.
    """

    __slots__ = ("_far_count", "_far_mid2", "_jump_permille_max", "_last", "_mid2", "floor_ms")

    def __init__(self, jump_permille_max: int) -> None:
        self._jump_permille_max = jump_permille_max
        self._last: Tick | None = None
        self._mid2 = 0
        self._far_mid2 = 0
        self._far_count = 0
        self.floor_ms = 0  # nothing older is taken: the last good tick, or the end of the last closed bar

    def repeats(self, tick: Tick) -> bool:
        """True for a history tick that was taken before, or that comes too late to matter."""
        return tick.time_ms < self.floor_ms or (tick.time_ms == self.floor_ms and tick == self._last)

    def refuse(self, tick: Tick, through_ms: int) -> BadTickReason | None:
        """Why this tick is bad; None takes it, and it becomes the one that the next is compared with."""
        bid, ask, time_ms = tick.bid_points, tick.ask_points, tick.time_ms
        if bid <= 0 or ask <= 0:
            return BadTickReason.NOT_POSITIVE
        if bid > ask:
            return BadTickReason.CROSSED
        if time_ms < self.floor_ms:
            return BadTickReason.BACKWARDS
        if time_ms > through_ms + AHEAD_MS_MAX:
            return BadTickReason.AHEAD
        mid2 = bid + ask
        if self._last is not None and self._far(mid2, self._mid2) and not self._confirmed(mid2):
            return BadTickReason.JUMP
        self._last, self._mid2, self._far_count = tick, mid2, 0
        self.floor_ms = time_ms
        return None

    def _far(self, mid2: int, from_mid2: int) -> bool:
        return abs(mid2 - from_mid2) * 1000 > self._jump_permille_max * from_mid2

    def _confirmed(self, mid2: int) -> bool:
        near = self._far_count > 0 and not self._far(mid2, self._far_mid2)
        self._far_count = self._far_count + 1 if near else 1
        self._far_mid2 = mid2
        return self._far_count >= JUMP_TICKS


class BarBuilder:
    """M1, M5 and M15 bars of one symbol from good ticks."""

    __slots__ = ("_forming", "_minute_end_ms")

    def __init__(self) -> None:
        self._forming: list[_Forming | None] = [None] * len(TIMEFRAMES_MIN)
        self._minute_end_ms = 0

    def add(self, tick: Tick, live: bool) -> Sequence[Bar]:
        """Takes a tick; the bars that closed before it, narrow ones first."""
        closed: Sequence[Bar] = ()
        if tick.time_ms >= self._minute_end_ms:
            closed = self.through(tick.time_ms)
            fresh = self._forming[0] = _Forming.of_tick(tick, live)
            self._minute_end_ms = fresh.end_ms
        else:
            minute = self._forming[0]
            assert minute is not None, "a minute is forming until its end"
            minute.take(tick, live)
        return closed

    def through(self, ms: int) -> Sequence[Bar]:
        """Market time has reached `ms`: the bars that end there or before, narrow ones first."""
        closed = []
        for index, forming in enumerate(self._forming):
            if forming is None or ms < forming.end_ms:
                continue
            bar = forming.closed()
            self._forming[index] = None
            closed.append(bar)
            if index + 1 < len(TIMEFRAMES_MIN):
                self._widen(index + 1, bar)
        return closed

    def _widen(self, index: int, bar: Bar) -> None:
        wide = self._forming[index]
        if wide is None:
            self._forming[index] = _Forming.of_bar(TIMEFRAMES_MIN[index], bar)
        else:
            wide.absorb(bar)


class _Forming(msgspec.Struct, gc=False):
    """A bar that has not closed: the fields of `Bar`, in its order, and its end."""

    start_ms: int
    minutes: int
    bid_open: int
    bid_high: int
    bid_low: int
    bid_close: int
    ask_open: int
    ask_high: int
    ask_low: int
    ask_close: int
    ticks: int
    spread_sum: int
    last_ms: int
    live: bool
    end_ms: int

    @classmethod
    def of_tick(cls, tick: Tick, live: bool) -> _Forming:
        start_ms = tick.time_ms // MINUTE_MS * MINUTE_MS
        bid, ask = tick.bid_points, tick.ask_points
        prices = (bid, bid, bid, bid, ask, ask, ask, ask)
        return cls(start_ms, 1, *prices, 1, ask - bid, tick.time_ms, live, start_ms + MINUTE_MS)

    @classmethod
    def of_bar(cls, minutes: int, bar: Bar) -> _Forming:
        width_ms = minutes * MINUTE_MS
        start_ms = bar.start_ms // width_ms * width_ms
        fields = (start_ms, minutes, *msgspec.structs.astuple(bar)[2:], start_ms + width_ms)
        return cls(*fields)

    def take(self, tick: Tick, live: bool) -> None:
        bid, ask = tick.bid_points, tick.ask_points
        if bid > self.bid_high:
            self.bid_high = bid
        elif bid < self.bid_low:
            self.bid_low = bid
        if ask > self.ask_high:
            self.ask_high = ask
        elif ask < self.ask_low:
            self.ask_low = ask
        self.bid_close, self.ask_close = bid, ask
        self.ticks += 1
        self.spread_sum += ask - bid
        self.last_ms, self.live = tick.time_ms, live

    def absorb(self, bar: Bar) -> None:
        self.bid_high = max(self.bid_high, bar.bid_high)
        self.bid_low = min(self.bid_low, bar.bid_low)
        self.ask_high = max(self.ask_high, bar.ask_high)
        self.ask_low = min(self.ask_low, bar.ask_low)
        self.bid_close, self.ask_close = bar.bid_close, bar.ask_close
        self.ticks += bar.ticks
        self.spread_sum += bar.spread_sum
        self.last_ms, self.live = bar.last_ms, bar.live

    def closed(self) -> Bar:
        return Bar(*msgspec.structs.astuple(self)[:-1])
