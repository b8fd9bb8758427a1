"""Owns what a deal does to an account's positions: open, add, close, reverse, close by one another, move levels.

Nothing here looks at a clock, refuses, or counts tickets: `hydrad.venue.desk` judges first and hands in what
it decided. On a hedging account every opening order makes a position of its own, whose ticket is the order's.
On a netting account a symbol has one position: a deal of its side adds to it at the average price, one of the
other side reduces, closes or reverses it (one INOUT deal; the identifier stays, the ticket becomes the
order's).

Sources: MQL5 reference, POSITION_IDENTIFIER, DEAL_ENTRY and TRADE_ACTION_CLOSE_BY. Not settled there, and
chosen here: levels of an adding order replace the position's where they are given, those of a reducing one
never; two positions that close one another do so at the open price of the second, so that the first one's
deal carries all the profit; a netted average is kept to a millionth of a point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from hydrad.domain.money import cents
from hydrad.domain.orders import Side
from hydrad.venue.book import (
    Book,
    Change,
    Deal,
    DealType,
    Entry,
    OrderKind,
    OrderRow,
    OrderState,
    Position,
    Reason,
)
from hydrad.venue.contract import Contract
from hydrad.venue.margin import margin
from hydrad.venue.profit import profit
from hydrad.venue.rates import Board

_ZERO = Decimal(0)
_MICRO = Decimal("0.000001")
Changed = tuple[Book, tuple[Change, ...]]


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution that the desk decided on: at what, when, for whom. `resting`: the order that it fills;
    None for a market order, whose row is made with it. `asked_steps`: that order's volume, 0 for what is
    dealt. `rests`: what is left of an order that is filled in part goes on waiting, instead of ending."""

    order: int
    deal: int
    price_points: int
    time_ms: int
    reason: Reason
    magic: int
    comment: str
    filling: int = 0
    resting: OrderRow | None = None
    asked_steps: int = 0
    rests: bool = False


@dataclass(frozen=True, slots=True)
class Lot:
    """What is dealt: `stop` and `target` in points, 0 for none."""

    symbol: str
    side: Side
    volume_steps: int
    stop_points: int = 0
    target_points: int = 0


def position_of(book: Book, symbol: str) -> Position | None:
    """The one position of a netting account in a symbol."""
    return next((held for held in book.positions.values() if held.symbol == symbol), None)


def deal_in(book: Book, fill: Fill, lot: Lot, board: Board) -> Changed:
    """A deal that names no position: it opens on a hedging account, and nets on the other. Raises NoRate."""
    held = book.positions.get(fill.order) if book.hedging else position_of(book, lot.symbol)
    if held is None:
        return _opened(book, fill, lot, board)
    if held.side is lot.side:
        return _added(book, fill, held, lot, board)
    if lot.volume_steps <= held.volume_steps:
        return close_position(book, fill, held, lot.volume_steps, board)
    return _reversed(book, fill, held, lot, board)


def close_position(book: Book, fill: Fill, held: Position, volume_steps: int, board: Board) -> Changed:
    """Close `volume_steps` of a position, all or part; the balance takes profit and swap. Raises NoRate."""
    rest, deal = _closed(book, fill, held, volume_steps, Decimal(fill.price_points), Entry.OUT, board)
    row = _row(fill, held, held.side.opposite, volume_steps)
    changed = _booked(book, deal, row, {held.ticket: rest})
    return changed, (Change(held.ticket, rest, row, deal),)


def close_by(book: Book, fill: Fill, first: Position, second: Position, second_deal: int, board: Board) -> Changed:
    """Close two opposite positions of a symbol by one another, as far as the smaller goes. Raises NoRate."""
    steps = min(first.volume_steps, second.volume_steps)
    other = replace(fill, deal=second_deal)
    rest, deal = _closed(book, fill, first, steps, second.open_points, Entry.OUT_BY, board)
    rest_by, deal_by = _closed(book, other, second, steps, second.open_points, Entry.OUT_BY, board)
    row = replace(_row(fill, first, first.side.opposite, steps), kind=OrderKind.CLOSE_BY, position_by=second.identifier)
    changed = _booked(book, deal, row, {first.ticket: rest})
    changed = _booked(changed, deal_by, row, {second.ticket: rest_by})
    return changed, (Change(first.ticket, rest, row, deal), Change(second.ticket, rest_by, None, deal_by))


def modify_position(book: Book, held: Position, stop: int, target: int, time_ms: int) -> tuple[Book, Change]:
    """New levels in points (0: none). No order and no deal come of it."""
    moved = replace(held, stop_points=stop, target_points=target, update_ms=time_ms)
    return replace(book, positions=_with(book, {held.ticket: moved})), Change(held.ticket, moved)


def with_order(book: Book, row: OrderRow) -> Mapping[int, OrderRow]:
    """The resting orders with this row among them, or without it once it is done."""
    if row.done_ms and row.ticket not in book.orders:
        return book.orders
    orders = dict(book.orders)
    if row.done_ms:
        del orders[row.ticket]
    else:
        orders[row.ticket] = row
    return orders


def _opened(book: Book, fill: Fill, lot: Lot, board: Board) -> Changed:
    position = _position(book, fill, lot, fill.order, board)
    deal = _deal(fill, position, lot.side, Entry.IN, lot.volume_steps, board)
    row = _row(fill, position, lot.side, lot.volume_steps, lot)
    changed = _booked(book, deal, row, {position.ticket: position})
    return changed, (Change(position.ticket, position, row, deal),)


def _added(book: Book, fill: Fill, held: Position, lot: Lot, board: Board) -> Changed:
    volume = held.volume_steps + lot.volume_steps
    worth = held.open_points * held.volume_steps + fill.price_points * lot.volume_steps
    position = replace(
        held,
        volume_steps=volume,
        open_points=(worth / volume).quantize(_MICRO, ROUND_HALF_EVEN),
        stop_points=lot.stop_points or held.stop_points,
        target_points=lot.target_points or held.target_points,
        update_ms=fill.time_ms,
        margin=held.margin + _charge(book, fill, lot, board),
    )
    deal = _deal(fill, position, lot.side, Entry.IN, lot.volume_steps, board)
    row = _row(fill, position, lot.side, lot.volume_steps, lot)
    changed = _booked(book, deal, row, {held.ticket: position})
    return changed, (Change(held.ticket, position, row, deal),)


def _reversed(book: Book, fill: Fill, held: Position, lot: Lot, board: Board) -> Changed:
    """The deal has the whole volume; what is beyond the old position is the new one."""
    beyond = replace(lot, volume_steps=lot.volume_steps - held.volume_steps)
    _, closing = _closed(book, fill, held, held.volume_steps, Decimal(fill.price_points), Entry.INOUT, board)
    charge = _commission(_contract(board, held.symbol), lot.volume_steps)
    deal = replace(closing, volume_steps=lot.volume_steps, commission=charge)
    position = _position(book, fill, beyond, held.identifier, board)
    row = _row(fill, position, lot.side, lot.volume_steps, lot)
    changed = _booked(book, deal, row, {held.ticket: None, position.ticket: position})
    return changed, (Change(position.ticket, position, row, deal), Change(held.ticket, None))


def _closed(
    book: Book, fill: Fill, held: Position, volume_steps: int, close_points: Decimal, entry: Entry, board: Board
) -> tuple[Position | None, Deal]:
    """What is left of a position, and the deal that took the rest."""
    assert 0 < volume_steps <= held.volume_steps, (volume_steps, held)
    contract = _contract(board, held.symbol)
    gain = profit(contract, held.side, volume_steps, held.open_points, close_points, book.currency, board)
    left = held.volume_steps - volume_steps
    swap = cents(held.swap * volume_steps / held.volume_steps)
    rest = None
    if left:
        kept = cents(held.margin * left / held.volume_steps)
        rest = replace(held, volume_steps=left, margin=kept, swap=held.swap - swap, update_ms=fill.time_ms)
    deal = _deal(fill, held, held.side.opposite, entry, volume_steps, board)
    return rest, replace(deal, price_points=round(close_points), profit=gain, swap=swap)


def _booked(book: Book, deal: Deal, row: OrderRow, changes: Mapping[int, Position | None]) -> Book:
    return replace(
        book,
        balance=book.balance + deal.money,
        positions=_with(book, changes),
        orders=with_order(book, row),
    )


def _with(book: Book, changes: Mapping[int, Position | None]) -> dict[int, Position]:
    positions = dict(book.positions)
    for ticket, position in changes.items():
        if position is None:
            del positions[ticket]
        else:
            positions[ticket] = position
    return positions


def _position(book: Book, fill: Fill, lot: Lot, identifier: int, board: Board) -> Position:
    return Position(
        ticket=fill.order,
        identifier=identifier,
        symbol=lot.symbol,
        side=lot.side,
        volume_steps=lot.volume_steps,
        open_points=Decimal(fill.price_points),
        stop_points=lot.stop_points,
        target_points=lot.target_points,
        magic=fill.magic,
        comment=fill.comment,
        reason=fill.reason,
        open_ms=fill.time_ms,
        update_ms=fill.time_ms,
        margin=_charge(book, fill, lot, board),
    )


def _charge(book: Book, fill: Fill, lot: Lot, board: Board) -> Decimal:
    contract = _contract(board, lot.symbol)
    return margin(contract, lot.side, lot.volume_steps, fill.price_points, book.leverage, book.currency, board)


def _deal(fill: Fill, position: Position, side: Side, entry: Entry, volume_steps: int, board: Board) -> Deal:
    return Deal(
        ticket=fill.deal,
        order=fill.order,
        position=position.identifier,
        symbol=position.symbol,
        kind=DealType(side),
        entry=entry,
        reason=fill.reason,
        volume_steps=volume_steps,
        price_points=fill.price_points,
        profit=_ZERO,
        magic=fill.magic,
        comment=fill.comment,
        time_ms=fill.time_ms,
        commission=_commission(_contract(board, position.symbol), volume_steps),
    )


def _commission(contract: Contract, volume_steps: int) -> Decimal:
    """Below zero, as what is charged is booked."""
    return -cents(contract.commission_per_lot * contract.lots(volume_steps) + contract.commission_per_deal)


def _row(fill: Fill, position: Position, side: Side, volume_steps: int, lot: Lot | None = None) -> OrderRow:
    """The order of a deal as it is after it."""
    resting = fill.resting
    asked = fill.asked_steps or volume_steps
    left = (resting.left_steps if resting else asked) - volume_steps
    waits = left and fill.rests
    state = OrderState.PARTIAL if left else OrderState.FILLED
    done_ms = 0 if waits else fill.time_ms
    if resting is not None:
        return replace(resting, position=position.identifier, state=state, left_steps=left, done_ms=done_ms)
    return OrderRow(
        ticket=fill.order,
        position=position.identifier,
        symbol=position.symbol,
        kind=OrderKind(side),
        state=state,
        filling=fill.filling,
        reason=fill.reason,
        volume_steps=asked,
        left_steps=left,
        price_points=fill.price_points,
        stop_points=lot.stop_points if lot else 0,
        target_points=lot.target_points if lot else 0,
        magic=fill.magic,
        comment=fill.comment,
        setup_ms=fill.time_ms,
        done_ms=done_ms,
    )


def _contract(board: Board, symbol: str) -> Contract:
    contract = board.contract(symbol)
    assert contract is not None, symbol
    return contract
