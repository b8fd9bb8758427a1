"""Owns what a deal does to an account's positions: open, close, move levels.

Nothing here looks at a clock, refuses, or counts tickets: `hydrad.venue.desk` judges first and hands in what
it decided. Hedging accounts: every opening order makes a position of its own, and the order's ticket is the
position's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

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
from hydrad.venue.profit import profit
from hydrad.venue.rates import Board

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution that the desk decided on: at what, when, for whom. `resting`: the order that it fills;
    None for a market order, whose row is made with it. `asked_steps`: that order's volume, 0 for what is
    dealt."""

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
        identifier=fill.order,
        symbol=symbol,
        side=side,
        volume_steps=volume_steps,
        open_points=Decimal(fill.price_points),
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
    row = _row(fill, position, side, volume_steps, stop, target)
    held = {**book.positions, position.ticket: position}
    changed = replace(book, positions=held, orders=with_order(book, row))
    return changed, Change(position.ticket, position, row, deal)


def close_position(book: Book, fill: Fill, position: Position, volume_steps: int, board: Board) -> tuple[Book, Change]:
    """Close `volume_steps` of a position, all or part; the balance takes the profit. Raises NoRate."""
    assert 0 < volume_steps <= position.volume_steps, (volume_steps, position)
    contract = board.contract(position.symbol)
    assert contract is not None, position.symbol
    opened = position.open_points
    gain = profit(contract, position.side, volume_steps, opened, fill.price_points, book.currency, board)
    rest = _reduced(position, volume_steps, fill.time_ms)
    side = position.side.opposite
    deal = _deal(fill, position, side, Entry.OUT, volume_steps, gain)
    row = _row(fill, position, side, volume_steps, 0, 0)
    held = _with(book, position.ticket, rest)
    changed = replace(book, balance=book.balance + deal.money, positions=held, orders=with_order(book, row))
    return changed, Change(position.ticket, rest, row, deal)


def modify_position(book: Book, position: Position, stop: int, target: int, time_ms: int) -> tuple[Book, Change]:
    """New levels in points (0: none). No order and no deal come of it."""
    moved = replace(position, stop_points=stop, target_points=target, update_ms=time_ms)
    return replace(book, positions=_with(book, position.ticket, moved)), Change(position.ticket, moved)


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
        position=position.identifier,
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


def _row(fill: Fill, position: Position, side: Side, volume_steps: int, stop: int, target: int) -> OrderRow:
    asked = fill.asked_steps or volume_steps
    left = asked - volume_steps
    if fill.resting is not None:
        return replace(
            fill.resting,
            position=position.identifier,
            state=OrderState.FILLED,
            left_steps=0,
            done_ms=fill.time_ms,
        )
    return OrderRow(
        ticket=fill.order,
        position=position.identifier,
        symbol=position.symbol,
        kind=OrderKind(side),
        state=OrderState.PARTIAL if left else OrderState.FILLED,
        filling=fill.filling,
        reason=fill.reason,
        volume_steps=asked,
        left_steps=left,
        price_points=fill.price_points,
        stop_points=stop,
        target_points=target,
        magic=fill.magic,
        comment=fill.comment,
        setup_ms=fill.time_ms,
        done_ms=fill.time_ms,
    )


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
