"""The example agent in another language, beside the real daemon: hand-shake, fire, close, and a kill between its ledger
and its result; and beside a daemon that repeats itself, is late, or is not the newest. It was written from the link's
page; what it needs beside the page is Node.js."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from paper import CONFIG, PaperHome

from hydrad.domain.instants import SECOND
from hydrad.domain.orders import Order, PlanStep, PlanStepKind, order_hash
from hydrad.host.lock import holder
from hydrad.link import frames as f
from hydrad.terminal import bundle as bundles
from tests.adapters.test_agent_shell import FIRE_ID, START_MS, World, closing

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
        made.until(lambda: all(t["clock_offset_ms"] is not None for t in made.status()["terminals"]), "measured clocks")
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


# --- against a daemon that says what a real one never would -------------------------------------------


class Bench(World):
    """The example between a simulated broker and the small daemon of these tests."""

    def __init__(self, folder: Path, example: Path) -> None:
        self.example = example
        super().__init__(folder)

    def run_agent(self) -> subprocess.Popen[bytes]:
        argv = ["node", str(self.example / "agent.mjs"), str(self.bundle)]
        child = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
        self.children.append(child)
        return child

    @property
    def lines(self) -> Path:
        """Its ledger."""
        return self.folder / "ledger.db.lines"

    def again(self) -> f.Hello:
        """Killed and started anew; the HELLO of the new one."""
        self.agent.kill()
        self.agent.wait()
        self.agent = self.run_agent()
        return self.daemon.wait(f.Hello)

    def quoted(self) -> None:
        """READY, with a quote to fire at."""
        self.daemon.wait(f.Ready)
        self.ask(op="step", ms=60_000)
        self.daemon.wait(f.Ticks, lambda ticks: bool(ticks.batches) and ticks.batches[0].symbol == "EURUSD")
        self.daemon.wait(f.BeatUp)
        self.daemon.wait(f.BeatUp)  # whose answer is a measured clock

    def told(self, body: f.Down, epoch: int | None = None) -> f.LedgerRow:
        self.daemon.send(body, epoch)
        return self.daemon.wait(f.Result).row


@pytest.fixture
def bench(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("b"), example)
    yield made
    made.close()


def command(order: Order, act_id: int = FIRE_ID, left_ns: int = 5 * SECOND) -> f.Fire:
    return f.Fire(act_id, 0, time.time_ns() + left_ns, 0, order, order_hash(order))


def test_a_fire_that_comes_twice_is_sent_once_over_restarts_too(bench: Bench) -> None:
    bench.quoted()
    order = bench.order()
    row = bench.told(command(order))
    assert row.state is f.RowState.DONE, row
    assert bench.told(command(order)) == row
    other = msgspec.structs.replace(order, volume_steps=order.volume_steps * 2)
    bench.daemon.send(command(other))
    assert bench.daemon.wait(f.Conflict).known_hash == order_hash(order)
    forged = msgspec.structs.replace(command(order, FIRE_ID + 1), order=other)
    bench.daemon.send(forged)
    assert bench.daemon.wait(f.Conflict).act_id == FIRE_ID + 1
    with bench.lines.open("a") as torn:
        torn.write("half a li")  # as a power cut leaves it
    hello = bench.again()
    assert (hello.ledger_length, hello.epoch_max, hello.halted) == (row.index, bench.daemon.epoch, False)
    assert bench.daemon.wait(f.Ledger, lambda page: page.last).rows[-1] == row
    bench.daemon.wait(f.Ready)
    assert bench.told(command(order)) == row
    assert len(bench.opened()) == 1


def test_a_halt_of_any_epoch_holds_over_a_restart_and_only_this_epoch_ends_it(bench: Bench) -> None:
    bench.quoted()
    row = bench.told(command(bench.order()))
    bench.daemon.send(f.Halt("test"), epoch=1)
    assert bench.daemon.wait(f.Halted) == f.Halted(True, "test")
    assert bench.again().halted
    bench.daemon.wait(f.Ready)
    bench.daemon.wait(f.BeatUp)
    bench.daemon.wait(f.BeatUp)
    refused = bench.told(command(bench.order(), FIRE_ID + 1))
    assert (refused.state, refused.code) == (f.RowState.NOT_EXECUTED, "HALTED")
    bench.daemon.send(f.Resume("an older daemon"), epoch=bench.daemon.epoch - 1)
    assert bench.daemon.wait(f.Fenced).epoch_max == bench.daemon.epoch
    order = closing(row)
    closed = bench.told(f.Close(FIRE_ID + 2, 0, time.time_ns() + 5 * SECOND, 0, order, order_hash(order)))
    assert closed.state is f.RowState.DONE, closed
    bench.daemon.send(f.Resume("test"))
    assert not bench.daemon.wait(f.Halted).halted
    assert len(bench.opened()) == 1 and bench.books()["positions"] == []


def test_what_is_late_or_was_asked_about_before_it_came_is_never_sent(bench: Bench) -> None:
    bench.quoted()
    order = bench.order()
    late = bench.told(command(order, FIRE_ID, left_ns=-SECOND))
    assert (late.state, late.code) == (f.RowState.NOT_EXECUTED, "EXPIRED")
    bench.daemon.send(f.Query(FIRE_ID + 1, 0))
    grave = bench.daemon.wait(f.Status).row
    assert (grave.state, grave.order_hash) == (f.RowState.TOMBSTONED, b"")
    assert bench.told(command(order, FIRE_ID + 1)) == grave
    step = PlanStep(PlanStepKind.TIME_STOP, FIRE_ID + 3, at_ms=START_MS)
    bench.daemon.send(f.Plan(1, FIRE_ID, (step,), FIRE_ID + 2))
    assert bench.daemon.wait(f.Warn).code == "PLAN_UNSUPPORTED"
    bench.daemon.send(f.Query(FIRE_ID + 2, 0))
    assert bench.daemon.wait(f.Status).row.state is f.RowState.TOMBSTONED
    assert bench.opened() == []


def test_no_act_passes_before_ready_nor_for_an_epoch_that_was_not_welcomed(bench: Bench) -> None:
    bench.quoted()
    order = bench.order()
    bench.daemon.beside = (command(order, FIRE_ID + 1),)
    bench.daemon.send(command(order), epoch=bench.daemon.epoch + 1)
    bench.daemon.wait(f.Hello)  # a higher epoch is taken from a WELCOME alone
    bench.daemon.beside = ()
    page = bench.daemon.wait(f.Ledger, lambda page: page.last)
    assert [(row.act_id, row.code) for row in page.rows] == [(FIRE_ID + 1, "NOT_READY")]
    bench.daemon.wait(f.Ready)
    bench.daemon.epoch -= 1
    bench.daemon.send(command(order, FIRE_ID + 2))
    assert bench.daemon.wait(f.Fenced).epoch_max == bench.daemon.epoch + 1
    assert bench.opened() == []


def test_a_gap_and_another_version_end_the_session_and_it_greets_again(bench: Bench) -> None:
    bench.quoted()
    assert bench.daemon.down is not None
    first, _ = bench.daemon.down.session, bench.daemon.down.next_seq()
    bench.daemon.send(f.Halt("after a gap"))  # obeyed, and the hole in the numbers is seen
    assert bench.daemon.wait(f.Hello).halted and bench.daemon.down.session != first
    bench.daemon.wait(f.Ready)
    bench.daemon.router.send_multipart([bench.daemon.route, msgspec.msgpack.encode([2, 9, 1, 1, ["HALT", "x", "y"]])])
    bench.daemon.wait(f.Hello)
    bench.daemon.wait(f.Ready)


def test_one_that_could_not_watch_an_equity_floor_does_not_start(bench: Bench) -> None:
    made = bundles.load(bench.bundle)
    floor = msgspec.structs.replace(made, caps=msgspec.structs.replace(made.caps, equity_floor="100"))
    bundles.save(bench.bundle, floor)
    argv = ["node", str(bench.example / "agent.mjs"), str(bench.bundle)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "equity_floor must be 0" in done.stderr


def test_what_speaks_the_link_is_300_lines() -> None:
    """The README says so: the agent and its wire as they stand, and with the ledger without blank and comment lines."""
    texts = {name: (SOURCE / name).read_text().splitlines() for name in ("agent.mjs", "wire.mjs", "ledger.mjs")}
    assert len(texts["agent.mjs"]) + len(texts["wire.mjs"]) <= 300
    code = [line for lines in texts.values() for line in lines if line.strip() and not line.strip().startswith("//")]
    assert len(code) <= 300
