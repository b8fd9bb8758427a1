"""Another plan for an open position: an act like any other, journaled before it is sent, confirmed by the agent."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.ids import sequence_of
from hydrad.domain.orders import ActKind, order_hash
from hydrad.domain.plans import replacing_order
from hydrad.toc import closing, fold, housekeeping, news, planning, risk, routing
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent
from hydrad.toc.desk.refusals import plan_named, positions_named
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import hash_of, told_before, wait
from hydrad.toc.inputs import Requested
from hydrad.toc.records import Check
from hydrad.toc.state import Position
from hydrad.toc.terminal import REDUCES_IN
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import Reason


def _plan_set(turn: Turn, asked: Requested, verb: calls.PlanSet) -> None:
    if told_before(turn, asked, verb):
        return
    plan_named(turn, verb.plan)
    acts = tuple(_set_one(turn, asked, verb, position) for position in positions_named(turn, verb.id))
    wait(turn, asked.request, "fire", verb.wait_s, acts)


def _set_one(turn: Turn, asked: Requested, verb: calls.PlanSet, position: Position) -> int:
    act_id = fold.new_act_id(turn.state)
    link = turn.live.link(position.terminal)
    planned = _planned(turn, position, verb.plan, sequence_of(act_id) + 1)
    order = replacing_order(position.account, position.position_id, planned.steps)
    authority = turn.state.account_authority(position.account)
    checks = (
        closing.not_busy(turn, position),
        Check(Reason.SERVICE_STOPPED.name, *housekeeping.toc_running(turn.state)),
        Check(Reason.AUTHORITY.name, authority < Authority.HALTED, authority.name, "ACTIVE or REDUCING"),
        # The agent that opened it keeps its plan, and no other.
        Check(
            Reason.TERMINAL_LINK.name, link.state in REDUCES_IN, f"{link.terminal} {link.state}", "READY or DEGRADED"
        ),
        Check(Reason.PLAN.name, not planned.problem, planned.problem or verb.plan, "known, its times still to come"),
    )
    codes = tuple(check.code for check in checks if not check.ok)
    turn.emit(
        r.ActRequested(
            act_id=act_id,
            kind=ActKind.SET_PLAN,
            account=position.account,
            mission=turn.state.acts[position.fire_id].mission,
            position=position.number,
            key=asked.key,
            asked=hash_of(verb),
            deadline_ns=routing.deadline_ns(turn),
            reason=verb.reason or "",
            plan=verb.plan,
        )
    )
    turn.emit(
        r.ActJudged(
            act_id=act_id,
            order=order,
            order_hash=order_hash(order),
            digits=position.digits,
            volume_step=position.volume_step,
            checks=checks,
            ok=not codes,
            risk_money=Decimal(0),
            base_money=Decimal(0),
            base="",
            rules_hash=risk.RULES_HASH,
        )
    )
    act = turn.state.acts[act_id]
    if codes:
        turn.move(act, ActEvent.DENY, "gate", codes=codes)
    else:
        routing.route(turn, act, link)
    return act_id


def _planned(turn: Turn, position: Position, name: str, first: int) -> planning.Planned:
    """By the real open price and the fire's own stop; a part is of what is open now."""
    fire = turn.state.acts[position.fire_id]
    terms = turn.live.link(position.terminal).terms.get(position.symbol)
    if terms is None or fire.order is None:
        return planning.Planned((), problem="the symbol's terms are not known in this session")
    if not fire.mission:
        return planning.Planned((), problem="an adopted position has no mission, and a plan is measured by one")
    signal = turn.state.missions[fire.mission].signal
    occasion = planning.Occasion(
        symbol=signal.symbol,
        r_points=abs(position.open_points - fire.order.stop_points),
        volume_steps=position.volume_steps,
        volume_min_steps=terms.volume_min_steps,
        horizon_ms=signal.horizon_ms,
        market_ms=turn.market_ms,
        news_ms=news.next_ms(turn.live.news, terms, turn.market_ms),
    )
    return planning.replacing(turn.state, position, name, first, occasion)


VERBS: Table = {calls.PlanSet: (Role.TRADER, _plan_set)}
