"""The agent against everything at once: lost workers, crashes at any point, old daemons, repeats and questions.

The oracle is the broker's own count of orders, which the agent cannot see.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from hydrad.agent import calls, inputs
from hydrad.agent.entries import LatchStored, RowStored
from hydrad.agent.latch import LOCAL, Latches
from hydrad.agent.ledger import Ledger
from hydrad.agent.session import Phase
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import Order, PlanStep, PlanStepKind
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from tests.agent.conftest import ASK, FIRE, START_MS, Bench, order, time_stop

IDS = st.integers(FIRE, FIRE + 4)
STEPS_FROM = FIRE + 100
SET_PLANS = range(STEPS_FROM + 200, STEPS_FROM + 300)
NEVER_SENT = (RowState.NOT_EXECUTED, RowState.TOMBSTONED, RowState.REFUSED)


KINDS = (PlanStepKind.TRAIL, PlanStepKind.PART_CLOSE, PlanStepKind.BREAK_EVEN)


def order_of(act_id: int) -> Order:
    """Each fire has an order of its own; every second one has a time stop, the others steps by R as well."""
    number = act_id - FIRE
    plan = [time_stop(STEPS_FROM + 10 * number, START_MS + 120_000)]
    if not act_id % 2:
        plan += r_steps(STEPS_FROM + 10 * number + 1, 1 + number // 2)
    return order(volume_steps=3 + number, target_points=ASK + 5_000, plan=tuple(plan))


def r_steps(first: int, part: int) -> list[PlanStep]:
    """One of each kind, at a tenth, two and three tenths of R."""
    return [
        PlanStep(kind, first + n, 0, 100 * (n + 1), 0 if kind is PlanStepKind.PART_CLOSE else 15, part)
        for n, kind in enumerate(KINDS)
    ]


class AgentMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench().ready()
        self.sent_when_halted: dict[tuple[int, int], int] | None = None
        self.sent_when_ending: dict[tuple[int, int], int] | None = None

    def up(self) -> bool:
        return self.bench.core.phase is not Phase.CLOSED

    # --- the daemon -------------------------------------------------------------------------------------

    @precondition(up)
    @rule(act_id=IDS, late=st.booleans())
    def fire(self, act_id: int, late: bool) -> None:
        deadline_ns = self.bench.daemon_ns() + (-1 if late else 5) * SECOND
        self.bench.send(self.bench.command(order_of(act_id), act_id, deadline_ns=deadline_ns))

    @precondition(up)
    @rule(act_id=IDS)
    def fire_of_another_order(self, act_id: int) -> None:
        self.bench.send(self.bench.command(order(volume_steps=50), act_id))

    @precondition(up)
    @rule(act_id=IDS, old_epoch=st.integers(0, 3))
    def fire_of_an_old_daemon(self, act_id: int, old_epoch: int) -> None:
        before = dict(self.bench.broker.sent)
        pending = self.bench.call
        if old_epoch < self.bench.core.epoch_max and pending is None:
            self.bench.send(self.bench.command(order_of(act_id), act_id), epoch=old_epoch)
            assert dict(self.bench.broker.sent) == before

    @precondition(up)
    @rule(act_id=IDS)
    def ask(self, act_id: int) -> None:
        self.bench.send(f.Query(act_id, 0))

    @precondition(up)
    @rule()
    def halt(self) -> None:
        self.bench.send(f.Halt("machine"))
        performing = self.bench.call
        if not isinstance(performing, calls.Perform) and self.sent_when_halted is None:
            self.sent_when_halted = self.openings()

    @precondition(lambda self: self.bench.core.phase is Phase.READY)
    @rule()
    def resume(self) -> None:
        self.bench.send(f.Resume("machine"))
        if not self.bench.core.halted:
            self.sent_when_halted = None

    @rule(halted=st.booleans())
    def a_person_on_the_host(self, halted: bool) -> None:
        """Halts, or ends their own halt: never the daemon's."""
        was_halted, latches = self.bench.core.halted, self.latches()
        self.bench.step(inputs.LocalLatch(*self.bench.at(), LatchStored(halted, "owner", LOCAL)))
        assert self.bench.core.halted is (halted or bool(latches.held and latches.held != (LOCAL,)))
        if not self.bench.core.halted:
            self.sent_when_halted = None
        elif not was_halted and not isinstance(self.bench.call, calls.Perform):
            self.sent_when_halted = self.openings()

    def latches(self) -> Latches:
        found = Latches()
        for entry in self.bench.durable:
            if isinstance(entry, LatchStored):
                found.apply(entry)
        return found

    @rule(newer=st.booleans())
    def greet(self, newer: bool) -> None:
        """A new session, sometimes of a daemon that took over."""
        self.bench.epoch += newer
        self.bench.auto = True
        while self.bench.call is not None:
            self.bench.answer()
        self.bench.ready()

    @precondition(up)
    @rule()
    def lose_a_frame(self) -> None:
        self.bench.send(f.Query(1, 0), seq=self.bench.down_seq + 5)

    @precondition(up)
    @rule(act_id=IDS, number=st.integers(0, 3))
    def another_plan(self, act_id: int, number: int) -> None:
        """In place of a fire's, sometimes the same again, sometimes for a position that is gone."""
        rows = [row for row in self.bench.held() if row.magic == act_id]
        position_id = rows[0].position_id if rows else 999
        set_by = SET_PLANS[10 * (act_id - FIRE) + number]
        steps = tuple(r_steps(STEPS_FROM + 10 * (set_by - STEPS_FROM), 1)[:number])
        self.bench.send(f.Plan(position_id, act_id, steps, set_by))

    # --- the market and the owner ---------------------------------------------------------------------------

    @rule(move=st.integers(-120, 120), seconds=st.integers(1, 20))
    def price_moves(self, move: int, seconds: int) -> None:
        self.bench.broker.ask_points += move
        self.bench.pass_time(seconds * SECOND, market_ms=seconds * 1_000)

    @rule(data=st.data())
    def the_owner_acts(self, data: st.DataObject) -> None:
        """A tighter stop, or a part closed by hand."""
        rows = self.bench.held()
        if not rows:
            return
        row = data.draw(st.sampled_from(rows))
        if data.draw(st.booleans()):
            changed = replace(row, stop_points=row.stop_points + data.draw(st.integers(1, 60)))
        else:
            changed = replace(row, volume_steps=max(row.volume_steps - 1, 1))
        self.bench.broker.positions[row.position_id] = changed

    # --- the worker -------------------------------------------------------------------------------------

    @rule()
    def slow_worker(self) -> None:
        self.bench.auto = False

    @precondition(lambda self: self.bench.core.worker_free)
    @rule()
    def busy_worker(self) -> None:
        """A reading takes its time, so that what comes now must wait."""
        self.bench.auto = False
        self.bench.poll()

    @rule()
    def fast_worker(self) -> None:
        self.bench.auto = True
        while self.bench.call is not None:
            self.bench.answer()

    @precondition(lambda self: self.bench.call is not None)
    @rule()
    def answer(self) -> None:
        self.bench.answer()

    @precondition(lambda self: self.bench.core.phase is Phase.READY and self.bench.call is None)
    @rule(act_id=IDS, executed=st.booleans(), records_late_s=st.sampled_from((0, 5, 50)))
    def fire_without_a_verdict(self, act_id: int, executed: bool, records_late_s: int) -> None:
        """The broker's answer proves nothing; if it did execute, its records show that only later."""
        self.bench.auto = False
        self.bench.send(self.bench.command(order_of(act_id), act_id))
        call = self.bench.call
        if isinstance(call, calls.Perform):
            if executed:
                self.bench.broker.perform(call)
                shown_ns = self.bench.now_ns + records_late_s * SECOND
                self.bench.broker.shown_from_ns[call.act_id, call.move] = shown_ns
            self.bench.answer_with(calls.Performed(RowState.UNKNOWN, "TIMEOUT", 10012))

    @rule(executed=st.booleans())
    def lose_worker(self, executed: bool) -> None:
        if self.bench.core.worker_free or self.bench.call is not None:
            self.bench.lose_worker(executed=executed)
            self.bench.worker_up()

    # --- the host ---------------------------------------------------------------------------------------

    @rule()
    def crash(self) -> None:
        self.bench.start()
        self.sent_when_ending = None

    @rule()
    def told_to_end(self) -> None:
        """What is with the worker at that moment may still open; nothing that waits may."""
        self.bench.step(inputs.Stopping(*self.bench.at()))
        if not isinstance(self.bench.call, calls.Perform) and self.sent_when_ending is None:
            self.sent_when_ending = self.openings()

    @precondition(lambda self: self.bench.core.phase is Phase.READY and self.bench.call is None)
    @rule(act_id=IDS, committed=st.booleans(), effects_done=st.integers(0, 2))
    def crash_in_a_fire(self, act_id: int, committed: bool, effects_done: int) -> None:
        given = self.bench.incoming(self.bench.command(order_of(act_id), act_id))
        self.bench.step_and_crash(given, committed=committed, effects_done=effects_done)
        self.sent_when_ending = None

    @rule(seconds=st.integers(1, 90), connected=st.booleans())
    def pass_time(self, seconds: int, connected: bool) -> None:
        self.bench.broker.connected = connected
        self.bench.pass_time(seconds * SECOND, market_ms=seconds * 1_000)
        self.bench.broker.connected = True

    # --- what must hold ---------------------------------------------------------------------------------

    def openings(self) -> dict[tuple[int, int], int]:
        return {key: count for key, count in self.bench.broker.sent.items() if key[0] < STEPS_FROM}

    @invariant()
    def at_most_one_order_for_each_act_and_move(self) -> None:
        assert all(count == 1 for count in self.bench.broker.sent.values()), self.bench.broker.sent

    @invariant()
    def a_plan_only_tightens_and_never_closes_more_than_there_is(self) -> None:
        """Each order of a plan against the position as it stood when it arrived."""
        assert all(after > before for before, after in self.bench.broker.moved), self.bench.broker.moved
        assert all(0 < closed <= there for there, closed in self.bench.broker.dealt), self.bench.broker.dealt

    @invariant()
    def nothing_opens_after_a_halt(self) -> None:
        if self.sent_when_halted is not None:
            assert self.openings() == self.sent_when_halted

    @invariant()
    def nothing_opens_after_it_was_told_to_end(self) -> None:
        if self.sent_when_ending is not None:
            assert self.openings() == self.sent_when_ending

    @invariant()
    def what_was_told_is_true(self) -> None:
        for body in self.bench.sent:
            if isinstance(body, f.Result | f.Status | f.PlanStepRun) and body.row.act_id not in SET_PLANS:
                count = self.bench.broker.sent[body.row.act_id, body.row.move]
                assert count == 1 or body.row.state is not RowState.DONE
                assert count == 0 or body.row.state not in NEVER_SENT

    @invariant()
    def what_was_told_is_durable_and_the_ledger_can_be_read_back(self) -> None:
        ledger = Ledger()
        for entry in self.bench.durable:
            if isinstance(entry, RowStored):
                ledger.apply(entry.row)
        told = [b.row for b in self.bench.sent if isinstance(b, f.Result | f.Status | f.PlanStepRun)]
        assert all(ledger.after(row.index - 1)[:1] == [row] for row in told)

    @invariant()
    def an_order_at_the_broker_was_journaled_first(self) -> None:
        journaled = {
            (entry.row.act_id, entry.row.move)
            for entry in self.bench.durable
            if isinstance(entry, RowStored) and entry.row.order is not None
        }
        assert {key for key, count in self.bench.broker.sent.items() if count} <= journaled

    def teardown(self) -> None:
        """Everything heals: every act ends in a verdict, and it is the right one."""
        bench = self.bench
        bench.auto = True
        while bench.call is not None:
            bench.answer()
        bench.start()  # it may have been told to end
        if not bench.core.worker_free:
            bench.worker_up()
        if bench.core.phase is not Phase.CLOSED:
            bench.step(inputs.LinkLost(*bench.at(), "healing"))
        bench.epoch += 1
        bench.ready()
        bench.pass_time(70 * SECOND)
        for act_id in range(FIRE, FIRE + 5):
            bench.send(f.Query(act_id, 0))
            row = bench.told(act_id)
            assert (row.state is RowState.DONE) == (bench.broker.sent[act_id, 0] == 1), row
            assert row.state in (RowState.DONE, *NEVER_SENT)


TestAgent = AgentMachine.TestCase
TestAgent.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
