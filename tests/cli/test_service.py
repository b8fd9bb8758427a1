"""The daemon through systemd: which unit is meant, and what systemctl is asked. The manager here is a recorder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hydractl import systemd
from hydractl.places import Places

# Starting the unit is linking the fake daemon's socket; what was asked is kept.
SYSTEMCTL = """#!/bin/sh
echo "$*" >> "{log}"
case "$*" in
  *start*) {on_start} ;;
esac
exit 0
"""


class Manager:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "asked"
        self.bin = home / "bin"
        self.bin.mkdir()
        runtime = home / "runtime"
        (runtime / "systemd").mkdir(parents=True)
        self.environ = {
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_CONFIG_HOME": str(home / "xdg"),
            "PATH": f"{self.bin}:{os.environ['PATH']}",
        }
        self.answers("exit 0")

    def answers(self, on_start: str) -> None:
        script = self.bin / "systemctl"
        script.write_text(SYSTEMCTL.format(log=self.log, on_start=on_start))
        script.chmod(0o755)

    def unit(self, state: Path) -> Path:
        path = self.home / "xdg" / "systemd" / "user" / "hydrad.service"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"[Unit]\nX-HydraState={state}\n")
        return path

    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def manager(home: Path) -> Manager:
    return Manager(home)


def places(state: str) -> Places:
    return Places("/c", "/r", state, "/h", "a test")


def test_a_unit_is_meant_only_where_it_runs_this_home_and_its_manager_runs(manager: Manager, home: Path) -> None:
    path = manager.unit(home / "state")
    found = systemd.find(places(f"{home}/state"), manager.environ)
    assert found is not None and found.user and found.path == str(path)
    assert systemd.find(places("/other"), manager.environ) is None
    assert systemd.find(places(f"{home}/state"), {**manager.environ, "XDG_RUNTIME_DIR": "/nonexistent"}) is None
    path.unlink()
    assert systemd.find(places(f"{home}/state"), manager.environ) is None


def test_a_system_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hydrad.service").write_text("[Unit]\nX-HydraState=/var/lib/hydra\n")
    monkeypatch.setattr(systemd, "SYSTEM_FOLDERS", (str(tmp_path),))
    for booted, is_found in ((str(tmp_path), True), ("/nonexistent", False)):
        monkeypatch.setattr(systemd, "BOOTED", booted)
        found = systemd.find(places("/var/lib/hydra"), {"XDG_CONFIG_HOME": "/nonexistent"})
        assert (found is not None) is is_found
        assert found is None or (not found.user and "journalctl -u" in found.report)


def test_up_starts_the_unit_and_no_process_of_its_own(manager: Manager, home: Path, fake: Any, hydractl: Any) -> None:
    manager.unit(home / "state")
    socket = home / "run" / "control.sock"
    socket.rename(home / "run" / "away")
    manager.answers(f'mv "{home}/run/away" "{socket}"')
    done = hydractl("up", "-o", "json", **manager.environ)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["started"] is True
    assert manager.asked() == ["--user reset-failed hydrad.service", "--user start hydrad.service"]
    assert not (home / "run" / "hydrad.log").exists() and not (home / "state").exists()
    again = hydractl("up", "-o", "json", **manager.environ)
    assert json.loads(again.stdout)["data"]["started"] is False
    assert len(manager.asked()) == 2  # it runs: nothing is asked


def test_up_says_what_systemctl_said(manager: Manager, home: Path, hydractl: Any) -> None:
    manager.unit(home / "state")
    manager.answers('echo "Job for hydrad.service failed" >&2; exit 1')
    done = hydractl("up", **manager.environ)
    assert done.returncode == 1
    assert "Job for hydrad.service failed" in done.stderr and "journalctl --user -u hydrad" in done.stderr


def test_down_asks_the_daemon_and_stops_a_unit_that_would_come_back(
    manager: Manager, home: Path, fake: Any, hydractl: Any, wire: Any
) -> None:
    manager.unit(home / "state")
    child = subprocess.Popen(["true"])
    child.wait()
    ended = msgspec.structs.replace(wire.DATA["down"][1], pid=child.pid)
    status = msgspec.structs.replace(wire.STATUS, pid=child.pid)
    fake.script = lambda call: wire.answer(call, data={"down": ended, "status": status}[wire.verb_of(call)])
    assert hydractl("down", **manager.environ).returncode == 0
    assert manager.asked() == []  # a clean end is not started again
    fake.close()
    (home / "run" / "control.sock").unlink()
    assert hydractl("down", **manager.environ).returncode == 0
    assert manager.asked() == ["--user stop hydrad.service"]


def test_a_refused_down_stops_nothing(manager: Manager, home: Path, fake: Any, hydractl: Any, wire: Any) -> None:
    from hydrad.wire.answers import Problem

    manager.unit(home / "state")
    problem = Problem("CONFLICT", "acts without a verdict")
    fake.script = lambda call: (
        wire.answer(call, data=None, error=problem) if wire.verb_of(call) == "down" else wire.answer(call)
    )
    for verb in ("down", "restart"):
        assert hydractl(verb, **manager.environ).returncode == 15
    assert manager.asked() == []
