"""Owns how near to the price a broker lets stop and target be set, and when it lets nothing be changed.

Source: MQL5 reference, SYMBOL_TRADE_STOPS_LEVEL and SYMBOL_TRADE_FREEZE_LEVEL. Both distances are measured from the
price at which the position would close now: the bid for a BUY, the ask for a SELL. All in points; a level of 0 is none.
"""

from __future__ import annotations

from hydrad.domain.orders import Side
from hydrad.domain.symbols import SymbolTerms


def nearest(side: Side, price: int, stop: int, target: int) -> int | None:
    """The smaller distance of stop and target on their sides of the price; below zero on the wrong one."""
    away = [(price - stop) * side.sign] if stop else []
    away += [(target - price) * side.sign] if target else []
    return min(away, default=None)


def fit(terms: SymbolTerms, side: Side, price: int, stop: int, target: int) -> bool:
    """Whether the broker takes both. A level at the price itself is refused where the stops level is 0, too."""
    away = nearest(side, price, stop, target)
    return away is None or away >= max(terms.stops_level_points, 1)


def frozen(terms: SymbolTerms, price: int, stop: int, target: int) -> bool:
    """Whether the price is so near to the stop or target that stand that nothing may be changed."""
    return any(abs(price - points) < terms.freeze_level_points for points in (stop, target) if points)
