"""What people see of the crew: operators, policies, groups, limits of an account, changes that wait."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import MINUTE, ms_text, ns_text
from hydrad.domain.money import money_text
from hydrad.toc import account_views, crew, risk
from hydrad.toc.changes import ALONE_AFTER_NS
from hydrad.toc.first_fires import first_fires_left
from hydrad.toc.gate.account import cool_at_ms
from hydrad.toc.limiting import limits_for, own_limits
from hydrad.toc.live import Live
from hydrad.toc.state import Account, Change, Operator, Policy, State
from hydrad.toc.turn import DAEMON_ACTOR
from hydrad.wire.answers.accounts import AccountShow, GroupRow, LimitRow
from hydrad.wire.answers.people import ChangeRow, OperatorRow, PolicyRow, RoomRow


def operator_row(state: State, operator: Operator, market_ms: int) -> OperatorRow:
    fired = crew.fires_today(operator, market_ms) if market_ms else 0
    policy = crew.policy_named(state, operator.policy)
    most = policy.fires_per_day_max if policy else None
    return OperatorRow(
        name=operator.name,
        role=operator.role.name.lower(),
        state="SUSPENDED" if operator.suspended else "ACTIVE",
        policy=operator.policy,
        identities=tuple(operator.identities),
        accounts=operator.accounts,
        primary=crew.primary_of(state, operator),
        open=crew.open_of(state, operator),
        fires_today=fired,
        since=ns_text(operator.added_ns),
        why=operator.why or None,
        fires_max=most,
        fires_left=_left(most, fired),
        room=tuple(room_row(state, state.accounts[name], market_ms) for name in crew.accounts_of(state, operator)),
    )


def room_row(state: State, account: Account, market_ms: int) -> RoomRow:
    """By the figures that the gate judges by."""
    holds = limits_for(state, account.name)
    most, cool_ms = holds.fires_per_day_max, cool_at_ms(account, holds)
    cooling = ms_text(cool_ms, 0) if market_ms < cool_ms else None
    return RoomRow(account.name, account.day_fires, most, _left(most, account.day_fires), cooling)


def _left(most: int | None, fired: int) -> int | None:
    return None if most is None else max(most - fired, 0)


def policy_row(state: State, policy: Policy) -> PolicyRow:
    percent = policy.risk_per_trade_max_percent
    return PolicyRow(
        name=policy.name,
        kinds=tuple(kind.value for kind in policy.kinds),
        open_max=policy.open_max,
        fires_per_day_max=policy.fires_per_day_max,
        risk_per_trade_max_percent=str(percent) if percent is not None else None,
        operators=tuple(o.name for o in state.operators.values() if o.policy == policy.name),
    )


def group_row(state: State, name: str) -> GroupRow:
    members = {account: f"{multiplier.normalize():f}" for account, multiplier in state.groups.get(name, {}).items()}
    return GroupRow(name, members)


def pool_row(state: State, name: str) -> GroupRow:
    members = {account: f"{weight.normalize():f}" for account, weight in state.pools.get(name, {}).items()}
    return GroupRow(name, members)


def account_show(state: State, live: Live, now_ns: int, account: Account) -> AccountShow:
    holds = limits_for(state, account.name)
    lane = risk.lane_holder(state, live, account.name)
    return AccountShow(
        account=account_views.account_row(state, live, now_ns, account),
        limits=tuple(
            LimitRow(name, _text(getattr(state.limits, name)), account.limits.get(name), _text(getattr(holds, name)))
            for name in own_limits()
        ),
        groups={
            group: f"{members[account.name].normalize():f}"
            for group, members in state.groups.items()
            if account.name in members
        },
        terminals=tuple(t.name for t in state.terminals.values() if t.account == account.name),
        lane=lane.name if lane else None,
        operators=tuple(o.name for o in state.operators.values() if crew.reaches(o, account.name)),
        armed=account.armed,
        first_fires_left=first_fires_left(account),
        peak=_money(account.peak_equity),
        start=_money(account.start_equity),
        day=_money(account.day_equity),
        phone=account.phone or None,
    )


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else money_text(amount)


def _text(limit: object) -> str | None:
    return None if limit is None else str(limit)


def change_row(state: State, change: Change) -> ChangeRow:
    alone = len(crew.commanders(state)) < 2
    wait = f"by the one commander, {ALONE_AFTER_NS // MINUTE} minutes after it was asked for"
    asked = state.operator(change.asked_by)
    by_file = change.asked_by == DAEMON_ACTOR
    return ChangeRow(
        id=show(IdKind.CHANGE, change.number),
        text=change.text,
        asked_by=asked.name if asked else change.asked_by,
        asked_at=ns_text(change.asked_ns),
        due_at=ns_text(change.effective_ns) if change.effective_ns else None,
        approve="by nobody: a file asked for it" if by_file else wait if alone else "by another commander",
    )
