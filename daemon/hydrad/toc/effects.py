"""Effects: what leaves the core. The driver performs them only after the records of their turn are durable."""

from __future__ import annotations

from typing import Any

import msgspec

from hydrad.link.frames import DownFrame, Rates, SymbolTicks
from hydrad.wire.answers import Problem


class _Effect(msgspec.Struct, frozen=True):
    """Base of all effects."""


class Send(_Effect, frozen=True):
    """A frame for an agent. `opens`: the act id when the frame opens exposure, else 0: the latch withholds it."""

    terminal: str
    connection: int
    frame: DownFrame
    opens: int = 0
    act_id: int = 0


class Reply(_Effect, frozen=True):
    """The answer to a request: data of its verb, or a problem, or both (a denial shows its checks)."""

    request: int
    schema: str
    data: Any
    problem: Problem | None = None


class Admit(_Effect, frozen=True):
    """The allow-list of terminal keys changed."""


class StepDown(_Effect, frozen=True):
    """Another daemon holds a higher epoch: release nothing, exit 75."""

    reason: str


class TicksTaken(_Effect, frozen=True):
    """Ticks of the symbols whose source a terminal is, with their digits, for the recording. `session`: of its link.
    `read_ms`: everything up to here was read. `history`: told in a hand-shake, and perhaps before."""

    terminal: str
    session: int
    batches: tuple[SymbolTicks, ...]
    digits: tuple[int, ...]
    read_ms: int
    history: bool


class Sought(_Effect, frozen=True):
    """A symbol whose bars a terminal was asked for, and the digits of its points."""

    terminal: str
    symbol: str
    digits: int


class RatesSought(_Effect, frozen=True):
    """Who was asked for minute bars, and for which; both ends are included."""

    query_id: int
    from_ms: int
    to_ms: int
    asked: tuple[Sought, ...]


class RatesTold(_Effect, frozen=True):
    """A page of a terminal's answer."""

    terminal: str
    page: Rates


Effect = Send | Reply | Admit | StepDown | TicksTaken | RatesSought | RatesTold
