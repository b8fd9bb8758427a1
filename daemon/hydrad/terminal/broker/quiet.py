"""Owns what is remembered of the accounts from step to step, so that a quiet step looks at nothing that is open.

Of each book: the nearest prices that anything in it waits for, its next expiration, and prices so far apart that
it need not be stopped out anywhere between them. They hold until the book changes or the market leaves them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from hydrad.domain.orders import Side
from hydrad.terminal.broker.market import Extremes, Market, Watch
from hydrad.venue.book import Book, OrderRow, Position
from hydrad.venue.contract import Contract
from hydrad.venue.fills import LIMITS, RESTING
from hydrad.venue.rates import Quote
from hydrad.venue.standing import Standing, floating, tied_up
from hydrad.venue.ticks import is_below

_WIDE_SHARE = 200  # half a percent


class Ranges:
    """In which range each symbol's prices move in a step."""

    def __init__(self, market: Market, until_ms: int) -> None:
        self._market = market
        self._until_ms = until_ms
        self._ticks: dict[str, Extremes | None] = {}
        self._with_now: dict[str, Extremes | None] = {}

    def of(self, symbol: str) -> Extremes | None:
        """Of its ticks after the clock; None where there is none."""
        if symbol not in self._ticks:
            self._ticks[symbol] = self._market.extremes(symbol, self._market.now_ms, self._until_ms)
        return self._ticks[symbol]

    def with_now(self, symbol: str) -> Extremes | None:
        """The same with the prices at the clock; None for a symbol that was never quoted."""
        if symbol not in self._with_now:
            now, range_ = self._market.quote_at(symbol, self._market.now_ms), self.of(symbol)
            if now is not None:
                here = Extremes(now.bid_points, now.bid_points, now.ask_points, now.ask_points)
                range_ = here if range_ is None else range_.joined(here)
            self._with_now[symbol] = range_
        return self._with_now[symbol]


class _Known(NamedTuple):
    """What was worked out of a book: the nearest prices that anything in it waits for, by symbol and side of the
    market, and the next expiration."""

    book: Book
    nearest: dict[tuple[str, bool], Watch]
    expires_ms: int | None


class _Safe:
    """Prices between which an account need not be stopped out, and what its positions are worth at the worst of them.
    A book that changes keeps them: only what changed is looked at again."""

    def __init__(self, market: Market) -> None:
        self._board = _Wide(market)
        self._worth: dict[int, tuple[Position, Decimal]] = {}
        self._found: tuple[Book, bool] | None = None

    def holds(self, book: Book, ranges: Ranges) -> bool:
        """True where the account is safe at the worst of these prices, and those of a step are no worse. Raises
        NoRate."""
        if self._found is None or self._found[0] is not book:
            self._found = (book, not is_below(self._figures(book), book.rules))
        return self._found[1] and self.within(ranges)

    def within(self, ranges: Ranges) -> bool:
        """True where the prices of a step are no worse than these."""
        return all(_inside(ranges.with_now(symbol), quote) for symbol, quote in self._board.quotes.items())

    def _figures(self, book: Book) -> Standing:
        worth: dict[int, tuple[Position, Decimal]] = {}
        for ticket, held in book.positions.items():
            known = self._worth.get(ticket)
            if known is None or known[0] is not held:
                known = (held, floating(held, book.currency, self._board) + held.swap)
            worth[ticket] = known
        self._worth = worth
        profit = sum((amount for _, amount in worth.values()), Decimal(0))
        return Standing(book.balance, profit, tied_up(book, self._board), book.credit)


class Memory:
    """What is known of the accounts' books from step to step: a step in which nothing happens looks at nothing that
    is open."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._known: dict[int, _Known] = {}
        self._safe: dict[int, _Safe] = {}

    def forget(self) -> None:
        """After a change of terms nothing holds."""
        self._known.clear()
        self._safe.clear()

    def quiet(self, book: Book, ranges: Ranges, until_ms: int) -> bool:
        """True where nothing can happen to an account up to an instant; `ranges`: what prices do until then."""
        known = self._known.get(book.login)
        if known is None or known.book is not book:
            known = self._known[book.login] = self._worked_out(book)
        if known.expires_ms is not None and known.expires_ms <= until_ms:
            return False
        for (symbol, _), watch in known.nearest.items():
            range_ = ranges.of(symbol)
            if range_ is not None and watch.within(range_):
                return False
        return not book.positions or self._is_safe(book, ranges)

    def _is_safe(self, book: Book, ranges: Ranges) -> bool:
        safe = self._safe.get(book.login)
        if safe is None or not safe.within(ranges):
            safe = self._safe[book.login] = _Safe(self._market)
        return safe.holds(book, ranges)

    def _worked_out(self, book: Book) -> _Known:
        waits = [(held.symbol, watch_of_position(held)) for held in book.positions.values()]
        waits += [(row.symbol, watch_of_order(row)) for row in book.orders.values()]
        nearest: dict[tuple[str, bool], Watch] = {}
        for symbol, watch in waits:
            known = nearest.get((symbol, watch.at_ask), Watch(watch.at_ask, 0, 0))
            high = min((points for points in (known.high_points, watch.high_points) if points), default=0)
            nearest[symbol, watch.at_ask] = Watch(watch.at_ask, max(known.low_points, watch.low_points), high)
        expires_ms = min((row.expires_ms for row in book.orders.values() if row.expires_ms), default=None)
        return _Known(book, nearest, expires_ms)


@dataclass(slots=True)
class _Wide:
    """A board of the prices now, further apart than they are: bids lower and asks higher by a share of the bid."""

    market: Market
    quotes: dict[str, Quote] = field(default_factory=dict)

    def contract(self, symbol: str) -> Contract | None:
        return self.market.now().contract(symbol)

    def quote(self, symbol: str) -> Quote | None:
        name = self.market.named(symbol)
        if name not in self.quotes:
            now = self.market.quote_at(name, self.market.now_ms)
            if now is None:
                return None
            margin = max(now.bid_points // _WIDE_SHARE, 1)
            self.quotes[name] = Quote(max(now.bid_points - margin, 1), now.ask_points + margin)
        return self.quotes[name]


def _inside(range_: Extremes | None, quote: Quote) -> bool:
    """True where prices in a range are no worse for anybody than a quote."""
    return range_ is None or (quote.bid_points <= range_.bid_low and range_.ask_high <= quote.ask_points)


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
