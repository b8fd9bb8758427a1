"""Who asks, under which authority, for which mission."""

from __future__ import annotations

from collections.abc import Iterator

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import SECOND, ms_text
from hydrad.domain.orders import ActKind
from hydrad.toc import crew, housekeeping
from hydrad.toc.act import LIVE_OR_EXECUTED, ActState
from hydrad.toc.gate.case import UNKNOWN, Case, Measure
from hydrad.toc.mission import ACCEPTS_FIRES
from hydrad.toc.state import Act

REPEAT_NS = 60 * SECOND
_MAY_HAVE_OPENED = LIVE_OR_EXECUTED | {ActState.CLOSED}


def authority(c: Case) -> Measure:
    level = c.state.account_authority(c.ask.account.name)
    return level is Authority.ACTIVE, level.name, Authority.ACTIVE.name


def service(c: Case) -> Measure:
    return housekeeping.toc_running(c.state)


def role(c: Case) -> Measure:
    return c.ask.role >= Role.TRADER, c.ask.role.name.lower(), "trader"


def assignment(c: Case) -> Measure:
    operator = c.state.operator(c.ask.actor)
    if operator is None:
        return False, "no operator", f"assigned to {c.ask.account.name}"
    given = "all accounts" if crew.ALL in operator.accounts else ", ".join(operator.accounts) or "no account"
    return crew.reaches(operator, c.ask.account.name), f"{operator.name}: {given}", f"assigned to {c.ask.account.name}"


def policy(c: Case) -> Measure:
    operator = c.state.operator(c.ask.actor)
    policy = crew.policy_named(c.state, operator.policy) if operator else None
    if operator is None or policy is None:
        return False, "no policy", "a policy"
    percent = c.risk_money * 100 / c.base if c.risk_money is not None and c.base else None
    opened = crew.open_of(c.state, operator, but=c.ask.act_id)
    fired = crew.fires_today(operator, c.market_ms)
    found = crew.broken(policy, c.ask.account.kind, opened, fired, percent)
    return not found, "; ".join(found) or f"{opened} open, {fired} fires today", f"policy {policy.name}"


def mission_state(c: Case) -> Measure:
    return c.ask.mission_state in ACCEPTS_FIRES, c.ask.mission_state.value, "PROPOSED or ENGAGED"


def mission_expired(c: Case) -> Measure:
    return (
        bool(c.market_ms) and c.market_ms < c.ask.signal.expires_ms,
        ms_text(c.market_ms, 0) if c.market_ms else UNKNOWN,
        f"before {ms_text(c.ask.signal.expires_ms, 0)}",
    )


def duplicate(c: Case) -> Measure:
    mission = c.state.missions.get(c.ask.mission_number)
    for number in mission.acts if mission else ():
        act = c.state.acts[number]
        same = act.kind is ActKind.FIRE and act.account == c.ask.account.name and number != c.ask.act_id
        if same and act.state in LIVE_OR_EXECUTED:
            shown = show(IdKind.FIRE, sequence_of(number))
            return False, f"{shown} {act.state.value} by {act.actor}", "none"
    return True, "none", "none"


def looks_repeated(c: Case) -> Measure:
    """By hand alone: a mission guards itself. What was denied or came to nothing is no repetition."""
    if not c.ask.by_hand:
        return True, "a mission of APEX", "no twin within 60 s"
    twin = next(_twins(c), None)
    if twin is None:
        return True, "none", "no twin within 60 s"
    shown, age = show(IdKind.FIRE, sequence_of(twin.act_id)), (c.now_ns - twin.requested_ns) // SECOND
    return c.ask.again, f"{shown} {twin.state.value}, {age} s ago", "no twin within 60 s, or said to be meant (--again)"


def _same_person(c: Case, actor: str) -> bool:
    """One operator may come from a shell and from a phone."""
    operator = c.state.operator(c.ask.actor)
    return actor == c.ask.actor or (operator is not None and actor in operator.identities)


def _twins(c: Case) -> Iterator[Act]:
    """Fires of the same actor, account, symbol and side that came before this one, the newest first. A position that
    was adopted has no mission, and was not fired."""
    signal = c.ask.signal
    for act in reversed(c.state.acts.values()):
        if act.kind is not ActKind.FIRE or not act.mission or act.act_id >= c.ask.act_id:
            continue
        if c.now_ns - act.requested_ns > REPEAT_NS:
            return
        same = _same_person(c, act.actor) and act.account == c.ask.account.name and act.state in _MAY_HAVE_OPENED
        theirs = c.state.missions[act.mission].signal
        if same and (theirs.symbol, theirs.side) == (signal.symbol, signal.side):
            yield act
