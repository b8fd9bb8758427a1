"""The fold's part that concerns acts: asked for, judged, approved, moved, and begun by an agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.domain.ids import sequence_of
from hydrad.domain.instants import MINUTE_MS
from hydrad.domain.orders import ActKind
from hydrad.toc import act as acts
from hydrad.toc import fold_crew as crew
from hydrad.toc import fold_guards, planning
from hydrad.toc import records as r
from hydrad.toc.act import FINAL, HOLDING, ActEvent, ActState
from hydrad.toc.numbering import used
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Act, Approval, Key, State

PENDING = frozenset(ActState) - FINAL - HOLDING


def act_requested(state: State, record: Record, body: r.ActRequested) -> None:
    assert body.act_id not in state.acts, "an act id is used once"
    steps = planning.room(state.plans, body.plan) if body.kind is ActKind.FIRE else 0
    used(state, sequence_of(body.act_id) + steps)
    state.acts[body.act_id] = Act(
        act_id=body.act_id,
        kind=body.kind,
        state=ActState.REQUESTED,
        account=body.account,
        mission=body.mission,
        position=body.position,
        actor=record.actor,
        surface=record.surface,
        requested_ns=record.at_ns,
        market_ms=record.market_ms,
        deadline_ns=body.deadline_ns,
        reason=body.reason,
        key=body.key,
        volume_asked_steps=body.volume_asked_steps,
        risk_asked_percent=body.risk_asked_percent,
        plan=body.plan,
        moved_ns=record.at_ns,
        again=body.again,
    )
    indexed(state, state.acts[body.act_id])
    if body.mission:
        state.missions[body.mission].acts.append(body.act_id)
    if body.key:
        key = state.keys.setdefault((record.actor, body.key), Key(body.asked, []))
        assert key.asked == body.asked, "a key names one request"
        key.acts.append(body.act_id)


def _act_judged(state: State, record: Record, body: r.ActJudged) -> None:
    act = state.acts[body.act_id]
    act.order, act.order_hash, act.checks = body.order, body.order_hash, body.checks
    act.digits, act.volume_step = body.digits, body.volume_step
    act.risk_money, act.base_money = body.risk_money, body.base_money
    _levels_before(state, act)
    fire_id = state.positions[act.position].fire_id if act.kind is ActKind.SET_PLAN else body.act_id
    for step in body.order.plan if body.order else ():
        used(state, sequence_of(step.act_id))
        state.plan_fires[step.act_id] = fire_id
        state.plan_steps[step.act_id] = step


def _levels_before(state: State, act: Act) -> None:
    position = state.positions.get(act.position)
    if position is not None and act.order is not None and act.order.moves_levels:
        act.stop_was_points, act.target_was_points = position.stop_points, position.target_points


def _act_moved(state: State, record: Record, body: r.ActMoved) -> None:
    act = state.acts[body.act_id]
    act.state = acts.after(act.state, body.event)
    act.by, act.moved_ns = body.by, record.at_ns
    act.codes = body.codes or act.codes
    act.detail = body.detail or act.detail
    act.retcode = body.retcode or act.retcode
    act.order_ticket = body.order_ticket or act.order_ticket
    act.deal_ticket = body.deal_ticket or act.deal_ticket
    act.price_points = body.price_points or act.price_points
    act.volume_steps = body.volume_steps or act.volume_steps
    if body.event is ActEvent.ROUTE:
        act.terminal, act.epoch = body.terminal, body.epoch
        act.ledger = state.terminals[body.terminal].ledger_count
        if act.kind is ActKind.FIRE:
            _routed(state, act.account, record.market_ms)
            crew.fired(state, act.actor, record.market_ms)
            state.accounts[act.account].day_fires += 1
            state.accounts[act.account].day_fired.append(act.act_id)
    if body.event is ActEvent.EXECUTE and act.kind is ActKind.SET_PLAN and act.order is not None:
        position = state.positions[act.position]
        position.plan, position.plan_act, position.terminal = act.order.plan, act.act_id, act.terminal
    indexed(state, act)


def indexed(state: State, act: Act) -> None:
    for index, within in (
        (state.acts_open, act.state not in FINAL),
        (state.acts_pending, act.state in PENDING),
        (state.resting, act.state is ActState.WORKING and act.kind is ActKind.FIRE),
        (state.awaiting, act.state is ActState.AWAITING_APPROVAL),
    ):
        if within:
            index.add(act.act_id)
        else:
            index.discard(act.act_id)


def _approval_asked(state: State, record: Record, body: r.ApprovalAsked) -> None:
    asked_ns = record.at_ns
    state.acts[body.act_id].approval = Approval(body.why, asked_ns, body.due_ns, body.rules, body.contract)


def _act_approved(state: State, record: Record, body: r.ActApproved) -> None:
    act = state.acts[body.act_id]
    approval = act.approval
    assert approval is not None and not approval.by, "an approval is asked for, and used once"
    assert act.order_hash == body.order_hash, "an approval is of one order"
    act.deadline_ns = body.deadline_ns
    approval.by, approval.surface, approval.at_ns = record.actor, record.surface, record.at_ns
    if body.key:
        state.keys[(record.actor, body.key)] = Key(body.asked, [body.act_id])


def _routed(state: State, account: str, market_ms: int) -> None:
    recent = [ms for ms in state.routed_ms.get(account, ()) if market_ms - ms < MINUTE_MS]
    state.routed_ms[account] = [*recent, market_ms]


def _plan_step_begun(state: State, record: Record, body: r.PlanStepBegun) -> None:
    fire = state.acts[body.fire_id]
    if fire.mission and body.act_id not in state.acts:
        state.missions[fire.mission].acts.append(body.act_id)
    state.acts[body.act_id] = Act(
        act_id=body.act_id,
        kind=ActKind.PLAN_STEP,
        state=ActState.ACKED,
        account=fire.account,
        mission=fire.mission,
        position=fire.position,
        actor="plan",
        surface="agent",
        requested_ns=record.at_ns,
        market_ms=record.market_ms,
        deadline_ns=0,
        reason="plan",
        key="",
        order=body.order,
        order_hash=body.order_hash,
        digits=fire.digits,
        volume_step=fire.volume_step,
        terminal=body.terminal,
        epoch=state.epoch,
        ledger=state.terminals[body.terminal].ledger_count,
        move=body.move,
        moved_ns=record.at_ns,
    )
    _levels_before(state, state.acts[body.act_id])
    indexed(state, state.acts[body.act_id])


def _agent_act_begun(state: State, record: Record, body: r.AgentActBegun) -> None:
    terminal, position = state.terminals[body.terminal], state.positions.get(body.position)
    fire = state.acts[position.fire_id] if position else _resting_fire(state, terminal.account, body.order.ticket)
    reason = alone_why(body.order.kind)
    requested = r.ActRequested(
        body.act_id, body.order.kind, terminal.account, fire.mission if fire else 0, body.position, "", b"", 0, reason
    )
    act_requested(state, record, requested)
    act = state.acts[body.act_id]
    act.actor, act.surface, act.state = "agent", "agent", ActState.ACKED
    act.order, act.order_hash, act.move, act.local_id = body.order, body.order_hash, body.move, body.local_id
    act.terminal, act.epoch, act.ledger = body.terminal, record.epoch, terminal.ledger_count
    if fire is not None:
        act.digits, act.volume_step = fire.digits, fire.volume_step
    state.agent_acts[fold_guards.agent_act_key(body.terminal, body.ledger_id, body.local_id, body.move)] = body.act_id
    indexed(state, act)


def _resting_fire(state: State, account: str, ticket: int) -> Act | None:
    fires = (state.acts[number] for number in sorted(state.resting))
    return next((fire for fire in fires if fire.account == account and fire.order_ticket == ticket), None)


def alone_why(kind: ActKind) -> str:
    """Why an agent begins such an act by itself."""
    return "dead-man" if kind is ActKind.CANCEL else "equity floor"


HANDLERS: dict[type[Body], Callable[[State, Record, Any], None]] = {
    r.ActRequested: act_requested,
    r.ActJudged: _act_judged,
    r.ActMoved: _act_moved,
    r.ApprovalAsked: _approval_asked,
    r.ActApproved: _act_approved,
    r.PlanStepBegun: _plan_step_begun,
    r.AgentActBegun: _agent_act_begun,
}
