"""Fifty terminals on one daemon: what it takes, what it sheds, and what that does to orders.

A fresh paper home with its simulated broker and its two real agents, and 50 more enrolled terminals whose agents are
the load (`swarm.py`). One run, in turn: without load, 50 x 10 ticks/s, 2,000 ticks/s, and 20 and 100 times the first.
The daemon keeps up with all of them, so two phases more hold it to a share of its time (it is stopped and let go, a
hundred times a second): `held` without load and `overrun` with 20 times the load, where ticks must be shed. Ticks sent
are then counted against those that reached the core (`witness.py`): what is missing must be what the daemon says that
it has shed, to the tick.

In each phase fires and closes go through the real agents, halts are latched and released, and each fire that was not
filled is shown with its verdict. Signals are followed two ways, one durable commit in each: `mission`, from the frame
that has read a bar to its end, handed to its agent's socket, to the mission in a watcher's hand on the control socket;
`tick_to_mission`, from the same frame out of the daemon's socket to the mission published. Market time runs 20 times as
fast as life, so that a minute's bar closes every three seconds.

CPU is the daemon's own, all threads, in shares of one core; memory is its VmRSS at the end of a phase. Latencies are
told beside those of the same run without load: on two cores a busy neighbour alone makes a commit many times slower.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from common import finish, median, percentile
from fire import Client
from hydrad28 import PROFILE, SYMBOLS
from watchers import log_in
from witness import FILE

from hydrad.domain.instants import parse_ms
from hydrad.home import paper_broker
from hydrad.host.places import Places, find_places
from hydrad.wire import calls

HERE = Path(__file__).parent
TERMINALS = 50
PAGES = 1_000
SESSIONS = 8
HELD_SHARE = 0.25
HELD_PERIOD_S = 0.01
DRAINED_S_MAX = 30.0
SPEED = 20


class Phase(NamedTuple):
    """`ticks_per_s`: of each terminal. `share`: of its time that the daemon may run. `pages`: that watch the HUD."""

    name: str
    ticks_per_s: float
    share: float = 1.0
    pages: int = 0


# Without load; 50 x 10 ticks/s; 2,000 ticks/s over 28 symbols, and before a thousand pages; 20 and 100 times the first load; overrun.
PHASES = (
    Phase("idle", 0.0),
    Phase("load", 10.0),
    Phase("busy", 40.0),
    Phase("watched", 40.0, pages=PAGES),
    Phase("flood", 200.0),
    Phase("storm", 1000.0),
    Phase("held", 0.0, HELD_SHARE),
    Phase("overrun", 200.0, HELD_SHARE),
)
SECONDS = float(os.environ.get("SCALE_SECONDS", "60"))
ONLY = os.environ.get("SCALE_PHASES", "idle load busy watched flood storm held overrun stall").split()
FIRE_EVERY_S = 0.6  # each of the two agents opens 60 times a minute at most
HAVE_VERDICT = ("DENIED", "REJECTED", "NOT_EXECUTED")
HALTS = 15
STALL_S = 2.5
READY_S_MAX = 30.0
CONFIG = """\
[paper]
conductor = "client"
[risk]
fires_per_minute_max = 600
tick_age_max_ms = 600000
"""


class Home:
    """The daemon under test, started here so that it knows one more profile. `more`: of its configuration, where `{}`
    is its folder; `secrets`: files there, and what is in them."""

    def __init__(self, more: str = "", secrets: Mapping[str, str] = MappingProxyType({})) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hx-"))
        self.environ = {**os.environ, "HYDRA_HOME": str(self.folder)}
        self.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self.places: Places = find_places(self.environ)
        (self.folder / "config.toml").write_text(CONFIG)
        self._hydrad("init")
        with (self.folder / "config.toml").open("a") as file:
            file.write(f'[apex]\nprofile = "{PROFILE.name}"\n' + more.replace("{}", str(self.folder)))
        for name, text in secrets.items():
            (self.folder / name).touch(0o600)
            (self.folder / name).write_text(text)
        log = (self.folder / "hydrad.log").open("w")
        self.process = subprocess.Popen(self._argv("run"), env=self.environ, stdout=log, stderr=log)
        end_s = time.monotonic() + READY_S_MAX
        while not self._listens():
            assert self.process.poll() is None and time.monotonic() < end_s, f"no daemon: see {self.folder}"
            time.sleep(0.05)

    def _listens(self) -> bool:
        try:
            self.client()
        except (FileNotFoundError, ConnectionRefusedError):  # its file is there a moment before it listens
            return False
        return True

    def _argv(self, *words: str) -> list[str]:
        wrapped = os.environ.get("SCALE_UNDER", "").split()  # such as: py-spy record -o out.svg --
        return [*(wrapped if words == ("run",) else []), sys.executable, str(HERE / "hydrad28.py"), *words]

    def _hydrad(self, *words: str) -> None:
        subprocess.run(self._argv(*words), env=self.environ, check=True, stdout=subprocess.DEVNULL)

    def client(self) -> Client:
        return Client(str(self.places.socket))

    def down(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self._hydrad("down")
        if sys.exc_info()[0] is None:  # else somebody wants to look
            shutil.rmtree(self.folder, ignore_errors=True)

    def witness(self) -> dict[str, Any]:
        """What was seen inside since the last time that it was asked (`taken` since the start)."""
        path = self.folder / FILE
        path.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        end_s = time.monotonic() + DRAINED_S_MAX
        while not path.exists():
            assert time.monotonic() < end_s, "the daemon does not answer a signal"
            time.sleep(0.01)
        told: dict[str, Any] = json.loads(path.read_text())
        return told

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mib(self) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024


class Load:
    """The swarm's process."""

    def __init__(self, home: Home, client: Client, market_ms: int) -> None:
        names = [f"load{number:02d}" for number in range(1, TERMINALS + 1)]
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "swarm.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ask(locks=[str(home.places.process_lock(name)) for name in names])
        bundles = [enrolled(client, name, 900_001 + number) for number, name in enumerate(names)]
        told = self.ask(bundles=bundles, symbols=SYMBOLS, market_ms=market_ms)
        assert told["ready"] == TERMINALS, told

    def ask(self, **order: object) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


def enrolled(client: Client, name: str, login: int) -> str:
    answer = client.ask(calls.TerminalEnroll(name, name, login, paper_broker.PAPER_SERVER, symbols=SYMBOLS))
    assert answer.ok, answer
    return str(answer.data["bundle"])


class Pages:
    """A process of pages that follow the HUD's stream."""

    def __init__(self, home: Home, client: Client, count: int) -> None:
        address = str(json.loads((home.places.run_dir / "endpoints.json").read_text())["hud"])
        port = int(address.rpartition(":")[2])
        links = [client.ask(calls.HudOpen()).data["local_url"] for _ in range(SESSIONS)]
        cookies = [log_in(("127.0.0.1", port), link.partition("#")[2]) for link in links]
        argv = [sys.executable, str(HERE / "watchers.py"), str(count), str(port), *cookies]
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        assert self._process.stdout.readline().strip() == "joined"

    def end(self) -> None:
        self._process.kill()
        self._process.wait(10)


class Watcher(threading.Thread):
    """Follows missions as they are published, as `tail -f` does: (source, instant of the bar's end) -> seen at."""

    def __init__(self, home: Home) -> None:
        super().__init__(daemon=True)
        self._client = home.client()
        self.seen: list[tuple[str, int, int]] = []

    def run(self) -> None:
        for answer in self._client.follow(calls.Tail(follow=True, last=0, kind="MISSION_PROPOSED")):
            now_ns = time.monotonic_ns()
            facts = answer.data["facts"] if answer.data else None
            if facts and facts["origin"] == "apex":
                self.seen.append((facts["source"], facts["signal"]["at_ms"], now_ns))


class Held(threading.Thread):
    """Lets the daemon run for a share of each hundredth of a second; as it was when `end` returns."""

    def __init__(self, home: Home, share: float) -> None:
        super().__init__(daemon=True)
        self._process, self._share, self._over = home.process, share, threading.Event()

    def run(self) -> None:
        while self._share < 1.0 and not self._over.is_set():
            self._process.send_signal(signal.SIGSTOP)
            time.sleep(HELD_PERIOD_S * (1 - self._share))
            self._process.send_signal(signal.SIGCONT)
            time.sleep(HELD_PERIOD_S * self._share)

    def end(self) -> None:
        self._over.set()
        self.join()


class Orders(threading.Thread):
    """Fires and closes at a steady pace, then halts and resumes; through the real agents."""

    def __init__(self, home: Home, seconds: float) -> None:
        super().__init__(daemon=True)
        self._home, self._seconds = home, seconds
        self.filled: list[float] = []
        self.closed: list[float] = []
        self.latched: list[float] = []
        self.verified: list[float] = []
        self.not_filled: list[str] = []
        self.not_closed: list[str] = []
        self.not_resumed = 0
        self.asked = self.without_verdict = 0

    def run(self) -> None:
        client = self._home.client()
        end_s = time.monotonic() + self._seconds - HALTS * 0.2
        number = 0
        while time.monotonic() < end_s:
            began_s = time.monotonic()
            self._fire(client, ("alpha", "bravo")[number % 2])
            number += 1
            time.sleep(max(began_s + FIRE_EVERY_S - time.monotonic(), 0))
        for _ in range(HALTS):
            self._halt(client)

    def _fire(self, client: Client, account: str) -> None:
        rows = client.ask(calls.Ticks(("EURUSD",))).data
        if not rows:
            self.not_filled.append("not asked for: no quote")
            return
        bid = Decimal(rows[0]["bid"])
        verb = calls.FireSymbol("EURUSD", "buy", str(bid - Decimal("0.005")), account=account, again=True)
        self.asked += 1
        took_s, answer = timed(client, verb)
        if answer.data is None:
            self.not_filled.append(str(answer.error))
            return
        act = answer.data["act"]
        if act["state"] != "FILLED":
            self.without_verdict += act["state"] not in HAVE_VERDICT
            self.not_filled.append(f"{act['state']} {' '.join(act['codes'])}: {act['verdict']}")
            return
        self.filled.append(took_s)
        took_s, done = timed(client, calls.Close(act["id"]))
        if done.ok:
            self.closed.append(took_s)
        else:
            self.not_closed.append(str(done.error))

    def _halt(self, client: Client) -> None:
        """`wait_s` 0: the latch alone; then again with what all terminals have confirmed."""
        self.latched.append(timed(client, calls.Halt(reason="bench", wait_s=0.0))[0])
        self.verified.append(timed(client, calls.Halt(reason="bench"))[0])
        while not client.ask(calls.Resume(reason="bench")).ok:  # not confirmed by all in its time
            self.not_resumed += 1


def timed(client: Client, verb: calls.AnyVerb) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = client.ask(verb)
    return time.perf_counter() - began, answer


class Stepper(threading.Thread):
    """Moves the simulated broker's clock along with the load's."""

    def __init__(self, home: Home, seconds: float, speed: float = SPEED) -> None:
        super().__init__(daemon=True)
        self._speed = speed
        self._path, self._seconds = paper_broker.broker_control(home.places), seconds

    def run(self) -> None:
        import socket

        link = socket.socket(socket.AF_UNIX)
        link.connect(self._path)
        answers = link.makefile("rb")
        end_s = time.monotonic() + self._seconds
        while time.monotonic() < end_s:
            link.sendall(json.dumps({"op": "step", "ms": int(100 * self._speed)}).encode() + b"\n")
            assert json.loads(answers.readline())["ok"]
            time.sleep(0.1)


def shed(client: Client) -> int:
    """Ticks that the daemon has shed so far."""
    rows = {row["name"]: row["detail"] for row in client.ask(calls.Status()).data["services"]}
    return int(rows["apex"].rpartition(", ")[2].split()[0])


def watched(home: Home, client: Client, load: Load, what: Phase) -> dict[str, float]:
    """A phase, before its pages."""
    pages = Pages(home, client, what.pages) if what.pages else None
    try:
        return phase(home, client, load, what)
    finally:
        if pages is not None:
            pages.end()


def phase(home: Home, client: Client, load: Load, what: Phase) -> dict[str, float]:
    watcher, orders, stepper, held = (
        Watcher(home),
        Orders(home, SECONDS),
        Stepper(home, SECONDS),
        Held(home, what.share),
    )
    shed_before, taken_before, cpu_before, began_s = (
        shed(client),
        taken_of(home.witness()),
        home.cpu_s(),
        time.monotonic(),
    )
    for thread in (watcher, orders, stepper, held):
        thread.start()
    told = load.ask(ticks_per_s=what.ticks_per_s, seconds=SECONDS, speed=SPEED)
    cpu = (home.cpu_s() - cpu_before) / (time.monotonic() - began_s)
    for thread in (orders, stepper):
        thread.join(60)
    held.end()
    seen, shed_ticks = drained(home, client, told["sent"], taken_before, shed_before)
    missing = told["sent"] - (taken_of(seen) - taken_before)
    for why, count in Counter(orders.not_filled).items():
        print(f"{what.name}: {count} of {orders.asked} fires not filled: {why}")
    for why, count in Counter(orders.not_closed).items():
        print(f"{what.name}: {count} of {len(orders.filled)} closes not done: {why}")
    figures = {
        "ticks_per_s": told["sent"] / told["seconds"],
        "cpu_cores": cpu,
        "rss_mib": home.rss_mib(),
        "sent_ticks": float(told["sent"]),
        "shed_ticks": float(shed_ticks),
        "missing_ticks": float(missing),
        "not_made_ticks": float(told["not_made"]),
        "sessions_lost": float(told["lost"]),
        "fires": float(orders.asked),
        "fires_not_filled": float(len(orders.not_filled)),
        "fires_without_verdict": float(orders.without_verdict),
        "closes_not_done": float(len(orders.not_closed)),
    }
    for label, values_s in (
        ("fire", orders.filled),
        ("close", orders.closed),
        ("halt", orders.latched),
        ("halt_verified", orders.verified),
    ):
        figures |= spread(label, [value * 1000 for value in values_s])
    sent_ns = {(source, int(at)): ns for source, by_at in told["minutes"].items() for at, ns in by_at.items()}
    figures |= spread("mission", since(sent_ns, watcher.seen))
    read_ns = {(source, int(at)): ns for source, by_at in seen["minutes"].items() for at, ns in by_at.items()}
    return figures | spread("tick_to_mission", since(read_ns, seen["missions"]))


def since(began_ns: dict[tuple[str, int], int], seen: list[tuple[str, int, int]]) -> list[float]:
    """Milliseconds from each mission's last tick to the mission."""
    return [(ns - began_ns[source, at]) / 1e6 for source, at, ns in seen if (source, at) in began_ns]


def spread(label: str, values_ms: list[float]) -> dict[str, float]:
    if not values_ms:
        return {}
    counts = {f"{label}s": float(len(values_ms))} if "mission" in label else {}
    return counts | {f"{label}_p50_ms": median(values_ms), f"{label}_p99_ms": percentile(values_ms, 0.99)}


def taken_of(seen: dict[str, Any]) -> int:
    return sum(count for name, count in seen["taken"].items() if name.startswith("load"))


def drained(home: Home, client: Client, sent: int, taken_before: int, shed_before: int) -> tuple[dict[str, Any], int]:
    """What was seen once everything sent was taken or shed, or has had its time."""
    end_s = time.monotonic() + DRAINED_S_MAX
    seen = home.witness()
    minutes, missions = seen["minutes"], seen["missions"]
    while True:
        shed_ticks = shed(client) - shed_before
        if taken_of(seen) - taken_before + shed_ticks >= sent or time.monotonic() > end_s:
            return {**seen, "minutes": minutes, "missions": missions}, shed_ticks
        time.sleep(0.2)
        seen = home.witness()
        missions += seen["missions"]


def stalled(home: Home, client: Client, load: Load) -> dict[str, float]:
    """The daemon stands still under 20 times the load: what waits then is more than it keeps. A halt is asked for at
    the moment when it goes on."""
    before, halts = shed(client), list[float]()

    def stall() -> None:
        time.sleep(1.0)
        home.process.send_signal(signal.SIGSTOP)
        time.sleep(STALL_S)
        home.process.send_signal(signal.SIGCONT)
        halts.append(timed(home.client(), calls.Halt(reason="bench", wait_s=0.0))[0])

    thread = threading.Thread(target=stall)
    thread.start()
    told = load.ask(ticks_per_s=200.0, seconds=8.0, speed=SPEED)
    thread.join(30)
    figures = {"shed_ticks": float(shed(client) - before), "sessions_lost": float(told["lost"])}
    return {**figures, "sent_ticks": float(told["sent"]), "halt_ms": halts[0] * 1000}


def main() -> None:
    home = Home()
    client = home.client()
    wait_ready(client, 2)
    client.ask(calls.MarketStep(1))
    load = Load(home, client, parse_ms(client.ask(calls.Status()).data["clocks"]["market"]))
    try:
        phases = {what.name: watched(home, client, load, what) for what in PHASES if what.name in ONLY}
        stall = stalled(home, client, load) if "stall" in ONLY else {}
    finally:
        load.close()
        home.down()
    show(phases)
    for key, value in stall.items():
        print(f"stall {key:20s} {value:10.2f}")
    figures = {
        f"{name}_{key}": value for name, row in (phases | {"stall": stall}).items() for key, value in row.items()
    }
    first, *others = phases
    beside = [("overrun", "held"), ("watched", "busy")]
    pairs = [(name, first) for name in others] + [pair for pair in beside if {*pair} <= phases.keys()]
    ratios = {
        f"{key}_{name}_over_{base}": phases[name][f"{key}_p99_ms"] / phases[base][f"{key}_p99_ms"]
        for name, base in pairs
        for key in ("fire", "close", "halt", "halt_verified", "tick_to_mission")
        if f"{key}_p99_ms" in phases[name] and f"{key}_p99_ms" in phases[base]
    }
    finish("scale", figures, ratios)


def wait_ready(client: Client, count: int) -> None:
    end_s = time.monotonic() + READY_S_MAX
    while time.monotonic() < end_s:
        rows = client.ask(calls.Terminals()).data
        if sum(row["link"] == "READY" for row in rows) >= count:
            return
        time.sleep(0.1)
    raise AssertionError("the terminals are not READY")


def show(phases: dict[str, dict[str, float]]) -> None:
    keys = dict.fromkeys(key for row in phases.values() for key in row)
    print(f"{'':22s}" + "".join(f"{name:>12s}" for name in phases))
    for key in keys:
        cells = (f"{row[key]:12.2f}" if key in row else f"{'-':>12s}" for row in phases.values())
        print(f"{key:22s}" + "".join(cells))


if __name__ == "__main__":
    main()
