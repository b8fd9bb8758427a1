"""Changes that wait: approving and dropping them."""

from __future__ import annotations

from hydrad.domain import ids
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind
from hydrad.toc import arming, changes, routing, views_crew
from hydrad.toc import records as r
from hydrad.toc.desk.refusals import Refused
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.state import Change
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode

CHANGE_SCHEMA = "hydra.change/v1"


def pending(turn: Turn, change: Change, what: str) -> Problem:
    """The problem of an answer whose change waits."""
    row = views_crew.change_row(turn.state, change)
    due = f", else made by itself at {row.due_at}" if row.due_at else ""
    return Problem(
        ErrorCode.PENDING.value,
        f"{what} wait as {row.id}: {change.text}",
        f"hydractl approve {row.id}, {row.approve}{due}",
        {"change": row.id, "due_at": row.due_at},
    )


def approve(turn: Turn, asked: Requested, verb: calls.Approve) -> None:
    """A change is a commander's to approve."""
    has = turn.state.role(turn.actor)
    if has < Role.COMMANDER:
        turn.emit(r.CallRefused(type(verb).__name__, Role.COMMANDER, has))
        raise Refused(ErrorCode.FORBIDDEN, f"commander is needed, {turn.actor} is {has.name.lower()}")
    change = _named(turn, verb.id)
    why_not = changes.may_approve(turn.state, change, turn.actor, turn.now_ns)
    if why_not:
        raise Refused(ErrorCode.FORBIDDEN, f"{verb.id} is not approved: {why_not}")
    row = views_crew.change_row(turn.state, change)
    wanted = r.decode(change.type, change.body)
    if isinstance(wanted, r.AccountArmed):
        _still_armable(turn, wanted)
    if not changes.make(turn, change, "APPROVED"):
        raise Refused(ErrorCode.CONFLICT, f"{verb.id} is void: what it would change is not as it was")
    made = r.decode(change.type, change.body)
    if isinstance(made, r.AuthoritySet):
        routing.tell_released(turn, made.account)
    turn.reply(asked.request, CHANGE_SCHEMA, row)


def _still_armable(turn: Turn, body: r.AccountArmed) -> None:
    """Everything is looked at again at the second person's word."""
    account = turn.state.accounts[body.account]
    unmet = arming.unmet(turn, account)
    if account.armed or unmet:
        raise Refused(ErrorCode.CONFLICT, f"not armed: {', '.join(unmet) or 'it is armed already'}", None, unmet=unmet)


def _drop(turn: Turn, asked: Requested, verb: calls.ChangeDrop) -> None:
    change = _named(turn, verb.id)
    row = views_crew.change_row(turn.state, change)
    turn.emit(r.ChangeEnded(change.number, "DROPPED", verb.reason))
    turn.reply(asked.request, CHANGE_SCHEMA, row)


def _named(turn: Turn, text: str) -> Change:
    _, number = ids.parse(text, IdKind.CHANGE)
    change = turn.state.changes.get(number)
    if change is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no change {text} waits", "hydractl changes lists them")
    return change


VERBS: Table = {
    calls.ChangeDrop: (Role.COMMANDER, _drop),
}
