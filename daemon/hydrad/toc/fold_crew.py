"""The fold's part that concerns people: operators, invites, policies, limits of accounts, groups, lanes, changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.domain import calendar
from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Change, Confirmed, Invite, Operator, Policy, State


def fired(state: State, identity: str, market_ms: int) -> None:
    """Count a fire that was routed, on the trading day of New York."""
    operator = state.operator(identity)
    if operator is None:
        return
    day = calendar.trading_day(market_ms)
    operator.fires_count = operator.fires_count + 1 if operator.fires_day == day else 1
    operator.fires_day = day


def _link(state: State, operator: Operator, identity: str) -> None:
    assert state.identities.get(identity, operator.name) == operator.name, f"{identity} is somebody else"
    state.identities[identity] = operator.name
    if identity not in operator.identities:
        operator.identities.append(identity)


def _operator_set(state: State, record: Record, body: r.OperatorSet) -> None:
    operator = state.operators.setdefault(body.name, Operator(body.name, body.role, added_ns=record.at_ns))
    operator.role = body.role
    _link(state, operator, body.identity)


def _operator_added(state: State, record: Record, body: r.OperatorAdded) -> None:
    assert body.name not in state.operators
    operator = Operator(body.name, body.role, body.policy, accounts=body.accounts, added_ns=record.at_ns)
    state.operators[body.name] = operator
    state.invites.pop(body.name, None)
    for identity in body.identities:
        _link(state, operator, identity)


def _operator_role(state: State, record: Record, body: r.OperatorRoleSet) -> None:
    state.operators[body.name].role = body.role


def _operator_policy(state: State, record: Record, body: r.OperatorPolicySet) -> None:
    state.operators[body.name].policy = body.policy


def _operator_linked(state: State, record: Record, body: r.OperatorLinked) -> None:
    _link(state, state.operators[body.name], body.identity)


def _operator_accounts(state: State, record: Record, body: r.OperatorAccountsSet) -> None:
    operator = state.operators[body.name]
    operator.accounts, operator.primary = body.accounts, body.primary


def _operator_suspended(state: State, record: Record, body: r.OperatorSuspended) -> None:
    operator = state.operators[body.name]
    operator.suspended, operator.why, operator.suspended_ns = True, body.reason, record.at_ns


def _operator_restored(state: State, record: Record, body: r.OperatorRestored) -> None:
    operator = state.operators[body.name]
    operator.suspended, operator.why = False, body.reason


def _operator_removed(state: State, record: Record, body: r.OperatorRemoved) -> None:
    operator = state.operators.pop(body.name)
    for identity in operator.identities:
        del state.identities[identity]
    for tests in (state.channels_asked, state.channel_tests):  # nobody who joins under that name has read anything
        for channel in [channel for channel, test in tests.items() if test.name == body.name]:
            del tests[channel]


def _operator_invited(state: State, record: Record, body: r.OperatorInvited) -> None:
    for invite in [i for i in state.invites.values() if i.expires_ns <= record.at_ns]:
        del state.invites[invite.name]
    state.invites[body.name] = Invite(
        body.name, body.role, body.policy, body.accounts, body.digest, body.expires_ns, record.actor
    )


def _policy_set(state: State, record: Record, body: r.PolicySet) -> None:
    state.policies[body.name] = Policy(
        body.name, body.kinds, body.open_max, body.fires_per_day_max, body.risk_per_trade_max_percent
    )


def _account_limits(state: State, record: Record, body: r.AccountLimitsSet) -> None:
    state.accounts[body.account].limits = dict(body.limits)


def _group_set(state: State, record: Record, body: r.GroupSet) -> None:
    if body.members:
        state.groups[body.name] = {member.account: member.multiplier for member in body.members}
    else:
        state.groups.pop(body.name, None)


def _pool_set(state: State, record: Record, body: r.PoolSet) -> None:
    state.pool_fires.pop(body.name, None)
    if body.members:
        state.pools[body.name] = {member.account: member.multiplier for member in body.members}
    else:
        state.pools.pop(body.name, None)


def _pool_used(state: State, record: Record, body: r.PoolUsed) -> None:
    fires = state.pool_fires.setdefault(body.name, {})
    fires[body.account] = fires.get(body.account, 0) + 1


def _symbols_mapped(state: State, record: Record, body: r.SymbolsMapped) -> None:
    state.symbol_maps[body.account] = dict(body.maps)
    known = state.symbol_terms.get(body.account, {})
    new = {symbol: Confirmed(record.at_ns, record.actor, terms) for symbol, terms in body.terms.items()}
    state.symbol_terms[body.account] = {
        symbol: confirmed for symbol, confirmed in {**known, **new}.items() if symbol in body.maps
    }


def _lane_set(state: State, record: Record, body: r.LaneSet) -> None:
    assert state.terminals[body.terminal].account == body.account
    state.lanes[body.account] = body.terminal


def _change_asked(state: State, record: Record, body: r.ChangeAsked) -> None:
    state.next_number = max(state.next_number, body.number + 1)
    state.changes[body.number] = Change(
        number=body.number,
        subject=body.subject,
        type=body.type,
        body=body.body,
        text=body.text,
        asked_by=record.actor,
        asked_ns=record.at_ns,
        effective_ns=body.effective_ns,
    )


def _change_ended(state: State, record: Record, body: r.ChangeEnded) -> None:
    del state.changes[body.number]


HANDLERS: dict[type[Body], Callable[[State, Record, Any], None]] = {
    r.OperatorSet: _operator_set,
    r.OperatorAdded: _operator_added,
    r.OperatorRoleSet: _operator_role,
    r.OperatorPolicySet: _operator_policy,
    r.OperatorLinked: _operator_linked,
    r.OperatorAccountsSet: _operator_accounts,
    r.OperatorSuspended: _operator_suspended,
    r.OperatorRestored: _operator_restored,
    r.OperatorRemoved: _operator_removed,
    r.OperatorInvited: _operator_invited,
    r.PolicySet: _policy_set,
    r.AccountLimitsSet: _account_limits,
    r.GroupSet: _group_set,
    r.PoolSet: _pool_set,
    r.PoolUsed: _pool_used,
    r.LaneSet: _lane_set,
    r.SymbolsMapped: _symbols_mapped,
    r.ChangeAsked: _change_asked,
    r.ChangeEnded: _change_ended,
}
