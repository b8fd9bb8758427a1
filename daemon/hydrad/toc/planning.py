"""From a plan's name to its steps: what a fire, or a plan set anew, carries in its hash.

Named plans are an input of the daemon's start, so that a replay builds the same steps. Everything that is relative in
a plan's text (R, percent, minutes before something) becomes absolute here, before the verdict; only the prices of
break-even and trail wait for the real open price.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from hydrad.domain import calendar
from hydrad.domain.ids import act_id
from hydrad.domain.instants import ms_text
from hydrad.domain.orders import PLAN_STEPS_MAX, PlanStep, PlanStepKind
from hydrad.domain.plans import BUILT_IN, MOVES_MAX, Wanted, parse, text_of
from hydrad.toc.act import FINAL, ActState
from hydrad.toc.state import Position, State

_NO_NEWS = "no news about {symbol} is known"


class Occasion(NamedTuple):
    """What a plan is made for. `r_points`: entry (or open price) to the first stop. `volume_steps`: open now, or
    asked for. `market_ms` 0: not known. `news_ms`: when the next news about the symbol comes, None: none known."""

    symbol: str
    r_points: int
    volume_steps: int
    volume_min_steps: int
    horizon_ms: int
    market_ms: int
    news_ms: int | None = None


class Planned(NamedTuple):
    """`left_out`: steps of the name that are not in the plan, and why, as text. `problem`: why the plan may not be
    taken at all, or empty."""

    steps: tuple[PlanStep, ...]
    left_out: tuple[str, ...] = ()
    problem: str = ""


def known(state: State) -> Mapping[str, str]:
    """All plans by name, as text."""
    return {**BUILT_IN, **state.plans}


def room(plans: Mapping[str, str], name: str) -> int:
    """How many act ids a plan's steps may take: one for each step of its text, in the plan or left out."""
    text = {**BUILT_IN, **plans}.get(name, "")
    return min(text.count(";") + 1, PLAN_STEPS_MAX) if text else 0


def plan_for(state: State, name: str, first: int, occasion: Occasion) -> Planned:
    """A fire's plan. `first`: the number of the first step's act id; each step of the text has its own, so that a
    plan made again with another size has the same ids."""
    return _made(state, name, first, occasion, {})


def replacing(state: State, position: Position, name: str, first: int, occasion: Occasion) -> Planned:
    """A plan for an open position in place of its present one. A step that stays what it was keeps its act id, so
    that it is done once, whichever plan it is done under; one that is done stays done, and is not done again.

    An act id means a step to the ledger that has it. Where the present plan is in another one (the agent's was lost,
    or the plan moved), what is not done gets a new id, and what is done is left out: this agent would do it again.
    """
    steps = (*position.plan, *_done_of(state, position))
    old = {(step.kind, step.trigger_r_milli): step for step in steps}
    return _made(state, name, first, occasion, old, position)


def remaining(state: State, steps: tuple[PlanStep, ...], first: int) -> tuple[PlanStep, ...]:
    """What is left to do of a plan, for a ledger that knows none of it: under new act ids, from number `first` on."""
    left = [step for step in steps if not is_done(state, step)]
    return tuple(
        msgspec.structs.replace(step, act_id=act_id(state.tag, number)) for number, step in enumerate(left, first)
    )


def _done_of(state: State, position: Position) -> list[PlanStep]:
    """Steps of all plans that this position has had which are done."""
    acts = state.missions[state.acts[position.fire_id].mission].acts
    ran = [state.plan_steps[n] for n in acts if state.plan_fires.get(n) == position.fire_id]
    return [step for step in ran if is_done(state, step)]


def name_of(state: State, position: Position) -> str:
    """The name under which a position's plan was asked for."""
    return state.acts[position.plan_act or position.fire_id].plan


def _made(
    state: State,
    name: str,
    first: int,
    occasion: Occasion,
    old: Mapping[tuple[PlanStepKind, int], PlanStep],
    position: Position | None = None,
) -> Planned:
    text = known(state).get(name)
    if text is None:
        return Planned((), problem=f"no plan '{name}'")
    steps: list[PlanStep] = []
    left_out: list[str] = []
    left = occasion.volume_steps
    for number, wanted in enumerate(parse(text), first):
        before = old.get((wanted.kind, wanted.trigger_r_milli))
        if before is not None and is_done(state, before):
            if state.same_ledger(state.acts[before.act_id]) and _there(state, before, position):
                steps.append(before)
            else:
                left_out.append(f"{text_of(wanted)}: done, by a ledger that this agent does not have")
            continue
        moved_on = position is not None and not state.same_ledger(state.acts[position.plan_act or position.fire_id])
        if moved_on or (before is not None and is_spent(state, before)):
            before = None
        step = _step(state, act_id(state.tag, number), wanted, occasion)
        why = _why_not(step, wanted, occasion, left)
        if step is None or why:
            left_out.append(f"{text_of(wanted)}: {why}")
            continue
        left -= step.volume_steps
        same = before is not None and msgspec.structs.replace(before, act_id=step.act_id) == step
        steps.append(before if before is not None and same else step)
    fresh = [step for step in steps if step not in old.values()]
    return Planned(tuple(steps), tuple(left_out), _passed(fresh, occasion.market_ms))


def _there(state: State, step: PlanStep, position: Position | None) -> bool:
    """Whether a step was done by the agent that has the position's plan."""
    return position is None or state.acts[step.act_id].terminal == position.terminal


def is_done(state: State, step: PlanStep) -> bool:
    """Whether a step that happens once has happened."""
    act = state.acts.get(step.act_id)
    return act is not None and act.state is ActState.DONE and step.kind is not PlanStepKind.TRAIL


def is_spent(state: State, step: PlanStep) -> bool:
    """Whether a step has made all its moves, and its agent makes no more."""
    act = state.acts.get(step.act_id)
    return act is not None and act.move >= MOVES_MAX - 1 and act.state in FINAL and not is_done(state, step)


def _step(state: State, number: int, wanted: Wanted, occasion: Occasion) -> PlanStep | None:
    away = wanted.distance_points or wanted.distance_r_milli * occasion.r_points // 1000
    match wanted.kind:
        case PlanStepKind.TIME_STOP:
            return PlanStep(wanted.kind, number, at_ms=occasion.horizon_ms)
        case PlanStepKind.EXIT_BEFORE_NEWS:
            news_ms = occasion.news_ms
            return None if news_ms is None else PlanStep(wanted.kind, number, at_ms=news_ms - wanted.before_ms)
        case PlanStepKind.EXIT_BEFORE_WEEKEND:
            return PlanStep(wanted.kind, number, at_ms=calendar.week_end_ms(occasion.market_ms) - wanted.before_ms)
        case PlanStepKind.PART_CLOSE:
            steps = int(occasion.volume_steps * wanted.part_percent / 100)
            return PlanStep(wanted.kind, number, trigger_r_milli=wanted.trigger_r_milli, volume_steps=steps)
        case PlanStepKind.BREAK_EVEN:
            return PlanStep(wanted.kind, number, trigger_r_milli=wanted.trigger_r_milli, distance_points=away)
        case PlanStepKind.TRAIL:
            away = max(away, 1)
            return PlanStep(wanted.kind, number, trigger_r_milli=wanted.trigger_r_milli, distance_points=away)


def _why_not(step: PlanStep | None, wanted: Wanted, occasion: Occasion, left: int) -> str:
    if step is None:
        return _NO_NEWS.format(symbol=occasion.symbol)
    if wanted.kind is not PlanStepKind.PART_CLOSE:
        return ""
    if step.volume_steps < occasion.volume_min_steps:
        return "less than the smallest volume"
    return "would leave less than the smallest volume" if left - step.volume_steps < occasion.volume_min_steps else ""


def _passed(steps: list[PlanStep], market_ms: int) -> str:
    late = [step for step in steps if step.at_ms and step.at_ms <= market_ms]
    return "; ".join(f"{step.kind.name} at {ms_text(step.at_ms, 0)} has passed" for step in late)
