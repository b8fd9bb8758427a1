"""A terminal that is not what was enrolled: quarantined with a finding, and nothing is sent through it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
from paper import PaperHome, fire_by_hand, script

from hydrad.host import processes
from hydrad.host.secrets import Secret
from hydrad.terminal import bundle as bundles
from hydrad.terminal.broker import module_path
from hydrad.terminal.bundle import Bundle

pytestmark = pytest.mark.timeout(180)
HYDRA_TERMINAL = script("hydra-terminal", "hydrad.terminal")


def terminal(home: PaperHome, name: str) -> dict[str, Any]:
    return next(row for row in home.ctl("terminals").data if row["name"] == name)


def account_of(home: PaperHome, name: str) -> str:
    return bundles.load(home.places.bundle(name)).account


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def findings(home: PaperHome) -> list[str]:
    return [row["code"] for row in home.ctl("findings").data]


def quarantined(home: PaperHome, name: str, *words: str) -> None:
    """Its duty, its reason, a refused fire, and the broker's books untouched."""
    home.until(lambda: terminal(home, name)["duty"] == "QUARANTINED", f"{name} is quarantined")
    why = terminal(home, name)["why"]
    assert all(word in why for word in words), why
    before = len(home.opened()) + len(home.opened(100_002))
    home.step()
    denied = fire_by_hand(home, "--account", account_of(home, name))
    assert denied.code == 6, denied
    assert len(home.opened()) + len(home.opened(100_002)) == before


def restarted_with(home: PaperHome, name: str, **changes: object) -> None:
    """Its agent starts again from a bundle that somebody has changed."""
    path = home.places.bundle(name)
    bundles.save(path, msgspec.structs.replace(bundles.load(path), **changes))
    home.kill(name)


def test_another_account(home: PaperHome) -> None:
    other: Bundle = bundles.load(home.places.bundle("alpha"))
    restarted_with(home, "bravo", login=other.login, password=other.password)
    quarantined(home, "bravo", "100001")
    # The person who put it right says so; until then the right account alone is not enough.
    restarted_with(home, "bravo", login=100_002, password=bundles.password_of(other))
    assert home.ctl("status").code == 0
    assert terminal(home, "bravo")["duty"] == "QUARANTINED"


def service(home: PaperHome, name: str) -> dict[str, Any]:
    return next(row for row in home.status()["services"] if row["name"] == name)


def test_its_ledger_was_deleted(home: PaperHome) -> None:
    home.step()
    before = service(home, "alpha")
    assert fire_by_hand(home).code == 0
    bundle = bundles.load(home.places.bundle("alpha"))
    home.kill("alpha", signal.SIGSTOP)
    for path in Path(bundle.ledger).parent.glob(Path(bundle.ledger).name + "*"):
        path.unlink()
    home.kill("alpha")
    home.until(lambda: "LEDGER_LOST" in findings(home), "the loss is found")
    after = service(home, "alpha")
    assert after["restarts"] == before["restarts"] + 1 and after["since"] > before["since"]
    quarantined(home, "alpha", "ledger")


def test_a_second_agent_with_the_same_key(home: PaperHome, tmp_path: Path) -> None:
    copied = msgspec.structs.replace(
        bundles.load(home.places.bundle("bravo")), ledger=str(tmp_path / "l.db"), lock=str(tmp_path / "l.lock")
    )
    bundles.save(tmp_path / "bundle.toml", copied)
    second = subprocess.Popen(
        [*HYDRA_TERMINAL, "run", str(tmp_path / "bundle.toml")],
        env=home.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        quarantined(home, "bravo")
    finally:
        second.kill()
        second.wait()


@pytest.mark.skipif(shutil.which("faketime") is None, reason="needs faketime")
def test_its_clock_is_two_hours_off(home: PaperHome) -> None:
    """The daemon is held while the agent is exchanged for one on a machine whose clock is wrong."""
    daemon = home.kill("daemon", signal.SIGSTOP)
    try:
        home.kill("bravo")
        argv = [*HYDRA_TERMINAL, "run", str(home.places.bundle("bravo"))]
        environ = {**home.environ, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        processes.spawn(["faketime", "-f", "+2h", *argv], home.places.log_dir / "off.log", environ, home.path)
        home.until(lambda: home.running("bravo"), "the agent with the wrong clock runs")
    finally:
        os.kill(daemon, signal.SIGCONT)
    home.until(lambda: terminal(home, "bravo")["link"] == "READY", "it greets")
    quarantined(home, "bravo", "clock")


def test_a_terminal_that_answers_as_its_neighbour(home: PaperHome) -> None:
    """Identity is read right before an order: what is another account's is not traded."""
    home.step()
    before = len(home.opened()) + len(home.opened(100_002))
    home.broker(op="fault", kind="neighbour", login=100_001)
    answer = fire_by_hand(home, "--account", account_of(home, "alpha"))
    assert answer.code in (6, 12, 14), answer  # UNKNOWN where a busy machine is late to prove that nothing was sent
    assert len(home.opened()) + len(home.opened(100_002)) == before
    home.until(lambda: "IDENTITY" in findings(home) or "AGENT_WARNING" in findings(home), "a finding")
    quarantined(home, "alpha")


def test_a_simulator_enrolled_as_live(home: PaperHome, tmp_path: Path) -> None:
    """A real home whose agent's package turns out to be the simulator's: nothing of it is believed."""
    real = PaperHome(f'[bridge]\naddress = "tcp://127.0.0.1:{free_port()}"\n[hud]\nenabled = false\n')
    with ExitStack() as ends:
        ends.callback(real.end)
        assert real.ctl("init", "--real").code == 0
        real.launch()
        enrolled = real.ctl(
            *("terminal", "enroll", "gold", "--account", "gold", "--login", "100001"),
            *("--server", "HydraX-Paper", "--kind", "live", "--symbols", "EURUSD"),
        )
        assert enrolled.code == 0, enrolled
        path = real.places.bundle("gold")
        bundles.save(path, msgspec.structs.replace(bundles.load(path), password=Secret("x")))
        path.with_name("caps.toml").write_text('login = 100001\nmax_lots = "1.00"\n')
        broker = bundles.load(home.places.bundle("alpha")).sim_socket
        environ = {**real.environ, "PYTHONPATH": module_path(), "HYDRA_SIM_SOCKET": broker}
        agent = processes.spawn(
            [*HYDRA_TERMINAL, "run", str(path)], real.places.log_dir / "gold.log", environ, real.path
        )
        ends.callback(agent.kill)
        real.until(lambda: terminal(real, "gold")["duty"] == "QUARANTINED", "gold is quarantined")
        assert "paper" in terminal(real, "gold")["why"] and "IDENTITY" in findings(real)
    assert len(home.opened()) == 0


def test_a_taken_address_is_told_in_a_sentence() -> None:
    """A real home listens where its configuration says, or not at all."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        real = PaperHome(f'[bridge]\naddress = "tcp://127.0.0.1:{taken}"\n')
        try:
            assert real.ctl("init", "--real").code == 0
            up = real.ctl("up")
            assert up.code == 1 and f"cannot listen on tcp://127.0.0.1:{taken}" in up.stderr, up
            assert "Traceback" not in real.logs()
        finally:
            real.end()
