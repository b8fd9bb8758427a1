"""What real terminals answered, and the world it was answered in: recorded outputs from public documents.

Each world is its quotes (points) and the terms that differ from the shipped contracts'.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hydrad.domain.orders import Side
from hydrad.venue.contract import CONTRACTS, Contract, SwapMode
from hydrad.venue.rates import Quote

BUY, SELL = Side.BUY, Side.SELL


def pair(symbol: str, digits: int) -> Contract:
    """A currency pair on usual terms."""
    base, profit = symbol[:3], symbol[3:6]
    return replace(
        CONTRACTS["EURUSD"],
        symbol=symbol,
        digits=digits,
        currency_base=base,
        currency_profit=profit,
        currency_margin=base,
        stops_level_points=0,
        margin_hedged=Decimal(100_000),
        volume_max_steps=50_000,
    )


TERMS = {
    name: pair(name, 3 if name.endswith("JPY") else 5)
    for name in ("EURUSD", "GBPUSD", "USDCHF", "USDJPY", "EURJPY", "GBPJPY")
} | {"XAUUSD": replace(CONTRACTS["XAUUSD"], digits=2, stops_level_points=0)}


class World:
    """A board of recorded prices."""

    def __init__(self, **quotes: tuple[int, int]) -> None:
        self._quotes = {symbol: Quote(*prices) for symbol, prices in quotes.items()}

    def contract(self, symbol: str) -> Contract | None:
        return TERMS.get(symbol)

    def quote(self, symbol: str) -> Quote | None:
        return self._quotes.get(symbol)


# order_calc_margin of 0.1 lot at 1:100 in USD, each beside the price asked at.
MARGINS_WORLD = World(
    EURUSD=(109_900, 109_910), GBPUSD=(122_720, 122_730), USDJPY=(108_178, 108_184), USDCHF=(98_000, 98_010)
)
MARGINS = {
    "EURUSD": "109.91",
    "GBPUSD": "122.73",
    "USDJPY": "100.00",
    "USDCHF": "100.00",
    "EURJPY": "109.91",
    "GBPJPY": "122.73",
}

# order_calc_profit of 1.0 lot and 300 points each way in USD: bid, ask, gain of a buy, gain of a sell.
PROFITS = {
    "EURUSD": (109_900, 109_910, "300.00", "300.00"),
    "GBPUSD": (122_720, 122_730, "300.00", "300.00"),
    "USDJPY": (108_178, 108_184, "276.54", "278.09"),
}

# Closed and floating profits in USD: side, lots in steps, opened, closed or current.
DEALS = [
    ("USDJPY", BUY, 10, 144_132, 144_124, "-0.56"),
    ("USDCHF", SELL, 1, 99_145, 98_530, "6.24"),
    ("GBPUSD", BUY, 1, 106_740, 108_113, "13.73"),
    ("XAUUSD", BUY, 1, 197_098, 197_009, "-0.89"),
    ("XAUUSD", SELL, 110, 196_995, 196_988, "7.70"),
]

# AccountInfo.
ACCOUNT = {"balance": "99511.40", "profit": "41.82", "margin": "98.18"}
ACCOUNT_IS = {"equity": "99553.22", "margin_free": "99455.04"}
ACCOUNT_LEVEL = 101398.67590140559

# order_check of a buy of 1.0 USDJPY at 144.128 with a stop and a target 100 points away, at 1:100 in USD.
CHECK_BALANCE, CHECK_MARGIN, CHECK_LEVEL = "10000.17", "1000.00", 1000.017

# trade_tick_value_profit and _loss: account currency, world, symbol, values.
TICK_VALUES = [
    ("EUR", World(EURUSD=(109_137, 109_152)), "EURUSD", 0.9161536206391089, 0.9162795385616245),
]
# The same of EURJPY in a USD account, whose USDJPY was not recorded beside it; by the values themselves it stood at
# a bid of 111.380 and an ask of 111.387. A digit less of them is then exact: 100 JPY at each.
CROSS_TICK_VALUES = ("USD", World(USDJPY=(111_380, 111_387)), "EURJPY", 0.8977708350166538, 0.8978272580355541)

# A sell of 0.01 USDCHF had a swap of -0.01 and, in its own field, a profit without it.
SWAPPED = replace(TERMS["EURUSD"], swap_mode=SwapMode.POINTS, swap_long=Decimal("-0.7"), swap_short=Decimal("-1.0"))
