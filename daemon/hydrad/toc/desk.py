"""Requests of people: fire, pass, close, modify, halt, resume, resolve, enroll. Who may what stands in one table.

A refusal is a value with a code and facts. The same key with the same parameters gets the first request's answer;
with other parameters it is a conflict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from hydrad.domain import ids, money
from hydrad.domain.accounts import AccountKind, Authority
from hydrad.domain.actors import Role, Surface
from hydrad.domain.ids import IdKind
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ORDER_VERSION, ActKind, EntryType, Order, Side, order_hash
from hydrad.domain.signals import Signal, SignalKind
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames as f
from hydrad.toc import exposure, fold, risk, routing, sizing, views
from hydrad.toc import records as r
from hydrad.toc.act import FINAL, ActEvent, ActState
from hydrad.toc.effects import Admit
from hydrad.toc.inputs import Requested
from hydrad.toc.live import Link, Waiter
from hydrad.toc.mission import ACCEPTS_FIRES, MissionState
from hydrad.toc.records import Check
from hydrad.toc.state import Account, Act, Mission, Position
from hydrad.toc.terminal import LinkState
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import EnrollData, Problem
from hydrad.wire.codes import ErrorCode, Reason

HAND_DETECTOR = "hand"
WAIT_MAX_S = 60.0
HAND_HORIZON_MS = 120 * 60_000
FIRE_SCHEMA = "hydra.fire/v1"


class Refused(Exception):
    """A request that cannot be carried out as it stands; becomes the answer's problem."""

    def __init__(self, code: ErrorCode, message: str, hint: str | None = None, **facts: object) -> None:
        super().__init__(message)
        self.problem = Problem(code.value, message, hint, dict(facts))


def usage(message: str, hint: str | None = None) -> Refused:
    return Refused(ErrorCode.USAGE, message, hint)


NEEDS: dict[type[calls.Verb], Role] = {
    calls.Fire: Role.TRADER,
    calls.FireSymbol: Role.TRADER,
    calls.Pass: Role.TRADER,
    calls.Close: Role.TRADER,
    calls.Modify: Role.TRADER,
    calls.Halt: Role.TRADER,
    calls.Resume: Role.COMMANDER,
    calls.Resolve: Role.COMMANDER,
    calls.TerminalEnroll: Role.COMMANDER,
    calls.MarketStep: Role.COMMANDER,
    calls.Down: Role.COMMANDER,
}


def on_request(turn: Turn, asked: Requested) -> None:
    """Answer one request; what it needs of a role is looked up before anything else."""
    turn.actor, turn.surface = asked.actor.identity, asked.actor.surface.value
    verb = asked.body
    schema = f"hydra.{type(verb).__name__.lower()}/v1"
    has, needs = turn.state.role(asked.actor.identity), NEEDS[type(verb)]
    if asked.actor.surface is Surface.DAEMON:
        has = Role.TRADER  # the daemon itself may stop things, and nothing more
    if has < needs:
        if has is not Role.NONE:
            turn.emit(r.CallRefused(type(verb).__name__, needs, has))
        problem = Problem(
            ErrorCode.FORBIDDEN.value,
            f"{needs.name.lower()} is needed, {asked.actor.identity} is {has.name.lower()}",
        )
        return turn.reply(asked.request, schema, None, problem)
    try:
        _VERBS[type(verb)](turn, asked, verb)
    except Refused as refused:
        turn.reply(asked.request, schema, None, refused.problem)
    except (ids.BadId, money.BadNumber) as error:
        turn.reply(asked.request, schema, None, Problem(ErrorCode.USAGE.value, str(error)))
    return None


# --- fire -----------------------------------------------------------------------------------------------


def _fire(turn: Turn, asked: Requested, verb: calls.Fire) -> None:
    if _told_before(turn, asked, verb):
        return
    _, number = ids.parse(verb.mission, IdKind.MISSION)
    mission = turn.state.missions.get(number)
    if mission is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no mission {verb.mission}")
    account = _account(turn, verb.account)
    _judge_and_fire(turn, asked, verb, account, mission.signal, mission)


def _fire_symbol(turn: Turn, asked: Requested, verb: calls.FireSymbol) -> None:
    if _told_before(turn, asked, verb):
        return
    account = _account(turn, verb.account)
    _judge_and_fire(turn, asked, verb, account, _by_hand(turn, account, verb), None)


def _judge_and_fire(
    turn: Turn,
    asked: Requested,
    verb: calls.Fire | calls.FireSymbol,
    account: Account,
    signal: Signal,
    mission: Mission | None,
) -> None:
    """`mission` None: by hand; it is proposed here, once nothing in the request can be refused any more."""
    if verb.plan not in risk.PLANS:
        raise usage(f"no plan '{verb.plan}'; known are {', '.join(risk.PLANS)}")
    if verb.volume is not None and verb.risk is not None:
        raise usage("volume and risk exclude each other")
    volume_steps, risk_percent = _volume(turn, account, signal.symbol, verb.volume), _percent(verb.risk)
    if mission is None and not verb.dry_run:
        number = turn.state.next_number
        turn.emit(r.MissionProposed(number, signal, "hand", ""))
        mission = turn.state.missions[number]
    act_id = fold.new_act_id(turn.state)
    ask = risk.Ask(
        signal=signal,
        mission_number=mission.number if mission else 0,
        mission_state=mission.state if mission else MissionState.PROPOSED,
        account=account,
        role=turn.state.role(turn.actor),
        plan=verb.plan,
        volume_steps=volume_steps,
        risk_percent=risk_percent,
        act_id=act_id,
    )
    verdict = risk.judge(turn.state, turn.live, turn.now_ns, ask)
    if verb.dry_run:
        problem = None if verdict.ok else _denied(verdict.codes, verdict.checks)
        return turn.reply(asked.request, FIRE_SCHEMA, views.dry_run(turn.state, verdict, account), problem)
    assert mission is not None
    turn.emit(
        r.ActRequested(
            act_id=act_id,
            kind=ActKind.FIRE,
            account=account.name,
            mission=mission.number,
            position=0,
            key=asked.key,
            asked=_hash(verb),
            deadline_ns=routing.deadline_ns(turn),
            reason=verb.reason or "",
            volume_asked_steps=ask.volume_steps,
            risk_asked_percent=ask.risk_percent,
            plan=verb.plan,
        )
    )
    act = turn.state.acts[act_id]
    routing.record_verdict(turn, act, verdict)
    if verdict.ok:
        routing.pass_verdict(turn, act, verdict)
    else:
        turn.move(act, ActEvent.DENY, "gate", codes=verdict.codes)
    return _wait(turn, asked.request, "fire", verb.wait_s, (act_id,))


def _by_hand(turn: Turn, account: Account, verb: calls.FireSymbol) -> Signal:
    """A mission's signal made from what a person typed: entry is the price now, the collar a tenth of the stop."""
    try:
        side = Side[verb.side.upper()]
    except KeyError:
        raise usage(f"side '{verb.side}' is not buy or sell") from None
    terminal = risk.lane_holder(turn.state, turn.live, account.name)
    link = turn.live.link(terminal.name) if terminal else None
    terms = link.terms.get(verb.symbol) if link else None
    if link is None or terms is None:
        known = ", ".join(sorted(link.terms)) if link and link.terms else "none: its terminal is not READY"
        raise Refused(ErrorCode.NOT_FOUND, f"{account.name} has no symbol {verb.symbol}", f"symbols known: {known}")
    quote = link.quotes.get(verb.symbol)
    if quote is None:
        raise Refused(
            ErrorCode.DENIED,
            f"{verb.symbol} has no quote at {link.terminal}",
            None,
            codes=[Reason.TICK_AGE.name],
        )
    entry = quote.ask_points if side is Side.BUY else quote.bid_points
    stop = money.price_points(verb.stop, terms.digits)
    target = money.price_points(verb.target, terms.digits) if verb.target else 0
    distance = (entry - stop) * side.sign
    if not 1.0 <= verb.expiry_s <= 86_400.0:
        raise usage("expiry is between 1 second and a day")
    expires_ms = turn.market_ms + int(verb.expiry_s * 1000)
    r_milli = (target - entry) * side.sign * 1000 // distance if target and distance > 0 else 0
    return Signal(
        symbol=verb.symbol,
        digits=terms.digits,
        kind=SignalKind.RAPID_ASSAULT,
        side=side,
        entry_type=EntryType.MARKET,
        entry_points=entry,
        stop_points=stop,
        target_points=target,
        collar_points=max(distance // 10, 0),
        at_ms=turn.market_ms,
        expires_ms=expires_ms,
        horizon_ms=turn.market_ms + HAND_HORIZON_MS,
        r_milli=r_milli,
        tcs=None,
        detector=HAND_DETECTOR,
        profile="",
        session=views.session_text(turn.market_ms),
        features=(),
    )


def _volume(turn: Turn, account: Account, symbol: str, text: str | None) -> int:
    if text is None:
        return 0
    return money.volume_steps(text, _terms(turn, account, symbol).volume_step)


def _terms(turn: Turn, account: Account, symbol: str) -> SymbolTerms:
    terminal = risk.lane_holder(turn.state, turn.live, account.name)
    terms = turn.live.link(terminal.name).terms.get(symbol) if terminal else None
    if terms is None:
        raise Refused(
            ErrorCode.DENIED,
            f"the terms of {symbol} at {account.name} are not known in this session",
            None,
            codes=[Reason.TERMS_UNKNOWN.name],
        )
    return terms


def _percent(text: str | None) -> Decimal | None:
    if text is None:
        return None
    if not text.endswith("%"):
        raise usage(f"risk '{text}' is not a percentage such as 0.5%")
    percent = money.decimal(text[:-1], "risk")
    if not 0 < percent <= 100:
        raise usage(f"risk {text} is not above 0 and at most 100 %")
    return percent


def _account(turn: Turn, name: str | None) -> Account:
    """The named account, else the operator's primary one: the first enrolled."""
    if name is None:
        first = next(iter(turn.state.accounts.values()), None)
        if first is None:
            raise Refused(ErrorCode.NOT_FOUND, "no account is enrolled", "hydractl terminal enroll")
        return first
    account = turn.state.accounts.get(name)
    if account is None:
        known = ", ".join(turn.state.accounts) or "none"
        raise Refused(ErrorCode.NOT_FOUND, f"no account {name}", f"known accounts: {known}")
    return account


def _denied(codes: tuple[str, ...], checks: tuple[Check, ...]) -> Problem:
    failed = [f"{c.code}: {c.measured}, limit {c.limit}" for c in checks if not c.ok]
    return Problem(
        ErrorCode.DENIED.value, "denied: " + ", ".join(codes), None, {"codes": list(codes), "failed": failed}
    )


# --- idempotency and waiting ----------------------------------------------------------------------------


def _hash(verb: calls.Verb) -> bytes:
    """SHA-256 of the parameters, without how long the client waits."""
    plain = msgspec.to_builtins(verb)
    plain.pop("wait_s", None)
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).digest()


def _told_before(turn: Turn, asked: Requested, verb: Any) -> bool:
    """Answer a repeated key with what its first request came to."""
    if len(asked.key) > 64:
        raise usage("a key has at most 64 characters")
    known = turn.state.keys.get((turn.actor, asked.key)) if asked.key else None
    if known is None:
        return False
    if known.asked != _hash(verb):
        raise Refused(ErrorCode.CONFLICT, "this key was used with other parameters", None, key=asked.key)
    _wait(turn, asked.request, "fire", verb.wait_s, tuple(known.acts))
    return True


def _deadline(turn: Turn, wait_s: float) -> int:
    """When a waiting client is answered whatever has come; what is no number does not wait."""
    seconds = wait_s if 0.0 < wait_s < WAIT_MAX_S else (WAIT_MAX_S if wait_s >= WAIT_MAX_S else 0.0)
    return turn.now_ns + int(seconds * SECOND)


def _wait(turn: Turn, request: int, verb: str, wait_s: float, acts: tuple[int, ...]) -> None:
    deadline_ns = _deadline(turn, wait_s)
    turn.live.waiters.append(Waiter(request, verb, deadline_ns, acts, since_ns=turn.now_ns))


def answer_waiters(turn: Turn) -> None:
    """Reply to every waiting client whose acts are settled, or whose time is over."""
    if not turn.live.waiters:
        return
    still = []
    for waiter in turn.live.waiters:
        done = _settled(turn, waiter)
        if done or turn.now_ns >= waiter.deadline_ns:
            _answer(turn, waiter)
        else:
            still.append(waiter)
    turn.live.waiters[:] = still


def _settled(turn: Turn, waiter: Waiter) -> bool:
    if waiter.verb == "fire":
        return all(_act_settled(turn, turn.state.acts[act]) for act in waiter.acts)
    return all(_confirmed(turn, waiter, turn.live.link(name)) for name in waiter.terminals)


def _act_settled(turn: Turn, act: Act) -> bool:
    if act.kind in (ActKind.CLOSE, ActKind.PART_CLOSE) and act.state is ActState.DONE:
        position = turn.state.positions[act.position]
        return not position.open or act.deal_ticket in position.deals
    return act.state in FINAL or act.state in (
        ActState.FILLED,
        ActState.WORKING,
        ActState.CLOSING,
        ActState.QUARANTINED,
    )


def _confirmed(turn: Turn, waiter: Waiter, link: Link) -> bool:
    wanted = waiter.verb == "halt"
    return link.halted is wanted and link.halted_ns >= waiter.since_ns


def _answer(turn: Turn, waiter: Waiter) -> None:
    if waiter.verb == "fire":
        data = views.fire_answer(turn.state, turn.now_ns, waiter.acts)
        turn.reply(waiter.request, FIRE_SCHEMA, data, _act_problem(turn, waiter.acts))
    else:
        data_halt = views.halt_data(turn.state, turn.live, waiter)
        turn.reply(waiter.request, "hydra.halt/v1", data_halt, _halt_problem(data_halt))


_PROBLEMS: dict[ActState, ErrorCode] = {
    ActState.DENIED: ErrorCode.DENIED,
    ActState.REJECTED: ErrorCode.REJECTED,
    ActState.NOT_EXECUTED: ErrorCode.NOT_EXECUTED,
    ActState.UNKNOWN: ErrorCode.UNKNOWN_OUTCOME,
    ActState.ROUTED: ErrorCode.UNKNOWN_OUTCOME,
    ActState.ACKED: ErrorCode.UNKNOWN_OUTCOME,
    ActState.QUARANTINED: ErrorCode.UNKNOWN_OUTCOME,
    ActState.QUEUED: ErrorCode.TIMED_OUT,
    ActState.AWAITING_APPROVAL: ErrorCode.PENDING,
}


def _act_problem(turn: Turn, acts: tuple[int, ...]) -> Problem | None:
    """None when every act was executed; PARTLY when some were; else the worst act's."""
    found = [turn.state.acts[act] for act in acts]
    bad = [act for act in found if act.state in _PROBLEMS]
    if not bad:
        return _partly(found)
    worst = bad[0]
    message = views.verdict_line(worst)
    failed = [f"{c.code}: {c.measured}, limit {c.limit}" for c in worst.checks if not c.ok]
    facts = {
        "act": routing.shown(worst),
        "state": worst.state.value,
        "codes": list(worst.codes),
        "failed": failed,
    }
    code = _PROBLEMS[worst.state] if len(bad) == len(found) else ErrorCode.PARTLY
    hint = None
    if worst.state in (ActState.UNKNOWN, ActState.ROUTED, ActState.ACKED):
        hint = f"hydractl trace {routing.shown(worst)}; nothing is resent, its exposure stays reserved"
    return Problem(code.value, message, hint, facts)


def _partly(acts: list[Act]) -> Problem | None:
    """A close that took less than was asked is no success."""
    for act in acts:
        if act.kind is ActKind.CLOSE and act.order and 0 < act.volume_steps < act.order.volume_steps:
            left = money.volume_text(act.order.volume_steps - act.volume_steps, act.volume_step)
            return Problem(ErrorCode.PARTLY.value, f"{routing.shown(act)} closed a part: {left} is still open")
    return None


def _halt_problem(data: Any) -> Problem | None:
    unverified = [row.terminal for row in data.terminals if not row.verified]
    if not unverified:
        return None
    return Problem(
        ErrorCode.PARTLY.value,
        f"latched here; not confirmed by {', '.join(unverified)}",
        "their stops stand at the broker; look at the host, or close in the broker's own app",
        {"unverified": unverified},
    )


# --- acts on positions ----------------------------------------------------------------------------------


def _close(turn: Turn, asked: Requested, verb: calls.Close) -> None:
    if _told_before(turn, asked, verb):
        return
    acts = tuple(_close_one(turn, asked, verb, position) for position in _positions(turn, verb.id))
    _wait(turn, asked.request, "fire", verb.wait_s, acts)


def _close_one(turn: Turn, asked: Requested, verb: calls.Close, position: Position) -> int:
    steps = _part(position, verb.part)
    remaining = position.volume_steps - steps
    kind = ActKind.PART_CLOSE if remaining else ActKind.CLOSE
    order = Order(
        version=ORDER_VERSION,
        kind=kind,
        account=position.account,
        symbol=position.symbol,
        side=position.side.opposite,
        volume_steps=steps,
        position_id=position.position_id,
        volume_expected_steps=position.volume_steps,
        volume_remaining_steps=remaining,
        ticket=position.position_id,
    )
    return _act_on(turn, asked, verb, position, order, (_not_busy(turn, position),))


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
    if _told_before(turn, asked, verb):
        return
    if verb.stop is None and verb.target is None:
        raise usage("neither stop nor target is named")
    acts = tuple(_modify_one(turn, asked, verb, position) for position in _positions(turn, verb.id))
    _wait(turn, asked.request, "fire", verb.wait_s, acts)


def _modify_one(turn: Turn, asked: Requested, verb: calls.Modify, position: Position) -> int:
    stop = money.price_points(verb.stop, position.digits) if verb.stop else position.stop_points
    target = position.target_points
    if verb.target == "none":
        target = 0
    elif verb.target:
        target = money.price_points(verb.target, position.digits)
    order = Order(
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
    checks = (_not_busy(turn, position), _tighter(turn, position, stop), _sides(turn, position, stop, target))
    return _act_on(turn, asked, verb, position, order, (*checks, *_looser_risk(turn, position, stop)))


def _is_tighter(position: Position, stop: int) -> bool:
    return (stop - position.stop_points) * position.side.sign >= 0 or not position.stop_points


def _looser_risk(turn: Turn, position: Position, stop: int) -> tuple[Check, ...]:
    """A looser stop is new risk: the limits of a trade and of all that is open hold for it as for a fire. A tighter one
    always passes."""
    if _is_tighter(position, stop):
        return ()
    limits = turn.state.limits
    link = routing.reducing_link(turn, position.account)
    terms = link.terms.get(position.symbol) if link else None
    held = exposure.open_risk(turn.state, turn.live, position.account)
    base = risk.base_of(link)
    if terms is None or held is None or base is None or base <= 0:
        return (Check(Reason.RISK_PER_TRADE.name, False, "unknown", f"{limits.risk_per_trade_max_percent} %"),)

    def at(points: int) -> Decimal:
        distance = max((position.open_points - points) * position.side.sign, 0)
        return sizing.money_at_stop(distance, position.volume_steps, terms)

    after, before = at(stop), at(position.stop_points)
    return (
        _within(Reason.RISK_PER_TRADE, after, base, limits.risk_per_trade_max_percent),
        _within(Reason.OPEN_RISK, held - before + after, base, limits.open_risk_max_percent),
    )


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


def _not_busy(turn: Turn, position: Position) -> Check:
    """One act on a position at a time: a second close of the same volume could close more than there is."""
    for number in sorted(turn.state.acts_open):
        act = turn.state.acts[number]
        if act.position == position.number and act.kind is not ActKind.FIRE and act.state not in FINAL:
            return Check(
                Reason.POSITION_STATE.name,
                False,
                f"{routing.shown(act)} {act.state.value}",
                "nothing in flight",
            )
    return Check(Reason.POSITION_STATE.name, position.open, "open" if position.open else "closed", "open")


def _act_on(
    turn: Turn,
    asked: Requested,
    verb: calls.Close | calls.Modify,
    position: Position,
    order: Order,
    checks: tuple[Check, ...],
) -> int:
    act_id = fold.new_act_id(turn.state)
    link = routing.reducing_link(turn, position.account)
    reach = Check(
        Reason.TERMINAL_LINK.name,
        link is not None,
        f"{link.terminal} {link.state.value}" if link else "none reachable",
        f"{LinkState.READY.value} or {LinkState.DEGRADED.value}",
    )
    checks = (*checks, reach)
    turn.emit(
        r.ActRequested(
            act_id=act_id,
            kind=order.kind,
            account=position.account,
            mission=turn.state.acts[position.fire_id].mission,
            position=position.number,
            key=asked.key,
            asked=_hash(verb),
            deadline_ns=routing.deadline_ns(turn),
            reason=verb.reason or "",
            volume_asked_steps=order.volume_steps,
        )
    )
    act = turn.state.acts[act_id]
    codes = tuple(check.code for check in checks if not check.ok)
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
    if codes or link is None:
        turn.move(act, ActEvent.DENY, "gate", codes=codes)
    else:
        routing.route(turn, act, link)
    return act_id


def _positions(turn: Turn, text: str) -> list[Position]:
    """Open positions meant by a shown id: one position, a fire's, or all of a mission."""
    kind, number = ids.parse(text, IdKind.POSITION, IdKind.FIRE, IdKind.MISSION)
    if kind is IdKind.MISSION:
        mission = turn.state.missions.get(number)
        if mission is None:
            raise Refused(ErrorCode.NOT_FOUND, f"no mission {text}")
        fires = set(mission.acts)
        found = [p for p in turn.state.positions.values() if p.fire_id in fires and p.open]
        if not found:
            raise Refused(ErrorCode.NOT_FOUND, f"mission {text} has no open position")
        return found
    position = turn.state.positions.get(number)
    if position is None:
        if number in turn.state.foreign.values():
            raise Refused(ErrorCode.FORBIDDEN, f"{text} is FOREIGN: not ours, never touched unasked")
        raise Refused(ErrorCode.NOT_FOUND, f"no position {text}")
    return [position]


# --- missions, authority, people ------------------------------------------------------------------------


def _pass(turn: Turn, asked: Requested, verb: calls.Pass) -> None:
    _, number = ids.parse(verb.mission, IdKind.MISSION)
    mission = turn.state.missions.get(number)
    if mission is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no mission {verb.mission}")
    if mission.state not in ACCEPTS_FIRES:
        raise Refused(ErrorCode.CONFLICT, f"{verb.mission} is {mission.state.value}")
    if turn.actor not in mission.passed_by:
        turn.emit(r.MissionPassed(number, turn.actor, verb.reason or ""))
    turn.reply(asked.request, "hydra.mission/v1", views.mission_row(turn.state, turn.live, mission, turn.actor))


def _halt(turn: Turn, asked: Requested, verb: calls.Halt) -> None:
    level = Authority.REDUCING if verb.reduce else Authority.HALTED
    account = _account(turn, verb.account).name if verb.account else ""
    now = turn.state.accounts[account].authority if account else turn.state.authority
    if level > now:
        turn.emit(r.AuthoritySet(account, level, verb.reason or ""))
    for act in [turn.state.acts[n] for n in sorted(turn.state.acts_open)]:
        if act.state is ActState.QUEUED and routing.latched(turn, act.account):
            turn.move(act, ActEvent.DENY, "latch", codes=(Reason.AUTHORITY.name,))
    terminals = _tell_latch(turn, account, f.Halt(turn.actor))
    _await_latch(turn, asked.request, "halt", verb.wait_s, terminals, account)


def _resume(turn: Turn, asked: Requested, verb: calls.Resume) -> None:
    account = _account(turn, verb.account).name if verb.account else ""
    now = turn.state.accounts[account].authority if account else turn.state.authority
    if now is not Authority.ACTIVE:
        turn.emit(r.AuthoritySet(account, Authority.ACTIVE, verb.reason or ""))
    terminals = tuple(
        name
        for name in _tell_latch(turn, account, f.Resume(turn.actor))
        if not routing.latched(turn, turn.state.terminals[name].account)
    )
    _await_latch(turn, asked.request, "resume", verb.wait_s, terminals, account)


def _tell_latch(turn: Turn, account: str, body: f.Halt | f.Resume) -> tuple[str, ...]:
    """Send to every terminal concerned, connected or not; those that are not cannot confirm."""
    told = []
    for terminal in turn.state.terminals.values():
        if account and terminal.account != account:
            continue
        if isinstance(body, f.Resume) and routing.latched(turn, terminal.account):
            continue
        turn.send(turn.live.link(terminal.name), body)
        told.append(terminal.name)
    return tuple(told)


def _await_latch(turn: Turn, request: int, verb: str, wait_s: float, terminals: tuple[str, ...], account: str) -> None:
    deadline_ns = _deadline(turn, wait_s)
    turn.live.waiters.append(
        Waiter(request, verb, deadline_ns, terminals=terminals, since_ns=turn.now_ns, account=account)
    )


def _resolve(turn: Turn, asked: Requested, verb: calls.Resolve) -> None:
    _, number = ids.parse(verb.act, IdKind.FIRE, IdKind.ACT)
    act = turn.state.acts.get(ids.act_id(turn.state.tag, number))
    if act is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no act {verb.act}")
    if act.state not in (ActState.UNKNOWN, ActState.QUARANTINED):
        raise Refused(ErrorCode.CONFLICT, f"{verb.act} is {act.state.value}; only UNKNOWN or QUARANTINED is resolved")
    if not verb.reason.strip():
        raise usage("a reason is compulsory")
    if verb.verdict == "not-executed" and ids.sequence_of(act.act_id) in turn.state.positions:
        raise Refused(ErrorCode.CONFLICT, f"{verb.act} has a position: it was executed")
    if verb.verdict == "not-executed":
        turn.move(act, ActEvent.PROVE_ABSENT, "resolve", detail=verb.reason)
    elif verb.verdict == "filled":
        _resolve_filled(turn, act, verb)
    else:
        raise usage(f"'{verb.verdict}' is not filled or not-executed")
    routing.followed(turn, act)
    turn.reply(asked.request, FIRE_SCHEMA, views.fire_answer(turn.state, turn.now_ns, (act.act_id,)))


def _resolve_filled(turn: Turn, act: Act, verb: calls.Resolve) -> None:
    """A person says that it was executed: the broker's books, where they can be read, must have the ticket."""
    if verb.ticket is None:
        raise usage("filled needs the broker's ticket")
    if ids.sequence_of(act.act_id) in turn.state.positions:
        raise Refused(ErrorCode.CONFLICT, f"{verb.act} has its position already")
    if act.kind is not ActKind.FIRE:
        turn.move(act, ActEvent.EXECUTE, "resolve", deal_ticket=verb.ticket, detail=verb.reason)
        return
    link = turn.live.link(act.terminal)
    row = link.positions.get(verb.ticket)
    if row is None:
        raise Refused(
            ErrorCode.NOT_FOUND,
            f"no open position {verb.ticket} at {act.terminal}",
            "a position that is gone already is resolved by its deals: hydractl trace --recheck",
        )
    assert act.order is not None
    other = turn.state.position_by_id(act.account, row.position_id)
    same = (row.symbol, row.side) == (act.order.symbol, int(act.order.side))
    if other is not None or not same or row.volume_steps > act.order.volume_steps or row.magic not in (0, act.act_id):
        raise Refused(ErrorCode.CONFLICT, f"position {verb.ticket} is not what {verb.act} asked for")
    turn.move(
        act,
        ActEvent.FILL,
        "resolve",
        position_id=row.position_id,
        order_ticket=row.ticket,
        price_points=row.open_points,
        volume_steps=row.volume_steps,
        detail=verb.reason,
    )
    turn.emit(
        r.PositionOpened(
            number=ids.sequence_of(act.act_id),
            fire_id=act.act_id,
            account=act.account,
            terminal=act.terminal,
            position_id=row.position_id,
            symbol=row.symbol,
            digits=act.digits,
            volume_step=act.volume_step,
            side=row.side,
            volume_steps=row.volume_steps,
            open_points=row.open_points,
            stop_points=row.stop_points,
            target_points=row.target_points,
            at_ms=row.time_ms,
        )
    )


def _enroll(turn: Turn, asked: Requested, verb: calls.TerminalEnroll) -> None:
    """Add the account when it is new; a known one must be described the same."""
    if not _plain(verb.name) or not _plain(verb.account):
        raise usage("names are 1 to 32 letters, digits, dashes or underscores")
    try:
        kind = AccountKind(verb.kind)
    except ValueError:
        raise usage(f"kind '{verb.kind}' is not paper, demo or live") from None
    if not turn.state.mode.takes(kind):
        raise Refused(ErrorCode.CONFLICT, f"a {turn.state.mode.value} home takes no {kind.value} account")
    if verb.name in turn.state.terminals:
        raise Refused(ErrorCode.CONFLICT, f"terminal {verb.name} is enrolled already")
    known = turn.state.accounts.get(verb.account)
    wanted = (kind, verb.login, verb.server, verb.currency, verb.hedging)
    if known is None:
        turn.emit(r.AccountAdded(verb.account, kind, verb.login, verb.server, verb.currency, verb.hedging))
    elif (known.kind, known.login, known.server, known.currency, known.hedging) != wanted:
        raise Refused(ErrorCode.CONFLICT, f"account {verb.account} is enrolled as another one")
    turn.emit(r.TerminalEnrolled(verb.name, verb.account, asked.extra, verb.symbols))
    turn.effects.append(Admit())
    turn.reply(asked.request, "hydra.enroll/v1", EnrollData(verb.name, verb.account, "", asked.extra))


def _plain(name: str) -> bool:
    return 0 < len(name) <= 32 and all(c.isascii() and (c.isalnum() or c in "-_") for c in name)


_VERBS: dict[type[calls.Verb], Callable[[Turn, Requested, Any], None]] = {
    calls.Fire: _fire,
    calls.FireSymbol: _fire_symbol,
    calls.Pass: _pass,
    calls.Close: _close,
    calls.Modify: _modify,
    calls.Halt: _halt,
    calls.Resume: _resume,
    calls.Resolve: _resolve,
    calls.TerminalEnroll: _enroll,
}
