"""Fires: of a mission, and by hand."""

from __future__ import annotations

from hydrad.domain import ids, money
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind
from hydrad.domain.orders import ActKind, EntryType, Side
from hydrad.domain.signals import Signal, SignalKind
from hydrad.toc import fold, risk, routing, views
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent
from hydrad.toc.desk.refusals import (
    Refused,
    account_named,
    denied,
    percent_of,
    usage,
    volume_of,
)
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import FIRE_SCHEMA, hash_of, told_before, wait
from hydrad.toc.inputs import Requested
from hydrad.toc.mission import MissionState
from hydrad.toc.state import Account, Mission
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode, Reason

HAND_DETECTOR = "hand"
HAND_HORIZON_MS = 120 * 60_000


def _fire(turn: Turn, asked: Requested, verb: calls.Fire) -> None:
    if told_before(turn, asked, verb):
        return
    _, number = ids.parse(verb.mission, IdKind.MISSION)
    mission = turn.state.missions.get(number)
    if mission is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no mission {verb.mission}")
    account = account_named(turn, verb.account)
    _judge_and_fire(turn, asked, verb, account, mission.signal, mission)


def _fire_symbol(turn: Turn, asked: Requested, verb: calls.FireSymbol) -> None:
    if told_before(turn, asked, verb):
        return
    account = account_named(turn, verb.account)
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
    volume_steps, risk_percent = volume_of(turn, account, signal.symbol, verb.volume), percent_of(verb.risk)
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
        problem = None if verdict.ok else denied(verdict.codes, verdict.checks)
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
            asked=hash_of(verb),
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
    return wait(turn, asked.request, "fire", verb.wait_s, (act_id,))


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


VERBS: Table = {calls.Fire: (Role.TRADER, _fire), calls.FireSymbol: (Role.TRADER, _fire_symbol)}
