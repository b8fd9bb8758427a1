"""The equity floor: what the agent does by itself, without a daemon, when the account's equity has fallen to it.

A latch of its own closes, durably; while that stands, and the bundle says `flatten`, whatever
is ours is closed, though equity may have come back a little. Each position gets one act id of the ledger's own
sequence (tag 0); a close that the broker provably did not do, or did in part, is tried again as its next move a minute
of market time later, after an hour of that every ten minutes. Nothing is sent while any other act on that position has
no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hydrad.agent.caps import Caps
from hydrad.agent.ledger import UNSETTLED, Key, Ledger, LocalIds
from hydrad.agent.pace import Pace
from hydrad.domain.instants import MINUTE_MS
from hydrad.domain.orders import Order, Side, whole_close
from hydrad.link.frames import Account, LedgerRow, PositionRow, RowState

BY = "equity floor"
PACE = Pace(MINUTE_MS, 60, 10 * MINUTE_MS)


def reached(caps: Caps, account: Account | None) -> bool:
    """Whether equity is at or below the floor; figures that are all zero are none."""
    if account is None or not caps.equity_floor or not (account.balance or account.equity):
        return False
    return account.equity <= caps.equity_floor


def due(
    account: str, market_ms: int, positions: Mapping[int, PositionRow], ledger: Ledger
) -> Iterator[tuple[Key, Order]]:
    """Closes to send now, in the order of their positions, each under its key."""
    ids = LocalIds(ledger)
    for position_id, held in positions.items():
        if position_id not in ledger.ours or busy(position_id, ledger):
            continue
        act_id = ids.of(ledger.local_act(position_id))
        move = ledger.moves(act_id)
        if move == 0 or _again(ledger.newest((act_id, move - 1)), move, market_ms, ledger):
            yield (act_id, move), closing(account, held)


def busy(position_id: int, ledger: Ledger) -> bool:
    """Whether an act on this position has no verdict yet."""
    orders = (ledger.order(key) for key in ledger.unsettled)
    return any(order is not None and order.position_id == position_id for order in orders)


def _again(last: LedgerRow | None, move: int, market_ms: int, ledger: Ledger) -> bool:
    assert last is not None and last.state not in UNSETTLED
    order = ledger.order((last.act_id, last.move))
    part = last.state is RowState.DONE and order is not None and last.volume_steps < order.volume_steps
    undone = last.state in (RowState.REFUSED, RowState.NOT_EXECUTED)
    return (part or undone) and PACE.due(move, last.market_ms, market_ms)


def closing(account: str, held: PositionRow) -> Order:
    """The order that closes all of a position, as it stands now."""
    return whole_close(account, held.symbol, Side(held.side), held.volume_steps, held.position_id, held.ticket)
