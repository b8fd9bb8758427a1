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
from hydrad.venue.book import OrderKind, TimeType
from hydrad.venue.contract import Contract
from hydrad.venue.desk import Ask, CloseByAsk, LevelsAsk
from hydrad.venue.fills import STOP_LIMITS
from hydrad.venue.resting import ChangeAsk, RemoveAsk, RestingAsk, Terms
from hydrad.venue.room import Retcode

DEAL, PENDING, SLTP, MODIFY, REMOVE, CLOSE_BY = 1, 5, 6, 7, 8, 10
MAGIC_MAX = (1 << 63) - 1  # SQLite's largest integer
PRICE_MAX = 1e9
VOLUME_MAX = 1e9
SECONDS_MAX = (1 << 32) - 1
_DAY_S = 86_400
AnyAsk = Ask | LevelsAsk | RestingAsk | ChangeAsk | RemoveAsk | CloseByAsk


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


def exact(request: TradeRequest, broker: Broker, login: int) -> AnyAsk | Retcode:
    """The ask in points and steps, or the retcode that refuses the request's form."""
    if request.action == REMOVE:
        return RemoveAsk(request.order)
    if request.action == CLOSE_BY and request.magic <= MAGIC_MAX:
        comment = _comment(request, broker)
        return CloseByAsk(request.position, request.position_by, request.magic, comment)
    resting = broker.books[login].orders.get(request.order) if request.action == MODIFY else None
    symbol = resting.symbol if resting else request.symbol
    contract = broker.market.contracts.get(symbol)
    gone = symbol in broker.gone and not (request.action == DEAL and request.position)
    if contract is None or gone or request.action not in (DEAL, PENDING, SLTP, MODIFY) or request.magic > MAGIC_MAX:
        return Retcode.INVALID
    if resting is not None and request.symbol not in ("", symbol):
        return Retcode.INVALID
    levels = _levels(request, contract)
    if levels is None:
        return Retcode.INVALID_STOPS
    if request.action == SLTP:
        return LevelsAsk(request.symbol, request.position, *levels)
    if request.action == DEAL:
        return _deal(request, contract, levels, broker)
    kind = resting.kind if resting else request.type
    if kind not in set(OrderKind):
        return Retcode.INVALID_ORDER
    terms = _terms(request, contract, OrderKind(kind), levels, broker)
    if isinstance(terms, Retcode):
        return terms
    if request.action == MODIFY:
        return ChangeAsk(request.order, terms)
    return _resting(request, contract, OrderKind(kind), terms, broker)


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


def _deal(request: TradeRequest, contract: Contract, levels: tuple[int, int], broker: Broker) -> Ask | Retcode:
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
        deviation_points=request.deviation // 10**contract.spare_digits,
        stop_points=levels[0],
        target_points=levels[1],
        filling=request.type_filling,
        position=request.position,
        magic=request.magic,
        comment=_comment(request, broker),
    )


def _comment(request: TradeRequest, broker: Broker) -> str:
    """What the server keeps of a comment: a first part, or its own word in its place."""
    config = broker.config
    return config.comment_replacement or request.comment[: config.comment_chars_max]


def _resting(
    request: TradeRequest, contract: Contract, kind: OrderKind, terms: Terms, broker: Broker
) -> RestingAsk | Retcode:
    volume = steps_of(request.volume, contract)
    if volume is None:
        return Retcode.INVALID_VOLUME
    return RestingAsk(
        symbol=request.symbol,
        kind=kind,
        volume_steps=volume,
        terms=terms,
        filling=request.type_filling,
        magic=request.magic,
        comment=_comment(request, broker),
    )


def _terms(
    request: TradeRequest, contract: Contract, kind: OrderKind, levels: tuple[int, int], broker: Broker
) -> Terms | Retcode:
    """Prices on the grid, and the expiration as an instant: a day's order ends at the server's midnight, one of a
    given day at the midnight after it."""
    price, limit = points_of(request.price, contract), points_of(request.stoplimit, contract)
    if price is None or (limit is None and kind in STOP_LIMITS):
        return Retcode.INVALID_PRICE
    if request.type_time not in set(TimeType) or not 0 <= request.expiration <= SECONDS_MAX:
        return Retcode.INVALID_EXPIRATION
    time_type = TimeType(request.type_time)
    asked_s = request.expiration if time_type in (TimeType.SPECIFIED, TimeType.SPECIFIED_DAY) else 0
    today_s = broker.wall_ms(broker.market.now_ms) // 1_000
    ends_s = {
        TimeType.GTC: 0,
        TimeType.DAY: _next_midnight_s(today_s),
        TimeType.SPECIFIED: asked_s,
        TimeType.SPECIFIED_DAY: _next_midnight_s(asked_s),
    }[time_type]
    return Terms(
        price_points=price,
        limit_points=(limit or 0) if kind in STOP_LIMITS else 0,
        stop_points=levels[0],
        target_points=levels[1],
        time_type=time_type,
        expires_ms=broker.utc_ms(ends_s) if ends_s else 0,
        expiration_s=asked_s,
    )


def _next_midnight_s(wall_s: int) -> int:
    return (wall_s // _DAY_S + 1) * _DAY_S


def _levels(request: TradeRequest, contract: Contract) -> tuple[int, int] | None:
    stop, target = points_of(request.sl, contract), points_of(request.tp, contract)
    return None if stop is None or target is None else (stop, target)
