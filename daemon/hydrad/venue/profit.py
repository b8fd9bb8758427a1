"""Owns the formula of profit, open or closed.

Source: MQL5 reference, OrderCalcProfit, and recorded terminals: (close - open) x contract size x lots in the
profit currency, for FUTURES (close - open) / tick size x tick value x lots; a currency pair whose base is the
account's currency is converted at the close price; all others at the bid of the profit currency for a gain and
at its ask for a loss. Swap is not in it.
"""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.money import cents
from hydrad.domain.orders import Side
from hydrad.venue.contract import Contract, MarginFormula
from hydrad.venue.rates import Board, rate

PAIRS = frozenset({MarginFormula.FOREX, MarginFormula.FOREX_NO_LEVERAGE})


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
    amount = distance * _worth(contract) * contract.lots(volume_steps)
    if currency == contract.currency_profit:
        return cents(amount)
    if currency == contract.currency_base and contract.margin_formula in PAIRS:
        return cents(amount / contract.price(close_points))
    return cents(amount * rate(board, contract.currency_profit, currency, at_ask=amount < 0))


def point_value(contract: Contract, currency: str, board: Board, *, loss: bool) -> Decimal:
    """What one point of one lot is worth in `currency`, unrounded: at the bid for a gain, at the ask for a
    loss.

    MetaTrader's `trade_tick_value_profit` and `trade_tick_value_loss` for a tick size of one point; raises
    NoRate.
    """
    in_profit_currency = contract.point * _worth(contract)
    return in_profit_currency * rate(board, contract.currency_profit, currency, at_ask=loss)


def _worth(contract: Contract) -> Decimal:
    """What a move of the price by one is worth in the profit currency, a lot."""
    if contract.margin_formula is MarginFormula.FUTURES:
        return contract.tick_value / contract.tick_size
    return contract.contract_size
