"""Letters to people: the outbox's file kept open, the journal told into it, whatever channels there are.

Owns what becomes of letters when their file fails: nothing that trades waits for it or ends with it, `health` says so,
and it is opened again. Without a channel there is no file.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

import apsw

from hydrad.outbox.letter import Channel
from hydrad.outbox.outbox import Outbox
from hydrad.outbox.telling import Compose, Journal, Telling
from hydrad.services.daemon import Daemon
from hydrad.toc import inputs as i
from hydrad.wire.answers.status import HealthRow

log = logging.getLogger("hydrad.outbox")

AGAIN_S = 5.0


class Letters:
    """`channels`: those that are configured; `composers`: what makes letters of records; `schemas`: tables that others
    keep in the file. All are filled before `run`."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self.channels: set[Channel] = set()
        self.composers: list[Compose] = []
        self.schemas: list[str] = []
        self.again_s = AGAIN_S
        self._problem = "it was not opened yet"
        self._telling: Telling | None = None
        self._opened = asyncio.Event()
        self.outbox = self._box()

    def _box(self) -> Outbox:
        return Outbox(self._daemon.places.outbox, self._daemon.now_ns, self._noted, self._daemon.boot_ns)

    def _noted(self, code: str, subject: str, detail: str) -> None:
        self._daemon.submit(i.OutboxNoted(code, subject, detail))

    def published(self) -> None:
        """Records are durable."""
        if self._telling is not None:
            self._telling.published()

    async def opened(self) -> Outbox:
        """The outbox, once its file is open."""
        await self._opened.wait()
        return self.outbox

    async def run(self) -> None:
        """Tell until cancelled; nothing without a channel."""
        while self.channels:
            try:
                await self._once()
            except Exception as error:  # the edge of letters: what fails here must not end what trades
                self._problem = f"letters are not kept: {error}"
                log.exception("letters are not kept")
            await asyncio.sleep(self.again_s)
        await asyncio.Event().wait()

    async def _once(self) -> None:
        try:
            await self.outbox.open(tuple(self.schemas))
            telling = Telling(self.outbox, Journal(lambda: self._daemon.journal_seq, self._daemon.read), self.composers)
            await telling.begin()
            await self.outbox.stand((alarm.code, alarm.subject) for alarm in self._daemon.state.alarms.values())
            self._telling, self._problem = telling, ""
            self._opened.set()
            await telling.run()
        finally:
            self._opened.clear()
            self._telling = None
            with contextlib.suppress(apsw.Error):
                await self.outbox.close()

    # --- what is measured -----------------------------------------------------------------------------

    def health(self) -> tuple[HealthRow, ...]:
        """Whether letters are kept; no row without a channel."""
        if not self.channels:
            return ()
        if self._problem or self._telling is None:
            return (HealthRow("outbox", False, self._problem or "it is being opened again"),)
        box = self.outbox
        detail = f"{box.waiting} letters wait, told up to record {self._telling.seq}"
        return (HealthRow("outbox", True, detail),)
