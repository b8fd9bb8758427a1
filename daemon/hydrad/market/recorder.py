"""The recorder: ticks of each symbol's source go to files under `recorded/`, on a thread of its own. Owns the queue
between the loop and the disk, the beat of writing and syncing, and what is told when the disk fails.

The loop only appends to a bounded queue. Once a second the thread hands what came to the operating system and makes it
durable (`fdatasync`, each file that changed): a killed daemon loses at most a second of ticks, a power cut no more,
and the next start cuts off what was written by half. A full or failing disk ends no daemon: what could not be written
is counted, told once as a finding, and the next block says that something is missing before it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hydrad.market import room, tickfile
from hydrad.market.room import Room
from hydrad.market.series import Batch, Series

log = logging.getLogger("hydrad.market")

WRITE_EVERY_S = 1.0
QUEUE_TICKS_MAX = 200_000
HURRY_TICKS = 20_000  # a hand-shake tells the ticks of half a day at once: these are not left to wait for their second
SYMBOLS_MAX = 512
RECORDED = "recorded"


class Note(NamedTuple):
    """Something for people. `code`: a Finding's name; an empty `detail` says that it has ended."""

    code: str
    subject: str
    detail: str


class Figures(NamedTuple):
    """Since the start, in ticks. `shed`: the queue was full; `lost`: the disk failed."""

    symbols: int
    written: int
    refused: int
    shed: int
    lost: int
    waiting: int
    problem: str


class Recorder:
    """`room`: of the disk, looked at on the way. `tell` is called from the recorder's thread."""

    def __init__(
        self,
        folder: Path,
        tell: Callable[[Note], None],
        write_every_s: float = WRITE_EVERY_S,
        room: Room | None = None,
    ) -> None:
        self._folder = folder / RECORDED
        self._room = room
        self._tell = tell
        self._every_s = write_every_s
        self._queue: deque[Batch] = deque()
        self._waiting = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._series: dict[str, Series] = {}
        self._shed = self._lost = 0
        self._shed_told = 0
        self._holes: set[str] = set()
        self._problem = ""
        self._well = True
        self._thread = threading.Thread(target=self._run, name="market", daemon=True)

    # --- the loop's side ----------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def take(self, batch: Batch) -> None:
        """Never blocks on the disk; a batch over the bound is shed and counted."""
        with self._lock:
            if batch.symbol in self._holes or self._waiting + len(batch.ticks) > QUEUE_TICKS_MAX:
                self._shed += len(batch.ticks)
                self._holes.add(batch.symbol)
                return
            self._waiting += len(batch.ticks)
            self._queue.append(batch)
            hurry = self._waiting >= HURRY_TICKS
        if hurry:
            self._wake.set()

    def figures(self) -> Figures:
        series = list(self._series.values())
        return Figures(
            len(series),
            sum(one.written for one in series),
            sum(sum(one.refused.values()) for one in series),
            self._shed,
            self._lost,
            self._waiting,
            self._problem,
        )

    def close(self) -> None:
        """Write what waits, make it durable, end the thread."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    # --- the thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        self._resume()
        while not self._stopping.is_set():
            self._wake.wait(self._every_s)
            self._wake.clear()
            self._write_or_tell()
        self._write_or_tell()
        for series in self._series.values():
            self._guarded(series, series.close)

    def _resume(self) -> None:
        """Look at every symbol's newest file: only that can be torn."""
        if not self._folder.is_dir():
            return
        for folder in sorted(self._folder.iterdir()):
            if folder.is_dir():
                self._open(tickfile.symbol_of(folder.name))

    def _open(self, symbol: str) -> Series | None:
        known = self._series.get(symbol)
        if known is not None or len(self._series) >= SYMBOLS_MAX:
            return known
        try:
            series = Series(self._folder / tickfile.folder_name(symbol), symbol)
        except OSError as error:
            self._failed(f"{symbol}: {error}")
            return None
        self._series[symbol] = series
        if series.damage is not None:
            path, cut, damaged = series.damage
            what = f"{cut} bytes of a torn end were cut off" if cut else f"{len(damaged)} damaged places are left out"
            self._tell(Note("RECORDING_DAMAGED", f"{symbol} {path.stem}", what))
        return series

    def _write_or_tell(self) -> None:
        """Whatever goes wrong, the thread goes on and people hear of it: its end would look like a quiet market."""
        try:
            self._look()
            self._write()
        except Exception as error:  # the edge of the recorder's thread: told, and the next batch is tried
            log.exception("ticks are not recorded")
            for series in self._series.values():
                series.lost()
            self._failed(f"{type(error).__name__}: {error}")

    def _look(self) -> None:
        word = self._room.look(time.monotonic()) if self._room is not None else None
        if word is not None:
            self._tell(Note("DISK_LOW", room.SUBJECT, word.detail))

    def _write(self) -> None:
        with self._lock:
            batches, self._queue, self._waiting = self._queue, deque(), 0
            holes, self._holes = self._holes, set()
            shed = self._shed
        by_symbol: dict[str, list[Batch]] = {}
        for batch in batches:
            by_symbol.setdefault(batch.symbol, []).append(batch)
        lost, self._well = self._lost, True
        for symbol, of_symbol in by_symbol.items():
            series = self._open(symbol)
            if series is None:
                self._lost += sum(len(batch.ticks) for batch in of_symbol)
            else:
                self._guarded(series, lambda series=series, of_symbol=of_symbol: series.add(of_symbol), of_symbol)  # type: ignore[misc]
        for symbol in holes & self._series.keys():
            self._series[symbol].lost()
        for series in self._series.values():
            self._guarded(series, series.sync)
        if shed > self._shed_told:
            self._tell(
                Note("RECORDING_LOST", "queue", f"{shed - self._shed_told} ticks came faster than they are written")
            )
            self._shed_told = shed
        if self._problem and self._well and by_symbol and self._lost == lost:
            self._tell(Note("RECORDING_LOST", "disk", ""))
            self._problem = ""

    def _guarded(self, series: Series, work: Callable[[], None], batches: list[Batch] | None = None) -> None:
        try:
            work()
        except (OSError, tickfile.BadFile) as error:
            series.lost()
            self._lost += sum(len(batch.ticks) for batch in batches or ())
            self._failed(f"{series.symbol}: {error}")

    def _failed(self, why: str) -> None:
        self._well = False
        log.error("ticks are not recorded: %s", why)
        if not self._problem:
            self._tell(Note("RECORDING_LOST", "disk", f"ticks are not recorded: {why}"))
        self._problem = why
