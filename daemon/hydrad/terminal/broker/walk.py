"""Owns what happens on the way when the market clock moves: which instants matter, and in which order.

Only what reaches something is looked at: each position and each resting order waits for its first tick, and
each account for the first instant at which its margin level is below the stop-out level, both found in the
arrays. Instants come in the order of time; at one instant the clock's own comes first (expirations, then the
roll-over at the server's midnight), then ticks in the order of their symbols' names and of their places in
the feed, then stop-outs. What a tick opens or turns into a limit order waits from the next tick of its symbol
on. The result is that of looking at every tick in turn. A tick outside the symbol's hours deals nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from hydrad.domain.instants import MINUTE_MS
from hydrad.terminal.broker.books import Write
from hydrad.terminal.broker.market import Market, Times, Watch
from hydrad.terminal.broker.quiet import Memory, Ranges, watch_of_order, watch_of_position
from hydrad.venue.book import Book, Change, OrderRow, Position, Tickets
from hydrad.venue.contract import Contract
from hydrad.venue.rates import Quote
from hydrad.venue.swap import roll_over
from hydrad.venue.ticks import below_stop_out, expire, on_tick, stop_out

_CLOCK, _TICK, _STOP_OUT = 0, 1, 2
_INSTANTS_EXACT = 8  # so few are looked at one by one, more are halved


class Midnight(NamedTuple):
    """The end of a server's day: its UTC instant, and the weekday that ends (Sunday 0)."""

    time_ms: int
    weekday: int


class _Instant(NamedTuple):
    """Something to look at. `place`: a tick's index in its series; of a stop-out, the login."""

    time_ms: int
    rank: int
    symbol: str = ""
    place: int = 0


class Walk:
    """One step of the clock to `until_ms`. `books` are those after it, once it has run; `tickets` count on."""

    def __init__(
        self,
        market: Market,
        books: Mapping[int, Book],
        tickets: Tickets,
        until_ms: int,
        memory: Memory,
        midnights: Iterable[Midnight] = (),
    ) -> None:
        self.books = dict(books)
        self._market = market
        self._tickets = tickets
        self._until_ms = until_ms
        self._weekdays = {midnight.time_ms: midnight.weekday for midnight in midnights}
        self._changes: dict[int, list[Change]] = {}
        self._heap = [_Instant(ms, _CLOCK) for ms in self._weekdays]
        self._ranges = Ranges(market, until_ms)
        self._memory = memory
        self._worst = _Worst(market, market.now_ms, until_ms)

    def run(self) -> list[Write]:
        """Do it all; what is to be written, by account."""
        for login, book in self.books.items():
            if not self._memory.quiet(book, self._ranges, self._until_ms):
                self._wait(book.positions.values(), book.orders.values(), None)
                self._guard(login, None)
        last = None
        while self._heap:
            instant = heapq.heappop(self._heap)
            if instant != last:
                self._happen(instant)
            last = instant
        return [Write(self.books[login], tuple(made)) for login, made in self._changes.items()]

    def _happen(self, instant: _Instant) -> None:
        logins = [instant.place] if instant.rank == _STOP_OUT else list(self.books)
        for login in logins:
            changed, made = self._do(instant, self.books[login])
            if made:
                self.books[login] = changed
                self._changes.setdefault(login, []).extend(made)
                self._follow(made, instant)
                self._guard(login, instant.time_ms)

    def _do(self, instant: _Instant, book: Book) -> tuple[Book, tuple[Change, ...]]:
        board = self._market.at(instant.time_ms)
        if instant.rank == _STOP_OUT:
            return stop_out(book, instant.time_ms, self._tickets, board)
        if instant.rank == _TICK:
            quote = self._market.quote_of(instant.symbol, instant.place)
            return on_tick(book, instant.symbol, quote, instant.time_ms, self._tickets, board)
        book, ends = expire(book, instant.time_ms)
        if instant.time_ms not in self._weekdays:
            return book, ends
        book, charged = roll_over(book, self._weekdays[instant.time_ms], board)
        return book, (*ends, *charged)

    def _follow(self, made: Iterable[Change], instant: _Instant) -> None:
        """What a tick opened or changed waits in its turn."""
        if instant.rank != _TICK:
            return
        positions = [change.position for change in made if change.position is not None]
        orders = [change.order for change in made if change.order is not None and not change.order.done_ms]
        self._wait(positions, orders, instant)

    def _wait(self, positions: Iterable[Position], orders: Iterable[OrderRow], after: _Instant | None) -> None:
        for held in positions:
            self._wait_for(held.symbol, watch_of_position(held), after)
        for row in orders:
            self._wait_for(row.symbol, watch_of_order(row), after)
            if row.expires_ms and row.expires_ms <= self._until_ms and after is None:
                heapq.heappush(self._heap, _Instant(row.expires_ms, _CLOCK))

    def _wait_for(self, symbol: str, watch: Watch, after: _Instant | None) -> None:
        range_ = self._ranges.of(symbol)
        if range_ is None or not watch.within(range_):
            return
        start = self._market.index_at(symbol, self._market.now_ms) if after is None else after.place + 1
        index = self._first_dealt(symbol, watch, start)
        if index is not None:
            heapq.heappush(self._heap, _Instant(self._time_ms(symbol, index), _TICK, symbol, index))

    def _first_dealt(self, symbol: str, watch: Watch, start: int) -> int | None:
        """The first tick from an index on that reaches one of the watch's prices in the symbol's hours; hours begin and
        end on whole minutes."""
        index = self._market.first_reaching(symbol, watch, start, self._until_ms)
        while index is not None and not self._market.is_open(symbol, self._time_ms(symbol, index)):
            minute = self._time_ms(symbol, index) // MINUTE_MS + 1
            later = self._market.index_at(symbol, minute * MINUTE_MS - 1)
            index = self._market.first_reaching(symbol, watch, later, self._until_ms)
        return index

    def _time_ms(self, symbol: str, index: int) -> int:
        return int(self._market.series[symbol].time_ms[index])

    def _guard(self, login: int, changed_ms: int | None) -> None:
        """Wait for the first instant at which an account must be stopped out: of a tick after the clock, or from the
        instant on at which it has just changed."""
        book = self.books[login]
        if not below_stop_out(book, self._worst):
            return
        asked = _Worst(self._market, self._market.now_ms, self._until_ms)
        below_stop_out(book, asked)
        times = self._market.times(asked.symbols, changed_ms or self._market.now_ms, self._until_ms)
        if changed_ms is not None:
            times = np.concatenate([np.array([changed_ms], dtype=np.int64), times])
        found = self._first_below(book, times)
        if found is not None:
            heapq.heappush(self._heap, _Instant(found, _STOP_OUT, "", login))

    def _first_below(self, book: Book, times: Times) -> int | None:
        if not len(times) or not below_stop_out(book, _Worst(self._market, int(times[0]), int(times[-1]))):
            return None
        if len(times) > _INSTANTS_EXACT:
            middle = len(times) // 2
            first = self._first_below(book, times[:middle])
            return self._first_below(book, times[middle:]) if first is None else first
        return next((int(ms) for ms in times if below_stop_out(book, self._market.at(int(ms)))), None)


@dataclass(slots=True)
class _Worst:
    """A board that never was: each symbol's lowest bid beside its highest ask between two instants, both included.

    Every position closes there at its worst price, gains are converted at the lowest rate and losses at the
    highest: no account is worth less at any instant between. `symbols`: which of them were asked for.
    """

    market: Market
    from_ms: int
    until_ms: int
    symbols: set[str] = field(default_factory=set)
    _known: dict[str, Quote | None] = field(default_factory=dict)

    def contract(self, symbol: str) -> Contract | None:
        return self.market.at(self.until_ms).contract(symbol)

    def quote(self, symbol: str) -> Quote | None:
        name = self.market.named(symbol)
        self.symbols.add(name)
        if name not in self._known:
            self._known[name] = self._quote(name)
        return self._known[name]

    def _quote(self, symbol: str) -> Quote | None:
        first = self.market.quote_at(symbol, self.from_ms)
        range_ = self.market.extremes(symbol, self.from_ms, self.until_ms) if symbol in self.market.series else None
        if first is None or range_ is None:
            return first if range_ is None else Quote(range_.bid_low, range_.ask_high)
        return Quote(min(first.bid_points, range_.bid_low), max(first.ask_points, range_.ask_high))
