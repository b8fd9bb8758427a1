"""One symbol's recording as it is written: judged ticks go to the file of their day. Owns which ticks are taken, when
a file ends, and what a crash leaves behind.

A tick is taken in the order in which it came: its prices are positive and not crossed, it is not older than the last,
and not a minute past what its terminal has read. What is refused is counted by reason and never repaired. History that
was recorded before is left out; where it reaches back to the last recorded tick, nothing is missing (`Source.whole`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from hydrad.domain.instants import DAY_MS
from hydrad.link.frames import Tick
from hydrad.market import tickfile
from hydrad.market.tickfile import HEADER, BadFile, Header, Source

AHEAD_MS_MAX = 60_000


class Batch(NamedTuple):
    """Ticks of one symbol from its source. `session`: of the terminal's link; `received_ms`: machine time."""

    terminal: str
    session: int
    symbol: str
    digits: int
    ticks: tuple[Tick, ...]
    through_ms: int
    history: bool
    received_ms: int


class Damage(NamedTuple):
    """What a start found at the end of a symbol's newest file, or inside it."""

    path: Path
    cut_bytes: int
    damaged: tuple[tuple[int, int], ...]


class Series:
    """The writer of one symbol, in `folder`, which it makes. One at a time, under the home's lock."""

    def __init__(self, folder: Path, symbol: str) -> None:
        self._folder = folder
        self.symbol = symbol
        self.refused: Counter[str] = Counter()
        self.written = 0
        self.last: tuple[int, int, int] | None = None  # taken, and written
        self._written_last: tuple[int, int, int] | None = None
        self.damage: Damage | None = None
        self._source: tuple[str, int] | None = None  # terminal and session of what was taken last
        self._named: Source | None = None  # of what is taken now
        self._written: Source | None = None  # of the last tick in the files
        self._told = False
        self._fd: int | None = None
        self._day = 0
        self._number = 0
        self._good_bytes = 0
        self._new_name = False
        self.dirty = False
        self._resume()

    # --- taking -------------------------------------------------------------------------------------

    def add(self, batches: Iterable[Batch]) -> None:
        """Hand these to the operating system, one write a day of ticks. Raises OSError, and then the file ends with
        the last whole block, and what was handed in is lost (`lost` says so to the next reader)."""
        waiting: list[tuple[Tick, int]] = []
        for batch in batches:
            if self._source != (batch.terminal, batch.session) or self._digits != batch.digits:
                self._put(waiting)
                waiting = []
                self._begin(batch)
            waiting += [(tick, batch.received_ms) for tick in batch.ticks if self._takes(tick, batch)]
        self._put(waiting)

    @property
    def _digits(self) -> int | None:
        return self._named.digits if self._named else None

    def lost(self) -> None:
        """Ticks were lost here: the next ones begin anew, and history may tell the lost ones again."""
        self._source, self.last = None, self._written_last

    def _begin(self, batch: Batch) -> None:
        """Another source, another session, or the first batch: whether anything is missing shows in its history."""
        before = self._written
        same = before is not None and (before.terminal, before.digits) == (batch.terminal, batch.digits)
        reaches = bool(self.last and batch.history and batch.ticks and batch.ticks[0].time_ms <= self.last[0])
        self._source = (batch.terminal, batch.session)
        self._named = Source(batch.terminal, batch.digits, reaches and same)
        self._told = False

    def _takes(self, tick: Tick, batch: Batch) -> bool:
        time_ms, bid, ask = now = (tick.time_ms, tick.bid_points, tick.ask_points)
        last = self.last
        if batch.history and last is not None and (time_ms < last[0] or now == last):
            return False  # recorded before
        if bid <= 0 or ask <= 0:
            self.refused["NOT_POSITIVE"] += 1
        elif bid > ask:
            self.refused["CROSSED"] += 1
        elif last is not None and time_ms < last[0]:
            self.refused["BACKWARDS"] += 1
        elif time_ms > batch.through_ms + AHEAD_MS_MAX:
            self.refused["AHEAD"] += 1
        else:
            self.last = now
            return True
        return False

    # --- writing ------------------------------------------------------------------------------------

    def _put(self, ticks: Sequence[tuple[Tick, int]]) -> None:
        at = 0
        while at < len(ticks):
            day = ticks[at][0].time_ms // DAY_MS
            end = at + 1
            while end < len(ticks) and end - at < tickfile.BLOCK_TICKS_MAX and ticks[end][0].time_ms // DAY_MS == day:
                end += 1
            self._put_block(day, ticks[at:end])
            at = end

    def _put_block(self, day: int, ticks: Sequence[tuple[Tick, int]]) -> None:
        received_ms = ticks[0][1]
        assert self._named is not None
        if self._fd is None or day != self._day:
            self._open_day(day, received_ms)
        data, number = b"", self._number
        if not self._told:
            data, number = tickfile.encode_source(number, received_ms, self._named), number + 1
        data += tickfile.encode_ticks(number, received_ms, day, ticks)
        self._append(data)
        self._number, self._told, self._written = number + 1, True, self._named
        self.written += len(ticks)
        last = ticks[-1][0]
        self._written_last = (last.time_ms, last.bid_points, last.ask_points)

    def _open_day(self, day: int, received_ms: int) -> None:
        """The file of the day before is durable before the next one has a name: only the newest can be torn."""
        self.close()
        assert self._named is not None
        header = tickfile.encode_header(Header(self.symbol, self._named.digits, day, received_ms))
        path = self._folder / tickfile.file_name(day)
        if self._told:  # the same source goes on over midnight
            self._named = self._named._replace(whole=True)
        self._fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._day, self._number, self._good_bytes, self._told = day, 0, 0, False
        self._new_name = True
        self._append(header)

    def _append(self, data: bytes) -> None:
        assert self._fd is not None
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError:
            os.ftruncate(self._fd, self._good_bytes)
            if self._good_bytes == 0:  # not even a header: the name is given back
                self._discard()
            raise
        self._good_bytes += len(data)
        self.dirty = True

    def _discard(self) -> None:
        assert self._fd is not None
        os.close(self._fd)
        self._fd = None
        (self._folder / tickfile.file_name(self._day)).unlink()

    def sync(self) -> None:
        """Make what was written durable. Raises OSError."""
        if self._fd is not None and self.dirty:
            os.fdatasync(self._fd)
            self.dirty = False
        if self._new_name:
            _sync_folder(self._folder)
            self._new_name = False

    def close(self) -> None:
        if self._fd is not None:
            self.sync()
            os.close(self._fd)
            self._fd = None

    # --- starting -----------------------------------------------------------------------------------

    def _resume(self) -> None:
        """Go on in the newest file: a torn end is cut off, damage before whole blocks is left and told."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while found := tickfile.days(self._folder):
            path = found[-1]
            data = memoryview(path.read_bytes())
            try:
                header = tickfile.decode_header(data)
            except BadFile:
                path.rename(path.with_suffix(".torn"))
                self.damage = Damage(path, len(data), ())
                continue
            self._reopen(path, data, header)
            if self.last is not None:
                return
            # A crash between the header and the first tick: its name is given back, the day before tells the last one.
            assert self._fd is not None
            os.close(self._fd)
            self._fd = None
            path.rename(path.with_suffix(".torn"))

    def _reopen(self, path: Path, data: memoryview, header: Header) -> None:
        scan = tickfile.Scan(data)
        for block in scan:
            if block.kind == tickfile.SOURCE:
                self._named = self._written = tickfile.decode_source(data, block)
            else:
                tick = tickfile.decode_ticks(data, block._replace(start=block.end - tickfile.RECORD.size), header.day)[
                    0
                ]
                self.last = self._written_last = (tick.time_ms, tick.bid_points, tick.ask_points)
        if scan.torn or scan.damaged:
            self.damage = Damage(path, scan.torn, tuple(scan.damaged))
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        if scan.torn:
            os.ftruncate(self._fd, scan.good_bytes)
            os.fdatasync(self._fd)
        self._day, self._number, self._good_bytes = header.day, scan.number, max(scan.good_bytes, HEADER.size)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
