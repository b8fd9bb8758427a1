"""The example agent in another language, beside the real daemon: hand-shake, fire, close, and a kill between its ledger
and its result. It was written from the link's page; what it needs beside the page is Node.js."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from paper import CONFIG, PaperHome

from hydrad.host.lock import holder

pytestmark = [pytest.mark.timeout(180), pytest.mark.source]

SOURCE = Path(__file__).parents[2] / "examples" / "agent-js"
NAME, LOGIN = "bravo", 100002


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with its packages, as its lock file names them."""
    for tool in ("node", "npm", "flock"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    place = tmp_path_factory.mktemp("agent-js")
    for path in (*SOURCE.glob("*.mjs"), *SOURCE.glob("package*.json")):
        shutil.copy(path, place)
    argv = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(argv, cwd=place, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return place


class ExampleHome(PaperHome):
    """A paper home whose second account's agent is the example: it holds that agent's lock before the daemon starts."""

    def __init__(self, example: Path) -> None:
        super().__init__(CONFIG)
        self.example = example
        made = self.ctl("init")
        assert made.code == 0, made
        self.bundle = self.places.bundle(NAME)
        self.lock = self.places.process_lock(NAME)
        self.log = self.places.log_dir / "example.log"

    def start_example(self) -> None:
        """`flock` holds the lock for as long as the loop lives, which starts the agent again when it dies; the daemon
        finds the lock held and starts no agent of its own."""
        again = 'until node "$0" "$1"; do sleep 0.5; done'
        argv = ["flock", "-n", str(self.lock), "sh", "-c", again, str(self.example / "agent.mjs"), str(self.bundle)]
        with self.log.open("ab") as log:
            self.loop = subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        self.until(lambda: (found := holder(self.lock)) is not None and found.pid is not None, "the example runs")

    def end(self) -> None:
        os.killpg(self.loop.pid, signal.SIGKILL)
        self.loop.wait(10)
        super().end()

    def fire(self, *more: str, plan: str = "none") -> Any:
        row = next(r for r in self.ctl("ticks", "EURUSD").data if r["symbol"] == "EURUSD")
        stop, target = Decimal(row["bid"]) - Decimal("0.003"), Decimal(row["bid"]) + Decimal("0.009")
        words = ["--symbol", "EURUSD", "--side", "buy", "--stop", str(stop), "--target", str(target), "--plan", plan]
        return self.ctl("fire", *words, "--account", NAME, "--yes", "--again", *more)


@pytest.fixture
def home(example: Path) -> Iterator[ExampleHome]:
    made = ExampleHome(example)
    try:
        made.start_example()
        made.start()
        yield made
    finally:
        made.end()


def test_hand_shake_fire_and_close(home: ExampleHome) -> None:
    for _ in range(3):
        home.step()
    terminal = next(t for t in home.status()["terminals"] if t["name"] == NAME)
    assert (terminal["link"], terminal["duty"]) == ("READY", "ACTIVE")
    fired = home.fire()
    assert fired.code == 0 and fired.act["state"] == "FILLED", fired
    (deal,) = home.opened(LOGIN)
    (position,) = home.ctl("positions").data
    assert (position["account"], position["ticket"]) == (NAME, deal["position"])
    home.step()
    closed = home.ctl("close", position["id"], "--yes")
    assert closed.code == 0, closed
    assert home.broker(op="books", login=LOGIN)["positions"] == []
    assert home.ctl("journal", "verify").code == 0
    assert home.ctl("alarms").data == []


def test_a_halt_is_obeyed_a_stop_is_moved_and_what_it_cannot_do_is_refused(home: ExampleHome) -> None:
    for _ in range(3):
        home.step()
    refused = home.fire(plan="default")
    assert refused.code == 14 and "PLAN_UNSUPPORTED" in str(refused.act), refused
    halted = home.ctl("halt", "--reason", "test")
    assert halted.code == 0 and all(row["verified"] for row in halted.data["terminals"]), halted
    assert home.fire().code == 6
    assert home.ctl("resume", "--yes").code == 0
    assert home.fire().code == 0
    (position,) = home.ctl("positions").data
    stop = str(Decimal(position["stop"]) + Decimal("0.001"))
    moved = home.ctl("modify", position["id"], "--stop", stop, "--yes")
    assert moved.code == 0, moved
    (held,) = home.broker(op="books", login=LOGIN)["positions"]
    assert Decimal(held["stop"]) == Decimal(stop)
    assert len(home.opened(LOGIN)) == 1


def test_a_kill_between_its_ledger_and_its_result_ends_by_evidence(home: ExampleHome) -> None:
    for _ in range(3):
        home.step()
    home.broker(op="fault", kind="latency", login=LOGIN, count=1, ms=4000)
    fired = home.fire("--no-wait")
    home.until(lambda: len(home.opened(LOGIN)) == 1, "the broker has dealt, and has not answered yet")
    home.kill(NAME)
    home.until(lambda: settled(home), "its records tell")
    home.await_ready()
    moves = [
        event["text"] for event in home.ctl("trace", fired.act["id"]).data["events"] if event["kind"] == "ACT_MOVED"
    ]
    assert any("UNKNOWN" in text for text in moves), moves
    assert home.ctl("fire", "show", fired.act["id"]).data["act"]["state"] == "FILLED"
    assert len(home.opened(LOGIN)) == 1
    assert home.ctl("alarms").data == []


def settled(home: ExampleHome) -> bool:
    acts = home.status()["acts"]
    return acts["unknown"] == 0 and acts["in_flight"] == 0
