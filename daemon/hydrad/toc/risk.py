"""The risk gate: may this open? An explicit, ordered tuple of checks; all run, all are journaled.

Each check gives whether it passed, what was measured and what the limit is, as text a person reads. What cannot be
measured does not pass: a missing balance, spec or price is a refusal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from hydrad.domain import calendar
from hydrad.domain.accounts import AccountKind, Authority
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import MINUTE_MS, MS, SECOND, ms_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.domain.orders import (
    ORDER_VERSION,
    ActKind,
    EntryType,
    Order,
    order_hash,
)
from hydrad.domain.signals import Signal
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import crew, exposure, planning, sizing
from hydrad.toc.act import LIVE_OR_EXECUTED
from hydrad.toc.limiting import limits_for
from hydrad.toc.limits import Limits
from hydrad.toc.live import Link, Live, Quote
from hydrad.toc.mission import ACCEPTS_FIRES, MissionState
from hydrad.toc.records import Check
from hydrad.toc.state import Account, State, Terminal
from hydrad.toc.terminal import Duty, LinkState
from hydrad.wire.codes import Reason

FULL_TRADE_MODE = 4
LONG_ONLY, SHORT_ONLY = 1, 2
MEASUREMENT_AGE_MAX_NS = 60 * SECOND
_UNKNOWN = "unknown"

Measure = tuple[bool, str, str]


@dataclass(slots=True)
class Ask:
    """One question to the gate. `mission_number` 0 for a dry run by hand, whose mission does not exist."""

    signal: Signal
    mission_number: int
    mission_state: MissionState
    account: Account
    role: Role
    plan: str
    volume_steps: int
    risk_percent: Decimal | None
    act_id: int
    actor: str = ""


@dataclass(slots=True)
class Case:
    """An ask with everything that was looked up for it. None means not known."""

    ask: Ask
    state: State
    live: Live
    now_ns: int
    terminal: Terminal | None
    link: Link | None
    terms: SymbolTerms | None
    quote: Quote | None
    at: sizing.Levels | None
    base: Decimal | None
    steps: int
    risk_money: Decimal | None

    @property
    def limits(self) -> Limits:
        """Those that hold for this account."""
        return limits_for(self.state, self.ask.account.name, self.ask.actor)

    @property
    def price(self) -> int:
        """Where a market order of this side would be filled now, in points; 0 when there is no quote."""
        if self.quote is None:
            return 0
        return self.quote.ask_points if self.ask.signal.side.sign > 0 else self.quote.bid_points

    @property
    def market_ms(self) -> int:
        return self.live.market_ms


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
    left_out: tuple[str, ...] = ()  # steps of the named plan that its order does not have, and why


def lane_holder(state: State, live: Live, account: str) -> Terminal | None:
    """The terminal that opens for an account: the one a person gave the lane to while it is READY and ACTIVE, else
    the first such in order of enrolment, else the first of all."""
    chosen = state.lanes.get(account)
    terminals = sorted(
        (t for t in state.terminals.values() if t.account == account),
        key=lambda terminal: (terminal.name != chosen, terminal.rank),
    )
    for terminal in terminals:
        if live.link(terminal.name).state is LinkState.READY and terminal.duty is Duty.ACTIVE:
            return terminal
    return terminals[0] if terminals else None


def judge(state: State, live: Live, now_ns: int, ask: Ask) -> Verdict:
    """Every check, the size, and the exact order with its hash."""
    case = _look_up(state, live, now_ns, ask)
    checks = tuple(Check(reason.name, *check(case)) for reason, check in CHECKS)
    ok = all(check.ok for check in checks)
    order = _order(case) if case.at and case.terms else None
    base_text = (
        f"min(balance, equity) less credit = {money_text(case.base)} {ask.account.currency}"
        if case.base is not None
        else _UNKNOWN
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
        left_out=_planned(case).left_out,
    )


def _look_up(state: State, live: Live, now_ns: int, ask: Ask) -> Case:
    terminal = lane_holder(state, live, ask.account.name)
    link = live.link(terminal.name) if terminal else None
    terms = link.terms.get(ask.signal.symbol) if link else None
    at = sizing.levels(ask.signal, terms.digits) if terms else None
    base = base_of(link)
    steps, risk_money = _size(state, ask, terms, at, base)
    quote = link.quotes.get(ask.signal.symbol) if link else None
    return Case(ask, state, live, now_ns, terminal, link, terms, quote, at, base, steps, risk_money)


def base_of(link: Link | None) -> Decimal | None:
    """What percentages are of: min(balance, equity) less credit; None while the terminal has not told."""
    if link is None or link.account is None:
        return None
    return min(link.account.balance, link.account.equity) - link.account.credit


def _size(
    state: State, ask: Ask, terms: SymbolTerms | None, at: sizing.Levels | None, base: Decimal | None
) -> tuple[int, Decimal | None]:
    if terms is None or at is None or not at.stop_points:
        return ask.volume_steps, None
    distance = sizing.stop_distance(ask.signal.side, at)
    steps = ask.volume_steps
    if not steps and base is not None:
        usual = limits_for(state, ask.account.name, ask.actor).risk_per_trade_percent
        percent = ask.risk_percent if ask.risk_percent is not None else usual
        steps = sizing.volume_for(base * percent / 100, distance, terms)
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
        plan=_planned(case).steps,
    )


def _planned(case: Case) -> planning.Planned:
    """Each step's act id is drawn with the fire: the numbers right after the fire's own."""
    at, terms, signal = case.at, case.terms, case.ask.signal
    if at is None or terms is None:
        return planning.Planned(())
    r_points = abs(at.entry_points - at.stop_points)
    basis = planning.Basis(
        signal.symbol, r_points, case.steps, terms.volume_min_steps, signal.horizon_ms, case.market_ms
    )
    return planning.plan_for(case.state, case.ask.plan, sequence_of(case.ask.act_id) + 1, basis)


# --- the checks -----------------------------------------------------------------------------------------


def _authority(c: Case) -> Measure:
    level = c.state.account_authority(c.ask.account.name)
    return level is Authority.ACTIVE, level.name, Authority.ACTIVE.name


def _role(c: Case) -> Measure:
    return c.ask.role >= Role.TRADER, c.ask.role.name.lower(), "trader"


def _assignment(c: Case) -> Measure:
    operator = c.state.operator(c.ask.actor)
    if operator is None:
        return False, "no operator", f"assigned to {c.ask.account.name}"
    given = "all accounts" if crew.ALL in operator.accounts else ", ".join(operator.accounts) or "no account"
    return crew.reaches(operator, c.ask.account.name), f"{operator.name}: {given}", f"assigned to {c.ask.account.name}"


def _policy(c: Case) -> Measure:
    operator = c.state.operator(c.ask.actor)
    policy = crew.policy_named(c.state, operator.policy) if operator else None
    if operator is None or policy is None:
        return False, "no policy", "a policy"
    percent = c.risk_money * 100 / c.base if c.risk_money is not None and c.base else None
    opened = crew.open_of(c.state, operator, but=c.ask.act_id)
    fired = crew.fires_today(operator, c.market_ms)
    found = crew.broken(policy, c.ask.account.kind, opened, fired, percent)
    return not found, "; ".join(found) or f"{opened} open, {fired} fires today", f"policy {policy.name}"


def _mission_state(c: Case) -> Measure:
    return c.ask.mission_state in ACCEPTS_FIRES, c.ask.mission_state.value, "PROPOSED or ENGAGED"


def _mission_expired(c: Case) -> Measure:
    return (
        bool(c.market_ms) and c.market_ms < c.ask.signal.expires_ms,
        ms_text(c.market_ms, 0) if c.market_ms else _UNKNOWN,
        f"before {ms_text(c.ask.signal.expires_ms, 0)}",
    )


def _duplicate(c: Case) -> Measure:
    mission = c.state.missions.get(c.ask.mission_number)
    for number in mission.acts if mission else ():
        act = c.state.acts[number]
        same = act.kind is ActKind.FIRE and act.account == c.ask.account.name and number != c.ask.act_id
        if same and act.state in LIVE_OR_EXECUTED:
            shown = show(IdKind.FIRE, sequence_of(number))
            return False, f"{shown} {act.state.value} by {act.actor}", "none"
    return True, "none", "none"


def _account_known(c: Case) -> Measure:
    known = c.base is not None and c.base > 0
    return known, money_text(c.base) if c.base is not None else _UNKNOWN, "a balance above zero"


def _terms_known(c: Case) -> Measure:
    return c.terms is not None, c.terms.symbol if c.terms else _UNKNOWN, "reported in this session"


def _terminal_link(c: Case) -> Measure:
    if c.terminal is None or c.link is None:
        return False, "no terminal", "READY"
    return c.link.state is LinkState.READY, f"{c.terminal.name} {c.link.state.value}", "READY"


def _terminal_duty(c: Case) -> Measure:
    duty = c.terminal.duty if c.terminal else None
    return duty is Duty.ACTIVE, duty.value if duty else "no terminal", "ACTIVE"


def _clock_offset(c: Case) -> Measure:
    limit = f"{c.limits.clock_offset_max_ms} ms, measured within 60 s"
    if c.link is None or c.link.offset_ns is None:
        return False, _UNKNOWN, limit
    age = c.now_ns - c.link.measured_ns
    worst = abs(c.link.offset_ns) + c.link.uncertainty_ns
    ok = worst <= c.limits.clock_offset_max_ms * MS and age <= MEASUREMENT_AGE_MAX_NS
    return (
        ok,
        f"{c.link.offset_ns / MS:.1f} ± {c.link.uncertainty_ns / MS:.1f} ms, {age // SECOND} s old",
        limit,
    )


def _broker_clock(c: Case) -> Measure:
    beat = c.link.beat if c.link else None
    known = beat is not None and beat.offset_ms is not None
    return known, f"{beat.offset_ms} ms" if beat and known else _UNKNOWN, "known"


def _trading_on(c: Case) -> Measure:
    beat = c.link.beat if c.link else None
    if beat is None:
        return False, _UNKNOWN, "connected, allowed"
    measured = (
        f"{'connected' if beat.connected else 'disconnected'}, {'allowed' if beat.trade_allowed else 'switched off'}"
    )
    return beat.connected and beat.trade_allowed, measured, "connected, allowed"


def _trade_mode(c: Case) -> Measure:
    if c.terms is None:
        return False, _UNKNOWN, "this side allowed"
    allowed = {FULL_TRADE_MODE, LONG_ONLY if c.ask.signal.side.sign > 0 else SHORT_ONLY}
    return c.terms.trade_mode in allowed, f"mode {c.terms.trade_mode}", "this side allowed"


def _market_hours(c: Case) -> Measure:
    if not c.market_ms:
        return False, _UNKNOWN, calendar.Hours.OPEN.value
    hours = calendar.hours(c.market_ms)
    return (
        hours is calendar.Hours.OPEN,
        f"{hours.value} at {ms_text(c.market_ms, 0)}",
        calendar.Hours.OPEN.value,
    )


def _tick_age(c: Case) -> Measure:
    limit_ms = c.limits.tick_age_max_ms
    if c.quote is None:
        return False, "no quote", f"{limit_ms} ms"
    age_ms = c.market_ms - c.quote.time_ms
    return 0 <= age_ms <= limit_ms, f"{age_ms} ms", f"{limit_ms} ms"


def _spread(c: Case) -> Measure:
    if c.quote is None or c.at is None or not c.at.stop_points:
        return False, _UNKNOWN, "known"
    points = c.quote.spread_points
    distance = abs(c.price - c.at.stop_points)
    share = Decimal(points) * 100 / distance if distance else Decimal(1000)
    share_max = c.limits.spread_share_of_stop_max_percent
    points_max = c.limits.spread_points_max.get(c.ask.signal.symbol)
    ok = points >= 0 and share <= share_max and (points_max is None or points <= points_max)
    limit = f"{share_max} % of the stop" + (f", {points_max} points" if points_max is not None else "")
    return ok, f"{points} points, {share:.1f} % of the stop", limit


def _entry_missed(c: Case) -> Measure:
    if c.terms is None or c.at is None or not c.price:
        return False, _UNKNOWN, "known"
    low, high = c.at.entry_points - c.at.collar_points, c.at.entry_points + c.at.collar_points
    digits = c.terms.digits
    return (
        low <= c.price <= high,
        price_text(c.price, digits),
        f"{price_text(low, digits)} to {price_text(high, digits)}",
    )


def _price_side(c: Case) -> Measure:
    if c.quote is None or c.at is None or c.terms is None:
        return False, _UNKNOWN, "known"
    sign, exit_price = c.ask.signal.side.sign, _exit_price(c)
    stop_right = not c.at.stop_points or (exit_price - c.at.stop_points) * sign > 0
    target_right = not c.at.target_points or (c.at.target_points - exit_price) * sign > 0
    inside = stop_right and target_right and sizing.stop_distance(c.ask.signal.side, c.at) > 0
    measured = (
        f"stop {_price_or_none(c.at.stop_points, c.terms.digits)}, "
        f"target {_price_or_none(c.at.target_points, c.terms.digits)}"
    )
    return inside, measured, f"around {price_text(exit_price, c.terms.digits)}"


def _exit_price(c: Case) -> int:
    assert c.quote is not None
    return c.quote.bid_points if c.ask.signal.side.sign > 0 else c.quote.ask_points


def _price_or_none(points: int, digits: int) -> str:
    return price_text(points, digits) if points else "none"


def _stop_present(c: Case) -> Measure:
    present = c.ask.signal.stop_points > 0
    return present, "present" if present else "missing", "present"


def _stops_level(c: Case) -> Measure:
    if c.quote is None or c.at is None or c.terms is None:
        return False, _UNKNOWN, "known"
    level = max(c.terms.stops_level_points, c.terms.freeze_level_points)
    price = _exit_price(c)
    distances = [abs(price - points) for points in (c.at.stop_points, c.at.target_points) if points]
    nearest = min(distances, default=0)
    return bool(distances) and nearest >= level, f"{nearest} points", f"{level} points"


def _order_type(c: Case) -> Measure:
    kind = c.ask.signal.entry_type
    return kind is EntryType.MARKET, kind.name, EntryType.MARKET.name


def _size_check(c: Case) -> Measure:
    if c.terms is None:
        return False, _UNKNOWN, "known"
    least = volume_text(c.terms.volume_min_steps, c.terms.volume_step)
    return c.steps >= c.terms.volume_min_steps, volume_text(c.steps, c.terms.volume_step), f"at least {least}"


def _volume_limits(c: Case) -> Measure:
    if c.terms is None:
        return False, _UNKNOWN, "known"
    step = c.terms.volume_step
    same_side = exposure.steps_on_side(c.state, c.live, c.ask.account.name, c.terms.symbol, c.ask.signal.side)
    limit = c.terms.volume_limit_steps
    ok = c.steps <= c.terms.volume_max_steps and (not limit or c.steps + same_side <= limit)
    text = f"{volume_text(c.terms.volume_max_steps, step)} an order"
    if limit:
        text += f", {volume_text(limit, step)} a side"
    return ok, volume_text(c.steps, step), text


def _open_positions(c: Case) -> Measure:
    count = exposure.positions_and_in_flight(c.state, c.live, c.ask.account.name)
    limit = c.limits.open_positions_max
    return count + 1 <= limit, f"{count} and this one", str(limit)


def _fires_per_minute(c: Case) -> Measure:
    recent = [ms for ms in c.state.routed_ms.get(c.ask.account.name, ()) if c.market_ms - ms < MINUTE_MS]
    limit = c.limits.fires_per_minute_max
    return len(recent) + 1 <= limit, f"{len(recent)} and this one", str(limit)


def _risk_per_trade(c: Case) -> Measure:
    limit = c.limits.risk_per_trade_max_percent
    if c.base is None or c.base <= 0 or c.risk_money is None:
        return False, _UNKNOWN, f"{limit} %"
    percent = c.risk_money * 100 / c.base
    return percent <= limit, f"{money_text(c.risk_money)} = {percent:.3f} %", f"{limit} %"


def _open_risk(c: Case) -> Measure:
    limit = c.limits.open_risk_max_percent
    held = exposure.open_risk(c.state, c.live, c.ask.account.name)
    if c.base is None or c.base <= 0 or c.risk_money is None or held is None:
        return False, _UNKNOWN if held is not None else "a foreign position has no stop", f"{limit} %"
    percent = (held + c.risk_money) * 100 / c.base
    return (
        percent <= limit,
        f"{money_text(held)} and {money_text(c.risk_money)} = {percent:.3f} %",
        f"{limit} %",
    )


def _day_loss(c: Case) -> Measure:
    limit = c.limits.day_loss_max_percent
    account = c.ask.account
    if c.link is None or c.link.account is None or not account.day_equity:
        return False, _UNKNOWN, f"{limit} %"
    loss = account.day_equity + account.day_cash - c.link.account.equity
    percent = loss * 100 / account.day_equity
    return percent < limit, f"{money_text(loss)} = {percent:.3f} %", f"below {limit} %"


def _margin(c: Case) -> Measure:
    limit = c.limits.margin_level_min_percent
    account = c.link.account if c.link else None
    if account is None or c.terms is None:
        return False, _UNKNOWN, f"{limit} %"
    per_lot = c.terms.margin_buy if c.ask.signal.side.sign > 0 else c.terms.margin_sell
    if per_lot <= 0:
        return False, _UNKNOWN, f"{limit} %"
    needed = account.margin + per_lot * c.terms.volume_step * c.steps
    if not needed:
        return True, "no margin used", f"{limit} %"
    level = account.equity * 100 / needed
    return level >= limit, f"{level:.0f} % after", f"{limit} %"


def _netting_busy(c: Case) -> Measure:
    if c.ask.account.hedging:
        return True, "hedging", "hedging, or nothing else in this symbol"
    busy = exposure.symbol_busy(c.state, c.live, c.ask.account.name, c.ask.signal.symbol)
    return not busy, busy or "free", "hedging, or nothing else in this symbol"


def _plan(c: Case) -> Measure:
    problem = _planned(c).problem
    return not problem, problem or c.ask.plan, "known, its times still to come"


def _limits_set(c: Case) -> Measure:
    if c.ask.account.kind is not AccountKind.LIVE:
        return True, "set", "set for live"
    # Until a live account can carry limits of its own, none is armed.
    return False, "no limits of its own", "set for live"


CHECKS: tuple[tuple[Reason, Callable[[Case], Measure]], ...] = (
    (Reason.AUTHORITY, _authority),
    (Reason.ROLE, _role),
    (Reason.ASSIGNMENT, _assignment),
    (Reason.POLICY, _policy),
    (Reason.MISSION_STATE, _mission_state),
    (Reason.MISSION_EXPIRED, _mission_expired),
    (Reason.DUPLICATE, _duplicate),
    (Reason.ACCOUNT_UNKNOWN, _account_known),
    (Reason.TERMS_UNKNOWN, _terms_known),
    (Reason.TERMINAL_LINK, _terminal_link),
    (Reason.TERMINAL_DUTY, _terminal_duty),
    (Reason.CLOCK_OFFSET, _clock_offset),
    (Reason.BROKER_CLOCK, _broker_clock),
    (Reason.TRADING_OFF, _trading_on),
    (Reason.SYMBOL_TRADE_MODE, _trade_mode),
    (Reason.MARKET_HOURS, _market_hours),
    (Reason.TICK_AGE, _tick_age),
    (Reason.SPREAD, _spread),
    (Reason.ENTRY_MISSED, _entry_missed),
    (Reason.PRICE_SIDE, _price_side),
    (Reason.STOP_PRESENT, _stop_present),
    (Reason.STOPS_LEVEL, _stops_level),
    (Reason.ORDER_TYPE, _order_type),
    (Reason.SIZE, _size_check),
    (Reason.VOLUME_LIMITS, _volume_limits),
    (Reason.OPEN_POSITIONS, _open_positions),
    (Reason.FIRES_PER_MINUTE, _fires_per_minute),
    (Reason.RISK_PER_TRADE, _risk_per_trade),
    (Reason.OPEN_RISK, _open_risk),
    (Reason.DAY_LOSS, _day_loss),
    (Reason.MARGIN, _margin),
    (Reason.NETTING_SYMBOL_BUSY, _netting_busy),
    (Reason.LIMIT_UNSET, _limits_set),
    (Reason.PLAN, _plan),
)
# In every verdict: which checks, in which order, this build has.
RULES_HASH = hashlib.sha256("\n".join(reason.name for reason, _ in CHECKS).encode()).digest()[:8]

__all__ = ["CHECKS", "RULES_HASH", "Ask", "Verdict", "judge", "lane_holder"]
