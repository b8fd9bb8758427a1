"""Plans as people see them: each step in words, with its prices, and for an open position what became of it."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import ms_text
from hydrad.domain.money import price_text, volume_text
from hydrad.domain.orders import ActKind, Order, PlanStep, PlanStepKind, Side
from hydrad.domain.plans import trail_step
from hydrad.link import retcodes
from hydrad.toc import planning
from hydrad.toc.act import ActState
from hydrad.toc.live import Live
from hydrad.toc.plan_moves import is_withdrawn
from hydrad.toc.state import Act, PlanMove, Position, State
from hydrad.wire.answers.positions import PlanData, PlanRow

_SKIPPED = "PART_SKIPPED"
_STATES: dict[ActState, str] = {
    ActState.ACKED: "running",
    ActState.UNKNOWN: "UNKNOWN",
    ActState.DONE: "done",
    ActState.REJECTED: "refused",
    ActState.NOT_EXECUTED: "not executed",
    ActState.QUARANTINED: "QUARANTINED",
}


class Grid(NamedTuple):
    """From where a plan's prices are counted. `open_points`: entry, or the real open price; `stop_points`: the
    first stop."""

    side: Side
    open_points: int
    stop_points: int
    digits: int
    volume_step: Decimal

    def at_r(self, r_milli: int) -> int:
        return self.open_points + (self.open_points - self.stop_points) * r_milli // 1000

    def price(self, points: int) -> str:
        return price_text(points, self.digits)


def rows_of_order(order: Order, digits: int, volume_step: Decimal) -> tuple[PlanRow, ...]:
    """A plan that is not running yet, by the order's reference entry."""
    grid = Grid(order.side, order.entry_points, order.stop_points, digits, volume_step)
    return tuple(_row(step, grid) for step in order.plan)


def rows_of_position(state: State, position: Position) -> tuple[PlanRow, ...]:
    """A position's plan, by its real open price, each step with its state from the records."""
    grid = _grid(state, position)
    return tuple(_row(step, grid, *_standing(state, position, step, grid)) for step in position.plan)


def rows_of_set(state: State, position: Position, plan: tuple[PlanStep, ...]) -> tuple[PlanRow, ...]:
    """A plan that was asked for in place of a position's, by the real open price."""
    return tuple(_row(step, _grid(state, position)) for step in plan)


def words(step: PlanStep, grid: Grid) -> str:
    """What a step does, with its prices."""
    trigger = f"{Decimal(step.trigger_r_milli) / 1000:f} R ({grid.price(grid.at_r(step.trigger_r_milli))})"
    match step.kind:
        case PlanStepKind.BREAK_EVEN:
            return f"at {trigger} stop to {grid.price(_level(step, grid))}"
        case PlanStepKind.TRAIL:
            return f"from {trigger} stop {grid.price(step.distance_points)} behind the price"
        case PlanStepKind.PART_CLOSE:
            return f"at {trigger} close {volume_text(step.volume_steps, grid.volume_step)}"
        case _:
            return f"close at {ms_text(step.at_ms, 0)}"


def _grid(state: State, position: Position) -> Grid:
    fire = state.acts[position.fire_id].order
    assert fire is not None, "what was filled has an order"
    return Grid(position.side, position.open_points, fire.stop_points, position.digits, position.volume_step)


def _level(step: PlanStep, grid: Grid) -> int:
    return grid.open_points + grid.side.sign * step.distance_points


def _at(step: PlanStep) -> str | None:
    return ms_text(step.at_ms, 0) if step.at_ms else None


def _act(step: PlanStep) -> str:
    return show(IdKind.ACT, sequence_of(step.act_id))


def _row(step: PlanStep, grid: Grid, state: str | None = None, detail: str | None = None) -> PlanRow:
    trigger = grid.price(grid.at_r(step.trigger_r_milli)) if step.trigger_r_milli else None
    stop = grid.price(_level(step, grid)) if step.kind is PlanStepKind.BREAK_EVEN else None
    volume = volume_text(step.volume_steps, grid.volume_step) if step.volume_steps else None
    return PlanRow(step.kind.name, _at(step), _act(step), words(step, grid), trigger, stop, volume, state, detail)


def _standing(state: State, position: Position, step: PlanStep, grid: Grid) -> tuple[str, str | None]:
    """A step's state and what it waits for."""
    act = state.acts.get(step.act_id)
    if position.open and _lost(state, position) and not planning.is_done(state, step):
        return "LOST", "its agent was removed, or its ledger is another one without this plan: set it anew"
    if act is None:
        return ("waiting" if position.open else "not reached"), None
    detail = _detail(act, grid)
    if step.kind is PlanStepKind.TRAIL and act.state is ActState.DONE:
        return ("trailing", f"{detail}, {_next(position, step, grid)}") if position.open else ("done", detail)
    if _SKIPPED in act.codes:
        return "skipped", "too little of the volume is left"
    word = _STATES.get(act.state, act.state.value)
    again = act.state in (ActState.REJECTED, ActState.NOT_EXECUTED) and position.open
    return word, f"{detail}; tried again" if again else detail


def _lost(state: State, position: Position) -> bool:
    """Whether the ledger in which the agent kept the plan is gone."""
    return not state.same_ledger(state.acts[position.plan_act or position.fire_id])


def _next(position: Position, step: PlanStep, grid: Grid) -> str:
    """The price at which a trail moves the stop again."""
    away = step.distance_points + trail_step(step.distance_points)
    return f"again at {grid.price(position.stop_points + position.side.sign * away)}"


def _detail(act: Act, grid: Grid) -> str:
    order = act.order
    done = "" if order is None else _done(order, grid)
    why = ", ".join(act.codes) or (retcodes.name(act.retcode) if act.state is ActState.REJECTED else "")
    parts = (f"move {act.move}" if act.move else "", done, why)
    return ", ".join(part for part in parts if part)


def _done(order: Order, grid: Grid) -> str:
    if order.moves_levels:
        return f"stop {grid.price(order.stop_points)}"
    return f"close {volume_text(order.volume_steps, grid.volume_step)}"


# --- one position's plan ----------------------------------------------------------------------------------


def plan_data(state: State, live: Live, position: Position) -> PlanData:
    """Everything about a position's plan, with the price now."""
    fire = state.acts[position.fire_id].order
    first = fire.stop_points if fire else 0
    price = _closing_price(live, position)
    set_by = show(IdKind.ACT, sequence_of(position.plan_act)) if position.plan_act else None

    def shown(points: int | None) -> str | None:
        return price_text(points, position.digits) if points else None

    return PlanData(
        position=show(IdKind.POSITION, position.number),
        account=position.account,
        symbol=position.symbol,
        side=position.side.name,
        volume=volume_text(position.volume_steps, position.volume_step),
        open=position.open,
        plan=planning.name_of(state, position),
        open_price=price_text(position.open_points, position.digits),
        first_stop=shown(first),
        stop=shown(position.stop_points),
        target=shown(position.target_points),
        price=shown(price),
        r_now=_r_now(position, first, price),
        steps=rows_of_position(state, position),
        set_by=set_by,
        pending=_pending(state, position),
    )


def _pending(state: State, position: Position) -> str | None:
    """An act that sets another plan and has no verdict: the agent may run that one already. Or the plan moves."""
    move = state.plan_moves.get(position.number)
    if move is not None:
        return f"{move.plan} moves from {move.source} to {move.target}: {_half(state, move)}"
    acts = (state.acts[number] for number in sorted(state.acts_pending))
    found = [act for act in acts if act.kind is ActKind.SET_PLAN and act.position == position.number]
    return (
        f"{show(IdKind.ACT, sequence_of(found[0].act_id))} {found[0].state.value} '{found[0].plan}'" if found else None
    )


def _half(state: State, move: PlanMove) -> str:
    acts = [state.acts[number] for number in (*move.withdrawals, *move.settings)[-1:]]
    told = f", {show(IdKind.ACT, sequence_of(acts[0].act_id))} {acts[0].state.value}" if acts else ""
    if is_withdrawn(state, move):
        return f"withdrawn at {move.source}, to be set at {move.target}{told}"
    return f"still at {move.source}{told}"


def _closing_price(live: Live, position: Position) -> int | None:
    quote = live.link(position.terminal).quotes.get(position.symbol) if position.open else None
    if quote is None:
        return None
    return quote.bid_points if position.side is Side.BUY else quote.ask_points


def _r_now(position: Position, first: int, price: int | None) -> str | None:
    risk = (position.open_points - first) * position.side.sign if first else 0
    if price is None or risk <= 0:
        return None
    return f"{Decimal((price - position.open_points) * position.side.sign) / risk:+z.2f}"
