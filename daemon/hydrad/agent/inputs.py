"""Everything that the agent's core learns. Each input carries its time; the core reads no clock.

`machine_ns`: the agent's own machine time, UTC nanoseconds by a clock that never steps back. `market_ms`: market
time if the shell knows it by itself (a live feed), else 0; then the worker's answers tell it.
"""

from __future__ import annotations

import msgspec

from hydrad.agent.calls import Answer
from hydrad.agent.entries import FlattenStored, LatchStored
from hydrad.link.frames import Identity


class _Input(msgspec.Struct, frozen=True):
    machine_ns: int
    market_ms: int


class Opened(_Input, frozen=True):
    """A fresh connection to a daemon stands ready. `session`: a number drawn for it, 1..2^53-1."""

    session: int


class Received(_Input, frozen=True):
    """One message of the connection, unchecked bytes."""

    data: bytes


class LinkLost(_Input, frozen=True):
    """The connection cannot take what must be sent (its queue is full)."""

    reason: str


class WorkerUp(_Input, frozen=True):
    """A worker is logged in. `offset_ms`: the broker's wall clock minus UTC, None while unknown. `connected`,
    `trade_allowed`: whether its terminal could trade then. `symbols`: those that it follows, none: the bundle's.
    `stand_ins`: what the broker has in place of a symbol of the bundle, by its name."""

    identity: Identity
    offset_ms: int | None
    connected: bool = False
    trade_allowed: bool = False
    symbols: tuple[str, ...] = ()
    stand_ins: dict[str, tuple[str, ...]] = {}


class WrongTerminal(_Input, frozen=True):
    """A worker has found another terminal than the one that is meant, and ended."""

    identity: Identity


class Answered(_Input, frozen=True):
    """The worker's answer to the call in hand."""

    answer: Answer


class WorkerLost(_Input, frozen=True):
    """The worker is gone: it ended, or was killed since its call took too long."""

    reason: str


class PollDue(_Input, frozen=True):
    """Time to read the market. `outbox`: frames that wait because the connection is full."""

    outbox: int


class Timer(_Input, frozen=True):
    """Some time has passed; wanted several times a second."""


class Stopping(_Input, frozen=True):
    """This process was told to end: nothing begins any more, what opens is withheld, what reduces is finished."""


class LocalLatch(_Input, frozen=True):
    """Somebody on this host stored a halt beside us, or the end of one."""

    asked: LatchStored


class LocalFlatten(_Input, frozen=True):
    """Somebody on this host stored a flatten beside us: it is durable already, and holds for `left_ns` more."""

    asked: FlattenStored
    left_ns: int


_Shell = Opened | Received | LinkLost | PollDue | Timer | Stopping | LocalLatch | LocalFlatten
Input = _Shell | WorkerUp | WrongTerminal | Answered | WorkerLost
