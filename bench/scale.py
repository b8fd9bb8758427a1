"""Fifty terminals on one daemon: what it takes, what it sheds, and what that does to orders.

A fresh paper home with its simulated broker and its two real agents, and 50 more enrolled terminals whose agents are
the load (`swarm.py`). One run, in turn: without load, 50 x 10 ticks/s, 2,000 ticks/s, and 20 and 100 times the first.
In each phase fires and closes go through the real agents, halts are latched and released, and the signals that ticks
make are followed to a watcher on the control socket: from the frame that has read a bar to its end, handed to the
socket, to the mission in the watcher's hand, one durable commit in between. Market time runs 20 times as fast as life,
so that a minute's bar closes every three seconds.

CPU is the daemon's own, all threads, in shares of one core; memory is its VmRSS at the end of a phase. Latencies are
told beside those of the same run without load: on two cores a busy neighbour alone makes a commit many times slower.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from common import finish, median, percentile
from fire import Client
from hydrad28 import PROFILE, SYMBOLS

from hydrad import home as homes
from hydrad.domain.instants import parse_ms
from hydrad.host.places import Places, find_places
from hydrad.wire import calls

HERE = Path(__file__).parent
TERMINALS = 50
SPEED = 20
# Without load; 50 x 10 ticks/s; 2,000 ticks/s over 28 symbols; 20 and 100 times the first load.
PHASES = (("idle", 0.0), ("load", 10.0), ("busy", 40.0), ("flood", 200.0), ("storm", 1000.0))
SECONDS = float(os.environ.get("SCALE_SECONDS", "60"))
ONLY = os.environ.get("SCALE_PHASES", "idle load busy flood storm").split()
FIRE_EVERY_S = 0.6  # each of the two agents opens 60 times a minute at most
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
    """The daemon under test, started here so that it knows one more profile."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hx-"))
        self.environ = {**os.environ, "HYDRA_HOME": str(self.folder)}
        self.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self.places: Places = find_places(self.environ)
        (self.folder / "config.toml").write_text(CONFIG)
        self._hydrad("init")
        with (self.folder / "config.toml").open("a") as file:
            file.write(f'[apex]\nprofile = "{PROFILE.name}"\n')
        log = (self.folder / "hydrad.log").open("w")
        self.process = subprocess.Popen(self._argv("run"), env=self.environ, stdout=log, stderr=log)
        end_s = time.monotonic() + READY_S_MAX
        while not self.places.socket.exists():
            assert self.process.poll() is None and time.monotonic() < end_s, f"no daemon: see {self.folder}"
            time.sleep(0.05)

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
    answer = client.ask(calls.TerminalEnroll(name, name, login, homes.PAPER_SERVER, symbols=SYMBOLS))
    assert answer.ok, answer
    return str(answer.data["bundle"])


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


class Orders(threading.Thread):
    """Fires and closes at a steady pace, then halts and resumes; through the real agents."""

    def __init__(self, home: Home, seconds: float) -> None:
        super().__init__(daemon=True)
        self._home, self._seconds = home, seconds
        self.filled: list[float] = []
        self.closed: list[float] = []
        self.latched: list[float] = []
        self.verified: list[float] = []
        self.failed: list[str] = []

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
        bid = Decimal(client.ask(calls.Ticks(("EURUSD",))).data[0]["bid"])
        verb = calls.FireSymbol("EURUSD", "buy", str(bid - Decimal("0.005")), account=account, again=True)
        took_s, answer = timed(client, verb)
        if not answer.ok or answer.data["act"]["state"] != "FILLED":
            self.failed.append(str(answer.error or answer.data["act"]["state"]))
            return
        self.filled.append(took_s)
        took_s, done = timed(client, calls.Close(answer.data["act"]["id"]))
        assert done.ok, done
        self.closed.append(took_s)

    def _halt(self, client: Client) -> None:
        """`wait_s` 0: the latch alone; then again with what all terminals have confirmed."""
        self.latched.append(timed(client, calls.Halt(reason="bench", wait_s=0.0))[0])
        self.verified.append(timed(client, calls.Halt(reason="bench"))[0])
        while not (answer := client.ask(calls.Resume(reason="bench"))).ok:  # not confirmed by all in its time
            self.failed.append(str(answer.error))


def timed(client: Client, verb: calls.AnyVerb) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = client.ask(verb)
    return time.perf_counter() - began, answer


class Stepper(threading.Thread):
    """Moves the simulated broker's clock along with the load's."""

    def __init__(self, home: Home, seconds: float) -> None:
        super().__init__(daemon=True)
        self._path, self._seconds = homes.broker_control(home.places), seconds

    def run(self) -> None:
        import socket

        link = socket.socket(socket.AF_UNIX)
        link.connect(self._path)
        answers = link.makefile("rb")
        end_s = time.monotonic() + self._seconds
        while time.monotonic() < end_s:
            link.sendall(json.dumps({"op": "step", "ms": 100 * SPEED}).encode() + b"\n")
            assert json.loads(answers.readline())["ok"]
            time.sleep(0.1)


def shed(client: Client) -> int:
    """Ticks that the daemon has shed so far."""
    rows = {row["name"]: row["detail"] for row in client.ask(calls.Status()).data["services"]}
    return int(rows["apex"].rpartition(", ")[2].split()[0])


def phase(home: Home, client: Client, load: Load, name: str, rate: float) -> dict[str, float]:
    watcher, orders, stepper = Watcher(home), Orders(home, SECONDS), Stepper(home, SECONDS)
    shed_before, cpu_before, began_s = shed(client), home.cpu_s(), time.monotonic()
    for thread in (watcher, orders, stepper):
        thread.start()
    told = load.ask(ticks_per_s=rate, seconds=SECONDS, speed=SPEED)
    cpu = (home.cpu_s() - cpu_before) / (time.monotonic() - began_s)
    for thread in (orders, stepper):
        thread.join(60)
    assert len(orders.filled) > SECONDS / 2, orders.failed[:3]
    sent_ns = {(source, int(at)): ns for source, by_at in told["minutes"].items() for at, ns in by_at.items()}
    missions = [(seen - sent_ns[key]) / 1e6 for *key_, seen in watcher.seen if (key := tuple(key_)) in sent_ns]
    figures = {
        "ticks_per_s": told["sent"] / told["seconds"],
        "cpu_cores": cpu,
        "rss_mib": home.rss_mib(),
        "shed_ticks": float(shed(client) - shed_before),
        "not_made_ticks": float(told["not_made"]),
        "sessions_lost": float(told["lost"]),
        "fires": float(len(orders.filled)),
        "fires_failed": float(len(orders.failed)),
        "missions": float(len(missions)),
    }
    for label, values in (
        ("fire", orders.filled),
        ("close", orders.closed),
        ("halt", orders.latched),
        ("halt_verified", orders.verified),
    ):
        figures[f"{label}_p50_ms"] = median(values) * 1000
        figures[f"{label}_p99_ms"] = percentile(values, 0.99) * 1000
    if missions:
        figures["mission_p50_ms"], figures["mission_p99_ms"] = median(missions), percentile(missions, 0.99)
    return figures


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
        phases = {name: phase(home, client, load, name, rate) for name, rate in PHASES if name in ONLY}
        stall = stalled(home, client, load)
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
    ratios = {
        f"{key}_{name}_over_{first}": phases[name][f"{key}_p99_ms"] / phases[first][f"{key}_p99_ms"]
        for name in others
        for key in ("fire", "close", "halt", "halt_verified")
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
