"""Owns the judgement of a run: the invariants of the domain, held against the broker's own books.

Some are asked at the instant they could break (an order leaves, a frame is released, an act is routed), some at each
fold, the rest at the end, when everything has been healed for a while. The first one broken ends the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hydrad.agent import calls
from hydrad.domain.accounts import Authority
from hydrad.domain.ids import IdKind, act_id, parse, sequence_of, show, tag_of
from hydrad.domain.instants import MS, SECOND
from hydrad.domain.orders import ActKind, Order, Side, order_hash
from hydrad.link import frames as f
from hydrad.simulation.brokerage import Brokerage, Execution, Sent
from hydrad.simulation.daemons import BOSS, TAG, DaemonActor
from hydrad.simulation.people import RECONCILE_KEY
from hydrad.simulation.terminals import AgentActor
from hydrad.simulation.world import World
from hydrad.toc import fold, resting
from hydrad.toc import records as r
from hydrad.toc.act import FINAL, IN_FLIGHT, RESERVED, ActEvent, ActState
from hydrad.toc.effects import Reply
from hydrad.toc.record import Record
from hydrad.toc.state import Act, Position, State
from hydrad.toc.terminal import REDUCES_IN, Duty, LinkState
from hydrad.venue.contract import CONTRACTS
from hydrad.venue.profit import point_value
from hydrad.wire.answers.authority import HaltData
from hydrad.wire.answers.comparing import ReconcileData

# Two hosts' drift over the age that a measurement may have.
DEADLINE_ROOM_NS = 60 * MS
# An act's longest deadline, and a beat to measure the daemon's clock anew after somebody has set it.
STEP_GRACE_NS = 7 * SECOND
VERDICT_ROOM_NS = 2 * SECOND
EXECUTED = frozenset({ActState.FILLED, ActState.CLOSING, ActState.CLOSED, ActState.DONE, ActState.QUARANTINED})
PLACED = EXECUTED | {ActState.WORKING, ActState.CANCELLED, ActState.EXPIRED, ActState.REJECTED}
ENDS_WITH_THE_FAULT = frozenset(
    {"TERMINAL_LOST", "TERMINAL_UNFIT", "FEED_SILENT", "CLOCK_UNKNOWN", "UNPROTECTED", "STOP_MISSING", "ALARMS_FULL"}
)
_FILLED = frozenset({ActState.FILLED, ActState.CLOSING, ActState.CLOSED, ActState.QUARANTINED})


class Violation(Exception):
    """An invariant was broken; `code` is its name."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Commanded:
    """What a released frame said."""

    order: Order
    deadline_ns: int
    epoch: int


def short(act_id: int) -> str:
    return f"act {sequence_of(act_id)}"


class Oracles:
    """Listens everywhere. `too_late`: this run's broker may execute after the settle window, which nothing can see."""

    def __init__(
        self, world: World, daemon: DaemonActor, agents: Sequence[AgentActor], broker: Brokerage, too_late: bool
    ) -> None:
        self.world = world
        self.daemon = daemon
        self.agents = {agent.seat.terminal: agent for agent in agents}
        self.broker = broker
        self.routed = 0
        self._too_late = too_late
        self._logins = {seat.account: seat.login for seat in daemon.home.seats}
        self._commanded: dict[int, Commanded] = {}
        self._sent: Counter[tuple[int, int, int, int]] = Counter()
        self._opened: Counter[int] = Counter()
        self._steps: dict[int, Order] = {}
        self._steps_done: set[tuple[int, bytes]] = set()
        self._halt_acked: dict[str, bool] = {}
        self._promised: dict[int, ActState] = {}
        self._keys: dict[str, tuple[int, ...]] = {}
        self._last_live: State | None = None
        self._reconciled: Reply | None = None
        self._asked_at: dict[int, int] = {}
        self._approved: dict[int, Record] = {}
        self._limits_at: dict[str, int] = {}
        daemon.on_frame = self.released
        daemon.on_records = self.committed
        daemon.on_folded = self.folded
        broker.on_sent = self.sent
        broker.on_executed = self.executed
        for agent in agents:
            agent.on_send, agent.on_say = self.sends, self.says

    def start(self) -> None:
        self.world.after(SECOND, self._watch)

    # --- what the daemon lets go ---------------------------------------------------------------------------

    def released(self, terminal: str, frame: f.DownFrame) -> None:
        """I5, I6, I12: a command may leave only when it is durable, unlatched, and what the verdict says."""
        body = frame.body
        if isinstance(body, f.Plan):
            self._plan_released(body)
        if not isinstance(body, f.Fire | f.Close | f.Modify | f.Cancel):
            return
        state = self.daemon.state
        if self.daemon.disk.seq < state.seq:
            raise Violation("I6", f"{short(body.act_id)} leaves before its records are durable")
        act = state.acts[body.act_id]
        if isinstance(body, f.Fire) and self.daemon.latched(act.account):
            raise Violation("I5", f"{short(body.act_id)} is handed to the bridge after the latch")
        if act.order != body.order or order_hash(body.order) != body.order_hash:
            raise Violation("I12", f"{short(body.act_id)} on the link is not its verdict's order")
        self._commanded[body.act_id] = Commanded(body.order, body.deadline_ns, frame.epoch)

    def _plan_released(self, body: f.Plan) -> None:
        state = self.daemon.state
        if self.daemon.disk.seq < state.seq:
            raise Violation("I6", f"{short(body.act_id)} leaves before its records are durable")
        order = state.acts[body.act_id].order
        if order is None or (order.plan, order.position_id) != (body.steps, body.position_id):
            raise Violation("I12", f"{short(body.act_id)} on the link is not its verdict's plan")

    def committed(self, records: Sequence[Record]) -> None:
        """I4: what was just routed fits within the limits, by the broker's books and what is in flight."""
        for record in records:
            self._step_told(record)
            self._approval_told(record)
            if record.type == "ACT_MOVED":
                body = r.decode(record.type, record.body)
                assert isinstance(body, r.ActMoved)
                act = self.daemon.state.acts[body.act_id]
                if body.event is ActEvent.ROUTE and act.kind is ActKind.FIRE:
                    self.routed += 1
                    self._limits(act)
                    self._two_people(act)
                elif body.event is ActEvent.PROVE_ABSENT and act.kind is ActKind.FIRE:
                    self._absent(act, body.by)

    def _approval_told(self, record: Record) -> None:
        body = r.decode(record.type, record.body)
        if isinstance(body, r.ApprovalAsked):
            self._asked_at[body.act_id] = record.seq
        elif isinstance(body, r.ActApproved):
            self._approved[body.act_id] = record
        elif isinstance(body, r.AccountLimitsSet):
            self._limits_at[body.account] = record.seq

    def _two_people(self, act: Act) -> None:
        """TWO: above a threshold another person has said yes, to this very order, and under the limits of then."""
        limits, record = self.daemon.state.limits, self._approved.get(act.act_id)
        above = limits.approval_risk_percent
        if record is None:
            if above is not None and act.risk_money * 100 > above * act.base_money:
                raise Violation("TWO", f"{short(act.act_id)} is above {above} %, and nobody approved it")
            return
        body = r.decode(record.type, record.body)
        assert isinstance(body, r.ActApproved)
        if self.daemon.state.identities[record.actor] == self.daemon.state.identities[act.actor]:
            raise Violation("TWO", f"{short(act.act_id)} was approved by who fired it")
        if body.order_hash != act.order_hash:
            raise Violation("TWO", f"{short(act.act_id)} is another order than was approved")
        if self._limits_at.get(act.account, 0) > self._asked_at[act.act_id]:
            raise Violation("TWO", f"{short(act.act_id)} was approved under limits that were changed since it waited")

    def _absent(self, act: Act, by: str) -> None:
        """I3: what counts as proven absent was never executed, nor placed, at the broker."""
        placed = next((done for done in self.broker.executions if done.act_id == act.act_id), None)
        if placed is None or self._too_late or self._came_and_went(act, placed):
            return
        raise Violation("I3", f"{short(act.act_id)} is proven absent by {by}, and the broker had executed it")

    def _step_told(self, record: Record) -> None:
        """Each move of a plan's step takes the place of the one before it; here they are all kept."""
        if record.type == "PLAN_STEP_BEGUN":
            body = r.decode(record.type, record.body)
            assert isinstance(body, r.PlanStepBegun)
            self._steps[body.act_id] = body.order
        elif record.type == "ACT_MOVED":
            moved = r.decode(record.type, record.body)
            assert isinstance(moved, r.ActMoved)
            if moved.event is ActEvent.EXECUTE and moved.act_id in self._steps:
                self._steps_done.add((moved.act_id, order_hash(self._steps[moved.act_id])))

    def _limits(self, act: Act) -> None:
        state = self.daemon.state
        held, count = self._at_stake(act, state)
        limit = state.limits.open_risk_max_percent * act.base_money / 100
        if held + act.risk_money > limit:
            raise Violation("I4", f"{short(act.act_id)}: {held} and {act.risk_money} at risk, {limit:.2f} allowed")
        if count + 1 > state.limits.open_positions_max:
            raise Violation("I4", f"{short(act.act_id)}: {count} open, {state.limits.open_positions_max} allowed")

    def _at_stake(self, act: Act, state: State) -> tuple[Decimal, int]:
        """Risk and number of our positions at the broker, and of what may still become one."""
        seen: set[int] = {act.act_id}
        risk, count = Decimal(0), 0
        for held in self.broker.books[self._logins[act.account]].positions.values():
            if tag_of(held.magic) != TAG or held.magic == act.act_id:
                continue
            known = state.acts.get(held.magic)
            if self._too_late and known is not None and known.state in FINAL:
                continue
            seen.add(held.magic)
            count += 1
            position = state.positions.get(sequence_of(held.magic))
            if known is not None and known.state in RESERVED:
                risk += known.risk_money
            else:
                told = position or held
                risk += self._risk(held.symbol, int(told.open_points), told.stop_points, held.side, held.volume_steps)
        for number in state.acts_open:
            other = state.acts[number]
            flying = other.kind is ActKind.FIRE and other.account == act.account and other.state in RESERVED
            if flying and number not in seen:
                risk, count = risk + other.risk_money, count + 1
        return risk, count

    def _risk(self, symbol: str, opened: int, stop: int, side: Side, steps: int) -> Decimal:
        if not stop:
            return Decimal(0)
        contract = CONTRACTS[symbol]
        value = point_value(contract, "USD", self.broker, loss=True) * contract.volume_step
        return max((opened - stop) * side.sign, 0) * steps * value

    # --- what an agent sends -------------------------------------------------------------------------------

    def says(self, agent: AgentActor, data: bytes) -> None:
        """The agent's word on its own latch, by the last frame that has it: what the daemon has heard may be older."""
        if b"HALTED" in data or b"HELLO" in data:
            body = f.decode_up(data).body
            if isinstance(body, f.Halted | f.Hello):
                self._halt_acked[agent.seat.terminal] = body.halted

    def sends(self, agent: AgentActor, call: calls.Perform) -> None:
        """I2, I5, I12, at the instant before `order_send`."""
        core = agent.core
        assert core is not None
        who = f"{short(call.act_id)} at {agent.seat.terminal}"
        if call.order.kind is ActKind.FIRE and core.halted and self._halt_acked.get(agent.seat.terminal):
            raise Violation("I5", f"{who} is sent after the agent has acknowledged HALT")
        self._is_ledgers(agent, call, who)
        told = self._commanded.get(call.act_id)
        if told is None:
            return
        # What the worker has in hand as the fence comes down is in the books, which are read after it.
        if told.epoch < agent.epoch_at_release:
            raise Violation("I2", f"{who} is sent for epoch {told.epoch}, fenced by {agent.epoch_at_release}")
        if told.order != call.order:
            raise Violation("I12", f"{who} is not what the link carried")
        late_ns = self.daemon.clock.machine_ns() - told.deadline_ns
        if late_ns > DEADLINE_ROOM_NS and not self.daemon.clock.stepped_within(STEP_GRACE_NS):
            raise Violation("I2", f"{who} is sent {late_ns / MS:.0f} ms after its deadline")

    def _is_ledgers(self, agent: AgentActor, call: calls.Perform, who: str) -> None:
        """The order stands in the agent's ledger, durable, as it is sent."""
        for entry in reversed(agent.ledger.entries):
            row = getattr(entry, "row", None)
            if row is not None and (row.act_id, row.move) == (call.act_id, call.move) and row.order is not None:
                if row.order != call.order:
                    raise Violation("I12", f"{who} is not what the ledger holds")
                return
        raise Violation("I6", f"{who} is not in the agent's ledger")

    def sent(self, sent: Sent) -> None:
        """I1: one order for each (act id, move)."""
        alone = tag_of(sent.act_id) == 0  # each agent counts its own
        key = (sent.act_id, sent.move, sent.login, sent.order.ticket if alone else 0)
        self._sent[key] += 1
        if self._sent[key] > 1:
            raise Violation("I1", f"{short(sent.act_id)} move {sent.move} was sent twice")
        if sent.order.kind is ActKind.PLAN_STEP:
            self._reduces(sent)

    def _reduces(self, sent: Sent) -> None:
        """I11: a plan's step only tightens or closes, and never more than there is."""
        order = sent.order
        held = self.broker.books[sent.login].positions.get(order.position_id)
        if held is None:
            return
        self.world.hit("plan_levels" if order.moves_levels else "plan_closes")
        if order.moves_levels:
            tighter = not held.stop_points or (order.stop_points - held.stop_points) * held.side.sign > 0
            if not tighter or order.target_points != held.target_points:
                raise Violation("I11", f"{short(sent.act_id)} sets stop {order.stop_points}, {held.stop_points} stands")
        elif order.side is held.side or order.volume_steps > held.volume_steps:
            raise Violation("I11", f"{short(sent.act_id)} is larger than its position, or on its side")

    def executed(self, done: Execution) -> None:
        """I1: one opening for each fire. What rests ends at the broker, no later than its mission."""
        if done.order.rests:
            self._ends_in_time(done)
        if done.order.kind is ActKind.FIRE:
            self._opened[done.act_id] += 1
            if self._opened[done.act_id] > 1:
                raise Violation("I1", f"{short(done.act_id)} was opened twice")

    def _ends_in_time(self, done: Execution) -> None:
        self.world.hit("rested")
        if self.daemon.engine is None:
            return
        act = self.daemon.state.acts.get(done.act_id)
        mission = self.daemon.state.missions.get(act.mission) if act else None
        if mission is not None and not 0 < done.order.expiration_ms <= mission.signal.expires_ms:
            raise Violation("I4", f"{short(done.act_id)} rests until {done.order.expiration_ms}, beyond its mission")

    def halted(self, reply: Reply) -> None:
        """I5: an order of which a halt says that it is gone does not rest at the broker."""
        if not isinstance(reply.data, HaltData):
            return
        books = self.broker.books.values()
        rest = {row.magic: row.ticket for book in books for row in book.orders.values()}
        for row in reply.data.resting:
            _, number = parse(row.fire)
            fire = act_id(TAG, number)
            self.world.hit(f"halt_{row.verdict}")
            if row.verdict == "verified" and fire in rest and not self._too_late:
                raise Violation("I5", f"{short(fire)} is gone, says the halt; it rests as {rest[fire]}")
            if row.verdict == "unknown" and fire in rest:
                self._was_cancelled(fire)

    def _was_cancelled(self, fire: int) -> None:
        """I5: what a halt found resting has at least been asked to go, where its terminal could be asked."""
        engine = self.daemon.engine
        if engine is None:
            return
        act = engine.state.acts[fire]
        duty, link = engine.state.terminals[act.terminal].duty, engine.live.link(act.terminal)
        asked = resting.cancels(engine.state, act)
        if not asked and duty is Duty.ACTIVE and link.state is LinkState.READY:
            raise Violation("I5", f"{short(fire)} rests after a halt, and nobody has asked for its end")

    # --- what is promised ----------------------------------------------------------------------------------

    def answered(self, key: str, reply: Reply) -> None:
        """I6: an answer names acts and states; they must stand, also after a crash."""
        if key == RECONCILE_KEY:
            self._reconciled = reply
        known = self.daemon.state.keys.get((BOSS, key))
        if known is None or (reply.problem is not None and reply.problem.code == "CONFLICT"):
            return
        if self.daemon.disk.seq < self.daemon.state.seq:
            raise Violation("I6", f"key {key} is answered before its records are durable")
        acts = tuple(known.acts)
        if self._keys.setdefault(key, acts) != acts:
            raise Violation("I6", f"key {key} is answered with other acts than the first time")
        for number in acts:
            self._promised[number] = self.daemon.state.acts[number].state

    def dies(self) -> None:
        """Called before the daemon's process is gone."""
        state = self.daemon.state
        self._last_live = state if state.seq == self.daemon.disk.seq else None

    def folded(self, state: State) -> None:
        """I6: what a start finds is what was there, and nothing that was said is missing."""
        if self._last_live is not None and self._last_live != state:
            raise Violation("I6", "the journal does not fold to the state that it was written from")
        self._last_live = None
        self._promises(state)

    def _promises(self, state: State) -> None:
        for number, promised in self._promised.items():
            act = state.acts.get(number)
            if act is None:
                raise Violation("I6", f"{short(number)} was answered as {promised} and is forgotten")
            if act.state is promised or act.state is ActState.QUARANTINED or promised is ActState.QUARANTINED:
                continue
            if promised in FINAL and not self._too_late:
                raise Violation("I6", f"{short(number)} was answered as {promised}, is {act.state}")
            if promised is ActState.FILLED and act.state not in _FILLED:
                raise Violation("I6", f"{short(number)} was answered as FILLED, is {act.state}")

    # --- all the time ----------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """I3: nothing is in flight for long without a verdict or a doubt."""
        self.world.after(SECOND, self._watch)
        engine = self.daemon.engine
        if engine is None:
            return
        state, now_ns = engine.state, engine.live.now_ns
        bound_ns = state.timing.result_timeout_ms * MS + VERDICT_ROOM_NS
        for number in state.acts_open:
            act = state.acts[number]
            if act.kind is ActKind.FIRE and act.state is ActState.WORKING:
                self._goes(state, act, now_ns)
            if act.state in IN_FLIGHT and now_ns - act.moved_ns > bound_ns:
                raise Violation("I3", f"{short(number)} is {act.state} for {(now_ns - act.moved_ns) / SECOND:.1f} s")

    def _goes(self, state: State, fire: Act, now_ns: int) -> None:
        """I5: while a latch holds, an order that rests has a cancel, or nobody can be reached."""
        assert self.daemon.engine is not None
        since_ns = max(state.authority_ns, state.accounts[fire.account].authority_ns, fire.moved_ns)
        latched = state.account_authority(fire.account) is not Authority.ACTIVE
        links = [self.daemon.engine.live.link(t.name) for t in state.terminals.values() if t.account == fire.account]
        able = any(link.state in REDUCES_IN for link in links)
        if latched and able and now_ns - since_ns > SECOND and not resting.cancels(state, fire):
            raise Violation("I5", f"{short(fire.act_id)} rests on a latched account, and nobody cancels it")

    # --- at the end ----------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Liveness, and the agreement of all books."""
        daemon = self.daemon
        if daemon.engine is None:
            raise Violation("LIVE", "the daemon is not running")
        state = daemon.state
        self._promises(state)
        self._folds(state)
        self._all_ready(state)
        self._all_decided(state)
        for account, login in self._logins.items():
            self._positions_agree(state, account, login)
            self._orders_agree(state, account, login)
        self._executions_agree(state)
        self._once_each(state)
        self._alarms_are_true(state)
        self._reconcile_agrees(state)

    def _alarms_are_true(self, state: State) -> None:
        """Everything is well: what goes on ringing about terminals, feeds or stops has forgotten to end."""
        for alarm in state.alarms.values():
            if alarm.code in ENDS_WITH_THE_FAULT:
                raise Violation("ALARM", f"{alarm.code} {alarm.subject} still stands: {alarm.text}")

    def _reconcile_agrees(self, state: State) -> None:
        """`reconcile` sees the books as this oracle does: no difference but in what is the owner's, and in the deals of
        what a person resolved."""
        reply = self._reconciled
        if reply is None or reply.data is None:
            raise Violation("RECONCILE", "the question about the books was not answered")
        assert isinstance(reply.data, ReconcileData)
        resolved = {
            show(IdKind.POSITION, act.position) for act in state.acts.values() if act.position and act.by == "resolve"
        }
        for row in reply.data.differences:
            if row.kind in ("foreign", "foreign order") or row.subject in resolved:
                continue
            raise Violation("RECONCILE", f"{row.kind} {row.subject}: {row.journal} / {row.broker}")

    def _folds(self, state: State) -> None:
        again = State()
        for record in self.daemon.disk.replay():
            fold.apply(again, record)
        if again != state:
            raise Violation("I6", "the journal does not fold to the live state")

    def _all_ready(self, state: State) -> None:
        assert self.daemon.engine is not None
        for name in state.terminals:
            link = self.daemon.engine.live.link(name)
            if link.state is not LinkState.READY:
                raise Violation("LIVE", f"{name} is {link.state}: {link.why}")
            if state.terminals[name].duty.value != "ACTIVE":
                raise Violation("LIVE", f"{name} is {state.terminals[name].duty}: {state.terminals[name].why}")

    def _all_decided(self, state: State) -> None:
        for number in sorted(state.acts_open):
            act = state.acts[number]
            if act.state in (ActState.QUEUED, ActState.UNKNOWN, *IN_FLIGHT):
                raise Violation("LIVE", f"{short(number)} is still {act.state} ({act.by}: {act.detail})")
            if act.state is ActState.QUARANTINED and not self._too_late:
                raise Violation("I3", f"{short(number)} is QUARANTINED ({act.by}: {act.detail})")

    def _positions_agree(self, state: State, account: str, login: int) -> None:
        held_there = self.broker.books[login].positions.values()
        theirs = {held.ticket: held for held in held_there if tag_of(held.magic) == TAG}
        ours: dict[int, Position] = {
            state.positions[number].position_id: state.positions[number]
            for number in state.positions_open
            if state.positions[number].account == account
        }
        for ticket, held in theirs.items():
            position = ours.pop(ticket, None)
            act = state.acts.get(held.magic)
            if position is None:
                if act is not None and act.state is ActState.QUARANTINED:
                    continue
                raise Violation("I6", f"position {ticket} of {short(held.magic)} is open at the broker alone")
            told = (position.volume_steps, position.stop_points, position.target_points)
            if told != (held.volume_steps, held.stop_points, held.target_points):
                raise Violation("I6", f"position {ticket}: the journal has {told}, the broker another")
        if ours:
            raise Violation("I6", f"positions {sorted(ours)} are open in the journal alone")

    def _orders_agree(self, state: State, account: str, login: int) -> None:
        """What rests at the broker is WORKING here, at the same price and for as much; and the other way round."""
        theirs = {row.magic: row for row in self.broker.books[login].orders.values() if tag_of(row.magic) == TAG}
        ours = {fire.act_id: fire for fire in resting.fires(state, account)}
        for magic, row in theirs.items():
            act = ours.pop(magic, None)
            if act is None:
                known = state.acts.get(magic)
                if known is not None and known.state is ActState.QUARANTINED:
                    continue
                raise Violation("I6", f"order {row.ticket} of {short(magic)} rests at the broker alone")
            assert act.order is not None
            if (row.ticket, row.left_steps) != (act.order_ticket, act.order.volume_steps):
                raise Violation("I6", f"order {row.ticket} of {short(magic)} is another than the journal's")
        if ours:
            raise Violation("I6", f"{[short(number) for number in ours]} rest in the journal alone")

    def _executions_agree(self, state: State) -> None:
        """I6, I12: every execution has its act, as ordered; every act that is said to be executed was."""
        executed = {done.act_id for done in self.broker.executions}
        for done in self.broker.executions:
            if tag_of(done.act_id) == 0:
                self._alone_is_told(state, done)
                continue
            act = state.acts.get(done.act_id)
            if act is None:
                self._unknown_step(done)
                continue
            if done.order.moves_levels and (self._undone(done) or self._unseen(act)):
                continue
            if (done.act_id, order_hash(done.order)) in self._steps_done:
                continue
            if act.kind is ActKind.PLAN_STEP and act.order != done.order:
                self._unknown_step(done)  # a later move than the one that was told
                continue
            if done.order.kind is ActKind.CANCEL and self._too_late and act.state is ActState.NOT_EXECUTED:
                continue  # removed after the settle window: nothing can tell by whom
            if self._came_and_went(act, done):
                continue
            if act.state not in (PLACED if done.order.rests else EXECUTED):
                raise Violation("I6", f"{short(done.act_id)} was executed and is {act.state} ({act.by})")
            if act.order != done.order:
                raise Violation("I12", f"{short(done.act_id)} was executed as another order than its verdict")
        for number, act in state.acts.items():
            if act.state in EXECUTED and act.state is not ActState.QUARANTINED and number not in executed:
                if act.kind is ActKind.SET_PLAN:
                    continue  # done at the agent, without a broker
                if act.kind is ActKind.CANCEL:
                    continue  # the order was gone when it was looked for: by another cancel, or by the owner
                if act.order is not None and act.order.moves_levels:
                    continue  # the levels were there already when they were looked for
                raise Violation("I6", f"{short(number)} is {act.state} and was never executed ({act.by})")

    def _came_and_went(self, act: Act, done: Execution) -> bool:
        """An order that rested and ended without a deal before anyone looked, placed after its proof or beside a lost
        ledger: nothing that the daemon reads can tell it from one that was never placed."""
        if not done.order.rests or done.act_id in self.broker.filled or act.state is not ActState.NOT_EXECUTED:
            return False
        lost = any(agent.seat.login == done.login and agent.ledgers > 1 for agent in self.agents.values())
        return self._too_late or (lost and act.by == "history")

    def _alone_is_told(self, state: State, done: Execution) -> None:
        """What an agent did by itself is an act of the journal, unless its ledger was lost with it."""
        self.world.hit("alone")
        known = any(act.local_id == done.act_id and act.order == done.order for act in state.acts.values())
        lost = any(agent.seat.login == done.login and agent.ledgers > 1 for agent in self.agents.values())
        if not known and not lost:
            raise Violation("I6", f"an agent's own act {done.act_id} was executed and is not in the journal")

    def _unseen(self, act: Act) -> bool:
        """A change of levels leaves no deal: made after the settle window, nothing can tell whose it was."""
        return self._too_late and act.state is ActState.NOT_EXECUTED

    def _unknown_step(self, done: Execution) -> None:
        """A plan's step whose ledger was lost before it was told: its deal alone can speak of it."""
        lost = any(agent.seat.login == done.login and agent.ledgers > 1 for agent in self.agents.values())
        if done.order.kind is not ActKind.PLAN_STEP or not lost:
            raise Violation("I6", f"{short(done.act_id)} was executed and is not in the journal")

    def _undone(self, done: Execution) -> bool:
        """Levels that stand no longer, so that nothing can tell whether they ever did."""
        held = self.broker.books[done.login].positions.get(done.position)
        levels = (done.order.stop_points, done.order.target_points)
        return held is None or (held.stop_points, held.target_points) != levels

    def _once_each(self, state: State) -> None:
        """I1: one executed fire for each mission and account."""
        seen: dict[tuple[int, str], int] = {}
        for number in self._opened:
            act = state.acts[number]
            if act.order is not None and act.order.rests and number not in self.broker.filled:
                continue  # it rested, and came to nothing: the mission may be fired again
            other = seen.setdefault((act.mission, act.account), number)
            if other != number and not self._too_late:
                raise Violation("I1", f"mission {act.mission} was executed twice at {act.account}: {other}, {number}")
