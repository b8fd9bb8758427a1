"""Records about people, limits, groups, lanes and waiting changes, as one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import ns_text
from hydrad.toc import records as r
from hydrad.toc.records.base import Body
from hydrad.toc.state import State

Told = tuple[str, tuple[str, ...], str]


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _listed(names: tuple[str, ...]) -> str:
    return "all accounts" if names == ("*",) else ", ".join(names) or "no account"


def _set(state: State, b: r.OperatorSet) -> Told:
    return f"{b.identity} is {b.role.name.lower()}", (), ""


def _added(state: State, b: r.OperatorAdded) -> Told:
    known = ", ".join(b.identities)
    text = f"{b.name} ({known}) is {b.role.name.lower()} under policy {b.policy}, on {_listed(b.accounts)}"
    return text, (b.name,), ""


def _role(state: State, b: r.OperatorRoleSet) -> Told:
    return f"{b.name} is {b.role.name.lower()} now{_because(b.reason)}", (b.name,), ""


def _policy(state: State, b: r.OperatorPolicySet) -> Told:
    return f"{b.name} is under policy {b.policy} now", (b.name,), ""


def _linked(state: State, b: r.OperatorLinked) -> Told:
    return f"{b.identity} is {b.name} too", (b.name,), ""


def _accounts(state: State, b: r.OperatorAccountsSet) -> Told:
    primary = f", first {b.primary}" if b.primary else ""
    return f"{b.name} may fire on {_listed(b.accounts)}{primary}", (b.name,), ""


def _suspended(state: State, b: r.OperatorSuspended) -> Told:
    return f"{b.name} SUSPENDED{_because(b.reason)}", (b.name,), ""


def _restored(state: State, b: r.OperatorRestored) -> Told:
    return f"{b.name} restored{_because(b.reason)}", (b.name,), ""


def _removed(state: State, b: r.OperatorRemoved) -> Told:
    return f"{b.name} removed{_because(b.reason)}", (b.name,), ""


def _invited(state: State, b: r.OperatorInvited) -> Told:
    return f"invitation for {b.name} as {b.role.name.lower()}, until {ns_text(b.expires_ns, 0)}", (b.name,), ""


def _policy_set(state: State, b: r.PolicySet) -> Told:
    limits = {
        "open": b.open_max,
        "fires a day": b.fires_per_day_max,
        "% risk a trade": b.risk_per_trade_max_percent,
    }
    known = [f"{value} {name}" for name, value in limits.items() if value is not None]
    kinds = ", ".join(kind.value for kind in b.kinds) or "no"
    return f"policy {b.name}: {kinds} accounts; at most {', '.join(known) or 'what the account allows'}", (b.name,), ""


def _limits(state: State, b: r.AccountLimitsSet) -> Told:
    own = ", ".join(f"{name} {text}" for name, text in b.limits.items()) or "none of its own"
    return f"limits of {b.account}: {own}", (b.account,), ""


def _group(state: State, b: r.GroupSet) -> Told:
    members = ", ".join(f"{m.account} x {m.multiplier}" for m in b.members) or "taken away"
    return f"group {b.name}: {members}", (b.name,), ""


def _mapped(state: State, b: r.SymbolsMapped) -> Told:
    maps = ", ".join(f"{symbol} = {own}" for symbol, own in b.maps.items()) or "none"
    return f"symbols of {b.account}: {maps}", (b.account,), ""


def _lane(state: State, b: r.LaneSet) -> Told:
    return f"{b.terminal} opens for {b.account} from here on{_because(b.reason)}", (b.terminal, b.account), ""


def _asked(state: State, b: r.ChangeAsked) -> Told:
    due = f", due {ns_text(b.effective_ns, 0)}" if b.effective_ns else ""
    shown = show(IdKind.CHANGE, b.number)
    return f"{shown} waits for a second person{due}: {b.text}", (shown,), ""


def _ended(state: State, b: r.ChangeEnded) -> Told:
    shown = show(IdKind.CHANGE, b.number)
    return f"{shown} {b.how}{_because(b.detail)}", (shown,), ""


def _pool_set(state: State, b: r.PoolSet) -> Told:
    members = ", ".join(f"{m.account} {m.multiplier.normalize():f}" for m in b.members)
    return f"pool {b.name}: {members or 'gone'}", (), ""


def _pool_used(state: State, b: r.PoolUsed) -> Told:
    return f"pool {b.name}: it was {b.account}'s turn", (), ""


TELLERS: dict[type[Body], Callable[[State, Any], Told]] = {
    r.PoolSet: _pool_set,
    r.PoolUsed: _pool_used,
    r.OperatorSet: _set,
    r.OperatorAdded: _added,
    r.OperatorRoleSet: _role,
    r.OperatorPolicySet: _policy,
    r.OperatorLinked: _linked,
    r.OperatorAccountsSet: _accounts,
    r.OperatorSuspended: _suspended,
    r.OperatorRestored: _restored,
    r.OperatorRemoved: _removed,
    r.OperatorInvited: _invited,
    r.PolicySet: _policy_set,
    r.AccountLimitsSet: _limits,
    r.GroupSet: _group,
    r.LaneSet: _lane,
    r.SymbolsMapped: _mapped,
    r.ChangeAsked: _asked,
    r.ChangeEnded: _ended,
}
