"""The self-test, against real brokers' processes: what it asks, what it notes, what it takes for a difference."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
import zmq

from hydrad.host.lock import FileLock
from hydrad.host.secrets import Secret
from hydrad.link.frames import Identity
from hydrad.terminal import bundle as bundles
from hydrad.terminal.handle import environment_of
from hydrad.terminal.pipe import Login
from hydrad.terminal.selftest import compare, report
from hydrad.terminal.selftest.child import Request, Terms
from hydrad.terminal.selftest.desk import MAGIC
from hydrad.terminal.selftest.report import Report
from hydrad.terminal.selftest.running import Outcome, run
from hydrad.terminal.selftest.script import Script, Step
from hydrad.terminal.selftest.twin import stands_for, twin
from hydrad.terminal.selftest.verb import judged

LOGIN = 7
PATIENCE_S = 60.0


class Place:
    """A broker with one account, and the bundle of a terminal of it."""

    def __init__(self, folder: Path, account: str = "", symbols: str = "", symbol: str = "EURUSD.r") -> None:
        self.folder, self.control = folder, folder / "c.sock"
        (folder / "broker.toml").write_text(
            f"""instance = "tested"
socket = "{folder}/b.sock"
control = "{self.control}"
books = "{folder}/books.db"
start = "2026-06-10T08:00:00Z"
feed = "generated"
speed = 60
seed = 5
suffix = ".r"
[[accounts]]
login = {LOGIN}
password = "x"
server = "Demo"
{account}
{symbols}
"""
        )
        public, secret = zmq.curve_keypair()
        self.bundle = bundles.Bundle(
            name="t1", account="alpha", login=LOGIN, server="Demo", password=Secret("x"), kind="paper",
            currency="USD", hedging=True, module="simulated", sim_socket=f"{folder}/b.sock", symbols=[symbol],
            curve_public=public.decode(), curve_secret=Secret(secret.decode()),
            daemons=[bundles.DaemonAddress("tcp://127.0.0.1:1", public.decode())],
            ledger=str(folder / "ledger.db"), lock=str(folder / "t1.lock"),
        )  # fmt: skip
        self.path = folder / "bundle.toml"
        bundles.save(self.path, self.bundle)
        command = [sys.executable, "-m", "hydrad.terminal", "sim", "--config", str(folder / "broker.toml")]
        self.broker = subprocess.Popen(command)
        until(self.control.exists)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "hydrad.terminal", "selftest", str(self.path), *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = self.command(*words)
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=100)

    def settles(self, settle_s: int) -> None:
        self.bundle = msgspec.structs.replace(self.bundle, settle_s=settle_s)
        bundles.save(self.path, self.bundle)

    def ask(self, **request: object) -> dict[str, list[dict[str, object]]]:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(self.control))
            peer.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, list[dict[str, object]]] = json.loads(peer.makefile().readline())
        assert answer["ok"], answer
        return answer

    def deals(self) -> list[dict[str, object]]:
        return [deal for deal in self.ask(op="books", login=LOGIN)["deals"] if deal["magic"] == MAGIC]

    def newest(self) -> Report:
        found = report.newest(self.path)
        assert found is not None
        return found

    def close(self) -> None:
        self.broker.terminate()
        self.broker.wait()


def until(condition: object) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s")


@pytest.fixture
def place(folder: Path) -> Iterator[Place]:
    made = Place(folder)
    yield made
    made.close()


def test_a_broker_like_ours_passes_and_a_private_report_is_kept(place: Place) -> None:
    asked = place.run()
    assert asked.returncode == 2 and "--yes" in asked.stderr and not place.deals()
    done = place.run("--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    kept = place.newest()
    assert kept.passed and not kept.problems and not kept.differences
    assert [(step.name, step.notes.get("retcode")) for step in kept.terminal] == [
        ("refused stop", 10016),
        ("open", 10009),
        ("modify", 10009),
        ("modify again", 10025),
        ("part close", 10009),
        ("pending placed", 10009),
        ("pending cancelled", 10009),
        ("pending placed to expire", 10009),
        ("pending expired", None),
        ("close", 10009),
    ]
    assert (kept.account, kept.identity.login, kept.identity.server, kept.symbol) == (
        "alpha",
        LOGIN,
        "Demo",
        "EURUSD.r",
    )
    (path,) = (place.folder / "selftest").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and str(path) in done.stdout
    assert kept.digest[:16] in done.stdout and done.stdout.startswith(f"PAPER {LOGIN} at Demo, build ")
    books = place.ask(op="books", login=LOGIN)
    assert books["positions"] == [] and [deal["volume"] for deal in place.deals()] == ["0.02", "0.01", "0.01"]


@pytest.mark.parametrize(
    ("account", "symbols", "symbol"),
    [
        ('hedging = false\ncurrency = "JPY"\nbalance = "1000000"', "", "USDJPY.r"),
        ("", '[symbols.XAUUSD]\nvolume_step = "0.1"\nvolume_min_steps = 1\nstops_level_points = 50\n', "XAUUSD.r"),
        ("", "[symbols.EURUSD]\norder_flags = 1\n", "EURUSD.r"),  # no pending orders: not asked for
    ],
    ids=["netting in yen", "gold", "no pending orders"],
)
def test_brokers_of_other_terms_are_compared_with_one_of_the_same(
    folder: Path, account: str, symbols: str, symbol: str
) -> None:
    place = Place(folder, account, symbols, symbol)
    try:
        done = place.run("--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert ("pending" in done.stdout) == ("order_flags = 1" not in symbols)
    finally:
        place.close()


def test_a_broker_that_answers_otherwise_does_not_pass(place: Place) -> None:
    place.ask(op="fault", kind="reject", login=LOGIN, count=1)  # hits the stop that must be refused as INVALID_STOPS
    done = place.run("--yes")
    assert done.returncode == 10, done.stdout + done.stderr
    assert "NOT PASSED" in done.stdout and "PROBLEM refused stop: 10006 REJECT" in done.stdout
    assert "differs refused stop, retcode: 10006, simulated 10016" in done.stdout
    assert not place.newest().passed


def test_beside_a_running_agent_and_on_a_live_account_it_is_refused(place: Place) -> None:
    with FileLock(Path(place.bundle.lock)):
        assert place.run("--yes").returncode == 75
    bundles.save(place.path, msgspec.structs.replace(place.bundle, kind="live", module="metatrader5"))
    done = place.run("--yes")
    assert done.returncode == 1 and "never for a live one" in done.stderr
    assert not place.deals() and report.newest(place.path) is None


def test_one_that_was_killed_leaves_what_the_next_one_takes_away(place: Place) -> None:
    child = subprocess.Popen(
        place.command("--yes"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    until(place.deals)
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    left = place.ask(op="books", login=LOGIN)
    done = place.run("--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.ask(op="books", login=LOGIN)["positions"] == [], left


QUICK = "[symbols.EURUSD]\norder_flags = 1\n"  # without pending orders
SETTLE_S = 4


@pytest.fixture
def quick(folder: Path) -> Iterator[Place]:
    made = Place(folder, symbols=QUICK)
    made.settles(SETTLE_S)
    yield made
    made.close()


def ran(place: Place, bound_s: float = 100.0) -> Outcome:
    """The script alone, without the simulated terminal beside it."""
    login = Login(True, LOGIN, "Demo", Secret("x"), ("EURUSD.r",), 0, "paper")
    return run(Request(login, "EURUSD.r", SETTLE_S), environment_of(place.bundle), bound_s)


@pytest.mark.parametrize(
    ("fault", "count", "said"),
    [
        ("requote", 2, "open: no order came of it"),
        ("partial_fill", 9, "open: 10010 DONE_PARTIAL"),
        ("lost_reply", 2, "open: no order came of it: IPC"),
        ("timeout_not_executed", 6, "close: nothing was opened"),
        ("executed_late", 2, "open: no order came of it"),
        ("stop_dropped", 2, "refused stop: 10009 DONE"),
        ("symbol_gone", 2, "close: "),
    ],
)
def test_whatever_the_broker_does_every_step_is_told_and_nothing_stays_open(
    quick: Place, fault: str, count: int, said: str
) -> None:
    quick.ask(op="fault", kind=fault, login=LOGIN, count=count, ms=2_000)
    outcome = ran(quick)
    kept = judged("alpha", "EURUSD.r", outcome, "")
    assert not kept.passed and any(problem.startswith(said) for problem in kept.problems), kept.problems
    assert (outcome.early, outcome.left_behind, len(outcome.steps)) == ("", [], 6)
    assert quick.ask(op="books", login=LOGIN)["positions"] == []


def test_late_records_are_waited_for(quick: Place) -> None:
    quick.ask(op="fault", kind="history_late", login=LOGIN, count=9, ms=1_500)
    done = quick.run("--yes")
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_cannot_be_taken_away_is_named_and_the_next_one_takes_it_away(quick: Place) -> None:
    with ThreadPoolExecutor(1) as pool:
        quick.ask(op="fault", kind="latency", login=LOGIN, count=50, ms=300)  # so that there is a middle to be hit
        running = pool.submit(ran, quick)
        until(quick.deals)
        quick.ask(op="fault", kind="disconnect", login=LOGIN)
        outcome = running.result()
    (position,) = quick.ask(op="books", login=LOGIN)["positions"]
    left = outcome.left_behind[0]
    assert left.startswith(f"position {position['ticket']} EURUSD.r 0.0")
    assert f"left behind, close it in the terminal: {left}" in judged("alpha", "EURUSD.r", outcome, "").problems
    quick.ask(op="clear")
    assert ran(quick).left_behind == []
    assert quick.ask(op="books", login=LOGIN)["positions"] == []


def test_an_order_in_several_deals_is_one_whose_records_may_come_one_by_one() -> None:
    one, other = (
        SimpleNamespace(volume=0.01, entry=0, type=0, reason=3, position_id=5, magic=MAGIC, comment=text)
        for text in ("first", "second")
    )
    looks = iter([[], [one], [one, other]])
    told: list[list[SimpleNamespace]] = [[]]

    def deals_of_order(ticket: int) -> list[SimpleNamespace]:
        told[0] = next(looks, told[0])
        return told[0]

    terminal = SimpleNamespace(deals_of_order=deals_of_order)
    script = Script(cast(Any, terminal), "EURUSD", cast(Any, SimpleNamespace(least=Decimal("0.01"))))
    script._position = 5
    notes = script._deals(5, 0.02, "opening")
    assert (notes["deals"], notes["deal volume"], notes["deal position"], notes["deal entry"]) == (2, "2", True, 0)
    ours, theirs = Step("open", notes), Step("open", {**notes, "deals": 1})
    assert [one.judged for one in compare.differences([ours], [theirs])] == [False]
    told[0] = [one, SimpleNamespace(**{**vars(other), "entry": 2, "position_id": 6})]
    notes = script._deals(5, 0.02, "opening")
    assert (notes["deal entry"], notes["deal position"]) == ("0, 2", False)


@pytest.mark.parametrize("fault", ["disconnect", "api_disabled", "autotrading_off"])
def test_a_terminal_that_stands_in_the_way_gets_no_order(quick: Place, fault: str) -> None:
    quick.ask(op="fault", kind=fault, login=LOGIN)
    done = quick.run("--yes")
    assert done.returncode in (1, 10) and "Traceback" not in done.stderr, done.stderr
    assert quick.deals() == []


def test_one_that_hangs_is_ended_and_another_process_takes_away_what_it_left(quick: Place) -> None:
    with ThreadPoolExecutor(1) as pool:
        quick.ask(op="fault", kind="latency", login=LOGIN, count=50, ms=300)  # so that there is a middle to be hit
        running = pool.submit(ran, quick, 12.0)
        until(quick.deals)
        quick.ask(op="fault", kind="hang", login=LOGIN, count=1)
        outcome = running.result()
    assert outcome.early == "it was not over within 12 s" and outcome.left_behind == []
    assert [step.name for step in outcome.steps][:1] == ["refused stop"] and len(outcome.steps) < 6
    assert quick.ask(op="books", login=LOGIN)["positions"] == []
    kept = judged("alpha", "EURUSD.r", outcome, "no broker to compare with")
    assert not kept.passed and kept.problems[-2:] == [
        "not run to its end: it was not over within 12 s",
        "not compared with a simulated terminal: no broker to compare with",
    ]


def test_a_netted_position_of_the_owners_is_left_as_it_is(folder: Path) -> None:
    place = Place(folder, "hedging = false", QUICK)
    place.settles(SETTLE_S)
    try:
        place.ask(op="manual", login=LOGIN, action="open", symbol="EURUSD.r", side="BUY", volume="0.05")
        done = place.run("--yes")
        assert done.returncode == 1 and "netting account with EURUSD.r open" in done.stderr, done.stderr
        assert place.deals() == []
        place.ask(op="manual", login=LOGIN, action="open", symbol="EURUSD.r", side="SELL", volume="0.05")
        place.ask(op="fault", kind="owner_trade", login=LOGIN, count=2)  # they add to ours while it runs
        assert ran(place).left_behind == []
        ours = sum(Decimal(str(d["volume"])) * (1 if d["entry"] in (0, "IN") else -1) for d in place.deals())
        (theirs,) = place.ask(op="books", login=LOGIN)["positions"]
        assert ours == 0 and theirs["volume"] == "0.02"
    finally:
        place.close()


def test_a_symbol_that_cannot_be_traded_and_a_broker_that_is_gone_are_said(place: Place) -> None:
    done = place.run("--yes", "--symbol", "NOTHING")
    assert done.returncode == 1 and "NOTHING cannot be traded" in done.stderr
    place.close()
    done = place.run("--yes")
    assert done.returncode == 1 and "initialize" in done.stderr


# --- the parts ------------------------------------------------------------------------------------------


STEPS = [Step("open", {"retcode": 10009, "deal entry": 0, "words": "Request executed"}), Step("close", {}, "late")]


def test_every_field_is_compared_and_prose_decides_nothing() -> None:
    assert compare.differences(STEPS, STEPS) == []
    other = [Step("open", {"retcode": 10009, "deal entry": 1, "words": "Done"})]
    found = compare.differences(STEPS, other)
    assert [(one.step, one.field, one.judged) for one in found] == [
        ("open", "deal entry", True),
        ("open", "words", False),
        ("close", "problem", True),
    ]
    assert compare.unexpected(STEPS) == ["close: late"]
    assert compare.unexpected([Step("modify again", {"retcode": 10009})]) == ["modify again: 10009 DONE"]
    assert compare.unexpected([Step("open", {"retcode": None})]) == ["open: None"]


@pytest.mark.parametrize(
    ("symbol", "name"), [("EURUSD.r", "EURUSD"), ("mXAUUSD", "XAUUSD"), ("eurjpy", "EURJPY"), ("GER40.c", "EURUSD")]
)
def test_a_symbol_is_compared_with_its_like(symbol: str, name: str) -> None:
    assert stands_for(symbol) == name


def test_a_report_that_was_edited_does_not_count(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.toml"
    identity = Identity(7, "Demo", "demo", "USD", True, 0, 5000, "path", "")
    made = Report(1, "2026-06-10T08:00:00Z", "0", "alpha", identity, "EURUSD", False, ["x"], [], STEPS, []).sealed()
    assert report.newest(bundle) is None
    older = report.save(bundle, made, 1_780_000_000_000_000_000)
    newer = report.save(bundle, made, 1_780_000_060_000_000_000)
    assert report.newest(bundle) == made
    newer.write_text(newer.read_text().replace('"passed": false', '"passed": true'))
    older.write_text("no json")
    assert report.newest(bundle) is None


def test_the_broker_to_compare_with_can_be_reached_without_unix_sockets() -> None:
    """As on Windows."""
    identity = Identity(7, "Demo", "demo", "EUR", True, 0, 5000, "path", "")
    terms = Terms(5, "100000", "0.01", 1, 10_000, 0, 0, 0, 2, 3, 15, 127, 8, 30)
    with twin(identity, terms, "GBPUSD", tcp=True) as beside:
        assert beside.socket.startswith("tcp:") and "@127.0.0.1:" in beside.socket
        environment = environment_of(None, beside.socket)
        words = "import MetaTrader5 as m; print(m.initialize(), m.account_info().currency, m.shutdown())"
        done = subprocess.run([sys.executable, "-c", words], env=environment, capture_output=True, text=True)
        assert done.stdout == "True EUR True\n", done.stderr
    done = subprocess.run(
        [sys.executable, "-c", "import MetaTrader5 as m; print(m.initialize(), m.last_error()[0])"],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "False -10003\n", done.stderr
