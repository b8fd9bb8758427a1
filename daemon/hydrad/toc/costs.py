"""What holding a position costs beside its price: commission and nights, by the broker's own figures. Pure.

A night's swap is charged at the server's midnight for the day that ends with it, three times on the symbol's triple day
(`venue.swap`). MetaTrader 5 tells no commission before a trade; what the account's last positions in the symbol paid is
all that is known, and with none it is not known.

Source of the swap units: MQL5 reference, ENUM_SYMBOL_SWAP_MODE. Those in points and in the account's currency are
counted; the others need a rate or a price of that night, and are said to be not known.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from hydrad.domain.assets import asset_of
from hydrad.domain.instants import DAY_MS
from hydrad.domain.money import cents
from hydrad.domain.orders import Side
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc.state import Position, State
from hydrad.venue.contract import SwapMode
from hydrad.venue.swap import nights

_EPOCH_WEEKDAY = 4  # 1970-01-01 was a Thursday; Sunday is 0
_WEEK_DAYS = 7
LOOKED_AT_MAX = 200


class Holding(NamedTuple):
    """What is held, or would be."""

    terms: SymbolTerms
    side: Side
    steps: int


class Night(NamedTuple):
    """The next midnight that charges: when (market time, UTC ms), how many nights it counts for, and what they bring in
    the account's currency, below zero where they cost; None where that is not known."""

    at_ms: int
    nights: int
    money: Decimal | None


def next_night(held: Holding, market_ms: int, offset_ms: int | None) -> Night | None:
    """None where the server's clock, or the swap, was not told."""
    terms = held.terms
    if offset_ms is None or terms.swap_mode is None:
        return None
    today = (market_ms + offset_ms) // DAY_MS
    asset = asset_of(terms.symbol, terms.currency_base, terms.currency_profit)
    for day in range(today, today + _WEEK_DAYS):
        count = nights(asset, terms.swap_triple_day, (day + _EPOCH_WEEKDAY) % _WEEK_DAYS)
        if count:
            one = night_money(held)
            return Night((day + 1) * DAY_MS - offset_ms, count, None if one is None else one * count)
    raise AssertionError("no night of a week counts")


def night_money(held: Holding) -> Decimal | None:
    """One night's swap in the account's currency, to the cent; None where its unit is not counted here."""
    terms = held.terms
    per_lot = terms.swap_long if held.side is Side.BUY else terms.swap_short
    if terms.swap_mode == SwapMode.DISABLED or not per_lot:
        return Decimal(0)
    if terms.swap_mode == SwapMode.POINTS:
        per_lot *= terms.tick_value_loss if per_lot < 0 else terms.tick_value_profit
    elif terms.swap_mode != SwapMode.DEPOSIT_CURRENCY:
        return None
    return cents(per_lot * terms.volume_step * held.steps)


def commission_per_lot(state: State, account: str, symbol: str) -> Decimal | None:
    """What one lot paid in and out, by the account's newest closed position in the symbol; None: there is none."""
    newest = sorted(state.positions, reverse=True)[:LOOKED_AT_MAX]
    for position in (state.positions[number] for number in newest):
        if _whole(position) and (position.account, position.symbol) == (account, symbol):
            return position.commission / (position.volume_step * position.opened_steps)
    return None


def _whole(position: Position) -> bool:
    return not position.open and 0 < position.opened_steps == position.closed_steps


def break_even_points(side: Side, opened_points: int, costs: Decimal, steps: int, terms: SymbolTerms) -> int | None:
    """The price at which the profit pays the `costs` (money, above zero), rounded away from the entry."""
    per_point = terms.tick_value_profit * terms.volume_step * steps
    if per_point <= 0:
        return None
    return opened_points + side.sign * int((costs / per_point).to_integral_value(ROUND_CEILING))


def needs_percent(loss: Decimal, gain: Decimal) -> Decimal | None:
    """How often the target must come before the stop for the sum to be zero, in percent; both net of costs."""
    return None if loss <= 0 or loss + gain <= 0 else loss * 100 / (loss + gain)
