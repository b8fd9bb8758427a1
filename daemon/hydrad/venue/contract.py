"""Owns a symbol's contract: how the broker counts its prices, volumes and money, and what it refuses.

Prices are integers in points (10^-digits), volumes integers in steps, sizes and steps exact decimals. Numbers
of the enumerations are MetaTrader's (ENUM_SYMBOL_TRADE_EXECUTION, ENUM_SYMBOL_CALC_MODE,
ENUM_SYMBOL_TRADE_MODE, ENUM_SYMBOL_SWAP_MODE).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal


class Execution(enum.IntEnum):
    """How the broker executes: the first two promise a price, the last two fill at the market."""

    REQUEST = 0
    INSTANT = 1
    MARKET = 2
    EXCHANGE = 3

    @property
    def prices_bind(self) -> bool:
        """True where an order names its price and `deviation` limits how far the fill may be from it."""
        return self in (Execution.REQUEST, Execution.INSTANT)


class MarginFormula(enum.IntEnum):
    """Which formula of `hydrad.venue.margin` and `hydrad.venue.profit` applies."""

    FOREX = 0
    FUTURES = 1
    CFD = 2
    CFD_INDEX = 3
    CFD_LEVERAGE = 4
    FOREX_NO_LEVERAGE = 5


class TradeMode(enum.IntEnum):
    """What may be dealt in a symbol."""

    DISABLED = 0
    LONG_ONLY = 1
    SHORT_ONLY = 2
    CLOSE_ONLY = 3
    FULL = 4


class SwapMode(enum.IntEnum):
    """In what `swap_long` and `swap_short` are counted, for one lot and night."""

    DISABLED = 0
    POINTS = 1
    BASE_CURRENCY = 2
    MARGIN_CURRENCY = 3
    DEPOSIT_CURRENCY = 4


GTC, DAY, SPECIFIED, SPECIFIED_DAY = 1, 2, 4, 8  # SYMBOL_EXPIRATION_*
FILL_FOK, FILL_IOC, FILL_BOC = 1, 2, 4  # SYMBOL_FILLING_*
ORDERS_ALL = 127  # SYMBOL_ORDER_*: market 1, limit 2, stop 4, stop-limit 8, stop loss 16, take profit 32, close-by 64
WEDNESDAY = 3  # ENUM_DAY_OF_WEEK begins on Sunday with 0


@dataclass(frozen=True, slots=True)
class Contract:
    """Terms of one symbol, the same for all accounts of a broker.

    `contract_size`: units of the base currency (ounces for gold) in one lot. `volume_step`: lots.
    `volume_min_steps`, `volume_max_steps`: per order; `volume_limit_steps`: per account and direction, resting
    orders included, 0 for none. `stops_level_points`: least distance of stop and target from the price they
    trigger on, and of a resting order from the market. `freeze_level_points`: within it of its stop or target
    a position, and within it of the market a resting order, cannot be changed. `filling_flags`,
    `expiration_flags`, `order_flags`: bits of SYMBOL_FILLING_*, SYMBOL_EXPIRATION_* and SYMBOL_ORDER_*.

    `tick_size_points`: prices of orders are multiples of it. `tick_value`: what one tick of one lot is worth
    in the profit currency, asked for by FUTURES and CFD_INDEX alone. `margin_initial`: margin of one lot in
    the margin currency (FUTURES), or units of it in place of the contract size; 0 where there is none.
    `margin_hedged`: the same for one lot of both sides; None for twice, which is no relief. `swap_long`,
    `swap_short`: for one lot and night, counted as `swap_mode` says, below zero where the holder pays;
    `swap_rollover3days`: the night that counts three, Sunday 0. `commission_per_lot`, `commission_per_deal`:
    what each deal costs, in the account's currency. `trading_hours`: as `hydrad.domain.hours` writes them,
    empty for the hours of the symbol's class. `liquidity_steps`: the most that one tick fills, 0 for no bound.
    `volume_every_steps`: orders have a multiple of so many steps. `spare_digits`: shown after the price's own,
    always zeros.
    """

    symbol: str
    description: str
    path: str
    digits: int
    contract_size: Decimal
    volume_step: Decimal
    volume_min_steps: int
    volume_max_steps: int
    volume_limit_steps: int
    stops_level_points: int
    freeze_level_points: int
    currency_base: str
    currency_profit: str
    currency_margin: str
    execution: Execution
    filling_flags: int
    margin_formula: MarginFormula
    expiration_flags: int = GTC | DAY | SPECIFIED | SPECIFIED_DAY
    order_flags: int = ORDERS_ALL
    trade_mode: TradeMode = TradeMode.FULL
    tick_size_points: int = 1
    tick_value: Decimal = Decimal(0)
    margin_initial: Decimal = Decimal(0)
    margin_hedged: Decimal | None = None
    swap_mode: SwapMode = SwapMode.DISABLED
    swap_long: Decimal = Decimal(0)
    swap_short: Decimal = Decimal(0)
    swap_rollover3days: int = WEDNESDAY
    commission_per_lot: Decimal = Decimal(0)
    commission_per_deal: Decimal = Decimal(0)
    trading_hours: str = ""
    liquidity_steps: int = 0
    volume_every_steps: int = 1
    spare_digits: int = 0

    @property
    def point(self) -> Decimal:
        """The price of one point: `0.00001` at five digits."""
        return Decimal(1).scaleb(-self.digits)

    def price(self, points: int | Decimal) -> Decimal:
        """An exact price from points."""
        return Decimal(points).scaleb(-self.digits)

    @property
    def tick_size(self) -> Decimal:
        """The least move of a price, as a price."""
        return self.price(self.tick_size_points)

    @property
    def hedged_size(self) -> Decimal:
        """MetaTrader's SYMBOL_MARGIN_HEDGED: the hedged size, or twice the plain one."""
        plain = self.margin_initial or self.contract_size
        return plain * 2 if self.margin_hedged is None else self.margin_hedged

    def lots(self, volume_steps: int) -> Decimal:
        """Lots of so many steps."""
        return self.volume_step * volume_steps


def _currency_pair(symbol: str, digits: int, description: str) -> Contract:
    base, profit = symbol[:3], symbol[3:]
    return Contract(
        symbol=symbol,
        description=description,
        path=f"Forex\\{symbol}",
        digits=digits,
        contract_size=Decimal(100_000),
        volume_step=Decimal("0.01"),
        volume_min_steps=1,
        volume_max_steps=10_000,
        volume_limit_steps=0,
        stops_level_points=10,
        freeze_level_points=0,
        currency_base=base,
        currency_profit=profit,
        currency_margin=base,
        execution=Execution.INSTANT,
        filling_flags=1,
        margin_formula=MarginFormula.FOREX,
    )


_GOLD = Contract(
    symbol="XAUUSD",
    description="Gold vs US Dollar",
    path="Metals\\XAUUSD",
    digits=3,
    contract_size=Decimal(100),
    volume_step=Decimal("0.01"),
    volume_min_steps=1,
    volume_max_steps=10_000,
    volume_limit_steps=0,
    stops_level_points=50,
    freeze_level_points=0,
    currency_base="XAU",
    currency_profit="USD",
    currency_margin="USD",
    execution=Execution.INSTANT,
    filling_flags=1,
    margin_formula=MarginFormula.CFD_LEVERAGE,
)

CONTRACTS: dict[str, Contract] = {
    contract.symbol: contract
    for contract in (
        _currency_pair("EURUSD", 5, "Euro vs US Dollar"),
        _currency_pair("GBPUSD", 5, "Great Britain Pound vs US Dollar"),
        _currency_pair("USDJPY", 3, "US Dollar vs Japanese Yen"),
        _GOLD,
    )
}
