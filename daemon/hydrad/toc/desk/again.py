"""Same key, same answer; with other parameters, of whichever request, a conflict. Owns how the key of each holds.

Requests that make acts have their keys in the acts themselves (`waiting`). Of others what they were answered is kept,
and told again. What was refused is asked anew.

A resume is answered when the terminals have confirmed it: that it was asked is kept at once, its answer as soon as
there is one. Asked again in between, it waits for the same, and releases nothing that was halted since.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from hydrad.toc import records as r
from hydrad.toc.desk.phones import is_of_change
from hydrad.toc.desk.refusals import Refused, usage
from hydrad.toc.desk.waiting import answer_of, hash_of
from hydrad.toc.effects import Reply
from hydrad.toc.inputs import Requested
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.calls.base import Verb
from hydrad.wire.codes import ErrorCode

KEY_MAX = 64


class How(Enum):
    """How a request's key holds: what a second request under it comes to, with the same parameters."""

    ACTS = "its acts have the key: answered by what became of them"
    KEPT = "its answer is kept, and told again"
    LATER = "that it was asked is kept at once, its answer when there is one"
    SAME_END = "carried out again, which comes to the same"
    EDGE = "once while the daemon lives: the edge keeps the answer"
    FREE = "its key is not looked at"


HOW: dict[type[Verb], How] = {
    **dict.fromkeys(
        (
            calls.Fire,
            calls.FireSymbol,
            calls.Close,
            calls.Cancel,
            calls.Modify,
            calls.Flatten,
            calls.PlanSet,
            calls.Adopt,
        ),
        How.ACTS,
    ),
    **dict.fromkeys(
        (
            calls.Pass,
            calls.Withdraw,
            calls.Resolve,
            calls.Note,
            calls.Ack,
            calls.OperatorAdd,
            calls.OperatorClaim,
            calls.OperatorRole,
            calls.OperatorPolicy,
            calls.OperatorLink,
            calls.OperatorSuspend,
            calls.OperatorRestore,
            calls.OperatorRemove,
            calls.PolicySet,
            calls.OperatorContact,
            calls.OperatorHears,
            calls.Mute,
            calls.ChannelConfirm,
            calls.AccountLimits,
            calls.AccountCorrect,
            calls.AccountPhone,
            calls.AccountGroup,
            calls.AccountPool,
            calls.AccountDay,
            calls.AccountArm,
            calls.AccountDisarm,
            calls.SymbolMap,
            calls.TerminalEnroll,
            calls.TerminalAssign,
            calls.TerminalRelease,
            calls.TerminalDuty,
            calls.TerminalFailover,
            calls.TerminalRemove,
            calls.Approve,
            calls.ChangeDrop,
            calls.ServiceStart,
            calls.ServiceStop,
            calls.ServiceRestart,
        ),
        How.KEPT,
    ),
    calls.Resume: How.LATER,
    # A new code, since the first one is kept nowhere: it is void. The file is written as it stands.
    **dict.fromkeys((calls.OperatorInvite, calls.ChannelTest, calls.NewsImport, calls.NewsAdd), How.SAME_END),
    **dict.fromkeys(
        (calls.MarketStep, calls.PaperFault, calls.PaperCash, calls.PaperTrade, calls.LogLevel),
        How.EDGE,
    ),
    # A halt is never refused for its key; a link and a PIN are remembered nowhere, and concern their asker alone; the
    # others change nothing of the home, or end it.
    **dict.fromkeys(
        (
            calls.Halt,
            calls.HudOpen,
            calls.HudPin,
            calls.Reconcile,
            calls.Statement,
            calls.Reload,
            calls.Down,
        ),
        How.FREE,
    ),
}


def how_of(verb: Verb) -> How:
    """Of a fire's approval the key is kept with the fire, as the fire's own is."""
    if isinstance(verb, calls.Approve) and not is_of_change(verb.id):
        return How.ACTS
    return HOW[type(verb)]


def told(turn: Turn, asked: Requested) -> bool:
    """Answer a repeated key with what its first request was answered. Raises Refused for other parameters."""
    how = how_of(asked.body)
    if not asked.key or how is How.FREE:
        return False
    if len(asked.key) > KEY_MAX:
        raise usage(f"a key has at most {KEY_MAX} characters")
    known = turn.state.answers.get((turn.actor, asked.key))
    acts = turn.state.keys.get((turn.actor, asked.key))
    if known is None and (acts is None or how is How.ACTS):
        return False
    if known is None or known.asked != hash_of(asked.body):
        raise Refused(ErrorCode.CONFLICT, "this key was used with other parameters", None, key=asked.key)
    if not known.schema:
        return False
    problem = msgspec.json.decode(known.problem, type=Problem) if known.problem else None
    turn.effects.append(Reply(asked.request, known.schema, msgspec.json.decode(known.data), problem))
    return True


def keep(turn: Turn, asked: Requested) -> None:
    """Keep the answer of a request that changed something; of one that is answered later, or may be carried out again,
    that it was asked."""
    how = how_of(asked.body)
    if not asked.key or how not in (How.KEPT, How.LATER, How.SAME_END) or (how is How.KEPT and not turn.records):
        return
    replies = (effect for effect in turn.effects if isinstance(effect, Reply) and effect.request == asked.request)
    reply = next(replies, None)
    if reply is not None and how is not How.SAME_END:
        turn.emit(answer_of(asked.key, hash_of(asked.body), reply))
    elif how is not How.KEPT and not begun(turn, asked):
        turn.emit(r.RequestAnswered(asked.key, hash_of(asked.body), "", b"", b""))


def begun(turn: Turn, asked: Requested) -> bool:
    """Whether a request whose answer is not kept in the step that carries it out was carried out before."""
    return bool(asked.key) and (turn.actor, asked.key) in turn.state.answers
