"""The journal in one SQLite file. Owns its schema and what durable means.

A record is a row; triggers refuse every change of a row and every hole in the sequence. `append` is one
transaction with `synchronous=FULL` in WAL mode: when it returns, the log has been synced. Copying the log
into the database (the checkpoint) is kept off that path: the owner calls `checkpoint` when idle, and only a
log of `WAL_BYTES_MAX` makes a commit wait for it. Sources: https://www.sqlite.org/wal.html and pragma.html.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
from msgspec.structs import astuple

from hydrad.journal.log import grow
from hydrad.toc.record import GENESIS, Record, chain

APPLICATION_ID = 0x48594452  # "HYDR", in the file's header, so that `file` and a stranger can tell
SCHEMA_VERSION = 1
WAL_BYTES_MAX = 64 << 20
WAL_BYTES_IDLE = 4 << 20
WAL_BYTES_READY = 8 << 20
REPLAY_BATCH = 5_000
_WAL_FRAME_BYTES = 4096 + 24
_COLUMNS = "seq, epoch, at_ns, market_ms, input_no, actor, surface, type, version, body"

_SCHEMA = f"""
CREATE TABLE record (
    seq INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    at_ns INTEGER NOT NULL,
    market_ms INTEGER NOT NULL,
    input_no INTEGER NOT NULL,
    actor TEXT NOT NULL,
    surface TEXT NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    body BLOB NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER record_never_changes BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'a record never changes'); END;
CREATE TRIGGER record_never_leaves BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'a record never leaves'); END;
CREATE TRIGGER record_comes_next BEFORE INSERT ON record
WHEN NEW.seq IS NOT 1 + (SELECT coalesce(max(seq), 0) FROM record)
BEGIN SELECT RAISE(ABORT, 'a record comes next'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""
_INSERT = "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_READ = f"SELECT {_COLUMNS} FROM record WHERE seq > ? ORDER BY seq LIMIT ?"
_HEAD = "SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1"


class NotAJournal(Exception):
    """The file is something else, or of another schema; the message names both."""


class SqliteJournal:
    """The journal at `path`, made when absent (mode 0600). One writer; `read` and `replay` from any thread.

    Whoever opens it holds the home's lock. Any `apsw.Error` of `append` must end the process: what was not
    acknowledged may or may not be there, and only the next start can tell. `vfs` names the file system layer
    of SQLite, its own when empty.
    """

    def __init__(self, path: Path, vfs: str = "") -> None:
        self.path = path
        self._log = path.with_name(path.name + "-wal")
        _touch_private(path)
        self._writer = _connect(path, vfs)
        try:
            _prepare(self._writer, path)
            grow(self._log, WAL_BYTES_READY, vfs)
            self._reader = _connect(path, vfs)
            self._cleaner = _connect(path, vfs)
        except BaseException:
            self._writer.close()
            raise
        self._reading = threading.Lock()
        self._cleaning = threading.Lock()
        self._wal_bytes = 0
        self._writer.set_wal_hook(self._note_wal)  # takes the place of automatic checkpoints
        self._head: tuple[int, bytes] = _stored_head(self._writer)

    def append(self, records: Sequence[Record]) -> None:
        """Durable on return. The records must go on from `head` without a hole (AssertionError)."""
        if not records:
            return
        seq, previous = self._head
        rows = []
        for record in records:
            seq += 1
            assert record.seq == seq, f"record {record.seq} where {seq} comes next"
            previous = chain(previous, record)
            rows.append((*astuple(record), previous))
        self._commit(rows)
        self._head = (seq, previous)
        if self._wal_bytes > WAL_BYTES_MAX:
            self.checkpoint()

    def head(self) -> tuple[int, bytes]:
        """Sequence and hash of the last durable record; (0, GENESIS) when empty."""
        return self._head

    def hash_of(self, seq: int) -> bytes | None:
        """The stored hash of one record; None when there is no such record."""
        with self._reading:
            found = self._reader.execute("SELECT hash FROM record WHERE seq = ?", (seq,)).fetchone()
        return found[0] if found else None

    def read(self, after_seq: int, limit: int) -> list[Record]:
        """At most `limit` durable records with seq > `after_seq`, oldest first."""
        with self._reading:
            return [Record(*row) for row in self._reader.execute(_READ, (after_seq, limit))]

    def replay(self, after_seq: int = 0) -> Iterator[Record]:
        """All records with seq > `after_seq`, in batches: no read stays open, so none holds the log up."""
        while batch := self.read(after_seq, REPLAY_BATCH):
            yield from batch
            after_seq = batch[-1].seq

    @property
    def checkpoint_due(self) -> bool:
        """Whether the log has grown enough that idle time is well spent on `checkpoint`."""
        return self._wal_bytes > WAL_BYTES_IDLE

    def checkpoint(self) -> None:
        """Copy the log into the database. Blocks neither readers nor `append`; may run on another thread.

        The log's file keeps its size and is then written over from its start. One that is in somebody's way does
        nothing: SQLite is busy where another process copies, and in the instant in which a commit writes the head of
        the log's index. Nothing is lost by it, and `checkpoint_due` asks again.
        """
        if not self._cleaning.acquire(blocking=False):
            return  # another thread does it already
        try:
            total, copied = self._cleaner.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            self._wal_bytes = max(0, total - copied) * _WAL_FRAME_BYTES
        except apsw.BusyError:
            return
        finally:
            self._cleaning.release()

    def size_bytes(self) -> int:
        """Bytes on disk, the log included."""
        return self.path.stat().st_size + (self._log.stat().st_size if self._log.exists() else 0)

    def close(self) -> None:
        """Closes the connections; the last one copies the log. Safe to call twice."""
        with self._reading:
            self._reader.close()
        self._cleaner.close()
        self._writer.close()

    def _commit(self, rows: list[tuple[Any, ...]]) -> None:
        if len(rows) == 1:  # a statement by itself is a transaction, and a tenth faster than three
            self._writer.execute(_INSERT, rows[0])
            return
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            self._writer.executemany(_INSERT, rows)
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

    def _note_wal(self, _connection: apsw.Connection, _schema: str, pages: int) -> int:
        self._wal_bytes = pages * _WAL_FRAME_BYTES
        return apsw.SQLITE_OK


def _touch_private(path: Path) -> None:
    """SQLite gives its log and index the mode of the database, so the file's mode is enough.

    A file that exists is not opened: closing it again would drop this process's locks on it (fcntl(2)).
    """
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _connect(path: Path, vfs: str) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READWRITE
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs or None, statementcachesize=16)
    connection.set_busy_timeout(5_000)
    try:
        for pragma in ("trusted_schema = OFF", "synchronous = FULL", "wal_autocheckpoint = 0"):
            connection.execute(f"PRAGMA {pragma}")
    except apsw.NotADBError:
        connection.close()
        raise NotAJournal(f"{path} is not a database") from None
    return connection


def _prepare(connection: apsw.Connection, path: Path) -> None:
    """Make the schema in an empty file, and refuse a file that is not ours."""
    found = (connection.pragma("application_id"), connection.pragma("user_version"))
    empty = found == (0, 0) and not _tables(connection)
    if not empty and found != (APPLICATION_ID, SCHEMA_VERSION):
        raise NotAJournal(f"{path} is no journal of schema {SCHEMA_VERSION}: it says {found[0]:#x}, {found[1]}")
    mode = connection.pragma("journal_mode", "wal")
    if mode != "wal":
        raise NotAJournal(f"{path}: this file system allows no write-ahead log (got '{mode}')")
    if empty:
        with connection:
            connection.execute(_SCHEMA)


def _tables(connection: apsw.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM sqlite_schema").get)


def _stored_head(connection: apsw.Connection) -> tuple[int, bytes]:
    for seq, digest in connection.execute(_HEAD):
        return seq, digest
    return 0, GENESIS
