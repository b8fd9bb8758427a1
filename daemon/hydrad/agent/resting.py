"""Resting orders as the terminal last showed them: what was told of them, and what the agent does about them alone.

A WORKING act whose order is no longer among them is looked for in the broker's records at once. Absence proves nothing
until the settle window has gone by since it was first missed: a fill may be in the history later than out of the list,
and what happened while nothing could be read happened at any time.

The dead-man: without a valid beat for so long nobody can cancel what rests, so the agent does, under ids of its own
ledger's sequence (tag 0); what the broker provably did not do is tried again as the next move, at a pace that slows
down and does not end. So it does when it has
been latched for as long, by whomever, and an order rests all the same; at its equity floor at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hydrad.agent.ledger import UNSETTLED, Key, Ledger, LocalIds
from hydrad.agent.pace import Pace
from hydrad.domain.instants import MINUTE_MS
from hydrad.domain.orders import ORDER_VERSION, ActKind, Order
from hydrad.link.frames import LedgerRow, OrderRow, RowState

PACE = Pace(10_000, 60, 10 * MINUTE_MS)


class Resting:
    """Volatile: learned anew by every process."""

    def __init__(self) -> None:
        self.rows: dict[int, OrderRow] = {}
        self._missed_ns: dict[Key, int] = {}
        self._shown: tuple[OrderRow, ...] | None = None
        self._shown_ns = 0
        self._beat_ns: int | None = None
        self._free_ns: int | None = None

    def read(self, rows: Iterable[OrderRow], ledger: Ledger, now_ns: int) -> list[Key]:
        """A reading of all orders; the acts that were WORKING and are not among them."""
        self.rows = {row.ticket: row for row in rows}
        missing = [key for key, row in ledger.resting if row.order_ticket not in self.rows]
        self._missed_ns = {key: self._missed_ns.get(key, now_ns) for key in missing}
        return missing

    def holds(self, row: LedgerRow) -> bool:
        """Whether the order of a WORKING act was there at the last reading."""
        return row.state is RowState.WORKING and row.order_ticket in self.rows

    def missed_ns(self, key: Key) -> int | None:
        """Machine time since when no reading has had a WORKING act's order; None while it is there, or nothing was
        read."""
        return self._missed_ns.get(key)

    # --- telling ----------------------------------------------------------------------------------------

    def differ(self, now_ns: int, confirm_ns: int) -> bool:
        """Whether the daemon should be told: something changed, or it was long ago."""
        return self._shown != tuple(self.rows.values()) or now_ns - self._shown_ns >= confirm_ns

    def told(self, now_ns: int) -> None:
        self._shown, self._shown_ns = tuple(self.rows.values()), now_ns

    def forget_told(self) -> None:
        """The next reading is told in any case."""
        self._shown = None

    # --- alone ------------------------------------------------------------------------------------------

    def heard(self, now_ns: int) -> None:
        """A daemon's beat, in whatever session."""
        self._beat_ns = now_ns

    def alone(self, now_ns: int, dead_man_ns: int, halted: bool) -> bool:
        """Without a beat for too long, or latched for so long, each counted from the start of this process at most."""
        if self._beat_ns is None:
            self._beat_ns = now_ns
        if self._free_ns is None or not halted:
            self._free_ns = now_ns
        latched = halted and now_ns - self._free_ns >= dead_man_ns
        return latched or now_ns - self._beat_ns > dead_man_ns

    def due(self, account: str, market_ms: int, ledger: Ledger) -> Iterator[tuple[Key, Order]]:
        """Cancels to send now, each under its key."""
        ids = LocalIds(ledger)
        for placed, row in ours(self.rows.values(), ledger):
            if _busy(row.ticket, ledger):
                continue
            act_id = ids.of(ledger.local_cancel(row.ticket))
            move = ledger.moves(act_id)
            if move == 0 or _again(ledger.newest((act_id, move - 1)), move, market_ms):
                yield (act_id, move), cancel_order(account, placed, row.ticket)


def ours(rows: Iterable[OrderRow], ledger: Ledger) -> Iterator[tuple[Order, OrderRow]]:
    """Opening orders of this ledger's that rest, each with what placed it. Its act is WORKING; or it is DONE, and this
    is what a partial fill has left: it may fill as the whole might. (A whole one was read before its fill.)"""
    working = {row.order_ticket: key for key, row in ledger.resting}
    for row in rows:
        key = working.get(row.ticket, (row.magic, 0))
        placed, last = ledger.order(key), ledger.newest(key)
        if placed is not None and last is not None and (row.ticket in working or _is_left(row, placed, last)):
            yield placed, row


def _is_left(row: OrderRow, placed: Order, last: LedgerRow) -> bool:
    done = placed.rests and last.state is RowState.DONE and last.order_ticket == row.ticket
    return done and row.volume_steps < placed.volume_steps


def cancel_order(account: str, placed: Order, ticket: int) -> Order:
    """Remove the resting order that `placed` asked for."""
    return Order(ORDER_VERSION, ActKind.CANCEL, account, placed.symbol, placed.side, ticket=ticket)


def _busy(ticket: int, ledger: Ledger) -> bool:
    orders = (ledger.order(key) for key in ledger.unsettled)
    return any(order is not None and order.kind is ActKind.CANCEL and order.ticket == ticket for order in orders)


def _again(last: LedgerRow | None, move: int, market_ms: int) -> bool:
    assert last is not None and last.state not in UNSETTLED
    undone = last.state in (RowState.REFUSED, RowState.NOT_EXECUTED)
    return undone and PACE.due(move, last.market_ms, market_ms)
