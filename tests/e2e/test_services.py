"""Services of a real daemon: stopped, started, killed; its probes over HTTP; its configuration read again."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from paper import CONFIG, HYDRAD, PaperHome

from hydrad.host import processes
from hydrad.host.lock import holder

pytestmark = pytest.mark.timeout(180)


def services(home: PaperHome) -> dict[str, str]:
    return {row["name"]: row["state"] for row in home.status()["services"]}


def fire(home: PaperHome) -> Any:
    row = next(r for r in home.ctl("ticks", "EURUSD").data if r["symbol"] == "EURUSD")
    bid = Decimal(row["bid"])
    words = ("--stop", str(bid - Decimal("0.003")), "--target", str(bid + Decimal("0.009")), "--yes")
    return home.ctl("fire", "--symbol", "EURUSD", "--side", "buy", *words)


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def kinds(home: PaperHome, kind: str) -> list[str]:
    argv = ("tail", "-n", "500", "--kind", kind, "-o", "json")
    done = subprocess.run([*home_ctl(), *argv], env=home.environ, capture_output=True, text=True)
    return [json.loads(line)["text"] for line in done.stdout.splitlines()]


def home_ctl() -> list[str]:
    from paper import HYDRACTL

    return list(HYDRACTL)


def test_each_service_has_a_state_that_is_measured(home: PaperHome) -> None:
    home.until(lambda: services(home).get("hud") == "running", "the HUD serves")
    found = {row["name"]: row for row in home.status()["services"]}
    assert {name: row["state"] for name, row in found.items()} == {
        **dict.fromkeys(("bridge", "apex", "toc", "hud", "scheduler", "broker", "alpha", "bravo"), "running"),
        "bot": "off",
        "channels": "off",
    }
    assert "no token configured" in found["bot"]["detail"] and "frames in" in found["bridge"]["detail"]
    jobs = {row["name"]: row for row in home.status()["scheduler"]}
    wanted = {"journal-verify", "recording-check", "recording-retention", "snapshot", "digest"}
    wanted |= {"all-well 06:00", "all-well 18:00"}
    assert set(jobs) == wanted and all(row["next_at"] for row in jobs.values())
    home.step()
    assert home.ctl("health").code == 0 and home.ctl("wait", "--for", "healthy").code == 0


def test_apex_stopped_proposes_nothing_and_quotes_go_on(home: PaperHome) -> None:
    home.step()
    assert home.ctl("stop", "apex", "--reason", "looking").code == 0
    before = home.status()["clocks"]["market"]
    home.step(30)
    status = home.status()
    assert status["clocks"]["market"] > before and status["missions"]["open"] == 0
    assert all(not row["stale"] for row in home.ctl("ticks").data)
    assert fire(home).code == 0
    health = home.ctl("health")
    assert health.code == 9 and "service apex" in health.data["failing"]
    home.kill("daemon")
    home.start()
    assert services(home)["apex"] == "stopped"
    assert home.ctl("start", "apex").code == 0
    assert services(home)["apex"] == "running"
    assert "service apex stopped: looking" in kinds(home, "SERVICE_CHANGED")


def test_the_bridge_stopped_leaves_positions_unreachable_and_says_so(home: PaperHome) -> None:
    home.step()
    assert fire(home).code == 0
    assert home.ctl("positions").data[0]["reachable"] is True
    assert home.ctl("stop", "bridge").code == 0
    assert {row["link"] for row in home.status()["terminals"]} == {"LOST"}
    position = home.ctl("positions").data[0]
    assert position["reachable"] is False and position["stop"] is not None
    assert home.ctl("close", position["id"], "--yes").code == 6
    words = ("--symbol", "EURUSD", "--side", "buy", "--stop", position["stop"], "--yes")
    assert home.ctl("fire", *words).code in (5, 6)
    port = int(home.status()["endpoint"].rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)
    assert home.ctl("start", "bridge").code == 0
    home.await_ready()
    home.step()
    assert home.ctl("close", position["id"], "--yes").code == 0


def test_toc_stopped_opens_nothing_and_closes_and_halts_work(home: PaperHome) -> None:
    home.step()
    assert fire(home).code == 0
    assert home.ctl("stop", "toc").code == 15
    assert home.ctl("halt", "--reduce").code == 0
    assert home.ctl("stop", "toc").code == 0
    position = home.ctl("positions").data[0]["id"]
    home.kill("daemon")
    home.start()
    assert services(home)["toc"] == "stopped"
    assert home.ctl("halt").code == 0
    home.await_ready()
    assert home.ctl("close", position, "--yes").code == 0
    assert home.ctl("resume", "--yes").code == 0
    home.step()
    denied = fire(home)
    assert denied.code == 6 and "SERVICE_STOPPED" in denied.act["codes"]
    assert home.ctl("start", "toc").code == 0


def test_probes_and_page_of_the_hud() -> None:
    """At a port that no other home of these tests takes when it is free again."""
    made = PaperHome(CONFIG + f"[hud]\nport = {19_000 + os.getpid() % 1_000}\n")
    try:
        made.start()
        _probes_and_page(made)
    finally:
        made.end()


def _probes_and_page(home: PaperHome) -> None:
    home.until(lambda: home.status()["hud"] is not None, "the HUD serves")
    url = home.status()["hud"]
    assert json.loads(home.places.endpoints_file.read_text())["hud"] == url
    home.step()
    home.until(lambda: get(f"{url}/healthz")[0] == 200, "healthy")
    assert [get(f"{url}{path}")[0] for path in ("/livez", "/readyz")] == [200, 200]
    status, page = get(url)
    assert status == 200 and "HydraX" in page
    for private in ("alpha", "bravo", "100001", "10000.00", "EURUSD"):
        assert private not in page and private not in get(f"{url}/healthz")[1]
    assert home.ctl("stop", "toc", "--yes").code == 0
    assert get(f"{url}/readyz")[0] == 503 and get(f"{url}/livez")[0] == 200
    assert home.ctl("halt").code == 0
    code, health = get(f"{url}/healthz")
    assert code == 503 and json.loads(health)["authority"] == "HALTED"
    assert home.ctl("stop", "hud").code == 0
    with pytest.raises(urllib.error.URLError):
        get(url)
    assert "hud" not in json.loads(home.places.endpoints_file.read_text())


def test_two_homes_have_two_huds(home: PaperHome) -> None:
    other = PaperHome()
    try:
        other.start()
        for one in (home, other):
            home.until(lambda one=one: one.status()["hud"] is not None, "the HUD serves")  # type: ignore[misc]
        assert home.status()["hud"] != other.status()["hud"]
    finally:
        other.end()


def test_a_reload_is_whole_or_nothing_and_looser_waits(home: PaperHome) -> None:
    home.step()
    assert home.ctl("config", "set", "risk.open_risk_max_percent", "9").code == 0
    assert home.ctl("config", "set", "risk.open_positions_max", "0").code == 0
    reloaded = home.ctl("reload")
    assert reloaded.code == 0 and reloaded.data["applied"] == ["risk.open_positions_max"]
    (waits,) = reloaded.data["waiting"]
    assert waits["key"] == "risk.open_risk_max_percent" and waits["value"] == '"3.0"'
    assert "OPEN_POSITIONS" in fire(home).act["codes"]
    assert home.status()["pending_limits"] == [waits]
    text = home.places.config_file.read_text()
    home.places.config_file.write_text(text + "\n[risk]\nopen_positions_max = 5\nnonsense = 1\n")
    bad = home.ctl("reload")
    assert bad.code == 1 and "nonsense" in bad.envelope["error"]["message"]
    home.places.config_file.write_text(text)
    home.kill("daemon")
    home.start()
    rows = {row["key"]: row for row in home.ctl("config", "show").data}
    assert rows["risk.open_risk_max_percent"]["value"] == '"3.0"' and rows["risk.open_risk_max_percent"]["pending"]
    assert home.status()["pending_limits"] == [waits]
    assert home.ctl("config", "set", "paper.history_hours", "11").code == 7
    assert home.ctl("reload").code == 7


def test_the_logs_can_be_read_with_and_without_the_daemon(home: PaperHome) -> None:
    assert home.ctl("log", "level", "jobs=debug", "--for", "1s").data["until"] is not None
    assert home.ctl("log", "level", "nosuch=debug").code == 5
    assert any("ready" in row["text"] for row in home.ctl("logs", "hydrad").data)
    home.kill("daemon")
    assert any("ready" in row["text"] for row in home.ctl("logs", "hydrad").data)
    home.until(lambda: bool(home.ctl("logs", "alpha").data), "the agent has told that the daemon is silent")


def test_doctor_with_and_without_the_daemon(home: PaperHome) -> None:
    def bad() -> set[str]:
        return {row["check"] for row in home.ctl("doctor").data["checks"] if not row["ok"]}

    machines = {"clock", "disk", "port of hud", "port of bridge"}
    assert bad() <= machines
    home.kill("daemon")
    assert bad() <= machines


# --- a full disk ----------------------------------------------------------------------------------------


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 24 MiB for a home's state."""
    folder = Path("/tmp") / f"hx-small-{os.getpid()}"
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(folder)], capture_output=True)
    try:
        if mounted.returncode:
            pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def test_a_full_disk_ends_the_daemon_and_nothing_that_was_told_is_lost(small_disk: Path) -> None:
    home = PaperHome()
    shutil.move(home.places.state_dir, small_disk / "state")
    (home.path / "state").symlink_to(small_disk / "state")
    try:
        home.start()
        home.step()
        told = home.status()["journal"]["seq"]
        with contextlib.suppress(OSError), (small_disk / "filler").open("wb") as filler:
            while True:
                filler.write(bytes(1 << 16))
                filler.flush()
        end = time.monotonic() + 60
        while holder(home.places.lock_file) is not None and time.monotonic() < end:
            with contextlib.suppress(AssertionError, OSError):
                home.step()
        assert holder(home.places.lock_file) is None, home.logs()
        assert home.ctl("status").code == 3
        (small_disk / "filler").unlink()
        verified = home.ctl("journal", "verify")
        assert verified.code == 0 and verified.data["records"] >= told
        home.start()
        assert home.status()["journal"]["seq"] > told
    finally:
        home.end()


def test_a_hud_that_is_not_enabled_is_off() -> None:
    home = PaperHome()
    home.places.config_file.write_text(home.places.config_file.read_text() + "[hud]\nenabled = false\n")
    try:
        processes.spawn([*HYDRAD, "run"], home.places.log_file, home.environ, home.path)
        home.await_ready()
        row = next(row for row in home.status()["services"] if row["name"] == "hud")
        assert row["state"] == "off" and "hud.enabled is false" in row["detail"]
        assert home.status()["hud"] is None
        assert home.ctl("start", "hud").code == 1
    finally:
        home.end()


def failing(home: PaperHome) -> list[str]:
    return list(home.ctl("health").data["failing"])


@pytest.mark.parametrize("conductor", ["client", "daemon"])
def test_a_frozen_broker_is_not_green(conductor: str) -> None:
    """The market's own clock stands with it, and with the clock every age of a quote: machine time must tell."""
    config = CONFIG.replace('conductor = "client"', f'conductor = "{conductor}"').replace("12:25:00", "12:35:00")
    home = PaperHome(config)
    try:
        home.start()
        home.until(lambda: "market" not in failing(home), "the market is alive")
        if conductor == "client":
            home.step()
        home.until(lambda: all(row["age_s"] is not None for row in home.status()["feed"]), "there are quotes")
        pid = home.kill("broker", signal.SIGSTOP)
        home.until(lambda: "market" in failing(home), "the market stands still")
        said = home.ctl("status")
        assert any(row["check"] == "market" and "stands still" in row["detail"] for row in said.data["health"])
        assert all(row["stale"] for row in said.data["feed"])
        assert all(row["stale"] for row in home.ctl("ticks").data)
        before = [row["age_s"] for row in said.data["feed"]]
        grown = lambda rows: all((row["age_s"] or 0) > age + 1 for row, age in zip(rows, before, strict=True))  # noqa: E731
        home.until(lambda: grown(home.status()["feed"]), "ages grow on though the market's clock stands")
        os.kill(pid, signal.SIGCONT)
        home.until(lambda: "market" not in failing(home), "the market goes on")
    finally:
        home.end()
