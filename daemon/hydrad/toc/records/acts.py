"""Acts: what was asked, judged and moved, and what an agent began by itself or by a plan."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hydrad.domain.orders import ActKind, Order, PlanStep
from hydrad.toc.act import ActEvent
from hydrad.toc.records.base import Body


class Check(msgspec.Struct, frozen=True, array_like=True):
    code: str
    ok: bool
    measured: str
    limit: str


class ActRequested(Body, frozen=True):
    """`key` and `asked`: the request's idempotency key and the SHA-256 of its parameters. `fire`: for acts on a
    position, the fire that opened it. `deadline_ns`: the act's own, machine time."""

    act_id: int
    kind: ActKind
    account: str
    mission: int
    position: int
    key: str
    asked: bytes
    deadline_ns: int
    reason: str
    volume_asked_steps: int = 0
    risk_asked_percent: Decimal | None = None
    plan: str = "default"
    again: bool = False


class ActJudged(Body, frozen=True):
    """The verdict's order, exactly as it may be sent (None where the symbol's terms are unknown), and every check."""

    act_id: int
    order: Order | None
    order_hash: bytes
    digits: int
    volume_step: Decimal
    checks: tuple[Check, ...]
    ok: bool
    risk_money: Decimal
    base_money: Decimal
    base: str
    rules_hash: bytes


class ActMoved(Body, frozen=True):
    """An act changed its state. `by`: what proved it (result, ledger, tombstone, history, position, timeout, link,
    latch, resolve). Prices in points, volumes in steps of the act's order."""

    act_id: int
    event: ActEvent
    by: str
    terminal: str = ""
    epoch: int = 0
    codes: tuple[str, ...] = ()
    retcode: int = 0
    order_ticket: int = 0
    deal_ticket: int = 0
    position_id: int = 0
    price_points: int = 0
    volume_steps: int = 0
    detail: str = ""


class ApprovalAsked(Body, frozen=True):
    """A fire waits for a second person, its order frozen. `why`: the thresholds that it passes. `due_ns`: machine time
    at which it lapses. `rules`, `contract`: SHA-256 of the limits and the person it was asked under, and of the
    symbol's terms; either being another voids it."""

    act_id: int
    why: tuple[str, ...]
    due_ns: int
    rules: bytes
    contract: bytes


class ActApproved(Body, frozen=True):
    """A second person, the record's actor, said yes to the order of this hash; it is judged again under a deadline of
    its own. `key` and `asked`: of their request."""

    act_id: int
    order_hash: bytes
    deadline_ns: int
    key: str
    asked: bytes


class PlanStepBegun(Body, frozen=True):
    """The agent ran a step of a fire's plan by itself; from here it is an act like any other. `move` counts from 0:
    a step that the broker refused is tried again as the next move."""

    act_id: int
    fire_id: int
    terminal: str
    order: Order
    order_hash: bytes
    move: int = 0


class AgentActBegun(Body, frozen=True):
    """The agent began an act by itself (equity floor, dead-man), under an id of its ledger's own; here it has one of
    ours."""

    act_id: int
    terminal: str
    ledger_id: str
    local_id: int
    move: int
    position: int
    order: Order
    order_hash: bytes


class PlanMoveBegun(Body, frozen=True):
    """The plan of an open position shall run at another agent: withdrawn at `source` first, then set at `target`.
    `steps` are those in force now, `plan` their name. Again for one that moves already: it has another target."""

    position: int
    source: str
    target: str
    steps: tuple[PlanStep, ...]
    plan: str


class PlanMoveActed(Body, frozen=True):
    """The act that withdraws the plan, or (`sets`) the one that sets it at the target."""

    position: int
    act_id: int
    sets: bool


class PlanMoveEnded(Body, frozen=True):
    """`how`: MOVED, CLOSED (the position is), FAILED or VOID."""

    position: int
    how: str
    detail: str
