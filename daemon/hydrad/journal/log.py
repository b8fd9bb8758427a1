"""A write-ahead log made ready before it is written. Owns the zeros behind its end.

A sync of a growing file also writes the file system's books and takes twice as long or more, so whoever commits in
front of something that waits lets SQLite write over bytes that are there already.
"""

from __future__ import annotations

from pathlib import Path

import apsw

_GROW_BYTES = 64 << 10  # SQLite's unix file writes less than 128 KiB at once


def grow(log: Path, ready_bytes: int, vfs: str = "") -> None:
    """Write zeros behind the log's end, up to `ready_bytes`.

    Nobody else may write to the log meanwhile: hold the database's lock, or a write transaction. To SQLite a frame of
    zeros is none: a frame's page number is above zero and its salt is the header's
    (https://www.sqlite.org/fileformat2.html#walformat).
    """
    flags = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    file = apsw.VFSFile(vfs, str(log), [flags, 0])
    try:
        for offset in range(file.xFileSize(), ready_bytes, _GROW_BYTES):
            file.xWrite(bytes(_GROW_BYTES), offset)
        file.xSync(apsw.SQLITE_SYNC_FULL)
    finally:
        file.xClose()
