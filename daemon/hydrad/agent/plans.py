"""Plans of open positions: which step is due, and the order that it sends. Runs without the daemon.

A fire's plan becomes the position's when the fire is DONE; PLAN replaces it. At each reading a position has at most
one step due, and none while any act on it is without a verdict. A step sends at most one order for each (act id,
move). One that the broker provably did not execute (a requote, a closed market) is tried again as the next move, a
minute of market time later, and later on every ten; one without a verdict is not, until the evidence is in. A move that
a daemon has asked about before it was begun (an earlier ledger had it) is never sent either: the next one is.

R is measured from the real open price and the fire's own stop, with the price at which the position would close now.
Stops only tighten: by the position as it stands at the reading (`due`), and as it stands when the order leaves
(`overtaken`). A move that the broker would refuse for its distance waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import msgspec

from hydrad.agent.ledger import Ledger
from hydrad.domain import levels
from hydrad.domain.instants import MINUTE_MS
from hydrad.domain.orders import ORDER_VERSION, PLAN_STEPS_MAX, ActKind, Order, PlanStep, PlanStepKind, Side
from hydrad.domain.plans import MOVES_MAX, trail_step
from hydrad.domain.symbols import SymbolTerms
from hydrad.link.frames import LedgerRow, PositionRow, RowState, Tick

RETRY_MS = MINUTE_MS
RETRY_LATER_MS = 10 * MINUTE_MS  # from the move RETRIES_SOON on: a market may be closed for a weekend
RETRIES_SOON = 10
PART_SKIPPED = "PART_SKIPPED"
_RETRIED = frozenset({RowState.REFUSED, RowState.NOT_EXECUTED, RowState.TOMBSTONED})
_EXITS = frozenset({PlanStepKind.TIME_STOP, PlanStepKind.EXIT_BEFORE_NEWS, PlanStepKind.EXIT_BEFORE_WEEKEND})


class PositionPlan(msgspec.Struct, frozen=True):
    """`stop_points`: the fire's own, from which R is measured; 0 where the fire is not in this ledger and was not
    told."""

    fire_id: int
    steps: tuple[PlanStep, ...]
    stop_points: int


class Reading(msgspec.Struct, frozen=True):
    """What a reading has told. `quotes`: the market's last, empty while older ticks are still being read. `busy`: ids
    of positions on which an act is without a verdict."""

    account: str
    market_ms: int
    positions: Mapping[int, PositionRow]
    quotes: Mapping[str, Tick]
    terms: Mapping[str, SymbolTerms]
    busy: Collection[int]


class Due(msgspec.Struct, frozen=True):
    """A step to run now. `skipped`: why its order is not to be sent after all, or empty."""

    fire_id: int
    step: PlanStep
    move: int
    order: Order
    skipped: str = ""


class _Case(msgspec.Struct, frozen=True):
    """One position at one reading. `price`: at which it would close; None while there is no quote."""

    account: str
    market_ms: int
    held: PositionRow
    stop_points: int
    price: int | None
    terms: SymbolTerms | None

    @property
    def sign(self) -> int:
        return Side(self.held.side).sign

    def reached(self, r_milli: int) -> bool:
        """Whether the open profit is so many thousandths of R."""
        if self.price is None or not self.stop_points:
            return False
        risk = (self.held.open_points - self.stop_points) * self.sign
        return risk > 0 and (self.price - self.held.open_points) * self.sign * 1000 >= r_milli * risk


class Plans:
    """The plans of all positions ever filled, by position id; which of them are open is not known here."""

    def __init__(self) -> None:
        self._by_position: dict[int, PositionPlan] = {}
        self._fire_of_step: dict[int, int] = {}

    def replace(
        self, position_id: int, fire_id: int, steps: tuple[PlanStep, ...], fire: Order | None, told_points: int = 0
    ) -> None:
        """Set a position's plan. `fire`: the order that opened it; `told_points`: its stop, where that is not known."""
        stop_points = fire.stop_points if fire else told_points
        self._by_position[position_id] = PositionPlan(fire_id, steps, stop_points)
        self._fire_of_step.update((step.act_id, fire_id) for step in steps)

    def filled(self, row: LedgerRow, order: Order | None) -> None:
        """Learn the plan of a fire that is DONE; anything else has none."""
        if row.state is RowState.DONE and order is not None and order.kind is ActKind.FIRE and order.plan:
            self.replace(row.position_id, row.act_id, order.plan, order)

    def fire_of(self, act_id: int) -> int | None:
        """The fire whose plan has this step; None when the act is no plan's."""
        return self._fire_of_step.get(act_id)

    def symbols(self, positions: Mapping[int, PositionRow]) -> list[str]:
        """Symbols of open positions that have a plan: their quotes are wanted, session or not."""
        held = [row.symbol for position_id, row in positions.items() if self._steps(position_id)]
        return list(dict.fromkeys(held))

    def due(self, now: Reading, ledger: Ledger) -> Iterator[Due]:
        """Steps to run now, at most one of a position, in the order of their positions. What closes all comes
        first, then parts, then levels."""
        for position_id, held in now.positions.items():
            plan = self._by_position.get(position_id)
            if plan is None or position_id in now.busy:
                continue
            case = _case(now, plan, held)
            for step in sorted(plan.steps, key=lambda step: _RANK[step.kind]):
                found = _due(case, plan, step, ledger)
                if found is not None:
                    yield found
                    break

    def _steps(self, position_id: int) -> tuple[PlanStep, ...]:
        plan = self._by_position.get(position_id)
        return plan.steps if plan else ()


def unsupported(steps: tuple[PlanStep, ...]) -> bool:
    """Whether a plan has a step that this agent cannot run: such a plan is refused whole, never shortened."""
    numbers = {step.act_id for step in steps}
    return len(steps) > PLAN_STEPS_MAX or len(numbers) < len(steps) or not all(_runnable(step) for step in steps)


def needs_fire(steps: tuple[PlanStep, ...]) -> bool:
    """Whether a plan measures R, so that the fire's own stop must be known."""
    return any(step.kind not in _EXITS for step in steps)


def overtaken(order: Order, held: PositionRow) -> str:
    """Why a plan's step must not be sent against the position as it stands now, as a code, or empty."""
    if order.kind is not ActKind.PLAN_STEP or not order.moves_levels:
        return ""
    if held.stop_points and (order.stop_points - held.stop_points) * Side(held.side).sign <= 0:
        return "NOT_TIGHTER"
    return "" if order.target_points == held.target_points else "TARGET_CHANGED"


def _runnable(step: PlanStep) -> bool:
    if step.kind in _EXITS:
        return step.at_ms > 0
    if step.kind is PlanStepKind.TRAIL and step.distance_points <= 0:
        return False
    return step.trigger_r_milli > 0 and step.volume_steps >= 0


def _case(now: Reading, plan: PositionPlan, held: PositionRow) -> _Case:
    quote = now.quotes.get(held.symbol)
    price = None
    if quote is not None:
        price = quote.bid_points if Side(held.side) is Side.BUY else quote.ask_points
    return _Case(now.account, now.market_ms, held, plan.stop_points, price, now.terms.get(held.symbol))


def _due(case: _Case, plan: PositionPlan, step: PlanStep, ledger: Ledger) -> Due | None:
    move = _next_move(step, case.market_ms, ledger)
    wanted = _ORDERS[step.kind](case, step) if move is not None else None
    if move is None or wanted is None:
        return None
    order, skipped = wanted
    return Due(plan.fire_id, step, move, order, skipped)


def _next_move(step: PlanStep, market_ms: int, ledger: Ledger) -> int | None:
    """The number of the move to make next, None when there is none to make."""
    trails = step.kind is PlanStepKind.TRAIL
    move = ledger.moves(step.act_id)
    if move >= MOVES_MAX:
        return None
    last = ledger.newest((step.act_id, move - 1))
    if last is None or (trails and last.state is RowState.DONE):
        return move
    wait_ms = RETRY_MS if move < RETRIES_SOON else RETRY_LATER_MS
    again = last.state in _RETRIED and last.code != PART_SKIPPED and market_ms >= last.market_ms + wait_ms
    return move if again else None


# --- orders ---------------------------------------------------------------------------------------------

Wanted = tuple[Order, str] | None


def _exit(case: _Case, step: PlanStep) -> Wanted:
    """All of the position, as it stands now."""
    return (_closing(case, case.held.volume_steps), "") if case.market_ms >= step.at_ms else None


def _part(case: _Case, step: PlanStep) -> Wanted:
    """So much of the position; skipped where too little of it is left."""
    if not case.reached(step.trigger_r_milli) or case.terms is None:
        return None
    held = case.held.volume_steps
    steps = step.volume_steps or held
    remaining = held - steps
    fits = steps >= case.terms.volume_min_steps and remaining >= case.terms.volume_min_steps
    return _closing(case, steps), "" if fits or not step.volume_steps else PART_SKIPPED


def _break_even(case: _Case, step: PlanStep) -> Wanted:
    if not case.reached(step.trigger_r_milli):
        return None
    return _tightened(case, case.held.open_points + case.sign * step.distance_points, 1)


def _trail(case: _Case, step: PlanStep) -> Wanted:
    if case.price is None or not case.reached(step.trigger_r_milli):
        return None
    level = case.price - case.sign * step.distance_points
    return _tightened(case, level, trail_step(step.distance_points))


def _tightened(case: _Case, level: int, least: int) -> Wanted:
    """The stop at a level, if that is tighter by so much at least and the broker would take it now."""
    held = case.held
    tighter = not held.stop_points or (level - held.stop_points) * case.sign >= least
    if not tighter or level <= 0 or not _taken(case, level):
        return None
    order = Order(
        version=ORDER_VERSION,
        kind=ActKind.PLAN_STEP,
        account=case.account,
        symbol=held.symbol,
        side=Side(held.side),
        stop_points=level,
        target_points=held.target_points,
        position_id=held.position_id,
        volume_expected_steps=held.volume_steps,
        volume_remaining_steps=held.volume_steps,
        ticket=held.ticket,
    )
    return order, ""


def _taken(case: _Case, level: int) -> bool:
    """Whether stop and target stand far enough from the price, and the position is not frozen."""
    if case.price is None or case.terms is None:
        return False
    side, target = Side(case.held.side), case.held.target_points
    fits = levels.fit(case.terms, side, case.price, level, target)
    return fits and not levels.frozen(case.terms, case.price, case.held.stop_points, target)


def _closing(case: _Case, steps: int) -> Order:
    held = case.held
    return Order(
        version=ORDER_VERSION,
        kind=ActKind.PLAN_STEP,
        account=case.account,
        symbol=held.symbol,
        side=Side(held.side).opposite,
        volume_steps=steps,
        position_id=held.position_id,
        volume_expected_steps=held.volume_steps,
        volume_remaining_steps=max(held.volume_steps - steps, 0),
        ticket=held.ticket,
    )


_ORDERS: dict[PlanStepKind, Callable[[_Case, PlanStep], Wanted]] = {
    PlanStepKind.TIME_STOP: _exit,
    PlanStepKind.EXIT_BEFORE_NEWS: _exit,
    PlanStepKind.EXIT_BEFORE_WEEKEND: _exit,
    PlanStepKind.PART_CLOSE: _part,
    PlanStepKind.BREAK_EVEN: _break_even,
    PlanStepKind.TRAIL: _trail,
}
_RANK = {kind: rank for rank, kind in enumerate(_ORDERS)}
