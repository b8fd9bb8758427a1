"""Owns the functions that the package writes in Python: `Buy`, `Sell`, `Close` and, below them, `_RawOrder`.

They send a market deal with a deviation of 10 points. Without a price the market's is taken, and a requote or
no quotes is tried again, ten times in all. As in the package they let TypeError and AttributeError through
where a call before them failed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import constants as c

_TRIES = 10
_DEVIATION_POINTS = 10
_AGAIN = (c.TRADE_RETCODE_REQUOTE, c.TRADE_RETCODE_PRICE_OFF)


def _deal(
    functions: dict[str, Any], kind: int, symbol: str, volume: float, price: float, comment: Any, ticket: Any
) -> Any:
    request = {
        "action": c.TRADE_ACTION_DEAL,
        "symbol": symbol,
        "volume": volume,
        "type": kind,
        "price": price,
        "deviation": _DEVIATION_POINTS,
    }
    if comment is not None:
        request["comment"] = comment
    if ticket is not None:
        request["position"] = ticket
    return functions["order_send"](request)


def _market_deal(functions: dict[str, Any], kind: int, symbol: str, volume: float, comment: Any, ticket: Any) -> Any:
    """A deal at the market's price, tried again while the market runs away."""
    result = None
    for _ in range(_TRIES):
        tick = functions["symbol_info_tick"](symbol)
        price = tick.ask if kind == c.ORDER_TYPE_BUY else tick.bid
        result = _deal(functions, kind, symbol, volume, price, comment, ticket)
        if result is None or result.retcode not in _AGAIN:
            break
    return result


def make(functions: dict[str, Any]) -> dict[str, Any]:
    """The functions over a table of the others."""

    def opener(kind: int) -> Callable[..., Any]:
        def send(symbol: str, volume: float, price: Any = None, *, comment: Any = None, ticket: Any = None) -> Any:
            """The result of the deal, None where a call failed."""
            if price is not None:
                return _deal(functions, kind, symbol, volume, price, comment, ticket)
            return _market_deal(functions, kind, symbol, volume, comment, ticket)

        return send

    def close(symbol: str, *, comment: Any = None, ticket: Any = None) -> Any:
        """Close all positions of a symbol, or one: True, "Partially", False, or None where a call failed."""
        wanted = {"ticket": ticket} if ticket is not None else {"symbol": symbol}
        held = functions["positions_get"](**wanted)
        done = 0
        for position in held:
            kind = c.ORDER_TYPE_SELL if position.type == c.POSITION_TYPE_BUY else c.ORDER_TYPE_BUY
            if functions["symbol_info_tick"](symbol) is None:
                return None
            result = _market_deal(functions, kind, symbol, position.volume, comment, position.ticket)
            if result is None:
                return None
            done += result.retcode == c.TRADE_RETCODE_DONE
        if not done:
            return False
        return True if done == len(held) else "Partially"

    def raw(kind: int, symbol: str, volume: float, price: float, comment: Any = None, ticket: Any = None) -> Any:
        """A market deal at a price; public clients use it in spite of its name."""
        return _deal(functions, kind, symbol, volume, price, comment, ticket)

    openers = {"Buy": opener(c.ORDER_TYPE_BUY), "Sell": opener(c.ORDER_TYPE_SELL)}
    made = {**openers, "Close": close, "_RawOrder": raw}
    for name, function in made.items():
        function.__name__ = function.__qualname__ = name
    return made
