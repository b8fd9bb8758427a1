"""A terminal that is not what was enrolled: quarantined with a finding, and nothing is sent through it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from paper import PaperHome, fire_by_hand, script

from hydrad.host import processes
from hydrad.terminal import bundle as bundles
from hydrad.terminal.bundle import Bundle

pytestmark = pytest.mark.timeout(180)
HYDRA_TERMINAL = script("hydra-terminal", "hydrad.terminal")


def terminal(home: PaperHome, name: str) -> dict[str, Any]:
    return next(row for row in home.ctl("terminals").data if row["name"] == name)


def account_of(home: PaperHome, name: str) -> str:
    return bundles.load(home.places.bundle(name)).account


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


def test_its_ledger_was_deleted(home: PaperHome) -> None:
    home.step()
    assert fire_by_hand(home).code == 0
    bundle = bundles.load(home.places.bundle("alpha"))
    home.kill("alpha", signal.SIGSTOP)
    for path in Path(bundle.ledger).parent.glob(Path(bundle.ledger).name + "*"):
        path.unlink()
    home.kill("alpha")
    home.until(lambda: "LEDGER_LOST" in findings(home), "the loss is found")
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
