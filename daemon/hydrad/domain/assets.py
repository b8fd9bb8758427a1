"""What kind of thing a symbol is, and with what else it moves. Owns the shipped tables of both.

A broker's own word counts first (the base and profit currencies of its terms), then the symbol's name. Which
currencies are one bloc is a grouping by region and by asset, not a measured number: EUR, GBP, CHF and the Nordic and
Central European currencies; AUD, NZD and CAD; the metals; the coins; the indices. USD and JPY stand alone, since each
has a net of its own in the currency exposure already.
"""

from __future__ import annotations

import enum
from functools import lru_cache


class Asset(enum.StrEnum):
    FX = "fx"
    METAL = "metal"
    CRYPTO = "crypto"
    INDEX = "index"  # of the United States; others' hours differ too much by broker to ship a table
    ENERGY = "energy"
    OTHER = "other"


_CURRENCIES = frozenset(
    "USD EUR GBP CHF JPY AUD NZD CAD SEK NOK DKK PLN CZK HUF TRY ZAR MXN SGD HKD CNH ILS RON THB".split()  # noqa: SIM905
)
_METALS = ("XAU", "XAG", "XPT", "XPD", "GOLD", "SILVER")
_COINS = ("BTC", "ETH", "LTC", "XRP", "BCH", "ADA", "SOL", "DOT", "DOGE", "BNB", "XLM", "AVAX", "LINK", "UNI")
_INDICES = ("US30", "US500", "US100", "US2000", "USTEC", "NAS100", "SPX500", "DJ30", "WS30")
_ENERGIES = ("XTI", "XBR", "XNG", "USOIL", "UKOIL", "WTI", "BRENT", "NGAS", "NATGAS")
_NAMED = ((Asset.METAL, _METALS), (Asset.CRYPTO, _COINS), (Asset.INDEX, _INDICES), (Asset.ENERGY, _ENERGIES))

BLOCS: dict[str, tuple[str, ...]] = {
    "europe": ("EUR", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON"),
    "commodity": ("AUD", "NZD", "CAD"),
    "metals": _METALS,
    "coins": _COINS,
    "indices": _INDICES,
    "energies": _ENERGIES,
}
_BLOC_OF = {name: bloc for bloc, names in BLOCS.items() for name in names}


@lru_cache(maxsize=1024)
def asset_of(symbol: str, base: str, profit: str) -> Asset:
    """`base` and `profit`: the currencies of the symbol's terms."""
    for asset, names in _NAMED:
        if base in names or symbol.upper().startswith(names):
            return asset
    return Asset.FX if base in _CURRENCIES and profit in _CURRENCIES and base != profit else Asset.OTHER


@lru_cache(maxsize=1024)
def held_of(symbol: str, base: str, profit: str) -> str:
    """What a buyer holds: the base currency, else the thing itself (an index is quoted with one currency twice)."""
    if base != profit and asset_of(symbol, base, profit) in (Asset.FX, Asset.OTHER):
        return base
    known = [name for _, names in _NAMED for name in names if base == name or symbol.upper().startswith(name)]
    return max(known, key=len, default=symbol)


def bloc_of(held: str) -> str | None:
    """The bloc of a currency or thing; None where it stands alone."""
    return _BLOC_OF.get(held)
