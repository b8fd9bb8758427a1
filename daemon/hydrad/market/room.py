"""Whether the disk still has room, looked at while there is some. Owns when that rings and when it is over.

A full disk ends the daemon, since nothing may be shown as done that is not durable. So `DISK_LOW` rings before: below
`least_bytes` for whoever is not root, and until a tenth more than that is free again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hydrad.host import disk

EVERY_S = 30.0
SUBJECT = "home"
_MIB = 1 << 20


class Word(NamedTuple):
    """What is to be told; an empty detail says that it is over."""

    detail: str


class Room:
    """Of the file system of `folder`; 0 of `least_bytes` looks at nothing."""

    def __init__(self, folder: Path, least_bytes: int, free: Callable[[Path], int] = disk.free_bytes) -> None:
        self._folder, self._least_bytes, self._free = folder, least_bytes, free
        self._looked_s: float | None = None
        self._low: bool | None = None  # not known: an alarm of an earlier life may stand

    def look(self, now_s: float) -> Word | None:
        """At most once in `EVERY_S`; something when it has changed. Raises OSError."""
        if not self._least_bytes or (self._looked_s is not None and now_s - self._looked_s < EVERY_S):
            return None
        self._looked_s = now_s
        free = self._free(self._folder)
        low = free < self._least_bytes * (1.1 if self._low else 1.0)
        if low is self._low:
            return None
        self._low = low
        if not low:
            return Word("")
        return Word(f"{free // _MIB} MiB are free where {self._folder} lies, less than {self._least_bytes // _MIB}")
