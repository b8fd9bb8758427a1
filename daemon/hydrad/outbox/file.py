"""The file `state/outbox.db`: opened, made, versioned. Owns its settings; each table has its own owner.

Beside the journal and not in it: a second writer there would make commits wait for its lock. Lost, it is made anew, and
what had not been sent is not told.
"""

from __future__ import annotations

import os
from pathlib import Path

import apsw

from hydrad.ports import Unfit

VERSION = 1
_SETTINGS = (("busy_timeout", 2000), ("journal_mode", "WAL"), ("synchronous", "FULL"), ("secure_delete", "ON"))


class BadStore(Unfit):
    """The file is something else; the message says what to do."""


def open_file(path: Path, schemas: tuple[str, ...]) -> tuple[apsw.Connection, bool]:
    """The file, made when absent (mode 0600), and whether it is new. What is committed is durable. `schemas`: tables,
    `IF NOT EXISTS`. Raises BadStore, OSError."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)
    db = apsw.Connection(str(path))
    try:
        for setting, value in _SETTINGS:
            db.pragma(setting, value)
        version = db.pragma("user_version")
        if version not in (0, VERSION):
            raise apsw.MismatchError(f"its version is {version}, {VERSION} is known")
        with db:
            for schema in schemas:
                db.execute(schema)
            db.execute(f"PRAGMA user_version = {VERSION}")
    except apsw.Error as error:
        db.close()
        raise BadStore(f"{path} cannot be used ({error}): move it away; what was not sent is then not told") from error
    return db, version == 0
