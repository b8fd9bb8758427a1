"""`account arm` and `account disarm`: two people take a live account into use; anyone who may halt takes it out."""

from __future__ import annotations

from hydrad.domain.accounts import AccountKind
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import ns_text
from hydrad.toc import arming, changes, disarming
from hydrad.toc import records as r
from hydrad.toc.desk.changing import pending
from hydrad.toc.desk.refusals import account_named, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.first_fires import first_fires_left
from hydrad.toc.inputs import Requested
from hydrad.toc.records.acts import Check
from hydrad.toc.state import Account
from hydrad.toc.texts import seconds
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.answers.accounts import ArmData, ConditionRow
from hydrad.wire.codes import ErrorCode

SCHEMA = "hydra.arm/v1"


def _arm(turn: Turn, asked: Requested, verb: calls.AccountArm) -> None:
    """Refused while anything is missing; else it waits for a second person, and is looked at again then."""
    account = account_named(turn, verb.account)
    if account.kind is not AccountKind.LIVE:
        raise usage(f"{account.name} is a {account.kind.value} account; only live ones are armed")
    unmet = arming.unmet(turn, account)
    problem = None
    if account.armed:
        problem = Problem(ErrorCode.CONFLICT.value, f"{account.name} is armed already")
    elif unmet:
        problem = Problem(
            ErrorCode.CONFLICT.value, f"{account.name} is not armed: {', '.join(unmet)}", None, {"unmet": unmet}
        )
    elif not verb.dry_run:
        evidence = tuple(Check(c.name, c.ok, c.measured, c.needed) for c in arming.conditions(turn, account))
        body = r.AccountArmed(account.name, evidence)
        change = changes.ask(turn, disarming.subject(account.name), body, f"arm the live account {account.name}", 0)
        problem = pending(turn, change, "arming")
    turn.reply(asked.request, SCHEMA, _data(turn, account), problem)


def _disarm(turn: Turn, asked: Requested, verb: calls.AccountDisarm) -> None:
    account = account_named(turn, verb.account)
    disarming.disarm(turn, account.name, verb.reason or f"by {turn.actor}")
    turn.reply(asked.request, SCHEMA, _data(turn, account))


def _data(turn: Turn, account: Account) -> ArmData:
    rows = tuple(
        ConditionRow(
            name=c.name,
            ok=c.ok,
            measured=c.measured,
            needed=c.needed,
            at=ns_text(c.at_ns) if c.at_ns else None,
            age_s=seconds(turn.now_ns - c.at_ns) if c.at_ns else None,
        )
        for c in arming.conditions(turn, account)
    )
    subject = disarming.subject(account.name)
    waiting = [change.number for change in turn.state.changes.values() if change.subject == subject]
    return ArmData(
        account=account.name,
        kind=account.kind.value,
        armed=account.armed,
        first_fires_left=first_fires_left(account),
        ok=all(row.ok for row in rows),
        conditions=rows,
        change=show(IdKind.CHANGE, waiting[0]) if waiting else None,
    )


VERBS: Table = {calls.AccountArm: (Role.COMMANDER, _arm), calls.AccountDisarm: (Role.TRADER, _disarm)}
