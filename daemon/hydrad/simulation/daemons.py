"""Actors: the daemon's process: the real Driver and Engine over a journal's disk, killed at any event.

Between prepare and commit, between commit and release, and in the midst of a release it may die; what is left is the
journal. A start is the only recovery: fold, Started, hand-shakes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from hydrad.domain.accounts import Authority, HomeMode
from hydrad.domain.actors import Actor, Role, Surface
from hydrad.domain.instants import MS, SECOND
from hydrad.driver import BATCH_MAX, Batch, Driver
from hydrad.link import frames as f
from hydrad.link.frames import BadFrame
from hydrad.simulation.brokerage import SERVER, SYMBOLS
from hydrad.simulation.clocks import HostClock
from hydrad.simulation.disk import DiskFull, InputDisk, JournalDisk
from hydrad.simulation.faults import Faults
from hydrad.simulation.network import Network
from hydrad.simulation.signals import SimSignals
from hydrad.simulation.terminals import Seat
from hydrad.simulation.world import World
from hydrad.toc import fold, narrate
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.effects import RatesSought, RatesTold, Reply, TicksTaken
from hydrad.toc.engine import Engine
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits, Timing
from hydrad.toc.record import Record
from hydrad.toc.state import State
from hydrad.wire import calls

BOSS, OTHER = "uid:0", "uid:1"
CLOCK_NS = 100 * MS
TAG = 4_242
ENGINE_MUTANTS = frozenset({"blind_retry", "unknown_is_rejected", "handshake_without_ledger", "latch_leaves_resting"})
ENGINE_MUTANTS |= {"own_approval", "approval_outlives_change"}
DRIVER_MUTANTS = frozenset({"send_before_commit", "kill_not_rechecked"})


# Near enough for the few seconds that a position lives here.
PLANS = {
    "runner": "break-even 0.05R +2p; part 50% at 0.06R; trail from 0.08R by 0.1R; time stop; before weekend 30m",
    "trail": "trail from 0.02R by 0.05R",
    "parts": "part 30% at 0.03R; part 30% at 0.08R; break-even 0.04R; before news 5m",
}


@dataclass(frozen=True, slots=True)
class Home:
    """What the daemon is configured with. `per_tick`: missions for each tick."""

    mode: HomeMode
    limits: Limits
    timing: Timing
    seats: tuple[Seat, ...]
    per_tick: int
    guards: Guards


class DaemonActor:
    """The daemon over all its lives. `on_*`: the oracles' and the people's ears."""

    def __init__(
        self, world: World, home: Home, network: Network, faults: Faults, clock: HostClock, mutants: frozenset[str]
    ) -> None:
        self.world = world
        self.home = home
        self.faults = faults
        self.clock = clock
        self.disk = JournalDisk(world)
        self.inputs = InputDisk(keep=False)
        self.engine: Engine | None = None
        self.lives = 0
        self.halts_pending: Counter[str] = Counter()
        self.on_frame: Callable[[str, f.DownFrame], None] = lambda terminal, frame: None
        self.on_reply: Callable[[Reply], None] = lambda reply: None
        self.on_records: Callable[[Sequence[Record]], None] = lambda records: None
        self.on_dying: Callable[[], None] = lambda: None
        self.on_death: Callable[[], None] = lambda: None
        self.on_folded: Callable[[State], None] = lambda state: None
        self._network = network
        self._mutants = mutants
        self._rng = world.rng("daemon")
        self._driver: Driver | None = None
        self._inbox: deque[i.AnyInput] = deque()
        self._urgent: deque[i.AnyInput] = deque()
        self._busy = False
        network.daemon = self

    @property
    def state(self) -> State:
        assert self.engine is not None
        return self.engine.state

    @property
    def listening(self) -> bool:
        return self.engine is not None

    def start(self) -> None:
        self.boot()
        self._plan_crash()

    def heal(self, faults: Faults) -> None:
        self.faults = faults

    # --- life and death ------------------------------------------------------------------------------------

    def boot(self) -> None:
        """Fold what is durable and start."""
        if self.engine is not None:
            return
        self.lives += 1
        state = State()
        for record in self.disk.replay():
            fold.apply(state, record)
        self.on_folded(state)
        unended = [(number, state.missions[number].signal) for number in sorted(state.missions_unended)]
        signals = SimSignals(self.world.rng(f"signals.{self.lives}"), self.home.per_tick, unended)
        born = state.created
        self.engine = Engine(state, signals, self._mutants & ENGINE_MUTANTS)
        self._driver = Driver(
            self.engine, self.disk, self.inputs, self, self, self.clock, self.inputs.last_number + 1,
            self._mutants & DRIVER_MUTANTS,
        )  # fmt: skip
        self.world.say("daemon", f"starts, life {self.lives}, {self.disk.seq} records")
        self._driver.turn([self._started(None if born else i.HomeBirth(self.home.mode, TAG, BOSS))])
        if not born:
            self._driver.turn([self._enrolled(seat) for seat in self.home.seats])
            self._joins()
        self._tick(self.lives)

    def _started(self, birth: i.HomeBirth | None) -> i.Started:
        return i.Started(
            instance=f"sim-{self.lives}",
            code_version="sim",
            tzdata_version="sim",
            limits=self.home.limits,
            timing=self.home.timing,
            halt_file=False,
            symbols=SYMBOLS,
            birth=birth,
            guards=self.home.guards,
            plans=PLANS,
        )

    def _enrolled(self, seat: Seat) -> i.Requested:
        verb = calls.TerminalEnroll(seat.terminal, seat.account, seat.login, SERVER, kind=seat.kind, symbols=SYMBOLS)
        return i.Requested(0, Actor(BOSS, Surface.SHELL), "", verb, f"key-{seat.terminal}")

    def _joins(self) -> None:
        """A second commander, here from the beginning: in a real home nobody resumes alone. (Alone, one would wait ten
        minutes for a second.)"""
        state, body = self.state, r.OperatorSet(OTHER, "second", Role.COMMANDER)
        record = Record(
            seq=state.seq + 1,
            epoch=state.epoch,
            at_ns=self.clock.machine_ns(),
            market_ms=state.market_ms,
            input_no=0,
            actor=BOSS,
            surface=Surface.SHELL.value,
            type=r.NAMES[type(body)],
            version=r.BODY_VERSION,
            body=r.encode(body),
        )
        self.disk.append([record])
        fold.apply(state, record)

    def crash(self, how: str) -> None:
        """kill -9. Only what was committed is left."""
        if self.engine is None:
            return
        self.world.hit(how)
        self.world.say("daemon", f"dies ({how})")
        self.on_dying()
        self.engine = self._driver = None
        self._inbox.clear()
        self._urgent.clear()
        self._busy = False
        self.lives += 1
        self.halts_pending.clear()
        self._network.break_all()
        self.on_death()
        self.world.after(int(self._rng.uniform(0.3, 3.0) * SECOND), self.boot)

    def _plan_crash(self) -> None:
        if self.faults.daemon_crash_s:
            delay_ns = int(self._rng.expovariate(1 / self.faults.daemon_crash_s) * SECOND)
            self.world.after(delay_ns, self._befalls)

    def _befalls(self) -> None:
        if self.faults.daemon_crash_s:
            self.crash("daemon_crash")
            self._plan_crash()

    # --- the inbox -----------------------------------------------------------------------------------------

    def submit(self, body: i.AnyInput, urgent: bool = False) -> None:
        """Put an input into the inbox; the urgent lane is drained first."""
        (self._urgent if urgent else self._inbox).append(body)
        self._wake()

    def halt_arrives(self, account: str, request: i.Requested) -> None:
        """The edge closes the latch in memory the moment an allowed halt arrives."""
        assert self._driver is not None
        self._driver.close_latch(account)
        self.halts_pending[account] += 1
        self.submit(request, urgent=True)

    def latched(self, account: str) -> bool:
        """Whether nothing may be handed to the bridge for an account, by what has arrived so far."""
        pending = self.halts_pending[""] + self.halts_pending[account]
        return pending > 0 or self.state.account_authority(account) is not Authority.ACTIVE

    def heard(self, terminal: str, connection: int, data: bytes) -> None:
        """A message of an agent's connection."""
        try:
            frame = f.decode_up(data)
        except BadFrame:
            self.submit(i.Strangers("bridge", f"frame {terminal}", 1))
            return
        self.submit(i.FrameIn(terminal, connection, frame))

    def _tick(self, life: int) -> None:
        if life == self.lives and self.engine is not None:
            self.submit(i.Clock())
            self.world.after(CLOCK_NS, self._tick, life)

    def _wake(self) -> None:
        if not self._busy:
            self._busy = True
            self.world.after(int(self._rng.expovariate(1.0) * 300_000), self._turn, self.lives)

    # --- prepare, commit, release ----------------------------------------------------------------------------

    def _turn(self, life: int) -> None:
        if life != self.lives or self._driver is None:
            return
        bodies = [self._urgent.popleft() for _ in range(len(self._urgent))]
        while self._inbox and len(bodies) < BATCH_MAX:
            bodies.append(self._inbox.popleft())
        batch = self._driver.prepare(bodies)
        for body in bodies:
            if isinstance(body, i.Requested) and isinstance(body.body, calls.Halt):
                self.halts_pending[body.body.account or ""] -= 1
        delay_ns = 0
        if batch.records:
            slow = self._happens("slow_commit")
            delay_ns = int(self._rng.expovariate(1.0) * (300 if slow else 1) * MS)
        if self._dies("crash_before_commit"):
            return
        self.world.after(delay_ns, self._commit, life, batch)

    def _commit(self, life: int, batch: Batch) -> None:
        if life != self.lives or self._driver is None:
            return
        if batch.records and self._happens("disk_full"):
            self.disk.fails = True
        try:
            self._driver.commit(batch)
        except DiskFull:
            self.crash("disk_full")
            return
        if self._dies("crash_after_commit"):
            return
        self.world.after(int(self._rng.expovariate(1.0) * 100_000), self._release, life, batch)

    def _release(self, life: int, batch: Batch) -> None:
        if life != self.lives or self._driver is None:
            return
        caused = self._driver.release(batch)
        if life != self.lives:
            return
        for body in reversed(caused):
            self._inbox.appendleft(body)
        self._busy = False
        if self._inbox or self._urgent:
            self._wake()

    def _dies(self, how: str) -> bool:
        if self._happens(how):
            self.crash(how)
            return True
        return False

    def _happens(self, name: str) -> bool:
        return self.world.happens(name, getattr(self.faults, name), self._rng)

    # --- ports -----------------------------------------------------------------------------------------------

    def send(self, terminal: str, connection: int, frame: f.DownFrame) -> bool:
        """The bridge. In the midst of a release the process may die: what follows is never sent."""
        if self.engine is None or self._dies("crash_while_releasing"):
            return True
        self.on_frame(terminal, frame)
        sent = self._network.down(connection, f.encode(frame))
        if sent and isinstance(frame.body, f.Fire | f.Close | f.Modify) and self._happens("stutter"):
            self.world.after(int(self._rng.uniform(0.0, 3.0) * SECOND), self._stutter, self.lives, terminal, frame)
        return sent

    def _stutter(self, life: int, terminal: str, frame: f.DownFrame) -> None:
        """A daemon that is wrong: it gives the same command once more, in its session's proper order."""
        if life != self.lives or self.engine is None:
            return
        link = self.engine.live.link(terminal)
        if link.session is None or link.down is None or link.session.session != frame.session:
            return
        again = msgspec.structs.replace(frame, seq=link.down.next_seq())
        self._network.down(link.connection, f.encode(again))

    def reply(self, reply: Reply) -> None:
        if self.engine is not None and reply.request:
            self.on_reply(reply)

    def admit(self) -> None:
        return

    def step_down(self, reason: str) -> None:
        self.crash("stepped_down")

    def ticks(self, taken: TicksTaken) -> None:
        return

    def rates(self, said: RatesSought | RatesTold) -> None:
        return

    def published(self, records: Sequence[Record]) -> None:
        if self.engine is None:
            return
        if self.world.remembers:
            for record in records:
                self.world.note("journal", f"{record.seq} {narrate.event(self.engine.state, record).text}")
        self.on_records(records)
