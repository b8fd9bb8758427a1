"""Owns the formula of profit, open or closed.

Source: MQL5 reference, OrderCalcProfit, and recorded terminals: (close - open) x contract size x lots in the
profit currency; a pair whose base is the account's currency is converted at the close price; all others at
the bid of the profit currency for a gain and at its ask for a loss. Swap is not in it.
"""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.money import cents
from hydrad.domain.orders import Side
from hydrad.venue.contract import Contract
from hydrad.venue.rates import Board, rate


def profit(
    contract: Contract,
    side: Side,
    volume_steps: int,
    open_points: int | Decimal,
    close_points: int | Decimal,
    currency: str,
    board: Board,
) -> Decimal:
    """Money in the account's `currency`, to the cent (half-even); raises NoRate.

    Prices in points, volume in steps; negative for a loss.
    """
    distance = contract.price((close_points - open_points) * side.sign)
    amount = distance * contract.contract_size * contract.lots(volume_steps)
    if currency == contract.currency_profit:
        return cents(amount)
    if currency == contract.currency_base:
        return cents(amount / contract.price(close_points))
    return cents(amount * rate(board, contract.currency_profit, currency, at_ask=amount < 0))


def point_value(contract: Contract, currency: str, board: Board, *, loss: bool) -> Decimal:
    """What one point of one lot is worth in `currency`, unrounded: at the bid for a gain, at the ask for a
    loss.

    MetaTrader's `trade_tick_value_profit` and `trade_tick_value_loss` for a tick size of one point; raises
    NoRate.
    """
    in_profit_currency = contract.point * contract.contract_size
    return in_profit_currency * rate(board, contract.currency_profit, currency, at_ask=loss)
