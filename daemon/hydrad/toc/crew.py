"""The crew: who may fire where, under which policy. Pure look-ups over the operators of the state."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from hydrad.domain import calendar
from hydrad.domain.accounts import AccountKind
from hydrad.domain.actors import Role
from hydrad.domain.orders import ActKind
from hydrad.toc.act import RESERVED
from hydrad.toc.state import Operator, Policy, State

ALL = "*"
STARTER = "starter"
_EVERY_KIND = tuple(AccountKind)
# `full` leaves everything to the account's limits; `starter` is what an invited person begins with.
BUILT_IN = {
    "full": Policy("full", _EVERY_KIND),
    "starter": Policy("starter", (AccountKind.PAPER, AccountKind.DEMO), open_max=1, fires_per_day_max=3),
}


def digest_of(code: str) -> str:
    """SHA-256 of an invitation's code in hexadecimal: what inputs and journal have of it."""
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()


def policy_named(state: State, name: str) -> Policy | None:
    """A policy, built in or made by a commander."""
    return state.policies.get(name) or BUILT_IN.get(name)


def policies(state: State) -> dict[str, Policy]:
    return {**BUILT_IN, **state.policies}


def active_commanders(state: State) -> list[Operator]:
    """Those who may decide, in the order in which they joined."""
    return [o for o in state.operators.values() if o.role is Role.COMMANDER and not o.suspended]


def on_call(state: State) -> list[Operator]:
    """Those on call, by `oncall.order`: the first is told first; who is suspended is passed over."""
    known = [state.operators[name] for name in dict.fromkeys(state.on_call) if name in state.operators]
    return [operator for operator in known if not operator.suspended]


def name_of(state: State, identity: str) -> str:
    """Who that is, by name where they are known; else the identity as it is."""
    operator = state.operator(identity)
    return operator.name if operator else identity


def commanders(state: State) -> list[Operator]:
    """All of them, suspended ones too."""
    return [o for o in state.operators.values() if o.role is Role.COMMANDER]


def reaches(operator: Operator, account: str) -> bool:
    """Whether this operator was given this account."""
    return ALL in operator.accounts or account in operator.accounts


def accounts_of(state: State, operator: Operator) -> list[str]:
    """The accounts an operator may fire on, in order of enrolment."""
    return [account.name for account in state.traded() if reaches(operator, account.name)]


def primary_of(state: State, operator: Operator | None) -> str | None:
    """Where a fire without a choice goes: the operator's primary account, else the first that was given to them."""
    if operator is None:
        return None
    if operator.primary in state.accounts:
        return operator.primary
    return next(iter(accounts_of(state, operator)), None)


def open_of(state: State, operator: Operator, but: int = 0) -> int:
    """Positions that this operator's fires opened, and fires of theirs whose outcome is not known. `but`: an act."""
    held = sum(1 for n in state.positions_open if _fired_by(state, state.positions[n].fire_id, operator))
    flying = sum(
        1
        for n in state.acts_pending
        if n != but
        and state.acts[n].kind is ActKind.FIRE
        and state.acts[n].state in RESERVED
        and _fired_by(state, n, operator)
    )
    return held + flying


def fires_today(operator: Operator, market_ms: int) -> int:
    """Fires of this operator that were routed on the trading day of New York."""
    return operator.fires_count if operator.fires_day == calendar.trading_day(market_ms) else 0


def broken(policy: Policy, kind: AccountKind, opened: int, fired: int, risk_percent: Decimal | None) -> list[str]:
    """What of a policy another fire would break; each names the measure and the limit."""
    found = []
    if kind not in policy.kinds:
        found.append(f"{kind.value} account, {' or '.join(k.value for k in policy.kinds) or 'none'} allowed")
    if policy.open_max is not None and opened >= policy.open_max:
        found.append(f"{opened} open, {policy.open_max} allowed")
    if policy.fires_per_day_max is not None and fired >= policy.fires_per_day_max:
        found.append(f"{fired} fires today, {policy.fires_per_day_max} allowed")
    highest = policy.risk_per_trade_max_percent
    if highest is not None and (risk_percent is None or risk_percent > highest):
        found.append(f"risk {'unknown' if risk_percent is None else f'{risk_percent:.3f}'} %, {highest} % allowed")
    return found


def _fired_by(state: State, act: int, operator: Operator) -> bool:
    return state.acts[act].actor in operator.identities
