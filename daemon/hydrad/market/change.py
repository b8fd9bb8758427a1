"""A change of several files of one folder that happens whole or not at all. Owns the order of its steps.

New files are written under another name, made durable and read back; then one small file, the *plan*, is given its
name, and with that the change has happened: whoever comes later finishes it from the plan. Only then files go, and only
those that the plan names. A crash before the plan leaves what was there, with `.part` files that the next change takes
away; a crash after it leaves the plan, and `finish` does the rest, as often as it is asked.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

PLAN = "change.plan"
PART = ".part"


class NotWhole(OSError):
    """A new file that does not read back as what was written; nothing was changed."""


class New(NamedTuple):
    """A file to come. `encode`: its bytes; `reads_back`: whether a file holds what was meant."""

    name: str
    encode: Callable[[], bytes]
    reads_back: Callable[[Path], bool]


class Plan(msgspec.Struct, frozen=True):
    """`put`: names that parts take, over what has them; `remove`: names that go."""

    put: tuple[str, ...]
    remove: tuple[str, ...] = ()


def make(folder: Path, new: Sequence[New], remove: Iterable[str] = ()) -> None:
    """Put files into a folder and take others away. Raises OSError, NotWhole; the folder is then as before."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    finish(folder)
    for left in folder.glob(f"*{PART}"):
        left.unlink()
    for one in new:
        part = folder / f"{one.name}{PART}"
        _write(part, one.encode())
        if not one.reads_back(part):
            raise NotWhole(f"{one.name} does not read back as it was written")
    names = tuple(one.name for one in new)
    plan = Plan(names, tuple(name for name in dict.fromkeys(remove) if name not in names))
    _write(folder / f"{PLAN}{PART}", msgspec.json.encode(plan))
    _sync(folder)
    (folder / f"{PLAN}{PART}").rename(folder / PLAN)
    _sync(folder)
    finish(folder)


def finish(folder: Path) -> bool:
    """Do what a plan says, if there is one; whether there was. Raises OSError."""
    path = folder / PLAN
    try:
        plan = msgspec.json.decode(path.read_bytes(), type=Plan)
    except FileNotFoundError:
        return False
    for name in plan.put:
        with contextlib.suppress(FileNotFoundError):  # done before
            (folder / f"{name}{PART}").rename(folder / name)
    for name in plan.remove:
        (folder / name).unlink(missing_ok=True)
    _sync(folder)
    path.unlink(missing_ok=True)
    _sync(folder)
    return True


def _write(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fdatasync(file.fileno())


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
