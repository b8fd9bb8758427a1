"""What an account's broker calls a symbol: `EURUSD.r` for EURUSD. A map is a person's word, and durable.

Missions name symbols as their source does. An account without a map for one calls it the same.
"""

from __future__ import annotations

from hydrad.toc.state import State


def own_symbol(state: State, account: str, symbol: str) -> str:
    """The account's own name of a symbol."""
    return state.symbol_maps.get(account, {}).get(symbol, symbol)


def stands_for(state: State, account: str, own: str) -> tuple[str, ...]:
    """The symbols that are traded as `own` on this account."""
    mapped = state.symbol_maps.get(account, {})
    found = tuple(symbol for symbol, name in mapped.items() if name == own)
    return found if own in mapped else (own, *found)
