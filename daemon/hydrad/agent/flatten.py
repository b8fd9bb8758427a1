"""Flatten, asked for by a person on the terminal's own host, with or without a daemon.

What was asked for names the positions that were confirmed; it holds until an instant of machine time, and closes no
other position. Each of them gets one order under an id of the ledger's own sequence (tag 0), the one that the equity
floor uses too; what the broker refuses is told, and asked for again by the person if they wish. Nothing is sent while
another act on that position has no verdict, so an agent that died in between sends nothing twice: the evidence
comes first. Opening orders of ours that rest are cancelled with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from hydrad.agent.floor import busy, closing
from hydrad.agent.ledger import Key, Ledger, LocalIds
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import Order
from hydrad.link.frames import PositionRow

HOLDS_NS = 60 * SECOND


class Asked(msgspec.Struct, frozen=True):
    """`after`: the ledger's length when it was asked for: later entries are answers to it. `until_ns`: the agent's
    machine time."""

    positions: frozenset[int]
    after: int
    until_ns: int


def due(
    account: str, asked: Asked, positions: Mapping[int, PositionRow], ledger: Ledger
) -> Iterator[tuple[Key, Order]]:
    """Closes to send now, each under its key."""
    ids = LocalIds(ledger)
    for position_id, held in positions.items():
        if position_id not in asked.positions or busy(position_id, ledger):
            continue
        act_id = ids.of(ledger.local_act(position_id))
        move = ledger.moves(act_id)
        last = ledger.newest((act_id, move - 1))
        if last is None or last.index <= asked.after:
            yield (act_id, move), closing(account, held)
