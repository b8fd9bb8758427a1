"""The units: what systemd makes of them, what `service install` writes, and that the daemon lives within its filter."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hydrad.commands import units
from hydrad.config import load

SCORE_MAX = 15  # tenths
FED = ("hydrad.service", "hydra-terminal@.service")  # by what they tell the manager
UNITS = (*FED, "hydra-sim@.service")
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def hydrad(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hydrad", *words], env={**os.environ, **environ}, capture_output=True, text=True
    )


def keys_of(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w[\w-]*)=(.*)$", text, re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system installation below a folder."""
    done = hydrad("service", "install", "--system", "--root", str(tmp_path), SUDO_UID="1234")
    assert done.returncode == 0, done.stderr
    return tmp_path


# --- the units by themselves ----------------------------------------------------------------------------


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
def test_the_exposure_is_small(name: str, root: Path) -> None:
    unit = root / "etc/systemd/system" / name
    words = ["systemd-analyze", "security", "--offline=true", f"--threshold={SCORE_MAX}", "--no-pager", str(unit)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    weak = re.sub(
        r"^(Protect\w+|SystemCallFilter|CapabilityBoundingSet)=.*\n", "", unit.read_text(), flags=re.MULTILINE
    )
    unit.write_text(weak)
    assert subprocess.run(words, capture_output=True, text=True).returncode != 0  # the test can fail


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_every_line(name: str, root: Path) -> None:
    unit = root / "etc/systemd/system" / name
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if name in line and "man " not in line]
    assert not said
    unit.write_text(unit.read_text().replace("RestartSec=2", "RestartSec=often"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert "Failed to parse" in done.stderr  # the test can fail


@pytest.mark.parametrize("name", FED)
def test_what_the_daemon_relies_on(name: str) -> None:
    found = keys_of((units.templates() / name).read_text())
    assert found["Type"] == ["notify"] and found["NotifyAccess"] == ["main"]
    assert int(found["WatchdogSec"][0]) >= 10
    assert found["RestartPreventExitStatus"] == ["75 78"] and found["Restart"] == ["on-failure"]
    assert int(found["RestartSec"][0]) >= 1
    assert "LoadCredential" in found and "PrivateUsers" not in found
    assert all(value == "yes" or "=" not in value for value in found["NoNewPrivileges"])


@needs_systemd
def test_sysusers_and_tmpfiles(root: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to make the user below a root of its own")
    users = subprocess.run(
        ["systemd-sysusers", f"--root={root}", str(root / "etc/sysusers.d/hydra.conf")], capture_output=True, text=True
    )
    assert users.returncode == 0, users.stderr
    assert re.search(
        r"^hydra:x:\d+:\d+:HydraX daemon:/var/lib/hydra:/usr/sbin/nologin$",
        (root / "etc/passwd").read_text(),
        re.MULTILINE,
    )
    made = subprocess.run(
        ["systemd-tmpfiles", f"--root={root}", "--create", str(root / "etc/tmpfiles.d/hydra.conf")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    modes = {
        path: (root / path).stat().st_mode & 0o7777 for path in ("run/hydra", "var/lib/hydra", "var/lib/hydra-halt")
    }
    assert modes == {"run/hydra": 0o750, "var/lib/hydra": 0o700, "var/lib/hydra-halt": 0o2770}


def test_a_simulated_broker_reaches_no_network_and_is_not_started_twice() -> None:
    found = keys_of((units.templates() / "hydra-sim@.service").read_text())
    assert found["PrivateNetwork"] == ["yes"] and found["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert found["RestartPreventExitStatus"] == ["75 78"] and found["Restart"] == ["on-failure"]


# --- install and uninstall ------------------------------------------------------------------------------


def test_the_units_start_this_installation(root: Path) -> None:
    bindir = Path(sys.executable).parent
    text = (root / "etc/systemd/system/hydrad.service").read_text()
    assert keys_of(text)["ExecStart"] == [f"{bindir}/hydrad run"]
    assert os.access(bindir / "hydrad", os.X_OK)
    text = (root / "etc/systemd/system/hydra-terminal@.service").read_text()
    assert keys_of(text)["ExecStart"] == [f"{bindir}/hydra-terminal run /var/lib/hydra/terminals/%i/bundle.toml"]


def test_whoever_installs_becomes_commander_and_an_own_configuration_is_kept(root: Path) -> None:
    path = root / "etc/hydra/config.toml"
    assert load(path, path.parent / "conf.d", {}).config.operators.commander_uid == 1234
    path.write_text("# mine\n")
    assert hydrad("service", "install", "--system", "--root", str(root)).returncode == 0
    assert path.read_text() == "# mine\n"


def test_uninstall_removes_its_own_files_and_no_other(root: Path) -> None:
    own = root / "etc/systemd/system/hydrad.service"
    other = root / "etc/systemd/system/other.service"
    other.write_text("[Unit]\n")
    changed = root / "etc/tmpfiles.d/hydra.conf"
    changed.write_text("d /run/hydra 0755\n")  # written anew by somebody
    done = hydrad("service", "uninstall", "--system", "--root", str(root), "-o", "json")
    data = json.loads(done.stdout)["data"]
    assert done.returncode == 0 and str(own) in data["removed"] and data["left"] == [str(changed)]
    left = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert left == {"etc/systemd/system/other.service", "etc/tmpfiles.d/hydra.conf", "etc/hydra/config.toml"}
    again = hydrad("service", "uninstall", "--system", "--root", str(root))
    assert again.returncode == 0 and "nothing of ours" in again.stdout


def test_a_file_of_somebody_elses_is_not_written_over(tmp_path: Path) -> None:
    unit = tmp_path / "etc/systemd/system/hydrad.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Unit]\nDescription=mine\n")
    done = hydrad("service", "install", "--system", "--root", str(tmp_path))
    assert done.returncode == 15 and str(unit) in done.stderr
    assert unit.read_text() == "[Unit]\nDescription=mine\n"
    assert not (tmp_path / "etc/sysusers.d").exists()  # nothing was half done


@pytest.mark.skipif(Path("/run/systemd/system").exists(), reason="systemd runs this machine")
def test_without_systemd_it_says_so_and_what_up_does_instead() -> None:
    scopes = ["--user", "--system"] if os.geteuid() == 0 else ["--user"]
    for scope in scopes:
        done = hydrad("service", "install", scope, XDG_RUNTIME_DIR="/nonexistent")
        assert done.returncode == 1
        assert "systemd does not run here" in done.stderr and "hydractl up starts the daemon" in done.stderr


class User:
    """A user's folder, with a systemctl that only keeps what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = folder / "asked"
        (folder / "bin").mkdir()
        (folder / "bin/systemctl").write_text(
            f'#!/bin/sh\necho "$*" >> {self.asked}\ncase "$*" in *is-active*) exit 3;; esac\n'
        )
        (folder / "bin/systemctl").chmod(0o755)
        self.environ = {
            "PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": str(folder), "HYDRA_HOME": str(folder / "h%me"),
            "XDG_CONFIG_HOME": "",
        }  # fmt: skip
        self.units = folder / ".config/systemd/user"


@pytest.fixture
def user() -> Iterator[User]:
    with tempfile.TemporaryDirectory(prefix="hx") as folder:
        yield User(Path(folder))


def test_a_users_units_name_the_users_home_and_ask_for_nothing_that_needs_root(user: User) -> None:
    done = hydrad("service", "install", "--user", **user.environ)
    assert done.returncode == 0, done.stderr
    assert "hydractl up" in done.stdout
    assert "--user daemon-reload" in user.asked.read_text()
    text = (user.units / "hydrad.service").read_text()
    found = keys_of(text)
    assert found["Environment"] == [f'"HYDRA_HOME={user.folder}/h%%me"']
    assert found["X-HydraState"] == [f"{user.folder}/h%me/state"]
    assert found["WantedBy"] == ["default.target"]
    assert not {"User", "ProtectSystem", "LoadCredential", "AssertPathExists", "CapabilityBoundingSet"} & set(found)
    assert {"NoNewPrivileges", "SystemCallFilter", "WatchdogSec", "RestartPreventExitStatus"} <= set(found)
    broker = keys_of((user.units / "hydra-sim@.service").read_text())
    assert broker["ExecStart"][0].endswith(f"sim --config {user.folder}/h%%me/state/brokers/%i/broker.toml")
    agent = keys_of((user.units / "hydra-terminal@.service").read_text())
    assert agent["ExecStart"][0].endswith(f"run {user.folder}/h%%me/state/terminals/%i/bundle.toml")
    assert hydrad("service", "uninstall", "--user", **user.environ).returncode == 0
    assert list(user.units.iterdir()) == []


@needs_systemd
def test_systemd_understands_a_users_units(user: User) -> None:
    assert hydrad("service", "install", "--user", **user.environ).returncode == 0
    for name in UNITS:
        path = user.units / name
        done = subprocess.run(["systemd-analyze", "verify", "--user", str(path)], capture_output=True, text=True)
        assert not [line for line in done.stderr.splitlines() if name in line and "man " not in line], done.stderr


def test_an_installation_that_the_unit_cannot_see_is_refused() -> None:
    for hidden in ("/home/me/.venv/bin", "/root/v/bin", "/tmp/v/bin"):
        with pytest.raises(units.Refused, match="hidden from a system service"):
            units._check_visible(Path(hidden))
    units._check_visible(Path("/opt/hydrax/bin"))
    with pytest.raises(units.Refused, match="space or a quote"):
        units._word("/opt/hydra x/bin")


# --- the daemon within its filter -----------------------------------------------------------------------


def allowed(unit: str) -> set[str]:
    """The system calls that a unit's SystemCallFilter= leaves."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True).stdout
    groups: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("@"):
            groups[line.strip()] = current = []
        elif line.strip() and not line.lstrip().startswith("#"):
            current.append(line.strip())

    def members(word: str) -> set[str]:
        return set().union(*map(members, groups[word])) if word in groups else {word}

    found: set[str] = set()
    for line in keys_of((units.templates() / unit).read_text())["SystemCallFilter"]:
        names = set().union(*map(members, line.removeprefix("~").split()))
        found = found - names if line.startswith("~") else found | names
    return found


CTL = [sys.executable, "-m", "hydractl.main"]
WAIT_S = 60.0


def _until_ready(environ: dict[str, str]) -> None:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        done = subprocess.run([*CTL, "status", "-o", "json"], env=environ, capture_output=True)
        links = [t["link"] for t in json.loads(done.stdout)["data"]["terminals"]] if done.returncode == 0 else []
        if links and set(links) == {"READY"}:
            return
        time.sleep(0.2)
    raise AssertionError("not ready in time")


# As root alone: SQLite gives its files to the database's owner. Where memory lies is numpy's wish, not its need.
NOT_NEEDED = {"fchown", "mbind"}


@needs_systemd
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_paper_home_asks_for_no_system_call_that_the_filter_refuses() -> None:
    """ZeroMQ aborts where it may not set its thread's scheduling: a filter that is too tight ends the daemon."""
    with tempfile.TemporaryDirectory(prefix="hx") as folder:
        environ = {**os.environ, "HYDRA_HOME": folder}
        trace = Path(folder) / "trace"
        daemon = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", str(trace), sys.executable, "-m", "hydrad", "run"],
            env=environ, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _until_ready(environ)
            subprocess.run([*CTL, "down", "--yes"], env=environ, check=True, capture_output=True)
            assert daemon.wait(WAIT_S) == 0
        finally:
            if daemon.poll() is None:
                subprocess.run([*CTL, "down", "--yes"], env=environ, capture_output=True)
                daemon.kill()
        used = set(re.findall(r"^\d+ +([a-z0-9_]+)\(", trace.read_text(errors="replace"), re.MULTILINE))
    assert {"openat", "fdatasync", "sched_setscheduler"} <= used
    for unit in FED:
        assert used - allowed(unit) <= NOT_NEEDED, unit
