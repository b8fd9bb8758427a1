"""Reads the journal and puts what it says into letters. Owns the place up to which it was told.

Each record is composed at least once: the place moves in the same commit as the letters of the records before it, and a
start reads from there again. What is older than a day then, because no channel was configured or the daemon was down,
is left out and said: nobody is woken by last week's results. Records of which nobody is told move the place now and
then only, since each commit of it is one more sync on the journal's disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hydrad.domain.instants import HOUR
from hydrad.outbox.letter import Letter
from hydrad.outbox.outbox import Outbox
from hydrad.outbox.store import Store
from hydrad.toc.record import Record

log = logging.getLogger("hydrad.outbox")

RECORDS_AT_ONCE = 100
# The place lags by so much where nothing is told, and so much is composed a second time after a start.
PLACE_EVERY = 2_000
OLD_NS = 24 * HOUR
LOOK_EVERY_S = 60.0

Compose = Callable[[Record], Sequence[Letter]]


@dataclass(frozen=True, slots=True)
class Journal:
    """What is read. `head`: the last durable record; `read`: records after one, oldest first."""

    head: Callable[[], int]
    read: Callable[[int, int], Sequence[Record]]


class Telling:
    """`composers`: each makes letters of a record, quickly, on the loop. `published` is called there after each
    commit."""

    def __init__(self, outbox: Outbox, journal: Journal, composers: Sequence[Compose]) -> None:
        self._outbox, self._journal, self._composers = outbox, journal, composers
        self._news = asyncio.Event()
        self.seq = 0
        self._place = 0
        self._left_out = 0

    def published(self) -> None:
        self._news.set()

    async def begin(self) -> None:
        """Find the place; in a file that is new, or of another journal, it is the journal's head."""
        found, head = await self._outbox.do(Store.place), self._journal.head()
        if found is not None and found <= head:
            self.seq = self._place = found
            return
        why = "it was made anew" if found is None else f"it had read up to record {found} of another journal"
        self._outbox.noted("OUTBOX_NEW", "outbox", f"{why}: records up to {head} are not told")
        await self._outbox.put((), head)
        self.seq = self._place = head

    async def run(self) -> None:
        """Tell until cancelled."""
        loop = asyncio.get_running_loop()
        looked_s = loop.time()
        while True:
            self._news.clear()
            while self.seq < self._journal.head():
                await self._tell_next()
                await asyncio.sleep(0)
            if loop.time() - looked_s >= LOOK_EVERY_S:
                looked_s = loop.time()
                await self._outbox.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._news.wait()

    async def _tell_next(self) -> None:
        """The next records; those of which somebody is told move the place."""
        records = self._journal.read(self.seq, min(RECORDS_AT_ONCE, self._journal.head() - self.seq))
        young_ns = self._outbox.now_ns() - OLD_NS
        young = [record for record in records if record.at_ns >= young_ns]
        letters = [letter for record in young for letter in self._composed(record)]
        seq = records[-1].seq
        if letters or seq - self._place >= PLACE_EVERY:
            await self._outbox.put(letters, seq)
            self._place = seq
        self.seq = seq
        self._left_out += len(records) - len(young)
        if self._left_out and young:
            self._outbox.noted("OUTBOX_NEW", "outbox", f"{self._left_out} records older than a day are not told")
            self._left_out = 0

    def _composed(self, record: Record) -> list[Letter]:
        letters: list[Letter] = []
        for compose in self._composers:
            try:
                letters += compose(record)
            except Exception as error:  # the edge of letters: one that cannot be made stops none that can
                log.exception("record %d cannot be told", record.seq)
                self._outbox.refused(f"record {record.seq} {record.type}: {type(error).__name__}")
        return letters
