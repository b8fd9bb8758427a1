"""Owns quotes and the conversion of money between currencies at them.

The price of one unit of a currency in another has a bid and an ask. They come from the pair of both (`EURUSD`
for EUR in USD), or from the opposite pair, where the ask is one divided by its bid. Where no pair joins two
currencies, they are joined through the dollar, at the ask twice or at the bid twice. There are no longer ways
round.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple, Protocol

from hydrad.venue.contract import Contract

DOLLAR = "USD"


class Quote(NamedTuple):
    """The best prices of one symbol at one instant, in points."""

    bid_points: int
    ask_points: int


class Board(Protocol):
    """What a broker knows of its market at one instant."""

    def contract(self, symbol: str) -> Contract | None:
        """The terms of a symbol, None when the broker does not have it. A pair of currencies asked for by their names
        (`EURUSD`) is the broker's own, whatever it calls it (`EURUSD.r`)."""
        ...

    def quote(self, symbol: str) -> Quote | None:
        """Its last prices, None when there were none yet."""
        ...


class NoRate(LookupError):
    """No quoted pair joins two currencies; the message names them."""


def rate(board: Board, source: str, target: str, *, at_ask: bool) -> Decimal:
    """What one unit of `source` costs (`at_ask`) or fetches in `target`; raises NoRate."""
    found = _pair(board, source, target, at_ask=at_ask)
    if found is None and DOLLAR not in (source, target):
        first = _pair(board, source, DOLLAR, at_ask=at_ask)
        second = _pair(board, DOLLAR, target, at_ask=at_ask)
        found = first * second if first is not None and second is not None else None
    if found is None:
        raise NoRate(f"no quoted pair joins {source} and {target}")
    return found


def _pair(board: Board, source: str, target: str, *, at_ask: bool) -> Decimal | None:
    """By the pair of both, whichever way round it is quoted; None where it is not."""
    if source == target:
        return Decimal(1)
    direct = _price(board, source + target, at_ask=at_ask)
    if direct is not None:
        return direct
    inverse = _price(board, target + source, at_ask=not at_ask)
    return None if inverse is None else 1 / inverse


def _price(board: Board, pair: str, *, at_ask: bool) -> Decimal | None:
    contract, quote = board.contract(pair), board.quote(pair)
    if contract is None or quote is None:
        return None
    return contract.price(quote.ask_points if at_ask else quote.bid_points)
