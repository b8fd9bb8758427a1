"""Owns a symbol's contract: how the broker counts its prices, volumes and money, and what it refuses.

Prices are integers in points (10^-digits), volumes integers in steps, sizes and steps exact decimals. Numbers
of the enumerations are MetaTrader's (ENUM_SYMBOL_TRADE_EXECUTION, ENUM_SYMBOL_CALC_MODE).
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
    """Which formula of `hydrad.venue.margin` applies."""

    FOREX = 0
    CFD = 2
    CFD_LEVERAGE = 4
    FOREX_NO_LEVERAGE = 5


@dataclass(frozen=True, slots=True)
class Contract:
    """Terms of one symbol, the same for all accounts of a broker.

    `contract_size`: units of the base currency (ounces for gold) in one lot. `volume_step`: lots.
    `volume_min_steps`, `volume_max_steps`: per order; `volume_limit_steps`: per account and direction, 0 for
    none. `stops_level_points`: least distance of stop and target from the price they trigger on.
    `freeze_level_points`: within it of its stop or target a position cannot be changed. `filling_flags`: FOK
    1, IOC 2 (the MQL5 reference's SYMBOL_FILLING_*).
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

    @property
    def point(self) -> Decimal:
        """The price of one point: `0.00001` at five digits."""
        return Decimal(1).scaleb(-self.digits)

    def price(self, points: int) -> Decimal:
        """An exact price from points."""
        return Decimal(points).scaleb(-self.digits)

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
