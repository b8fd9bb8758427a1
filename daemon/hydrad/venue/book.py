"""Owns one account's book as values: what is open, the balance, and what each change adds to the history.

Nothing here looks at a clock, refuses, or counts tickets: `hydrad.venue.desk` judges first and hands in what
it decided. Each function returns the new book and the changes that a broker writes down. Hedging accounts:
every opening order makes a position of its own, and the order's ticket is the position's.

Prices in points, volumes in steps of the symbol, money in the account's currency, instants in UTC
milliseconds. Commission, fee and swap are zero in this version, and no position is closed for want of margin
(stop-out).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hydrad.domain.money import cents, price_text
from hydrad.domain.orders import Side
from hydrad.venue.fills import Trigger, hit
from hydrad.venue.profit import profit
from hydrad.venue.rates import Board, Quote

_ZERO = Decimal(0)


class Reason(enum.IntEnum):
    """Why something was dealt (the numbers of ENUM_DEAL_REASON and ENUM_ORDER_REASON)."""

    CLIENT = 0  # by hand in a terminal
    EXPERT = 3  # by a program
    STOP = 4
    TARGET = 5


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


class OrderState(enum.IntEnum):
    PLACED = 1
    FILLED = 4


@dataclass(frozen=True, slots=True)
class Position:
    """One open position. `margin`: as charged at the opening, less the share of what was closed."""

    ticket: int
    symbol: str
    side: Side
    volume_steps: int
    open_points: int
    stop_points: int
    target_points: int
    magic: int
    comment: str
    reason: Reason
    open_ms: int
    update_ms: int
    margin: Decimal


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order, resting or done. `position`: what it opened or closed; `kind`: ENUM_ORDER_TYPE."""

    ticket: int
    position: int
    symbol: str
    kind: int
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


@dataclass(frozen=True, slots=True)
class Change:
    """What one event did: the position as it now is (None: gone), and the rows it adds to the history."""

    ticket: int
    position: Position | None
    order: OrderRow | None = None
    deal: Deal | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """An account's state: positions by ticket in the order in which they opened, the balance, and what the broker
    lends on top of it (credit)."""

    login: int
    currency: str
    leverage: int
    hedging: bool
    balance: Decimal
    positions: Mapping[int, Position] = field(default_factory=dict)
    credit: Decimal = _ZERO


@dataclass(slots=True)
class Tickets:
    """A broker's counters: the next order and the next deal. The only thing here that counts on."""

    order: int
    deal: int

    def next(self) -> tuple[int, int]:
        """An order ticket and a deal ticket, never given out before."""
        taken = (self.order, self.deal)
        self.order += 1
        self.deal += 1
        return taken


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution that the desk decided on: at what, when, for whom."""

    order: int
    deal: int
    price_points: int
    time_ms: int
    reason: Reason
    magic: int
    comment: str
    filling: int = 0


def open_position(
    book: Book,
    fill: Fill,
    symbol: str,
    side: Side,
    volume_steps: int,
    stop: int,
    target: int,
    margin: Decimal,
) -> tuple[Book, Change]:
    """A new position at the fill's price; `stop` and `target` in points, 0 for none."""
    position = Position(
        ticket=fill.order,
        symbol=symbol,
        side=side,
        volume_steps=volume_steps,
        open_points=fill.price_points,
        stop_points=stop,
        target_points=target,
        magic=fill.magic,
        comment=fill.comment,
        reason=fill.reason,
        open_ms=fill.time_ms,
        update_ms=fill.time_ms,
        margin=margin,
    )
    deal = _deal(fill, position, side, Entry.IN, volume_steps, _ZERO)
    order = _order(fill, position, side, volume_steps, stop, target)
    positions = {**book.positions, position.ticket: position}
    return replace(book, positions=positions), Change(position.ticket, position, order, deal)


def close_position(book: Book, fill: Fill, position: Position, volume_steps: int, board: Board) -> tuple[Book, Change]:
    """Close `volume_steps` of a position, all or part; the balance takes the profit. Raises NoRate."""
    assert 0 < volume_steps <= position.volume_steps, (volume_steps, position)
    contract = board.contract(position.symbol)
    assert contract is not None, position.symbol
    gain = profit(contract, position.side, volume_steps, position.open_points, fill.price_points, book.currency, board)
    rest = _reduced(position, volume_steps, fill.time_ms)
    side = position.side.opposite
    deal = _deal(fill, position, side, Entry.OUT, volume_steps, gain)
    order = _order(fill, position, side, volume_steps, 0, 0)
    changed = replace(book, balance=book.balance + gain, positions=_with(book, position.ticket, rest))
    return changed, Change(position.ticket, rest, order, deal)


def modify_position(book: Book, position: Position, stop: int, target: int, time_ms: int) -> tuple[Book, Change]:
    """New levels in points (0: none). No order and no deal come of it."""
    moved = replace(position, stop_points=stop, target_points=target, update_ms=time_ms)
    return replace(book, positions=_with(book, position.ticket, moved)), Change(position.ticket, moved)


def on_tick(
    book: Book, symbol: str, quote: Quote, time_ms: int, tickets: Tickets, board: Board
) -> tuple[Book, tuple[Change, ...]]:
    """Close whatever this tick stops out or brings to its target, oldest position first. Raises NoRate."""
    changes: list[Change] = []
    for position in tuple(book.positions.values()):
        if position.symbol != symbol:
            continue
        reached = hit(position.side, position.stop_points, position.target_points, quote)
        if reached is None:
            continue
        fill = _trigger_fill(position, reached.trigger, reached.price_points, time_ms, tickets, board)
        book, change = close_position(book, fill, position, position.volume_steps, board)
        changes.append(change)
    return book, tuple(changes)


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


def _trigger_fill(
    position: Position, trigger: Trigger, price_points: int, time_ms: int, tickets: Tickets, board: Board
) -> Fill:
    contract = board.contract(position.symbol)
    assert contract is not None, position.symbol
    stopped = trigger is Trigger.STOP
    level = position.stop_points if stopped else position.target_points
    order, deal = tickets.next()
    return Fill(
        order=order,
        deal=deal,
        price_points=price_points,
        time_ms=time_ms,
        reason=Reason.STOP if stopped else Reason.TARGET,
        magic=position.magic,
        comment=f"[{trigger.value} {price_text(level, contract.digits)}]",
    )


def _reduced(position: Position, closed_steps: int, time_ms: int) -> Position | None:
    left = position.volume_steps - closed_steps
    if left == 0:
        return None
    margin = cents(position.margin * left / position.volume_steps)
    return replace(position, volume_steps=left, margin=margin, update_ms=time_ms)


def _with(book: Book, ticket: int, position: Position | None) -> dict[int, Position]:
    positions = dict(book.positions)
    if position is None:
        del positions[ticket]
    else:
        positions[ticket] = position
    return positions


def _deal(fill: Fill, position: Position, side: Side, entry: Entry, volume_steps: int, gain: Decimal) -> Deal:
    return Deal(
        ticket=fill.deal,
        order=fill.order,
        position=position.ticket,
        symbol=position.symbol,
        kind=DealType(side),
        entry=entry,
        reason=fill.reason,
        volume_steps=volume_steps,
        price_points=fill.price_points,
        profit=gain,
        magic=fill.magic,
        comment=fill.comment,
        time_ms=fill.time_ms,
    )


def _order(fill: Fill, position: Position, side: Side, volume_steps: int, stop: int, target: int) -> OrderRow:
    return OrderRow(
        ticket=fill.order,
        position=position.ticket,
        symbol=position.symbol,
        kind=int(side),
        state=OrderState.FILLED,
        filling=fill.filling,
        reason=fill.reason,
        volume_steps=volume_steps,
        left_steps=0,
        price_points=fill.price_points,
        stop_points=stop,
        target_points=target,
        magic=fill.magic,
        comment=fill.comment,
        setup_ms=fill.time_ms,
        done_ms=fill.time_ms,
    )
