"""The journal's commits against the disk's own sync, and the rate of its verification, in one run.

    python bench/journal.py [--rounds N] [--folder DIR] [--records N]

Rounds are interleaved: raw `fdatasync` of 4 KiB (written over, the disk's best), one waiter, 100 waiters
whose records share commits as they do in the daemon. Run it with nothing else on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

try:
    import hydrad  # noqa: F401
except ModuleNotFoundError:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "daemon"))

from hydrad.journal.sqlite import SqliteJournal
from hydrad.journal.verify import verify
from hydrad.toc.record import Record

SYNCS_A_ROUND = 200
WAITERS = 100
BODY_BYTES = 160
BATCH_MAX = 256
_BODY = os.urandom(BODY_BYTES)


def record(seq: int) -> Record:
    """A record of the usual size: an act's move with its order."""
    return Record(seq, 1, 1_700_000_000_000_000_000 + seq, 1_400_000_000_000 + seq, seq, "uid:1000", "shell",
                  "ACT_MOVED", 1, _BODY)  # fmt: skip


def raw_rate(path: Path) -> float:
    """Syncs a second of 4 KiB written over an allocated file."""
    block = os.urandom(4096)
    fd = os.open(path, os.O_CREAT | os.O_RDWR)
    if os.fstat(fd).st_size == 0:
        os.pwrite(fd, bytes(4096 * SYNCS_A_ROUND), 0)
        os.fsync(fd)
    start = time.perf_counter()
    for index in range(SYNCS_A_ROUND):
        os.pwrite(fd, block, 4096 * index)
        os.fdatasync(fd)
    rate = SYNCS_A_ROUND / (time.perf_counter() - start)
    os.close(fd)
    return rate


def one_waiter_rate(journal: SqliteJournal) -> float:
    """Commits a second of one record each, one after the other."""
    seq = journal.head()[0]
    start = time.perf_counter()
    for _ in range(SYNCS_A_ROUND):
        seq += 1
        journal.append([record(seq)])
    return SYNCS_A_ROUND / (time.perf_counter() - start)


async def many_waiters_rate(journal: SqliteJournal) -> float:
    """Acknowledged records a second with WAITERS tasks, each of which waits for its own before the next."""
    inbox: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()
    each = SYNCS_A_ROUND // 4

    async def waiter() -> None:
        for _ in range(each):
            done = asyncio.get_running_loop().create_future()
            inbox.put_nowait(done)
            await done

    async def writer() -> None:
        while True:
            batch = [await inbox.get()]
            while not inbox.empty() and len(batch) < BATCH_MAX:
                batch.append(inbox.get_nowait())
            seq = journal.head()[0]
            journal.append([record(seq + 1 + offset) for offset in range(len(batch))])
            for done in batch:
                done.set_result(None)

    task = asyncio.create_task(writer())
    start = time.perf_counter()
    await asyncio.gather(*(waiter() for _ in range(WAITERS)))
    rate = WAITERS * each / (time.perf_counter() - start)
    task.cancel()
    return rate


def verify_rate(folder: Path, count: int, rounds: int) -> float:
    """Records a second of a full verification."""
    journal = SqliteJournal(folder / "verify.db")
    for first in range(1, count + 1, 5_000):
        journal.append([record(seq) for seq in range(first, min(first + 5_000, count + 1))])
    journal.close()
    rates = []
    for _ in range(rounds):
        start = time.perf_counter()
        verdict = verify(folder / "verify.db")
        rates.append(count / (time.perf_counter() - start))
        assert verdict.ok and verdict.records == count
    return statistics.median(rates)


def measure(folder: Path, rounds: int) -> list[tuple[float, float, float]]:
    """Interleaved rounds of the raw sync, one waiter and many waiters, each per second."""
    journal = SqliteJournal(folder / "journal.db")
    measured = []
    for _ in range(rounds + 1):
        raw, one = raw_rate(folder / "raw"), one_waiter_rate(journal)
        measured.append((raw, one, asyncio.run(many_waiters_rate(journal))))
        journal.checkpoint()
    journal.close()
    return measured[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where to write; its disk is measured")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-journal-", dir=given.folder) as folder:
        measured = measure(Path(folder), given.rounds)
        verified = verify_rate(Path(folder), given.records, min(given.rounds, 5))
    figures = {
        "fdatasync_per_s": statistics.median(raw for raw, _, _ in measured),
        "one_waiter_per_s": statistics.median(one for _, one, _ in measured),
        "hundred_waiters_per_s": statistics.median(many for _, _, many in measured),
        "verify_records_per_s": verified,
    }
    ratios = {
        "one_waiter_of_fdatasync": statistics.median(one / raw for raw, one, _ in measured),
        "hundred_waiters_of_fdatasync": statistics.median(many / raw for raw, _, many in measured),
        "verify_of_500000": verified / 500_000,
    }
    for name, value in figures.items():
        print(f"{name:32} {value:12,.0f}")
    for name, value in ratios.items():
        print(f"{name:32} {value:12.2f}")
    machine = {"cpus": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    rounded = {name: round(value) for name, value in figures.items()}
    shares = {name: round(value, 3) for name, value in ratios.items()}
    print(json.dumps({"bench": "journal", "figures": rounded, "ratios": shares, "machine": machine}))


if __name__ == "__main__":
    main()
