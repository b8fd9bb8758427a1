"""A market of fixed prices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from hydrad.venue.contract import CONTRACTS, Contract
from hydrad.venue.rates import Board, Quote


def _pair(symbol: str, digits: int) -> Contract:
    return replace(
        CONTRACTS["EURUSD"],
        symbol=symbol,
        digits=digits,
        currency_base=symbol[:3],
        currency_profit=symbol[3:],
        currency_margin=symbol[:3],
    )


CONTRACTS_SEEN = {
    **CONTRACTS,
    **{symbol: _pair(symbol, digits) for symbol, digits in (("USDCHF", 5), ("EURJPY", 3), ("GBPJPY", 3))},
}


@dataclass(frozen=True)
class FixedBoard:
    quotes: dict[str, Quote]

    def contract(self, symbol: str) -> Contract | None:
        return CONTRACTS_SEEN.get(symbol)

    def quote(self, symbol: str) -> Quote | None:
        return self.quotes.get(symbol)


@pytest.fixture
def board_of() -> Callable[..., Board]:
    """`board_of(EURUSD=(109900, 109910))` in points."""

    def make(**quotes: tuple[int, int]) -> Board:
        return FixedBoard({symbol: Quote(*prices) for symbol, prices in quotes.items()})

    return make


@pytest.fixture
def contract_of() -> Callable[[str], Contract]:
    return CONTRACTS_SEEN.__getitem__
