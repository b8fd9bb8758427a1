"""Clocks, chance, locks, places, keys, ports and processes, on the real system."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hydrad.domain.ids import TAG_MAX
from hydrad.host import entropy, keys, lock, machine, places, processes, tcp_ports
from hydrad.host.clock import SystemClock
from hydrad.host.keys import BadSecret
from hydrad.host.lock import FileLock, Held
from hydrad.host.places import BadPlace, Places, find_places
from hydrad.host.processes import Ended

# A child as the daemon's are: it takes its lock, says so, and ends when asked unless told to be stubborn.
CHILD = textwrap.dedent("""
    import signal, sys, time
    from pathlib import Path
    from hydrad.host.lock import FileLock
    held = FileLock(Path(sys.argv[1]))
    if sys.argv[2:] == ["stubborn"]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        held.release()
        held = FileLock(Path(sys.argv[1]))
    print("up", flush=True)
    while True:
        time.sleep(60)
""")


def environ() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


class Child:
    def __init__(self, folder: Path, *arguments: str) -> None:
        self.lock = folder / "child.lock"
        self.log = folder / "child.log"
        argv = [sys.executable, "-c", CHILD, str(self.lock), *arguments]
        self.process = processes.spawn(argv, self.log, environ(), folder)


@pytest.fixture
def children() -> Iterator[list[Child]]:
    made: list[Child] = []
    yield made
    for child in made:
        if child.process.poll() is None:
            os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()


class TestClockAndChance:
    def test_clocks(self) -> None:
        clock = SystemClock()
        assert abs(clock.machine_ns() - time.time_ns()) < 10**9
        first = clock.boot_ns()
        assert first <= clock.boot_ns()

    def test_draws_are_in_range_and_differ(self) -> None:
        assert all(1 <= entropy.draw_tag() <= TAG_MAX for _ in range(2_000))
        assert all(1 <= entropy.draw_session() < 2**53 for _ in range(100))
        assert len({entropy.draw_session() for _ in range(100)}) == 100
        assert len({entropy.draw_instance() for _ in range(100)}) == 100
        assert (len(entropy.draw_instance()), len(entropy.draw_key())) == (16, 32)


class TestLock:
    def test_one_holder_and_the_file_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "it.lock"
        assert lock.holder(path) is None
        with FileLock(path) as held:
            found = lock.holder(path)
            assert found is not None
            assert found.pid == os.getpid()
            with pytest.raises(Held, match=f"is held by process {os.getpid()}") as caught:
                FileLock(path)
            assert caught.value.pid == os.getpid()
            assert held.path == path
        held.release()
        assert lock.holder(path) is None
        assert path.exists()
        FileLock(path).release()

    def test_it_goes_with_its_process_even_by_kill_9(self, tmp_path: Path, children: list[Child]) -> None:
        child = Child(tmp_path)
        children.append(child)
        assert processes.await_lock(child.lock, child.process, 20)
        with pytest.raises(Held) as caught:
            FileLock(child.lock)
        assert caught.value.pid == child.process.pid
        child.process.kill()
        child.process.wait()
        FileLock(child.lock).release()

    def test_a_child_does_not_inherit_it(self, tmp_path: Path) -> None:
        with FileLock(tmp_path / "l"):
            sleeper = subprocess.Popen(["sleep", "60"], close_fds=False)
        try:
            assert lock.holder(tmp_path / "l") is None
        finally:
            sleeper.kill()
            sleeper.wait()

    def test_a_shorter_pid_leaves_nothing_of_a_longer(self, tmp_path: Path) -> None:
        (tmp_path / "l").write_text("99999999999\n")
        with FileLock(tmp_path / "l"):
            assert (tmp_path / "l").read_text() == f"{os.getpid()}\n"


class TestPlaces:
    def test_a_home_has_all_of_it(self, tmp_path: Path) -> None:
        found = find_places({"HYDRA_HOME": str(tmp_path / "h"), "XDG_STATE_HOME": "/elsewhere"})
        home = tmp_path / "h"
        assert found.config_file == home / "config.toml"
        assert found.conf_dir == home / "conf.d"
        assert found.socket == home / "run/control.sock"
        assert found.endpoints_file == home / "run/endpoints.json"
        assert found.journal == home / "state/journal.db"
        assert found.inputs == home / "state/inputs"
        assert found.market == home / "state/market"
        assert found.daemon_key == home / "state/keys/daemon.key"
        assert found.bundle("alpha") == home / "state/terminals/alpha/bundle.toml"
        assert found.halt_file == home / "state/halt/HALT"
        assert found.process_lock("sim") == home / "run/sim.lock"
        assert not home.exists()
        found.make()
        found.make()
        for folder in (home, *(path for path in home.rglob("*") if path.is_dir())):
            assert folder.stat().st_mode & 0o777 == 0o700, folder
        for file in (found.snapshot, found.lock_file, found.log_file, found.halt_file):
            assert file.parent.is_dir()
        assert found.broker_dir.is_dir()

    def test_the_system_s_places(self, tmp_path: Path) -> None:
        config = tmp_path / "config.toml"
        config.touch()
        found = find_places({"HOME": "/home/u"}, system_config=config)
        assert (found.config_file, found.conf_dir) == (config, tmp_path / "conf.d")
        assert found.socket == Path("/run/hydra/control.sock")
        assert found.journal == Path("/var/lib/hydra/journal.db")
        assert found.halt_file == Path("/var/lib/hydra-halt/HALT")

    def test_a_user_s_places(self, tmp_path: Path) -> None:
        none = tmp_path / "none"
        plain = find_places({"HOME": "/home/u"}, system_config=none)
        assert plain.config_file == Path("/home/u/.config/hydra/config.toml")
        assert plain.journal == Path("/home/u/.local/state/hydra/journal.db")
        assert plain.socket == Path("/home/u/.local/state/hydra/run/control.sock")
        xdg = {
            "HOME": "/home/u",
            "XDG_CONFIG_HOME": "/c",
            "XDG_STATE_HOME": "relative/is/ignored",
            "XDG_RUNTIME_DIR": "/run/user/7",
        }
        found = find_places(xdg, system_config=none)
        assert found.config_file == Path("/c/hydra/config.toml")
        assert found.state_dir == Path("/home/u/.local/state/hydra")
        assert found.socket == Path("/run/user/7/hydra/control.sock")

    @pytest.mark.parametrize("given", [{"HYDRA_HOME": "here"}, {"HOME": "~"}, {}])
    def test_no_directory_to_go_by(self, tmp_path: Path, given: dict[str, str]) -> None:
        with pytest.raises(BadPlace):
            find_places(given, system_config=tmp_path / "none")

    def test_a_path_too_long_for_a_socket(self, tmp_path: Path) -> None:
        fits = Path("/" + "x" * (places.SOCKET_BYTES_MAX - 1))
        places.check_socket(fits)
        with pytest.raises(BadPlace, match=r"has 108 bytes; a unix socket's path has at most 107"):
            places.check_socket(Path(f"{fits}x"))
        with pytest.raises(BadPlace, match="choose a shorter HYDRA_HOME"):
            find_places({"HYDRA_HOME": str(tmp_path / ("é" * 60))}).make()
        assert list(tmp_path.iterdir()) == []

    def test_the_limit_is_the_system_s(self, tmp_path: Path) -> None:
        filler = places.SOCKET_BYTES_MAX - len(os.fsencode(tmp_path)) - 1
        path = tmp_path / ("s" * filler)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
        with socket.socket(socket.AF_UNIX) as listener, pytest.raises(OSError, match="too long"):
            listener.bind(f"{path}s")

    def test_a_file_in_the_way(self, tmp_path: Path) -> None:
        (tmp_path / "state").write_text("")
        with pytest.raises(BadPlace, match="state cannot be a directory"):
            find_places({"HYDRA_HOME": str(tmp_path)}).make()


class TestKeys:
    @pytest.fixture
    def made(self, tmp_path: Path) -> Places:
        found = find_places({"HYDRA_HOME": str(tmp_path)})
        found.make()
        return found

    def test_round_trip(self, made: Places) -> None:
        pair = keys.draw_keypair()
        keys.write_keypair(made.daemon_key, pair)
        assert keys.read_keypair(made.daemon_key) == pair
        assert made.daemon_key.stat().st_mode & 0o777 == 0o600
        assert (len(pair.public), len(pair.secret.reveal())) == (40, 40)
        assert pair.secret.reveal() not in repr(pair)
        with pytest.raises(FileExistsError):
            keys.write_keypair(made.daemon_key, keys.draw_keypair())
        assert keys.read_keypair(made.daemon_key) == pair

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o602])
    def test_a_secret_that_others_can_reach_stops_the_start(self, made: Places, mode: int) -> None:
        keys.write_keypair(made.daemon_key, keys.draw_keypair())
        made.daemon_key.chmod(mode)
        with pytest.raises(BadSecret) as caught:
            keys.read_keypair(made.daemon_key)
        assert f"mode {mode:04o}" in str(caught.value)
        assert str(caught.value).endswith(f"run chmod 600 {made.daemon_key}")

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file away")
    def test_a_secret_that_is_another_s(self, made: Places) -> None:
        keys.write_keypair(made.daemon_key, keys.draw_keypair())
        os.chown(made.daemon_key, 12_345, -1)
        with pytest.raises(BadSecret, match="belongs to uid 12345"):
            keys.read_secret(made.daemon_key)

    @pytest.mark.parametrize("text", ["", "public = 1", "nonsense", 'public = "a"\nsecret = "b"\n', "é"])
    def test_a_file_that_is_no_key(self, made: Places, text: str) -> None:
        keys.write_secret(made.daemon_key, text)
        with pytest.raises(BadSecret, match="is no key file"):
            keys.read_keypair(made.daemon_key)

    def test_a_public_key_of_another_secret(self, made: Places) -> None:
        mixed = keys.KeyPair(keys.draw_keypair().public, keys.draw_keypair().secret)
        keys.write_keypair(made.daemon_key, mixed)
        with pytest.raises(BadSecret, match="not that of the secret"):
            keys.read_keypair(made.daemon_key)

    def test_no_file(self, made: Places) -> None:
        with pytest.raises(FileNotFoundError):
            keys.read_keypair(made.daemon_key)


def test_ports() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        assert not tcp_ports.is_free(taken)
        other = tcp_ports.free_port(taken)
        assert other != taken
        assert tcp_ports.free_port(other) == other
    with pytest.raises(OSError, match="assign requested address"):
        tcp_ports.is_free(other, "192.0.2.1")


class TestProcesses:
    def test_a_child_leads_its_group_and_ends_when_asked(self, tmp_path: Path, children: list[Child]) -> None:
        child = Child(tmp_path)
        children.append(child)
        assert processes.await_lock(child.lock, child.process, 20)
        assert os.getpgid(child.process.pid) == child.process.pid
        assert os.getsid(child.process.pid) == child.process.pid
        assert processes.stop(child.lock, 10) is Ended.BY_ITSELF
        assert child.process.wait(10) == -signal.SIGTERM
        assert processes.stop(child.lock, 10) is Ended.NOT_RUNNING
        assert child.log.stat().st_mode & 0o777 == 0o600

    def test_one_that_does_not_listen_is_killed(self, tmp_path: Path, children: list[Child]) -> None:
        child = Child(tmp_path, "stubborn")
        children.append(child)
        assert processes.await_lock(child.lock, child.process, 20)
        while child.log.read_text() != "up\n":
            assert child.process.poll() is None
            time.sleep(0.01)
        assert processes.stop(child.lock, 0.2) is Ended.KILLED
        assert child.process.wait(10) == -signal.SIGKILL

    def test_one_that_dies_is_not_waited_for(self, tmp_path: Path) -> None:
        argv = [sys.executable, "-c", "import sys; sys.exit('no terminal here')"]
        process = processes.spawn(argv, tmp_path / "log", environ(), tmp_path)
        start = time.monotonic()
        assert not processes.await_lock(tmp_path / "lock", process, 60)
        assert time.monotonic() - start < 50
        assert "no terminal here" in (tmp_path / "log").read_text()

    def test_one_that_is_too_slow(self, tmp_path: Path) -> None:
        process = processes.spawn(["sleep", "60"], tmp_path / "log", environ(), tmp_path)
        assert not processes.await_lock(tmp_path / "lock", process, 0.1)
        process.kill()
        process.wait()

    def test_a_program_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            processes.spawn([str(tmp_path / "none")], tmp_path / "log", {}, tmp_path)

    def test_a_lock_held_by_nobody_we_know_is_left_alone(self, tmp_path: Path) -> None:
        with FileLock(tmp_path / "lock"):
            (tmp_path / "lock").write_text("")
            assert processes.stop(tmp_path / "lock", 0.1) is Ended.STILL_THERE

    def test_a_long_log_is_turned(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(processes, "LOG_BYTES_MAX", 8)
        for word in ("one", "two", "three"):
            processes.spawn(["echo", word], tmp_path / "log", environ(), tmp_path).wait()
        assert (tmp_path / "log.1").read_text() == "one\ntwo\n"
        assert (tmp_path / "log").read_text() == "three\n"


# --- the machine's name -----------------------------------------------------------------------------


def test_a_machine_is_known_by_the_id_of_its_installation_and_by_nothing_random(tmp_path: Path) -> None:
    one, other = tmp_path / "etc", tmp_path / "dbus"
    assert machine.written((one, other)) == "", "no id: no name, never one that is drawn anew at each start"
    other.write_text("0123456789abcdef0123456789abcdef\n")
    named = machine.written((one, other))
    assert len(named) == 16 and named == machine.written((one, other))
    one.write_text("uninitialized\n")  # as machine-id(5) has it in an image that was never started
    assert machine.written((one, other)) == named
    one.write_bytes(b"\xff" * 32)
    assert machine.written((one, other)) == named
    one.write_text("fedcba9876543210fedcba9876543210\n")
    assert machine.written((one, other)) not in ("", named)


def test_the_machines_id_itself_does_not_leave(tmp_path: Path) -> None:
    guid = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"  # as Windows keeps one
    assert machine.of(guid) and machine.of(guid) not in guid.replace("-", "")


def test_each_process_on_a_machine_finds_the_same_name() -> None:
    asked = [sys.executable, "-c", "from hydrad.host import machine; print(machine.name())"]
    told = {subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() for _ in range(2)}
    assert told == {machine.name()}
