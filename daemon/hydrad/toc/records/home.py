"""The home and the daemon that holds its journal: starts, configuration, services, jobs, answers given, strangers."""

from __future__ import annotations

from hydrad.domain.accounts import HomeMode
from hydrad.domain.actors import Role
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits, Timing
from hydrad.toc.records.base import Body
from hydrad.toc.service import ServiceState


class HomeCreated(Body, frozen=True):
    """Always record 1. `tag`: the 15 bits in front of every act id of this journal. `live_feed`: a paper home whose
    simulated broker follows the home's own recording of live quotes; market time is machine time there, for ever."""

    mode: HomeMode
    tag: int
    commander: str
    code_version: str
    tzdata_version: str
    live_feed: bool = False


class DaemonStarted(Body, frozen=True):
    epoch: int
    instance: str
    code_version: str
    tzdata_version: str
    limits: Limits
    timing: Timing
    guards: Guards | None = None
    plans: dict[str, str] = {}
    news_mode: str = ""


class DaemonStopped(Body, frozen=True):
    reason: str


class GuardsChanged(Body, frozen=True):
    """`guards` hold from here on."""

    guards: Guards
    why: str


class CallRefused(Body, frozen=True):
    """A known actor asked for what their role does not allow, or (`why`) for what is not taken as they asked it."""

    verb: str
    needs: Role
    has: Role
    why: str = ""


class StrangersCounted(Body, frozen=True):
    surface: str
    reason: str
    count: int


class ServiceChanged(Body, frozen=True):
    """`wanted`: False while a person wants it stopped. `restarts`: since it was last started by a person or with the
    daemon."""

    name: str
    state: ServiceState
    why: str
    restarts: int = 0
    wanted: bool = True


class JobRan(Body, frozen=True):
    """A job of the scheduler has ended. `missed`: earlier runs that this one stands for."""

    name: str
    scheduled_ns: int
    began_ns: int
    ended_ns: int
    ok: bool
    detail: str
    missed: int = 0


class ConfigChanged(Body, frozen=True):
    """`limits` and `timing` hold from here on; timing null stays as it is."""

    limits: Limits
    timing: Timing | None
    why: str


class TimingChanged(Body, frozen=True):
    """`timing` holds from here on."""

    timing: Timing
    why: str


class PlansChanged(Body, frozen=True):
    """The named plans from here on, as text. Plans that run are not touched."""

    plans: dict[str, str]
    why: str


class RequestAnswered(Body, frozen=True):
    """What a keyed request that made no act was answered, for whoever asks again: `data` and `problem` as JSON.
    `asked`: SHA-256 of its parameters."""

    key: str
    asked: bytes
    schema: str
    data: bytes
    problem: bytes
