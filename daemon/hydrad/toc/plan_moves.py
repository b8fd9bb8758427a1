"""Plans that move from one agent to another, after the lane did.

Theory of operation
===================

A plan is run by the agent that has it, with or without the daemon. Two agents with one plan could run a step twice, so
a plan is never at two: it is moved by two acts, one after the other. The first sets an empty plan at the agent that has
it; its DONE stands in that agent's ledger behind every step that it began, so that all of them have been told by then.
Once each of those has a verdict, the second sets what is left, under new act ids, at the other agent.

An agent that cannot be asked keeps its plan: a host that is out of reach may go on without us, and nobody here can know
better. The move waits for it, with an alarm. In between the stop stands at the broker, and people's closes pass.

Each half is tried `TRIES_MAX` times where it provably was not done; UNKNOWN is waited for.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ActKind, PlanStep
from hydrad.domain.plans import MOVES_MAX, replacing_order
from hydrad.toc import closing, numbering, planning, routing
from hydrad.toc import records as r
from hydrad.toc.act import FINAL, ActState
from hydrad.toc.live import Link
from hydrad.toc.records.acts import Check
from hydrad.toc.state import Act, PlanMove, Position, State
from hydrad.toc.terminal import REDUCES_IN
from hydrad.toc.turn import Turn

ACTOR = "failover"
NO_PLAN = "none"
TRIES_MAX = 3
RETRY_NS = 5 * SECOND
STRANDED_ALARM, PLAN_LOST_ALARM = "PLAN_STRANDED", "PLAN_LOST"


def set_plan(
    turn: Turn,
    position: Position,
    link: Link,
    steps: tuple[PlanStep, ...],
    name: str,
    checks: tuple[Check, ...] = (),
    asked: closing.Asked | None = None,
    stop_points: int = 0,
) -> int:
    """One act that sets an open position's plan at one agent, routed or denied; its id. `stop_points`: the fire's own
    stop, for an agent that did not open it."""
    act_id, asked = numbering.new_act_id(turn.state), asked or closing.Asked("failover")
    order = replacing_order(position.account, position.position_id, steps, stop_points)
    turn.emit(
        r.ActRequested(
            act_id=act_id,
            kind=ActKind.SET_PLAN,
            account=position.account,
            mission=turn.state.acts[position.fire_id].mission,
            position=position.number,
            key=asked.key,
            asked=asked.parameters,
            deadline_ns=routing.deadline_ns(turn),
            reason=asked.reason,
            plan=name,
        )
    )
    closing.routed_or_denied(turn, act_id, order, checks, position.digits, position.volume_step, link)
    return act_id


def left_of(state: State, position: Position) -> tuple[PlanStep, ...]:
    """The steps of a position's plan that are still to do."""
    return tuple(step for step in position.plan if not planning.is_done(state, step))


def begin(turn: Turn, position: Position, target: str) -> None:
    """Let an open position's plan move to another agent of its account. One that moves already takes the new target,
    unless it is being set somewhere at this moment."""
    move = turn.state.plan_moves.get(position.number)
    if move is not None:
        if move.target != target and not _pending(turn.state, move.settings):
            turn.emit(r.PlanMoveBegun(position.number, move.source, target, move.steps, move.plan))
    elif position.terminal != target and left_of(turn.state, position):
        name = planning.name_of(turn.state, position)
        turn.emit(r.PlanMoveBegun(position.number, position.terminal, target, position.plan, name))


def pursue(turn: Turn) -> None:
    """Do of each move what can be done now."""
    before = turn.actor
    turn.actor = ACTOR
    for move in list(turn.state.plan_moves.values()):
        _pursue(turn, move)
    turn.actor = before


def is_withdrawn(state: State, move: PlanMove) -> bool:
    """Whether the agent that had the plan has confirmed that it has none."""
    return any(state.acts[number].state is ActState.DONE for number in move.withdrawals)


def _pursue(turn: Turn, move: PlanMove) -> None:
    position = turn.state.positions[move.position]
    if not position.open:
        return _end(turn, move, "CLOSED", "the position is closed")
    if any(turn.state.acts[number].state is ActState.DONE for number in move.settings):
        return _end(turn, move, "MOVED", f"runs at {move.target}")
    withdrawn = is_withdrawn(turn.state, move)
    if not withdrawn and move.source not in turn.state.terminals:
        return _end(turn, move, "VOID", f"{move.source} was removed with it")
    where, tried = (move.target, move.settings) if withdrawn else (move.source, move.withdrawals)
    if _pending(turn.state, tried):
        return None
    if len(tried) >= TRIES_MAX:
        return _failed(turn, move, where, tried)
    return _half(turn, move, position, where, tried)


def _half(turn: Turn, move: PlanMove, position: Position, terminal: str, tried: Sequence[int]) -> None:
    """Withdraw at the source, or set at the target."""
    link = turn.live.link(terminal)
    known = turn.state.terminals.get(terminal)
    if known is None or not known.reduces or link.state not in REDUCES_IN:
        _stranded(turn, move, terminal, link)
        return
    _clear_stranded(turn, move, f"{terminal} answers")
    last = turn.state.acts[tried[-1]] if tried else None
    if last is not None and turn.now_ns - last.moved_ns < RETRY_NS << (len(tried) - 1):
        return
    if not closing.not_busy(turn, position).ok:
        return
    sets = tried is move.settings
    if sets:
        first = sequence_of(numbering.new_act_id(turn.state)) + 1
        steps = planning.remaining(turn.state, move.steps, first)
        fire = turn.state.acts[position.fire_id].order
        act = set_plan(turn, position, link, steps, move.plan, stop_points=fire.stop_points if fire else 0)
    else:
        act = set_plan(turn, position, link, (), NO_PLAN)
    turn.emit(r.PlanMoveActed(move.position, act, sets))


def _pending(state: State, acts: Sequence[int]) -> bool:
    return bool(acts) and state.acts[acts[-1]].state not in FINAL


def _stranded(turn: Turn, move: PlanMove, terminal: str, link: Link) -> None:
    """Told once the terminal has been away for longer than a moment."""
    shown = show(IdKind.POSITION, move.position)
    if turn.now_ns - max(link.heard_ns, move.begun_ns) < turn.live.lost_after_ns:
        return
    where = f"{terminal} is {link.state.value}" if terminal == move.source else f"to be set at {terminal}"
    text = f"the plan of {shown} ({move.plan}) waits: {where}; its stop stands at the broker"
    turn.alarm(STRANDED_ALARM, shown, text)


def _clear_stranded(turn: Turn, move: PlanMove, why: str) -> None:
    turn.clear_alarm(STRANDED_ALARM, show(IdKind.POSITION, move.position), why)


def _failed(turn: Turn, move: PlanMove, terminal: str, tried: Sequence[int]) -> None:
    last = turn.state.acts[tried[-1]]
    why = f"{routing.shown(last)} at {terminal} {last.state.value} {', '.join(last.codes)}".rstrip()
    shown = show(IdKind.POSITION, move.position)
    if tried is move.settings:
        lost(turn, turn.state.positions[move.position], why)
    else:
        turn.alarm(PLAN_LOST_ALARM, shown, f"the plan of {shown} is still at {move.source}: {why}")
    _end(turn, move, "FAILED", why)


def step_ended(turn: Turn, act: Act) -> None:
    """A plan's step came to a verdict; one that was the last its agent makes is told, since nothing else would show."""
    position = turn.state.positions.get(act.position)
    if position is None or not position.open:
        return
    for step in position.plan:
        if step.act_id == act.act_id and planning.is_spent(turn.state, step):
            shown = show(IdKind.POSITION, position.number)
            text = f"{step.kind.name} of {shown} has made all its {MOVES_MAX} moves: set it anew, or watch it yourself"
            turn.alarm(PLAN_LOST_ALARM, shown, text)


def lost(turn: Turn, position: Position, why: str) -> None:
    """Nobody runs this position's plan any more; the alarm stands until it has one again, or is closed."""
    shown = show(IdKind.POSITION, position.number)
    turn.alarm(PLAN_LOST_ALARM, shown, f"{shown} has no plan any more: {why}; set one, or watch it yourself")


def _end(turn: Turn, move: PlanMove, how: str, detail: str) -> None:
    _clear_stranded(turn, move, detail)
    turn.emit(r.PlanMoveEnded(move.position, how, detail))


def settle_alarms(turn: Turn) -> None:
    """A position that is closed, or has a plan again, needs nobody any more."""
    for alarm in list(turn.state.alarms.values()):
        if alarm.code != PLAN_LOST_ALARM:
            continue
        position = next(p for p in turn.state.positions.values() if show(IdKind.POSITION, p.number) == alarm.subject)
        if not position.open:
            turn.clear_alarm(PLAN_LOST_ALARM, alarm.subject, "the position is closed")
        elif _runs(turn.state, position):
            turn.clear_alarm(PLAN_LOST_ALARM, alarm.subject, "it has a plan")


def _runs(state: State, position: Position) -> bool:
    """Whether an agent has its plan, and every step of it may still move."""
    known = state.same_ledger(state.acts[position.plan_act or position.fire_id])
    return known and bool(position.plan) and not any(planning.is_spent(state, step) for step in position.plan)
