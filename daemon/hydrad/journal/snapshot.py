"""A snapshot of the folded state: a cache that saves a start the full fold. Owns the file's format.

Nothing is true because a snapshot says so. It names the record that it was taken at (sequence and hash) and
the version of the fold; whoever loads it compares both with the journal and folds everything when in doubt.

    HYDRAX-SNAPSHOT-1\\n    magic
    32 bytes                SHA-256 of the rest
    msgpack array           fold version, sequence, head, data
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

_MAGIC = b"HYDRAX-SNAPSHOT-1\n"
_SHA_BYTES = 32


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """`data`: the encoded state after record `seq`, whose hash is `head` (32 bytes)."""

    fold_version: int
    seq: int
    head: bytes
    data: bytes


class Unusable(msgspec.Struct, frozen=True):
    """Why there is no snapshot to start from. Never an error: the start is only slower."""

    reason: str


def save(path: Path, snapshot: Snapshot) -> None:
    """Replace the file at `path` atomically and durably; mode 0600. Raises OSError and leaves the old one."""
    payload = msgspec.msgpack.encode(snapshot)
    fresh = path.with_name(path.name + ".tmp")
    fd = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(_MAGIC + hashlib.sha256(payload).digest())
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def load(path: Path, fold_version: int) -> Snapshot | Unusable:
    """The snapshot at `path` if it is whole and of this fold; otherwise the reason."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Unusable("there is none")
    start = len(_MAGIC) + _SHA_BYTES
    if not raw.startswith(_MAGIC) or len(raw) < start:
        return Unusable("another format")
    if hashlib.sha256(memoryview(raw)[start:]).digest() != raw[len(_MAGIC) : start]:
        return Unusable("damaged: its checksum differs")
    try:
        snapshot = msgspec.msgpack.decode(memoryview(raw)[start:], type=Snapshot)
    except msgspec.DecodeError as error:
        return Unusable(f"another format: {error}")
    if snapshot.fold_version != fold_version:
        return Unusable(f"of fold version {snapshot.fold_version}, this is {fold_version}")
    return snapshot


def sync_folder(folder: Path) -> None:
    """Make a new or renamed name in `folder` survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
