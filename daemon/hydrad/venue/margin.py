"""Owns the formulas of margin.

Source: MQL5 reference, OrderCalcMargin, and recorded terminals. With `rate` to the account's currency at the ask
for BUY and at the bid for SELL, and the initial margin in place of the contract size where a symbol has one:

    FOREX              lots x contract size / leverage x rate     (in the base currency)
    FOREX_NO_LEVERAGE  lots x contract size x rate
    CFD                lots x contract size x price x rate
    CFD_LEVERAGE       lots x contract size x price / leverage x rate
    CFD_INDEX          lots x contract size x price x tick value / tick size x rate
    FUTURES            lots x initial margin x rate
"""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.money import cents
from hydrad.domain.orders import Side
from hydrad.venue.contract import Contract, MarginFormula
from hydrad.venue.rates import Board, rate

_BY_PRICE = frozenset({MarginFormula.CFD, MarginFormula.CFD_LEVERAGE, MarginFormula.CFD_INDEX})
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
    per_lot = contract.margin_initial or contract.contract_size
    if contract.margin_formula is MarginFormula.FUTURES:
        per_lot = contract.margin_initial
    amount = contract.lots(volume_steps) * per_lot
    if contract.margin_formula in _BY_PRICE:
        amount *= contract.price(price_points)
    if contract.margin_formula in _BY_LEVERAGE:
        amount /= leverage
    if contract.margin_formula is MarginFormula.CFD_INDEX:
        amount *= contract.tick_value / contract.tick_size
    return cents(amount * rate(board, contract.currency_margin, currency, at_ask=side is Side.BUY))
