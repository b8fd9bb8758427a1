"""Operators, policies, waiting changes, and what people say of alarms and acts."""

from __future__ import annotations

from hydrad.wire.calls.base import Verb


class Ack(Verb, frozen=True, tag="ack"):
    """Take an alarm on: it stands, and is no longer repeated."""

    alarm: str
    note: str | None = None


class Note(Verb, frozen=True, tag="note"):
    """Write something about a mission, act, position or alarm. `tag`: a plain word that `report` can count by."""

    id: str
    text: str
    tag: str | None = None


class OperatorAdd(Verb, frozen=True, tag="operator.add"):
    """`identity`: such as `uid:1001` or `telegram:42`. `accounts`: names, or `*` for all."""

    name: str
    role: str
    identity: str
    policy: str = "starter"
    accounts: tuple[str, ...] = ()


class OperatorInvite(Verb, frozen=True, tag="operator.invite"):
    """A code that makes its first user this operator, for 15 minutes."""

    name: str
    role: str = "trader"
    policy: str = "starter"
    accounts: tuple[str, ...] = ()


class OperatorClaim(Verb, frozen=True, tag="operator.claim"):
    """Become the operator that a code was made for."""

    code: str


class OperatorRole(Verb, frozen=True, tag="operator.role"):
    name: str
    role: str
    reason: str = ""


class OperatorPolicy(Verb, frozen=True, tag="operator.policy"):
    name: str
    policy: str


class OperatorLink(Verb, frozen=True, tag="operator.link"):
    name: str
    identity: str


class OperatorSuspend(Verb, frozen=True, tag="operator.suspend"):
    """By any trader, for anyone, at once."""

    name: str
    reason: str = ""


class OperatorRestore(Verb, frozen=True, tag="operator.restore"):
    """By a commander, at a shell."""

    name: str
    reason: str = ""


class OperatorRemove(Verb, frozen=True, tag="operator.remove"):
    name: str
    reason: str = ""


class PolicySet(Verb, frozen=True, tag="policy.set"):
    """A named policy; what is None is no limit of its own."""

    name: str
    kinds: tuple[str, ...] = ("paper", "demo")
    open_max: int | None = None
    fires_per_day_max: int | None = None
    risk_per_trade_max_percent: str | None = None


class ChangeDrop(Verb, frozen=True, tag="change.drop"):
    """End a waiting change."""

    id: str
    reason: str = ""
