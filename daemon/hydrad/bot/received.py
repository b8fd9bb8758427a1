"""Updates that are confirmed and not handled: a table of the outbox's file. The functions run on the file's thread.

They hold invitations' codes and buttons' tokens as people sent them, so what was handled is wiped out: off its page
(`PRAGMA secure_delete`), and out of the write-ahead log as soon as none waits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import apsw

from hydrad.outbox.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS update_waiting (number INTEGER PRIMARY KEY, raw BLOB NOT NULL) STRICT;
"""


def keep(store: Store, found: Sequence[tuple[int, bytes]]) -> None:
    """Durable on return, by number; as JSON."""
    with store.db:
        store.db.executemany("INSERT OR REPLACE INTO update_waiting VALUES (?, ?)", found)


def over(store: Store, number: int) -> None:
    """It was handled."""
    store.db.execute("DELETE FROM update_waiting WHERE number = ?", (number,))
    if not store.db.execute("SELECT 1 FROM update_waiting LIMIT 1").get:
        with contextlib.suppress(apsw.BusyError):  # somebody reads the file: the next one that is over clears up
            store.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def waiting(store: Store) -> list[tuple[int, bytes]]:
    """Those that were kept and not handled, the oldest first."""
    return [(number, raw) for number, raw in store.db.execute("SELECT number, raw FROM update_waiting ORDER BY number")]
