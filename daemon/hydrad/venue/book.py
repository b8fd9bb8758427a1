"""Owns one account's book as values: what is open, what rests, the balance, and the rows of the history.

Prices in points, volumes in steps of the symbol, money in the account's currency, instants in UTC
milliseconds. What changes a book is in `positions` (deals) and `resting` (orders that wait); both return the
new book and the changes that a broker writes down.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hydrad.domain.orders import Side

_ZERO = Decimal(0)


class Reason(enum.IntEnum):
    """Why something was dealt (the numbers of ENUM_DEAL_REASON and ENUM_ORDER_REASON)."""

    CLIENT = 0  # by hand in a terminal
    EXPERT = 3  # by a program
    STOP = 4
    TARGET = 5
    STOP_OUT = 6
    ROLLOVER = 7


class DealType(enum.IntEnum):
    """ENUM_DEAL_TYPE, as far as this broker books them."""

    BUY = 0
    SELL = 1
    BALANCE = 2
    CREDIT = 3
    CORRECTION = 5


class Entry(enum.IntEnum):
    IN = 0
    OUT = 1
    INOUT = 2
    OUT_BY = 3


class OrderKind(enum.IntEnum):
    """ENUM_ORDER_TYPE."""

    BUY = 0
    SELL = 1
    BUY_LIMIT = 2
    SELL_LIMIT = 3
    BUY_STOP = 4
    SELL_STOP = 5
    BUY_STOP_LIMIT = 6
    SELL_STOP_LIMIT = 7
    CLOSE_BY = 8

    @property
    def side(self) -> Side:
        """The side that it opens; even numbers buy."""
        return Side(self % 2)


class OrderState(enum.IntEnum):
    """ENUM_ORDER_STATE, as far as an order is ever seen in it."""

    PLACED = 1
    CANCELED = 2
    PARTIAL = 3
    FILLED = 4
    REJECTED = 5
    EXPIRED = 6


class TimeType(enum.IntEnum):
    """ENUM_ORDER_TYPE_TIME: how long an order rests."""

    GTC = 0
    DAY = 1
    SPECIFIED = 2
    SPECIFIED_DAY = 3


@dataclass(frozen=True, slots=True)
class Position:
    """One open position. `identifier`: the order that first opened it, which deals name; the ticket but on a
    netting account, where a reversal changes the ticket. `open_points`: an average where several deals made
    it, to a millionth of a point. `margin`: as charged at the opening, less the share of what was closed.
    `swap`: as charged night by night, booked with the closing deals."""

    ticket: int
    identifier: int
    symbol: str
    side: Side
    volume_steps: int
    open_points: Decimal
    stop_points: int
    target_points: int
    magic: int
    comment: str
    reason: Reason
    open_ms: int
    update_ms: int
    margin: Decimal
    swap: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order, resting or done. `position`: what it opened or closed, 0 while it has done neither.

    `price_points`: of a resting order as placed, of a market order as filled; `limit_points`: the price at
    which a stop-limit order will rest once its stop is reached. `expires_ms`: the instant at which it stops
    resting, 0 for none; `expiration_s`: as asked for, in seconds of the server's clock. `done_ms`: 0 while it
    rests.
    """

    ticket: int
    position: int
    symbol: str
    kind: OrderKind
    state: OrderState
    filling: int
    reason: Reason
    volume_steps: int
    left_steps: int
    price_points: int
    stop_points: int
    target_points: int
    magic: int
    comment: str
    setup_ms: int
    done_ms: int
    limit_points: int = 0
    time_type: TimeType = TimeType.GTC
    expires_ms: int = 0
    expiration_s: int = 0
    position_by: int = 0


@dataclass(frozen=True, slots=True)
class Deal:
    """One deal. A closing deal has the opposite type of its position and carries the profit."""

    ticket: int
    order: int
    position: int
    symbol: str
    kind: DealType
    entry: Entry
    reason: Reason
    volume_steps: int
    price_points: int
    profit: Decimal
    magic: int
    comment: str
    time_ms: int
    swap: Decimal = _ZERO
    commission: Decimal = _ZERO
    fee: Decimal = _ZERO

    @property
    def money(self) -> Decimal:
        """What it adds to the balance (a CREDIT: to the credit)."""
        return self.profit + self.swap + self.commission + self.fee


@dataclass(frozen=True, slots=True)
class Change:
    """What one event did: the position `ticket` as it now is (None: gone; ticket 0: no position is touched), the
    order's row as it now is, and the deal it adds to the history."""

    ticket: int
    position: Position | None
    order: OrderRow | None = None
    deal: Deal | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What a broker grants an account. `limit_orders`: resting at once. `margin_call_percent` is only told;
    below `stop_out_percent` of margin level positions are closed. `hedge_prohibited`: no position against
    another of the same symbol, on a hedging account."""

    limit_orders: int = 200
    margin_call_percent: int = 50
    stop_out_percent: int = 30
    hedge_prohibited: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """An account's state: positions by ticket in the order in which they opened, the balance, what the broker
    lends on top of it (credit), and resting orders by ticket."""

    login: int
    currency: str
    leverage: int
    hedging: bool
    balance: Decimal
    positions: Mapping[int, Position] = field(default_factory=dict)
    credit: Decimal = _ZERO
    orders: Mapping[int, OrderRow] = field(default_factory=dict)
    rules: Rules = Rules()


@dataclass(slots=True)
class Tickets:
    """A broker's counters: the next order and the next deal. The only thing here that counts on."""

    order: int
    deal: int

    def next(self) -> tuple[int, int]:
        """An order ticket and a deal ticket, never given out before."""
        return self.next_order(), self.next_deal()

    def next_order(self) -> int:
        self.order += 1
        return self.order - 1

    def next_deal(self) -> int:
        self.deal += 1
        return self.deal - 1


def deposit(
    book: Book, amount: Decimal, deal: int, time_ms: int, kind: DealType = DealType.BALANCE, comment: str = ""
) -> tuple[Book, Deal]:
    """Cash in (or out, when negative): a deal of type BALANCE, CREDIT or CORRECTION without order, position or
    symbol. Credit is no part of the balance."""
    assert kind not in (DealType.BUY, DealType.SELL), kind
    row = Deal(deal, 0, 0, "", kind, Entry.IN, Reason.CLIENT, 0, 0, amount, 0, comment, time_ms)
    if kind is DealType.CREDIT:
        return replace(book, credit=book.credit + amount), row
    return replace(book, balance=book.balance + amount), row
