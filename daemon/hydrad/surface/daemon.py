"""The daemon, as the surfaces of people see it: what they look at, and what they may move."""

from __future__ import annotations

from typing import Protocol

from hydrad.apex.watch import Watch
from hydrad.config import Loaded
from hydrad.domain.actors import Actor
from hydrad.host.keys import KeyPair
from hydrad.host.logs import Levels
from hydrad.services.channels import ChannelsService
from hydrad.services.hud import HudService
from hydrad.services.scheduler import SchedulerService
from hydrad.surface.watched import Watched
from hydrad.toc.turn import Turn
from hydrad.vitals.daemon import Daemon as Measured
from hydrad.wire import calls
from hydrad.wire.answers.market import NewsView


class Daemon(Measured, Protocol):
    """Beside what is measured of it."""

    @property
    def pid(self) -> int: ...

    @property
    def endpoint(self) -> str:
        """Where agents reach it."""
        ...

    @property
    def watch(self) -> Watch: ...

    @property
    def watched(self) -> Watched: ...

    @property
    def levels(self) -> Levels: ...

    @property
    def hud(self) -> HudService: ...

    @property
    def channels(self) -> ChannelsService: ...

    @property
    def scheduler(self) -> SchedulerService: ...

    async def stop_family(self) -> tuple[list[str], list[str]]: ...

    def enrolled(self, verb: calls.TerminalEnroll, pair: KeyPair) -> str: ...

    def removed(self, verb: calls.TerminalRemove) -> None: ...

    def reloaded(self, loaded: Loaded) -> None: ...

    def news_view(self, turn: Turn) -> NewsView: ...

    def write_news(self, verb: calls.NewsImport | calls.NewsAdd, actor: Actor) -> None: ...
