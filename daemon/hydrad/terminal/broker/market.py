"""Owns the market clock and the ticks before and after it.

The clock is UTC milliseconds and only goes forward. A tick has happened when its time is not after the clock.
A symbol trades from its first tick up to, not including, the instant of its last one, in the hours of its
class or its contract's own (`hydrad.domain.hours`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hydrad.domain.assets import asset_of
from hydrad.domain.calendar import Hours
from hydrad.domain.hours import hours
from hydrad.terminal.broker.feed import BadFeed, Series, Ticks
from hydrad.terminal.broker.followed import Followed
from hydrad.terminal.broker.tracks import Generated, Recorded, Track
from hydrad.venue.contract import CONTRACTS, Contract
from hydrad.venue.rates import Quote


@dataclass(frozen=True, slots=True)
class At:
    """The market as it was at one instant: a `hydrad.venue.rates.Board`. What was asked for once is remembered."""

    market: Market
    ms: int
    _quotes: dict[str, Quote | None] = field(default_factory=dict, compare=False, repr=False)

    def contract(self, symbol: str) -> Contract | None:
        return self.market.contracts.get(self.market.named(symbol))

    def quote(self, symbol: str) -> Quote | None:
        if symbol not in self._quotes:
            self._quotes[symbol] = self.market.quote_at(self.market.named(symbol), self.ms)
        return self._quotes[symbol]


@dataclass(frozen=True, slots=True)
class ToCome(At):
    """A board of symbols that may still wait for their first price: what can be converted at all, not at what rate."""

    def quote(self, symbol: str) -> Quote | None:
        known = self.market.quote_at(self.market.named(symbol), self.ms)
        return known or (Quote(1, 1) if self.contract(symbol) else None)


Times = NDArray[np.int64]


class Extremes(NamedTuple):
    """The lowest and highest prices of a stretch of ticks, in points."""

    bid_low: int
    bid_high: int
    ask_low: int
    ask_high: int

    def joined(self, other: Extremes) -> Extremes:
        """The range that has both."""
        bids = min(self.bid_low, other.bid_low), max(self.bid_high, other.bid_high)
        return Extremes(*bids, min(self.ask_low, other.ask_low), max(self.ask_high, other.ask_high))


class Watch(NamedTuple):
    """Prices that somebody waits for: at or below `low_points`, at or above `high_points` (0: none), of the bid or
    of the ask."""

    at_ask: bool
    low_points: int
    high_points: int

    def within(self, range_: Extremes) -> bool:
        """True where some tick of the stretch reaches one of them."""
        low, high = (range_.ask_low, range_.ask_high) if self.at_ask else (range_.bid_low, range_.bid_high)
        return bool((self.low_points and low <= self.low_points) or (self.high_points and high >= self.high_points))


class Market:
    """Ticks of all symbols, and the clock."""

    def __init__(
        self,
        feed: Mapping[str, Ticks | Generated | Followed],
        history_from_ms: int,
        now_ms: int,
        contracts: Mapping[str, Contract] = CONTRACTS,
        suffix: str = "",
    ) -> None:
        """`suffix`: what the names of pairs end in, beside the two currencies."""
        self.series = {symbol: _shown(symbol, ticks, history_from_ms, contracts) for symbol, ticks in feed.items()}
        if not self.series:
            raise BadFeed("the feed has no symbols")
        self.contracts = {symbol: contracts[symbol] for symbol in self.series}
        self.suffix = suffix
        self.end_ms = max(series.last_ms for series in self.series.values())
        self._now_ms = min(now_ms, self.end_ms)
        self._board = At(self, self._now_ms)

    @property
    def now_ms(self) -> int:
        """The clock, UTC milliseconds. Setting it forgets ticks that are long past: indexes from before are void."""
        return self._now_ms

    @now_ms.setter
    def now_ms(self, ms: int) -> None:
        self._now_ms = ms
        for series in self.series.values():
            series.trim(ms)

    @property
    def ended(self) -> bool:
        """True when the last tick of the feed has happened."""
        return self.now_ms >= self.end_ms

    def now(self) -> At:
        """The board at the clock."""
        if self._board.ms != self.now_ms:
            self._board = At(self, self.now_ms)
        return self._board

    def whole(self) -> At:
        """A board on which every symbol that will be quoted has a price: the end of a recording, else the clock."""
        if any(isinstance(series, Followed) for series in self.series.values()):
            return ToCome(self, self.now_ms)
        generated = any(isinstance(series, Generated) for series in self.series.values())
        return self.now() if generated else At(self, self.end_ms)

    def at(self, ms: int) -> At:
        """The board at an instant that has happened."""
        return At(self, ms)

    def named(self, symbol: str) -> str:
        """A symbol, or the broker's own name of a pair of currencies (`EURUSD.r` for `EURUSD`)."""
        return symbol if symbol in self.contracts else symbol + self.suffix

    def index_at(self, symbol: str, ms: int) -> int:
        """How many of the symbol's ticks are not after an instant."""
        series = self.series[symbol]
        series.reach(ms)
        return int(np.searchsorted(series.time_ms, ms, side="right"))

    def quote_at(self, symbol: str, ms: int) -> Quote | None:
        """The last prices at an instant; None for an unknown symbol and before the first tick."""
        if symbol not in self.series:
            return None
        seen = self.index_at(symbol, ms)
        return self.quote_of(symbol, seen - 1) if seen else None

    def quote_of(self, symbol: str, index: int) -> Quote:
        """The prices of one tick."""
        series = self.series[symbol]
        return Quote(int(series.bid_points[index]), int(series.ask_points[index]))

    def trades(self, symbol: str) -> bool:
        """True when the symbol can be dealt in at the clock."""
        return self.now_ms < self.series[symbol].last_ms and self.is_open(symbol, self.now_ms)

    def is_open(self, symbol: str, ms: int) -> bool:
        """True when an instant is in the symbol's hours."""
        contract = self.contracts[symbol]
        asset = asset_of(symbol, contract.currency_base, contract.currency_profit)
        return hours(ms, contract.trading_hours, asset) is not Hours.CLOSED

    def extremes(self, symbol: str, after_ms: int, until_ms: int) -> Extremes | None:
        """The range of the symbol's prices after an instant, up to another; None where no tick is there."""
        first, last = self.index_at(symbol, after_ms), self.index_at(symbol, until_ms)
        if first == last:
            return None
        series = self.series[symbol]
        bids, asks = series.bid_points[first:last], series.ask_points[first:last]
        return Extremes(int(bids.min()), int(bids.max()), int(asks.min()), int(asks.max()))

    def times(self, symbols: Iterable[str], after_ms: int, until_ms: int) -> Times:
        """The instants of the symbols' ticks after an instant, up to another, each once, by time."""
        bounds = [
            (self.series[name].time_ms, self.index_at(name, after_ms), self.index_at(name, until_ms))
            for name in symbols
            if name in self.series
        ]
        return np.unique(np.concatenate([np.empty(0, np.int64), *(ms[first:last] for ms, first, last in bounds)]))

    def first_reaching(self, symbol: str, watch: Watch, index: int, until_ms: int) -> int | None:
        """The index of the first tick from `index` on, up to `until_ms`, that reaches one of the watch's prices."""
        last = self.index_at(symbol, until_ms)
        series = self.series[symbol]
        prices = (series.ask_points if watch.at_ask else series.bid_points)[index:last]
        reached = np.zeros(max(last - index, 0), dtype=np.bool_)
        if watch.low_points:
            reached |= prices <= watch.low_points
        if watch.high_points:
            reached |= prices >= watch.high_points
        first = int(reached.argmax()) if len(reached) else 0
        return index + first if len(reached) and reached[first] else None


def _shown(
    symbol: str, ticks: Ticks | Generated | Followed, history_from_ms: int, contracts: Mapping[str, Contract]
) -> Track:
    """A symbol's ticks from an instant on; raises BadFeed where they break the feed's rules."""
    if symbol not in contracts:
        raise BadFeed(f"{symbol}: the broker has no such contract")
    if ticks.digits != contracts[symbol].digits:
        raise BadFeed(f"{symbol}: the feed has {ticks.digits} digits, the contract {contracts[symbol].digits}")
    if isinstance(ticks, Generated | Followed):
        ticks.first_ms = max(ticks.first_ms, history_from_ms)
        return ticks
    first = int(np.searchsorted(ticks.time_ms, history_from_ms, side="left"))
    series = Series(ticks.time_ms[first:], ticks.bid_points[first:], ticks.ask_points[first:], ticks.digits)
    if not len(series.time_ms):
        raise BadFeed(f"{symbol}: the feed has no ticks from history_from_ms on")
    if np.any(np.diff(series.time_ms) < 0):
        raise BadFeed(f"{symbol}: the feed's ticks are not in the order of time")
    if np.any(series.bid_points <= 0) or np.any(series.ask_points < series.bid_points):
        raise BadFeed(f"{symbol}: the feed has a bid at or below zero or above its ask")
    return Recorded(series)
