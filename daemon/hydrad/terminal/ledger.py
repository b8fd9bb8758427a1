"""The agent's ledger on disk: an append-only table of entries, durable before anything is done about them.

SQLite in WAL mode with `synchronous=FULL`: what `append` has returned from survives a power cut. The ledger's id is
drawn when the file is made; nothing here removes or changes an entry, and the schema forbids it.

An act waits for two commits here, so the running agent's log is made ready at its start and copied into the database
in idle time (`tidy`); a log of LOG_PAGES_MAX makes a commit wait for that.

A person on the host may write a halt or a flatten beside a running agent (`hydra-terminal local`): it stands in the
same table, marked as theirs, and `foreign` finds it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import apsw
import msgspec

from hydrad.agent.entries import Entry, Local
from hydrad.host import entropy, windows
from hydrad.journal.log import grow

BUSY_MS = 5_000
LOG_BYTES_READY = 1 << 20
LOG_PAGES_IDLE = 128
LOG_PAGES_MAX = 2_048
_SCHEMA = """
CREATE TABLE meta (ledger_id TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE entries (n INTEGER PRIMARY KEY, writer TEXT NOT NULL, body BLOB NOT NULL);
CREATE TRIGGER entries_kept BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER entries_fixed BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
"""
_VERSION = 1
_LOG = logging.getLogger("hydrad.terminal")
_AGENT, _LOCAL = "agent", "local"
_INSERT = "INSERT INTO entries (writer, body) VALUES (?, ?)"
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Entry] = msgspec.msgpack.Decoder(Entry)


class BadLedger(ValueError):
    """A file that is no ledger of this version. It is never replaced by a new one: that would forget orders."""


class LedgerFile:
    """One ledger. Made when missing, with a new id; raises BadLedger. `ready`: its log too, for who commits often.
    `vfs` names the file system layer of SQLite, its own when empty."""

    def __init__(self, path: Path, *, ready: bool = False, vfs: str = "") -> None:
        _close_to_others(path)
        self._vfs = vfs
        self._db = apsw.Connection(str(path), vfs=vfs or None)
        self._db.set_busy_timeout(BUSY_MS)
        self._log_pages = 0
        self._db.set_wal_hook(self._note)  # takes the place of automatic checkpoints
        self.id = self._open(path)
        if ready:
            self._make_ready(path)
        self._checked = self._last()
        self._seen_version = self._data_version()

    def read(self) -> list[Entry]:
        """All entries, oldest first; raises BadLedger."""
        try:
            return [_DECODER.decode(body) for (body,) in self._db.execute("SELECT body FROM entries ORDER BY n")]
        except msgspec.MsgspecError as error:
            raise BadLedger(f"an entry of the ledger cannot be read: {error}") from None

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries in one transaction; durable on return."""
        self._append(entries, _AGENT)

    def append_local(self, entry: Local) -> None:
        """Add a person's entry, from a process of its own."""
        self._append([entry], _LOCAL)

    def news(self) -> list[Entry]:
        """Entries of the agent since the last look (the first: since the file was opened)."""
        return self._since(_AGENT)

    def foreign(self) -> list[Entry]:
        """Entries that a person added since the last look; a look costs microseconds while there are none."""
        version = self._data_version()
        if version == self._seen_version:
            return []
        self._seen_version = version
        return self._since(_LOCAL)

    def tidy(self, pages_max: int = LOG_PAGES_IDLE) -> None:
        """Copy a log of more pages into the database. One that is in somebody's way does nothing, and is due again."""
        if self._log_pages <= pages_max:
            return
        with contextlib.suppress(apsw.BusyError):
            total, copied = self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            self._log_pages = total - copied

    def close(self) -> None:
        self._db.close()

    def _since(self, writer: str) -> list[Entry]:
        rows = self._db.execute(
            "SELECT n, body FROM entries WHERE n > ? AND writer = ? ORDER BY n", (self._checked, writer)
        )
        found = [(int(n), _DECODER.decode(body)) for n, body in rows]
        if found:
            self._checked = found[-1][0]
        return [entry for _, entry in found]

    def _append(self, entries: Sequence[Entry], writer: str) -> None:
        rows = [(writer, _ENCODER.encode(entry)) for entry in entries]
        if len(rows) == 1:  # a statement by itself is a transaction
            self._db.execute(_INSERT, rows[0])
        else:
            with self._db:
                self._db.executemany(_INSERT, rows)
        self.tidy(LOG_PAGES_MAX)

    def _note(self, _connection: apsw.Connection, _schema: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _make_ready(self, path: Path) -> None:
        """In a write transaction: a person's entry may come from another process at any time."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            grow(path.with_name(path.name + "-wal"), LOG_BYTES_READY, self._vfs)
        finally:
            self._db.execute("ROLLBACK")

    def _open(self, path: Path) -> str:
        try:
            self._db.pragma("journal_mode", "wal")
            self._db.pragma("synchronous", "full")
            with self._db:
                if not self._db.execute("SELECT count(*) FROM sqlite_schema").get:
                    self._db.execute(_SCHEMA)
                    self._db.execute("INSERT INTO meta VALUES (?, ?)", (entropy.draw_key(), _VERSION))
                row = self._db.execute("SELECT ledger_id, version FROM meta").get
        except (apsw.NotADBError, apsw.CorruptError, apsw.SQLError) as error:
            raise BadLedger(f"{path} is no ledger: {error}") from None
        if not isinstance(row, tuple) or row[1] != _VERSION:
            raise BadLedger(f"{path} is a ledger of another version")
        return str(row[0])

    def _last(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(n), 0) FROM entries").get)

    def _data_version(self) -> int:
        return int(self._db.pragma("data_version"))


def _close_to_others(path: Path) -> None:
    """Mode 0600, before SQLite opens it: what SQLite makes beside it gets the same. A ledger that others could reach
    is closed to them and goes on, since the plans of open positions need its agent; it is said, for whoever could
    write it could have halted, resumed or flattened. Raises BadLedger where Windows lets others write."""
    if sys.platform == "win32":
        told = windows.problem(path, writing=True) if path.exists() else ""
        if told:
            raise BadLedger(told)
        return
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    for one in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        try:
            mode = stat.S_IMODE(one.stat().st_mode)
            if mode & 0o077:
                one.chmod(0o600)
                could = "written" if mode & 0o022 else "read"
                _LOG.warning("%s could be %s by others (mode %04o): it is 0600 now", one, could, mode)
        except FileNotFoundError:
            continue
        except PermissionError:
            raise BadLedger(f"{one} can be reached by others, and is not ours to close: give it to this user") from None
