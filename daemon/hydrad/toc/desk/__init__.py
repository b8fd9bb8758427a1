"""Requests of people. Who may what stands in the table that each noun's module has, beside what carries it out.

A refusal is a value with a code and facts. The same key with the same parameters gets the first request's answer;
with other parameters it is a conflict.
"""

from __future__ import annotations

import msgspec

from hydrad.domain import ids, money
from hydrad.domain.actors import SHELLS, Role, Surface
from hydrad.toc import crew
from hydrad.toc import records as r
from hydrad.toc.desk import (
    accounts,
    adopt,
    again,
    alarms,
    approving,
    arming,
    asking,
    authority,
    changing,
    correcting,
    dry,
    fires,
    flatten,
    missions,
    news,
    notes,
    oncall,
    operators,
    orders,
    plans,
    positions,
    resolve,
    services,
    symbols,
    terminals,
    trading_day,
)
from hydrad.toc.desk.asking import answer as answer_askings
from hydrad.toc.desk.phones import barred
from hydrad.toc.desk.refusals import Refused
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import answer_waiters
from hydrad.toc.inputs import EdgeRefused, Requested
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.calls.base import Verb
from hydrad.wire.codes import ErrorCode

__all__ = ["NEEDS", "VERBS", "answer_askings", "answer_waiters", "barred", "on_request", "refused_outside"]

REASON_MAX = 1_000

VERBS: Table = {}
for noun in (
    fires,
    positions,
    missions,
    authority,
    resolve,
    terminals,
    accounts,
    operators,
    changing,
    news,
    alarms,
    notes,
    asking,
    services,
):
    VERBS |= noun.VERBS
for noun in (approving, arming, correcting, flatten, adopt, trading_day, plans, symbols, orders, oncall):
    VERBS |= noun.VERBS

# Some verbs are the daemon's own: the core only refuses them, so that every refusal is journaled in one place.
NEEDS: dict[type[Verb], Role] = {
    **{verb: needs for verb, (needs, _) in VERBS.items()},
    calls.MarketStep: Role.COMMANDER,
    calls.PaperFault: Role.COMMANDER,
    calls.PaperCash: Role.COMMANDER,
    calls.PaperTrade: Role.COMMANDER,
    calls.Down: Role.COMMANDER,
    calls.Reload: Role.COMMANDER,
    calls.LogLevel: Role.COMMANDER,
    calls.HudOpen: Role.VIEWER,
    calls.HudPin: Role.VIEWER,
}


def on_request(turn: Turn, asked: Requested) -> None:
    """Answer one request; what it needs of a role is looked up before anything else."""
    turn.actor, turn.surface = asked.actor.identity, asked.actor.surface.value
    verb = asked.body
    schema = f"hydra.{type(verb).__name__.lower()}/v1"
    needs = Role.VIEWER if dry.only_looks(verb) else NEEDS[type(verb)]
    has = turn.state.role(asked.actor.identity)
    if asked.actor.surface is Surface.DAEMON:
        has = Role.TRADER  # the daemon itself may stop things, and nothing more
    elif _owner_restores(turn, asked):
        has = Role.COMMANDER
    elif _suspends_themself(turn, asked):
        has = max(has, needs)
    if has < needs:
        known = turn.state.operator(asked.actor.identity)
        if known is not None:
            turn.emit(r.CallRefused(type(verb).__name__, needs, has))
        who = (
            f"{known.name} is suspended"
            if known and known.suspended
            else f"{asked.actor.identity} is {has.name.lower()}"
        )
        problem = Problem(ErrorCode.FORBIDDEN.value, f"{needs.name.lower()} is needed, {who}")
        return turn.reply(asked.request, schema, None, problem)
    if why := barred(asked.actor.surface, verb, turn.live.phone_may):
        turn.emit(r.CallRefused(type(verb).__name__, needs, has, why))
        problem = Problem(
            ErrorCode.FORBIDDEN.value, why, "at a shell; hud.phone_may in the configuration allows it here"
        )
        return turn.reply(asked.request, schema, None, problem)
    if type(verb) not in VERBS:  # refused at the edge, and the role was given since
        problem = Problem(ErrorCode.CONFLICT.value, "your role was changed while you asked", "ask again")
        return turn.reply(asked.request, schema, None, problem)
    try:
        if not again.told(turn, asked):
            VERBS[type(verb)][1](turn, asked, _on_one_line(verb))
            again.keep(turn, asked)
    except Refused as refused:
        turn.reply(asked.request, schema, None, refused.problem)
    except (ids.BadId, money.BadNumber) as error:
        turn.reply(asked.request, schema, None, Problem(ErrorCode.USAGE.value, str(error)))
    return None


def refused_outside(turn: Turn, told: EdgeRefused) -> None:
    """What an edge refused somebody whom the home knows is in the journal too; strangers are only counted."""
    turn.actor, turn.surface = told.actor.identity, told.actor.surface.value
    if turn.state.operator(told.actor.identity) is not None:
        has = turn.state.role(told.actor.identity)
        turn.emit(r.CallRefused(told.verb, has, has, told.why))


def _on_one_line(verb: Verb) -> Verb:
    """A reason is shown to everybody, so it is one line of bounded length. It is cut, not refused: nobody's halt fails
    for the way it was written."""
    reason = getattr(verb, "reason", None)
    if not reason or (len(reason) <= REASON_MAX and reason.isprintable()):
        return verb
    kept = "".join(character if character.isprintable() else " " for character in reason[:REASON_MAX])
    return msgspec.structs.replace(verb, reason=kept)


def _suspends_themself(turn: Turn, asked: Requested) -> bool:
    """Whoever has a role may end it for now: a phone that is not in one's hands any more has one, too."""
    operator = turn.state.operator(asked.actor.identity)
    return (
        isinstance(asked.body, calls.OperatorSuspend)
        and operator is not None
        and asked.body.name == operator.name
        and turn.state.role(asked.actor.identity) is not Role.NONE
    )


def _owner_restores(turn: Turn, asked: Requested) -> bool:
    """With every commander suspended, one of them may still restore at a shell: whoever has their uid on the daemon's
    host owns the journal anyway, and a home that nobody can resume helps no one."""
    operator = turn.state.operator(asked.actor.identity)
    return (
        isinstance(asked.body, calls.OperatorRestore)
        and asked.actor.surface in SHELLS
        and asked.actor.identity.startswith("uid:")
        and operator is not None
        and operator.role is Role.COMMANDER
        and not crew.active_commanders(turn.state)
    )
