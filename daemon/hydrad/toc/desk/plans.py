"""Another plan for an open position: an act like any other, journaled before it is sent, confirmed by the agent."""

from __future__ import annotations

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.ids import sequence_of
from hydrad.toc import closing, housekeeping, news, numbering, plan_moves, planning
from hydrad.toc.desk.refusals import plan_named, positions_named
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import hash_of, told_before, wait
from hydrad.toc.inputs import Requested
from hydrad.toc.live import Link
from hydrad.toc.records.acts import Check
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
    link = turn.live.link(position.terminal)
    planned = _planned(turn, position, verb.plan, sequence_of(numbering.new_act_id(turn.state)) + 1)
    authority = turn.state.account_authority(position.account)
    checks = (
        _not_moving(turn, position),
        Check(Reason.SERVICE_STOPPED.name, *housekeeping.toc_running(turn.state)),
        Check(Reason.AUTHORITY.name, authority < Authority.HALTED, authority.name, "ACTIVE or REDUCING"),
        # The agent that opened it keeps its plan, and no other.
        Check(Reason.TERMINAL_LINK.name, _reached(turn, link), f"{link.terminal} {link.state}", "READY or DEGRADED"),
        Check(Reason.PLAN.name, not planned.problem, planned.problem or verb.plan, "known, its times still to come"),
    )
    asked_for = closing.Asked(verb.reason or "", asked.key, hash_of(verb))
    stop_points = _stop_told(turn, position)
    return plan_moves.set_plan(turn, position, link, planned.steps, verb.plan, checks, asked_for, stop_points)


def _not_moving(turn: Turn, position: Position) -> Check:
    """Nothing on the position is in flight, and its plan is not between two agents."""
    move = turn.state.plan_moves.get(position.number)
    if move is None:
        return closing.not_busy(turn, position)
    moving = f"its plan moves from {move.source} to {move.target}"
    return Check(Reason.POSITION_STATE.name, False, moving, "nothing in flight")


def _reached(turn: Turn, link: Link) -> bool:
    terminal = turn.state.terminals.get(link.terminal)
    return terminal is not None and terminal.reduces and link.state in REDUCES_IN


def _stop_told(turn: Turn, position: Position) -> int:
    """The fire's own stop, where the agent that gets the plan is not the one that opened; else 0: it knows."""
    fire = turn.state.acts[position.fire_id]
    opened_there = fire.terminal == position.terminal and turn.state.same_ledger(fire)
    return 0 if opened_there or fire.order is None else fire.order.stop_points


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
