"""Follows a recording as it grows: ticks of one symbol from an instant on, over the ends of days. Owns where it stands.

For whoever lives on the home's own recording in another process, such as a simulated broker on live quotes. Nothing is
locked and nothing is written: a block that is not whole yet is not there yet. The recorder writes once a second, so a
follower is about that much behind the feed.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hydrad.domain.instants import DAY_MS
from hydrad.market import tickfile
from hydrad.market.tickfile import HEADER, BadFile, Scan, Source, Tick

READ_BYTES_MAX = 8 << 20


class Grown(NamedTuple):
    """Ticks of one source, in their order."""

    source: Source
    ticks: tuple[Tick, ...]


class Follower:
    """`folder`: the recordings (`state/market/recorded`). Ticks with time >= `from_ms`, each once.

    `poll` never waits. `digits` of each answer are its source's: they change when the source does. `damaged`: places
    that were left out so far.
    """

    def __init__(self, folder: Path, symbol: str, from_ms: int) -> None:
        self._folder = folder / tickfile.folder_name(symbol)
        self._from_ms = from_ms
        self._day = from_ms // DAY_MS
        self._at, self._number = HEADER.size, 0
        self._source: Source | None = None
        self.damaged = 0

    def poll(self) -> list[Grown]:
        """What came since the last call, bounded to some 8 MiB a day's file; call again until it is empty. Raises
        BadFile for a file whose header is damaged, OSError where it cannot be read."""
        grown = self._read()
        while not grown and self._next_day():
            grown = self._read()
        return grown

    def _next_day(self) -> bool:
        """Go to the next day that has a file; the one before is complete then."""
        later = [day for path in tickfile.days(self._folder) if (day := tickfile.day_of(path)) > self._day]
        if not later:
            return False
        self._day, self._at, self._number, self._source = later[0], HEADER.size, 0, None
        return True

    def _read(self) -> list[Grown]:
        path = self._folder / tickfile.file_name(self._day)
        try:
            with path.open("rb") as file:
                head = file.read(HEADER.size)
                if len(head) < HEADER.size:
                    return []
                digits = tickfile.decode_header(head).digits
                file.seek(self._at)
                data = memoryview(file.read(READ_BYTES_MAX))
        except FileNotFoundError:
            return []
        source = self._source or Source("", digits, False)
        scan = Scan(data, 0, self._number)
        grown: list[Grown] = []
        for block in scan:
            if block.kind == tickfile.SOURCE:
                source = tickfile.decode_source(data, block)
                continue
            ticks = tickfile.decode_ticks(data, block, self._day)
            kept = tuple(tick for tick in ticks if tick.time_ms >= self._from_ms)
            if kept:
                grown.append(Grown(source, kept))
        self._source, self._number = source, scan.number
        self._at += scan.good_bytes
        self.damaged += len(scan.damaged)
        return grown


def symbols(folder: Path) -> list[str]:
    """The symbols that have a recording."""
    if not folder.is_dir():
        return []
    return sorted(tickfile.symbol_of(path.name) for path in folder.iterdir() if tickfile.days(path))


__all__ = ["BadFile", "Follower", "Grown", "symbols"]
