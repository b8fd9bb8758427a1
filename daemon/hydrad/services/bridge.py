"""The bridge as a service of the daemon: bound, let go and bound again, under the driver's one way to agents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from hydrad.bridge.bridge import Bridge
from hydrad.domain.accounts import HomeMode
from hydrad.domain.instants import duration_text
from hydrad.home import bundles, endpoints
from hydrad.home.daemon_key import daemon_key
from hydrad.host import processes
from hydrad.link.frames import DownFrame, UpFrame
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


class Binding:
    """Where the bridge listens: bound at the start, and again after a person stopped it or it failed. `frame` takes
    what terminals say, `bad` what is no frame of theirs."""

    def __init__(
        self, daemon: Daemon, frame: Callable[[str, int, UpFrame], None], bad: Callable[[str, str, str], None]
    ) -> None:
        self._daemon, self._frame, self._bad = daemon, frame, bad
        self.endpoint = ""

    def first(self) -> Bridge:
        """A paper home whose port was taken moves to a free one and tells its agents."""
        places, state = self._daemon.places, self._daemon.state
        address = self._daemon.loaded.config.bridge.address
        paper = state.mode is HomeMode.PAPER
        if paper:
            address = endpoints.last_endpoint(places, address)
        bridge = self._made(address)
        try:
            self.endpoint = bridge.start()
        except OSError:
            bridge.close()
            if not paper:
                raise
            bridge = self._made(endpoints.endpoint_at(address))
            self.endpoint = bridge.start()
            bundles.move_bundles(places, state.terminals, self.endpoint)
            for name in state.terminals:
                processes.stop(places.process_lock(name), 1.0)
        endpoints.write_endpoint(places, self.endpoint)
        return bridge

    def again(self) -> Bridge:
        """Where the agents look for it."""
        bridge = self._made(self.endpoint)
        try:
            bridge.start()
        except OSError:
            bridge.close()
            raise
        return bridge

    def _made(self, address: str) -> Bridge:
        pair = daemon_key(self._daemon.places, self._daemon.loaded.config)
        loop = asyncio.get_running_loop()
        return Bridge(loop, address, pair.secret, pair.public, self._frame, self._bad)


class BridgeService:
    """The bridge. The first one is bound before the daemon says that it started; this binds the next."""

    name = service.BRIDGE

    def __init__(self, daemon: Daemon, links: Links, binding: Binding) -> None:
        self._daemon, self._links, self._binding = daemon, links, binding

    def off(self) -> str:
        return ""

    async def run(self, ready: Callable[[], None]) -> None:
        if self._links.bridge is None:
            self._links.bridge = self._binding.again()
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
