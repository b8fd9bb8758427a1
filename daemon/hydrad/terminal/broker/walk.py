"""Owns what happens on the way when the market clock moves: which instants matter, and in which order.

Only ticks that reach something are looked at: each position and each resting order waits for its first one,
found in the arrays. Instants come in the order of time; at one instant expirations come before ticks, and
ticks in the order of their symbols' names and of their places in the feed. What a tick opens or turns into a
limit order waits from the next tick of its symbol on. The result is that of looking at every tick in turn.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hydrad.domain.orders import Side
from hydrad.terminal.broker.books import Write
from hydrad.terminal.broker.market import Extremes, Market, Watch
from hydrad.venue.book import Book, Change, OrderRow, Position, Tickets
from hydrad.venue.fills import LIMITS, RESTING
from hydrad.venue.ticks import expire, on_tick

_CLOCK, _TICK = 0, 1


class _Instant(NamedTuple):
    """Something to look at. `rank`: the clock's own before ticks. `place`: the tick's index in its series."""

    time_ms: int
    rank: int
    symbol: str = ""
    place: int = 0


class Walk:
    """One step of the clock to `until_ms`. `books` are those after it, once it has run; `tickets` count on."""

    def __init__(self, market: Market, books: Mapping[int, Book], tickets: Tickets, until_ms: int) -> None:
        self.books = dict(books)
        self._market = market
        self._tickets = tickets
        self._until_ms = until_ms
        self._changes: dict[int, list[Change]] = {}
        self._heap: list[_Instant] = []
        self._ranges: dict[str, Extremes | None] = {}

    def run(self) -> list[Write]:
        """Do it all; what is to be written, by account."""
        for book in self.books.values():
            self._wait(book.positions.values(), book.orders.values(), None)
        last = None
        while self._heap:
            instant = heapq.heappop(self._heap)
            if instant != last:
                self._happen(instant)
            last = instant
        return [Write(self.books[login], tuple(made)) for login, made in self._changes.items()]

    def _happen(self, instant: _Instant) -> None:
        board = self._market.at(instant.time_ms)
        for login, book in self.books.items():
            if instant.rank == _CLOCK:
                changed, made = expire(book, instant.time_ms)
            else:
                quote = self._market.quote_of(instant.symbol, instant.place)
                changed, made = on_tick(book, instant.symbol, quote, instant.time_ms, self._tickets, board)
            if made:
                self.books[login] = changed
                self._changes.setdefault(login, []).extend(made)
                self._follow(made, instant)

    def _follow(self, made: Iterable[Change], instant: _Instant) -> None:
        """New positions and limit orders wait in their turn."""
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
        range_ = self._range(symbol)
        if range_ is None or not watch.within(range_):
            return
        start = self._market.index_at(symbol, self._market.now_ms) if after is None else after.place + 1
        index = self._market.first_reaching(symbol, watch, start, self._until_ms)
        if index is not None:
            time_ms = int(self._market.series[symbol].time_ms[index])
            heapq.heappush(self._heap, _Instant(time_ms, _TICK, symbol, index))

    def _range(self, symbol: str) -> Extremes | None:
        if symbol not in self._ranges:
            self._ranges[symbol] = self._market.extremes(symbol, self._until_ms)
        return self._ranges[symbol]


def watch_of_position(held: Position) -> Watch:
    """The prices that close a position; see `hydrad.venue.fills.hit`."""
    if held.side is Side.BUY:
        return Watch(False, held.stop_points, held.target_points)
    return Watch(True, held.target_points, held.stop_points)


def watch_of_order(row: OrderRow) -> Watch:
    """The price that reaches a resting order; see `hydrad.venue.fills.reached_points`."""
    if row.kind not in RESTING:
        return Watch(False, 0, 1)
    buys = row.kind.side is Side.BUY
    falls = buys is (row.kind in LIMITS)
    return Watch(buys, row.price_points if falls else 0, 0 if falls else row.price_points)
