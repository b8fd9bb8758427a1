"""What only an agent of a real module goes through, with the simulated broker behind a module that hides its mark; and
workers and brokers that hang in the middle of an order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hydrad.host import machine
from hydrad.link import frames as f
from hydrad.terminal import bundle as bundles
from hydrad.terminal.broker import module_path
from tests.adapters.test_agent_shell import LOGIN, PATIENCE_S, World

UNMARKED = str(Path(__file__).parent / "unmarked")


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("w"))
    yield made
    made.close()


def run_again(world: World, path: str = "", **changes: object) -> None:
    """The agent once more, from a changed bundle, with a module first on its path."""
    world.agent.kill()
    world.agent.wait()
    world.daemon.up = None
    bundles.save(world.bundle, msgspec.structs.replace(bundles.load(world.bundle), **changes))
    known = os.environ.get("PYTHONPATH", "")
    environ = {**os.environ, "HYDRA_SIM_SOCKET": f"{world.folder}/broker.sock"}
    environ["PYTHONPATH"] = os.pathsep.join(part for part in (path, known) if part)
    command = [sys.executable, "-m", "hydrad.terminal", "run", str(world.bundle)]
    world.agent = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE)
    world.children.append(world.agent)


REAL = {"kind": "demo", "module": "metatrader5"}


def test_a_real_terminal_is_taken_as_it_is_and_opens_nothing_before_its_clock_is_measured(world: World) -> None:
    run_again(world, UNMARKED, **REAL)
    hello = world.daemon.wait(f.Hello)
    assert (hello.identity.kind, hello.identity.sim_broker, hello.identity.login) == ("demo", "", LOGIN)
    assert hello.offset_ms is None and hello.host == machine.name()
    world.daemon.wait(f.Ready)
    beat = world.daemon.wait(f.BeatUp)
    assert beat.connected and beat.offset_ms is None  # the replayed day's ticks stand still: nothing live
    assert [b for b in world.daemon.seen if isinstance(b, f.Ticks) and b.batches] == []


def test_a_terminal_on_another_account_is_left_there_and_told(world: World) -> None:
    run_again(world, UNMARKED, **REAL, login=4711)
    world.daemon.welcoming = False
    world.daemon.seen.clear()
    hello = world.daemon.wait(f.Hello)
    assert hello.identity.login == LOGIN  # whose it is: the daemon has 4711
    again = world.daemon.wait(f.Hello)
    assert again.identity == hello.identity  # the next worker has not switched it either
    assert not [body for body in world.daemon.seen if isinstance(body, f.Ready)]


def test_the_simulators_module_in_a_real_ones_place_is_told_as_paper_and_not_used(world: World) -> None:
    run_again(world, module_path(), **REAL)
    hello = world.daemon.wait(f.Hello)
    assert hello.identity.kind == "paper" and hello.identity.sim_broker.startswith("simulator")
    assert hello.identity.login == 0


def test_the_reverse_is_told_too(world: World) -> None:
    """A paper bundle whose module carries no mark: as if somebody had put the real one there."""
    world.agent.kill()
    world.agent.wait()
    command = [sys.executable, "-c", _REVERSE, str(world.bundle)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([UNMARKED, os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.stdout == "demo the MetaTrader5 module is not the one that the bundle names\n", done.stderr


_REVERSE = """
import sys
from hydrad.host.secrets import Secret
from hydrad.terminal.metatrader import Terminal, WrongTerminal
from hydrad.terminal.pipe import Login
try:
    Terminal(Login(True, 1, "S", Secret("x"), ("EURUSD",), 0, "paper"))
except WrongTerminal as wrong:
    print(wrong.identity.kind, wrong)
"""


def test_a_live_account_is_none_of_a_bundle_that_says_demo(world: World) -> None:
    """A live account's caps file is asked for by the bundle's kind: so that must be what the terminal itself says."""
    environ = {**os.environ, "HYDRA_SIM_SOCKET": f"{world.folder}/broker.sock"}
    environ["PYTHONPATH"] = os.pathsep.join([UNMARKED, os.environ.get("PYTHONPATH", "")])
    told = []
    for kind in ("demo", "live"):
        command = [sys.executable, "-c", _LIVE, str(LOGIN), kind]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE_S)
        told.append(done.stdout + done.stderr)
    assert told == ["live this is a live account, and not demo as the bundle has it\n", "live\n"]


_LIVE = """
import sys
from types import SimpleNamespace
import MetaTrader5
from hydrad.host.secrets import Secret
from hydrad.terminal.metatrader import TRADE_MODE_REAL, Terminal, WrongTerminal
from hydrad.terminal.pipe import Login
asked = MetaTrader5.account_info
MetaTrader5.account_info = lambda: SimpleNamespace(**{**asked()._asdict(), "trade_mode": TRADE_MODE_REAL})
MetaTrader5.initialize(login=int(sys.argv[1]), password="paper", server="Paper")
try:
    print(Terminal(Login(False, int(sys.argv[1]), "Paper", Secret("paper"), ("EURUSD",), 0, sys.argv[2])).who.kind)
except WrongTerminal as wrong:
    print(wrong.identity.kind, wrong)
"""


def test_without_the_package_the_agent_says_what_is_missing_and_does_not_start(world: World) -> None:
    run_again(world, **REAL)
    _, said = world.agent.communicate(timeout=PATIENCE_S)
    assert world.agent.returncode == 78
    assert b"MetaTrader5 package is not installed" in said and b"Windows" in said


@pytest.mark.parametrize("who", ["worker", "broker"])
def test_what_hangs_in_the_middle_of_an_order_leaves_one_order_and_the_truth(world: World, who: str) -> None:
    run_again(world, act_bound_s=2, settle_s=3)
    world.ready()
    worker = world.worker_pid()
    order = world.order()
    if who == "worker":
        world.ask(op="fault", kind="latency", login=LOGIN, count=1, ms=1_000)
        world.fire(order)
        world.daemon.wait(f.Ack)
        world.until(world.opened)
        os.kill(worker, signal.SIGSTOP)
    else:
        os.kill(world.broker.pid, signal.SIGSTOP)
        world.fire(order)
    unknown = world.daemon.wait(f.Result).row
    if who == "broker":
        os.kill(world.broker.pid, signal.SIGCONT)
    if unknown.state is f.RowState.NOT_EXECUTED:  # it hung before the order was sent
        assert unknown.code in ("TERMINAL_ERROR", "EXPIRED") and not world.opened()
        return
    assert (unknown.state, unknown.code) == (f.RowState.UNKNOWN, "WORKER_LOST")
    told = world.daemon.wait(f.Result).row
    assert told.state is (f.RowState.DONE if world.opened() else f.RowState.NOT_EXECUTED)
    assert len(world.opened()) <= 1 and world.worker_pid() != worker
    assert "WORKER_KILLED" in [body.code for body in world.daemon.seen if isinstance(body, f.Warn)]
