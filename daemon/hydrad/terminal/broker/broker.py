"""Owns the running broker: one market clock, the accounts' books, and the order in which things happen to
them.

Every change is computed first, then committed, then shown; an exception in between ends the process, and the
books on disk are what counts. A step of the clock does what happens on the way (`hydrad.terminal.broker.walk`);
the step and all of that are one transaction.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from hydrad.domain.calendar import weekday_of
from hydrad.domain.money import decimal
from hydrad.terminal.broker.books import BadBooks, Books, Write
from hydrad.terminal.broker.config import AccountConfig, BrokerConfig
from hydrad.terminal.broker.figures import Figures
from hydrad.terminal.broker.market import Market
from hydrad.terminal.broker.quiet import Memory
from hydrad.terminal.broker.server_time import ServerTime
from hydrad.terminal.broker.walk import Midnight, Walk
from hydrad.venue.book import Book, Deal, DealType, Rules, Tickets, deposit
from hydrad.venue.contract import Contract, SwapMode, TradeMode
from hydrad.venue.desk import Ask, CloseByAsk, LevelsAsk, execute, execute_close_by, execute_levels
from hydrad.venue.rates import NoRate, rate
from hydrad.venue.resting import ChangeAsk, RemoveAsk, RestingAsk, change, place, remove
from hydrad.venue.room import Outcome, Room
from hydrad.venue.standing import Standing

_DAY_MS = 86_400_000
STEP_MS_MAX = 366 * _DAY_MS


GONE, RESTORE = "gone", "restore"
_TERMS: dict[str, Callable[[Contract], Contract]] = {
    "stops_level": lambda c: replace(c, stops_level_points=c.stops_level_points * 10 or 100),
    "step": lambda c: replace(c, volume_every_steps=c.volume_every_steps * 10),
    "digits": lambda c: replace(c, spare_digits=1),
    "trade_mode": lambda c: replace(c, trade_mode=TradeMode.CLOSE_ONLY),
}
TERMS_CHANGED = tuple(_TERMS)
TERMS_CHANGES = (*TERMS_CHANGED, GONE, RESTORE)


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
        self.server_time = ServerTime(config.server_zone, config.server_offset_s)
        self.figures = Figures(market)
        self._memory = Memory(market)
        self.gone: set[str] = set()
        self._configured = dict(market.contracts)
        self._late: list[tuple[int, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self.accounts = {account.login: account for account in config.accounts}
        self._tickets = books.tickets()
        self.books = {login: self._restored(account) for login, account in self.accounts.items()}

    def clock(self) -> Clock:
        """Where the market clock stands."""
        market = self.market
        return Clock(market.now_ms, self.history.start_ms, market.end_ms, market.ended)

    def later(self, ms: int, act: Callable[[], object]) -> None:
        """Do it when the market clock has gone on so far; forgotten when this process ends before."""
        heapq.heappush(self._late, (self.market.now_ms + ms, next(self._order), act))

    def change_terms(self, symbol: str, change: str) -> None:
        """Other terms of a symbol from now on, until this process ends; `change`: one of TERMS_CHANGES."""
        self.figures.forget()
        self._memory.forget()
        if change == GONE:
            self.gone.add(symbol)
        elif change == RESTORE:
            self.gone.discard(symbol)
            self.market.contracts[symbol] = self._configured[symbol]
        else:
            self.market.contracts[symbol] = _TERMS[change](self.market.contracts[symbol])

    def step(self, ms: int, *, durable: bool = True) -> Clock:
        """Move the clock on by `ms` (clamped at the feed's end), with all that happens on the way, durably.

        Not `durable`: where nothing happened the clock alone is not written.
        """
        assert 0 < ms <= STEP_MS_MAX, ms
        until_ms = min(self.market.now_ms + ms, self.market.end_ms)
        while self._late and self._late[0][0] <= until_ms:
            due_ms, _, act = heapq.heappop(self._late)
            self._walk(due_ms, durable=durable)
            act()
        self._walk(until_ms, durable=durable)
        return self.clock()

    def _walk(self, until_ms: int, *, durable: bool) -> None:
        if until_ms <= self.market.now_ms:
            return
        tickets = replace(self._tickets)
        walk = Walk(self.market, self.books, tickets, until_ms, self._memory, self.midnights(until_ms))
        writes = walk.run()
        if writes or durable:
            self.history.commit(until_ms, tickets, writes)
        self._tickets = tickets
        self.books = walk.books
        self.market.now_ms = until_ms

    def midnights(self, until_ms: int) -> list[Midnight]:
        """The ends of the server's days after the clock, up to an instant."""
        first = self.wall_ms(self.market.now_ms) // _DAY_MS + 1
        found: list[Midnight] = []
        for day in range(first, self.wall_ms(until_ms) // _DAY_MS + 2):
            ms = self.utc_ms(day * _DAY_MS // 1_000)
            if self.market.now_ms < ms <= until_ms:
                found.append(Midnight(ms, (weekday_of(day - 1) + 1) % 7))
        return found

    def room(self, login: int, symbol: str) -> Room:
        """Where a request of this account in this symbol is judged now."""
        known = symbol in self.market.series
        trades = known and self.market.trades(symbol)
        return Room(self.books[login], self.market.now(), self.market.now_ms, trades, known=self.figures.standing)

    def deal(self, login: int, ask: Ask, liquidity_steps: int = 0) -> Outcome:
        """Judge and execute a market deal; committed when this returns. `liquidity_steps`: the most there is, 0 for no
        bound."""
        tickets = replace(self._tickets)
        room = replace(self.room(login, ask.symbol), liquidity_steps=liquidity_steps)
        return self._committed(execute(ask, room, tickets), tickets)

    def set_levels(self, login: int, ask: LevelsAsk) -> Outcome:
        """Judge and set stop and target of a position; committed when this returns."""
        return self._committed(execute_levels(ask, self.room(login, ask.symbol)), self._tickets)

    def close_by(self, login: int, ask: CloseByAsk) -> Outcome:
        """Judge and close two positions by one another; committed when this returns."""
        tickets = replace(self._tickets)
        return self._committed(execute_close_by(ask, self.room_of_position(login, ask.position), tickets), tickets)

    def place(self, login: int, ask: RestingAsk) -> Outcome:
        """Judge and place a resting order; committed when this returns."""
        tickets = replace(self._tickets)
        return self._committed(place(ask, self.room(login, ask.symbol), tickets), tickets)

    def change(self, login: int, ask: ChangeAsk) -> Outcome:
        """Judge and give new terms to a resting order; committed when this returns."""
        return self._committed(change(ask, self.room_of_order(login, ask.order)), self._tickets)

    def remove(self, login: int, ask: RemoveAsk) -> Outcome:
        """Judge and cancel a resting order; committed when this returns."""
        return self._committed(remove(ask, self.room_of_order(login, ask.order)), self._tickets)

    def room_of_order(self, login: int, ticket: int) -> Room:
        """Where a request about a resting order is judged now."""
        row = self.books[login].orders.get(ticket)
        return self.room(login, row.symbol if row else "")

    def room_of_position(self, login: int, ticket: int) -> Room:
        """Where a request about a position is judged now."""
        held = self.books[login].positions.get(ticket)
        return self.room(login, held.symbol if held else "")

    def wall_ms(self, utc_ms: int) -> int:
        """The server's wall clock as epoch milliseconds."""
        return self.server_time.wall_ms(utc_ms)

    def utc_ms(self, wall_s: int) -> int:
        """UTC milliseconds of a second on the server's wall clock."""
        return self.server_time.utc_ms(wall_s * 1_000)

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
        return self.figures.standing(self.books[login])

    def _committed(self, outcome: Outcome, tickets: Tickets) -> Outcome:
        if outcome.changes:
            self.history.commit(self.market.now_ms, tickets, [Write(outcome.book, outcome.changes)])
            self._tickets = tickets
            self.books[outcome.book.login] = outcome.book
        return outcome

    def _restored(self, account: AccountConfig) -> Book:
        book = self.history.book(account.login)
        if book is None:
            return self._opened(account)
        if (book.currency, book.hedging) != (account.currency, account.hedging):
            raise BadBooks(f"account {account.login} is {book.currency} in the books, or nets there: it never changes")
        return replace(book, leverage=account.leverage, rules=_rules(account))

    def _opened(self, account: AccountConfig) -> Book:
        self._check_currency(account.currency)
        empty = Book(
            account.login, account.currency, account.leverage, account.hedging, Decimal(0), rules=_rules(account)
        )
        tickets = replace(self._tickets)
        _, ticket = tickets.next()
        balance = decimal(account.balance, "balance")
        book, row = deposit(empty, balance, ticket, self.market.now_ms)
        self.history.commit(self.market.now_ms, tickets, [Write(book, cash=(row,))])
        self._tickets = tickets
        return book

    def _check_currency(self, currency: str) -> None:
        """Refuse at the start what could not be converted later."""
        board = self.market.whole()
        for contract in self.market.contracts.values():
            swapped = (contract.currency_base,) if contract.swap_mode is SwapMode.BASE_CURRENCY else ()
            for source in (contract.currency_profit, contract.currency_margin, *swapped):
                try:
                    rate(board, source, currency, at_ask=True)
                except NoRate as error:
                    raise BadBooks(f"an account in {currency} cannot deal in {contract.symbol}: {error}") from None


def _rules(account: AccountConfig) -> Rules:
    return Rules(account.limit_orders, account.margin_call_percent, account.stop_out_percent, account.hedge_prohibited)
