"""A symbol's terms at one account: what its broker says about digits, steps, levels and money."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hydrad.domain.orders import EntryType

# SYMBOL_ORDER_* bits of `order_flags`, SYMBOL_EXPIRATION_* bits of `expiration_flags`.
_ORDER_BITS = {EntryType.LIMIT: 2, EntryType.STOP: 4}
_SPECIFIED = 4


AMOUNT_MAX = Decimal(10) ** 15


class SymbolTerms(msgspec.Struct, frozen=True, array_like=True):
    """Terms as the terminal reported them. Amounts are in the account's currency.

    `tick_value_loss`/`tick_value_profit`: money per point and lot (MetaTrader's `trade_tick_value_*` brought to one
    point). Levels are in points. `volume_max_steps` is per order, `volume_limit_steps` per direction (0: none).
    `filling_flags`: SYMBOL_FILLING_* bits. `execution`: SYMBOL_TRADE_EXECUTION_*. `trade_mode`:
    SYMBOL_TRADE_MODE_* (4 is full). `margin_buy`/`margin_sell`: of one lot, from `order_calc_margin`.
    `swap_long`/`swap_short`: of one lot and night, in the unit of `swap_mode` (SYMBOL_SWAP_MODE_*; None: an agent that
    does not tell it). `swap_triple_day`: whose night counts three times, Sunday 0 (`swap_rollover3days`).
    """

    symbol: str
    digits: int
    contract_size: Decimal
    volume_step: Decimal
    volume_min_steps: int
    volume_max_steps: int
    volume_limit_steps: int
    stops_level_points: int
    freeze_level_points: int
    tick_value_profit: Decimal
    tick_value_loss: Decimal
    currency_base: str
    currency_profit: str
    currency_margin: str
    trade_mode: int
    execution: int
    filling_flags: int
    expiration_flags: int
    order_flags: int
    margin_buy: Decimal
    margin_sell: Decimal
    swap_mode: int | None = None
    swap_long: Decimal = Decimal(0)
    swap_short: Decimal = Decimal(0)
    swap_triple_day: int = 0

    def __post_init__(self) -> None:
        amounts = (self.contract_size, self.volume_step, self.tick_value_profit, self.tick_value_loss)
        told = (*amounts, self.margin_buy, self.margin_sell, self.swap_long, self.swap_short)
        if not all(amount.is_finite() and abs(amount) < AMOUNT_MAX for amount in told):
            raise ValueError("an amount is not finite, or beyond reason")

    @property
    def sane(self) -> bool:
        """Whether an order could be made by these terms at all."""
        sizes = self.volume_step > 0 and self.contract_size > 0
        return sizes and 0 <= self.digits <= 8 and 0 <= self.volume_min_steps <= self.volume_max_steps < 10**12

    def may_rest(self, entry: EntryType) -> bool:
        """Whether the broker takes such an order to rest, and ends it at an instant that we name."""
        return bool(self.order_flags & _ORDER_BITS.get(entry, 0) and self.expiration_flags & _SPECIFIED)

    def same_contract(self, other: SymbolTerms) -> bool:
        """True when nothing changed that sizing or rounding depends on (values of money per point may move)."""
        return (
            self.symbol,
            self.digits,
            self.contract_size,
            self.volume_step,
            self.currency_profit,
        ) == (other.symbol, other.digits, other.contract_size, other.volume_step, other.currency_profit)
