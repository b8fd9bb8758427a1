"""Acts on positions: close, part close, modify."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain import money
from hydrad.domain.actors import Role
from hydrad.domain.orders import ORDER_VERSION, ActKind, Order, Side
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import closing, crew, exposure, housekeeping, reducing_views, risk, routing, sizing
from hydrad.toc.desk import dry
from hydrad.toc.desk.refusals import (
    Refused,
    positions_named,
    usage,
)
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import hash_of, told_before, wait
from hydrad.toc.inputs import Requested
from hydrad.toc.limiting import limits_for
from hydrad.toc.records.acts import Check
from hydrad.toc.state import Position
from hydrad.toc.texts import position_id_text
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode, Reason

NOTHING_OPEN = "nothing is open"


def _close(turn: Turn, asked: Requested, verb: calls.Close) -> None:
    if not verb.dry_run and told_before(turn, asked, verb):
        return None
    # What is no part of one of them is refused before any is closed.
    named = [(position, _part(position, verb.part)) for position in positions_named(turn, verb.id)]
    if verb.dry_run:
        looked = [(closing.judge_close(turn, *one), reducing_views.of_position(turn, one[0]), None) for one in named]
        return dry.answer(turn, asked, looked, NOTHING_OPEN)
    if verb.stays is not None:
        _as_shown(verb.stays, named)
    asked_for = closing.Asked(verb.reason or "", asked.key, hash_of(verb))
    acts = tuple(closing.begin(turn, closing.judge_close(turn, *one), asked_for) for one in named)
    return wait(turn, asked.request, "fire", verb.wait_s, acts)


def _as_shown(stays: str, named: list[tuple[Position, int]]) -> None:
    """What was shown to stay open stays, or nothing is closed: the same lots of a smaller position are all of it."""
    if len(named) != 1:
        raise usage("what stays open is of one position")
    position, steps = named[0]
    if position.volume_steps - steps != money.decimal(stays, "stays") / position.volume_step:
        left = money.volume_text(position.volume_steps, position.volume_step)
        told = (
            f"of {position_id_text(position.number)} {left} is open by now: {stays} would not stay open, as was shown"
        )
        raise Refused(ErrorCode.CONFLICT, told, "look again")


def _part(position: Position, part: str | None) -> int:
    """Absolute steps: a percentage is rounded down to the step and never to nothing. Of a closed position nothing is
    left to take a part of; the gate says so."""
    if part is None or not position.open:
        return position.volume_steps
    if part.endswith("%"):
        percent = money.decimal(part[:-1], "part")
        if not 0 < percent <= 100:
            raise usage(f"part {part} is not between 0 and 100 %")
        steps = int(position.volume_steps * percent / 100)
        if not steps:
            raise usage(
                f"{part} of {money.volume_text(position.volume_steps, position.volume_step)} is less than a step"
            )
        return steps
    steps = money.volume_steps(part, position.volume_step)
    if steps > position.volume_steps:
        raise usage(f"part {part} is more than the position's volume")
    return steps


def _modify(turn: Turn, asked: Requested, verb: calls.Modify) -> None:
    if not verb.dry_run and told_before(turn, asked, verb):
        return None
    if verb.stop is None and verb.target is None:
        raise usage("neither stop nor target is named")
    named = [(position, *_levels(verb, position)) for position in positions_named(turn, verb.id)]
    if verb.dry_run:
        looked = [(_judged(turn, *one), reducing_views.of_position(turn, one[0]), None) for one in named]
        return dry.answer(turn, asked, looked, NOTHING_OPEN)
    asked_for = closing.Asked(verb.reason or "", asked.key, hash_of(verb))
    acts = tuple(closing.begin(turn, _judged(turn, *one), asked_for) for one in named)
    return wait(turn, asked.request, "fire", verb.wait_s, acts)


def _levels(verb: calls.Modify, position: Position) -> tuple[int, int]:
    """Stop and target as they would stand."""
    stop = money.price_points(verb.stop, position.digits) if verb.stop else position.stop_points
    if verb.target == "none":
        return stop, 0
    return stop, money.price_points(verb.target, position.digits) if verb.target else position.target_points


def _judged(turn: Turn, position: Position, stop: int, target: int) -> closing.Judged:
    order = modify_order(position, stop, target)
    checks = (closing.not_busy(turn, position), *modify_checks(turn, position, stop, target))
    return closing.judge(turn, position, order, checks)


def modify_order(position: Position, stop: int, target: int) -> Order:
    """New levels in points for a position; a target of 0 is none."""
    return Order(
        version=ORDER_VERSION,
        kind=ActKind.MODIFY,
        account=position.account,
        symbol=position.symbol,
        side=position.side,
        stop_points=stop,
        target_points=target,
        position_id=position.position_id,
        volume_expected_steps=position.volume_steps,
        volume_remaining_steps=position.volume_steps,
        ticket=position.position_id,
    )


def modify_checks(turn: Turn, position: Position, stop: int, target: int) -> tuple[Check, ...]:
    """Whether these levels may be set: what is looser is judged as new risk."""
    checks = (_tighter(turn, position, stop), _sides(turn, position, stop, target))
    return (*checks, *_looser_risk(turn, position, stop))


def _is_tighter(position: Position, stop: int) -> bool:
    return (stop - position.stop_points) * position.side.sign >= 0 or not position.stop_points


def _at(position: Position, stop: int, terms: SymbolTerms) -> Decimal:
    return sizing.loss_at(position.side, position.open_points, stop, position.volume_steps, terms)


def _looser_risk(turn: Turn, position: Position, stop: int) -> tuple[Check, ...]:
    """A looser stop is new risk: the limits of a trade, of all that is open and of the person hold as for a fire. A
    tighter one always passes."""
    if _is_tighter(position, stop):
        return ()
    serving = Check(Reason.SERVICE_STOPPED.name, *housekeeping.toc_running(turn.state))
    limits = limits_for(turn.state, position.account, turn.actor)
    link = routing.reducing_link(turn, position.account)
    terms = link.terms.get(position.symbol) if link else None
    held = exposure.open_risk(turn.state, turn.live, position.account)
    base = risk.base_of(link)
    if terms is None or held is None or base is None or base <= 0:
        unknown = Check(Reason.RISK_PER_TRADE.name, False, "unknown", f"{limits.risk_per_trade_max_percent} %")
        return (serving, _assigned(turn, position), unknown)

    after, before = _at(position, stop, terms), _at(position, position.stop_points, terms)
    return (
        serving,
        _assigned(turn, position),
        _within(Reason.RISK_PER_TRADE, after, base, limits.risk_per_trade_max_percent),
        _within(Reason.OPEN_RISK, held - before + after, base, limits.open_risk_max_percent),
        _allowed(turn, after * 100 / base),
    )


def _allowed(turn: Turn, percent: Decimal) -> Check:
    """Whether the person's policy allows this risk."""
    operator = turn.state.operator(turn.actor)
    policy = crew.policy_named(turn.state, operator.policy) if operator else None
    highest = policy.risk_per_trade_max_percent if policy else None
    allowed = policy is not None and (highest is None or percent <= highest)
    limit = f"{highest} %" if highest is not None else "a policy"
    return Check(Reason.POLICY.name, allowed, f"{percent:.3f} %" if policy else "no policy", limit)


def _assigned(turn: Turn, position: Position) -> Check:
    operator = turn.state.operator(turn.actor)
    given = operator is not None and crew.reaches(operator, position.account)
    return Check(Reason.ASSIGNMENT.name, given, crew.name_of(turn.state, turn.actor), f"assigned to {position.account}")


def _within(reason: Reason, amount: Decimal, base: Decimal, limit_percent: Decimal) -> Check:
    percent = amount * 100 / base
    measured = f"{money.money_text(amount)} = {percent:.3f} %"
    return Check(reason.name, percent <= limit_percent, measured, f"{limit_percent} %")


def _tighter(turn: Turn, position: Position, stop: int) -> Check:
    tighter = _is_tighter(position, stop)
    free = not routing.latched(turn, position.account)
    measured = "tighter" if tighter else "looser"
    return Check(Reason.NOT_TIGHTER.name, tighter or free, measured, "any" if free else "tighter")


def _sides(turn: Turn, position: Position, stop: int, target: int) -> Check:
    link = routing.reducing_link(turn, position.account)
    quote = link.quotes.get(position.symbol) if link else None
    if quote is None:
        return Check(Reason.PRICE_SIDE.name, False, "unknown", "a quote")
    price = quote.bid_points if position.side is Side.BUY else quote.ask_points
    right = (price - stop) * position.side.sign > 0 and (not target or (target - price) * position.side.sign > 0)
    text = f"stop {money.price_text(stop, position.digits)}"
    return Check(Reason.PRICE_SIDE.name, right, text, f"around {money.price_text(price, position.digits)}")


VERBS: Table = {calls.Close: (Role.TRADER, _close), calls.Modify: (Role.TRADER, _modify)}
