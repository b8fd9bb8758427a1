"""Owns which stops and targets a broker takes, and when a position is frozen.

Source: MQL5 reference, SYMBOL_TRADE_STOPS_LEVEL and SYMBOL_TRADE_FREEZE_LEVEL. Both distances are measured
from the price at which the position would close now: the bid for BUY, the ask for SELL.
"""

from __future__ import annotations

from hydrad.domain.orders import Side
from hydrad.venue.contract import Contract
from hydrad.venue.fills import closing_points
from hydrad.venue.rates import Quote


def valid(contract: Contract, side: Side, stop_points: int, target_points: int, quote: Quote) -> bool:
    """True when both levels (0: none) are on their side of the closing price and at least the stops level
    away.

    A level at the closing price itself is refused even when the stops level is 0, since it would close at
    once.
    """
    price = closing_points(side, quote)
    nearest = max(contract.stops_level_points, 1)
    stop_ok = not stop_points or (price - stop_points) * side.sign >= nearest
    target_ok = not target_points or (target_points - price) * side.sign >= nearest
    return stop_ok and target_ok


def frozen(contract: Contract, side: Side, stop_points: int, target_points: int, quote: Quote) -> bool:
    """True when the closing price is within the freeze level of the stop or the target."""
    price = closing_points(side, quote)
    levels = [level for level in (stop_points, target_points) if level]
    return any(abs(price - level) < contract.freeze_level_points for level in levels)
