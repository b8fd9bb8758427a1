"""Owns where a trade request is judged and what may become of it: the room, the answers' codes, the outcome."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from hydrad.venue.book import Book, Change
from hydrad.venue.rates import Board
from hydrad.venue.standing import Standing, standing


class Retcode(enum.IntEnum):
    """Answers of a trade server that this one gives (MQL5 reference, "Return codes of the trade server")."""

    REQUOTE = 10004
    REJECT = 10006
    DONE = 10009
    DONE_PARTIAL = 10010
    TIMEOUT = 10012
    INVALID = 10013
    INVALID_VOLUME = 10014
    INVALID_PRICE = 10015
    INVALID_STOPS = 10016
    TRADE_DISABLED = 10017
    MARKET_CLOSED = 10018
    NO_MONEY = 10019
    PRICE_OFF = 10021
    INVALID_EXPIRATION = 10022
    NO_CHANGES = 10025
    CLIENT_DISABLES_AT = 10027
    FROZEN = 10029
    INVALID_FILL = 10030
    CONNECTION = 10031
    LIMIT_ORDERS = 10033
    LIMIT_VOLUME = 10034
    INVALID_ORDER = 10035
    POSITION_CLOSED = 10036
    INVALID_CLOSE_VOLUME = 10038
    LONG_ONLY = 10042
    SHORT_ONLY = 10043
    CLOSE_ONLY = 10044
    HEDGE_PROHIBITED = 10046


@dataclass(frozen=True, slots=True)
class Room:
    """Where a request is judged: the account, the market now, and whether the symbol trades. `liquidity_steps`: the
    most that a deal finds, beside the contract's own bound; 0 for no bound. `known`: the book's figures where they
    have been worked out already."""

    book: Book
    board: Board
    time_ms: int
    symbol_open: bool
    liquidity_steps: int = 0
    known: Callable[[Book], Standing] | None = None

    def standing(self) -> Standing:
        """The account's figures; raises NoRate."""
        return self.known(self.book) if self.known else standing(self.book, self.board)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request: the book after it, its answer, and the changes (none: nothing changed)."""

    book: Book
    retcode: Retcode
    changes: tuple[Change, ...] = ()

    @property
    def change(self) -> Change | None:
        """The first change, which carries the order and the deal that the answer names."""
        return self.changes[0] if self.changes else None
