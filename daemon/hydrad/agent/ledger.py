"""The agent's ledger: what became of each act, and what may still become of it.

Theory of operation. An act is known by (act id, move). Before an order may leave, its row says JOURNALED and is
durable; so whatever happens afterwards, the act is remembered, and nothing that is remembered is sent again. That
alone makes a command safe to repeat, and a crash safe at any instant:

- A verdict from the broker ends the row: DONE or REFUSED. An order that rests is WORKING until the records hold its
  deal (DONE) or its end without one (ENDED: cancelled, expired, or rejected when its price came).
- No verdict (the worker died, the answer proves nothing) makes it UNKNOWN. A row that stands JOURNALED when an
  agent starts is in the same position. Both end by evidence alone: found in the broker's records, or proven absent
  from them (looked for after the settle window, over an unbroken connection).
- A question about an act that was never seen is a promise: TOMBSTONED, it will never be executed, however late its
  command comes. So the daemon may count it as not executed on a network that delays and reorders.
- A refusal of our own (a cap, a deadline, the latch) is NOT_EXECUTED: `order_send` was not called.

DONE, REFUSED, NOT_EXECUTED, TOMBSTONED and ENDED are final. `TABLE` is all there is; any other event is a broken
invariant and ends the process. The ledger only grows; the newest row of an act is its state.
"""

from __future__ import annotations

import enum
from collections import deque

from hydrad.domain.ids import tag_of
from hydrad.domain.instants import MINUTE
from hydrad.domain.orders import ActKind, Order
from hydrad.link.frames import LedgerRow, RowState

Key = tuple[int, int]


class Event(enum.Enum):
    """What can happen to an act at the agent."""

    ACCEPTED = "a command passed every check"
    DENIED = "a command failed a check"
    ASKED = "a question came before the command"
    EXECUTED = "the broker dealt"
    RESTING = "the broker took it as an order that waits"
    REFUSED = "the broker said no"
    WITHHELD = "it was not sent after all"
    UNCLEAR = "it may have been sent; no verdict"
    FOUND = "the broker's records hold its deal"
    FOUND_RESTING = "the broker's records hold its order"
    FOUND_ENDED = "the broker's records hold its order, ended without a deal"
    PROVEN_ABSENT = "the broker's records provably hold nothing"


_EVIDENCE: dict[Event, RowState] = {
    Event.FOUND: RowState.DONE,
    Event.FOUND_RESTING: RowState.WORKING,
    Event.FOUND_ENDED: RowState.ENDED,
    Event.PROVEN_ABSENT: RowState.NOT_EXECUTED,
}

TABLE: dict[RowState | None, dict[Event, RowState]] = {
    None: {  # unseen
        Event.ACCEPTED: RowState.JOURNALED,
        Event.DENIED: RowState.NOT_EXECUTED,
        Event.ASKED: RowState.TOMBSTONED,
    },
    RowState.JOURNALED: {
        Event.EXECUTED: RowState.DONE,
        Event.RESTING: RowState.WORKING,
        Event.REFUSED: RowState.REFUSED,
        Event.WITHHELD: RowState.NOT_EXECUTED,
        Event.UNCLEAR: RowState.UNKNOWN,
        **_EVIDENCE,
    },
    RowState.UNKNOWN: _EVIDENCE,
    RowState.WORKING: {
        Event.FOUND: RowState.DONE,
        Event.FOUND_ENDED: RowState.ENDED,
        Event.PROVEN_ABSENT: RowState.NOT_EXECUTED,
    },
    RowState.DONE: {},
    RowState.REFUSED: {},
    RowState.NOT_EXECUTED: {},
    RowState.TOMBSTONED: {},
    RowState.ENDED: {},
}
UNSETTLED = frozenset({RowState.JOURNALED, RowState.UNKNOWN, RowState.WORKING})


class IllegalTransition(AssertionError):
    """An event that the table does not have: the agent is wrong and must stop."""


class Ledger:
    """The fold over all rows. `deduped` is False in a test's mutant only: then nothing counts as seen."""

    def __init__(self, *, deduped: bool = True) -> None:
        self._deduped = deduped
        self._rows: list[LedgerRow] = []
        self._newest: dict[Key, LedgerRow] = {}
        self._orders: dict[Key, Order] = {}
        self._moves: dict[int, int] = {}
        self._opened_ns: deque[int] = deque()
        self._local: dict[int, int] = {}
        self._local_cancels: dict[int, int] = {}
        self.next_local = 1  # of the act ids that an agent draws itself: tag 0
        self.tags: set[int] = set()  # of the journals whose acts stand here
        self.ours: set[int] = set()  # position ids of executed fires, and of positions that a daemon has set stops of
        self.unsettled: dict[Key, None] = {}  # a dict keeps its order; a set would not

    def __len__(self) -> int:
        return len(self._rows)

    def newest(self, key: Key) -> LedgerRow | None:
        """The act's state; None when it was never seen."""
        return self._newest.get(key)

    def answer(self, key: Key) -> LedgerRow | None:
        """The first answer to a command that comes again; None when it comes for the first time."""
        return self._newest.get(key) if self._deduped else None

    def order(self, key: Key) -> Order | None:
        """The order that the JOURNALED row carried."""
        return self._orders.get(key)

    def moves(self, act_id: int) -> int:
        """How many moves of an act the ledger holds: the next one's number."""
        return self._moves.get(act_id, 0)

    def local_act(self, position_id: int) -> int | None:
        """The act id under which this agent closes a position by itself; None before it has begun to."""
        return self._local.get(position_id)

    def local_cancel(self, ticket: int) -> int | None:
        """The act id under which this agent cancels a resting order by itself; None before it has begun to."""
        return self._local_cancels.get(ticket)

    @property
    def resting(self) -> list[tuple[Key, LedgerRow]]:
        """Opening orders that rest at the broker, as last proven."""
        found = ((key, self._newest[key]) for key in self.unsettled)
        return [(key, row) for key, row in found if row.state is RowState.WORKING]

    def is_ours(self, position_id: int, magic: int) -> bool:
        """Whether a position is a journal's of this ledger: opened through it, adopted, or opened through another
        terminal of its account under an id with that journal's tag."""
        return position_id in self.ours or tag_of(magic) in self.tags

    def after(self, index: int) -> list[LedgerRow]:
        """Rows with a higher index, oldest first."""
        return self._rows[max(index, 0) :]

    def opened_within_minute(self, now_ns: int) -> int:
        """Opening orders journaled within the last minute of machine time."""
        while self._opened_ns and self._opened_ns[0] <= now_ns - MINUTE:
            self._opened_ns.popleft()
        return len(self._opened_ns)

    def successor(self, key: Key, event: Event) -> RowState:
        """The state that an event leads to; raises IllegalTransition and changes nothing."""
        known = self.answer(key) if event in TABLE[None] else self._newest.get(key)
        state = known.state if known else None
        if event not in TABLE[state]:
            raise IllegalTransition(f"act {key}: {event.name} in {state.name if state else 'UNSEEN'}")
        return TABLE[state][event]

    def apply(self, row: LedgerRow) -> None:
        """Add the next row: the only way in which the ledger changes, live and when it is read back."""
        if row.index != len(self._rows) + 1:
            raise IllegalTransition(f"row {row.index} follows row {len(self._rows)}")
        key = (row.act_id, row.move)
        self._rows.append(row)
        self._newest[key] = row
        self._moves[row.act_id] = max(self.moves(row.act_id), row.move + 1)
        if row.order is not None:
            self._orders[key] = row.order
            if row.order.kind is ActKind.FIRE:
                self._opened_ns.append(row.at_ns)
            if tag_of(row.act_id) == 0:
                self._learn_local(row.act_id, row.order)
        if tag_of(row.act_id) == 0:  # a tombstone too: a daemon asks about what an earlier ledger had begun
            self.next_local = max(self.next_local, row.act_id + 1)
        else:
            self.tags.add(tag_of(row.act_id))
        self._learn_ours(row)
        if row.state in UNSETTLED:
            self.unsettled[key] = None
        else:
            self.unsettled.pop(key, None)

    def _learn_local(self, act_id: int, order: Order) -> None:
        if order.kind is ActKind.CANCEL:
            self._local_cancels[order.ticket] = act_id
        else:
            self._local[order.position_id] = act_id

    def _learn_ours(self, row: LedgerRow) -> None:
        order = self._orders.get((row.act_id, row.move))
        if row.state is RowState.DONE and order is not None and order.kind in (ActKind.FIRE, ActKind.MODIFY):
            self.ours.add(row.position_id)


class LocalIds:
    """Ids of what an agent begins by itself in one step: the one that its object has already, or the next of the
    ledger's own sequence."""

    def __init__(self, ledger: Ledger) -> None:
        self._next = ledger.next_local

    def of(self, known: int | None) -> int:
        if known is not None:
            return known
        self._next += 1
        return self._next - 1
