"""Bodies from daemon to agent. Owns `Down`, the table of them, and which of them are commands."""

from __future__ import annotations

from hydrad.domain.orders import Order, PlanStep
from hydrad.link.frames.base import Body, named, planned


class TicksFrom(Body, frozen=True):
    """Ticks of this symbol are wanted from this instant on; older than now comes marked `history`."""

    symbol: str
    from_ms: int


class Welcome(Body, frozen=True, tag="WELCOME"):
    """The agent stores `epoch` durably before it answers. `ledger_known`: entries of `ledger_id` that the daemon has
    booked; 0 with an empty id when it knows none. `halted`: the daemon's latch for this account."""

    epoch: int
    ledger_id: str
    ledger_known: int
    deals_after: int
    ticks_from: tuple[TicksFrom, ...]
    halted: bool
    machine_ns: int


class BeatDown(Body, frozen=True, tag="BEAT"):
    """Answers each BEAT up, at once."""

    machine_ns: int


class _Command(Body, frozen=True):
    """An act to perform. `deadline_ns`: daemon's UTC, never later than the mission's expiry. `mission_expiry_ms`:
    market time, 0 for acts without a mission's limit."""

    act_id: int
    move: int
    deadline_ns: int
    mission_expiry_ms: int
    order: Order
    order_hash: bytes

    def __post_init__(self) -> None:
        named(self.order.account, self.order.symbol)
        planned(self.order.plan)


class Fire(_Command, frozen=True, tag="FIRE"):
    """Open a position, or place a resting order."""


class Close(_Command, frozen=True, tag="CLOSE"):
    """Close all or part of a position, or close it by another."""


class Modify(_Command, frozen=True, tag="MODIFY"):
    """Set stop and target of a position."""


class Cancel(_Command, frozen=True, tag="CANCEL"):
    """Remove a resting order."""


class Plan(Body, frozen=True, tag="PLAN"):
    """Replace the plan of a position. With an `act_id` it is an act of the ledger's, answered by RESULT; its
    hash is that of an Order with nothing but kind SET_PLAN, the account, the position, the plan and `stop_points`.

    `stop_points`: the fire's own stop, from which R is measured, for an agent whose ledger does not have the fire; 0
    for one that has it.
    """

    position_id: int
    fire_id: int
    steps: tuple[PlanStep, ...]
    act_id: int = 0
    stop_points: int = 0

    def __post_init__(self) -> None:
        planned(self.steps)


class Query(Body, frozen=True, tag="QUERY"):
    """What became of this act? Answered by STATUS."""

    act_id: int
    move: int


class QueryHistory(Body, frozen=True, tag="QUERY_HISTORY"):
    """Deals of an interval of market time, both ends included, answered by DEALS with the same `query_id`."""

    query_id: int
    from_ms: int
    to_ms: int


class QueryRates(Body, frozen=True, tag="QUERY_RATES"):
    """The terminal's own minute bars that open within an interval of market time, both ends included, a day at most.
    Answered by RATES. Sent only to an agent whose HELLO says that it knows it."""

    query_id: int
    symbol: str
    from_ms: int
    to_ms: int

    def __post_init__(self) -> None:
        named(self.symbol)


class Halt(Body, frozen=True, tag="HALT"):
    """Obeyed at any epoch from any enrolled daemon: stored, then answered by HALTED."""

    by: str


class Resume(Body, frozen=True, tag="RESUME"):
    """Obeyed at the current epoch only: opens the daemon's own latch. `latches`: those of the agent's own that it
    opens too."""

    by: str
    latches: tuple[str, ...] = ()


class Versions(Body, frozen=True, tag="VERSION"):
    """Answer to a frame of a version that is not spoken here. This frame and the head of all frames are the same in
    every version. `lowest` to `highest` are spoken; `text` says what to do, for people."""

    lowest: int
    highest: int
    text: str


Down = (
    Versions
    | Welcome
    | BeatDown
    | Fire
    | Close
    | Modify
    | Cancel
    | Plan
    | Query
    | QueryHistory
    | QueryRates
    | Halt
    | Resume
)
Command = Fire | Close | Modify | Cancel
