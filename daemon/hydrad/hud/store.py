"""The HUD's own file, `state/hud.db`: sessions, PINs, and the initData that was used. Owns its schema.

Not the journal: nothing here is a record of what happened, and lost it costs everybody a login and a new PIN. No secret
is in it, only digests. One thread at a time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import apsw

from hydrad.hud.pins import Pin
from hydrad.hud.sessions import Session
from hydrad.ports import Unfit

_VERSION = 1
_SCHEMA = f"""
CREATE TABLE session (
    key BLOB PRIMARY KEY CHECK (length(key) = 32),
    identity TEXT NOT NULL,
    full INTEGER NOT NULL,
    created_ns INTEGER NOT NULL,
    seen_ns INTEGER NOT NULL,
    confirmed_ns INTEGER NOT NULL,
    wrong INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE pin (
    operator TEXT PRIMARY KEY,
    since_ns INTEGER NOT NULL,
    salt BLOB NOT NULL,
    hash BLOB NOT NULL,
    wrong INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE used (hash BLOB PRIMARY KEY, until_ns INTEGER NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = {_VERSION};
"""
_SESSIONS = "SELECT key, identity, full, created_ns, seen_ns, confirmed_ns, wrong FROM session"
_PUT = "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?)"


class BadStore(Unfit):
    """The file is something else; the message says what to do."""


class Store:
    """The file at `path`, made when absent (mode 0600). What a method has written is durable when it returns."""

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
        self._db = apsw.Connection(str(path))
        try:
            self._prepare()
        except apsw.Error as error:
            self._db.close()
            raise BadStore(f"{path} cannot be used ({error}): move it away, and log in again") from error

    def _prepare(self) -> None:
        for setting, value in (("busy_timeout", 2000), ("journal_mode", "WAL"), ("synchronous", "FULL")):
            self._db.pragma(setting, value)  # one at a time: an `execute` of several stops at the first that answers
        version = self._db.pragma("user_version")
        if version == 0:
            with self._db:
                self._db.execute(_SCHEMA)
        elif version != _VERSION:
            raise apsw.MismatchError(f"its version is {version}, {_VERSION} is known")

    def sessions(self) -> list[Session]:
        return [
            Session(key, identity, bool(full), created, seen, confirmed, wrong, kept_ns=seen)
            for key, identity, full, created, seen, confirmed, wrong in self._db.execute(_SESSIONS)
        ]

    def keep(self, changed: Mapping[bytes, Session | None]) -> None:
        """Sessions as they are now; None is gone."""
        with self._db:
            for key, s in changed.items():
                if s is None:
                    self._db.execute("DELETE FROM session WHERE key = ?", (key,))
                else:
                    row = (key, s.identity, int(s.full), s.created_ns, s.seen_ns, s.confirmed_ns, s.wrong)
                    self._db.execute(_PUT, row)

    def pins(self) -> dict[str, Pin]:
        """By operator's name."""
        rows = self._db.execute("SELECT operator, since_ns, salt, hash, wrong FROM pin")
        return {name: Pin(*fields) for name, *fields in rows}

    def keep_pin(self, operator: str, pin: Pin) -> None:
        row = (operator, pin.since_ns, pin.salt, pin.hash, pin.wrong)
        self._db.execute("INSERT OR REPLACE INTO pin VALUES (?, ?, ?, ?, ?)", row)

    def first_use(self, used: bytes, until_ns: int, now_ns: int) -> bool:
        """Remember this hash until then; whether it was not known yet."""
        self._db.execute("DELETE FROM used WHERE until_ns <= ?", (now_ns,))
        self._db.execute("INSERT OR IGNORE INTO used VALUES (?, ?)", (used, until_ns))
        return self._db.changes() == 1

    def close(self) -> None:
        self._db.close()
