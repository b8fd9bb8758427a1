"""Power cuts under the journal and under the agent's ledger as they ship. Owns the runs of ring R3 and what must hold.

One seed is one machine whose power goes twice: in a new file's first commits or somewhere later, then again while that
file is recovered or goes on. After each cut, all that `append` had returned from must be there, in its order and to the
byte; the newest may be there too, and nothing else. A journal's chain must verify.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from hydrad.agent.entries import EpochStored, RowStored
from hydrad.journal import verify
from hydrad.journal.sqlite import NotAJournal, SqliteJournal
from hydrad.link.frames import LedgerRow, RowState
from hydrad.simulation.crashing import CrashVfs, Disk, PowerCut
from hydrad.terminal.ledger import BadLedger, LedgerFile
from hydrad.toc.record import Record

CUTS = 2
NORMAL = "synchronous_normal"  # the mutant: a commit that syncs nothing
# Operations of one append, roughly: a cut falls into one of the first appends, or into what comes before them.
_OPERATIONS_MAX = 120


class Lost(Exception):
    """What was acknowledged is not there, or something else is."""


@dataclass(slots=True)
class Cuts:
    """One seed's run. `code` is empty where all was there."""

    seed: int
    code: str = ""
    text: str = ""
    appended: int = 0
    hits: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.code

    @property
    def counts(self) -> dict[str, int]:
        return {
            "cuts": sum(count for name, count in self.hits.items() if name.startswith("cut_")),
            "kept": self.appended,
        }


class _Journal:
    name = "journal.db"

    def __init__(self, rng: random.Random, mutants: frozenset[str]) -> None:
        self._rng, self._mutants = rng, mutants
        self.told: list[Record] = []
        self.maybe: list[Record] = []  # asked for, and not acknowledged
        self._file: SqliteJournal | None = None

    def open(self, path: Path, vfs: str) -> None:
        self._file = file = SqliteJournal(path, vfs)
        found = list(file.replay())
        _compare(found, self.told, self.maybe)
        if found and not verify.verify(path).ok:
            raise Lost("the chain does not verify")
        self.told, self.maybe = found, []
        if NORMAL in self._mutants:
            file._writer.pragma("synchronous", "normal")

    def append(self) -> None:
        assert self._file is not None
        if self._rng.random() < 0.2:
            self._file.checkpoint()
        self.maybe = [self._record(len(self.told) + 1 + n) for n in range(self._rng.choice((1, 1, 1, 2, 9)))]
        self._file.append(self.maybe)
        self.told, self.maybe = self.told + self.maybe, []

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _record(self, seq: int) -> Record:
        body = self._rng.randbytes(self._rng.choice((20, 200, 6_000)))
        return Record(seq, 1, seq, seq, seq, "uid:0", "shell", "NOTE", 1, body)


class _Ledger:
    name = "ledger.db"

    def __init__(self, rng: random.Random, mutants: frozenset[str]) -> None:
        self._rng, self._mutants = rng, mutants
        self.told: list[Any] = []
        self.maybe: list[Any] = []
        self._id = ""
        self._file: LedgerFile | None = None

    def open(self, path: Path, vfs: str) -> None:
        self._file = file = LedgerFile(path, ready=self._rng.random() < 0.5, vfs=vfs)
        found = file.read()
        _compare(found, self.told, self.maybe)
        if self.told and file.id != self._id:
            raise Lost(f"it is another ledger: {file.id}, not {self._id}")
        self.told, self.maybe, self._id = found, [], file.id
        if NORMAL in self._mutants:
            file._db.pragma("synchronous", "normal")

    def append(self) -> None:
        assert self._file is not None
        if self._rng.random() < 0.2:
            self._file.tidy(0)
        first = len(self.told) + 1
        self.maybe = [self._entry(first + n) for n in range(self._rng.choice((1, 1, 1, 2)))]
        self._file.append(self.maybe)
        self.told, self.maybe = self.told + self.maybe, []

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _entry(self, number: int) -> RowStored | EpochStored:
        if self._rng.random() < 0.1:
            return EpochStored(number)
        detail = "x" * self._rng.choice((0, 80, 5_000))
        return RowStored(LedgerRow(number, number, 0, RowState.JOURNALED, b"", 0, 0, detail=detail))


def _compare(found: Sequence[object], told: Sequence[object], maybe: Sequence[object]) -> None:
    """All or nothing of what was asked for last; a commit is whole."""
    wanted = [list(told), [*told, *maybe]]
    if list(found) not in wanted:
        raise Lost(f"{len(found)} are there; {len(told)} were acknowledged, {len(maybe)} more were asked for")


_STORES: tuple[Callable[[random.Random, frozenset[str]], _Journal | _Ledger], ...] = (_Journal, _Ledger)


def run(seed: int, mutants: frozenset[str] = frozenset()) -> Cuts:
    """One machine: an even seed has a journal, an odd one a ledger."""
    rng = random.Random(seed)
    store, done = _STORES[seed % len(_STORES)](rng, mutants), Cuts(seed)
    with tempfile.TemporaryDirectory(prefix="hx-") as name:
        folder = Path(name) / "0"
        folder.mkdir()
        try:
            for number in range(1, CUTS + 1):
                folder = _until_cut(seed, rng, store, folder, Path(name) / str(number), done)
            store.open(folder / store.name, "")
        except (Lost, BadLedger, NotAJournal, apsw.Error) as error:
            done.code, done.text = "LOST", f"{type(error).__name__}: {error}"
        finally:
            store.close()
    done.appended = len(store.told)
    return done


def _until_cut(seed: int, rng: random.Random, store: _Journal | _Ledger, folder: Path, after: Path, done: Cuts) -> Path:
    """Let a store work in `folder` until its power goes; the folder that a start finds."""
    after.mkdir()
    disk = Disk(rng)
    name = f"crash-{seed}"
    vfs = CrashVfs(name, disk)
    for one in folder.iterdir():
        disk.found(str(one), one.read_bytes())
    operations, while_opening = rng.randrange(1, _OPERATIONS_MAX), rng.random() < 0.3
    try:
        if while_opening:
            disk.cut_after(operations)
        store.open(folder / store.name, name)
        if not while_opening:
            disk.cut_after(operations)
        while True:
            store.append()
    except PowerCut:
        pass
    except (apsw.Error, BadLedger, NotAJournal):
        if not disk.dead:
            raise
    with contextlib.suppress(apsw.Error, PowerCut):
        store.close()
    vfs.unregister()
    disk.leave(folder, after)
    for kind, count in disk.hits.items():
        done.hits[kind] = done.hits.get(kind, 0) + count
    return after
