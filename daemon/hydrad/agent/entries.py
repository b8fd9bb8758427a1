"""What the agent must never forget. Its durable state is the fold over these entries, oldest first."""

from __future__ import annotations

from typing import Literal

import msgspec

from hydrad.domain.orders import PlanStep
from hydrad.link.frames import LedgerRow

Whose = Literal["daemon", "local", "floor"]


class _Entry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all entries."""


class RowStored(_Entry, frozen=True, tag="ROW"):
    """One row of the ledger proper."""

    row: LedgerRow


class EpochStored(_Entry, frozen=True, tag="EPOCH"):
    """The highest epoch seen: a lower one is fenced off from here on."""

    epoch: int


class LatchStored(_Entry, frozen=True, tag="LATCH"):
    """One of the halt latches. `by`: who asked, as told, for people. `whose`: who may open it again."""

    halted: bool
    by: str
    whose: Whose = "daemon"


class PlanStored(_Entry, frozen=True, tag="PLAN"):
    """A position's plan was replaced; before that, the plan of its fire's order holds. `stop_points`: the fire's own
    stop as the daemon told it; 0 where the ledger has the fire."""

    position_id: int
    fire_id: int
    steps: tuple[PlanStep, ...]
    stop_points: int = 0


class FlattenStored(_Entry, frozen=True, tag="FLATTEN"):
    """A person on this host wants these positions closed, by their ids. `until_ns`: UTC, by the host's clock."""

    by: str
    positions: tuple[int, ...]
    until_ns: int


Entry = RowStored | EpochStored | LatchStored | PlanStored | FlattenStored
Local = LatchStored | FlattenStored  # what a person may write beside a running agent
