"""Owns the formulas of margin.

Source: MQL5 reference, OrderCalcMargin, and recorded terminals: a currency pair costs lots x contract size /
leverage in its base currency, a CFD lots x contract size x price (/ leverage); both are converted from the
margin currency to the account's at the ask for BUY and at the bid for SELL.
"""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.money import cents
from hydrad.domain.orders import Side
from hydrad.venue.contract import Contract, MarginFormula
from hydrad.venue.rates import Board, rate

_BY_PRICE = frozenset({MarginFormula.CFD, MarginFormula.CFD_LEVERAGE})
_BY_LEVERAGE = frozenset({MarginFormula.FOREX, MarginFormula.CFD_LEVERAGE})


def margin(
    contract: Contract,
    side: Side,
    volume_steps: int,
    price_points: int,
    leverage: int,
    currency: str,
    board: Board,
) -> Decimal:
    """Money in the account's `currency`, to the cent, that such a position ties up; raises NoRate.

    `price_points`: the opening price; only the CFD formulas look at it. `leverage`: 100 for 1:100.
    """
    amount = contract.lots(volume_steps) * contract.contract_size
    if contract.margin_formula in _BY_PRICE:
        amount *= contract.price(price_points)
    if contract.margin_formula in _BY_LEVERAGE:
        amount /= leverage
    return cents(amount * rate(board, contract.currency_margin, currency, at_ask=side is Side.BUY))
