"""The risk gate: may this open? An explicit, ordered tuple of checks; all run, all are journaled.

Each check gives whether it passed, what was measured and what the limit is, as text a person reads. What cannot be
measured does not pass: a missing balance, spec or price is a refusal. The checks themselves are in `gate`, by subject.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from hydrad.domain.ids import sequence_of
from hydrad.domain.money import money_text
from hydrad.domain.orders import (
    ORDER_VERSION,
    ActKind,
    Order,
    order_hash,
)
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import news, planning, sizing
from hydrad.toc.basis import basis_of
from hydrad.toc.first_fires import first_fires_left
from hydrad.toc.gate import account, approval, exposure, market, people, prices, size, terminal
from hydrad.toc.gate.case import UNKNOWN, Ask, Case, Measure
from hydrad.toc.limiting import limits_for
from hydrad.toc.limits import Limits
from hydrad.toc.live import Link, Live
from hydrad.toc.mapping import own_symbol
from hydrad.toc.mids import Basis
from hydrad.toc.records.acts import Check
from hydrad.toc.state import State, Terminal
from hydrad.toc.terminal import Duty, LinkState
from hydrad.wire.codes import Reason


@dataclass(slots=True)
class Verdict:
    """`order` is None only where the symbol's terms are unknown, so that not even a refusal's order can be shown."""

    ok: bool
    order: Order | None
    order_hash: bytes
    checks: tuple[Check, ...]
    risk_money: Decimal
    base: Decimal
    base_text: str
    terms: SymbolTerms | None
    terminal: str
    codes: tuple[str, ...]
    basis: Basis | None
    left_out: tuple[str, ...] = ()  # steps of the named plan that its order does not have, and why


def lane_holder(state: State, live: Live, account: str) -> Terminal | None:
    """The terminal that opens for an account: the one a person gave the lane to while it is READY and ACTIVE, else
    the first such in order of enrolment, else the first of all."""
    chosen = state.lanes.get(account)
    terminals = sorted(
        (t for t in state.terminals.values() if t.account == account),
        key=lambda terminal: (terminal.name != chosen, terminal.rank),
    )
    for holder in terminals:
        if live.link(holder.name).state is LinkState.READY and holder.duty is Duty.ACTIVE:
            return holder
    return terminals[0] if terminals else None


def judge(state: State, live: Live, now_ns: int, ask: Ask) -> Verdict:
    """Every check, the size, and the exact order with its hash."""
    case = look_up(state, live, now_ns, ask)
    checks = tuple(Check(reason.name, *check(case)) for reason, check in CHECKS)
    ok = all(check.ok for check in checks)
    order = _order(case) if case.at and case.terms else None
    base_text = (
        f"min(balance, equity) less credit = {money_text(case.base)} {ask.account.currency}"
        if case.base is not None
        else UNKNOWN
    )
    return Verdict(
        ok=ok and order is not None,
        order=order,
        order_hash=order_hash(order) if order else b"",
        checks=checks,
        risk_money=case.risk_money or Decimal(0),
        base=case.base or Decimal(0),
        base_text=base_text,
        terms=case.terms,
        terminal=case.terminal.name if case.terminal else "",
        codes=tuple(check.code for check in checks if not check.ok),
        basis=case.basis,
        left_out=_planned(case).left_out,
    )


def look_up(state: State, live: Live, now_ns: int, ask: Ask) -> Case:
    """What the checks measure by. Where the basis is not known the levels stand unshifted, to be shown: BASIS denies
    them."""
    symbol = own_symbol(state, ask.account.name, ask.signal.symbol)
    limits = limits_for(state, ask.account.name, ask.actor)
    holder = lane_holder(state, live, ask.account.name)
    link = live.link(holder.name) if holder else None
    terms = link.terms.get(symbol) if link else None
    basis = None
    if holder and terms:
        basis = basis_of(
            state,
            live,
            holder.name,
            ask.source,
            ask.signal.symbol,
            terms.digits,
            ask.signal.digits,
            limits.tick_age_max_ms,
        )
    at = _levels(ask, terms, basis) if terms else None
    base = base_of(link)
    steps, risk_money = _size(limits, ask, terms, at, base)
    quote = link.quotes.get(symbol) if link else None
    return Case(ask, state, live, now_ns, limits, holder, link, terms, quote, basis, at, base, steps, risk_money)


def _levels(ask: Ask, terms: SymbolTerms, basis: Basis | None) -> sizing.Levels:
    """Where a second person was asked about an order, its own."""
    frozen = ask.frozen
    if frozen is None:
        return sizing.levels(ask.signal, terms.digits, basis.points if basis else 0)
    return sizing.Levels(frozen.entry_points, frozen.stop_points, frozen.target_points, frozen.collar_points)


def base_of(link: Link | None) -> Decimal | None:
    """What percentages are of: min(balance, equity) less credit; None while the terminal has not told."""
    if link is None or link.account is None:
        return None
    return min(link.account.balance, link.account.equity) - link.account.credit


def _size(
    limits: Limits, ask: Ask, terms: SymbolTerms | None, at: sizing.Levels | None, base: Decimal | None
) -> tuple[int, Decimal | None]:
    if terms is None or at is None or not at.stop_points:
        return ask.volume_steps, None
    distance = sizing.stop_distance(ask.signal.side, at)
    steps = ask.volume_steps
    if not steps and base is not None:
        percent = ask.risk_percent if ask.risk_percent is not None else limits.risk_per_trade_percent
        steps = sizing.volume_for(base * percent / 100, distance, terms)
        if first_fires_left(ask.account):
            steps = min(steps, terms.volume_min_steps)
    if distance <= 0:
        return steps, None
    return steps, sizing.money_at_stop(distance, steps, terms)


def _order(case: Case) -> Order:
    assert case.at is not None and case.terms is not None
    ask, at = case.ask, case.at
    return Order(
        version=ORDER_VERSION,
        kind=ActKind.FIRE,
        account=ask.account.name,
        symbol=case.terms.symbol,
        side=ask.signal.side,
        entry_type=ask.signal.entry_type,
        entry_points=at.entry_points,
        volume_steps=case.steps,
        stop_points=at.stop_points,
        target_points=at.target_points,
        collar_points=at.collar_points,
        expiration_ms=ask.signal.expires_ms // 1000 * 1000 if case.rests else 0,
        plan=_planned(case).steps,
    )


def _planned(case: Case) -> planning.Planned:
    """Each step's act id is drawn with the fire: the numbers right after the fire's own."""
    at, terms, signal = case.at, case.terms, case.ask.signal
    if at is None or terms is None:
        return planning.Planned(())
    r_points = abs(at.entry_points - at.stop_points)
    occasion = planning.Occasion(
        signal.symbol,
        r_points,
        case.steps,
        terms.volume_min_steps,
        signal.horizon_ms,
        case.market_ms,
        news.next_ms(case.live.news, terms, case.market_ms),
    )
    return planning.plan_for(case.state, case.ask.plan, sequence_of(case.ask.act_id) + 1, occasion)


def _plan(c: Case) -> Measure:
    problem = _planned(c).problem
    return not problem, problem or c.ask.plan, "known, its times still to come"


CHECKS: tuple[tuple[Reason, Callable[[Case], Measure]], ...] = (
    (Reason.AUTHORITY, people.authority),
    (Reason.SERVICE_STOPPED, people.service),
    (Reason.ROLE, people.role),
    (Reason.ASSIGNMENT, people.assignment),
    (Reason.POLICY, people.policy),
    (Reason.MISSION_STATE, people.mission_state),
    (Reason.MISSION_EXPIRED, people.mission_expired),
    (Reason.DUPLICATE, people.duplicate),
    (Reason.LOOKS_REPEATED, people.looks_repeated),
    (Reason.ACCOUNT_UNKNOWN, terminal.account_known),
    (Reason.TERMS_UNKNOWN, terminal.terms_known),
    (Reason.TERMINAL_LINK, terminal.terminal_link),
    (Reason.TERMINAL_DUTY, terminal.terminal_duty),
    (Reason.CLOCK_OFFSET, terminal.clock_offset),
    (Reason.BROKER_CLOCK, terminal.broker_clock),
    (Reason.TRADING_OFF, terminal.trading_on),
    (Reason.SYMBOL_TRADE_MODE, market.trade_mode),
    (Reason.MARKET_HOURS, market.market_hours),
    (Reason.NEWS, market.news),
    (Reason.TICK_AGE, market.tick_age),
    (Reason.SPREAD, prices.spread),
    (Reason.BASIS, prices.basis),
    (Reason.ENTRY_MISSED, prices.entry_missed),
    (Reason.PRICE_SIDE, prices.price_side),
    (Reason.STOP_PRESENT, prices.stop_present),
    (Reason.STOPS_LEVEL, prices.stops_level),
    (Reason.ORDER_TYPE, prices.order_type),
    (Reason.SIZE, size.size),
    (Reason.VOLUME_LIMITS, size.volume_limits),
    (Reason.OPEN_POSITIONS, exposure.open_positions),
    (Reason.RESTING_ORDERS, exposure.resting_orders),
    (Reason.SYMBOL_POSITIONS, exposure.symbol_positions),
    (Reason.OPERATOR_POSITIONS, exposure.operator_positions),
    (Reason.OPPOSITE_POSITION, exposure.opposite_position),
    (Reason.FIRES_PER_MINUTE, account.fires_per_minute),
    (Reason.FIRES_PER_DAY, account.fires_per_day),
    (Reason.COOL_DOWN, account.cool_down),
    (Reason.RISK_PER_TRADE, size.risk_per_trade),
    (Reason.OPEN_RISK, exposure.open_risk),
    (Reason.CURRENCY_EXPOSURE, exposure.currency_exposure),
    (Reason.CORRELATED_EXPOSURE, exposure.correlated_exposure),
    (Reason.DAY_LOSS, account.day_loss),
    (Reason.DRAWDOWN, account.drawdown),
    (Reason.MARGIN, size.margin),
    (Reason.NETTING_SYMBOL_BUSY, exposure.netting_busy),
    (Reason.PLAN, _plan),
    (Reason.FIRST_FIRES, account.first_fires),
    (Reason.APPROVAL, approval.approval),
    (Reason.LIMIT_UNSET, account.limits_set),
)
# In every verdict: which checks, in which order, this build has.
RULES_HASH = hashlib.sha256("\n".join(reason.name for reason, _ in CHECKS).encode()).digest()[:8]

__all__ = ["CHECKS", "RULES_HASH", "Ask", "Case", "Verdict", "base_of", "judge", "lane_holder"]
