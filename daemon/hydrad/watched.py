"""What the pages' stream tells, from the daemon's memory and journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydrad import vitals
from hydrad.domain.instants import ns_text
from hydrad.toc import audience, narrate, now_views
from hydrad.toc.audience import Audience
from hydrad.toc.record import Record
from hydrad.wire.answers.journal import Event
from hydrad.wire.answers.live import Hello, Now

if TYPE_CHECKING:
    from hydrad.app import App


class Watched:
    """Implements `hud.stream.Told`."""

    def __init__(self, app: App) -> None:
        self._app = app

    def head_seq(self) -> int:
        return self._app.journal_seq

    def read(self, after_seq: int, limit: int) -> list[Record]:
        return self._app.read(after_seq, limit)

    def event(self, record: Record) -> Event:
        return narrate.event(self._app.state, record)

    def account_of(self, record: Record) -> str:
        return audience.account_of(self._app.state, record)

    def hello(self, seq: int) -> Hello:
        app = self._app
        return Hello(app.state.instance, app.version, app.state.mode.value, seq, ns_text(app.now_ns(), 6))

    def now(self, shown: Audience) -> Now:
        app = self._app
        speed = app.conductor.speed_text() if app.conductor else "live"
        return now_views.now_view(app.glance(), shown, vitals.market_stands_ms(app), speed)
