"""Ticks read back from the files of `tickfile`, memory-mapped, without numpy. Owns ranges over days and sources.

A damaged place is left out and told, never guessed over. Where sources quoted with different digits, all of a range is
shown at the most digits, which is exact.
"""

from __future__ import annotations

import mmap
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from hydrad.domain.instants import DAY_MS
from hydrad.market import tickfile
from hydrad.market.tickfile import BadFile, Header, Scan, Source, Tick


class Part(NamedTuple):
    """Ticks of one block, and the source that they came from. `begins`: the block follows that source's mark."""

    source: Source
    ticks: list[Tick]
    begins: bool


@dataclass(slots=True)
class Range:
    """What was found: ticks in their order, at `digits`. `sources`: each with the time of its first tick; `damage`: a
    line a damaged place; `more`: there are others in the range, over the limit."""

    symbol: str
    digits: int
    ticks: list[Tick] = field(default_factory=list)
    sources: list[tuple[int, Source]] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    more: bool = False


class DayFile:
    """One file, mapped for as long as it is open. Raises BadFile, OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            try:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:  # an empty file cannot be mapped
                raise BadFile(f"{path.name}: empty") from None
        self.data = memoryview(self._map)
        self.header: Header = tickfile.decode_header(self.data)
        self.scan = Scan(self.data)

    def __enter__(self) -> DayFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.data.release()
        self._map.close()

    def parts(self) -> Iterator[Part]:
        """The file's ticks, block by block; a block before any source's mark (lost to damage) has a nameless one."""
        source, begins = Source("", self.header.digits, False), False
        for block in self.scan:
            if block.kind == tickfile.SOURCE:
                source, begins = tickfile.decode_source(self.data, block), True
            else:
                yield Part(source, tickfile.decode_ticks(self.data, block, self.header.day), begins)
                begins = False

    def damage(self) -> list[str]:
        """After `parts`: what was left out."""
        told = [f"{self.path.name}: bytes {start} to {end} are damaged" for start, end in self.scan.damaged]
        if self.scan.torn:
            told.append(f"{self.path.name}: the last {self.scan.torn} bytes are no whole block")
        return told


def read(folder: Path, symbol: str, since_ms: int, until_ms: int, limit: int, newest: bool = True) -> Range | None:
    """Ticks with since <= time < until: the newest `limit` of them, or the oldest. None: no recording."""
    files = tickfile.days(folder / tickfile.folder_name(symbol))
    if not files:
        return None
    wanted = [path for path in files if since_ms < (tickfile.day_of(path) + 1) * DAY_MS]
    wanted = [path for path in wanted if tickfile.day_of(path) * DAY_MS < until_ms]
    found = Range(symbol, 0)
    parts: deque[Part] = deque()
    count = 0
    for path in reversed(wanted) if newest else wanted:
        kept = [part for part in _parts(path, found, since_ms, until_ms) if part.ticks]
        count += sum(len(part.ticks) for part in kept)
        if newest:
            parts.extendleft(reversed(kept))
        else:
            parts.extend(kept)
        if count > limit:
            break
    _fill(found, parts, limit, newest)
    return found


def _parts(path: Path, found: Range, since_ms: int, until_ms: int) -> Iterable[Part]:
    try:
        with DayFile(path) as day:
            kept = [
                part._replace(ticks=[tick for tick in part.ticks if since_ms <= tick.time_ms < until_ms])
                for part in day.parts()
            ]
            found.damage += day.damage()
            return kept
    except BadFile as error:
        found.damage.append(str(error))
        return []


def _fill(found: Range, parts: Iterable[Part], limit: int, newest: bool) -> None:
    rows = [(tick, part.source, part.begins and not at) for part in parts for at, tick in enumerate(part.ticks)]
    found.more = len(rows) > limit
    rows = rows[-limit:] if newest else rows[:limit]
    found.digits = max((source.digits for _, source, _ in rows), default=0)
    for tick, source, begins in rows:
        if begins or not found.ticks:
            found.sources.append((tick.time_ms, source))
        found.ticks.append(scaled(tick, found.digits - source.digits))


def scaled(tick: Tick, more_digits: int) -> Tick:
    """The same tick in points of more digits."""
    if not more_digits:
        return tick
    factor = 10**more_digits
    return tick._replace(bid_points=tick.bid_points * factor, ask_points=tick.ask_points * factor)


def rows_of(path: Path) -> int:
    """How many ticks a file says it has: block headers alone are looked at. Raises BadFile, OSError."""
    with DayFile(path) as day:
        at, rows, data = tickfile.HEADER.size, 0, day.data
        while at + tickfile.BLOCK.size <= len(data):
            magic, _, kind, _, _, _, size, _, _ = tickfile.BLOCK.unpack_from(data, at)
            if magic != tickfile.BLOCK_MAGIC:
                break
            rows += size // tickfile.RECORD.size if kind == tickfile.TICKS else 0
            at += tickfile.BLOCK.size + size
        return rows
