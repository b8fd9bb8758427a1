"""Named plans: the text form that people write, and what it asks for. Owns its grammar and its bounds.

    break-even 1R +0.1R       stop to the open price plus 0.1 R (or `+20p`, points) once 1 R is reached
    part 50% at 1.5R          close half of the volume once 1.5 R is reached
    trail from 2R by 1R       from 2 R on keep the stop 1 R (or `150p`) behind the price
    time stop                 close at the mission's horizon
    before news 15m           close so long before the next news about the symbol
    before weekend 30m        close so long before the week ends, Friday 17:00 New York

Steps are joined by `;`. R is the distance between the open price and the first stop.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

import msgspec

from hydrad.domain.instants import DAY_MS, MINUTE_MS, MS, BadInstant, parse_duration_ns
from hydrad.domain.orders import ORDER_VERSION, PLAN_STEPS_MAX, ActKind, Order, PlanStep, PlanStepKind, Side

DEFAULT, NONE = "default", "none"
BUILT_IN = {DEFAULT: "time stop", NONE: ""}
RUNNER = "break-even 1R +0.1R; part 50% at 1.5R; trail from 2R by 1R; time stop; before weekend 30m"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
R_MILLI_MAX = 50_000
POINTS_MAX = 1_000_000
BEFORE_MS_MAX = 2 * DAY_MS
TRAIL_PARTS = 10
MOVES_MAX = 600  # orders of one step: a trail's, and what the broker did not execute; then its agent lets it be


class BadPlan(ValueError):
    """A text that is no plan; the message names the step."""


class Wanted(msgspec.Struct, frozen=True):
    """One step as it was written. `trigger_r_milli`, `distance_r_milli`: thousandths of R; `distance_points` where
    the distance was given in points. `part_percent`: of the volume. `before_ms`: before the news or the week's end."""

    kind: PlanStepKind
    trigger_r_milli: int = 0
    distance_r_milli: int = 0
    distance_points: int = 0
    part_percent: Decimal = Decimal(0)
    before_ms: int = 0


_NUMBER = r"(\d{1,3}(?:\.\d{1,3})?)"
_DISTANCE = rf"(?:{_NUMBER}R|(\d{{1,7}})p)"
Groups = tuple[str | None, ...]


@lru_cache(maxsize=256)
def parse(text: str) -> tuple[Wanted, ...]:
    """The steps of a plan's text; an empty text has none. Raises BadPlan."""
    if not text.strip():
        return ()
    pieces = text.split(";")
    if len(pieces) > PLAN_STEPS_MAX:
        raise BadPlan(f"{len(pieces)} steps; a plan has at most {PLAN_STEPS_MAX}")
    steps = tuple(_step(number, piece) for number, piece in enumerate(pieces, 1))
    _agree(steps)
    return steps


def text_of(wanted: Wanted) -> str:
    """A step as people write it."""
    at = f"{_r(wanted.trigger_r_milli)}R"
    away = f"{wanted.distance_points}p" if wanted.distance_points else f"{_r(wanted.distance_r_milli)}R"
    match wanted.kind:
        case PlanStepKind.BREAK_EVEN:
            return f"break-even {at}" + ("" if away == "0R" else f" +{away}")
        case PlanStepKind.PART_CLOSE:
            return f"part {wanted.part_percent.normalize():f}% at {at}"
        case PlanStepKind.TRAIL:
            return f"trail from {at} by {away}"
        case PlanStepKind.TIME_STOP:
            return "time stop"
        case _:
            what = "news" if wanted.kind is PlanStepKind.EXIT_BEFORE_NEWS else "weekend"
            return f"before {what} {wanted.before_ms // MINUTE_MS}m"


def replacing_order(account: str, position_id: int, steps: tuple[PlanStep, ...], stop_points: int = 0) -> Order:
    """What replacing a position's plan is hashed as, at the daemon and at the agent alike. `stop_points`: the fire's
    own stop, told to an agent whose ledger does not have the fire."""
    return Order(
        version=ORDER_VERSION,
        kind=ActKind.SET_PLAN,
        account=account,
        symbol="",
        side=Side.BUY,
        stop_points=stop_points,
        plan=steps,
        position_id=position_id,
    )


def trail_step(distance_points: int) -> int:
    """The least by which a trail moves its stop: a tenth of its distance, so that its moves are few."""
    return max(distance_points // TRAIL_PARTS, 1)


def _r(milli: int) -> str:
    return f"{(Decimal(milli) / 1000).normalize():f}"


def _step(number: int, piece: str) -> Wanted:
    plain = re.sub(r"(?<=\d)r\b", "R", " ".join(piece.lower().split()))
    where = f"step {number} '{piece.strip()}'"
    for pattern, _, make in _FORMS:
        if match := pattern.fullmatch(plain):
            try:
                return make(match.groups())
            except ValueError as error:
                raise BadPlan(f"{where}: {error}") from None
    known = ", ".join(f"'{form}'" for _, form, _ in _FORMS)
    raise BadPlan(f"{where} is none of {known}")


def _trigger(text: str | None) -> int:
    milli = int(Decimal(text or "0") * 1000)
    if not 0 < milli <= R_MILLI_MAX:
        raise ValueError(f"{text}R is not above 0R and at most {R_MILLI_MAX // 1000}R")
    return milli


def _away(r: str | None, points: str | None) -> tuple[int, int]:
    """A distance in thousandths of R, or in points."""
    if r is not None:
        return int(Decimal(r) * 1000), 0
    count = int(points or "0")
    if count > POINTS_MAX:
        raise ValueError(f"{points} points are more than {POINTS_MAX}")
    return 0, count


def _break_even(groups: Groups) -> Wanted:
    at, r, points = groups
    trigger, (milli, count) = _trigger(at), _away(r, points)
    if milli >= trigger:
        raise ValueError("the stop would not be behind the price")
    return Wanted(PlanStepKind.BREAK_EVEN, trigger, milli, count)


def _part(groups: Groups) -> Wanted:
    percent = Decimal(groups[0] or "0")
    if not 0 < percent < 100:
        raise ValueError(f"{groups[0]}% is not above 0 % and below 100 %")
    return Wanted(PlanStepKind.PART_CLOSE, _trigger(groups[1]), part_percent=percent)


def _trail(groups: Groups) -> Wanted:
    at, r, points = groups
    trigger, (milli, count) = _trigger(at), _away(r, points)
    if not (0 < milli <= R_MILLI_MAX or count):
        raise ValueError("the distance is not above zero")
    return Wanted(PlanStepKind.TRAIL, trigger, milli, count)


def _before(kind: PlanStepKind) -> Callable[[Groups], Wanted]:
    def make(groups: Groups) -> Wanted:
        try:
            before_ms = parse_duration_ns(groups[0] or "") // MS
        except BadInstant as error:
            raise ValueError(str(error)) from None
        if not MINUTE_MS <= before_ms <= BEFORE_MS_MAX or before_ms % MINUTE_MS:
            raise ValueError(f"{groups[0]} is not whole minutes from 1m to {BEFORE_MS_MAX // DAY_MS}d")
        return Wanted(kind, before_ms=before_ms)

    return make


_FORMS: tuple[tuple[re.Pattern[str], str, Callable[[Groups], Wanted]], ...] = (
    (re.compile(rf"break-even {_NUMBER}R(?: \+{_DISTANCE})?"), "break-even 1R +0.1R", _break_even),
    (re.compile(rf"part {_NUMBER}% at {_NUMBER}R"), "part 50% at 1.5R", _part),
    (re.compile(rf"trail from {_NUMBER}R by {_DISTANCE}"), "trail from 2R by 1R", _trail),
    (re.compile(r"time stop"), "time stop", lambda groups: Wanted(PlanStepKind.TIME_STOP)),
    (re.compile(r"before news (\S+)"), "before news 15m", _before(PlanStepKind.EXIT_BEFORE_NEWS)),
    (re.compile(r"before weekend (\S+)"), "before weekend 30m", _before(PlanStepKind.EXIT_BEFORE_WEEKEND)),
)


def _agree(steps: tuple[Wanted, ...]) -> None:
    seen: set[tuple[PlanStepKind, int]] = set()
    for number, step in enumerate(steps, 1):
        key = (step.kind, step.trigger_r_milli)
        if key in seen:
            raise BadPlan(f"step {number} '{text_of(step)}': another step does this at the same point")
        seen.add(key)
    parts = sum((step.part_percent for step in steps), Decimal(0))
    if parts >= 100:
        raise BadPlan(f"the parts add up to {parts.normalize():f} %; something must be left for the other steps")
