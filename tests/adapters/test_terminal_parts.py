"""The agent's files and its pipe, each alone."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

import apsw
import msgspec
import pytest
import zmq

from hydrad.agent import calls
from hydrad.agent.entries import EpochStored, LatchStored
from hydrad.host.secrets import Secret
from hydrad.journal.log import grow
from hydrad.terminal import bundle as bundles
from hydrad.terminal import ledger, pipe
from hydrad.terminal.__main__ import main
from hydrad.terminal.answers import Answers
from hydrad.terminal.bundle import BadBundle, Bundle, DaemonAddress
from hydrad.terminal.ledger import BadLedger, LedgerFile
from tests.adapters.locks import checkpoint_lock_of_another_process

KEY = "0" * 40


def bundle(folder: Path, **changes: object) -> Bundle:
    plain = Bundle(
        name="t1",
        account="alpha",
        login=1,
        server="Paper",
        password=Secret("hidden-password"),
        kind="paper",
        currency="USD",
        hedging=True,
        module="simulated",
        sim_socket="",
        symbols=["EURUSD"],
        curve_public=KEY,
        curve_secret=Secret("hidden-secret"),
        daemons=[DaemonAddress("tcp://127.0.0.1:5555", KEY)],
        ledger=str(folder / "ledger.db"),
        lock=str(folder / "t1.lock"),
    )
    return msgspec.structs.replace(plain, **changes)


def test_a_bundle_comes_back_as_it_was_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "bundle.toml"
    for poll_ms in (10, 20):  # written, then replaced
        bundles.save(path, bundle(tmp_path, poll_ms=poll_ms))
        assert bundles.load(path) == bundle(tmp_path, poll_ms=poll_ms)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["bundle.toml"]
    assert "hidden" not in repr(bundle(tmp_path))


def test_a_bundle_that_others_can_read_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "bundle.toml"
    bundles.save(path, bundle(tmp_path))
    path.chmod(0o640)
    with pytest.raises(BadBundle, match="chmod 600"):
        bundles.load(path)
    assert main(["run", str(path)]) == 78


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [("poll_ms = 10", "poll_ms = 0", "poll_ms"), ("login = 1", 'login = "x"', "login"), ("name =", "nome =", "nome")],
)
def test_a_bad_bundle_says_what_is_wrong(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "bundle.toml"
    bundles.save(path, bundle(tmp_path))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BadBundle, match=told):
        bundles.load(path)


def test_a_missing_bundle_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="does not exist"):
        bundles.load(tmp_path / "bundle.toml")


def test_the_ledger_keeps_its_id_and_its_entries(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    file = LedgerFile(path)
    file.append([EpochStored(3), LatchStored(True, "ann")])
    file.append([EpochStored(4)])
    file.close()
    again = LedgerFile(path)
    assert again.id == file.id and len(file.id) == 32
    assert again.read() == [EpochStored(3), LatchStored(True, "ann"), EpochStored(4)]


@pytest.mark.parametrize("statement", ["DELETE FROM entries", "UPDATE entries SET body = x''"])
def test_the_ledger_only_grows(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "ledger.db"
    LedgerFile(path).append([EpochStored(3)])
    with pytest.raises(apsw.ConstraintError, match="only grows"):
        apsw.Connection(str(path)).execute(statement)


def test_what_a_person_wrote_beside_the_agent_is_found_once(tmp_path: Path) -> None:
    agent, person = LedgerFile(tmp_path / "ledger.db"), LedgerFile(tmp_path / "ledger.db")
    agent.append([EpochStored(1)])
    assert agent.foreign() == []
    person.append_local(LatchStored(True, "ann"))
    agent.append([EpochStored(2)])
    assert agent.foreign() == [LatchStored(True, "ann")]
    assert agent.foreign() == []


def test_a_ready_log_is_written_over_and_not_made_longer(tmp_path: Path) -> None:
    path, log = tmp_path / "ledger.db", tmp_path / "ledger.db-wal"
    file = LedgerFile(path, ready=True)
    ready = log.stat().st_size
    assert ready >= ledger.LOG_BYTES_READY
    epochs = range(1, ledger.LOG_PAGES_IDLE * 3)
    for epoch in epochs:
        file.append([EpochStored(epoch)])
        file.tidy()
    assert log.stat().st_size == ready
    assert LedgerFile(path).read() == [EpochStored(epoch) for epoch in epochs]


def test_a_log_that_nobody_tidies_is_copied_by_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "LOG_PAGES_MAX", 40)
    path = tmp_path / "ledger.db"
    file = LedgerFile(path)
    for epoch in range(1, 200):
        file.append([EpochStored(epoch), LatchStored(True, "x" * 200)])
    assert (tmp_path / "ledger.db-wal").stat().st_size < 60 * 4120
    assert len(LedgerFile(path).read()) == 398


def test_a_log_that_another_process_copies_is_tidied_later(tmp_path: Path) -> None:
    file = LedgerFile(tmp_path / "ledger.db")
    file.append([EpochStored(1)])
    before = (tmp_path / "ledger.db").stat().st_size
    with checkpoint_lock_of_another_process(tmp_path / "ledger.db-shm"):
        file.tidy(0)
        file.append([EpochStored(2)])
        assert (tmp_path / "ledger.db").stat().st_size == before
    file.tidy(0)
    assert (tmp_path / "ledger.db").stat().st_size > before
    assert file.read() == [EpochStored(1), EpochStored(2)]


def test_nobody_else_writes_while_the_log_is_made_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, grown = tmp_path / "ledger.db", []
    person = LedgerFile(path)
    person.append_local(LatchStored(True, "ann"))
    person._db.set_busy_timeout(0)

    def looking(log: Path, ready_bytes: int, vfs: str) -> None:
        with pytest.raises(apsw.BusyError):
            person.append_local(LatchStored(False, "ann"))
        grow(log, ready_bytes, vfs)
        grown.append(log)

    monkeypatch.setattr(ledger, "grow", looking)
    agent = LedgerFile(path, ready=True)
    person.append_local(LatchStored(False, "ann"))
    assert grown == [tmp_path / "ledger.db-wal"]
    assert agent.read() == [LatchStored(True, "ann"), LatchStored(False, "ann")]


def test_a_file_that_is_no_ledger_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"not a database " * 100)
    with pytest.raises(BadLedger):
        LedgerFile(path)
    assert path.read_bytes().startswith(b"not a database")


@pytest.mark.skipif(sys.platform == "win32", reason="access lists, not modes")
def test_the_ledger_and_what_stands_beside_it_are_its_owners_alone(tmp_path: Path) -> None:
    path, old = tmp_path / "ledger.db", os.umask(0o002)
    try:
        file = LedgerFile(path)
        file.append([EpochStored(3)])
    finally:
        os.umask(old)
    assert {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()} == {
        "ledger.db": 0o600,
        "ledger.db-wal": 0o600,
        "ledger.db-shm": 0o600,
    }


@pytest.mark.skipif(sys.platform == "win32", reason="access lists, not modes")
@pytest.mark.parametrize(("mode", "word"), [(0o644, "read"), (0o664, "written")])
def test_a_ledger_that_others_can_reach_is_closed_to_them_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, word: str
) -> None:
    path = tmp_path / "ledger.db"
    LedgerFile(path).append([EpochStored(3)])
    path.chmod(mode)
    assert LedgerFile(path).read() == [EpochStored(3)]
    assert path.stat().st_mode & 0o777 == 0o600
    assert f"could be {word} by others" in caplog.text


def test_messages_come_out_whole_however_they_are_cut() -> None:
    message = pipe.frame(calls.Poll(5, (calls.Cursor("EURUSD", 1, 2),), 3, 4))
    for cut in range(len(message) + 1):
        assembler = pipe.Assembler()
        whole = assembler.feed(message[:cut]) + assembler.feed(message[cut:] + message)
        assert [pipe.decode_down(data) for data in whole] == [calls.Poll(5, (calls.Cursor("EURUSD", 1, 2),), 3, 4)] * 2


def test_a_message_beyond_all_measure_is_refused_before_it_is_read() -> None:
    with pytest.raises(pipe.BadPipe):
        pipe.Assembler().feed(struct.pack("!I", pipe.MESSAGE_BYTES_MAX + 1))
    with pytest.raises(pipe.BadPipe):
        pipe.decode_up(b"\x01")


def test_local_status_tells_what_the_ledger_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bundle.toml"
    bundles.save(path, bundle(tmp_path))
    assert main(["local", "halt", str(path)]) == 0
    assert main(["local", "status", str(path)]) == 0
    told = capsys.readouterr().out
    assert "self-test        none" in told and "caps             5 lots, 60 opens a minute, EURUSD" in told
    assert (
        "halted           yes, by" in told
        and "local resume ends that" in told
        and "running          no" in told
        and "hidden" not in told
    )


@pytest.mark.parametrize("carried", [False, True])
def test_what_a_worker_says_can_be_polled_and_ends_with_it(carried: bool) -> None:
    """Carried by a thread, as on Windows, or straight from the pipe."""
    data = bytes(range(256)) * 4_096
    words = [sys.executable, "-c", "import sys; sys.stdout.buffer.write(bytes(range(256)) * 4096)"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        answers = Answers(child.stdout.fileno(), carried=carried)
        poller, told = zmq.Poller(), b""
        poller.register(answers.fileno(), zmq.POLLIN)
        while poller.poll(10_000) and (part := answers.read()):
            told += part
        assert told == data
        answers.close()


def test_a_bundles_files_lie_beside_it_unless_they_say_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "bundle.toml"
    bundles.save(path, bundle(tmp_path, ledger="ledger.db", lock="/run/t1.lock"))
    found = bundles.load(path)
    assert (found.ledger, found.lock) == (str(tmp_path / "ledger.db"), "/run/t1.lock")
