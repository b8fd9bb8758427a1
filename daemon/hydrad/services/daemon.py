"""The daemon, as the services inside it see it. `app.App` is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from hydrad.config import Loaded
from hydrad.domain.actors import Actor
from hydrad.host.places import Places
from hydrad.host.tickets import Tickets
from hydrad.hud.glance import Glance
from hydrad.hud.metrics import Figure
from hydrad.hud.stream import Stream
from hydrad.toc import inputs as i
from hydrad.toc.live import Link
from hydrad.toc.record import Record
from hydrad.toc.state import Job, State
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import Answer, Problem
from hydrad.wire.answers.status import HealthData


class Asking(Protocol):
    """Where an edge asks for somebody whom it has worked out."""

    async def ask(self, actor: Actor, verb: calls.AnyVerb, key: str = "") -> Answer: ...

    def envelope(self, schema: str, data: Any, problem: Problem | None) -> Answer: ...


class Daemon(Protocol):
    """The books to look at, clocks, the way into the core, and what the pages are told."""

    @property
    def places(self) -> Places: ...

    @property
    def loaded(self) -> Loaded: ...

    @property
    def state(self) -> State: ...

    @property
    def journal_head(self) -> tuple[int, bytes]: ...

    @property
    def journal_seq(self) -> int: ...

    @property
    def surface(self) -> Asking: ...

    @property
    def pages(self) -> Stream: ...

    @property
    def tickets(self) -> Tickets: ...

    def read(self, after_seq: int, limit: int) -> list[Record]: ...

    def now_ns(self) -> int: ...

    def boot_ns(self) -> int:
        """A clock that counts suspend and never steps."""
        ...

    def glance(self) -> Turn:
        """A turn to look with: it emits nothing."""
        ...

    def submit(self, body: i.AnyInput, urgent: bool = False) -> None: ...

    def admit(self) -> None:
        """Tell the bridge which terminals are enrolled."""
        ...

    def links_live(self) -> list[Link]: ...

    def last_runs(self) -> Mapping[str, Job]: ...

    def note_endpoint(self, name: str, address: str | None) -> None: ...

    # --- what is measured -----------------------------------------------------------------------------

    def health(self) -> HealthData: ...

    def market_stands_ms(self) -> int:
        """For how long a paper home's market has not gone though it should; 0 while it goes."""
        ...

    def public(self) -> Glance:
        """What anybody at this machine may see."""
        ...

    def figures(self) -> list[Figure]: ...
