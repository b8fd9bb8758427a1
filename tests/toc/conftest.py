"""A small desk around `Engine`: fake signals, hand-made frames, and after every test the fold of what was written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hydrad.domain.accounts import HomeMode
from hydrad.domain.actors import Actor, Role, Surface
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.orders import EntryType, Order, Side, order_hash
from hydrad.domain.signals import Outcome, Signal, SignalKind, Suppressed
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import codec, fold
from hydrad.toc import effects as e
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.act import ActState
from hydrad.toc.engine import Engine
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits, Timing
from hydrad.toc.live import Link
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Act, State
from hydrad.toc.terminal import LinkState
from hydrad.wire import calls
from hydrad.wire.codes import Finding

START_NS = 1_900_000_000_000_000_000
MARKET_MS = 1_715_774_400_000  # Wednesday 2024-05-15 12:00 UTC
BOSS = "uid:1000"
TERMS = SymbolTerms(
    symbol="EURUSD",
    digits=5,
    contract_size=Decimal(100_000),
    volume_step=Decimal("0.01"),
    volume_min_steps=1,
    volume_max_steps=10_000,
    volume_limit_steps=0,
    stops_level_points=10,
    freeze_level_points=0,
    tick_value_profit=Decimal(1),
    tick_value_loss=Decimal(1),
    currency_base="EUR",
    currency_profit="USD",
    currency_margin="EUR",
    trade_mode=4,
    execution=1,
    filling_flags=1,
    expiration_flags=15,
    order_flags=127,
    margin_buy=Decimal(1100),
    margin_sell=Decimal(1100),
)
SIGNAL = Signal(
    symbol="EURUSD",
    digits=5,
    kind=SignalKind.RAPID_ASSAULT,
    side=Side.BUY,
    entry_type=EntryType.MARKET,
    entry_points=110_010,
    stop_points=109_810,
    target_points=110_410,
    collar_points=20,
    at_ms=MARKET_MS,
    expires_ms=MARKET_MS + 600_000,
    horizon_ms=MARKET_MS + 7_200_000,
    r_milli=2000,
    tcs=None,
    detector="test",
    profile="test",
    session="LONDON",
    features=(),
)
ACCOUNT = f.Account(
    balance=Decimal("10000"),
    credit=Decimal(0),
    equity=Decimal("10000"),
    margin=Decimal(0),
    margin_free=Decimal("10000"),
    margin_level=Decimal(0),
    leverage=100,
    currency="USD",
    market_ms=MARKET_MS,
)


class FakeApex:
    """Says whatever a test put into `next`, at the next ticks."""

    def __init__(self) -> None:
        self.next: list[Signal | Suppressed | Outcome] = []
        self.followed: list[int] = []

    def on_frame(
        self, batches: Sequence[f.SymbolTicks], through_ms: int, history: bool, read: Collection[str] | None = None
    ) -> list[Signal | Suppressed | Outcome]:
        said, self.next = self.next, []
        return said

    def on_terms(self, terms: Sequence[SymbolTerms]) -> None:
        return

    def follow(self, number: int, signal: Signal) -> None:
        self.followed.append(number)

    def history_from_ms(self, market_ms: int) -> int:
        return market_ms - 1000

    def take_bad_ticks(self) -> list[Any]:
        return []


def plain(state: State) -> dict[str, Any]:
    """Everything of a state, for deep comparison; a set's order has no meaning."""
    built: dict[str, Any] = msgspec.to_builtins(
        {name: getattr(state, name) for name in State.__slots__}, str_keys=False
    )
    return {name: sorted(value) if isinstance(getattr(state, name), set) else value for name, value in built.items()}


def folded(records: Sequence[Record]) -> State:
    state = State()
    for record in records:
        fold.apply(state, record)
    return state


class Agent:
    """The far side of one terminal's link, played by hand: numbers its frames and its ledger's rows."""

    def __init__(self, name: str, account: str, login: int) -> None:
        self.name, self.account, self.login = name, account, login
        self.session = 0
        self.connection = 0
        self.seq = 0
        self.boot_id = "boot-1"
        self.ledger_id = "ledger-1"
        self.rows: list[f.LedgerRow] = []
        self.epoch_max = 0
        self.halted = False
        self.host = ""

    def identity(self, kind: str) -> f.Identity:
        return f.Identity(self.login, "Sim", kind, "USD", True, 0, 1, "path", "sim")

    def row(self, act: Act | int, state: RowState, **facts: Any) -> f.LedgerRow:
        """The ledger's next row about an act."""
        act_id = act if isinstance(act, int) else act.act_id
        digest = b"" if isinstance(act, int) else act.order_hash
        facts = {"move": 0, "order_hash": digest, "at_ns": 0, "market_ms": MARKET_MS, **facts}
        made = f.LedgerRow(len(self.rows) + 1, act_id, state=state, **facts)
        self.rows.append(made)
        return made


class Core:
    """An engine with a clock that a test moves. `limits` and `timing` are those of the start."""

    def __init__(
        self,
        mode: HomeMode = HomeMode.PAPER,
        limits: Limits | None = None,
        timing: Timing | None = None,
        terminals: Sequence[tuple[str, str, int]] = (("t1", "alpha", 5001),),
        mutants: frozenset[str] = frozenset(),
        guards: Guards | None = None,
        on_call: tuple[str, ...] = (),
        channels: tuple[str, ...] = (),
    ) -> None:
        self.mode, self.mutants, self.guards = mode, mutants, guards
        self.on_call, self.channels = on_call, channels
        self.limits = limits or Limits(open_risk_max_percent=Decimal(50), fires_per_minute_max=100)
        self.timing = timing or Timing()
        self.apex = FakeApex()
        self.engine = Engine(State(), self.apex, mutants)
        self.now_ns = START_NS
        self.market_ms = MARKET_MS
        self.records: list[Record] = []
        self.effects: list[e.Effect] = []
        self.replies: dict[int, e.Reply] = {}
        self._input = self._request = 0
        self._names = 0
        self.agents = {name: Agent(name, account, login) for name, account, login in terminals}
        self.start(i.HomeBirth(mode, 77, BOSS))
        for agent in self.agents.values():
            kind = "paper" if mode is HomeMode.PAPER else "demo"
            verb = calls.TerminalEnroll(agent.name, agent.account, agent.login, "Sim", kind=kind, symbols=("EURUSD",))
            assert self.ask(verb, extra=f"key-{agent.name}").problem is None

    @property
    def state(self) -> State:
        return self.engine.state

    @property
    def t1(self) -> Agent:
        return self.agents["t1"]

    def link(self, terminal: str = "t1") -> Link:
        return self.engine.live.link(terminal)

    # --- inputs -----------------------------------------------------------------------------------------

    def step(self, body: i.AnyInput, after_ms: int = 0) -> list[Body]:
        """One input `after_ms` later; the bodies of its records."""
        self.now_ns += after_ms * 1_000_000
        self._input += 1
        entry = i.Input(self._input, self.now_ns, body)
        assert i.decode(i.encode(entry)) == entry
        records, effects = self.engine.step(entry)
        self.records += records
        self.effects += effects
        self.replies |= {effect.request: effect for effect in effects if isinstance(effect, e.Reply)}
        return [r.decode(record.type, record.body) for record in records]

    def start(self, birth: i.HomeBirth | None = None, halt_file: bool = False) -> list[Body]:
        body = i.Started("inst", "0", "2024a", self.limits, self.timing, halt_file, ("EURUSD",), birth=birth)
        return self.step(
            msgspec.structs.replace(body, guards=self.guards, on_call=self.on_call, channels=self.channels)
        )

    def restart(self) -> None:
        """The daemon dies; another folds the journal and starts."""
        self.engine = Engine(folded(self.records), self.apex, self.mutants)
        self.effects.clear()
        self.start()

    def clock(self, after_ms: int = 100) -> list[Body]:
        return self.step(i.Clock(), after_ms)

    def wait(self, ms: int, every_ms: int = 500, beat: Sequence[str] = ("t1",)) -> None:
        """Time passes; the terminals in `beat` go on beating."""
        for _ in range(ms // every_ms):
            self.clock(every_ms)
            for name in beat:
                if self.link(name).connected:
                    self.beat(name)

    def up(self, body: f.Up, terminal: str = "t1", **overrides: Any) -> list[Body]:
        """A frame of a terminal's session, numbered."""
        agent = self.agents[terminal]
        agent.seq += 1
        fields = {"session": agent.session, "seq": agent.seq, "connection": agent.connection, **overrides}
        frame = f.UpFrame(f.LINK_VERSION, agent.epoch_max, fields["session"], fields["seq"], body)
        assert f.decode_up(f.encode(frame)) == frame
        return self.step(i.FrameIn(terminal, fields["connection"], frame))

    def hello(self, terminal: str = "t1", **overrides: Any) -> list[Body]:
        """A new session's first frame."""
        agent = self.agents[terminal]
        self._names += 1
        agent.session, agent.seq, agent.connection = self._names + 100, 0, self._names
        kind = "paper" if self.mode is HomeMode.PAPER else "demo"
        body = f.Hello(
            agent_version="0",
            identity=agent.identity(kind),
            boot_id=agent.boot_id,
            ledger_id=agent.ledger_id,
            ledger_length=len(agent.rows),
            epoch_max=agent.epoch_max,
            halted=agent.halted,
            machine_ns=self.now_ns,
            market_ms=self.market_ms,
            offset_ms=0,
            symbols=("EURUSD",),
            host=agent.host,
        )
        return self.up(msgspec.structs.replace(body, **overrides), terminal)

    def books(
        self,
        terminal: str = "t1",
        positions: Sequence[f.PositionRow] = (),
        deals: Sequence[f.DealRow] = (),
        ready: bool = True,
        orders: Sequence[f.OrderRow] = (),
    ) -> None:
        """What follows WELCOME: the ledger from where the daemon knows it, terms, positions, deals, account, READY."""
        agent = self.agents[terminal]
        welcome = self.sent(f.Welcome, terminal)[-1]
        agent.epoch_max = welcome.epoch
        agent.halted = agent.halted or welcome.halted
        known = welcome.ledger_known if welcome.ledger_id == agent.ledger_id else 0
        self.up(f.Ledger(agent.ledger_id, tuple(agent.rows[known:]), True), terminal)
        self.up(f.Specs((TERMS,), self.market_ms), terminal)
        self.up(f.Positions(tuple(positions), self.market_ms, True, True), terminal)
        self.up(f.Orders(tuple(orders), self.market_ms, True, True), terminal)
        self.up(f.Deals(tuple(deals), True), terminal)
        self.up(ACCOUNT, terminal)
        if ready:
            self.up(f.Ready(), terminal)

    def connect(self, terminal: str = "t1", **books: Any) -> None:
        """HELLO to READY, a measured clock, and first quotes: one a second, enough for a basis."""
        self.hello(terminal)
        self.books(terminal, **books)
        self.beat(terminal)
        self.market_ms += 1_000
        ticks = tuple(f.Tick(self.market_ms - ago_ms, 110_000, 110_010) for ago_ms in range(9_000, -1, -1_000))
        self.up(f.Ticks(self.market_ms, False, (f.SymbolTicks("EURUSD", ticks),)), terminal)

    def beat(self, terminal: str = "t1", **overrides: Any) -> list[Body]:
        body = f.BeatUp(self.now_ns, self.now_ns, 0, self.market_ms, True, True, True, 0, 0, 0)
        return self.up(msgspec.structs.replace(body, **overrides), terminal)

    def ticks(self, bid: int, ask: int, terminal: str = "t1", after_ms: int = 1000) -> list[Body]:
        """One tick, market time moved on to it."""
        self.market_ms += after_ms
        batch = f.SymbolTicks("EURUSD", (f.Tick(self.market_ms, bid, ask),))
        return self.up(f.Ticks(self.market_ms, False, (batch,)), terminal)

    def later(self, market_ms: int, terminal: str = "t1") -> None:
        """Market time goes by, with a quote at its end."""
        quote = self.link(terminal).quotes.get("EURUSD")
        bid, ask = (quote.bid_points, quote.ask_points) if quote else (110_000, 110_010)
        self.ticks(bid, ask, terminal, market_ms)

    # --- people -----------------------------------------------------------------------------------------

    def send(self, verb: Any, who: str = BOSS, key: str = "", extra: str = "") -> int:
        """A request; its number."""
        self._request += 1
        actor = Actor(who, Surface.SHELL)
        self.step(i.Requested(self._request, actor, key, verb, extra))
        return self._request

    def ask(self, verb: Any, who: str = BOSS, key: str = "", extra: str = "") -> e.Reply:
        """A request that is answered at once."""
        return self.replies[self.send(verb, who, key, extra)]

    def role(self, who: str, role: Role) -> None:
        """Somebody else gets a role."""
        record = Record(
            self.state.seq + 1,
            self.state.epoch,
            self.now_ns,
            0,
            0,
            BOSS,
            "shell",
            "OPERATOR_SET",
            1,
            r.encode(r.OperatorSet(who, who, role)),
        )
        fold.apply(self.state, record)
        self.records.append(record)

    def mission(self, terminal: str = "t1", **overrides: Any) -> str:
        """A mission proposed by APEX; its shown id."""
        expiry = {"expires_ms": self.market_ms + 600_000, "horizon_ms": self.market_ms + 7_200_000}
        self.apex.next = [msgspec.structs.replace(SIGNAL, **{**expiry, **overrides})]
        self.later(1, terminal)
        return show(IdKind.MISSION, max(self.state.missions))

    def fire(self, mission: str | None = None, who: str = BOSS, key: str = "", **fields: Any) -> Act:
        """Fire; the act as it stands after the step."""
        before = set(self.state.acts)
        self.send(calls.Fire(mission or self.mission(), **fields), who, key)
        made = [number for number in self.state.acts if number not in before]
        assert len(made) == 1, f"{len(made)} acts were made"
        return self.state.acts[made[0]]

    def act(self, verb: Any, who: str = BOSS, key: str = "") -> Act:
        """A close or modify of one position; its act."""
        before = set(self.state.acts)
        self.send(verb, who, key)
        made = [number for number in self.state.acts if number not in before]
        assert len(made) == 1, f"{len(made)} acts were made"
        return self.state.acts[made[0]]

    # --- what came out ----------------------------------------------------------------------------------

    def sent(self, kind: type, terminal: str = "t1") -> list[Any]:
        """Bodies of all frames of a kind that were handed to a terminal."""
        frames = [x.frame.body for x in self.effects if isinstance(x, e.Send) and x.terminal == terminal]
        return [body for body in frames if type(body) is kind]

    def findings(self) -> list[Finding]:
        return [Finding[r.decode(x.type, x.body).code] for x in self.records if x.type == "FINDING"]  # type: ignore[attr-defined]

    def alarms(self) -> list[str]:
        return sorted(alarm.code for alarm in self.state.alarms.values())

    # --- an agent that does what it is told -----------------------------------------------------------

    def ack(self, act: Act) -> None:
        agent = self.agents[act.terminal]
        row = agent.row(act, RowState.JOURNALED, order=act.order)
        self.up(f.Ack(act.act_id, 0, row.index), act.terminal)

    def result(self, act: Act, state: RowState, **facts: Any) -> list[Body]:
        """ACK if that is missing, then RESULT."""
        if act.state is ActState.ROUTED:
            self.ack(act)
        return self.up(f.Result(self.agents[act.terminal].row(act, state, **facts)), act.terminal)

    def done(self, act: Act, **facts: Any) -> list[Body]:
        """Executed at the asked volume."""
        assert act.order is not None
        number = sequence_of(act.act_id)
        filled = {
            "retcode": 10009,
            "order_ticket": 1000 + number,
            "deal_ticket": 2000 + number,
            "position_id": act.order.position_id or 1000 + number,
            "price_points": 110_010,
            "volume_steps": act.order.volume_steps,
        }
        return self.result(act, RowState.DONE, **{**filled, **facts})

    def filled(self, **fields: Any) -> Act:
        """A fire that was executed."""
        act = self.fire(**fields)
        assert act.state is ActState.ROUTED, (act.state, act.codes)
        self.done(act)
        assert act.state is ActState.FILLED
        return act

    def position_row(self, act: Act, **overrides: Any) -> f.PositionRow:
        """How the broker reports what a fire opened."""
        assert act.order is not None
        ticket = 1000 + sequence_of(act.act_id)
        row = f.PositionRow(
            ticket, ticket, act.order.symbol, int(act.order.side), act.order.volume_steps, 110_010,
            act.order.stop_points, act.order.target_points, act.act_id, self.market_ms, Decimal(0), Decimal(0), "",
        )  # fmt: skip
        return msgspec.structs.replace(row, **overrides)

    def rests(self, **fields: Any) -> Act:
        """A BUY LIMIT by hand that rests at the broker."""
        verb = {"symbol": "EURUSD", "side": "buy", "stop": "1.09700", "target": "1.10300", "again": True, **fields}
        act = self.act(calls.FireSymbol(**{"entry": "1.09900", "type": "limit", **verb}))
        assert act.state is ActState.ROUTED, (act.state, act.codes)
        self.result(act, RowState.WORKING, order_ticket=1000 + sequence_of(act.act_id), retcode=10009)
        assert act.state is ActState.WORKING
        return act

    def order_row(self, act: Act, **overrides: Any) -> f.OrderRow:
        """How the broker reports what a fire let rest."""
        assert act.order is not None
        order = act.order
        row = f.OrderRow(
            act.order_ticket, order.symbol, 2, order.volume_steps, order.entry_points, order.stop_points,
            order.target_points, act.act_id, order.expiration_ms, "",
        )  # fmt: skip
        return msgspec.structs.replace(row, **overrides)

    def orders(self, *rows: f.OrderRow, terminal: str = "t1") -> list[Body]:
        return self.up(f.Orders(rows, self.market_ms, True, True), terminal)

    def deal_row(self, ticket: int, position_id: int, **overrides: Any) -> f.DealRow:
        """A closing deal of 22 steps by a program, unless told otherwise."""
        profit = Decimal("19.80") if overrides.get("entry", 1) else Decimal(0)
        row = f.DealRow(
            ticket, ticket, position_id, "EURUSD", 1, 1, 3, 22, 110_100, 0, self.market_ms,
            profit, Decimal(0), Decimal(0), Decimal(0), "",
        )  # fmt: skip
        return msgspec.structs.replace(row, **overrides)

    def deals(self, *rows: f.DealRow, terminal: str = "t1") -> list[Body]:
        return self.up(f.Deals(tuple(rows), True), terminal)

    def verify(self) -> None:
        """The journal folds to the live state, and a snapshot of it is that state too."""
        assert plain(folded(self.records)) == plain(self.state)
        assert plain(codec.decode_state(codec.encode_state(self.state))) == plain(self.state)
        for act in self.state.acts.values():
            assert not act.order or not act.order_hash or order_hash(act.order) == act.order_hash
        assert all(link.state in LinkState for link in self.engine.live.links.values())


def ours(act: Act) -> Order:
    assert act.order is not None
    return act.order


@pytest.fixture
def make() -> Iterator[Callable[..., Core]]:
    """Makes cores; each is verified when the test is over."""
    made: list[Core] = []

    def build(*given: Any, **named: Any) -> Core:
        made.append(Core(*given, **named))
        return made[-1]

    yield build
    for core in made:
        core.verify()


@pytest.fixture
def core(make: Callable[..., Core]) -> Core:
    """One account with one terminal, READY, EURUSD at 1.10000/1.10010."""
    made = make()
    made.connect()
    return made
