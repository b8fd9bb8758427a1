"""The agent's core: one step from an input to what must be stored and what is to be done.

`step(input)` returns `(entries, effects)`. The shell makes the entries durable first and then performs the effects in
their order; a crash in between loses effects, never entries. The core's durable state is the fold over all entries,
by the same `_apply` live and at start; everything else is learned anew from the worker and in the hand-shake.

At most one worker call is in hand. Acts that reduce go before acts that open, both before any reading; each act is
judged when it comes and once more when it leaves. Owns the order of all this; the rules live in `checks`, `caps`,
`ledger`, `plans` and `clock`, the daemon's session in `session`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from hydrad.agent import calls, checks, effects, entries, flatten, floor, inputs, paging, resting
from hydrad.agent.caps import Caps, with_stand_ins
from hydrad.agent.latch import DAEMON, FLOOR, OWN, Latches
from hydrad.agent.ledger import UNSETTLED, Event, Key, Ledger
from hydrad.agent.plans import Due, Plans, Reading, needs_fire, unsupported
from hydrad.agent.resting import Resting
from hydrad.agent.session import OTHER_VERSION_WAIT_NS, Phase, Talk
from hydrad.domain.instants import MINUTE_MS, MS, SECOND
from hydrad.domain.orders import ActKind, Order, order_hash
from hydrad.domain.plans import replacing_order
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames
from hydrad.link.frames import BadFrame, LedgerRow, OtherVersion, PositionRow, RowState, Tick
from hydrad.link.session import Arrival

MUTANTS = frozenset({"no_dedupe", "deadline_not_checked", "handshake_without_ledger"})
CHASE_EVERY_NS = SECOND
TERMS_EVERY_MS = 15 * MINUTE_MS
TERMS_MISSING_MS = 15_000
SHOW_EVERY_NS = SECOND
CONFIRM_EVERY_NS = 5 * SECOND
READINGS_MAX = 256
KNOWS = ("QUERY_RATES",)
_READ_BOUND_MS = 30_000
_DETAIL_MAX = 200
_NEVER = 1 << 62

Result = tuple[list[entries.Entry], list[effects.Effect]]

_EVENT_OF: dict[RowState, Event] = {
    RowState.DONE: Event.EXECUTED,
    RowState.WORKING: Event.RESTING,
    RowState.REFUSED: Event.REFUSED,
    RowState.NOT_EXECUTED: Event.WITHHELD,
    RowState.UNKNOWN: Event.UNCLEAR,
}
_FOUND_AS: dict[RowState | None, Event] = {
    RowState.DONE: Event.FOUND,
    RowState.WORKING: Event.FOUND_RESTING,
    RowState.ENDED: Event.FOUND_ENDED,
    RowState.NOT_EXECUTED: Event.PROVEN_ABSENT,
    None: Event.PROVEN_ABSENT,
}


class AgentConfig(msgspec.Struct, frozen=True):
    """`account`: its name at the daemon. `settle_ns`: how long a broker's records may lag. `dead_man_ns`: without a
    beat for so long nothing is opened. `act_bound_ms`: how long one order may take."""

    account: str
    login: int
    server: str
    agent_version: str
    boot_id: str
    symbols: tuple[str, ...]
    caps: Caps
    host: str = ""
    selftest: frames.SelfTest | None = None
    settle_ns: int = 60 * SECOND
    dead_man_ns: int = 10 * SECOND
    act_bound_ms: int = 15_000


class _Act(msgspec.Struct, frozen=True):
    """A journaled act on its way to the worker. `deadline_ns`: by the daemon's clock; None for a plan's step.
    `epoch`: of the daemon that commanded it; a plan's step is of any."""

    key: Key
    order: Order
    deadline_ns: int | None
    mission_expiry_ms: int
    epoch: int


class AgentCore:
    """One agent. `stored`: all entries ever committed, oldest first. `mutants`: mistakes for tests, by name."""

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
        self._reducing: deque[_Act] = deque()
        self._opening: deque[_Act] = deque()
        self._sought: dict[Key, None] = {}
        self._askers: dict[Key, None] = {}
        self._halted_owed = False
        self._readings: deque[calls.ReadDeals | calls.ReadRates] = deque()
        self._books_due: frames.Welcome | None = None
        self._terms_due_ms = _NEVER
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
        self._handlers: dict[type, Callable[[Any], None]] = {
            inputs.Opened: self._opened,
            inputs.Received: self._received,
            inputs.LinkLost: lambda given: self._drop(given.reason),
            inputs.WorkerUp: self._worker_came,
            inputs.WrongTerminal: lambda given: self._identify(given.identity),
            inputs.WorkerLost: self._worker_lost,
            inputs.Answered: lambda given: self._answers[type(given.answer)](given.answer),
            inputs.PollDue: self._poll_asked,
            inputs.Timer: self._timer,
            inputs.Stopping: self._stop,
            inputs.LocalLatch: self._latched_here,
            inputs.LocalFlatten: self._flatten_asked,
        }
        self._bodies: dict[type, Callable[[Any], None]] = {
            frames.Welcome: self._welcome,
            frames.BeatDown: self._beaten,
            frames.Fire: self._command,
            frames.Close: self._command,
            frames.Modify: self._command,
            frames.Cancel: self._command,
            frames.Plan: self._plan,
            frames.Query: self._query,
            frames.QueryHistory: self._query_history,
            frames.QueryRates: self._query_rates,
            frames.Versions: self._refused_version,
            frames.Halt: lambda body: None,  # obeyed before its place in the session is judged
            frames.Resume: self._resumed,
        }
        self._answers: dict[type, Callable[[Any], None]] = {
            calls.Performed: self._performed,
            calls.Found: self._found,
            calls.Polled: self._polled,
            calls.Books: self._books,
            calls.Terms: self._terms_read,
            calls.DealsRead: self._deals_read,
            calls.RatesRead: self._rates_read,
        }

    # --- what the shell and people may look at ----------------------------------------------------------

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

    def step(self, given: inputs.Input) -> Result:
        """Take one input; what must be committed, and what to do after that."""
        self._entries, self._effects = [], []
        self._now_ns = given.machine_ns
        self._market_ms = max(self._market_ms, given.market_ms)
        if isinstance(given, inputs.Answered):
            call, self._call = self._call, None
            assert call is not None, f"an answer without a call: {type(given.answer).__name__}"
            self._answered_call = call
        self._handlers[type(given)](given)
        self._work()
        return self._entries, self._effects

    # --- durable state ----------------------------------------------------------------------------------

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
        facts["detail"] = facts.get("detail", "")[:_DETAIL_MAX]
        row = LedgerRow(len(self._ledger) + 1, *key, state, digest, self._now_ns, self._market_ms, **facts)
        self._store(entries.RowStored(row))
        return row

    def _next_row(self, key: Key, event: Event, **facts: Any) -> LedgerRow:
        known = self._ledger.newest(key)
        assert known is not None, key
        return self._enter(key, event, known.order_hash, **facts)

    # --- the connection ---------------------------------------------------------------------------------

    def _send(self, body: frames.Up) -> None:
        self._effects.append(effects.Send(self._talk.data(self._epoch_max, body, self._now_ns)))

    def _send_ready(self, body: frames.Up) -> None:
        """For what the next hand-shake tells anyway: sent when READY, else left out."""
        if self._talk.phase is Phase.READY:
            self._send(body)

    def _send_open(self, body: frames.Up) -> None:
        if self._talk.phase is not Phase.CLOSED:
            self._send(body)

    def _opened(self, given: inputs.Opened) -> None:
        self._talk = Talk(given.session, self._now_ns, self._greet_ns)
        self._hello()

    def _hello(self) -> None:
        """Say who we are; nothing can be said before the terminal has told."""
        if self._identity is None or not self._talk.hello_due(self._now_ns):
            return
        self._halted_owed = self._latches.halted and self._may_open()
        self._send(
            frames.Hello(
                agent_version=self._config.agent_version,
                identity=self._identity,
                boot_id=self._config.boot_id,
                ledger_id=self._ledger_id,
                ledger_length=len(self._ledger),
                epoch_max=self._epoch_max,
                halted=self._latches.halted and not self._halted_owed,
                machine_ns=self._now_ns,
                market_ms=self._market_ms,
                offset_ms=self._offset_ms,
                symbols=self._symbols,
                host=self._config.host,
                selftest=self._config.selftest,
                knows=KNOWS,
                latches=self._latches.held,
            )
        )

    def _drop(self, reason: str) -> None:
        """Give up the session: the next hand-shake's ledger tells what was lost."""
        if self._talk.phase is Phase.CLOSED:
            return
        self._effects.append(effects.Reopen(reason, next_daemon=not self._talk.welcomed))
        self._talk = Talk()
        self._books_due = None
        self._cursors, self._deals_after = (), -1
        self._quotes.clear()
        self._askers.clear()
        self._readings.clear()

    def _received(self, given: inputs.Received) -> None:
        try:
            frame = frames.decode_down(given.data)
        except OtherVersion as error:
            self._other_version(error)
            return
        except BadFrame as error:
            self._drop(f"bad frame: {error}")
            return
        if isinstance(frame.body, frames.Halt):
            self._set_latch(DAEMON, True, frame.body.by)
            self._tell_latch()
        arrival = self._talk.arrival(frame)
        if arrival is Arrival.GAP:
            self._drop(f"a gap before frame {frame.seq}")
        elif arrival is Arrival.NEXT and not self._fenced(frame):
            self._talk.heard(self._now_ns)
            self._bodies[type(frame.body)](frame.body)

    def _beaten(self, body: frames.BeatDown) -> None:
        self._talk.beat(body, self._now_ns)
        self._resting.heard(self._now_ns)

    def _refused_version(self, body: frames.Versions) -> None:
        """A daemon of our own version that does not speak it."""
        self._drop(f"bad frame: VERSION {body.lowest} to {body.highest}")

    def _other_version(self, error: OtherVersion) -> None:
        """A person has to act: say so, and greet again later, the next address first. Plans go on meanwhile."""
        said = error.text or f"the daemon speaks link {error.version}, this agent {frames.LINK_VERSION}"
        self._greet_ns = self._now_ns + OTHER_VERSION_WAIT_NS
        self._drop(f"another version: {said}")

    def _fenced(self, frame: frames.DownFrame) -> bool:
        """Refuse a daemon of a lower epoch; one of a higher epoch must say WELCOME first."""
        if isinstance(frame.body, frames.Halt):
            return False
        if frame.epoch < self._epoch_max:
            self._send_open(frames.Fenced(self._epoch_max))
            return True
        known = frame.body.epoch if isinstance(frame.body, frames.Welcome) else self._epoch_max
        if frame.epoch != known:
            self._drop(f"a frame of epoch {frame.epoch} where {known} holds")
        return frame.epoch != known

    def _welcome(self, body: frames.Welcome) -> None:
        if body.epoch > self._epoch_max:
            self._store(entries.EpochStored(body.epoch))
        if body.halted:
            self._set_latch(DAEMON, True, "daemon, at the hand-shake")
        self._talk.welcome(body, self._now_ns)
        self._resting.heard(self._now_ns)
        if body.halted:
            self._tell_latch()
        self._books_due = body

    def _set_latch(self, whose: entries.Whose, halted: bool, by: str) -> None:
        if self._latches.holds(whose) != halted:
            self._store(entries.LatchStored(halted, by[:_DETAIL_MAX], whose))

    def _resumed(self, body: frames.Resume) -> None:
        """The daemon's own latch, and those of ours that it names."""
        self._set_latch(DAEMON, False, body.by)
        for whose in OWN:
            if whose in body.latches:
                self._set_latch(whose, False, body.by)
        self._tell_latch()

    def _latched_here(self, given: inputs.LocalLatch) -> None:
        """Stored again, though it be so already: to the command that asked for it this is the answer."""
        self._store(given.asked)
        self._tell_latch()

    def _tell_latch(self) -> None:
        """HALTED promises that nothing opens any more, so it waits for an opening order in the worker's hand."""
        self._halted_owed = self._latches.halted and self._may_open()
        if not self._halted_owed:
            self._send_open(frames.Halted(self._latches.halted, self._latches.by, self._latches.held))

    def _may_open(self) -> bool:
        return isinstance(self._call, calls.Perform) and self._call.order.kind is ActKind.FIRE

    def _timer(self, given: inputs.Timer) -> None:
        if self._talk.silent(self._now_ns):
            self._drop("the daemon is silent")
        self._hello()
        if self._talk.beat_due(self._now_ns):
            self._send(self._beat())
        if self._now_ns - self._chase_ns >= CHASE_EVERY_NS:
            self._chase_ns = self._now_ns
            self._withhold_waiting("EXPIRED", "STOPPING")
            self._chase()
            self._cancel_alone()

    def _stop(self, given: inputs.Stopping) -> None:
        """Nothing opens and nothing begins from here on; the shell ends us when nothing is in hand."""
        if self._stop_ns is None:
            self._stop_ns = self._now_ns
        self._withhold_waiting("STOPPING")

    def _beat(self) -> frames.BeatUp:
        echo_ns, held_ns = self._talk.echo(self._now_ns)
        return frames.BeatUp(
            machine_ns=self._now_ns,
            echo_ns=echo_ns,
            echo_held_ns=held_ns,
            market_ms=self._market_ms,
            connected=self._connected_since_ns is not None,
            trade_allowed=self._trade_allowed,
            worker_alive=self._worker_up,
            in_hand=self.in_hand,
            ticks_shed=self._ticks_shed,
            offset_ms=self._offset_ms,
        )

    # --- acts -------------------------------------------------------------------------------------------

    def _command(self, body: frames.Command) -> None:
        key = (body.act_id, body.move)
        digest = order_hash(body.order)
        if digest != body.order_hash or body.order.kind not in checks.KINDS[type(body)]:
            self._send_ready(frames.Conflict(*key, known_hash=digest, asked_hash=body.order_hash))
            return
        known = self._ledger.answer(key)
        if known is not None:
            self._repeated(known, digest)
            return
        act = _Act(key, body.order, body.deadline_ns, body.mission_expiry_ms, self._epoch_max)
        code = checks.refusal(self._situation(act, queued=False), body.order)
        if code:
            self._tell(self._enter(key, Event.DENIED, digest, code=code))
        else:
            self._accept(act, digest)

    def _repeated(self, known: LedgerRow, digest: bytes) -> None:
        """The first answer again; a tombstone knows no order, and answers any."""
        key = (known.act_id, known.move)
        if known.state is not RowState.TOMBSTONED and known.order_hash != digest:
            self._send_ready(frames.Conflict(*key, known_hash=known.order_hash, asked_hash=digest))
            return
        self._tell(known)
        if known.state in UNSETTLED:
            self._seek(key)

    def _accept(self, act: _Act, digest: bytes) -> None:
        row = self._enter(act.key, Event.ACCEPTED, digest, order=act.order)
        self._send_ready(frames.Ack(*act.key, ledger_index=row.index))
        (self._opening if act.order.kind is ActKind.FIRE else self._reducing).append(act)

    def _situation(self, act: _Act, *, queued: bool) -> checks.Situation:
        order, now_ns = act.order, self._now_ns
        return checks.Situation(
            now_ns=now_ns,
            market_ms=self._market_ms,
            account=self._config.account,
            ready=self._talk.phase is Phase.READY,
            identified=self._identified(),
            clock_trusted=self._talk.clock.trusted(now_ns),
            not_after_ns=self._not_after_ns(act),
            mission_expiry_ms=act.mission_expiry_ms,
            fenced=act.deadline_ns is not None and act.epoch < self._epoch_max,
            halted=self._latches.halted,
            beat_age_ns=self._talk.beat_age_ns(now_ns),
            dead_man_ns=self._config.dead_man_ns,
            waiting=len(self._reducing) + len(self._opening),
            caps=self._caps,
            opened_within_minute=self._ledger.opened_within_minute(now_ns),
            equity=self._account.equity if self._account else None,
            terms=self._terms.get(order.symbol),
            quote=self._quotes.get(order.symbol),
            offset_known=self._offset_ms is not None,
            positions=self._positions,
            stopping_ns=None if self._stop_ns is None else now_ns - self._stop_ns,
            queued=queued,
        )

    def _not_after_ns(self, act: _Act) -> int | None:
        """An act's deadline by our clock. A plan's step has none but the bound of one call."""
        if act.deadline_ns is None or "deadline_not_checked" in self._mutants:
            return self._now_ns + self._config.act_bound_ms * MS
        return self._talk.clock.not_after_ns(act.deadline_ns, self._now_ns)

    def _identified(self) -> bool:
        who = self._identity
        return who is not None and (who.login, who.server) == (self._config.login, self._config.server)

    def _tell(self, row: LedgerRow) -> None:
        """Report a row: as the answer to a question, as a plan's step, or as the act's result."""
        key, fire_id = (row.act_id, row.move), self._plans.fire_of(row.act_id)
        if key in self._askers:
            del self._askers[key]
            self._send_ready(frames.Status(row))
        elif fire_id is not None:
            self._send_ready(frames.PlanStepRun(fire_id, row))
        else:
            self._send_ready(frames.Result(row))

    def _performed(self, answer: calls.Performed) -> None:
        call = self._answered_call
        assert isinstance(call, calls.Perform)
        facts = msgspec.structs.asdict(answer)
        changed, event = facts.pop("identity_changed"), _EVENT_OF[facts.pop("state")]
        self._tell(self._next_row((call.act_id, call.move), event, **facts))
        if event is Event.UNCLEAR:
            self._seek((call.act_id, call.move))
        self._look_again()
        if changed:
            self._send_ready(frames.Warn("IDENTITY_CHANGED", f"after act {call.act_id}"))
        if self._halted_owed:
            self._tell_latch()

    def _look_again(self) -> None:
        """An act changed something: the next reading is a full one, and its positions are told in any case."""
        self._read_ms, self._positions_shown = -1, None
        self._resting.forget_told()

    def _plan(self, body: frames.Plan) -> None:
        """Replace a position's plan: with an act id once, however often it is asked for."""
        key = (body.act_id, 0)
        order = replacing_order(self._config.account, body.position_id, body.steps, body.stop_points)
        digest = order_hash(order)
        known = self._ledger.answer(key) if body.act_id else None
        if known is not None:
            self._repeated(known, digest)
            return
        known_fire = bool(body.stop_points) or self._ledger.order((body.fire_id, 0)) is not None
        if unsupported(body.steps) or (needs_fire(body.steps) and not known_fire):
            self._send_ready(frames.Warn("PLAN_UNSUPPORTED", f"position {body.position_id}"))
            if body.act_id:
                self._tell(self._enter(key, Event.DENIED, digest, code="PLAN_UNSUPPORTED"))
            return
        if body.act_id:
            self._enter(key, Event.ACCEPTED, digest, order=order)
        self._store(entries.PlanStored(body.position_id, body.fire_id, body.steps, body.stop_points))
        if body.act_id:
            self._tell(self._next_row(key, Event.EXECUTED, position_id=body.position_id))

    def _run_step(self, due: Due) -> None:
        act = _Act((due.step.act_id, due.move), due.order, None, 0, self._epoch_max)
        self._tell(self._enter(act.key, Event.ACCEPTED, order_hash(due.order), order=due.order))
        if due.skipped:
            self._tell(self._next_row(act.key, Event.WITHHELD, code=due.skipped))
        else:
            self._reducing.append(act)

    def _run_plans(self, seen: calls.Polled) -> None:
        """Steps that are due. Nothing is due on a position while an act on it is without a verdict, and nothing by
        its price while older ticks than the market's last are being read."""
        unsettled = [self._ledger.order(key) for key in self._ledger.unsettled]
        now = Reading(
            account=self._config.account,
            market_ms=seen.market_ms,
            positions=self._positions,
            quotes=self._quotes if seen.complete else {},
            terms=self._terms,
            busy={order.position_id for order in unsettled if order is not None},
        )
        for due in list(self._plans.due(now, self._ledger)):
            self._run_step(due)

    def _look_at_floor(self, market_ms: int) -> None:
        """At the equity floor: the latch, and with `flatten` what is ours."""
        caps = self._config.caps
        if not self._latches.holds(FLOOR) and floor.reached(caps, self._account):
            self._set_latch(FLOOR, True, floor.BY)
            self._tell_latch()
            assert self._account is not None
            self._send_ready(frames.Warn("EQUITY_FLOOR", f"equity {self._account.equity}, floor {caps.equity_floor}"))
        if self._latches.holds(FLOOR) and caps.floor_action == "flatten":
            self._begin(floor.due(self._config.account, market_ms, self._positions, self._ledger))

    def _flatten_asked(self, given: inputs.LocalFlatten) -> None:
        """Durable already; what is left of its time is counted by our own clock."""
        left_ns = min(max(given.left_ns, 0), flatten.HOLDS_NS)
        self._apply(msgspec.structs.replace(given.asked, until_ns=self._now_ns + left_ns))
        self._read_ms = -1

    def _look_at_flatten(self) -> None:
        """What a person on this host wants closed; what rests could only open more."""
        asked = self._flatten
        if asked is not None and self._now_ns <= asked.until_ns:
            self._begin(flatten.due(self._config.account, asked, self._positions, self._ledger))
            self._begin(self._resting.due(self._config.account, self._market_ms, self._ledger))

    def _begin(self, due: Iterable[tuple[Key, Order]]) -> None:
        """Closes and cancels that the agent starts by itself."""
        for key, order in list(due):
            self._say_stuck(key, order)
            self._tell(self._enter(key, Event.ACCEPTED, order_hash(order), order=order))
            self._reducing.append(_Act(key, order, None, 0, self._epoch_max))

    def _say_stuck(self, key: Key, order: Order) -> None:
        """What was asked for so often and was not done is for a person: told to the daemon and to this host's log."""
        _, move = key
        cancel = order.kind is ActKind.CANCEL
        if not (resting.PACE if cancel else floor.PACE).stuck(move):
            return
        what = (
            f"resting order {order.ticket} is not cancelled"
            if cancel
            else f"position {order.position_id} is not closed"
        )
        text = f"{order.symbol}: {what} after {move} attempts; tried again every ten minutes"
        self._send_ready(frames.Warn(frames.STUCK, text))
        self._effects.append(effects.Say(text))

    def _cancel_alone(self) -> None:
        """What rests could fill with nobody to see it, or while this agent may open nothing."""
        dead_man_ns = 0 if self._latches.holds(FLOOR) else self._config.dead_man_ns
        if self._stop_ns is not None or not self._identified():
            return
        if not self._resting.alone(self._now_ns, dead_man_ns, self._latches.halted):
            return
        self._begin(self._resting.due(self._config.account, self._market_ms, self._ledger))

    # --- questions and evidence -------------------------------------------------------------------------

    def _query(self, body: frames.Query) -> None:
        key = (body.act_id, body.move)
        known = self._ledger.newest(key)
        if known is None:
            known = self._enter(key, Event.ASKED, b"", code="TOMBSTONED")
        if known.state in UNSETTLED and not self._is_in_hand(key) and self._worker_up:
            self._askers[key] = None
            self._seek(key)
        else:
            self._send_ready(frames.Status(known))

    def _query_history(self, body: frames.QueryHistory) -> None:
        self._readings.append(calls.ReadDeals(body.query_id, body.from_ms, body.to_ms))

    def _query_rates(self, body: frames.QueryRates) -> None:
        if len(self._readings) >= READINGS_MAX:
            self._send_ready(frames.Rates(body.query_id, body.symbol, (), True, "too many questions wait"))
        else:
            self._readings.append(calls.ReadRates(body.query_id, body.symbol, body.from_ms, body.to_ms))

    def _chase(self) -> None:
        """Look for every act without a verdict, asked or not; what rests where it was last seen needs no search."""
        for key in self._ledger.unsettled:
            row = self._ledger.newest(key)
            if row is None or not self._resting.holds(row):
                self._seek(key)

    def _seek(self, key: Key) -> None:
        if not self._is_in_hand(key):
            self._sought[key] = None

    def _found(self, answer: calls.Found) -> None:
        call = self._answered_call
        assert isinstance(call, calls.Find)
        key = (call.act_id, call.move)
        known = self._ledger.newest(key)
        assert known is not None
        news = answer.state is not known.state and (answer.state is not None or self._proven(known, answer))
        if known.state in UNSETTLED and news:
            facts = msgspec.structs.asdict(answer)
            event = _FOUND_AS[facts.pop("state")]
            facts.pop("connected")
            facts["code"] = facts["code"] or event.name
            self._tell(self._next_row(key, event, **facts))
            self._look_again()
        elif key in self._askers:
            self._tell(known)

    def _proven(self, row: LedgerRow, answer: calls.Found) -> bool:
        """Whether not finding it proves that it is not there: the broker has had the settle window, all of it over
        a connection without a break that we have seen ourselves."""
        since_ns = self._connected_since_ns
        if since_ns is None or not answer.connected:
            return False
        began_ns: int | None = row.at_ns
        if row.state is RowState.WORKING:
            began_ns = self._resting.missed_ns((row.act_id, row.move))
        return began_ns is not None and self._now_ns - max(began_ns, since_ns) >= self._config.settle_ns

    # --- the worker -------------------------------------------------------------------------------------

    def _worker_came(self, given: inputs.WorkerUp) -> None:
        self._worker_up, self._offset_ms = True, given.offset_ms
        self._connected_since_ns = self._now_ns if given.connected else None
        self._trade_allowed = given.trade_allowed
        self._read_ms = -1
        self._symbols, self._stand_ins = given.symbols or self._config.symbols, given.stand_ins
        self._caps = with_stand_ins(self._config.caps, given.stand_ins)
        self._identify(given.identity)
        self._chase()

    def _identify(self, identity: frames.Identity) -> None:
        """Who the terminal is now; the daemon judges it, in a hand-shake of its own if that is news."""
        changed = self._identity is not None and self._identity != identity
        self._identity = identity
        if changed:
            self._drop("the terminal's identity changed")
        self._hello()

    def _worker_lost(self, given: inputs.WorkerLost) -> None:
        call, self._call = self._call, None
        self._worker_up, self._connected_since_ns = False, None
        match call:
            case calls.Perform():
                row = self._next_row((call.act_id, call.move), Event.UNCLEAR, code="WORKER_LOST", detail=given.reason)
                self._tell(row)
            case calls.Find():
                self._seek((call.act_id, call.move))
            case calls.ReadDeals() | calls.ReadRates():
                self._readings.appendleft(call)
        self._send_ready(frames.Warn("WORKER_KILLED", given.reason[:_DETAIL_MAX]))
        if self._halted_owed:
            self._tell_latch()

    def _is_in_hand(self, key: Key) -> bool:
        call = self._call
        if isinstance(call, calls.Perform) and (call.act_id, call.move) == key:
            return True
        return any(act.key == key for queue in (self._reducing, self._opening) for act in queue)

    def _work(self) -> None:
        """Hand the worker its next call, if it is free: acts first, then evidence, then readings."""
        if not self.worker_free:
            return
        call = self._next_act() or self._next_find() or self._next_reading()
        if call is not None:
            self._call = call
            bound_ms = self._config.act_bound_ms if isinstance(call, calls.Perform) else _READ_BOUND_MS
            self._effects.append(effects.Call(call, bound_ms))

    def _next_act(self) -> calls.Perform | None:
        for queue in (self._reducing, self._opening):
            while queue:
                act = queue.popleft()
                situation = self._situation(act, queued=True)
                code = checks.withheld(situation, act.order)
                if not code:
                    assert situation.not_after_ns is not None
                    return calls.Perform(*act.key, act.order, situation.not_after_ns)
                self._tell(self._next_row(act.key, Event.WITHHELD, code=code))
        return None

    def _withhold_waiting(self, *codes: str) -> None:
        """What waits for a worker and will not be sent for one of these reasons is told at once, not when that is
        free."""
        for queue in (self._reducing, self._opening):
            for act in tuple(queue):
                code = checks.withheld(self._situation(act, queued=True), act.order)
                if code in codes:
                    queue.remove(act)
                    self._tell(self._next_row(act.key, Event.WITHHELD, code=code))

    def _next_find(self) -> calls.Find | None:
        while self._sought:
            key = next(iter(self._sought))
            del self._sought[key]
            order, row = self._ledger.order(key), self._ledger.newest(key)
            if order is not None and row is not None and row.state in UNSETTLED:
                return calls.Find(*key, order, row.market_ms)
        return None

    def _next_reading(self) -> calls.Call | None:
        if self._books_due is not None:
            return calls.ReadBooks(self._books_due.deals_after)
        if self._readings:
            return self._readings.popleft()
        if self._market_ms >= self._terms_due_ms or self._terms_missing():
            self._terms_due_ms = self._next_terms_ms(self._market_ms)
            return calls.ReadTerms()
        if not self._poll_due:
            return None
        self._poll_due = False
        cursors = self._cursors if self._talk.phase is Phase.READY else self._watched
        return calls.Poll(self._read_ms, cursors, self._deals_after, self._deals_from_ms)

    def _terms_missing(self) -> bool:
        """Whether a plan waits for terms that no hand-shake has read yet, and that were not asked for."""
        return self._terms_due_ms == _NEVER and any(cursor.symbol not in self._terms for cursor in self._watched)

    def _poll_asked(self, given: inputs.PollDue) -> None:
        self._outbox, self._poll_due = given.outbox, True

    # --- readings ---------------------------------------------------------------------------------------

    def _books(self, books: calls.Books) -> None:
        """Everything was read: tell it page by page, then READY."""
        welcome, self._books_due = self._books_due, None
        self._market_ms = max(self._market_ms, books.market_ms)
        self._keep_terms(books.terms)
        self._positions = {row.position_id: row for row in books.positions}
        self._account = books.account
        for key in self._resting.read(books.orders, self._ledger, self._now_ns):
            self._seek(key)
        if welcome is None or self._talk.phase is not Phase.READING:
            return  # the session ended meanwhile; the next WELCOME reads again
        self._tell_ledger(welcome)
        for terms in paging.pages(books.terms):
            self._send(frames.Specs(terms, books.market_ms))
        self._tell_account(books.account)
        self._tell_positions(books.positions)
        self._tell_orders(books.market_ms)
        self._tell_deals(books.deals)
        self._talk.phase = Phase.READY
        self._send(frames.Ready())
        self._name_stand_ins()
        self._send(self._beat())  # with it the daemon knows at once whether this terminal can trade, and its clock
        self._follow(welcome, books)

    def _tell_ledger(self, welcome: frames.Welcome) -> None:
        ours = welcome.ledger_id == self._ledger_id and welcome.ledger_known <= len(self._ledger)
        known = welcome.ledger_known if ours else 0
        if "handshake_without_ledger" in self._mutants:
            known = len(self._ledger)
        pages = paging.pages(self._ledger.after(known))
        for number, page in enumerate(pages, 1):
            self._send(frames.Ledger(self._ledger_id, page, number == len(pages)))

    def _tell_positions(self, rows: tuple[PositionRow, ...]) -> None:
        self._positions_shown, self._positions_shown_ns = rows, self._now_ns
        pages = paging.pages(rows)
        for number, page in enumerate(pages, 1):
            self._send(frames.Positions(page, self._market_ms, number == 1, number == len(pages)))

    def _tell_orders(self, market_ms: int) -> None:
        self._resting.told(self._now_ns)
        pages = paging.pages(tuple(self._resting.rows.values()))
        for number, page in enumerate(pages, 1):
            self._send(frames.Orders(page, market_ms, number == 1, number == len(pages)))

    def _tell_deals(self, rows: tuple[frames.DealRow, ...]) -> None:
        pages = paging.pages(rows)
        for number, page in enumerate(pages, 1):
            self._send(frames.Deals(page, number == len(pages)))

    def _tell_account(self, account: frames.Account) -> None:
        self._account_shown, self._account_shown_ns = account, self._now_ns
        self._send(account)

    def _follow(self, welcome: frames.Welcome, books: calls.Books) -> None:
        """From here on: ticks from where the daemon wants them, deals after the last one told."""
        wanted = {want.symbol: want.from_ms for want in welcome.ticks_from}
        followed = [(symbol, wanted.get(symbol, books.market_ms)) for symbol in self._symbols]
        self._cursors = paging.cursors_from(followed)
        self._history_until_ms = books.market_ms
        self._through_ms, self._read_ms = 0, -1
        last = max(books.deals, key=lambda row: row.ticket, default=None)
        self._deals_after = last.ticket if last else welcome.deals_after
        self._deals_from_ms = last.time_ms if last else 0
        self._terms_due_ms = self._next_terms_ms(books.market_ms)

    def _next_terms_ms(self, market_ms: int) -> int:
        """A symbol that had no price yet has no terms: it is looked at again soon."""
        missing = any(symbol not in self._terms for symbol in self._config.symbols)
        return market_ms + (TERMS_MISSING_MS if missing else TERMS_EVERY_MS)

    def _name_stand_ins(self) -> None:
        """A person maps them at the daemon, which knows their terms by now."""
        for wanted, names in self._stand_ins.items():
            has = f"it has {', '.join(names)}" if names else "nor one like it"
            self._send_ready(frames.Warn("SYMBOL_MISSING", f"the broker has no {wanted}; {has}"))

    def _terms_read(self, answer: calls.Terms) -> None:
        gone = self._terms.keys() - {one.symbol for one in answer.terms}
        for symbol in sorted(gone):  # nothing opens in it any more; what is open is followed and closed by its ticket
            del self._terms[symbol]
            self._send_ready(frames.Warn("SYMBOL_GONE", symbol))
        changed = [t.symbol for t in answer.terms if not t.same_contract(self._terms.get(t.symbol, t))]
        self._keep_terms(answer.terms)
        for page in paging.pages(answer.terms):
            self._send_ready(frames.Specs(page, answer.market_ms))
        for symbol in changed:
            self._send_ready(frames.Warn("TERMS_CHANGED", symbol))

    def _keep_terms(self, terms: Iterable[SymbolTerms]) -> None:
        self._terms.update((one.symbol, one) for one in terms)
        self._terms_seen.update(self._terms)

    def _deals_read(self, answer: calls.DealsRead) -> None:
        pages = paging.pages(answer.rows)
        for number, page in enumerate(pages, 1):
            self._send_ready(frames.Deals(page, number == len(pages), answer.query_id))
        # Whoever asks for the history wants to compare: all else is read again, and told though it be the same.
        self._read_ms, self._positions_shown, self._account_shown = -1, None, None
        self._resting.forget_told()

    def _rates_read(self, answer: calls.RatesRead) -> None:
        pages = paging.pages(answer.rows)
        for number, page in enumerate(pages, 1):
            last = number == len(pages)
            self._send_ready(frames.Rates(answer.query_id, answer.symbol, page, last, answer.why))

    def _polled(self, seen: calls.Polled) -> None:
        """One reading of the market: learn it, run what is due, then tell it, ticks last."""
        self._market_ms = max(self._market_ms, seen.market_ms)
        self._trade_allowed = seen.trade_allowed
        self._learn_offset(seen.offset_ms)
        if not seen.connected:
            self._connected_since_ns = None
        elif self._connected_since_ns is None:
            self._connected_since_ns = self._now_ns
        if not seen.read:
            return
        self._learn(seen)
        if seen.connected and self._identified() and self._stop_ns is None:
            self._look_at_floor(seen.market_ms)
            self._look_at_flatten()
            self._run_plans(seen)
        if self._talk.phase is Phase.READY:
            self._tell_reading(seen)
        self._poll_due = not seen.complete

    def _learn_offset(self, offset_ms: int | None) -> None:
        """The broker's clock as it is known now; the daemon hears of it with each beat. One that has moved is for a
        person to look at, though twice a year it should."""
        self._offset_ms = offset_ms
        if offset_ms is None or offset_ms == self._offset_told_ms:
            return
        if self._offset_told_ms is not None:
            moved = f"the broker's clock was {self._offset_told_ms} ms ahead of UTC, it is {offset_ms}"
            self._send_ready(frames.Warn("BROKER_CLOCK", moved))
        self._offset_told_ms = offset_ms

    def _learn(self, seen: calls.Polled) -> None:
        self._read_ms = seen.market_ms
        self._positions = {row.position_id: row for row in seen.positions}
        self._account = seen.account or self._account
        for key in self._resting.read(seen.orders, self._ledger, self._now_ns):
            self._seek(key)
        for batch in seen.ticks:
            self._quotes[batch.symbol] = batch.ticks[-1]
        read = {cursor.symbol: cursor for cursor in seen.cursors}
        fresh_ms = max(seen.market_ms - MINUTE_MS, 0)
        symbols = self._plans.symbols(self._positions)
        self._watched = tuple(read.get(symbol) or calls.Cursor(symbol, fresh_ms, 0) for symbol in symbols)

    def _tell_reading(self, seen: calls.Polled) -> None:
        assert isinstance(self._answered_call, calls.Poll)
        if self._answered_call.cursors != self._cursors:
            self._read_ms = -1  # read for an earlier session: read again for this one
            return
        self._cursors = seen.cursors
        self._tell_new_deals(seen.deals)
        if self._positions_differ(seen.positions):
            self._tell_positions(seen.positions)
        if self._resting.differ(self._now_ns, CONFIRM_EVERY_NS):
            self._tell_orders(seen.market_ms)
        if seen.account is not None and self._account_differs(seen.account):
            self._tell_account(seen.account)
        self._tell_ticks(seen)

    def _tell_new_deals(self, rows: tuple[frames.DealRow, ...]) -> None:
        if not rows:
            return
        self._tell_deals(rows)
        self._deals_after, self._deals_from_ms = rows[-1].ticket, rows[-1].time_ms
        for deal in rows:
            known = self._ledger.newest((deal.magic, 0))
            if known is not None and known.state in (RowState.NOT_EXECUTED, RowState.TOMBSTONED, RowState.REFUSED):
                self._send(frames.Warn("LATE_EXECUTION", f"deal {deal.ticket} of act {deal.magic}"))

    def _positions_differ(self, rows: tuple[PositionRow, ...]) -> bool:
        """At once for what a person did or the broker did; profit alone at most once a second; what was read again
        and found the same is told now and then, so that its age at the daemon stays that of the last look."""
        if self._positions_shown is None:
            return True
        shown_for_ns = self._now_ns - self._positions_shown_ns
        if rows == self._positions_shown:
            return shown_for_ns >= CONFIRM_EVERY_NS
        shown = [_without_profit(row) for row in self._positions_shown]
        return shown_for_ns >= SHOW_EVERY_NS or [_without_profit(row) for row in rows] != shown

    def _account_differs(self, account: frames.Account) -> bool:
        """At once for a changed figure, and now and then for the same ones."""
        shown = self._account_shown
        if shown is None or self._now_ns - self._account_shown_ns >= CONFIRM_EVERY_NS:
            return True
        return msgspec.structs.replace(account, market_ms=shown.market_ms) != shown

    def _tell_ticks(self, seen: calls.Polled) -> None:
        """Ticks, and how far everything was read: said only when no act is in hand and nothing was left out, terms
        that are due included, so that a stepped market is at the same instant for them in every run."""
        history, live = paging.split(seen.ticks, self._history_until_ms)
        for part in paging.tick_frames(history):
            self._send(frames.Ticks(self._through_ms, True, part))
        if self._outbox:
            self._ticks_shed += sum(len(batch.ticks) for batch in live)
            self._read_ms = -1
            return
        whole = seen.complete and not self.in_hand and seen.market_ms < self._terms_due_ms
        through_ms = max(seen.market_ms, self._through_ms) if whole else self._through_ms
        parts = paging.tick_frames(live) or ([()] if self._empty_wanted(through_ms) else [])
        for number, part in enumerate(parts, 1):
            said_ms = through_ms if number == len(parts) else self._through_ms
            self._send(frames.Ticks(said_ms, False, part))
        if parts:
            self._through_ms, self._through_ns = through_ms, self._now_ns
        if not whole:
            self._read_ms = -1

    def _empty_wanted(self, through_ms: int) -> bool:
        """Without ticks `through` is told at each move of a simulated clock, once a second of a live one."""
        moved = through_ms > self._through_ms
        simulated = self._identity is not None and bool(self._identity.sim_broker)
        return moved and (simulated or self._now_ns - self._through_ns >= SHOW_EVERY_NS)


def _without_profit(row: PositionRow) -> tuple[object, ...]:
    return (row.ticket, row.volume_steps, row.stop_points, row.target_points, row.magic, row.side, row.symbol)
