"""Disks that keep what was committed and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hydrad.agent.entries import Entry
from hydrad.simulation.world import World
from hydrad.toc.record import GENESIS, Record, chain


class DiskFull(OSError):
    """The journal could not be written; the process ends."""


class JournalDisk:
    """A journal port. What `append` returned from stands for ever. `fails`: the next append is refused."""

    def __init__(self, world: World) -> None:
        self.records: list[Record] = []
        self.fails = False
        self.last_input = 0
        self._world = world

    @property
    def seq(self) -> int:
        return len(self.records)

    def append(self, records: Sequence[Record]) -> None:
        if self.fails:
            self.fails = False
            raise DiskFull("no space left on the journal's disk")
        for record in records:
            assert record.seq == len(self.records) + 1, f"record {record.seq} after {len(self.records)}"
            self.records.append(record)
            self._world.trace(record.body)

    def head(self) -> tuple[int, bytes]:
        """Sequence and hash of the last record; computed anew, for the end of a run."""
        digest = GENESIS
        for record in self.records:
            digest = chain(digest, record)
        return self.seq, digest

    def read(self, after_seq: int, limit: int) -> list[Record]:
        return self.records[after_seq : after_seq + limit]

    def replay(self, after_seq: int = 0) -> Iterator[Record]:
        return iter(self.records[after_seq:])


class InputDisk:
    """The log of inputs: counted, and kept as long as a replay may be asked for."""

    def __init__(self, keep: bool) -> None:
        self.last_number = 0
        self.kept: list[bytes] | None = [] if keep else None

    def append(self, number: int, data: bytes) -> None:
        assert number == self.last_number + 1, f"input {number} after {self.last_number}"
        self.last_number = number
        if self.kept is not None:
            self.kept.append(data)

    def flush(self) -> None:
        return


class LedgerDisk:
    """One agent's ledger file."""

    def __init__(self, ledger_id: str) -> None:
        self.id = ledger_id
        self.entries: list[Entry] = []

    def append(self, entries: Sequence[Entry]) -> None:
        self.entries += entries
