"""The daemon, as what measures it sees it: its loop, its services, and what runs beside it."""

from __future__ import annotations

from typing import Protocol

from hydrad.loop.loop import Loop
from hydrad.market.recorder import Recorder
from hydrad.paper.conductor import Conductor
from hydrad.paper.family import Family
from hydrad.services.bot import BotService
from hydrad.services.daemon import Daemon as Hosting
from hydrad.services.letters import Letters
from hydrad.services.supervisor import Supervisor


class Daemon(Hosting, Protocol):
    """Beside what services see."""

    @property
    def loop(self) -> Loop: ...

    @property
    def version(self) -> str: ...

    @property
    def journal_bytes(self) -> int: ...

    @property
    def recorder(self) -> Recorder: ...

    @property
    def supervisor(self) -> Supervisor: ...

    @property
    def letters(self) -> Letters: ...

    @property
    def bot(self) -> BotService: ...

    @property
    def family(self) -> Family | None:
        """None in a real home."""
        ...

    @property
    def conductor(self) -> Conductor | None:
        """None where market time is machine time."""
        ...
