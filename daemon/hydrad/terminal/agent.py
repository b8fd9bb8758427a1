"""The agent's shell: one plain loop around `hydrad.agent`. Owns the ledger file, the socket and the worker.

Each input is stepped; the entries are committed; only then are the effects performed, in their order. Nothing in the
loop waits but the one poll, which is bounded.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import zmq

from hydrad import __version__
from hydrad.agent import calls, effects, inputs
from hydrad.agent.config import AgentConfig
from hydrad.agent.core import AgentCore
from hydrad.agent.entries import Entry, FlattenStored, LatchStored
from hydrad.domain.instants import MS, SECOND, parse_ms
from hydrad.domain.orders import ActKind
from hydrad.host import entropy, machine, systemd
from hydrad.host.clock import SystemClock
from hydrad.link.frames import RowState, SelfTest
from hydrad.terminal import bundle as bundles
from hydrad.terminal import caps_file, pipe
from hydrad.terminal.bundle import BadBundle, Bundle
from hydrad.terminal.dealer import Dealer, OutboxFull
from hydrad.terminal.handle import WorkerGone, WorkerHandle
from hydrad.terminal.ledger import LedgerFile
from hydrad.terminal.selftest import report
from hydrad.terminal.steady import SteadyClock

TIMER_NS = SECOND // 5
WAIT_MS_MAX = 50
# Of what was told last before the end; the next hand-shake tells it again in any case.
LINGER_MS = 500
_LOG = logging.getLogger("hydrad.terminal")


class Agent:
    """One agent from its bundle. `run` returns after `stop`. One that is not `linked` asks no daemon anything."""

    def __init__(self, path: Path, bundle: Bundle, *, linked: bool = True) -> None:
        self._path = path
        self._name = bundle.name
        self._ping_file = Path(bundle.ledger).with_name("ping")
        self._daemons = bundle.daemons
        self._daemon = 0
        self._linked = linked
        self._simulated = bundle.module == "simulated"
        self._poll_ns = bundle.poll_ms * MS
        self._clock = SteadyClock()
        self._ledger = LedgerFile(Path(bundle.ledger), ready=True)
        self._core = AgentCore(config(path, bundle), self._ledger.id, self._ledger.read())
        self._dealer = Dealer(bundle)
        self._worker = WorkerHandle(bundle, self._clock.base_ns)
        self._timer_ns = self._poll_at_ns = 0
        self._manager = systemd.take(os.environ)
        self._watchdog = systemd.Watchdog(self._manager.watchdog_s, self._clock.now_ns() / SECOND)
        self._stopping = self._stop_told = self._unasked = self._clogged = False
        self._perform: dict[type[effects.Effect], Callable[..., None]] = {
            effects.Send: self._send,
            effects.Call: self._ask,
            effects.Reopen: self._reopen,
            effects.Say: lambda effect: _LOG.warning("%s", effect.text),
        }

    def stop(self) -> None:
        """Ask for the end: from here on no opening order is handed to the worker; what reduces and is in hand already
        is waited for. May be called from a signal's handler."""
        self._stopping = True

    def run(self, each_turn: Callable[[], None] = lambda: None) -> None:
        """Serve until `stop`. `each_turn` is called after every round, and may call it."""
        try:
            self._open()
            self._manager.ready(f"{self._name}: looking for its daemon and its terminal")
            while not self._stop_told or self._core.in_hand:
                began_ns = self._clock.now_ns()
                self._turn()
                each_turn()
                self._feed(began_ns)
        finally:
            self._manager.stopping(f"{self._name}: stopping")
            self._worker.kill(self._clock.now_ns())
            self._dealer.close(LINGER_MS)
            self._ledger.close()

    def _turn(self) -> None:
        """One round: wait, read what came, then whatever time has made due."""
        self._wait()
        self._tell_stop()
        self._listen()
        for message in self._dealer.receive():
            self._step(inputs.Received(*self._now(), message))
        for entry in self._ledger.foreign():
            self._local(entry)
        self._dealer.flush()
        self._due()

    def _tell_stop(self) -> None:
        if self._stopping and not self._stop_told:
            self._stop_told = True
            self._step(inputs.Stopping(*self._now()))

    def _local(self, entry: Entry) -> None:
        match entry:
            case LatchStored():
                self._step(inputs.LocalLatch(*self._now(), entry))
            case FlattenStored(_, _, until_ns):
                left_ns = until_ns - SystemClock().machine_ns()
                self._step(inputs.LocalFlatten(*self._now(), entry, left_ns))

    def _feed(self, began_ns: int) -> None:
        """A sign of life for the service manager, after a round in time and a write that the ledger's disk took."""
        if not self._watchdog.needs_ping(self._clock.now_ns() / SECOND, 0.0):
            return
        systemd.ping(self._ping_file, f"{os.getpid()}\n")
        now_ns = self._clock.now_ns()
        lag_s = (now_ns - began_ns) / SECOND - WAIT_MS_MAX / 1000
        if self._watchdog.feed(now_ns / SECOND, lag_s, now_ns / SECOND):
            worker = "worker free" if self._core.worker_free else "worker busy"
            self._manager.status(f"{self._name}: {worker}, {self._dealer.waiting} frames wait")
            self._manager.alive()

    def _wait(self) -> None:
        poller = zmq.Poller()
        if self._dealer.socket is not None:
            poller.register(self._dealer.socket, zmq.POLLIN | (zmq.POLLOUT if self._dealer.waiting else 0))
        if self._worker.fd is not None:
            poller.register(self._worker.fd, zmq.POLLIN)
        self._ready = {source for source, _ in poller.poll(self._wait_ms())}

    def _wait_ms(self) -> int:
        """Until the next reading is due; rounded up, so that waiting does not turn into spinning."""
        if not self._core.worker_free:
            return WAIT_MS_MAX
        left_ns = self._poll_at_ns - self._clock.now_ns()
        return min(max(-(-left_ns // MS), 0), WAIT_MS_MAX)

    def _listen(self) -> None:
        """The worker's answers, its end, or its being late."""
        now_ns = self._clock.now_ns()
        try:
            messages = self._worker.listen() if self._worker.fd in self._ready else []
        except WorkerGone as gone:
            self._worker_gone(str(gone))
            return
        for message in messages:
            self._answered(message)
        if self._worker.overdue(now_ns):
            self._worker_gone("the worker's call took too long; it was killed")
        self._worker.start_if_due(now_ns, self._grids())

    def _grids(self) -> dict[str, pipe.Grid]:
        """What a worker must know of symbols that may be gone when it asks."""
        terms = self._core.terms.items()
        return {name: pipe.Grid(one.digits, one.volume_step, one.filling_flags, one.execution) for name, one in terms}

    def _answered(self, message: pipe.Up) -> None:
        match message:
            case pipe.LoggedIn(identity, offset_ms, market_ms, connected, trade_allowed, symbols, stand_ins):
                self._worker.healthy()
                # HELLO tells market time: without it the daemon would take the first history for ticks of the future.
                now_ns = self._clock.now_ns()
                facts = (identity, offset_ms, connected, trade_allowed, symbols, stand_ins)
                self._step(inputs.WorkerUp(now_ns, market_ms, *facts))
            case pipe.LoginFailed(reason, identity):
                _LOG.warning("the terminal cannot be used: %s", reason)
                if identity is not None:
                    self._step(inputs.WrongTerminal(*self._now(), identity))
            case _:
                self._step(inputs.Answered(*self._now(), message))

    def _worker_gone(self, reason: str) -> None:
        _LOG.warning("%s", reason)
        self._worker.kill(self._clock.now_ns())
        self._step(inputs.WorkerLost(*self._now(), reason))

    def _due(self) -> None:
        if self._unasked:
            self._unasked = False
            self._step(inputs.Answered(*self._now(), calls.Performed(RowState.NOT_EXECUTED, "STOPPING")))
        if self._clogged:
            self._clogged = False
            self._step(inputs.LinkLost(*self._now(), "the connection takes nothing any more"))
        now_ns = self._clock.now_ns()
        if now_ns - self._timer_ns >= TIMER_NS:
            self._timer_ns = now_ns
            self._step(inputs.Timer(*self._now()))
            if not self._core.performing:
                self._ledger.tidy()
        if self._core.worker_free and now_ns >= self._poll_at_ns:
            self._poll_at_ns = now_ns + self._poll_ns
            self._step(inputs.PollDue(*self._now(), self._dealer.waiting))

    def _now(self) -> tuple[int, int]:
        """Machine time, and market time where the shell knows it: on a live feed."""
        return self._clock.now_ns(), 0 if self._simulated else SystemClock().machine_ns() // MS

    def _step(self, given: inputs.Input) -> None:
        """Step, commit, act: in this order, whatever happens."""
        entries, todo = self._core.step(given)
        if entries:
            self._ledger.append(entries)
        for effect in todo:
            self._perform[type(effect)](effect)

    def _send(self, effect: effects.Send) -> None:
        try:
            self._dealer.send(effect.data)
        except OutboxFull:
            self._clogged = True  # the rest of this step's frames is lost with it; the core hears of it next

    def _ask(self, effect: effects.Call) -> None:
        if self._stopping and isinstance(effect.call, calls.Perform) and effect.call.order.kind is ActKind.FIRE:
            self._unasked = True  # told to end between its last check and here
            return
        self._worker.ask(effect, self._clock.now_ns())

    def _reopen(self, effect: effects.Reopen) -> None:
        _LOG.info("a new session: %s", effect.reason)
        self._reload()
        if effect.next_daemon:
            self._daemon += 1
        self._open()

    def _open(self) -> None:
        if not self._linked:
            return
        self._dealer.open(self._daemons[self._daemon % len(self._daemons)])
        self._step(inputs.Opened(*self._now(), entropy.draw_session()))

    def _reload(self) -> None:
        """The daemon may have moved: its addresses are read again, nothing else."""
        try:
            self._daemons = bundles.load(self._path).daemons
        except BadBundle as error:
            _LOG.warning("the bundle cannot be read again: %s", error)


def config(path: Path, bundle: Bundle) -> AgentConfig:
    """What the core wants to know of a bundle and of the host's caps beside it; raises BadBundle."""
    return AgentConfig(
        account=bundle.account,
        login=bundle.login,
        server=bundle.server,
        agent_version=__version__,
        boot_id=entropy.draw_instance(),
        symbols=tuple(bundle.symbols),
        caps=caps_file.effective(path, bundle),
        settle_ns=bundle.settle_s * SECOND,
        dead_man_ns=bundle.dead_man_s * SECOND,
        act_bound_ms=bundle.act_bound_s * 1000,
        host=machine.name(),
        selftest=_selftest(path),
    )


def _selftest(path: Path) -> SelfTest | None:
    found = report.newest(path)
    if found is None:
        return None
    who = found.identity
    return SelfTest(who.server, who.build, found.symbol, found.passed, parse_ms(found.at), found.digest)
