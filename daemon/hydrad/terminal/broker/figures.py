"""Owns what was worked out before and still holds: open profits at one instant of the clock.

A position is a value: while it is the same object and the clock stands, its open profit is what it was. So an
order costs what it touches, not what is open.
"""

from __future__ import annotations

from decimal import Decimal

from hydrad.terminal.broker.market import Market
from hydrad.venue.book import Book, Position
from hydrad.venue.standing import Standing, floating, tied_up


class Figures:
    """The figures of all accounts of a broker, at the market's clock."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._at_ms = -1
        self._floating: dict[int, tuple[Position, Decimal]] = {}
        self._standing: dict[int, tuple[Book, Standing]] = {}

    def floating(self, held: Position, currency: str) -> Decimal:
        """Open profit of a position, without swap; raises NoRate."""
        self._look()
        known = self._floating.get(held.ticket)
        if known is not None and known[0] is held:
            return known[1]
        amount = floating(held, currency, self._market.now())
        self._floating[held.ticket] = (held, amount)
        return amount

    def standing(self, book: Book) -> Standing:
        """An account's figures; raises NoRate."""
        self._look()
        known = self._standing.get(book.login)
        if known is not None and known[0] is book:
            return known[1]
        held = book.positions.values()
        profit = sum((self.floating(position, book.currency) + position.swap for position in held), Decimal(0))
        figures = Standing(book.balance, profit, tied_up(book, self._market.now()), book.credit)
        self._standing[book.login] = (book, figures)
        return figures

    def forget(self) -> None:
        """After a change of terms nothing holds."""
        self._floating.clear()
        self._standing.clear()

    def _look(self) -> None:
        if self._at_ms != self._market.now_ms:
            self._at_ms = self._market.now_ms
            self.forget()
