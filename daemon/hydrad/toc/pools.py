"""Pools: accounts of which one takes a fire. Owns whose turn it is. Pure."""

from __future__ import annotations

from hydrad.toc.state import State
from hydrad.wire.answers.accounts import PoolRow


def in_turn(state: State, pool: str) -> list[str]:
    """A pool's accounts: the one with the fewest fires for its weight first, then by the pool's own order."""
    weights, fires = state.pools[pool], state.pool_fires.get(pool, {})
    order = list(weights)
    return sorted(order, key=lambda name: ((fires.get(name, 0) + 1) / weights[name], order.index(name)))


def row(state: State, pool: str) -> PoolRow:
    weights, fires = state.pools[pool], state.pool_fires.get(pool, {})
    members = {name: f"{weight.normalize():f}" for name, weight in weights.items()}
    return PoolRow(pool, members, {name: fires.get(name, 0) for name in weights}, in_turn(state, pool)[0])
