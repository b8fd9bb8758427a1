"""Fires: of a mission, and by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hydrad.domain import ids, money
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind
from hydrad.domain.orders import ActKind, EntryType, Side
from hydrad.domain.signals import Signal, SignalKind
from hydrad.toc import act_views, approvals, crew, numbering, pools, risk, routing
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent, ActState
from hydrad.toc.desk.refusals import (
    Refused,
    account_named,
    denied,
    percent_of,
    plan_named,
    usage,
    volume_of,
)
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import FIRE_SCHEMA, hash_of, told_before, wait
from hydrad.toc.inputs import Requested
from hydrad.toc.limiting import limits_for
from hydrad.toc.mapping import own_symbol
from hydrad.toc.mission import MissionState
from hydrad.toc.state import Account, Mission
from hydrad.toc.texts import session_text
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode, Reason

Firing = calls.Fire | calls.FireSymbol
ONE = Decimal(1)
HAND_DETECTOR = "hand"
HAND_HORIZON_MS = 120 * 60_000


class Target(NamedTuple):
    """One account of a fire, and what is asked for there: exactly that volume, else that risk, else the usual one."""

    account: Account
    multiplier: Decimal
    volume_steps: int
    risk_percent: Decimal | None


def _fire(turn: Turn, asked: Requested, verb: calls.Fire) -> None:
    if told_before(turn, asked, verb):
        return
    _, number = ids.parse(verb.mission, IdKind.MISSION)
    mission = turn.state.missions.get(number)
    if mission is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no mission {verb.mission}")
    if verb.again and not verb.pool:
        raise usage("a mission is fired once on an account; `again` lets another account of a pool take it")
    _fire_on(turn, asked, verb, mission.signal, mission)


def _fire_symbol(turn: Turn, asked: Requested, verb: calls.FireSymbol) -> None:
    if told_before(turn, asked, verb):
        return
    account, _ = _accounts(turn, verb)[0]
    _fire_on(turn, asked, verb, _by_hand(turn, account, verb), None)


def _fire_on(turn: Turn, asked: Requested, verb: Firing, signal: Signal, mission: Mission | None) -> None:
    """One fire an account, each judged by itself; none waits for another.

    `mission` None: by hand; it is proposed here, once nothing in the request can be refused any more.
    """
    plan_named(turn, verb.plan)
    if sum((verb.volume is not None, verb.risk is not None, bool(verb.sized))) > 1:
        raise usage("volume, risk and a size for each account exclude each other")
    chosen = _accounts(turn, verb)
    if verb.pool:
        chosen = [_whose_turn(turn, verb, signal, mission, chosen)]
        _as_shown(verb, chosen[0][0])
    targets = [_target(turn, verb, signal, *one) for one in chosen]
    if verb.dry_run:
        return _dry_run(turn, asked, verb, signal, mission, targets)
    if mission is None:
        number = turn.state.next_number
        turn.emit(r.MissionProposed(number, signal, routing.HAND, _quotes_of(turn, targets[0].account)))
        mission = turn.state.missions[number]
    acts = tuple(_fire_one(turn, asked, verb, mission, target) for target in targets)
    if verb.pool and turn.state.acts[acts[0]].state is not ActState.DENIED:
        turn.emit(r.PoolUsed(verb.pool, targets[0].account.name))
    return wait(turn, asked.request, "fire", verb.wait_s, acts)


def _whose_turn(
    turn: Turn, verb: Firing, signal: Signal, mission: Mission | None, members: list[tuple[Account, Decimal]]
) -> tuple[Account, Decimal]:
    """The first in turn whose account would take it now; where none would, the first in turn, to be denied. What one
    of them has already, by the same mission or by the same hand a moment ago, is denied there unless it was said to be
    meant: another's turn is no reason to open it twice."""
    act_id, able = numbering.new_act_id(turn.state), []
    for member in members:
        try:
            target = _target(turn, verb, signal, *member)
        except Refused:
            continue  # its terms are not known: another one's turn
        source = mission.source if mission else _quotes_of(turn, target.account)
        ask = _ask(turn, verb, signal, source, mission, target, act_id)
        verdict = risk.judge(turn.state, turn.live, turn.now_ns, ask)
        if Reason.LOOKS_REPEATED.name in verdict.codes:
            return member
        if Reason.DUPLICATE.name in verdict.codes and not verb.again:
            return member
        if verdict.ok:
            able.append(member)
    return (able or members)[0]


def _as_shown(verb: Firing, account: Account) -> None:
    """A size with a pool is one that was shown, on the account whose turn it was: nobody else's turn takes it."""
    if verb.sized and verb.sized[0].account != account.name:
        told = f"it is {account.name}'s turn in {verb.pool} by now, and {verb.sized[0].account} was shown"
        raise Refused(ErrorCode.CONFLICT, told, "look again")


def _in_turn(turn: Turn, pool: str) -> list[tuple[Account, Decimal]]:
    if pool not in turn.state.pools:
        known = ", ".join(turn.state.pools) or "none"
        raise Refused(ErrorCode.NOT_FOUND, f"no pool {pool}", f"known pools: {known}")
    return [(turn.state.accounts[name], ONE) for name in pools.in_turn(turn.state, pool)]


def _accounts(turn: Turn, verb: Firing) -> list[tuple[Account, Decimal]]:
    """The accounts that a fire names, each with its multiplier: one, several, a group, all of the operator's, or their
    primary one."""
    of_a_pool = verb.pool and len(verb.sized) == 1
    named = (verb.account, verb.accounts, verb.group, verb.pool, verb.all_accounts, verb.sized and not of_a_pool)
    if sum(map(bool, named)) > 1:
        raise usage("account, accounts, group, pool, all and a size for each account exclude each other")
    if verb.pool:
        return _in_turn(turn, verb.pool)
    if verb.group:
        members = turn.state.groups.get(verb.group)
        if members is None:
            known = ", ".join(turn.state.groups) or "none"
            raise Refused(ErrorCode.NOT_FOUND, f"no group {verb.group}", f"known groups: {known}")
        return [(turn.state.accounts[name], multiplier) for name, multiplier in members.items()]
    if verb.all_accounts:
        operator = turn.state.operator(turn.actor)
        found = crew.accounts_of(turn.state, operator) if operator else []
        if not found:
            raise Refused(ErrorCode.NOT_FOUND, "no account was given to you", "hydractl terminal assign")
        return [(turn.state.accounts[name], ONE) for name in found]
    names = tuple(row.account for row in verb.sized) or verb.accounts or (verb.account,)
    if len(set(names)) != len(names):
        raise usage("an account is named twice")
    return [(account_named(turn, name), ONE) for name in names]


def _target(turn: Turn, verb: Firing, signal: Signal, account: Account, multiplier: Decimal) -> Target:
    """What the multiplier makes of the risk or the volume asked for; a volume is rounded down to the step."""
    lots = next((row.volume for row in verb.sized if row.account == account.name), verb.volume)
    volume_steps = volume_of(turn, account, signal.symbol, lots)
    if volume_steps:
        scaled = int(volume_steps * multiplier)
        if not scaled:
            raise usage(f"{verb.volume} times {multiplier} is less than a step on {account.name}")
        return Target(account, multiplier, scaled, None)
    percent = percent_of(verb.risk)
    if percent is None and multiplier != ONE:
        percent = limits_for(turn.state, account.name, turn.actor).risk_per_trade_percent
    return Target(account, multiplier, 0, None if percent is None else percent * multiplier)


def _quotes_of(turn: Turn, account: Account) -> str:
    """The terminal on whose quotes a mission by hand is made."""
    holder = risk.lane_holder(turn.state, turn.live, account.name)
    return holder.name if holder else ""


def _ask(
    turn: Turn, verb: Firing, signal: Signal, source: str, mission: Mission | None, target: Target, act_id: int
) -> risk.Ask:
    return risk.Ask(
        signal=signal,
        mission_number=mission.number if mission else 0,
        mission_state=mission.state if mission else MissionState.PROPOSED,
        account=target.account,
        role=turn.state.role(turn.actor),
        plan=verb.plan,
        volume_steps=target.volume_steps,
        risk_percent=target.risk_percent,
        act_id=act_id,
        actor=turn.actor,
        source=source,
        by_hand=mission is None or mission.origin == routing.HAND,
        again=verb.again,
    )


def _dry_run(
    turn: Turn, asked: Requested, verb: Firing, signal: Signal, mission: Mission | None, targets: list[Target]
) -> None:
    act_id = numbering.new_act_id(turn.state)
    source = mission.source if mission else _quotes_of(turn, targets[0].account)
    verdicts = [
        risk.judge(turn.state, turn.live, turn.now_ns, _ask(turn, verb, signal, source, mission, target, act_id))
        for target in targets
    ]
    rows = tuple(
        act_views.target_row(verdict, target.account, target.multiplier)
        for verdict, target in zip(verdicts, targets, strict=True)
    )
    first = verdicts[0]
    bad = [verdict for verdict in verdicts if not verdict.ok]
    problem = _would_not(bad[0]) if bad else None
    if bad and len(bad) < len(verdicts):
        message = f"{len(bad)} of {len(verdicts)} would be denied, or wait for a second person"
        problem = Problem(ErrorCode.PARTLY.value, message, None, {"denied": [r.account for r in rows if r.codes]})
    data = act_views.dry_run(turn.state, first, targets[0].account, rows)
    turn.reply(asked.request, FIRE_SCHEMA, data, problem)


def _would_not(verdict: risk.Verdict) -> Problem:
    if not approvals.only_missing(verdict):
        return denied(verdict.codes, verdict.checks)
    message = act_views.would(verdict)
    return Problem(ErrorCode.PENDING.value, message, None, {"codes": list(verdict.codes)})


def looked_at(turn: Turn, verb: calls.Fire, mission: Mission) -> tuple[risk.Verdict, Account]:
    """What the gate says of such a fire by `turn.actor` now. Raises Refused."""
    plan_named(turn, verb.plan)
    target = _target(turn, verb, mission.signal, account_named(turn, verb.account), ONE)
    ask = _ask(turn, verb, mission.signal, mission.source, mission, target, numbering.new_act_id(turn.state))
    return risk.judge(turn.state, turn.live, turn.now_ns, ask), target.account


def _fire_one(turn: Turn, asked: Requested, verb: Firing, mission: Mission, target: Target) -> int:
    act_id = numbering.new_act_id(turn.state)
    ask = _ask(turn, verb, mission.signal, mission.source, mission, target, act_id)
    verdict = risk.judge(turn.state, turn.live, turn.now_ns, ask)
    turn.emit(
        r.ActRequested(
            act_id=act_id,
            kind=ActKind.FIRE,
            account=target.account.name,
            mission=mission.number,
            position=0,
            key=asked.key,
            asked=hash_of(verb),
            deadline_ns=routing.deadline_ns(turn),
            reason=verb.reason or "",
            volume_asked_steps=ask.volume_steps,
            risk_asked_percent=ask.risk_percent,
            plan=verb.plan,
            again=verb.again,
        )
    )
    act = turn.state.acts[act_id]
    routing.record_verdict(turn, act, verdict)
    if verdict.ok:
        routing.pass_verdict(turn, act, verdict)
    elif approvals.only_missing(verdict):
        approvals.ask(turn, act, verdict)
    else:
        turn.move(act, ActEvent.DENY, "gate", codes=verdict.codes)
    return act_id


def _by_hand(turn: Turn, account: Account, verb: calls.FireSymbol) -> Signal:
    """A mission's signal made from what a person typed. At the market the entry is the price that the person was shown,
    else the price now, the collar a tenth of the stop; a resting order stands at its price until the expiry, and its
    time to reach the target begins then."""
    try:
        side = Side[verb.side.upper()]
    except KeyError:
        raise usage(f"side '{verb.side}' is not buy or sell") from None
    terminal = risk.lane_holder(turn.state, turn.live, account.name)
    link = turn.live.link(terminal.name) if terminal else None
    own = own_symbol(turn.state, account.name, verb.symbol)
    terms = link.terms.get(own) if link else None
    if link is None or terms is None:
        known = ", ".join(sorted(link.terms)) if link and link.terms else "none: its terminal is not READY"
        raise Refused(ErrorCode.NOT_FOUND, f"{account.name} has no symbol {verb.symbol}", f"symbols known: {known}")
    quote = link.quotes.get(own)
    if quote is None:
        raise Refused(
            ErrorCode.DENIED,
            f"{verb.symbol} has no quote at {link.terminal}",
            None,
            codes=[Reason.TICK_AGE.name],
        )
    kind = _entry_type(verb)
    entry = quote.ask_points if side is Side.BUY else quote.bid_points
    named = verb.shown if kind is EntryType.MARKET else verb.entry
    if named is not None:
        entry = money.price_points(named, terms.digits)
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
        entry_type=kind,
        entry_points=entry,
        stop_points=stop,
        target_points=target,
        collar_points=0 if kind is EntryType.LIMIT else max(distance // 10, 0),
        at_ms=turn.market_ms,
        expires_ms=expires_ms,
        horizon_ms=(turn.market_ms if kind is EntryType.MARKET else expires_ms) + HAND_HORIZON_MS,
        r_milli=r_milli,
        tcs=None,
        detector=HAND_DETECTOR,
        profile="",
        session=session_text(turn.market_ms),
        features=(),
    )


def _entry_type(verb: calls.FireSymbol) -> EntryType:
    """Never inferred: a price without a type, or a type without a price, is no order."""
    if verb.type is None and verb.entry is None:
        return EntryType.MARKET
    if verb.type not in ("limit", "stop") or verb.entry is None:
        raise usage("a resting order needs both: entry, and type limit or stop")
    return EntryType[verb.type.upper()]


VERBS: Table = {calls.Fire: (Role.TRADER, _fire), calls.FireSymbol: (Role.TRADER, _fire_symbol)}
