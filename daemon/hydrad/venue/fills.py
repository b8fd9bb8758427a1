"""Owns at which price something fills.

A market order fills at once and whole: BUY at the ask, SELL at the bid. A BUY position is closed at the bid,
a SELL position at the ask. A tick that reaches the stop closes at the tick's own price, which after a gap is
worse than the stop. A tick that reaches the target closes at the target exactly: a gap beyond it is no
windfall. Where one tick reaches both, the stop wins.

Resting orders look at the price at which they would open: buyers at the ask, sellers at the bid. A tick that
reaches a stop order fills it at the tick's own price, which after a gap is worse than asked. A tick that
reaches a limit order fills it at the limit exactly, as it does a target. A tick that reaches a stop-limit
order's stop makes a limit order of it, which later ticks may fill.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from hydrad.domain.orders import Side
from hydrad.venue.book import OrderKind
from hydrad.venue.rates import Quote


class Trigger(enum.Enum):
    """Which level a tick reached."""

    STOP = "sl"
    TARGET = "tp"


class Hit(NamedTuple):
    """A level reached, and the closing price in points."""

    trigger: Trigger
    price_points: int


def opening_points(side: Side, quote: Quote) -> int:
    """Price in points at which a market order of this side opens."""
    return quote.ask_points if side is Side.BUY else quote.bid_points


def closing_points(side: Side, quote: Quote) -> int:
    """Price in points at which a position of this side closes."""
    return quote.bid_points if side is Side.BUY else quote.ask_points


def hit(side: Side, stop_points: int, target_points: int, quote: Quote) -> Hit | None:
    """What a tick does to a position with these levels (0: none), or None."""
    price = closing_points(side, quote)
    if stop_points and (price - stop_points) * side.sign <= 0:
        return Hit(Trigger.STOP, price)
    if target_points and (price - target_points) * side.sign >= 0:
        return Hit(Trigger.TARGET, target_points)
    return None


LIMITS = frozenset({OrderKind.BUY_LIMIT, OrderKind.SELL_LIMIT})
STOP_LIMITS = frozenset({OrderKind.BUY_STOP_LIMIT, OrderKind.SELL_STOP_LIMIT})
STOPS = frozenset({OrderKind.BUY_STOP, OrderKind.SELL_STOP})
RESTING = LIMITS | STOPS | STOP_LIMITS


def reached_points(kind: OrderKind, price_points: int, quote: Quote) -> int | None:
    """The price in points at which a tick fills a resting order (of a stop-limit: reaches its stop), or None.
    What is left of a market order is filled by any tick."""
    price, sign = opening_points(kind.side, quote), kind.side.sign
    if kind not in RESTING:
        return price
    if kind in LIMITS:
        return price_points if (price - price_points) * sign <= 0 else None
    return price if (price - price_points) * sign >= 0 else None
