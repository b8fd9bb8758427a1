"""What an agent's core knows: its durable state, which is the fold over all entries, and what it has learned since.

Owns the fields of the core and the only way in which the durable ones change. The layers above add what is done with
them: connection, latching, evidence, acts, alone, telling, readings, core; each uses those below it, and none above.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from hydrad.agent import calls, effects, entries, flatten
from hydrad.agent.config import AgentConfig
from hydrad.agent.latch import Latches
from hydrad.agent.ledger import Event, Key, Ledger
from hydrad.agent.plans import Plans
from hydrad.agent.resting import Resting
from hydrad.agent.session import Phase, Talk
from hydrad.domain.orders import ActKind, Order
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames
from hydrad.link.frames import LedgerRow, PositionRow, Tick

MUTANTS = frozenset({"no_dedupe", "deadline_not_checked", "handshake_without_ledger", "gone_is_proof"})
DETAIL_MAX = 200
NEVER = 1 << 62


class Act(msgspec.Struct, frozen=True):
    """A journaled act on its way to the worker. `deadline_ns`: by the daemon's clock; None for a plan's step.
    `epoch`: of the daemon that commanded it; a plan's step is of any."""

    key: Key
    order: Order
    deadline_ns: int | None
    mission_expiry_ms: int
    epoch: int


class State:
    """`stored`: all entries ever committed, oldest first. `mutants`: mistakes for tests, by name."""

    def __init__(
        self,
        config: AgentConfig,
        ledger_id: str,
        stored: Iterable[entries.Entry] = (),
        mutants: frozenset[str] = frozenset(),
    ) -> None:
        assert mutants <= MUTANTS, mutants - MUTANTS
        self._config = config
        self._ledger_id = ledger_id
        self._mutants = mutants
        # Durable: the fold.
        self._ledger = Ledger(deduped="no_dedupe" not in mutants)
        self._plans = Plans()
        self._epoch_max = 0
        self._latches = Latches()
        self._flatten: flatten.Asked | None = None
        # Volatile: learned anew.
        self._talk = Talk()
        self._greet_ns = 0
        self._identity: frames.Identity | None = None
        self._offset_ms: int | None = None
        self._offset_told_ms: int | None = None
        self._symbols = config.symbols
        self._stand_ins: dict[str, tuple[str, ...]] = {}
        self._caps = config.caps
        self._worker_up = False
        self._call: calls.Call | None = None
        self._reducing: deque[Act] = deque()
        self._opening: deque[Act] = deque()
        self._sought: dict[Key, None] = {}
        self._askers: dict[Key, None] = {}
        self._halted_owed = False
        self._readings: deque[calls.ReadDeals | calls.ReadRates] = deque()
        self._books_due: frames.Welcome | None = None
        self._terms_due_ms = NEVER
        self._poll_due = False
        self._chase_ns = 0
        self._outbox = 0
        self._ticks_shed = 0
        # The market as last read.
        self._market_ms = 0
        self._read_ms = -1
        self._through_ms = 0
        self._through_ns = 0
        self._history_until_ms = 0
        self._cursors: tuple[calls.Cursor, ...] = ()
        self._watched: tuple[calls.Cursor, ...] = ()  # of plans, while no session asks for ticks
        self._deals_after = -1
        self._deals_from_ms = 0
        self._quotes: dict[str, Tick] = {}
        self._terms: dict[str, SymbolTerms] = {}
        self._terms_seen: dict[str, SymbolTerms] = {}
        self._positions: dict[int, PositionRow] = {}
        self._resting = Resting()
        self._account: frames.Account | None = None
        self._positions_shown: tuple[PositionRow, ...] | None = None
        self._positions_shown_ns = 0
        self._account_shown: frames.Account | None = None
        self._account_shown_ns = 0
        self._connected_since_ns: int | None = None
        self._trade_allowed = False
        self._stop_ns: int | None = None  # since when this process has been ending
        self._answered_call: calls.Call | None = None
        self._now_ns = 0
        self._entries: list[entries.Entry] = []
        self._effects: list[effects.Effect] = []
        for entry in stored:
            self._apply(entry)

    @property
    def worker_free(self) -> bool:
        """Whether a reading could begin now."""
        return self._worker_up and self._call is None

    @property
    def performing(self) -> bool:
        """Whether an order may be on its way to the broker at this moment."""
        return isinstance(self._call, calls.Perform)

    @property
    def in_hand(self) -> int:
        """Acts that wait here or are on their way to the broker."""
        return len(self._reducing) + len(self._opening) + self.performing

    @property
    def hungry(self) -> bool:
        """Whether the last reading left something unread, so that the next should not wait."""
        return self._poll_due

    @property
    def phase(self) -> Phase:
        return self._talk.phase

    @property
    def terms(self) -> dict[str, SymbolTerms]:
        """Of all symbols that were ever read, as they were then."""
        return self._terms_seen

    @property
    def halted(self) -> bool:
        return self._latches.halted

    @property
    def epoch_max(self) -> int:
        return self._epoch_max

    def _apply(self, entry: entries.Entry) -> None:
        """The only way in which durable state changes."""
        match entry:
            case entries.RowStored(row):
                self._ledger.apply(row)
                self._plans.filled(row, self._ledger.order((row.act_id, row.move)))
            case entries.EpochStored(epoch):
                self._epoch_max = epoch
            case entries.LatchStored():
                self._latches.apply(entry)
            case entries.PlanStored(position_id, fire_id, steps, told):
                self._plans.replace(position_id, fire_id, steps, self._ledger.order((fire_id, 0)), told)
            case entries.FlattenStored(_, positions, until_ns):
                self._flatten = flatten.Asked(frozenset(positions), len(self._ledger), until_ns)

    def _store(self, entry: entries.Entry) -> None:
        self._apply(entry)
        self._entries.append(entry)

    def _enter(self, key: Key, event: Event, digest: bytes, **facts: Any) -> LedgerRow:
        """Add an act's next row."""
        state = self._ledger.successor(key, event)
        facts["detail"] = facts.get("detail", "")[:DETAIL_MAX]
        row = LedgerRow(len(self._ledger) + 1, *key, state, digest, self._now_ns, self._market_ms, **facts)
        self._store(entries.RowStored(row))
        return row

    def _next_row(self, key: Key, event: Event, **facts: Any) -> LedgerRow:
        known = self._ledger.newest(key)
        assert known is not None, key
        return self._enter(key, event, known.order_hash, **facts)

    def _identified(self) -> bool:
        who = self._identity
        return who is not None and (who.login, who.server) == (self._config.login, self._config.server)

    def _is_in_hand(self, key: Key) -> bool:
        call = self._call
        if isinstance(call, calls.Perform) and (call.act_id, call.move) == key:
            return True
        return any(act.key == key for queue in (self._reducing, self._opening) for act in queue)

    def _may_open(self) -> bool:
        return isinstance(self._call, calls.Perform) and self._call.order.kind is ActKind.FIRE
