"""What the pages' stream tells, from the daemon's memory and journal."""

from __future__ import annotations

from hydrad.domain.instants import ns_text
from hydrad.toc import audience, narrate, now_views
from hydrad.toc.audience import Audience
from hydrad.toc.record import Record
from hydrad.vitals.daemon import Daemon
from hydrad.wire.answers.journal import Event
from hydrad.wire.answers.live import Hello, Now


class Watched:
    """Implements `hud.stream.Told`."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def head_seq(self) -> int:
        return self._daemon.journal_seq

    def read(self, after_seq: int, limit: int) -> list[Record]:
        return self._daemon.read(after_seq, limit)

    def event(self, record: Record) -> Event:
        return narrate.event(self._daemon.state, record)

    def account_of(self, record: Record) -> str:
        return audience.account_of(self._daemon.state, record)

    def hello(self, seq: int) -> Hello:
        daemon = self._daemon
        return Hello(daemon.state.instance, daemon.version, daemon.state.mode.value, seq, ns_text(daemon.now_ns(), 6))

    def now(self, shown: Audience) -> Now:
        daemon = self._daemon
        speed = daemon.conductor.speed_text() if daemon.conductor else "live"
        return now_views.now_view(daemon.glance(), shown, daemon.market_stands_ms(), speed)
