"""What was acknowledged is there after any end, and nothing that was changed passes for true."""

from __future__ import annotations

import os
import select
import shutil
import signal
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.journal import snapshot, sqlite, verify
from hydrad.journal.snapshot import Snapshot, Unusable
from hydrad.journal.sqlite import NotAJournal, SqliteJournal
from hydrad.toc.record import GENESIS, Record, chain, header
from tests.adapters.locks import checkpoint_lock_of_another_process

BIG = 2**63 - 1
records_of_any_kind = st.builds(
    Record,
    seq=st.integers(1, BIG),
    epoch=st.integers(0, BIG),
    at_ns=st.integers(-BIG, BIG),
    market_ms=st.integers(-BIG, BIG),
    input_no=st.integers(0, BIG),
    actor=st.text(max_size=300),
    surface=st.text(max_size=20),
    type=st.text(max_size=40),
    version=st.integers(0, 1000),
    body=st.binary(max_size=300),
)


def record(seq: int, body: bytes = b"body") -> Record:
    return Record(seq, 3, 1_700_000_000_000_000_000 + seq, 0, seq * 2, "uid:1000", "shell", "TOLD", 1, body)


def filled(path: Path, count: int) -> tuple[int, bytes]:
    journal = SqliteJournal(path)
    journal.append([record(seq, os.urandom(20)) for seq in range(1, count + 1)])
    head = journal.head()
    journal.close()
    return head


def tamper(path: Path, *statements: str) -> None:
    """Change rows as somebody with the file would: without the triggers."""
    connection = apsw.Connection(str(path))
    for name in ("record_never_changes", "record_never_leaves", "record_comes_next"):
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


class TestAppend:
    def test_gives_back_what_was_written(self, tmp_path: Path) -> None:
        journal = SqliteJournal(tmp_path / "journal.db")
        assert journal.head() == (0, GENESIS)
        journal.append([])
        journal.append([record(1)])
        journal.append([record(2), record(3, b"")])
        expected = chain(chain(chain(GENESIS, record(1)), record(2)), record(3, b""))
        assert journal.head() == (3, expected)
        assert journal.read(1, 10) == [record(2), record(3, b"")]
        assert journal.read(0, 1) == [record(1)]
        assert list(journal.replay(2)) == [record(3, b"")]
        journal.close()
        journal.close()
        again = SqliteJournal(tmp_path / "journal.db")
        assert again.head() == (3, expected)
        again.close()

    @settings(max_examples=30, deadline=None)
    @given(st.lists(records_of_any_kind, min_size=1, max_size=8))
    def test_any_record_comes_back_and_verifies(self, drawn: list[Record]) -> None:
        items = [msgspec.structs.replace(item, seq=seq) for seq, item in enumerate(drawn, 1)]
        with TemporaryDirectory() as name:
            path = Path(name) / "journal.db"
            journal = SqliteJournal(path)
            journal.append(items)
            assert list(journal.replay()) == items
            head = journal.head()
            journal.close()
            assert verify.verify(path, head) == verify.Verdict(len(items), True, None, "every record holds", head)

    def test_a_hole_or_a_repeat_is_refused_and_leaves_nothing(self, tmp_path: Path) -> None:
        journal = SqliteJournal(tmp_path / "journal.db")
        journal.append([record(1)])
        for wrong in ([record(3)], [record(1)], [record(2), record(2)], [record(2), record(4)]):
            with pytest.raises(AssertionError, match="comes next"):
                journal.append(wrong)
        assert list(journal.replay()) == [record(1)]
        journal.append([record(2)])
        journal.close()

    def test_a_batch_that_fails_leaves_nothing(self, tmp_path: Path) -> None:
        journal = SqliteJournal(tmp_path / "journal.db")
        broken = msgspec.structs.replace(record(2), market_ms=None)
        with pytest.raises(apsw.ConstraintError):
            journal.append([record(1), broken])
        assert (journal.head(), journal.read(0, 9)) == ((0, GENESIS), [])
        journal.append([record(1)])
        assert journal.read(0, 9) == [record(1)]
        journal.close()

    @pytest.mark.parametrize(
        ("statement", "told"),
        [
            ("UPDATE record SET body = x'00' WHERE seq = 2", "a record never changes"),
            ("DELETE FROM record WHERE seq = 3", "a record never leaves"),
            ("INSERT OR REPLACE INTO record SELECT * FROM record WHERE seq = 2", "a record comes next"),
            ("INSERT INTO record SELECT 9, epoch, 1, 1, 1, '', '', '', 1, x'', hash FROM record LIMIT 1", "next"),
        ],
    )
    def test_the_file_itself_refuses_changes(self, tmp_path: Path, statement: str, told: str) -> None:
        filled(tmp_path / "journal.db", 3)
        connection = apsw.Connection(str(tmp_path / "journal.db"))
        with pytest.raises(apsw.ConstraintError, match=told):
            connection.execute(statement)
        connection.close()

    def test_the_settings_that_durability_rests_on(self, tmp_path: Path) -> None:
        journal = SqliteJournal(tmp_path / "journal.db")
        assert journal._writer.pragma("synchronous") == 2
        assert journal._writer.pragma("journal_mode") == "wal"
        assert journal._writer.pragma("trusted_schema") == 0
        journal.append([record(1)])
        for path in tmp_path.iterdir():
            assert path.stat().st_mode & 0o777 == 0o600, path
        journal.close()

    def test_another_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "text").write_text("no database, but long enough to be looked at" * 40)
        with pytest.raises(NotAJournal, match="is not a database"):
            SqliteJournal(tmp_path / "text")
        other = apsw.Connection(str(tmp_path / "other.db"))
        other.execute("CREATE TABLE somebody (s)")
        other.close()
        with pytest.raises(NotAJournal, match="is no journal of schema 1"):
            SqliteJournal(tmp_path / "other.db")


class TestLog:
    def test_it_stays_bounded_without_anyone_asking(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite, "WAL_BYTES_MAX", 9 << 20)
        journal = SqliteJournal(tmp_path / "journal.db")
        body = os.urandom(200_000)
        for seq in range(1, 121):
            journal.append([record(seq, body)])
        assert (tmp_path / "journal.db-wal").stat().st_size < 10 << 20
        assert journal.size_bytes() > 24 << 20
        journal.close()

    def test_a_checkpoint_in_idle_time(self, tmp_path: Path) -> None:
        journal = SqliteJournal(tmp_path / "journal.db")
        assert not journal.checkpoint_due
        body = os.urandom(200_000)
        for seq in range(1, 31):
            journal.append([record(seq, body)])
        assert journal.checkpoint_due
        worker = threading.Thread(target=journal.checkpoint)
        worker.start()
        worker.join()
        assert not journal.checkpoint_due
        assert (tmp_path / "journal.db").stat().st_size > 30 * 200_000
        journal.append([record(31)])
        assert not journal.checkpoint_due
        journal.close()

    def test_a_checkpoint_that_is_in_the_way_of_another_waits_for_the_next_time(self, tmp_path: Path) -> None:
        journal = SqliteJournal(tmp_path / "journal.db")
        journal.append([record(seq, os.urandom(200_000)) for seq in range(1, 31)])
        with checkpoint_lock_of_another_process(tmp_path / "journal.db-shm"):
            journal.checkpoint()
            journal.append([record(31)])
            assert journal.checkpoint_due
        journal.checkpoint()
        assert not journal.checkpoint_due
        assert [item.seq for item in journal.replay()] == list(range(1, 32))
        journal.close()

    def test_readers_in_other_threads_see_whole_batches(self, tmp_path: Path) -> None:
        journal = SqliteJournal(tmp_path / "journal.db")
        seen: list[int] = []
        stop = threading.Event()

        def look() -> None:
            while not stop.is_set():
                seen.append(len(journal.read(0, 10_000)))

        workers = [threading.Thread(target=look) for _ in range(2)]
        for worker in workers:
            worker.start()
        for first in range(1, 500, 5):
            journal.append([record(seq) for seq in range(first, first + 5)])
        stop.set()
        for worker in workers:
            worker.join()
        assert all(count % 5 == 0 for count in seen)
        assert len(journal.read(0, 10_000)) == 500
        journal.close()

    def test_replay_goes_over_many_batches(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite, "REPLAY_BATCH", 7)
        journal = SqliteJournal(tmp_path / "journal.db")
        journal.append([record(seq) for seq in range(1, 51)])
        assert [item.seq for item in journal.replay(3)] == list(range(4, 51))
        journal.close()


class TestKill:
    @pytest.mark.parametrize("after", [1, 40, 200])
    def test_acknowledged_records_survive_kill_9(self, tmp_path: Path, after: int) -> None:
        path = tmp_path / "journal.db"
        told, tells = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                _append_for_ever(path, tells)
            finally:
                os._exit(1)
        os.close(tells)
        acknowledged = 0
        for _ in range(after):
            assert select.select([told], [], [], 30)[0]
            acknowledged = int.from_bytes(os.read(told, 8), "little")
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while raw := os.read(told, 8):
            acknowledged = int.from_bytes(raw, "little")
        os.close(told)
        assert verify.verify(path).records >= acknowledged
        journal = SqliteJournal(path)
        seq, head = journal.head()
        assert seq >= acknowledged
        assert [item.seq for item in journal.replay()] == list(range(1, seq + 1))
        journal.append([record(seq + 1)])
        journal.close()
        assert verify.verify(path, (seq, head)).ok

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_a_torn_log_loses_only_its_tail(self, draw: st.DataObject) -> None:
        """What a power cut can leave of commits that were not yet acknowledged: any prefix, and garbage."""
        with TemporaryDirectory() as name:
            path, copy = Path(name) / "journal.db", Path(name) / "copy.db"
            journal = SqliteJournal(path)
            journal.checkpoint()
            ends = []
            for seq in range(1, 11):
                journal.append([record(seq, os.urandom(900))])
                ends.append(journal._wal_bytes + 32)
            kept = draw.draw(st.integers(0, ends[-1]))
            log = (Path(name) / "journal.db-wal").read_bytes()
            shutil.copy(path, copy)
            noise = draw.draw(st.binary(max_size=64))
            (Path(name) / "copy.db-wal").write_bytes(log[:kept] + noise)
            journal.close()
            again = SqliteJournal(copy)
            found = again.head()[0]
            whole = sum(end <= kept for end in ends)
            assert found >= whole
            assert list(range(1, found + 1)) == [item.seq for item in again.replay()]
            again.append([record(found + 1)])
            again.close()
            assert verify.verify(copy).ok


def _append_for_ever(path: Path, tells: int) -> None:
    """Batches of one to seven records; each is told after it was acknowledged."""
    journal = SqliteJournal(path)
    seq = 0
    while True:
        size = seq % 7 + 1
        journal.append([record(seq + offset, b"x" * 500) for offset in range(1, size + 1)])
        seq += size
        os.write(tells, seq.to_bytes(8, "little"))


class TestVerify:
    @given(records_of_any_kind)
    def test_its_header_is_the_record_s(self, item: Record) -> None:
        assert verify._encode_header(msgspec.structs.astuple(item)[: verify.HEADER_FIELDS]) == header(item)

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_finds_any_edit_at_its_place(self, draw: st.DataObject) -> None:
        with TemporaryDirectory() as name:
            path = Path(name) / "journal.db"
            head = filled(path, 30)
            seq = draw.draw(st.integers(1, 30))
            edit = draw.draw(
                st.sampled_from(
                    [
                        "epoch = epoch + 1",
                        "at_ns = at_ns - 1",
                        "market_ms = 5",
                        "input_no = input_no + 1",
                        "actor = 'uid:0'",
                        "surface = 'bot'",
                        "type = 'OTHER'",
                        "version = 2",
                        "body = zeroblob(20)",
                        "body = x''",
                        "hash = zeroblob(32)",
                    ]
                )
            )
            tamper(path, f"UPDATE record SET {edit} WHERE seq = {seq}")
            verdict = verify.verify(path, head)
            assert (verdict.ok, verdict.broken_at_seq, verdict.records) == (False, seq, seq - 1)

    @pytest.mark.parametrize(
        ("statements", "broken_at", "told"),
        [
            (["DELETE FROM record WHERE seq = 4"], 4, "record 4 is missing: 5 comes next"),
            (["DELETE FROM record WHERE seq <= 2"], 1, "record 1 is missing: 3 comes next"),
            (["DELETE FROM record WHERE seq > 7"], 8, "ends at 7: records up to 10 are missing"),
            (["DELETE FROM record"], 1, "ends at 0"),
            (
                [
                    "UPDATE record SET seq = 99 WHERE seq = 4",
                    "UPDATE record SET seq = 4 WHERE seq = 5",
                    "UPDATE record SET seq = 5 WHERE seq = 99",
                ],
                4,
                "does not have the hash",
            ),
            (
                ["DELETE FROM record WHERE seq = 4", "UPDATE record SET seq = seq - 1 WHERE seq > 4"],
                4,
                "does not have the hash",
            ),
            (
                ["INSERT INTO record SELECT 0, 1, 1, 1, 1, '', '', '', 1, x'', hash FROM record LIMIT 1"],
                1,
                "stands before the first",
            ),
            (["DROP TABLE record"], 1, "no such table"),
        ],
    )
    def test_finds_what_is_missing_or_moved(
        self, tmp_path: Path, statements: list[str], broken_at: int, told: str
    ) -> None:
        head = filled(tmp_path / "journal.db", 10)
        tamper(tmp_path / "journal.db", *statements)
        verdict = verify.verify(tmp_path / "journal.db", head)
        assert (verdict.ok, verdict.broken_at_seq) == (False, broken_at)
        assert told in verdict.detail

    def test_finds_a_history_that_was_written_anew(self, tmp_path: Path) -> None:
        noted = filled(tmp_path / "true.db", 10)
        head = filled(tmp_path / "false.db", 12)
        assert verify.verify(tmp_path / "false.db", head).ok
        verdict = verify.verify(tmp_path / "false.db", noted)
        assert not verdict.ok
        assert "record 10 is not the one that was noted" in verdict.detail

    def test_a_head_noted_earlier_is_enough(self, tmp_path: Path) -> None:
        noted = filled(tmp_path / "journal.db", 10)
        journal = SqliteJournal(tmp_path / "journal.db")
        journal.append([record(11)])
        verdict = verify.verify(tmp_path / "journal.db", noted)  # in use, not checkpointed
        assert (verdict.ok, verdict.records) == (True, 11)
        assert verdict.head == journal.head()
        journal.close()

    def test_a_column_of_another_type_is_no_record(self, tmp_path: Path) -> None:
        path = tmp_path / "journal.db"
        filled(path, 3)
        connection = apsw.Connection(str(path))
        connection.execute(
            "ALTER TABLE record RENAME TO old; CREATE TABLE record AS SELECT * FROM old;"
            "UPDATE record SET body = 'text' WHERE seq = 2"
        )
        connection.close()
        verdict = verify.verify(path)
        assert (verdict.broken_at_seq, "of a kind that no record has" in verdict.detail) == (2, True)

    def test_goes_over_many_batches(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(verify, "BATCH", 7)
        head = filled(tmp_path / "journal.db", 50)
        assert verify.verify(tmp_path / "journal.db", head).records == 50

    @settings(max_examples=30, deadline=None)
    @given(st.data())
    def test_damaged_bytes_never_pass_unnoticed(self, draw: st.DataObject) -> None:
        with TemporaryDirectory() as name:
            path = Path(name) / "journal.db"
            head = filled(path, 40)
            before = list(_rows(path))
            raw = bytearray(path.read_bytes())
            at = draw.draw(st.integers(0, len(raw) - 1))
            raw[at] ^= draw.draw(st.integers(1, 255))
            path.write_bytes(raw)
            if verify.verify(path, head).ok:
                assert list(_rows(path)) == before  # the byte held no record

    def test_no_file_and_no_database(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            verify.verify(tmp_path / "none.db")
        (tmp_path / "text.db").write_bytes(b"text" * 2000)
        verdict = verify.verify(tmp_path / "text.db")
        assert (verdict.ok, verdict.records) == (False, 0)


def _rows(path: Path) -> list[tuple[apsw.SQLiteValue, ...]]:
    connection = apsw.Connection(str(path))
    rows = connection.execute("SELECT * FROM record ORDER BY seq").fetchall()
    connection.close()
    return rows


class TestSnapshot:
    SAMPLE = Snapshot(4, 1000, bytes(range(32)), b"state" * 1000)

    def test_round_trip(self, tmp_path: Path) -> None:
        path = tmp_path / "snapshot.bin"
        assert snapshot.load(path, 4) == Unusable("there is none")
        snapshot.save(path, self.SAMPLE)
        assert snapshot.load(path, 4) == self.SAMPLE
        newer = msgspec.structs.replace(self.SAMPLE, seq=2000)
        snapshot.save(path, newer)
        assert snapshot.load(path, 4) == newer
        assert [item.name for item in tmp_path.iterdir()] == ["snapshot.bin"]
        assert path.stat().st_mode & 0o777 == 0o600

    def test_another_fold_is_not_used(self, tmp_path: Path) -> None:
        snapshot.save(tmp_path / "s", self.SAMPLE)
        assert snapshot.load(tmp_path / "s", 5) == Unusable("of fold version 4, this is 5")

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_a_damaged_one_is_not_used(self, draw: st.DataObject) -> None:
        with TemporaryDirectory() as name:
            path = Path(name) / "s"
            snapshot.save(path, self.SAMPLE)
            raw = bytearray(path.read_bytes())
            if draw.draw(st.booleans()):
                raw = raw[: draw.draw(st.integers(0, len(raw) - 1))]
            else:
                raw[draw.draw(st.integers(0, len(raw) - 1))] ^= draw.draw(st.integers(1, 255))
            path.write_bytes(raw)
            assert isinstance(snapshot.load(path, 4), Unusable)

    def test_a_save_that_fails_leaves_the_old_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "s"
        snapshot.save(path, self.SAMPLE)

        def full(_fd: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            snapshot.save(path, msgspec.structs.replace(self.SAMPLE, seq=1))
        assert snapshot.load(path, 4) == self.SAMPLE
