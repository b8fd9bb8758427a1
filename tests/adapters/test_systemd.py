"""What systemd is told, and when the watchdog is fed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hydrad.host import systemd, tcp_ports
from hydrad.host.systemd import LAG_MAX_S, Manager, Watchdog

WAIT_S = 40.0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with tempfile.TemporaryDirectory(prefix="hx") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(f"{folder}/notify")
        bound.settimeout(WAIT_S)
        yield bound


def heard(listener: socket.socket) -> list[str]:
    return listener.recv(4096).decode().split("\n")


def drain(listener: socket.socket) -> list[list[str]]:
    """Takes what was said until now."""
    said: list[list[str]] = []
    listener.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            said.append(heard(listener))
    listener.settimeout(WAIT_S)
    return said


# --- the datagrams --------------------------------------------------------------------------------------


def test_each_word_is_a_datagram(listener: socket.socket) -> None:
    manager = Manager(listener.getsockname(), None)
    manager.ready("up")
    manager.alive()
    manager.status("a")
    manager.status("a")  # not told again
    manager.stopping("bye")
    said = [heard(listener) for _ in range(4)]
    assert said == [["READY=1", "STATUS=up"], ["WATCHDOG=1"], ["STATUS=a"], ["STOPPING=1", "STATUS=bye"]]


def test_an_abstract_address() -> None:
    name = f"hx-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(f"\0{name}")
        bound.settimeout(WAIT_S)
        Manager(f"@{name}", None).alive()
        assert heard(bound) == ["WATCHDOG=1"]


def test_a_manager_that_is_not_there_or_does_not_listen_is_not_waited_for(listener: socket.socket) -> None:
    Manager("", None).ready("nobody")
    gone = Manager("/nonexistent/notify", None)
    gone.alive()
    assert gone.lost == 1
    full = Manager(listener.getsockname(), None)
    for number in range(5_000):
        full.status(str(number))
    assert full.lost > 0


@pytest.mark.parametrize(
    ("environ", "watchdog_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_environment_is_taken_so_that_children_stay_silent(
    environ: dict[str, str], watchdog_s: float | None
) -> None:
    environ = {"KEPT": "1", "NOTIFY_SOCKET": "/run/x", **environ}
    assert systemd.take(environ).watchdog_s == watchdog_s
    assert environ == {"KEPT": "1"}


# --- the rule of the watchdog ---------------------------------------------------------------------------


def test_it_is_fed_after_something_became_durable_and_not_before_it_is_due() -> None:
    dog = Watchdog(20.0, 100.0)
    assert not dog.feed(104.9, 0.0, 104.0)  # not due
    assert dog.needs_ping(105.0, 100.0)  # nothing durable since the last feeding
    assert not dog.feed(105.0, 0.0, 100.0)
    assert not dog.needs_ping(105.0, 104.0)  # a commit serves
    assert dog.feed(105.0, 0.0, 104.0)
    assert not dog.feed(110.0, 0.0, 104.0)  # the same commit does not serve twice
    assert dog.feed(110.0, 0.0, 109.0)


def test_a_loop_that_lags_does_not_feed_it() -> None:
    dog = Watchdog(20.0, 0.0)
    assert not dog.feed(6.0, LAG_MAX_S + 0.01, 5.9)
    assert dog.feed(7.0, LAG_MAX_S, 6.9)


def test_without_a_watchdog_there_is_neither_ping_nor_feeding() -> None:
    dog = Watchdog(None, 0.0)
    assert not dog.needs_ping(1e9, 0.0) and not dog.feed(1e9, 0.0, 1e9)


def test_a_ping_is_a_private_file_that_stays_small(tmp_path: Path) -> None:
    for _ in range(3):
        systemd.ping(tmp_path / "ping", "4242\n")
    assert (tmp_path / "ping").read_text() == "4242\n"
    assert stat.S_IMODE((tmp_path / "ping").stat().st_mode) == 0o600
    with pytest.raises(OSError, match="No such file"):
        systemd.ping(tmp_path / "gone" / "ping", "1\n")


# --- the daemon itself ----------------------------------------------------------------------------------


class Daemon:
    """`hydrad run` under a manager of ours."""

    def __init__(self, home: Path, listener: socket.socket, **environ: str) -> None:
        self.listener = listener
        self.home = home
        self.environ = {**os.environ, "HYDRA_HOME": str(home), "NOTIFY_SOCKET": listener.getsockname(), **environ}
        self.log = home / "said"
        with self.log.open("wb") as said:
            self.process = subprocess.Popen([sys.executable, "-m", "hydrad", "run"], env=self.environ, stderr=said)

    def until(self, word: str) -> list[list[str]]:
        said: list[list[str]] = []
        while not said or word not in said[-1]:
            said.append(heard(self.listener))
        return said

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        subprocess.run([sys.executable, "-m", "hydrad", "down"], env=self.environ, check=False, capture_output=True)


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hx") as folder:
        yield Path(folder)


def test_the_daemon_is_ready_lives_and_stops(home: Path, listener: socket.socket) -> None:
    daemon = Daemon(home, listener, WATCHDOG_USEC="4000000")
    try:
        (first,) = daemon.until("READY=1")
        assert "paper ACTIVE" in first[1] and "terminals READY" in first[1]
        assert (home / "run" / "control.sock").exists()  # the doors are open by then
        daemon.until("WATCHDOG=1")
        while not (said := heard(listener))[0].startswith("STATUS=paper ACTIVE, 2 of 2 terminals READY, record "):
            assert said[0].startswith(("STATUS=paper ACTIVE, ", "WATCHDOG=1"))
        daemon.process.send_signal(signal.SIGTERM)
        daemon.until("STOPPING=1")
        assert daemon.process.wait(WAIT_S) == 0
        # The children were started without the socket: nothing else has spoken.
        listener.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            raise AssertionError(heard(listener))
    finally:
        daemon.end()


def test_a_writer_that_hangs_does_not_feed_it(home: Path, listener: socket.socket) -> None:
    """Once a real home has started it has no market and so no commits: each feeding needs a ping, and this one fails."""
    environ = {**os.environ, "HYDRA_HOME": str(home)}
    subprocess.run([sys.executable, "-m", "hydrad", "init", "--real"], env=environ, check=True, capture_output=True)
    ping = home / "state" / "ping"
    os.mkfifo(ping, 0o600)
    address = f"tcp://127.0.0.1:{tcp_ports.free_port()}"
    daemon = Daemon(home, listener, WATCHDOG_USEC="400000", HYDRA_BRIDGE__ADDRESS=address)
    try:
        daemon.until("READY=1")
        reader = os.open(ping, os.O_RDONLY)  # comes back when the daemon has tried
        before = drain(listener)  # fed by the records of its start, before it tried
        assert daemon.process.wait(WAIT_S) != 0  # a disk that does not take it is the end, with evidence
        os.close(reader)
        assert "Illegal seek" in daemon.log.read_text()
        said = [] if ["STOPPING=1"] in before else daemon.until("STOPPING=1")  # it may have ended while we looked
        assert ["WATCHDOG=1"] not in said
    finally:
        daemon.end()


def test_an_agent_is_ready_lives_and_stops(home: Path, listener: socket.socket) -> None:
    environ = {**os.environ, "HYDRA_HOME": str(home)}
    subprocess.run([sys.executable, "-m", "hydrad", "init"], env=environ, check=True, capture_output=True)
    folder = home / "state" / "terminals" / "alpha"
    agent = subprocess.Popen(
        [sys.executable, "-m", "hydrad.terminal", "run", str(folder / "bundle.toml")],
        env={**environ, "NOTIFY_SOCKET": listener.getsockname(), "WATCHDOG_USEC": "2000000"},
        stderr=subprocess.DEVNULL,
    )
    try:
        assert heard(listener)[0] == "READY=1"
        assert heard(listener)[0].startswith("STATUS=alpha: ")
        assert heard(listener) == ["WATCHDOG=1"]
        assert (folder / "ping").read_text() == f"{agent.pid}\n"
        agent.send_signal(signal.SIGTERM)
        while heard(listener)[0] != "STOPPING=1":
            pass
        assert agent.wait(WAIT_S) == 0
    finally:
        agent.kill()
        agent.wait()


def test_the_daemon_does_not_start_with_a_secret_that_others_can_read(home: Path, listener: socket.socket) -> None:
    daemon = Daemon(home, listener)
    try:
        daemon.until("READY=1")
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(WAIT_S) == 0
    finally:
        daemon.end()
    key = home / "state" / "keys" / "daemon.key"
    key.chmod(0o644)
    again = Daemon(home, listener)
    assert again.process.wait(WAIT_S) == 78
    assert f"run chmod 600 {key}" in again.log.read_text()
    key.chmod(0o600)
    key.unlink()
    lost = Daemon(home, listener)
    assert lost.process.wait(WAIT_S) == 78
    assert str(key) in lost.log.read_text()
