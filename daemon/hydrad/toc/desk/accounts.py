"""Accounts: limits of their own, groups with multipliers, and the phone number of their broker."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from hydrad.domain import money
from hydrad.domain.actors import Role
from hydrad.toc import approvers, changes, views_crew
from hydrad.toc import records as r
from hydrad.toc.desk.changing import pending
from hydrad.toc.desk.refusals import Refused, account_named, is_plain, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.limit_table import THRESHOLDS
from hydrad.toc.limiting import BadLimit, loosened, value_of
from hydrad.toc.records.people import GroupMember
from hydrad.toc.state import Account
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode

GROUPS_MAX = 100
MULTIPLIER_MAX = Decimal(10)
# As people write them, such as +44 (0)20 7946 0000 ext. 12: nothing that a message could take for more than a number.
_PHONE = re.compile(r"\+?[0-9(][0-9 ().\-/]{3,30}[0-9](?: (?:ext\. ?|x ?)[0-9]{1,8})?")


def _limits(turn: Turn, asked: Requested, verb: calls.AccountLimits) -> None:
    """What tightens holds at once. What loosens waits for another commander, or a day."""
    account = account_named(turn, verb.account)
    wanted = _wanted(account, verb)
    looser = loosened(account.limits, wanted)
    now = {**wanted, **{name: account.limits[name] for name in looser}}
    subject = f"limits {account.name}"
    _enough_people(turn, now)
    if now != account.limits:
        turn.emit(r.AccountLimitsSet(account.name, now))
    changes.void(turn, subject, "the account's limits were set anew")
    problem = None
    if looser:
        named = ", ".join(f"{n} {account.limits[n]} -> {wanted.get(n, 'as everywhere')}" for n in looser)
        text = f"{account.name}: {named}"
        change = changes.ask(turn, subject, r.AccountLimitsSet(account.name, wanted), text, changes.LOOSEN_AFTER_NS)
        problem = pending(turn, change, "looser limits")
    data = views_crew.account_show(turn.state, turn.live, turn.now_ns, account)
    turn.reply(asked.request, "hydra.account/v1", data, problem)


def _enough_people(turn: Turn, limits: dict[str, str]) -> None:
    named = {name: value_of(name, limits[name]) for name in THRESHOLDS if name in limits}
    why_not = approvers.short_of_people(turn.state, msgspec.structs.replace(turn.state.limits, **named))
    if named and why_not:
        raise Refused(ErrorCode.CONFLICT, why_not, "hydractl operator role NAME approver")


def _wanted(account: Account, verb: calls.AccountLimits) -> dict[str, str]:
    if not verb.values and not verb.clear:
        raise usage("no limit is named")
    try:
        named = {name: str(value_of(name, text)) for name, text in verb.values.items()}
        for name in verb.clear:
            value_of(name, "0")
    except BadLimit as error:
        raise usage(str(error)) from None
    kept = {name: text for name, text in account.limits.items() if name not in verb.clear}
    return {**kept, **named}


def _phone(turn: Turn, asked: Requested, verb: calls.AccountPhone) -> None:
    account = account_named(turn, verb.account)
    set_phone(turn, account, verb.phone)
    data = views_crew.account_show(turn.state, turn.live, turn.now_ns, account)
    turn.reply(asked.request, "hydra.account/v1", data)


def set_phone(turn: Turn, account: Account, phone: str) -> None:
    """Raises Refused for what is no number."""
    checked_phone(phone)
    if phone != account.phone:
        turn.emit(r.BrokerPhoneSet(account.name, phone))


def checked_phone(phone: str) -> None:
    """Raises Refused; nothing is a number that is not known."""
    if phone and not _PHONE.fullmatch(phone):
        raise usage("this is no phone number", "such as +44 20 7946 0000, or +44 20 7946 0000 ext. 12")


def _group(turn: Turn, asked: Requested, verb: calls.AccountGroup) -> None:
    turn.emit(r.GroupSet(verb.group, _members(turn, verb.group, verb.members, turn.state.groups, "multiplier")))
    turn.reply(asked.request, "hydra.group/v1", views_crew.group_row(turn.state, verb.group))


def _pool(turn: Turn, asked: Requested, verb: calls.AccountPool) -> None:
    """A pool that is set anew counts its turns from the start."""
    turn.emit(r.PoolSet(verb.pool, _members(turn, verb.pool, verb.members, turn.state.pools, "weight")))
    turn.reply(asked.request, "hydra.group/v1", views_crew.pool_row(turn.state, verb.pool))


def _members(
    turn: Turn, name: str, given: dict[str, str], known: dict[str, dict[str, Decimal]], what: str
) -> tuple[GroupMember, ...]:
    if not is_plain(name):
        raise usage("names are 1 to 32 letters, digits, dashes or underscores")
    if name not in known and len(known) >= GROUPS_MAX:
        raise Refused(ErrorCode.CONFLICT, f"there are {GROUPS_MAX} of them already")
    members = []
    for account, text in given.items():
        number = money.decimal(text, what)
        if not 0 < number <= MULTIPLIER_MAX:
            raise usage(f"{what} {text} is not above 0 and at most {MULTIPLIER_MAX}")
        members.append(GroupMember(account_named(turn, account).name, number))
    return tuple(members)


VERBS: Table = {
    calls.AccountLimits: (Role.COMMANDER, _limits),
    calls.AccountPhone: (Role.COMMANDER, _phone),
    calls.AccountGroup: (Role.COMMANDER, _group),
    calls.AccountPool: (Role.COMMANDER, _pool),
}
