"""Power cuts: the model of the disk, and that what was acknowledged survives them, or is missed where it cannot."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import apsw
import pytest

from hydrad.simulation import drill, powercuts
from hydrad.simulation.crashing import SECTOR_BYTES, CrashVfs, Disk, PowerCut

SEEDS = range(40)


def test_all_that_was_acknowledged_is_there_after_each_cut() -> None:
    results = [powercuts.run(seed) for seed in SEEDS]
    assert [(result.seed, result.text) for result in results if not result.ok] == []
    hits = sum((Counter(result.hits) for result in results), Counter())
    assert {"sector_kept", "sector_lost", "sector_torn", "cut_in_write", "cut_in_sync"} <= set(hits)
    assert sum(result.appended for result in results) > len(SEEDS)


@pytest.mark.parametrize("store", [0, 1], ids=["journal", "ledger"])
def test_a_commit_that_syncs_nothing_is_caught(store: int) -> None:
    results = [powercuts.run(seed, frozenset({powercuts.NORMAL})) for seed in range(store, 40, 2)]
    assert sum(result.code == "LOST" for result in results) > 5


def test_the_same_seed_is_the_same_run() -> None:
    assert powercuts.run(4).hits == powercuts.run(4).hits != powercuts.run(6).hits


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(random.Random(1))


def image(disk: Disk, tmp_path: Path) -> bytes | None:
    after = tmp_path / "after"
    after.mkdir()
    disk.leave(tmp_path, after)
    found = after / "db-wal"
    return found.read_bytes() if found.exists() else None


def opened(disk: Disk, tmp_path: Path, kind: int = apsw.SQLITE_OPEN_WAL) -> apsw.VFSFile:
    vfs = CrashVfs(f"test-{id(disk)}", disk)
    (tmp_path / "db").touch()  # whose mode a log takes
    return vfs.xOpen(str(tmp_path / "db-wal"), [kind | apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE, 0])


def test_what_was_synced_stays_and_what_was_not_is_a_mix_of_sectors(disk: Disk, tmp_path: Path) -> None:
    file = opened(disk, tmp_path)
    file.xWrite(b"a" * SECTOR_BYTES * 64, 0)
    file.xSync(0)
    file.xWrite(b"b" * SECTOR_BYTES * 64, 0)
    left = image(disk, tmp_path)
    assert left is not None and len(left) == SECTOR_BYTES * 64
    sectors = [left[at : at + SECTOR_BYTES] for at in range(0, len(left), SECTOR_BYTES)]
    whole = {b"a" * SECTOR_BYTES, b"b" * SECTOR_BYTES}
    assert whole < set(sectors)  # kept and lost ones, and others
    assert all(set(sector) <= set(b"ab") and not sector.startswith(b"ab") for sector in sectors if sector not in whole)


@pytest.mark.parametrize("synced", [True, False])
def test_a_file_whose_folder_was_not_synced_may_not_be_there(tmp_path: Path, synced: bool) -> None:
    there = []
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        disk = Disk(random.Random(seed))
        file = opened(disk, folder)
        file.xWrite(b"a", 0)
        if synced:
            file.xSync(0)
        there.append(image(disk, folder))
    assert (set(there) == {b"a"}) is synced
    assert (None in there) is not synced


def test_after_the_cut_nothing_happens(disk: Disk, tmp_path: Path) -> None:
    file = opened(disk, tmp_path)
    disk.cut_after(2)
    file.xWrite(b"a", 0)
    with pytest.raises(PowerCut):
        file.xSync(0)
    for late in (lambda: file.xWrite(b"b", 0), lambda: file.xSync(0), lambda: opened(disk, tmp_path)):
        with pytest.raises(PowerCut):
            late()


def test_the_drill_runs_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert drill.main(["--ring", "R3", "--seeds", "2"]) == 0
    assert "cuts 4" in capsys.readouterr().out
