"""The log of inputs: everything the core learned, numbered, so that a day can be replayed. Owns its format.

A segment is a file `NNNNNNNNNN.log`, named by the number of its first entry; numbers only rise. An entry is

    u32 little-endian   length of the payload
    u32                 CRC-32 of number and payload
    u64                 number
    bytes               payload

Inputs are handed to the operating system before their batch is committed and synced about once a second. So
`kill -9` loses none that a record names, and a power cut at most the last second (the finding INPUTS_SHORT):
the journal is the truth, this is how it came about.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hydrad.journal.snapshot import sync_folder

SEGMENT_BYTES = 64 << 20
PAYLOAD_BYTES_MAX = 16 << 20
_ENTRY = struct.Struct("<IIQ")
_NUMBER = struct.Struct("<Q")
_NAME = re.compile(r"(\d{10,20})\.log")


class InputLog:
    """The writer of `folder`, which exists; one at a time, under the home's lock.

    `total_bytes_max`: oldest segments are deleted beyond it, never the one being written; None keeps all.
    A torn end, left by a crash, is cut off at the start (`cut_bytes`); a segment without any whole entry is
    set aside as `.torn`.
    """

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES, total_bytes_max: int | None = None) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._total_bytes_max = total_bytes_max
        self._pending = bytearray()
        self._fd: int | None = None
        self._written = 0
        self._new_name = False
        self.cut_bytes = 0
        self.last_number = 0
        self._resume()

    def append(self, number: int, data: bytes) -> None:
        """Take one input into memory; `flush` hands it on. Numbers rise (AssertionError)."""
        assert number > self.last_number, f"input {number} after {self.last_number}"
        assert len(data) <= PAYLOAD_BYTES_MAX, f"input of {len(data)} bytes"
        entry_bytes = _ENTRY.size + len(data)
        held = self._written + len(self._pending)
        if self._fd is None or (held and held + entry_bytes > self._segment_bytes):
            self._begin_segment(number)
        crc = zlib.crc32(data, zlib.crc32(_NUMBER.pack(number)))
        self._pending += _ENTRY.pack(len(data), crc, number)
        self._pending += data
        self.last_number = number

    def flush(self) -> None:
        """Hand what was appended to the operating system: it survives `kill -9`, not a power cut."""
        if self._fd is None or not self._pending:
            return
        rest = memoryview(bytes(self._pending))
        self._pending.clear()
        while rest:
            count = os.write(self._fd, rest)
            self._written += count
            rest = rest[count:]

    def sync_handle(self) -> int | None:
        """A descriptor of the segment being written, for `fdatasync` on another thread; the caller closes it. What is
        appended meanwhile does not disturb it."""
        self.flush()
        return None if self._fd is None else os.dup(self._fd)

    def sync(self) -> None:
        """Make what was appended durable."""
        self.flush()
        if self._fd is not None:
            os.fdatasync(self._fd)
        if self._new_name:
            sync_folder(self._folder)
            self._new_name = False

    def close(self) -> None:
        """Sync and close. Safe to call twice."""
        self.sync()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _resume(self) -> None:
        while found := segments(self._folder):
            path = found[-1]
            reading = _Segment(path)
            for number, _ in reading:
                self.last_number = number
            self.cut_bytes += path.stat().st_size - reading.good_bytes
            if reading.good_bytes:
                self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
                os.ftruncate(self._fd, reading.good_bytes)
                self._written = reading.good_bytes
                return
            path.rename(path.with_suffix(".torn"))

    def _begin_segment(self, number: int) -> None:
        self.close()
        path = self._folder / f"{number:010d}.log"
        self._fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._written = 0
        self._new_name = True
        self._drop_oldest(keep=path)

    def _drop_oldest(self, keep: Path) -> None:
        if self._total_bytes_max is None:
            return
        found = [path for path in segments(self._folder) if path != keep]
        total = self._segment_bytes + sum(path.stat().st_size for path in found)
        for path in found:
            if total <= self._total_bytes_max:
                return
            total -= path.stat().st_size
            path.unlink()


class Reading:
    """The inputs from a number on, oldest first. `torn` says, once iterated, why it ended before the files
    did; it is empty when it did not."""

    def __init__(self, folder: Path, from_number: int) -> None:
        self._folder = folder
        self._from = from_number
        self.torn = ""

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        for path in self._paths():
            segment = _Segment(path)
            for number, data in segment:
                if number >= self._from:
                    yield number, data
            if segment.torn:
                self.torn = segment.torn
                return

    def _paths(self) -> list[Path]:
        """The segments that can hold the wanted numbers: from the last that begins at or before them."""
        found = segments(self._folder)
        starts = [index for index, path in enumerate(found) if int(path.stem) <= self._from]
        return found[starts[-1] :] if starts else found


def read(folder: Path, from_number: int = 0) -> Reading:
    """Inputs with number >= `from_number`. Stops cleanly at a torn or damaged entry and tells in `torn`.

    It may run while the log is written; then the last entry may show as torn.
    """
    return Reading(folder, from_number)


def segments(folder: Path) -> list[Path]:
    """The segments of `folder`, oldest first."""
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.stem))


class _Segment:
    """The whole entries of one file. `good_bytes`: how far they go; `torn`: what ended them, else empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = int(path.stem) - 1
        self.good_bytes = 0
        self.torn = ""

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        with self._path.open("rb", buffering=1 << 18) as file:
            while head := file.read(_ENTRY.size):
                entry = self._entry(head, file)
                if entry is None:
                    self.torn = f"{self._path.name}: the entry at byte {self.good_bytes} is torn or damaged"
                    return
                number, data = entry
                self.good_bytes += _ENTRY.size + len(data)
                self._last = number
                yield entry

    def _entry(self, head: bytes, file: BinaryIO) -> tuple[int, bytes] | None:
        if len(head) < _ENTRY.size:
            return None
        length, crc, number = _ENTRY.unpack(head)
        if length > PAYLOAD_BYTES_MAX or number <= self._last:
            return None
        data = file.read(length)
        if len(data) < length or zlib.crc32(data, zlib.crc32(_NUMBER.pack(number))) != crc:
            return None
        return number, data
