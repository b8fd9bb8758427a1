"""Owns an account's figures at an instant: profit, equity and margin.

Source: recorded terminals: equity is balance + credit + open profit; free margin is equity less margin; the
margin level is equity / margin x 100, unrounded, and 0 where nothing is tied up. Open swap is part of the open
profit of the account (not settled by recordings), never of a position's own profit.

Margin of opposite positions of one symbol (MQL5 reference, SYMBOL_MARGIN_HEDGED): what the larger side has beyond
the smaller costs its full margin; the covered volume costs the mean of both sides' margins, in the proportion
of the hedged to the plain contract size (or initial margin). Without a hedged size there is no relief.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hydrad.domain.money import cents
from hydrad.domain.orders import Side
from hydrad.venue.book import Book, Position
from hydrad.venue.contract import Contract
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
    held = book.positions.values()
    open_profit = sum((floating(position, book.currency, board) + position.swap for position in held), Decimal(0))
    return Standing(book.balance, open_profit, tied_up(book, board), book.credit)


def tied_up(book: Book, board: Board) -> Decimal:
    """Margin of all positions, to the cent."""
    sides: dict[tuple[str, Side], tuple[Decimal, int]] = {}
    for held in book.positions.values():
        charged, steps = sides.get((held.symbol, held.side), (Decimal(0), 0))
        sides[held.symbol, held.side] = (charged + held.margin, steps + held.volume_steps)
    total = Decimal(0)
    for (symbol, side), (charged, steps) in sides.items():
        other = sides.get((symbol, side.opposite))
        contract = board.contract(symbol)
        assert contract is not None, symbol
        if other is None or contract.margin_hedged is None:
            total += charged
        elif side is Side.BUY:
            total += _covered(contract, (charged, steps), other)
    return total


def _covered(contract: Contract, first: tuple[Decimal, int], second: tuple[Decimal, int]) -> Decimal:
    """Margin of both sides of a symbol: (as charged, volume in steps) of each."""
    (larger, more), (smaller, less) = sorted((first, second), key=lambda side: side[1], reverse=True)
    plain = contract.margin_initial or contract.contract_size
    per_step = (larger / more + smaller / less) / 2
    return cents(larger * (more - less) / more + per_step * less * contract.hedged_size / plain)


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
