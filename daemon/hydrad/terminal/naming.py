"""Which of a broker's symbols may stand for one that it does not have by that name: `EURUSD.r` for EURUSD.

Owns the proposal and nothing more: a person confirms it at the daemon (`symbol map`), beside contract size, digits,
tick value and price.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

CANDIDATES_MAX = 3
PREFIX_MAX = 3
SUFFIX_MAX = 6


class Named(NamedTuple):
    """A symbol as the broker has it."""

    name: str
    currency_base: str
    currency_profit: str


def candidates(wanted: str, offered: Iterable[Named]) -> tuple[str, ...]:
    """The likeliest first: the name with a short prefix or suffix; of a pair of currencies, of that pair."""
    close = [one.name for one in offered if _close(wanted, one)]
    return tuple(sorted(close, key=lambda name: (len(name), name))[:CANDIDATES_MAX])


def _close(wanted: str, one: Named) -> bool:
    prefix, found, suffix = one.name.upper().partition(wanted.upper())
    if not found or one.name == wanted or len(prefix) > PREFIX_MAX or len(suffix) > SUFFIX_MAX:
        return False
    base, profit = wanted[:3].upper(), wanted[3:].upper()
    pair = len(wanted) == 6 and wanted.isalpha()
    return not pair or (one.currency_base, one.currency_profit) == (base, profit)
