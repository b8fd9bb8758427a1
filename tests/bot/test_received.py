"""Updates that were kept: there until they are handled, and gone from the file and its log after."""

from __future__ import annotations

from pathlib import Path

import apsw

from hydrad.bot import received
from hydrad.outbox.store import Store

CODE = b'{"text":"/start CANARY123456"}'


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_what_was_handled_is_in_no_file_any_more(tmp_path: Path) -> None:
    """A code or a button's token that was typed or pressed opened a door; copies of the file are made."""
    store = Store(tmp_path / "outbox.db", schemas=(received.SCHEMA,))
    received.keep(store, [(1, CODE), (2, CODE)])
    assert b"CANARY" in files(tmp_path)
    received.over(store, 1)
    assert received.waiting(store) == [(2, CODE)]
    received.over(store, 2)
    assert received.waiting(store) == [] and b"CANARY" not in files(tmp_path)


def test_somebody_who_reads_the_file_holds_up_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "outbox.db", schemas=(received.SCHEMA,))
    store.db.set_busy_timeout(1)
    received.keep(store, [(1, CODE)])
    reader = apsw.Connection(str(tmp_path / "outbox.db"), flags=apsw.SQLITE_OPEN_READONLY)
    rows = reader.execute("SELECT number FROM update_waiting")
    assert next(rows) == (1,)
    received.over(store, 1)
    assert received.waiting(store) == []
    rows.close()
    received.keep(store, [(2, CODE)])
    received.over(store, 2)
    assert b"CANARY" not in files(tmp_path), "the next one clears up for both"
