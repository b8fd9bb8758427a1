"""Owns the way from MetaTrader's request (floats, action numbers) to an exact ask.

Nothing is repaired: a price off the symbol's grid, a volume off its step and an action that is not offered
are refused with the retcode that a server would give.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hydrad.domain.money import BadNumber, float_points, float_steps
from hydrad.domain.orders import Side
from hydrad.terminal.broker.broker import Broker
from hydrad.venue.contract import Contract
from hydrad.venue.desk import Ask, LevelsAsk, Retcode

DEAL, PENDING, SLTP, MODIFY, REMOVE, CLOSE_BY = 1, 5, 6, 7, 8, 10
COMMENT_CHARACTERS_MAX = 16  # what recorded servers keep of a longer comment
MAGIC_MAX = (1 << 63) - 1  # SQLite's largest integer
PRICE_MAX = 1e9
VOLUME_MAX = 1e9
_NOT_OFFERED = {
    PENDING: Retcode.INVALID_ORDER,
    CLOSE_BY: Retcode.INVALID_ORDER,
    MODIFY: Retcode.INVALID,
    REMOVE: Retcode.INVALID,
}


class TradeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """MqlTradeRequest: floats for prices and volume, 0 for what is not given; `expiration` in server seconds."""

    action: int = 0
    magic: int = 0
    order: int = 0
    symbol: str = ""
    volume: float = 0.0
    price: float = 0.0
    stoplimit: float = 0.0
    sl: float = 0.0
    tp: float = 0.0
    deviation: int = 0
    type: int = 0
    type_filling: int = 0
    type_time: int = 0
    expiration: int = 0
    comment: str = ""
    position: int = 0
    position_by: int = 0

    def fields(self) -> dict[str, Any]:
        """Every field by name."""
        return msgspec.structs.asdict(self)


def exact(request: TradeRequest, broker: Broker) -> Ask | LevelsAsk | Retcode:
    """The ask in points and steps, or the retcode that refuses the request's form."""
    if request.action in _NOT_OFFERED:
        return _NOT_OFFERED[request.action]
    contract = broker.market.contracts.get(request.symbol)
    if contract is None or request.action not in (DEAL, SLTP) or request.magic > MAGIC_MAX:
        return Retcode.INVALID
    levels = _levels(request, contract)
    if levels is None:
        return Retcode.INVALID_STOPS
    if request.action == SLTP:
        return LevelsAsk(request.symbol, request.position, *levels)
    return _deal(request, contract, levels)


def points_of(price: float, contract: Contract) -> int | None:
    """Points of a price of 0 or above, None where it is off the grid or beyond any market."""
    if not 0 <= price <= PRICE_MAX:
        return None
    try:
        return float_points(price, contract.digits)
    except BadNumber:
        return None


def steps_of(volume: float, contract: Contract) -> int | None:
    """Steps of a volume of 0 or above, None where it is off the step or beyond any market."""
    if not 0 <= volume <= VOLUME_MAX:
        return None
    try:
        return float_steps(volume, contract.volume_step)
    except BadNumber:
        return None


def _deal(request: TradeRequest, contract: Contract, levels: tuple[int, int]) -> Ask | Retcode:
    if request.type not in (Side.BUY, Side.SELL):
        return Retcode.INVALID
    volume = steps_of(request.volume, contract)
    if volume is None:
        return Retcode.INVALID_VOLUME
    price = points_of(request.price, contract)
    if price is None:
        return Retcode.INVALID_PRICE
    return Ask(
        symbol=request.symbol,
        side=Side(request.type),
        volume_steps=volume,
        price_points=price,
        deviation_points=request.deviation,
        stop_points=levels[0],
        target_points=levels[1],
        filling=request.type_filling,
        position=request.position,
        magic=request.magic,
        comment=request.comment[:COMMENT_CHARACTERS_MAX],
    )


def _levels(request: TradeRequest, contract: Contract) -> tuple[int, int] | None:
    stop, target = points_of(request.sl, contract), points_of(request.tp, contract)
    return None if stop is None or target is None else (stop, target)
