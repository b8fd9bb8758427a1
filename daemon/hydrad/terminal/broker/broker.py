"""Owns the running broker: one market clock, the accounts' books, and the order in which things happen to
them.

Every change is computed first, then committed, then shown; an exception in between ends the process, and the
books on disk are what counts. A step of the clock closes what the ticks on the way stop out or bring to
target, at each tick's own time and prices, over all accounts in the order of time; the step and its closings
are one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from hydrad.domain.money import decimal
from hydrad.terminal.broker.books import BadBooks, Books, Write
from hydrad.terminal.broker.config import AccountConfig, BrokerConfig
from hydrad.terminal.broker.market import Market
from hydrad.venue.book import Book, Change, Deal, DealType, Tickets, deposit, on_tick
from hydrad.venue.desk import Ask, LevelsAsk, Outcome, Room, execute, execute_levels
from hydrad.venue.rates import NoRate, rate
from hydrad.venue.standing import Standing, standing

STEP_MS_MAX = 366 * 86_400_000


@dataclass(frozen=True, slots=True)
class Clock:
    """The market clock, UTC milliseconds: now, when the books were new, and at the feed's last tick."""

    market_ms: int
    start_ms: int
    end_ms: int
    ended: bool


class Broker:
    """The accounts and the market."""

    def __init__(self, config: BrokerConfig, market: Market, books: Books) -> None:
        self.config = config
        self.market = market
        self.history = books
        self.accounts = {account.login: account for account in config.accounts}
        self._tickets = books.tickets()
        self.books = {login: self._restored(account) for login, account in self.accounts.items()}

    def clock(self) -> Clock:
        """Where the market clock stands."""
        market = self.market
        return Clock(market.now_ms, self.history.start_ms, market.end_ms, market.ended)

    def step(self, ms: int) -> Clock:
        """Move the clock on by `ms` (clamped at the feed's end), with all closings on the way, durably."""
        assert 0 < ms <= STEP_MS_MAX, ms
        until_ms = min(self.market.now_ms + ms, self.market.end_ms)
        tickets = replace(self._tickets)
        closed = self._close_on_the_way(until_ms, tickets)
        self.history.commit(until_ms, tickets, [Write(book, changes) for book, changes in closed])
        self._tickets = tickets
        self.books.update({book.login: book for book, _ in closed})
        self.market.now_ms = until_ms
        return self.clock()

    def room(self, login: int, symbol: str) -> Room:
        """Where a request of this account in this symbol is judged now."""
        known = symbol in self.market.series
        trades = known and self.market.trades(symbol)
        return Room(self.books[login], self.market.now(), self.market.now_ms, trades)

    def deal(self, login: int, ask: Ask) -> Outcome:
        """Judge and execute a market deal; committed when this returns."""
        tickets = replace(self._tickets)
        return self._committed(execute(ask, self.room(login, ask.symbol), tickets), tickets)

    def set_levels(self, login: int, ask: LevelsAsk) -> Outcome:
        """Judge and set stop and target of a position; committed when this returns."""
        return self._committed(execute_levels(ask, self.room(login, ask.symbol)), self._tickets)

    def cash(self, login: int, amount: Decimal, kind: DealType, comment: str) -> Deal:
        """Book money that is no trade; committed when this returns."""
        tickets = replace(self._tickets)
        _, ticket = tickets.next()
        book, row = deposit(self.books[login], amount, ticket, self.market.now_ms, kind, comment)
        self.history.commit(self.market.now_ms, tickets, [Write(book, cash=(row,))])
        self._tickets = tickets
        self.books[login] = book
        return row

    def standing(self, login: int) -> Standing:
        """An account's figures at the clock."""
        return standing(self.books[login], self.market.now())

    def _committed(self, outcome: Outcome, tickets: Tickets) -> Outcome:
        if outcome.change is not None:
            self.history.commit(self.market.now_ms, tickets, [Write(outcome.book, (outcome.change,))])
            self._tickets = tickets
            self.books[outcome.book.login] = outcome.book
        return outcome

    def _close_on_the_way(self, until_ms: int, tickets: Tickets) -> list[tuple[Book, tuple[Change, ...]]]:
        books = dict(self.books)
        changes: dict[int, list[Change]] = {}
        for time_ms, symbol, index in self._touching_ticks(until_ms):
            quote, board = self.market.quote_of(symbol, index), self.market.at(time_ms)
            for login in books:
                books[login], made = on_tick(books[login], symbol, quote, time_ms, tickets, board)
                if made:
                    changes.setdefault(login, []).extend(made)
        return [(books[login], tuple(made)) for login, made in changes.items()]

    def _touching_ticks(self, until_ms: int) -> list[tuple[int, str, int]]:
        """(time, symbol, index) of the first tick that reaches a level, for each open position, by time."""
        ticks: set[tuple[int, str, int]] = set()
        for book in self.books.values():
            for held in book.positions.values():
                indexes = self.market.touching(held.symbol, held.side, held.stop_points, held.target_points, until_ms)
                if len(indexes):
                    first = int(indexes[0])
                    ticks.add((int(self.market.series[held.symbol].time_ms[first]), held.symbol, first))
        return sorted(ticks)

    def _restored(self, account: AccountConfig) -> Book:
        book = self.history.book(account.login)
        if book is None:
            return self._opened(account)
        if (book.currency, book.hedging) != (account.currency, account.hedging):
            raise BadBooks(f"account {account.login} is {book.currency} in the books, or nets there: it never changes")
        return replace(book, leverage=account.leverage)

    def _opened(self, account: AccountConfig) -> Book:
        self._check_currency(account.currency)
        empty = Book(account.login, account.currency, account.leverage, account.hedging, Decimal(0))
        tickets = replace(self._tickets)
        _, ticket = tickets.next()
        balance = decimal(account.balance, "balance")
        book, row = deposit(empty, balance, ticket, self.market.now_ms)
        self.history.commit(self.market.now_ms, tickets, [Write(book, cash=(row,))])
        self._tickets = tickets
        return book

    def _check_currency(self, currency: str) -> None:
        """Refuse at the start what could not be converted later."""
        board = self.market.at(self.market.end_ms)
        for contract in self.market.contracts.values():
            for source in (contract.currency_profit, contract.currency_margin):
                try:
                    rate(board, source, currency, at_ask=True)
                except NoRate as error:
                    raise BadBooks(f"an account in {currency} cannot deal in {contract.symbol}: {error}") from None
