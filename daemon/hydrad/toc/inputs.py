"""Inputs: everything the core learns, each with its number and its time. No handler reads a clock.

Inputs are logged before the batch that they caused is committed, so that a day can be replayed through the same
code with the same decisions.
"""

from __future__ import annotations

import msgspec

from hydrad.domain.accounts import HomeMode
from hydrad.domain.actors import Actor
from hydrad.domain.news import NewsEvent
from hydrad.link.frames import UpFrame
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits, Timing
from hydrad.toc.service import ServiceState
from hydrad.wire.calls import AnyVerb


class _Input(msgspec.Struct, frozen=True, array_like=True):
    """Base of all inputs."""


class HomeBirth(_Input, frozen=True):
    """What a new journal begins with. `tag` was drawn by the host. `live_feed`: see HOME_CREATED."""

    mode: HomeMode
    tag: int
    commander: str
    live_feed: bool = False


class Started(_Input, frozen=True, tag="STARTED"):
    """The daemon holds the lock and has folded the journal. `birth` only when the journal is empty. `halt_file`:
    somebody wrote HALT while no daemon ran. `symbols`: those that APEX watches, by
    its `profile` (empty: none).
    `notes`: findings of the start itself, as code and detail. `news_mode`: off, or file, and then NEWS follows.
    `guards`: None before there were any.
    `plans`: the configuration's named plans, as text. `phone_may`: verbs that phones may ask for, too.
    `on_call`, `channels`: see ON_CALL_SET."""

    instance: str
    code_version: str
    tzdata_version: str
    limits: Limits
    timing: Timing
    halt_file: bool
    symbols: tuple[str, ...]
    degraded_after_ms: int = 3_000
    lost_after_ms: int = 10_000
    profile: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    birth: HomeBirth | None = None
    news_mode: str = "off"
    guards: Guards | None = None
    plans: dict[str, str] = {}
    phone_may: tuple[str, ...] = ()
    on_call: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


class FrameIn(_Input, frozen=True, tag="FRAME"):
    """A frame from an enrolled terminal, over one connection of its key. `shed`: ticks that were taken out of it, since
    too many waited; `gone`: frames right before it that were left out with theirs, for which it stands."""

    terminal: str
    connection: int
    frame: UpFrame
    shed: int = 0
    gone: int = 0


class Requested(_Input, frozen=True, tag="REQUEST"):
    """A person's request. `extra`: what the edge adds (the public key drawn for an enrolment)."""

    request: int
    actor: Actor
    key: str
    body: AnyVerb
    extra: str = ""


class Clock(_Input, frozen=True, tag="CLOCK"):
    """Time passes: every deadline is looked at."""


class Recheck(_Input, frozen=True, tag="RECHECK"):
    """A person wants every UNKNOWN act asked about now, whatever its turn."""


class Withheld(_Input, frozen=True, tag="WITHHELD"):
    """The latch closed between commit and release: these opening acts were not handed to the bridge."""

    acts: tuple[int, ...]


class Unsent(_Input, frozen=True, tag="UNSENT"):
    """The bridge could not take these acts' frames (connection gone or full)."""

    acts: tuple[int, ...]


class Strangers(_Input, frozen=True, tag="STRANGERS"):
    surface: str
    reason: str
    count: int


class EdgeRefused(_Input, frozen=True, tag="EDGE_REFUSED"):
    """An edge refused a known operator what their session or their way of asking does not allow."""

    actor: Actor
    verb: str
    why: str


class VersionHeard(_Input, frozen=True, tag="VERSION"):
    """An enrolled terminal's agent speaks another version of the link."""

    terminal: str
    version: int


class NewsTold(_Input, frozen=True, tag="NEWS"):
    """The news file was read, at the start or since it changed. `as_of_ns`: when it was last written; `problem`: why it
    could not be read. `actor`: who imported or added, on which surface; empty when the file changed by itself."""

    mode: str
    as_of_ns: int
    events: tuple[NewsEvent, ...]
    problem: str = ""
    actor: Actor | None = None


class Stopping(_Input, frozen=True, tag="STOPPING"):
    reason: str


class ServiceReported(_Input, frozen=True, tag="SERVICE"):
    """What became of a service that the daemon supervises."""

    name: str
    state: ServiceState
    why: str


class JobReported(_Input, frozen=True, tag="JOB"):
    """A job of the scheduler has ended; times are machine time."""

    name: str
    scheduled_ns: int
    began_ns: int
    ended_ns: int
    ok: bool
    detail: str
    missed: int = 0


class RecordingNoted(_Input, frozen=True, tag="RECORDING"):
    """What the recorder of ticks says: a finding's name, its subject and detail; without a detail it has ended."""

    code: str
    subject: str
    detail: str


class OutboxNoted(_Input, frozen=True, tag="OUTBOX"):
    """What the outbox of letters says: a finding's name, its subject and detail; without a detail it has ended."""

    code: str
    subject: str
    detail: str


class RatesWanted(_Input, frozen=True, tag="RATES"):
    """The recording is to be compared with the terminals' own minute bars, from an instant of market time on."""

    query_id: int
    from_ms: int


class Configured(_Input, frozen=True, tag="CONFIG"):
    """The configuration was read again by `actor`, and is whole."""

    request: int
    actor: Actor
    limits: Limits
    timing: Timing
    on_call: tuple[str, ...] | None = None  # None: as it was


class ChannelReported(_Input, frozen=True, tag="CHANNEL"):
    """Letters fail to leave by a channel, for this reason; empty: they leave again."""

    channel: str
    why: str


AnyInput = (
    Started
    | FrameIn
    | Requested
    | Clock
    | Recheck
    | Withheld
    | Unsent
    | Strangers
    | EdgeRefused
    | VersionHeard
    | NewsTold
    | Stopping
    | ServiceReported
    | JobReported
    | Configured
    | RecordingNoted
    | OutboxNoted
    | RatesWanted
    | ChannelReported
)


class Input(msgspec.Struct, frozen=True, array_like=True):
    """`number` counts from 1 over the journal's life; `at_ns`: machine time, UTC."""

    number: int
    at_ns: int
    body: AnyInput


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Input)


def encode(entry: Input) -> bytes:
    return _ENCODER.encode(entry)


def decode(data: bytes) -> Input:
    return _DECODER.decode(data)
