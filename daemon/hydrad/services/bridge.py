"""The bridge as a service of the daemon: bound, let go and bound again, under the driver's one way to agents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from hydrad.bridge.bridge import Bridge
from hydrad.domain.instants import duration_text
from hydrad.link.frames import DownFrame
from hydrad.services.daemon import Daemon
from hydrad.toc import service


class Links:
    """The driver's way to agents while bridges come and go: nothing is sent while there is none."""

    def __init__(self) -> None:
        self.bridge: Bridge | None = None

    def send(self, terminal: str, connection: int, frame: DownFrame) -> bool:
        return self.bridge is not None and self.bridge.send(terminal, connection, frame)

    def allow(self, terminals: Mapping[str, str]) -> None:
        if self.bridge is not None:
            self.bridge.allow(terminals)

    def close(self) -> None:
        bridge, self.bridge = self.bridge, None
        if bridge is not None:
            bridge.close()


class BridgeService:
    """The bridge. The first one is bound before the daemon says that it started; `bind` makes the next."""

    name = service.BRIDGE

    def __init__(self, daemon: Daemon, links: Links, bind: Callable[[], Bridge]) -> None:
        self._daemon, self._links, self._bind = daemon, links, bind

    def off(self) -> str:
        return ""

    async def run(self, ready: Callable[[], None]) -> None:
        if self._links.bridge is None:
            self._links.bridge = self._bind()
        self._daemon.admit()
        try:
            ready()
            await asyncio.Event().wait()
        finally:
            self._links.close()

    def detail(self) -> str:
        bridge = self._links.bridge
        if bridge is None:
            return "no socket is open: no terminal can be reached"
        counts = bridge.counters()
        heard_ns = max((link.heard_ns for link in self._daemon.links_live()), default=0)
        age = f"last frame {duration_text(self._daemon.now_ns() - heard_ns)} ago" if heard_ns else "no frame yet"
        full = f"{counts['dropped_full']} frames dropped at full queues"
        return f"{counts['connections']} connections, {counts['frames_in']} frames in, {age}, {full}"
