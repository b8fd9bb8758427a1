"""Owns what a position pays or earns for a night.

Source: MQL5 reference, SYMBOL_SWAP_MODE and SYMBOL_SWAP_ROLLOVER3DAYS. Charged at the server's midnight for
the day that ends with it: once from Monday to Friday, three times on the symbol's triple day, not at weekends;
a coin, which trades through them, once each day. Swap of a lot is in points of the price (then a profit in the
profit currency), or in money of the base, the margin or the account's currency. It is converted as a profit
is, and kept at the position until that is closed.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hydrad.domain.assets import Asset, asset_of
from hydrad.domain.money import cents
from hydrad.domain.orders import Side
from hydrad.venue.book import Book, Change, Position
from hydrad.venue.contract import Contract, SwapMode
from hydrad.venue.rates import Board, rate

_SATURDAY, _SUNDAY = 6, 0


def nights(asset: Asset, triple_day: int, weekday: int) -> int:
    """How many nights the end of a server day counts for; `weekday`, `triple_day`: ENUM_DAY_OF_WEEK, Sunday 0."""
    if asset is Asset.CRYPTO:
        return 1
    if weekday in (_SATURDAY, _SUNDAY):
        return 0
    return 3 if weekday == triple_day else 1


def swap_of_night(contract: Contract, side: Side, volume_steps: int, currency: str, board: Board) -> Decimal:
    """Money in the account's `currency`, to the cent, below zero where the holder pays; raises NoRate."""
    per_lot = contract.swap_long if side is Side.BUY else contract.swap_short
    if contract.swap_mode is SwapMode.POINTS:
        per_lot *= contract.point * contract.contract_size
    amount = per_lot * contract.lots(volume_steps)
    source = {
        SwapMode.DISABLED: currency,
        SwapMode.POINTS: contract.currency_profit,
        SwapMode.BASE_CURRENCY: contract.currency_base,
        SwapMode.MARGIN_CURRENCY: contract.currency_margin,
        SwapMode.DEPOSIT_CURRENCY: currency,
    }[contract.swap_mode]
    if contract.swap_mode is SwapMode.DISABLED or not amount:
        return Decimal(0)
    return cents(amount * rate(board, source, currency, at_ask=amount < 0))


def roll_over(book: Book, weekday: int, board: Board) -> tuple[Book, tuple[Change, ...]]:
    """The book after the midnight that ends a server's day, and the positions that were charged; raises NoRate."""
    charged: dict[int, Position] = {}
    for held in book.positions.values():
        contract = board.contract(held.symbol)
        assert contract is not None, held.symbol
        night = swap_of_night(contract, held.side, held.volume_steps, book.currency, board)
        asset = asset_of(contract.symbol, contract.currency_base, contract.currency_profit)
        due = night * nights(asset, contract.swap_rollover3days, weekday)
        if due:
            charged[held.ticket] = replace(held, swap=held.swap + due)
    if not charged:
        return book, ()
    changes = tuple(Change(ticket, held) for ticket, held in charged.items())
    return replace(book, positions={**book.positions, **charged}), changes
