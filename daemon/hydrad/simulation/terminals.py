"""Actors: an agent beside a terminal: the real AgentCore, its ledger's disk, its socket and its worker.

The shell is a page: step, commit, act, in this order. It may die before the commit, between the commit and the
effects, and between an order and its answer; the worker dies with it, an order that has left goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hydrad.agent import calls, effects, inputs
from hydrad.agent.caps import Caps
from hydrad.agent.config import AgentConfig
from hydrad.agent.core import AgentCore
from hydrad.agent.plans import overtaken
from hydrad.domain.instants import MS, SECOND
from hydrad.domain.orders import ActKind, Order, Side
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.simulation.brokerage import SERVER, SYMBOLS, Brokerage
from hydrad.simulation.clocks import HostClock
from hydrad.simulation.disk import LedgerDisk
from hydrad.simulation.faults import Faults
from hydrad.simulation.network import Line, Network
from hydrad.simulation.world import World

TIMER_NS = 250 * MS
POLL_NS = 250 * MS


@dataclass(frozen=True, slots=True)
class Seat:
    """Where an agent sits. `kind`: paper or demo; `live_feed`: market time is machine time."""

    terminal: str
    account: str
    login: int
    kind: str
    settle_ns: int

    @property
    def live_feed(self) -> bool:
        return self.kind != "paper"


class AgentActor:
    """One terminal's agent over all its lives. `on_send`: told just before `order_send`. `on_say`: of each frame that
    it says, whether it arrives or not."""

    def __init__(
        self,
        world: World,
        seat: Seat,
        broker: Brokerage,
        network: Network,
        faults: Faults,
        clock: HostClock,
        mutants: frozenset[str],
    ) -> None:
        self.world = world
        self.seat = seat
        self.faults = faults
        self.clock = clock
        self.on_send: Callable[[AgentActor, calls.Perform], None] = lambda actor, call: None
        self.on_say: Callable[[AgentActor, bytes], None] = lambda actor, data: None
        self.core: AgentCore | None = None
        self.life = 0
        self.ledgers = 0
        self.epoch_at_release = 0
        self._broker = broker
        self._network = network
        self._mutants = mutants
        self._rng = world.rng(f"agent.{seat.terminal}")
        self._ledger = LedgerDisk(self._ledger_id())
        self._line: Line | None = None
        self._connected = True
        self._trade_allowed = True
        self._frozen_ns = 0
        self._last_ns = 0
        self._asked = 0
        self._worker_up = False

    @property
    def ledger(self) -> LedgerDisk:
        return self._ledger

    def start(self) -> None:
        """Begin to live, and let the faults come that come by the clock."""
        self._boot()
        self._plan(self.faults.agent_crash_s, "agent_crash", lambda: self.crash("agent_crash"))
        self._plan(self.faults.frozen_s, "frozen", self._freeze)
        self._plan(self.faults.disconnected_s, "disconnected", self._disconnect)
        self._plan(self.faults.trading_off_s, "trading_off", self._switch_off)

    def heal(self, faults: Faults) -> None:
        """All is well from now on."""
        self.faults = faults
        self._connected = self._trade_allowed = True
        self._frozen_ns = 0

    # --- life and death ------------------------------------------------------------------------------------

    def crash(self, how: str) -> None:
        """kill -9: the socket and the worker go with it; the ledger's file stays, unless it is lost."""
        if self.core is None:
            return
        self.world.hit(how)
        self.world.say(self.seat.terminal, f"dies ({how})")
        self.core = None
        self.life += 1
        self._worker_up = False
        if self._line is not None:
            self._network.close(self._line)
            self._line = None
        if self.faults.ledger_lost and self._rng.random() < self.faults.ledger_lost:
            self.world.hit("ledger_lost")
            self._ledger = LedgerDisk(self._ledger_id())
        self.world.after(int(self._rng.uniform(0.2, 3.0) * SECOND), self._boot)

    def _ledger_id(self) -> str:
        self.ledgers += 1
        return f"{self.seat.terminal}-{self.ledgers}"

    def _boot(self) -> None:
        if self.core is not None:
            return
        self.life += 1
        seat = self.seat
        config = AgentConfig(
            account=seat.account,
            login=seat.login,
            server=SERVER,
            agent_version="0",
            boot_id=f"{seat.terminal}.{self.life}",
            symbols=SYMBOLS,
            caps=Caps(Decimal(50), 100_000, SYMBOLS),
            settle_ns=seat.settle_ns,
        )
        self.core = AgentCore(config, self._ledger.id, list(self._ledger.entries), self._mutants)
        self.world.say(seat.terminal, f"starts, {len(self._ledger.entries)} entries")
        self._reopen()
        self._start_worker()
        self._beating(self.life)

    def _later(self, delay_ns: int, fn: Callable[..., None], *given: Any) -> None:
        """In this life only, and not while frozen."""
        self.world.after(delay_ns, self._alive, self.life, fn, given)

    def _alive(self, life: int, fn: Callable[..., None], given: tuple[Any, ...]) -> None:
        if life != self.life:
            return
        if self.world.now_ns < self._frozen_ns:
            self.world.after(self._frozen_ns - self.world.now_ns, self._alive, life, fn, given)
        else:
            fn(*given)

    def _plan(self, mean_s: float, name: str, fn: Callable[[], None]) -> None:
        if mean_s:
            delay_ns = int(self._rng.expovariate(1 / mean_s) * SECOND)
            self.world.after(delay_ns, self._befalls, mean_s, name, fn)

    def _befalls(self, mean_s: float, name: str, fn: Callable[[], None]) -> None:
        if getattr(self.faults, f"{name}_s"):
            fn()
            self._plan(mean_s, name, fn)

    def _freeze(self) -> None:
        self.world.hit("frozen")
        self._frozen_ns = self.world.now_ns + int(self._rng.uniform(0.5, 12.0) * SECOND)

    def _disconnect(self) -> None:
        self.world.hit("disconnected")
        self._connected = False
        self.world.after(int(self._rng.uniform(0.3, 4.0) * SECOND), self._reconnect)

    def _reconnect(self) -> None:
        self._connected = True

    def _switch_off(self) -> None:
        self.world.hit("trading_off")
        self._trade_allowed = False
        self.world.after(int(self._rng.uniform(0.3, 4.0) * SECOND), self._switch_on)

    def _switch_on(self) -> None:
        self._trade_allowed = True

    # --- step, commit, act -----------------------------------------------------------------------------------

    def _now(self) -> tuple[int, int]:
        self._last_ns = max(self._last_ns, self.clock.machine_ns())
        return self._last_ns, self._last_ns // MS if self.seat.live_feed else 0

    def _step(self, given: inputs.Input) -> None:
        core = self.core
        assert core is not None
        entries, todo = core.step(given)
        if entries:
            if self._dies("crash_before_ledger"):
                return
            self._ledger.append(entries)
            if self._dies("crash_after_ledger"):
                return
        for effect in todo:
            if self.core is not core:
                return
            match effect:
                case effects.Send(data):
                    self.on_say(self, data)
                    if self._line is not None:
                        self._network.up(self._line, data)
                case effects.Call(call, bound_ms):
                    self._ask(call, bound_ms)
                case effects.Reopen():
                    self._later(int(self._rng.uniform(0.005, 0.2) * SECOND), self._reopen)

    def _dies(self, how: str) -> bool:
        chance: float = getattr(self.faults, how)
        if chance and self._rng.random() < chance:
            self.crash(how)
            return True
        return False

    def _reopen(self) -> None:
        self._line = self._network.open(self.seat.terminal, self._hears(self.life))
        self._step(inputs.Opened(*self._now(), self._rng.randint(1, 1 << 52)))

    def _hears(self, life: int) -> Callable[[bytes], None]:
        def deliver(data: bytes) -> None:
            self._alive(life, self._received, (data,))

        return deliver

    def _received(self, data: bytes) -> None:
        self._step(inputs.Received(*self._now(), data))

    def _beating(self, life: int) -> None:
        """Timers, several times a second; a reading right after."""
        if life != self.life:
            return
        self._step(inputs.Timer(*self._now()))
        if life == self.life and self.core is not None and self.core.worker_free:
            self._step(inputs.PollDue(*self._now(), 0))
        if life == self.life:
            self._later(TIMER_NS, self._beating, life)

    # --- the worker -------------------------------------------------------------------------------------------

    def _start_worker(self) -> None:
        self._later(int(self._rng.uniform(0.02, 0.3) * SECOND), self._worker_came)

    def _worker_came(self) -> None:
        seat = self.seat
        broker = "sim-1" if seat.kind == "paper" else ""
        identity = f.Identity(seat.login, SERVER, seat.kind, "USD", True, 0, 1, seat.terminal, broker)
        self._worker_up = True
        self._step(inputs.WorkerUp(*self._now(), identity, 0, self._connected, self._trade_allowed))

    def _worker_dies(self, why: str) -> None:
        self._asked += 1
        self._worker_up = False
        self._start_worker()
        self._step(inputs.WorkerLost(*self._now(), why))

    def _ask(self, call: calls.Call, bound_ms: int) -> None:
        assert self.core is not None
        self._asked += 1
        number = self._asked
        self.epoch_at_release = self.core.epoch_max
        if isinstance(call, calls.Perform):
            self._later(self._work_ns(), self._performs, number, call, bound_ms)
            self._later(bound_ms * MS, self._too_slow, number)
        elif isinstance(call, calls.Poll):
            self._later(500_000, self._polls, number, call)
        else:
            self._later(2 * MS, self._reads, number, call)

    def _work_ns(self) -> int:
        if self._happens("slow_worker"):
            return int(self._rng.expovariate(0.15) * SECOND)
        return int(self._rng.expovariate(1.0) * 8 * MS) + MS

    def _too_slow(self, number: int) -> None:
        if number == self._asked:
            self._worker_dies("the call took too long")

    def _happens(self, name: str) -> bool:
        return self.world.happens(name, getattr(self.faults, name), self._rng)

    def _answer(self, number: int, answer: calls.Answer) -> None:
        if number == self._asked:
            self._asked += 1
            self._step(inputs.Answered(*self._now(), answer))

    def _performs(self, number: int, call: calls.Perform, bound_ms: int) -> None:
        """Deadline, request, `order_send` once, answer: as the real worker does."""
        if number != self._asked:
            return
        if self._happens("worker_killed"):
            self._worker_dies("killed before the order")
            return
        code = self._prepared(call)
        if code:
            self._answer(number, calls.Performed(RowState.NOT_EXECUTED, code))
            return
        if not self._connected:
            self._answer(number, calls.Performed(RowState.UNKNOWN, "CONNECTION", 10031))
            return
        self.on_send(self, call)
        answer = self._broker.send(self.seat.login, call.act_id, call.move, call.order)
        if self._dies("crash_after_order"):
            return
        if self._happens("worker_killed"):
            self._worker_dies("killed after the order")
            return
        self._later(self._work_ns(), self._answer, number, answer)

    def _prepared(self, call: calls.Perform) -> str:
        """Why the order may not leave, or empty."""
        if self._now()[0] > call.not_after_ns:
            return "EXPIRED"
        order = call.order
        if order.kind is ActKind.FIRE:
            quote = self._broker.quote(order.symbol)
            assert quote is not None
            if order.rests:
                return "EXPIRED" if order.expiration_ms <= self._broker.market_ms else ""
            price = quote.ask_points if order.side is Side.BUY else quote.bid_points
            return "" if abs(price - order.entry_points) <= order.collar_points else "ENTRY_MISSED"
        if order.kind is ActKind.CANCEL:
            return "" if order.ticket in self._broker.books[self.seat.login].orders else "ORDER_GONE"
        return self._held(order)

    def _held(self, order: Order) -> str:
        held = self._broker.books[self.seat.login].positions.get(order.position_id)
        if held is None:
            return "POSITION_CLOSED"
        if order.moves_levels:
            now = next(row for row in self._broker.positions(self.seat.login) if row.position_id == order.position_id)
            return overtaken(order, now)
        left = held.volume_steps - order.volume_steps
        fits = (held.volume_steps, left) == (order.volume_expected_steps, order.volume_remaining_steps)
        return "" if fits else "VOLUME_CONFLICT"

    def _reads(self, number: int, call: calls.Call) -> None:
        if number != self._asked:
            return
        if self._happens("worker_killed"):
            self._worker_dies("killed while reading")
            return
        self._answer(number, self._read(call))

    def _read(self, call: calls.Call) -> calls.Answer:
        broker, login = self._broker, self.seat.login
        now_ms = broker.market_ms
        match call:
            case calls.Find():
                found = broker.find(login, call.act_id, call.order)
                return found if self._connected else calls.Found(None, False)
            case calls.ReadBooks():
                deals = broker.deals(login, call.deals_after)
                positions, orders = broker.positions(login), broker.orders(login)
                return calls.Books(now_ms, broker.terms(), positions, orders, deals, broker.account(login))
            case calls.ReadTerms():
                return calls.Terms(now_ms, broker.terms())
            case calls.ReadDeals():
                rows = broker.deals(login, 0)
                wanted = tuple(row for row in rows if call.from_ms <= row.time_ms <= call.to_ms)
                return calls.DealsRead(call.query_id, wanted)
            case calls.ReadRates():
                return calls.RatesRead(call.query_id, call.symbol, (), "this broker keeps no bars")
        raise AssertionError(call)

    def _polls(self, number: int, call: calls.Poll) -> None:
        if number != self._asked:
            return
        self._answer(number, self._polled(call))

    def _polled(self, call: calls.Poll) -> calls.Polled:
        broker, login = self._broker, self.seat.login
        now_ms = broker.market_ms
        if not self._connected:
            return calls.Polled(now_ms, False, self._trade_allowed, offset_ms=0)
        read = [self._ticks(cursor) for cursor in call.cursors]
        return calls.Polled(
            market_ms=now_ms,
            connected=True,
            trade_allowed=self._trade_allowed,
            read=True,
            ticks=tuple(batch for batch, _ in read if batch.ticks),
            cursors=tuple(cursor for _, cursor in read),
            positions=broker.positions(login),
            deals=broker.deals(login, call.deals_after) if call.deals_after >= 0 else (),
            account=broker.account(login),
            offset_ms=0,
            orders=broker.orders(login),
        )

    def _ticks(self, cursor: calls.Cursor) -> tuple[f.SymbolTicks, calls.Cursor]:
        rows = self._broker.ticks(cursor.symbol, cursor.time_ms)
        if not rows:
            return f.SymbolTicks(cursor.symbol, ()), cursor
        return f.SymbolTicks(cursor.symbol, rows), calls.Cursor(cursor.symbol, rows[-1].time_ms, 1)
