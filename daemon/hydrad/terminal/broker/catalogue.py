"""Owns the symbols of the generated market: each one's contract, and how its prices look.

The terms are of the usual kind and of no broker in particular: five digits for currencies, three where the
yen or silver is one side, two for gold and coins, one for the index. A configuration replaces any of them.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hydrad.domain.assets import Asset
from hydrad.terminal.broker.generator import Nature
from hydrad.venue.contract import CONTRACTS, Contract, Execution, MarginFormula, SwapMode

_PAIR = CONTRACTS["EURUSD"]
_GOLD = CONTRACTS["XAUUSD"]
_FOK_IOC = 3


def _pair(symbol: str, description: str, swaps: tuple[str, str], spread: int) -> tuple[Contract, Nature]:
    base, profit = symbol[:3], symbol[3:]
    digits = 3 if profit == "JPY" else 5
    contract = replace(
        _PAIR,
        symbol=symbol,
        description=description,
        path=f"Forex\\{symbol}",
        digits=digits,
        currency_base=base,
        currency_profit=profit,
        currency_margin=base,
        filling_flags=_FOK_IOC,
        stops_level_points=0,
        swap_mode=SwapMode.POINTS,
        swap_long=Decimal(swaps[0]),
        swap_short=Decimal(swaps[1]),
    )
    walks = [name if name != "USD" else "" for name in (base, profit)]
    return contract, Nature(digits, walks[0], walks[1], Asset.FX, spread, 25.0)


def _other(
    symbol: str, description: str, path: str, digits: int, size: int, asset: Asset, spread: int, ticks: float
) -> tuple[Contract, Nature]:
    """A thing priced in dollars, with the margin of a CFD."""
    base = symbol[:3] if asset in (Asset.METAL, Asset.CRYPTO) else "USD"
    contract = replace(
        _GOLD,
        symbol=symbol,
        description=description,
        path=f"{path}\\{symbol}",
        digits=digits,
        contract_size=Decimal(size),
        currency_base=base,
        filling_flags=_FOK_IOC,
        stops_level_points=0,
        execution=Execution.MARKET if asset is Asset.CRYPTO else Execution.INSTANT,
        margin_formula=MarginFormula.CFD_LEVERAGE,
    )
    walk = base if base != "USD" else symbol
    return contract, Nature(digits, walk, "", asset, spread, ticks)


_LISTED = (
    _pair("EURUSD", "Euro vs US Dollar", ("-7.1", "2.3"), 7),
    _pair("GBPUSD", "Great Britain Pound vs US Dollar", ("-2.6", "-1.9"), 9),
    _pair("USDJPY", "US Dollar vs Japanese Yen", ("9.8", "-18.5"), 9),
    _pair("EURJPY", "Euro vs Japanese Yen", ("6.4", "-13.9"), 14),
    _other("XAUUSD", "Gold vs US Dollar", "Metals", 2, 100, Asset.METAL, 18, 60.0),
    _pair("USDCHF", "US Dollar vs Swiss Franc", ("5.1", "-11.2"), 11),
    _pair("AUDUSD", "Australian Dollar vs US Dollar", ("-2.9", "-0.6"), 9),
    _pair("USDCAD", "US Dollar vs Canadian Dollar", ("1.2", "-6.0"), 12),
    _pair("NZDUSD", "New Zealand Dollar vs US Dollar", ("-1.7", "-1.4"), 13),
    _pair("EURGBP", "Euro vs Great Britain Pound", ("-5.2", "1.1"), 10),
    _other("XAGUSD", "Silver vs US Dollar", "Metals", 3, 5_000, Asset.METAL, 20, 30.0),
    _other("US500", "US 500 Index", "Indices", 1, 10, Asset.INDEX, 5, 25.0),
    _other("BTCUSD", "Bitcoin vs US Dollar", "Crypto", 2, 1, Asset.CRYPTO, 1_500, 30.0),
    _other("ETHUSD", "Ethereum vs US Dollar", "Crypto", 2, 10, Asset.CRYPTO, 180, 25.0),
)
CATALOGUE: dict[str, Contract] = {contract.symbol: contract for contract, _ in _LISTED}
NATURES: dict[str, Nature] = {contract.symbol: nature for contract, nature in _LISTED}
VISIBLE = ("EURUSD", "GBPUSD", "USDJPY", "EURJPY", "XAUUSD", "USDCHF", "AUDUSD", "USDCAD", "BTCUSD", "ETHUSD")
