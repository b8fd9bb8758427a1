"""Owns what a tick, and the passing of time, does to an account.

A tick first closes the positions whose stop or target it reaches, oldest first, and then deals the resting
orders that it reaches, oldest first. What a tick opens is looked at from the next tick on. An order that the
account cannot pay for when it is reached is REJECTED, as one whose money cannot be converted. An order whose
expiration has come is EXPIRED by the clock, before any tick of that instant.

After the ticks of an instant an account whose margin level is below its stop-out level loses its worst position,
and the next worst, until the level is back (MQL5 reference, ACCOUNT_MARGIN_SO_SO). An account whose opposite
positions tie up nothing is stopped out when its equity is below zero. Resting orders stay.
"""

from __future__ import annotations

from hydrad.domain.money import price_text
from hydrad.venue.book import Book, Change, OrderState, Position, Reason, Rules, Tickets
from hydrad.venue.fills import Trigger, hit, reached_points
from hydrad.venue.positions import Fill, close_position
from hydrad.venue.rates import Board, Quote
from hydrad.venue.resting import ended, reach
from hydrad.venue.standing import Standing, current_points, floating, standing


def on_tick(
    book: Book, symbol: str, quote: Quote, time_ms: int, tickets: Tickets, board: Board
) -> tuple[Book, tuple[Change, ...]]:
    """The book after a tick of a symbol, and what it did. Raises NoRate."""
    changes: list[Change] = []
    for position in tuple(book.positions.values()):
        if position.symbol == symbol and position.ticket in book.positions:
            book, made = _on_position(book, position, quote, time_ms, tickets, board)
            changes.extend(made)
    for row in tuple(book.orders.values()):
        price = reached_points(row.kind, row.price_points, quote) if row.symbol == symbol else None
        if price is not None:
            book, made = reach(book, row, price, time_ms, tickets, board)
            changes.extend(made)
    return book, tuple(changes)


def expire(book: Book, time_ms: int) -> tuple[Book, tuple[Change, ...]]:
    """The book without the orders whose expiration is at or before an instant, and what that did."""
    changes: list[Change] = []
    for row in tuple(book.orders.values()):
        if row.expires_ms and row.expires_ms <= time_ms:
            book, change = ended(book, row, OrderState.EXPIRED, row.expires_ms)
            changes.append(change)
    return book, tuple(changes)


def below_stop_out(book: Book, board: Board) -> bool:
    """True where positions must be closed for want of margin; raises NoRate."""
    return bool(book.positions) and is_below(standing(book, board), book.rules)


def is_below(now: Standing, rules: Rules) -> bool:
    """True for figures, of an account with positions, that are below its stop-out level."""
    return now.equity * 100 < now.margin * rules.stop_out_percent or (not now.margin and now.equity < 0)


def stop_out(book: Book, time_ms: int, tickets: Tickets, board: Board) -> tuple[Book, tuple[Change, ...]]:
    """The book after what the margin level asks for, worst position first, of equals the oldest. Raises NoRate."""
    changes: list[Change] = []
    while below_stop_out(book, board):
        level = standing(book, board).margin_level
        held = book.positions[_worst(book, board)]
        order, deal = tickets.next()
        price, comment = current_points(held, board), f"[so {level:.2f}%]"
        fill = Fill(order, deal, price, time_ms, Reason.STOP_OUT, held.magic, comment)
        book, made = close_position(book, fill, held, held.volume_steps, board)
        changes.extend(made)
    return book, tuple(changes)


def _worst(book: Book, board: Board) -> int:
    """The ticket of the position that has lost most."""
    worth = {held.ticket: floating(held, book.currency, board) + held.swap for held in book.positions.values()}
    return min(worth, key=worth.__getitem__)


def _on_position(
    book: Book, position: Position, quote: Quote, time_ms: int, tickets: Tickets, board: Board
) -> tuple[Book, tuple[Change, ...]]:
    reached = hit(position.side, position.stop_points, position.target_points, quote)
    if reached is None:
        return book, ()
    fill = _trigger_fill(position, reached.trigger, reached.price_points, time_ms, tickets, board)
    return close_position(book, fill, position, position.volume_steps, board)


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
