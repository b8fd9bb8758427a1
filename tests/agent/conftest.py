"""An agent's core between a broker and a daemon, all three in memory, with a crash possible at any point."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import msgspec
import pytest

from hydrad.agent import calls, effects, inputs
from hydrad.agent.caps import Caps
from hydrad.agent.config import AgentConfig
from hydrad.agent.core import AgentCore
from hydrad.agent.entries import Entry
from hydrad.agent.plans import overtaken
from hydrad.agent.session import Phase
from hydrad.domain.instants import MS, SECOND
from hydrad.domain.orders import ORDER_VERSION, ActKind, Order, PlanStep, PlanStepKind, Side, order_hash
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames as f

TERMS = SymbolTerms(
    symbol="EURUSD",
    digits=5,
    contract_size=Decimal(100_000),
    volume_step=Decimal("0.01"),
    volume_min_steps=1,
    volume_max_steps=10_000,
    volume_limit_steps=0,
    stops_level_points=0,
    freeze_level_points=0,
    tick_value_profit=Decimal(1),
    tick_value_loss=Decimal(1),
    currency_base="EUR",
    currency_profit="USD",
    currency_margin="EUR",
    trade_mode=4,
    execution=2,
    filling_flags=1,
    expiration_flags=15,
    order_flags=127,
    margin_buy=Decimal(1000),
    margin_sell=Decimal(1000),
)
IDENTITY = f.Identity(100_001, "Paper", "paper", "USD", True, 0, 5000, "sim/100001", "test")
START_NS = 1_800_000_000 * SECOND
START_MS = 1_399_033_500_000
DAEMON_AHEAD_NS = 90 * SECOND  # the daemon's clock stands 90 s before the agent's
ASK = 138_670
FIRE = 7 << 38 | 1


def config(**changes: object) -> AgentConfig:
    plain = AgentConfig(
        account="alpha",
        login=100_001,
        server="Paper",
        agent_version="test",
        boot_id="boot",
        symbols=("EURUSD",),
        caps=Caps(Decimal(1), 10, ("EURUSD",)),
    )
    return msgspec.structs.replace(plain, **changes)


def order(**changes: object) -> Order:
    plain = Order(
        version=ORDER_VERSION,
        kind=ActKind.FIRE,
        account="alpha",
        symbol="EURUSD",
        side=Side.BUY,
        entry_points=ASK,
        volume_steps=10,
        stop_points=ASK - 200,
        target_points=ASK + 300,
        collar_points=5,
    )
    return msgspec.structs.replace(plain, **changes)


def time_stop(act_id: int, at_ms: int) -> PlanStep:
    return PlanStep(PlanStepKind.TIME_STOP, act_id, at_ms=at_ms)


class Broker:
    """What really happened, which the agent can only ask about."""

    def __init__(self) -> None:
        self.sent: Counter[tuple[int, int]] = Counter()
        self.positions: dict[int, f.PositionRow] = {}
        self.orders: dict[int, f.OrderRow] = {}
        self.ended: dict[int, str] = {}  # how an order ended that has no deal
        self.done: dict[tuple[int, int], calls.Performed] = {}
        self.tickets = 1000
        self.shown_from_ns: dict[tuple[int, int], int] = {}  # acts that the records show only later
        self.connected = True
        self.ask_points = ASK
        self.terms = TERMS
        self.moved: list[tuple[int, int]] = []  # each stop that an order found, and the one that it set
        self.dealt: list[tuple[int, int]] = []  # each volume that a close found, and the one that it closed

    def perform(self, call: calls.Perform) -> calls.Performed:
        """Execute at once, whatever is asked."""
        self.tickets += 10
        self.sent[call.act_id, call.move] += 1
        asked, position_id = call.order, call.order.position_id or self.tickets
        if asked.rests:
            return self._rest(call)
        if asked.kind is ActKind.CANCEL:
            return self._remove(call)
        if asked.kind is ActKind.FIRE:
            self.positions[position_id] = self._position(call, position_id)
        elif asked.moves_levels:
            held = self.positions[position_id]
            levels = {"stop_points": asked.stop_points, "target_points": asked.target_points}
            self.positions[position_id] = msgspec.structs.replace(held, **levels)
            self.moved.append((held.stop_points, asked.stop_points))
        else:
            self._close(position_id, asked.volume_steps)
        answer = calls.Performed(
            f.RowState.DONE, "", 10009, self.tickets, self.tickets + 1, position_id, ASK, asked.volume_steps
        )
        self.done[call.act_id, call.move] = answer
        return answer

    def find(self, call: calls.Find, now_ns: int) -> calls.Found:
        key = (call.act_id, call.move)
        known = self.done.get(key)
        if known is None and call.order.rests:
            return self._find_resting(call)
        if known is None or now_ns < self.shown_from_ns.get(key, 0):
            return calls.Found(None, self.connected)
        return calls.Found(
            f.RowState.DONE, self.connected, known.order_ticket, known.deal_ticket, known.position_id, ASK, 10
        )

    def _rest(self, call: calls.Perform) -> calls.Performed:
        asked = call.order
        self.orders[self.tickets] = f.OrderRow(
            self.tickets, asked.symbol, 2, asked.volume_steps, asked.entry_points, asked.stop_points,
            asked.target_points, call.act_id, asked.expiration_ms, "",
        )  # fmt: skip
        return calls.Performed(f.RowState.WORKING, "", 10009, self.tickets)

    def _remove(self, call: calls.Perform) -> calls.Performed:
        row = self.orders.pop(call.order.ticket, None)
        if row is None:
            return calls.Performed(f.RowState.NOT_EXECUTED, "ORDER_GONE")
        self.ended[row.magic] = "CANCELLED"
        return calls.Performed(f.RowState.DONE, "", 10009, row.ticket)

    def _find_resting(self, call: calls.Find) -> calls.Found:
        held = next((row for row in self.orders.values() if row.magic == call.act_id), None)
        if held is not None:
            return calls.Found(f.RowState.WORKING, self.connected, held.ticket)
        code = self.ended.get(call.act_id, "")
        return calls.Found(f.RowState.ENDED if code else None, self.connected, code=code)

    def fill(self, act_id: int) -> None:
        """The price of a resting order came: a position and its deal."""
        row = next(row for row in self.orders.values() if row.magic == act_id)
        del self.orders[row.ticket]
        self.done[act_id, 0] = calls.Performed(
            f.RowState.DONE, "", 0, row.ticket, row.ticket + 1, row.ticket, row.price_points, row.volume_steps
        )

    def _close(self, position_id: int, steps: int) -> None:
        held = self.positions.get(position_id)
        if held is None:
            return
        self.dealt.append((held.volume_steps, steps))
        left = held.volume_steps - steps
        self.positions.pop(position_id)
        if left > 0:
            self.positions[position_id] = msgspec.structs.replace(held, volume_steps=left)

    def opened(self, act_id: int) -> int:
        return self.sent[act_id, 0]

    def _position(self, call: calls.Perform, ticket: int) -> f.PositionRow:
        asked = call.order
        money = Decimal(0)
        return f.PositionRow(
            ticket, ticket, asked.symbol, asked.side, asked.volume_steps, ASK, asked.stop_points,
            asked.target_points, call.act_id, START_MS, money, money, "",
        )  # fmt: skip


class Bench:
    """The shell's part, one step at a time. `auto`: the worker answers at once."""

    def __init__(self, mutants: frozenset[str] = frozenset(), **changes: object) -> None:
        self.config = config(**changes)
        self.mutants = mutants
        self.broker = Broker()
        self.durable: list[Entry] = []
        self.now_ns = START_NS
        self.market_ms = START_MS
        self.equity = Decimal(10_000)
        self.offset_ms: int | None = 10_800_000
        self.epoch = 1
        self.session = 0
        self.auto = True
        self.ledger_known = 0
        self.down_seq = 0
        self.sent: list[f.Up] = []
        self.reopened: list[effects.Reopen] = []
        self.said: list[str] = []
        self.call: calls.Call | None = None
        self.start()

    # --- the shell --------------------------------------------------------------------------------------

    def start(self) -> None:
        """A new process: everything volatile is gone."""
        self.core = AgentCore(self.config, "ledger-1", self.durable, self.mutants)
        self.call = None

    def step(self, given: inputs.Input) -> None:
        entries, todo = self.core.step(given)
        self.durable += entries
        for effect in todo:
            self._perform(effect)
        while self.auto and self.call is not None:
            self.answer()

    def step_and_crash(self, given: inputs.Input, *, committed: bool, effects_done: int = 0) -> None:
        """The process dies in the middle of a step: before its commit, or after it and so many effects."""
        entries, todo = self.core.step(given)
        if committed:
            self.durable += entries
            for effect in todo[:effects_done]:
                self._perform(effect)
                if self.call is not None:
                    self._execute(self.call)
        self.start()

    def _perform(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Send(data):
                self.sent.append(f.decode_up(data).body)
            case effects.Call(call):
                assert self.call is None, "one call at a time"
                self.call = call
            case effects.Reopen():
                self.reopened.append(effect)
            case effects.Say(text):
                self.said.append(text)

    def at(self) -> tuple[int, int]:
        return self.now_ns, 0

    def answer(self) -> None:
        """The worker does what is asked, and its answer arrives."""
        call, self.call = self.call, None
        assert call is not None
        self.step(inputs.Answered(*self.at(), self._execute(call)))

    def answer_with(self, answer: calls.Answer) -> None:
        self.call = None
        self.step(inputs.Answered(*self.at(), answer))

    def lose_worker(self, *, executed: bool = False) -> None:
        if executed and self.call is not None:
            self._execute(self.call)
        self.call = None
        self.step(inputs.WorkerLost(*self.at(), "killed"))

    def worker_up(self) -> None:
        self.step(inputs.WorkerUp(*self.at(), IDENTITY, 10_800_000))

    def poll(self) -> None:
        self.step(inputs.PollDue(*self.at(), 0))

    def pass_time(self, ns: int, *, market_ms: int = 0) -> None:
        """Time goes by in small steps, with timers, answered beats and polls."""
        end_ns = self.now_ns + ns
        self.market_ms += market_ms
        while self.now_ns < end_ns:
            self.now_ns = min(self.now_ns + SECOND // 2, end_ns)
            before = len(self.sent)
            self.step(inputs.Timer(*self.at()))
            for body in self.sent[before:]:
                if isinstance(body, f.BeatUp):
                    self.now_ns += MS
                    self.send(f.BeatDown(self.daemon_ns()))
            self.poll()

    def price(self, bid_points: int, *, market_ms: int = 1_000) -> None:
        """A tick, and a reading of it."""
        self.broker.ask_points = bid_points + 2
        self.market_ms += market_ms
        self.poll()
        self.poll()  # an act in between was answered: what follows from it

    def _execute(self, call: calls.Call) -> calls.Answer:
        broker, quote = self.broker, f.Tick(self.market_ms, self.broker.ask_points - 2, self.broker.ask_points)
        match call:
            case calls.Perform():
                code = self.withheld(call.order)
                return calls.Performed(f.RowState.NOT_EXECUTED, code) if code else broker.perform(call)
            case calls.Find():
                return broker.find(call, self.now_ns)
            case calls.ReadBooks():
                return calls.Books(self.market_ms, (broker.terms,), self.held(), self.orders(), (), self.account())
            case calls.ReadTerms():
                return calls.Terms(self.market_ms, (broker.terms,))
            case calls.ReadDeals():
                return calls.DealsRead(call.query_id, ())
            case calls.ReadRates():
                return calls.RatesRead(call.query_id, call.symbol, ())
            case calls.Poll():
                new = tuple(calls.Cursor(c.symbol, self.market_ms, 1) for c in call.cursors)
                fresh = tuple(f.SymbolTicks(c.symbol, (quote,)) for c in call.cursors if c.time_ms < self.market_ms)
                read = call.since_ms != self.market_ms
                return calls.Polled(
                    self.market_ms,
                    broker.connected,
                    True,
                    read,
                    True,
                    fresh,
                    new,
                    self.held(),
                    (),
                    self.account(),
                    self.orders(),
                    self.offset_ms,
                )

    def withheld(self, asked: Order) -> str:
        """What a worker asks of a plan's step right before it is sent."""
        if asked.kind is not ActKind.PLAN_STEP:
            return ""
        held = self.broker.positions.get(asked.position_id)
        if held is None:
            return "POSITION_CLOSED"
        left = held.volume_steps - asked.volume_steps
        fits = (held.volume_steps, left) == (asked.volume_expected_steps, asked.volume_remaining_steps)
        return overtaken(asked, held) if asked.moves_levels else ("" if fits else "VOLUME_CONFLICT")

    def orders(self) -> tuple[f.OrderRow, ...]:
        return tuple(self.broker.orders.values())

    def held(self) -> tuple[f.PositionRow, ...]:
        return tuple(self.broker.positions.values())

    def account(self) -> f.Account:
        money = Decimal(10_000)
        return f.Account(money, Decimal(0), self.equity, Decimal(0), money, Decimal(0), 100, "USD", self.market_ms)

    # --- the daemon -------------------------------------------------------------------------------------

    def daemon_ns(self) -> int:
        return self.now_ns + DAEMON_AHEAD_NS

    def send(self, body: f.Down, *, epoch: int | None = None, seq: int | None = None) -> None:
        self.step(self.incoming(body, epoch=epoch, seq=seq))

    def incoming(self, body: f.Down, *, epoch: int | None = None, seq: int | None = None) -> inputs.Received:
        self.down_seq = self.down_seq + 1 if seq is None else seq
        told = self.epoch if epoch is None else epoch
        frame = f.DownFrame(f.LINK_VERSION, told, self.session, self.down_seq, body)
        return inputs.Received(*self.at(), f.encode(frame))

    def welcome(self, *, halted: bool = False, epoch: int | None = None) -> None:
        told = self.epoch if epoch is None else epoch
        wanted = (f.TicksFrom("EURUSD", self.market_ms - 60_000),)
        body = f.Welcome(told, "ledger-1", self.ledger_known, 0, wanted, halted, self.daemon_ns())
        self.send(body, epoch=told)

    def open(self) -> None:
        self.session += 1
        self.down_seq = 0
        self.step(inputs.Opened(*self.at(), self.session))

    def ready(self) -> Bench:
        """Through the whole hand-shake."""
        if not self.core.worker_free:
            self.worker_up()
        self.open()
        self.welcome()
        assert self.core.phase is Phase.READY
        self.send(f.BeatDown(self.daemon_ns()))  # READY is followed by a beat
        self.pass_time(SECOND)
        return self

    def command(self, asked: Order, act_id: int = FIRE, kind: type[f.Command] = f.Fire, **changes: int) -> f.Command:
        plain = {"deadline_ns": self.daemon_ns() + 5 * SECOND, "mission_expiry_ms": START_MS + 3_600_000, "move": 0}
        fields = {**plain, **changes}
        return kind(act_id=act_id, order=asked, order_hash=order_hash(asked), **fields)

    def fire(self, asked: Order | None = None, act_id: int = FIRE, **changes: int) -> f.LedgerRow:
        """Send a fire; the newest row that was told about it."""
        self.send(self.command(asked or order(), act_id, **changes))
        return self.told(act_id)

    def told(self, act_id: int = FIRE) -> f.LedgerRow:
        rows = [b.row for b in self.sent if isinstance(b, f.Result | f.Status | f.PlanStepRun)]
        return [row for row in rows if row.act_id == act_id][-1]

    def of(self, kind: type) -> list[f.Up]:
        return [body for body in self.sent if isinstance(body, kind)]


@pytest.fixture
def bench() -> Bench:
    """An agent that is READY."""
    return Bench().ready()
