"""Owns an account's figures at an instant: profit, equity and margin.

Source: recorded terminals: equity is balance + credit + open profit; free margin is equity less margin; the
margin level is equity / margin x 100, unrounded, and 0 where nothing is tied up. Swap is zero in this version.
The margin of a hedging account is the sum over its positions: opposite ones get no relief.
There is no stop-out yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hydrad.venue.book import Book, Position
from hydrad.venue.fills import closing_points
from hydrad.venue.profit import profit
from hydrad.venue.rates import Board


@dataclass(frozen=True, slots=True)
class Standing:
    """Money in the account's currency; `margin_level` in percent."""

    balance: Decimal
    profit: Decimal
    margin: Decimal
    credit: Decimal = Decimal(0)

    @property
    def equity(self) -> Decimal:
        return self.balance + self.credit + self.profit

    @property
    def margin_free(self) -> Decimal:
        return self.equity - self.margin

    @property
    def margin_level(self) -> Decimal:
        return self.equity / self.margin * 100 if self.margin else Decimal(0)


def standing(book: Book, board: Board) -> Standing:
    """An account's figures at the board's prices; raises NoRate."""
    open_profit = sum((floating(position, book.currency, board) for position in book.positions.values()), Decimal(0))
    tied_up = sum((position.margin for position in book.positions.values()), Decimal(0))
    return Standing(book.balance, open_profit, tied_up, book.credit)


def current_points(position: Position, board: Board) -> int:
    """The price in points at which a position would close now."""
    quote = board.quote(position.symbol)
    assert quote is not None, position.symbol
    return closing_points(position.side, quote)


def floating(position: Position, currency: str, board: Board) -> Decimal:
    """Open profit of one position to the cent, without swap; raises NoRate."""
    contract = board.contract(position.symbol)
    assert contract is not None, position.symbol
    now = current_points(position, board)
    return profit(contract, position.side, position.volume_steps, position.open_points, now, currency, board)
