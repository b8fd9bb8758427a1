"""Who is shown what: the accounts a person may see, and the account a record is about. Pure look-ups.

A commander sees every account, since nobody else could look after those that were given to no one; anybody else sees
those that were given to them (`*`: all). What is about no account (missions, feeds, the daemon itself) everyone sees.
"""

from __future__ import annotations

from typing import Any

from hydrad.domain import ids
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind
from hydrad.toc import crew
from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.toc.state import State

Audience = frozenset[str] | None
"""Names of accounts; None: all of them."""

_OF_POSITIONS = (r.PositionChanged, r.PositionClosed)
_OF_ALARMS = (r.AlarmAcknowledged, r.AlarmRepeated, r.AlarmChanged, r.AlarmCleared)
# They name accounts, sums and people's addresses in words, or hold the digest of a code or another's answer.
_WHOLE_ONLY = (
    r.RequestAnswered,
    r.FindingMade,
    r.CallRefused,
    r.OperatorSet,
    r.OperatorAdded,
    r.OperatorAccountsSet,
    r.OperatorSuspended,
    r.OperatorRestored,
    r.OperatorRemoved,
    r.HearsSet,
    r.ChangeAsked,
    r.ChangeEnded,
    r.GroupSet,
    r.PoolSet,
    r.ContactSet,
    r.ChannelAsked,
    r.ChannelTested,
    r.OperatorInvited,
    r.OperatorLinked,
)


def of(state: State, identity: str) -> Audience:
    """What this person is shown. Nothing, where they have no role."""
    operator = state.operator(identity)
    if operator is None or operator.suspended:
        return frozenset()
    if operator.role is Role.COMMANDER or crew.ALL in operator.accounts:
        return None
    return frozenset(operator.accounts)


def sees(audience: Audience, account: str) -> bool:
    """Whether something about this account is shown; `""` is about none."""
    return audience is None or not account or account in audience


def account_of(state: State, record: Record) -> str:
    """The account a record is about, `""` where it is about none: its own field, else its act's, its position's or its
    terminal's. `*`, which is no account's name: it is for those who see all of them."""
    body: Any = r.decode(record.type, record.body)
    if isinstance(body, _WHOLE_ONLY):
        return crew.ALL
    if isinstance(body, _OF_ALARMS):
        return _of_alarm(state, body.number)
    if isinstance(body, r.NoteMade):
        return _of_shown(state, body.subject)
    if isinstance(body, r.AccountAdded):
        return body.name
    account = getattr(body, "account", "")
    if account:
        return str(account)
    act = state.acts.get(getattr(body, "act_id", 0))
    if act is not None:
        return act.account
    numbered = body.number if isinstance(body, _OF_POSITIONS) else getattr(body, "position", 0)
    position = state.positions.get(numbered)
    if position is not None:
        return position.account
    return _of_terminal(state, getattr(body, "terminal", ""))


def _of_alarm(state: State, number: int) -> str:
    found = [alarm for alarm in (*state.alarms.values(), *state.alarms_past) if alarm.number == number]
    return found[0].account if found else crew.ALL


def _of_shown(state: State, text: str) -> str:
    """Whose the thing with this shown id is; a mission is nobody's."""
    kind, number = ids.parse(text, IdKind.MISSION, IdKind.FIRE, IdKind.ACT, IdKind.POSITION, IdKind.ALARM)
    if kind is IdKind.MISSION:
        return ""
    if kind is IdKind.ALARM:
        return _of_alarm(state, number)
    if kind is not IdKind.POSITION:
        act = state.acts.get(ids.act_id(state.tag, number))
        return act.account if act is not None else crew.ALL
    position = state.positions.get(number)
    foreign = (account for (account, _), known in state.foreign.items() if known == number)
    return position.account if position is not None else next(foreign, crew.ALL)


def _of_terminal(state: State, name: str) -> str:
    """Of one that was removed nobody knows any more whose it was."""
    terminal = state.terminals.get(name)
    return terminal.account if terminal is not None else crew.ALL if name else ""
