"""Proof that a journal is what was written: every hash computed again. Owns the verdict; only reads.

What it finds: a changed body or header, a record missing, added or moved, and, against a head that was noted
elsewhere, a cut tail. What it cannot find alone: a tail rewritten by somebody who computed all later hashes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import apsw
import msgspec

from hydrad.toc.record import GENESIS

BATCH = 20_000
HEADER_FIELDS = 9
_ROWS = """
SELECT seq, epoch, at_ns, market_ms, input_no, actor, surface, type, version, body, hash
FROM record WHERE seq > ? ORDER BY seq LIMIT ?
"""
# How SQLite tells that the file is not what it wrote; its other errors are of this machine, and are raised.
_DAMAGE = (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, apsw.FormatError, apsw.TooBigError)
# A record's header is the msgpack array of its first nine columns: see `hydrad.toc.record.header`.
_encode_header = msgspec.msgpack.Encoder().encode


class Verdict(msgspec.Struct, frozen=True):
    """`records`: how many hold, counted from the first. `broken_at_seq`: the first that does not, else None.
    `head`: sequence and hash of the last that holds."""

    records: int
    ok: bool
    broken_at_seq: int | None
    detail: str
    head: tuple[int, bytes]


class _Broken(Exception):
    """The message says what is wrong with the first record that does not hold."""


def verify(path: Path, expected: tuple[int, bytes] | None = None) -> Verdict:
    """Check every record of the journal at `path`, which may be in use.

    `expected`: a head that was noted before (from a backup, a statement, another host): the journal must
    reach it, and have that hash there. Raises FileNotFoundError when there is no file.
    """
    if not path.is_file():
        raise FileNotFoundError(path)
    walk = _Walk(expected)
    try:
        walk.all_of(path)
    except (_Broken, *_DAMAGE) as broken:
        seq, _ = walk.head
        return Verdict(seq, False, seq + 1, str(broken), walk.head)
    return Verdict(walk.head[0], True, None, "every record holds", walk.head)


def verify_tail(path: Path, records: int) -> Verdict:
    """Check the last `records` alone, quickly; `records` of the verdict counts those. What stands before is taken as
    it is: a whole verdict is `verify`'s. Raises FileNotFoundError when there is no file."""
    if not path.is_file():
        raise FileNotFoundError(path)
    walk = _Walk(None)
    begin = 0
    try:
        begin = walk.skip_to(path, records)
        walk.all_of(path)
    except (_Broken, *_DAMAGE) as broken:
        seq, _ = walk.head
        return Verdict(seq - begin, False, seq + 1, str(broken), walk.head)
    return Verdict(walk.head[0] - begin, True, None, "every record holds", walk.head)


class _Walk:
    """One pass over the records; `head` is the last that held."""

    def __init__(self, expected: tuple[int, bytes] | None) -> None:
        self.head = (0, GENESIS)
        self._expected = expected

    def skip_to(self, path: Path, records: int) -> int:
        """Begin behind the record that stands so many before the last; its sequence."""
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            connection.set_busy_timeout(5_000)
            row = (
                "SELECT seq, hash FROM record WHERE seq <= (SELECT max(seq) FROM record) - ? ORDER BY seq DESC LIMIT 1"
            )
            for seq, digest in connection.execute(row, (records,)):
                self.head = (seq, digest)
        finally:
            connection.close()
        return self.head[0]

    def all_of(self, path: Path) -> None:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            connection.set_busy_timeout(5_000)
            connection.execute("PRAGMA trusted_schema = OFF")
            if connection.execute("SELECT count(*) FROM record WHERE seq < 1").get:
                raise _Broken("a record stands before the first")
            while self._batch(connection):
                pass
            self._compare(connection)
        finally:
            connection.close()

    def _batch(self, connection: apsw.Connection) -> bool:
        """Check the next rows; False at the end. Short reads, so that no running daemon's log is held up."""
        seq, previous = start = self.head
        encode, sha256 = _encode_header, hashlib.sha256
        try:
            for row in connection.execute(_ROWS, (seq, BATCH)):
                if row[0] != seq + 1:
                    raise _Broken(f"record {seq + 1} is missing: {row[0]} comes next")
                digest = sha256(previous + encode(row[:HEADER_FIELDS]) + row[9]).digest()
                if digest != row[10]:
                    raise _Broken(f"record {seq + 1} does not have the hash of its predecessor, header and body")
                seq, previous = row[0], digest
        except (TypeError, UnicodeDecodeError):
            raise _Broken(f"record {seq + 1} has a value of a kind that no record has") from None
        finally:
            self.head = (seq, previous)
        return self.head != start

    def _compare(self, connection: apsw.Connection) -> None:
        if self._expected is None or self._expected[0] == 0:
            return
        seq, digest = self._expected
        if self.head[0] < seq:
            raise _Broken(f"the journal ends at {self.head[0]}: records up to {seq} are missing")
        found = connection.execute("SELECT hash FROM record WHERE seq = ?", (seq,)).get
        if found != digest:
            raise _Broken(f"the chain holds, but record {seq} is not the one that was noted: history was rewritten")
