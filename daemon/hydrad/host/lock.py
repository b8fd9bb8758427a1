"""Who runs: an exclusive flock(2) on a file, held as long as its process lives. Owns the file's text, a pid.

On Windows, where a locked part cannot be read by others, it is a byte far behind the text that is locked.

The file stays when the lock goes: removing it would let two processes lock two files of one name.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    import msvcrt

    _LOCKED_AT = 1 << 30

    def _lock(fd: int, *, shared: bool) -> bool:
        """Take the lock without waiting; there is no shared one here, so a look takes it for an instant."""
        os.lseek(fd, _LOCKED_AT, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(fd: int, *, shared: bool) -> bool:
        """Take the lock without waiting."""
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


_CLOEXEC = getattr(os, "O_CLOEXEC", 0)  # Windows does not hand descriptors down anyway
# A look at a lock (`holder`) takes it shared for an instant, so a taker tries again before it gives up.
_TRIES = 5
_PAUSE_S = 0.02


class Held(Exception):
    """Another process holds the lock. `pid`: which, or None if it has not said yet."""

    def __init__(self, path: Path, pid: int | None) -> None:
        super().__init__(f"{path} is held by process {pid if pid is not None else 'unknown'}")
        self.path = path
        self.pid = pid


class FileLock:
    """The lock on `path`, taken on construction; raises Held. A context manager; not inherited over exec."""

    def __init__(self, path: Path) -> None:
        self.path = path
        fd = os.open(path, os.O_CREAT | os.O_RDWR | _CLOEXEC, 0o600)
        try:
            if not _take(fd):
                raise Held(path, _pid(fd))
            os.ftruncate(fd, 0)
            os.lseek(fd, 0, os.SEEK_SET)
            os.write(fd, f"{os.getpid()}\n".encode())
        except BaseException:
            os.close(fd)
            raise
        self._fd: int | None = fd

    def release(self) -> None:
        """Let go. Safe to call twice."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> FileLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Holder:
    """Somebody holds the lock. `pid` is None in the instant before it was written."""

    __slots__ = ("pid",)

    def __init__(self, pid: int | None) -> None:
        self.pid = pid


def holder(path: Path) -> Holder | None:
    """Who holds the lock on `path` now; None if nobody does or there is no such file."""
    try:
        fd = os.open(path, os.O_RDONLY | _CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _lock(fd, shared=True) else Holder(_pid(fd))
    finally:
        os.close(fd)


def _take(fd: int) -> bool:
    for attempt in range(_TRIES):
        if _lock(fd, shared=False):
            return True
        if attempt + 1 < _TRIES:
            time.sleep(_PAUSE_S)
    return False


def _pid(fd: int) -> int | None:
    os.lseek(fd, 0, os.SEEK_SET)
    text = os.read(fd, 32).strip()
    return int(text) if text.isdigit() else None
