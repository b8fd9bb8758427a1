"""Operators, policies, groups, pools, and the changes that wait for a second person."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hydrad.domain.accounts import AccountKind
from hydrad.domain.actors import Role
from hydrad.toc.records.base import Body


class OperatorSet(Body, frozen=True):
    identity: str
    name: str
    role: Role


class OperatorAdded(Body, frozen=True):
    """A person and how they are known: `uid:1000`, `telegram:…`. `accounts`: those they may fire on, `*` for all."""

    name: str
    role: Role
    policy: str
    identities: tuple[str, ...]
    accounts: tuple[str, ...]


class OperatorRoleSet(Body, frozen=True):
    name: str
    role: Role
    reason: str


class OperatorPolicySet(Body, frozen=True):
    name: str
    policy: str


class OperatorLinked(Body, frozen=True):
    name: str
    identity: str


class OperatorAccountsSet(Body, frozen=True):
    """`primary`: where a fire without a choice goes; empty is the first of `accounts`."""

    name: str
    accounts: tuple[str, ...]
    primary: str


class OperatorSuspended(Body, frozen=True):
    name: str
    reason: str


class OperatorRestored(Body, frozen=True):
    name: str
    reason: str


class OperatorRemoved(Body, frozen=True):
    name: str
    reason: str


class OperatorInvited(Body, frozen=True):
    """`digest`: SHA-256 of the code, which is shown once and kept nowhere. `expires_ns`: machine time."""

    name: str
    role: Role
    policy: str
    accounts: tuple[str, ...]
    digest: bytes
    expires_ns: int


class PolicySet(Body, frozen=True):
    """What operators under this policy may do at most; None is no limit of the policy's."""

    name: str
    kinds: tuple[AccountKind, ...]
    open_max: int | None
    fires_per_day_max: int | None
    risk_per_trade_max_percent: Decimal | None


class GroupMember(msgspec.Struct, frozen=True, array_like=True):
    """`multiplier`: of the risk or volume that is asked for."""

    account: str
    multiplier: Decimal


class GroupSet(Body, frozen=True):
    """No members: the group is gone."""

    name: str
    members: tuple[GroupMember, ...]


class ChangeAsked(Body, frozen=True):
    """A change that waits for a second person, or for its time: the record that it will write, as it will stand.

    `subject`: what it changes; a newer change of the same subject voids it. `effective_ns`: machine time at which it
    is made by itself; 0 is never.
    """

    number: int
    subject: str
    type: str
    body: bytes
    text: str
    effective_ns: int


class ChangeEnded(Body, frozen=True):
    """`how`: APPROVED, DUE, VOID or DROPPED."""

    number: int
    how: str
    detail: str


class PoolSet(Body, frozen=True):
    """Accounts of which one takes a fire, in turn; `multiplier` is the weight here. No members: the pool is gone."""

    name: str
    members: tuple[GroupMember, ...]


class PoolUsed(Body, frozen=True):
    """A fire on the pool went to this account."""

    name: str
    account: str
