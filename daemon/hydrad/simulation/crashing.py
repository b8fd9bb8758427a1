"""A disk that loses power. Owns what would be on it: SQLite's own files, below SQLite's own VFS.

Every write goes to a real file, so that SQLite reads what it wrote, and into a model of the disk beside it. What was
synced stays. Of what was not, each sector of SECTOR_BYTES is kept, lost or torn, one by one and in any order, and so is
each file that was made or removed since its folder was synced, which SQLite does with the first sync of a log
(https://www.sqlite.org/atomiccommit.html, sections 2 and 3.2; the unix VFS's UNIXFILE_DIRSYNC).
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import apsw

SECTOR_BYTES = 512
# Whose first sync carries the folder along: rollback journals and write-ahead logs.
_SYNCS_FOLDER = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_INDEX = "-shm"  # shared memory: rebuilt at the next open, and never on the disk


class PowerCut(Exception):
    """There is no power any more: nothing that was asked for from here on happens."""


class Disk:
    """What is on the disk of one machine until its power goes. Paths are absolute."""

    def __init__(self, rng: random.Random) -> None:
        self.hits: Counter[str] = Counter()
        self.dead = False
        self._rng = rng
        self._left: int | None = None
        self._synced: dict[str, bytearray] = {}
        self._pending: dict[str, list[tuple[int, bytes] | int]] = {}  # writes, and sizes that it was cut to
        self._entries: dict[str, bool] = {}  # made (True) or removed since the folder was synced
        self._removed: dict[str, bytearray] = {}

    def cut_after(self, operations: int) -> None:
        """The power goes with the so-manyth write, sync or other change from now on."""
        self._left = operations

    def step(self, what: str) -> bool:
        """One change is asked for. Whether it is the last one, which happens in part; raises PowerCut after it."""
        if self.dead:
            raise PowerCut
        if self._left is None:
            return False
        self._left -= 1
        if self._left > 0:
            return False
        self.dead = True
        self.hits[f"cut_in_{what}"] += 1
        return True

    def found(self, path: str, content: bytes) -> None:
        """A file that was there at the start."""
        self._synced[path] = bytearray(content)

    def made(self, path: str) -> None:
        if path not in self._synced:
            self._synced[path] = bytearray()
            self._entries[path] = True

    def wrote(self, path: str, offset: int, data: bytes) -> None:
        self._pending.setdefault(path, []).append((offset, data))

    def truncated(self, path: str, size: int) -> None:
        self._pending.setdefault(path, []).append(size)

    def synced(self, path: str, folder: bool) -> None:
        content = self._synced[path]
        for change in self._pending.pop(path, ()):
            _apply(content, change)
        if folder:
            self._entries.clear()
            self._removed.clear()

    def removed(self, path: str) -> None:
        self._removed[path] = self._synced.pop(path, bytearray())
        self._pending.pop(path, None)
        self._entries[path] = False

    def leave(self, folder: Path, into: Path) -> None:
        """Write what a start after the cut finds of `folder` into another one."""
        for path, content in [*self._synced.items(), *self._removed.items()]:
            if path.endswith(_INDEX) or not self._is_there(path):
                continue
            for change in self._pending.get(path, ()):
                self._survive(content, change)
            left = into / Path(path).relative_to(folder)
            left.touch(0o600)
            left.write_bytes(content)

    def _is_there(self, path: str) -> bool:
        made = self._entries.get(path)
        if made is None:
            return True
        done = self._rng.random() < 0.5
        self.hits["entry_kept" if done else "entry_lost"] += 1
        return done if made else not done

    def _survive(self, content: bytearray, change: tuple[int, bytes] | int) -> None:
        """What of a change that was not synced is there."""
        if isinstance(change, int):
            if self._rng.random() < 0.5:
                _apply(content, change)
            return
        offset, data = change
        start = 0
        while start < len(data):
            end = min(len(data), start + SECTOR_BYTES - (offset + start) % SECTOR_BYTES)
            kept = self._sector(end - start)
            if kept:
                _apply(content, (offset + start, data[start : start + kept]))
            start = end

    def _sector(self, size: int) -> int:
        """How many of a sector's bytes are kept."""
        fate = self._rng.choice(("kept", "kept", "lost", "lost", "torn"))
        self.hits[f"sector_{fate}"] += 1
        return {"kept": size, "lost": 0, "torn": self._rng.randrange(size)}[fate]


def _apply(content: bytearray, change: tuple[int, bytes] | int) -> None:
    if isinstance(change, int):
        del content[change:]
        return
    offset, data = change
    if len(content) < offset:
        content += bytes(offset - len(content))
    content[offset : offset + len(data)] = data


class CrashVfs(apsw.VFS):
    """SQLite's unix VFS over a disk that can lose power; registered under `name` while it lives."""

    def __init__(self, name: str, disk: Disk) -> None:
        super().__init__(name, "unix")
        self.disk = disk

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File(self.disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        cut = self.disk.step("delete")
        super().xDelete(filename, syncdir)
        self.disk.removed(filename)
        if cut:
            raise PowerCut

    def excepthook(self, *_told: Any) -> bool:
        """What SQLite has no place for: its caller is told by the next operation."""
        return True


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        if disk.dead:
            raise PowerCut
        self._disk, self._path = disk, path
        self._syncs_folder = bool(flags[0] & _SYNCS_FOLDER) and bool(flags[0] & apsw.SQLITE_OPEN_CREATE)
        super().__init__("unix", name, flags)
        disk.made(path)

    def xWrite(self, data: bytes, offset: int) -> None:
        cut = self._disk.step("write")
        super().xWrite(data, offset)
        self._disk.wrote(self._path, offset, bytes(data))
        if cut:
            raise PowerCut

    def xTruncate(self, newsize: int) -> None:
        cut = self._disk.step("truncate")
        super().xTruncate(newsize)
        self._disk.truncated(self._path, newsize)
        if cut:
            raise PowerCut

    def xSync(self, flags: int) -> None:
        if self._disk.step("sync"):
            raise PowerCut
        super().xSync(flags)
        self._disk.synced(self._path, self._syncs_folder)
        self._syncs_folder = False

    def excepthook(self, *_told: Any) -> bool:
        """As that of the VFS."""
        return True
