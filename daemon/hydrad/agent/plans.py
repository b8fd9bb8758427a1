"""Plans of open positions: which step is due, and the order that it sends. Runs without the daemon.

A fire's plan becomes the position's when the fire is DONE; PLAN replaces it. A step sends at most one order for each
(act id, move). A time stop that the broker provably did not execute (a requote, a closed market) is tried again as
the next move a minute of market time later; one without a verdict is not, until the evidence is in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from hydrad.agent.ledger import Ledger
from hydrad.domain.instants import MINUTE_MS
from hydrad.domain.orders import ORDER_VERSION, ActKind, Order, PlanStep, PlanStepKind, Side
from hydrad.link.frames import LedgerRow, PositionRow, RowState

SUPPORTED = frozenset({PlanStepKind.TIME_STOP})
RETRY_MS = MINUTE_MS
MOVES_MAX = 60
_RETRIED = frozenset({RowState.REFUSED, RowState.NOT_EXECUTED})


class PositionPlan(msgspec.Struct, frozen=True):
    fire_id: int
    steps: tuple[PlanStep, ...]


class Due(msgspec.Struct, frozen=True):
    """A step to run now."""

    fire_id: int
    step: PlanStep
    move: int
    position: PositionRow


class Plans:
    """The plans of all positions ever filled, by position id; which of them are open is not known here."""

    def __init__(self) -> None:
        self._by_position: dict[int, PositionPlan] = {}
        self._fire_of_step: dict[int, int] = {}

    def replace(self, position_id: int, fire_id: int, steps: tuple[PlanStep, ...]) -> None:
        """Set a position's plan."""
        self._by_position[position_id] = PositionPlan(fire_id, steps)
        self._fire_of_step.update((step.act_id, fire_id) for step in steps)

    def filled(self, row: LedgerRow, order: Order | None) -> None:
        """Learn the plan of a fire that is DONE; anything else has none."""
        if row.state is RowState.DONE and order is not None and order.kind is ActKind.FIRE and order.plan:
            self.replace(row.position_id, row.act_id, order.plan)

    def fire_of(self, act_id: int) -> int | None:
        """The fire whose plan has this step; None when the act is no plan's."""
        return self._fire_of_step.get(act_id)

    def due(self, market_ms: int, positions: Mapping[int, PositionRow], ledger: Ledger) -> Iterator[Due]:
        """Steps to run now, in the order of their positions."""
        for position_id, position in positions.items():
            plan = self._by_position.get(position_id)
            for step in plan.steps if plan else ():
                move = _next_move(step, market_ms, ledger)
                if plan and move is not None:
                    yield Due(plan.fire_id, step, move, position)


def unsupported(steps: tuple[PlanStep, ...]) -> bool:
    """Whether a plan has a step that this agent cannot run: such a plan is refused whole, never shortened."""
    return any(step.kind not in SUPPORTED or step.at_ms <= 0 for step in steps)


def closing_order(account: str, due: Due) -> Order:
    """The order of a time stop: all of the position, as it stands now."""
    held = due.position
    return Order(
        version=ORDER_VERSION,
        kind=ActKind.PLAN_STEP,
        account=account,
        symbol=held.symbol,
        side=Side(held.side).opposite,
        volume_steps=held.volume_steps,
        position_id=held.position_id,
        volume_expected_steps=held.volume_steps,
        volume_remaining_steps=0,
        ticket=held.ticket,
    )


def _next_move(step: PlanStep, market_ms: int, ledger: Ledger) -> int | None:
    """The number of the move to make now, None when there is none to make."""
    move = ledger.moves(step.act_id)
    if market_ms < step.at_ms or move >= MOVES_MAX:
        return None
    last = ledger.newest((step.act_id, move - 1))
    if last is None:
        return move
    again = last.state in _RETRIED and market_ms >= last.market_ms + RETRY_MS
    return move if again else None
