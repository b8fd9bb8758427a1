"""What of an answer a person may see: money and accounts only of accounts that they reach. For HUD and bot.

A commander, and whoever was given all accounts, sees everything. Of others, rows of an account that they do not reach
are left out, an answer about one such thing is refused, and so are the questions whose answers cannot be told apart.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from hydrad.domain.actors import Role
from hydrad.toc.audience import Audience, sees
from hydrad.toc.people import Person
from hydrad.wire import calls
from hydrad.wire.answers import Answer, Problem
from hydrad.wire.answers.accounts import AccountRow, AccountShow, GroupRow, PoolRow
from hydrad.wire.answers.acts import ActShow, FireAnswer
from hydrad.wire.answers.authority import HaltData
from hydrad.wire.answers.comparing import PreflightData, PreflightRow
from hydrad.wire.answers.journal import TraceData
from hydrad.wire.answers.market import FeedRow, QuoteRow
from hydrad.wire.answers.missions import MissionShow
from hydrad.wire.answers.reports import ReportData
from hydrad.wire.answers.status import HealthData, HealthRow
from hydrad.wire.calls.base import Verb
from hydrad.wire.codes import ErrorCode

ELSEWHERE = "elsewhere"
# Their answers name accounts and sums in words.
WHOLE_ONLY: frozenset[type[Verb]] = frozenset({calls.Findings, calls.Changes, calls.ConfigShow, calls.SymbolDiff})


def narrowed(person: Person, verb: Verb, answer: Answer) -> Answer:
    """The answer to a query (or a dry run) as this person may see it."""
    if answer.data is None:
        return answer
    if isinstance(verb, calls.Operators) and person.role < Role.APPROVER:
        own = tuple(row for row in answer.data if row.name == person.name)
        return msgspec.structs.replace(answer, data=own)
    if isinstance(verb, calls.Channels) and person.role < Role.APPROVER:
        own = tuple(row for row in answer.data.people if row.name == person.name)
        return msgspec.structs.replace(answer, data=msgspec.structs.replace(answer.data, people=own))
    if person.audience is None:
        return answer
    if isinstance(answer.data, HaltData):
        return _halt(answer, answer.data, person.audience)
    if isinstance(answer.data, HealthData):
        return _health(answer, answer.data, person.audience)
    data = None if type(verb) in WHOLE_ONLY else _seen(answer.data, person.audience)
    if data is None:
        problem = Problem(ErrorCode.FORBIDDEN.value, "it concerns an account that was not given to you")
        return msgspec.structs.replace(answer, ok=False, data=None, error=problem)
    return msgspec.structs.replace(answer, data=data)


def latched(person: Person, verb: Verb, answer: Answer) -> Answer:
    """The answer to an act as its person may see it: that of a halt or a resume names terminals of everybody."""
    return narrowed(person, verb, answer) if isinstance(answer.data, HaltData) else answer


def _seen(value: Any, shown: Audience) -> Any:
    """A value without what is of other accounts; None when it is of one itself."""
    if isinstance(value, tuple | list):
        kept = (_seen(item, shown) for item in value)
        return tuple(item for item in kept if item is not None)
    if not isinstance(value, msgspec.Struct):
        return value
    if isinstance(value, FeedRow):
        return quote(value, shown)
    if isinstance(value, QuoteRow):
        return quote(value, shown)
    account = _account_of(value)
    if account is not None and not sees(shown, account):
        return None
    if isinstance(value, HealthRow):
        return _health_row(value, shown)
    if isinstance(value, GroupRow | PoolRow):  # whole or not at all: a fire on it is one on every member
        return value if all(sees(shown, member) for member in value.members) else None
    if isinstance(value, TraceData):
        return _trace(value, shown)
    if isinstance(value, ReportData):
        return _report(value, shown)
    if isinstance(value, MissionShow):
        return _mission(value, shown)
    if isinstance(value, PreflightData):
        value = msgspec.structs.replace(value, rows=tuple(map(_preflight, value.rows)))
    return _fields(value, shown)


Q = TypeVar("Q", FeedRow, QuoteRow)


def quote(row: Q, shown: Audience) -> Q:
    """A price is nobody's; from whose terminal it comes, and why from that one, is told to who sees the account."""
    if shown is None:
        return row
    why = {"source_why" if isinstance(row, QuoteRow) else "why": None}
    if sees(shown, row.account or ""):
        return msgspec.structs.replace(row, **why)
    return msgspec.structs.replace(row, terminal=ELSEWHERE, account=None, **why)


def _health_row(row: HealthRow, shown: Audience) -> HealthRow | None:
    seen = tuple(account for account in row.accounts if sees(shown, account))
    if seen == row.accounts:
        return row
    detail = f"it concerns {', '.join(seen)}"
    return msgspec.structs.replace(row, accounts=seen, detail=detail) if seen else None


def _health(answer: Answer, data: HealthData, shown: Audience) -> Answer:
    """As healthy as it is, also where what fails is of accounts that are not seen: that is counted, and not named."""
    checks = tuple(row for row in (_health_row(row, shown) for row in data.checks) if row is not None)
    failing = tuple(row.check for row in checks if not row.ok)
    hidden = len(data.failing) - len(failing)
    error = answer.error
    if error is not None:
        named = (*failing, f"{hidden} of accounts that were not given to you") if hidden else failing
        error = Problem(error.code, "failing: " + ", ".join(named))
    return msgspec.structs.replace(answer, data=HealthData(data.healthy, failing, checks), error=error)


def _halt(answer: Answer, data: HaltData, shown: Audience) -> Answer:
    """Told whosever it was: terminals and orders of other accounts are counted, and not named."""
    own = tuple(row for row in data.terminals if sees(shown, row.account))
    hidden = [row for row in data.terminals if not sees(shown, row.account)]
    unverified = sum(not row.verified for row in hidden)
    told = msgspec.structs.replace(
        data,
        terminals=own,
        resting=tuple(row for row in data.resting if sees(shown, row.account)),
        elsewhere=len(hidden),
        elsewhere_unverified=unverified,
    )
    error = answer.error
    if error is not None and error.facts and "unverified" in error.facts:
        named = [row.terminal for row in own if not row.verified]
        named += [f"{unverified} {ELSEWHERE}"] if unverified else []
        message = error.message.replace(", ".join(error.facts["unverified"]), ", ".join(named))
        error = Problem(error.code, message, error.hint, {"unverified": named})
    return msgspec.structs.replace(answer, data=told, error=error)


def _account_of(value: msgspec.Struct) -> str | None:
    """Whose a row is; None where it is nobody's."""
    if isinstance(value, AccountRow):
        return value.name
    if isinstance(value, AccountShow):
        return value.account.name
    if isinstance(value, ActShow):
        return value.act.account
    if isinstance(value, FireAnswer):
        accounts = {row.account for row in value.reduces} | ({value.order.account} if value.order else set())
        return accounts.pop() if len(accounts) == 1 else None
    account = getattr(value, "account", None)
    return account if isinstance(account, str) else None


def _fields(value: msgspec.Struct, shown: Audience) -> msgspec.Struct | None:
    """None where a part that is no row of many is not to be seen: what stands around it speaks of it."""
    held = {name: getattr(value, name) for name in value.__struct_fields__}
    seen = {name: _seen(item, shown) for name, item in held.items() if isinstance(item, tuple | list | msgspec.Struct)}
    return None if None in seen.values() else msgspec.structs.replace(value, **seen)


def _mission(value: MissionShow, shown: Audience) -> MissionShow:
    """Without the acts on other accounts, without what they opened, and what was noted of those. Its ticks come from
    elsewhere where their account is not seen."""
    acts = tuple(act for act in value.acts if sees(shown, act.account))
    told = {value.mission.id, *(part for act in acts for part in (act.id, act.position))}
    notes = tuple(note for note in value.notes if note.id in told)
    positions = tuple(row for row in value.positions if sees(shown, row.account))
    value = msgspec.structs.replace(value, acts=acts, notes=notes, positions=positions)
    if value.source_account is not None and sees(shown, value.source_account):
        return value
    return msgspec.structs.replace(value, source=value.source and ELSEWHERE, source_account=None)


def _preflight(row: PreflightRow) -> PreflightRow:
    """What rings is named whosever it is: here only that something does."""
    names = row.code == "ALARMS" and not row.ok
    return msgspec.structs.replace(row, measured="some that nobody has acknowledged") if names else row


def _trace(value: TraceData, shown: Audience) -> TraceData | None:
    """Without the records of acts on other accounts: an act's first one names its account, the others only the act."""
    hidden: set[str] = set()
    for event in value.events:
        account = event.facts.get("account")
        if isinstance(account, str) and account and not sees(shown, account):
            hidden.update(named for named in event.ids if not named.startswith("M"))
    if value.id in hidden:
        return None
    kept = tuple(event for event in value.events if hidden.isdisjoint(event.ids))
    return TraceData(value.id, value.title, kept, tuple(event.text for event in kept if event.kind == "FINDING"))


def _report(value: ReportData, shown: Audience) -> ReportData:
    """R is nobody's; the sums are of all accounts together, and are left out."""
    groups = (group for group in value.groups if value.by != "account" or sees(shown, group.group))
    return msgspec.structs.replace(value, groups=tuple(msgspec.structs.replace(g, money=()) for g in groups))
