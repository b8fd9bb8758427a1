"""`hydrad drill`: runs of a ring, each from one seed.

A run of R1 has a safety phase, in which anything that its swarm holds may go wrong; then everything heals, and a
liveness phase demands that it all comes to a verdict and that every book agrees. A run that fails is run again with its
time line remembered, which the same seed makes the same.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

import msgspec

from hydrad import __version__
from hydrad.domain.accounts import HomeMode
from hydrad.domain.instants import MS, SECOND, ns_text
from hydrad.host.clock import SystemClock
from hydrad.simulation import powercuts
from hydrad.simulation.brokerage import Brokerage
from hydrad.simulation.clocks import HostClock
from hydrad.simulation.daemons import DaemonActor, Home
from hydrad.simulation.faults import Faults, draw, healed
from hydrad.simulation.mutants import MUTANTS
from hydrad.simulation.network import Network
from hydrad.simulation.oracles import Oracles, Violation
from hydrad.simulation.people import People
from hydrad.simulation.powercuts import Cuts
from hydrad.simulation.second_person import thresholds
from hydrad.simulation.terminals import AgentActor, Seat
from hydrad.simulation.world import START_NS, World
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits, Timing
from hydrad.wire.answers import Answer, DaemonInfo, Problem
from hydrad.wire.calls import PROTOCOL
from hydrad.wire.codes import ErrorCode

SAFETY_S = 60.0
SETTLE_NS = 8 * SECOND
# Everything must have ended this long after the world was healed: dead sessions noticed, two settle windows, answers.
LIVENESS_NS = 45 * SECOND
TURN_MS_MAX = 5_000
EXIT_OK, EXIT_USAGE, EXIT_DIFFERENCES = 0, 2, 10
LINES_SHOWN = 60
_AGENT_MUTANTS = frozenset({"no_dedupe", "deadline_not_checked", "handshake_without_ledger", "gone_is_proof"})


@dataclass(slots=True)
class Result:
    """One run. `code` is empty where nothing was broken, else an invariant's name, LIVE or CRASH."""

    seed: int
    trace: str
    code: str = ""
    text: str = ""
    fires: int = 0
    routed: int = 0
    executed: int = 0
    records: int = 0
    events: int = 0
    faults: list[str] = field(default_factory=list)
    hits: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.code

    @property
    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("fires", "routed", "executed", "records", "events")}


class Outcome(Protocol):
    """What a run of any ring tells. `code` is empty where nothing was broken."""

    seed: int
    code: str
    text: str
    hits: dict[str, int]
    lines: list[str]

    @property
    def ok(self) -> bool: ...
    @property
    def counts(self) -> dict[str, int]: ...


class Run:
    """All actors of one seed."""

    def __init__(self, seed: int, mutants: frozenset[str] = frozenset(), remember: bool = False) -> None:
        self.world = World(seed, remember)
        rng = self.world.rng("swarm")
        self.faults = draw(rng)
        self._clocks = self.world.rng("clock")
        home = _home(rng.randrange(1 << 30), self.world)
        self.broker = Brokerage(self.world, self.faults, SETTLE_NS)
        self.network = Network(self.world, self.faults)
        for login in sorted({seat.login for seat in home.seats}):
            self.broker.open_account(login)
        self.daemon = DaemonActor(
            self.world, home, self.network, self.faults, _clock(self.world, self.faults, "daemon"), mutants
        )
        self.agents = [
            AgentActor(
                self.world,
                seat,
                self.broker,
                self.network,
                self.faults,
                _clock(self.world, self.faults, seat.terminal),
                mutants & _AGENT_MUTANTS,
            )
            for seat in home.seats
        ]
        self.people = People(self.world, self.daemon, self.faults, rng.choice((20, 30, 60)) * MS)
        self.oracles = Oracles(self.world, self.daemon, self.agents, self.broker, bool(self.faults.too_late))
        self.people.on_answer = self.oracles.answered
        self.people.on_halted = self.oracles.halted
        self.daemon.on_dying = self.oracles.dies

    def go(self, safety_s: float) -> None:
        """Raises Violation, or whatever the code under test raises."""
        self.daemon.start()
        for agent in self.agents:
            agent.start()
        self.broker.start()
        self.network.start()
        self.people.start()
        self.oracles.start()
        self._plan_clock_step()
        until_ns = START_NS + int(safety_s * SECOND)
        self.world.run(until_ns)
        self._heal()
        self.world.run(until_ns + LIVENESS_NS)
        self._between_turns()
        self.oracles.settle()

    def _between_turns(self) -> None:
        """Let the batch that is being committed right now come to its end."""
        for _ in range(TURN_MS_MAX):
            if self.daemon.engine is None or self.daemon.disk.seq == self.daemon.state.seq:
                return
            self.world.run(self.world.now_ns + MS)

    def _heal(self) -> None:
        self.world.say("world", "heals")
        well = healed(self.faults)
        self.faults.clock_step_s = 0.0
        self.broker.faults = well
        self.network.heal(well)
        self.daemon.heal(well)
        for agent in self.agents:
            agent.heal(well)
        self.people.rest(well)
        self.world.after(LIVENESS_NS - 8 * SECOND, self.people.decide)
        self.world.after(LIVENESS_NS - 3 * SECOND, self.broker.rest)
        self.world.after(LIVENESS_NS - 2 * SECOND, self.people.compare)

    def _plan_clock_step(self) -> None:
        if self.faults.clock_step_s:
            delay_ns = int(self._clocks.expovariate(1 / self.faults.clock_step_s) * SECOND)
            self.world.after(delay_ns, self._step_clock, self._clocks.random())

    def _step_clock(self, draw: float) -> None:
        """Somebody sets the daemon's clock, and back again a little later."""
        if self.faults.clock_step_s:
            by_ns = int((draw - 0.5) * 0.6 * SECOND)
            self.world.hit("clock_step")
            self.daemon.clock.step(by_ns)
            self.world.after(18 * SECOND, self.daemon.clock.step, -by_ns)
            self._plan_clock_step()


def _clock(world: World, faults: Faults, name: str) -> HostClock:
    rng = world.rng(f"clock.{name}")
    offset_ms = rng.randint(-faults.clock_offset_ms, faults.clock_offset_ms) // 2
    return HostClock(world, offset_ms * MS, rng.randint(-faults.clock_drift_ppm, faults.clock_drift_ppm) // 2)


def _guards(number: int, world: World) -> Guards:
    """In some runs an account whose open risk grows is closed whole, in the middle of everything."""
    limit = world.rng(f"guards.{number}").choice((0, 0, 0, Decimal("0.3")))
    return Guards(
        day_loss_warning_percent=Decimal(0),
        day_loss_limit_percent=Decimal(0),
        margin_level_warning_percent=Decimal(0),
        open_risk_limit_percent=Decimal(limit),
        open_risk_action="flatten",
    )


def _home(number: int, world: World) -> Home:
    """Two accounts; the second may have two terminals. Limits are tight in some runs and wide in others."""
    rng = world.rng(f"home.{number}")
    mode = rng.choice((HomeMode.PAPER, HomeMode.REAL))
    kind = "paper" if mode is HomeMode.PAPER else "demo"
    seats = [Seat("t1", "alpha", 5001, kind, SETTLE_NS), Seat("t2", "bravo", 5002, kind, SETTLE_NS)]
    if rng.random() < 0.4:
        seats.append(Seat("t3", "bravo", 5002, kind, SETTLE_NS))
    limits = Limits(
        risk_per_trade_percent=Decimal("0.1"),
        open_risk_max_percent=rng.choice((Decimal(1), Decimal(10), Decimal(60))),
        day_loss_max_percent=Decimal(50),
        open_positions_max=rng.choice((6, 60, 200)),
        resting_orders_max=100,
        fires_per_minute_max=600,
        margin_level_min_percent=Decimal(50),
        opposite_positions=rng.random() < 0.7,
    )
    timing = Timing(
        act_deadline_ms=rng.choice((1_000, 3_000, 5_000)),
        result_timeout_ms=rng.choice((1_500, 4_000, 8_000)),
        query_interval_ms=500,
        settle_ms=SETTLE_NS // MS,
    )
    limits, timing = thresholds(world.rng(f"thresholds.{number}"), limits, timing)
    return Home(mode, limits, timing, tuple(seats), rng.choice((4, 8, 12)), _guards(number, world))


def run(seed: int, safety_s: float = SAFETY_S, mutants: frozenset[str] = frozenset(), remember: bool = False) -> Result:
    """One run; never raises for what the code under test does wrong."""
    made = Run(seed, mutants, remember)
    code = text = ""
    try:
        made.go(safety_s)
    except Violation as broken:
        code, text = broken.code, broken.text
    except Exception as error:  # noqa: BLE001 - the edge: whatever the code under test raises is the run's result
        where = traceback.extract_tb(error.__traceback__)[-1]
        code, text = "CRASH", f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})"
    world = made.world
    return Result(
        seed=seed,
        trace=world.digest(),
        code=code,
        text=text,
        fires=made.people.fires,
        routed=made.oracles.routed,
        executed=len(made.broker.executions),
        records=made.daemon.disk.seq,
        events=world.events,
        faults=made.faults.names(),
        hits=dict(world.hits),
        lines=list(world.lines),
    )


def runs(
    seeds: Sequence[int], safety_s: float = SAFETY_S, processes: int | None = None, ring: str = "R1"
) -> list[Outcome]:
    """Many runs of a ring, on all cores; their results in the order of the seeds."""
    one = RINGS[ring]
    count = min(processes or multiprocessing.cpu_count(), len(seeds))
    if count <= 1:
        return [one(seed, safety_s) for seed in seeds]
    with multiprocessing.get_context("fork").Pool(count) as pool:
        return pool.starmap(one, [(seed, safety_s) for seed in seeds], chunksize=1)


def _seeded(seed: int, safety_s: float, remember: bool = False) -> Result:
    return run(seed, safety_s, remember=remember)


def _cut(seed: int, safety_s: float, remember: bool = False) -> Cuts:
    """A run of R3 has no time line."""
    return powercuts.run(seed)


# R1: the core, every port simulated. R3: the files as they ship, on a disk that loses power.
RINGS: dict[str, Callable[..., Outcome]] = {"R1": _seeded, "R3": _cut}


def main(argv: Sequence[str]) -> int:
    """0 when every run is clean, 10 when one is not."""
    options = _parser().parse_args(argv)
    if options.ring not in RINGS:
        sys.stderr.write(f"hydrad drill: ring {options.ring} is not here yet; {' and '.join(RINGS)} are\n")
        return EXIT_USAGE
    seeds = range(options.seed, options.seed + options.seeds)
    results = runs(seeds, options.until, ring=options.ring)
    failed = [result for result in results if not result.ok]
    told = [RINGS[options.ring](result.seed, options.until, remember=True) for result in failed[:3]]
    if options.output == "json":
        _tell_json(options.ring, results, told)
    else:
        _tell(results, told)
    return EXIT_DIFFERENCES if failed else EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hydrad drill", description="The seeded simulator.")
    parser.add_argument("--ring", default="R1", help="R1: the core in a seeded world; R3: its files under power cuts")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds")
    parser.add_argument("--until", type=float, default=SAFETY_S, help="seconds of the safety phase")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table")
    return parser


def _sums(results: Sequence[Outcome]) -> dict[str, int]:
    sums = {"seeds": len(results), "failed": sum(not result.ok for result in results)}
    for result in results:
        for name, count in result.counts.items():
            sums[name] = sums.get(name, 0) + count
    return sums


def _hits(results: Sequence[Outcome]) -> Counter[str]:
    hits: Counter[str] = Counter()
    for result in results:
        hits.update(result.hits)
    return hits


def _tell(results: Sequence[Outcome], told: Sequence[Outcome]) -> None:
    out = sys.stdout.write
    for result in told:
        out(f"seed {result.seed}: {result.code}: {result.text}\n")
        for line in result.lines[-LINES_SHOWN:]:
            out(f"  {line}\n")
    for result in results:
        if not result.ok:
            out(f"FAILED seed {result.seed}: {result.code}: {result.text}\n")
    out("  ".join(f"{name} {count}" for name, count in _sums(results).items()) + "\n")
    out("faults hit: " + "  ".join(f"{name} {count}" for name, count in sorted(_hits(results).items())) + "\n")


def _tell_json(ring: str, results: Sequence[Outcome], told: Sequence[Outcome]) -> None:
    data: dict[str, object] = {
        "ring": ring,
        "ok": all(result.ok for result in results),
        **_sums(results),
        "hits": dict(sorted(_hits(results).items())),
        "mutants": sorted(MUTANTS),
        "failures": [msgspec.to_builtins(result) for result in told],
    }
    problem = None
    if not data["ok"]:
        seeds = [result.seed for result in results if not result.ok]
        problem = Problem(ErrorCode.DIFFERENCES.value, f"{len(seeds)} seeds failed", None, {"seeds": seeds})
    daemon = DaemonInfo(__version__, PROTOCOL, "", "")
    now = ns_text(SystemClock().machine_ns(), 6)
    plain = msgspec.to_builtins(Answer("hydra.drill/v1", problem is None, now, daemon, data, error=problem))
    del plain["id"], plain["more"]
    sys.stdout.write(msgspec.json.encode(plain).decode() + "\n")
