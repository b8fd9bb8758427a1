"""Same key, same answer, for requests that make no act: what they were answered is kept, and told again.

A resume is answered when the terminals have confirmed it: that it was asked is kept at once, its answer as soon as
there is one. Asked again in between, it waits for the same, and releases nothing that was halted since.

Requests that make acts have their keys in the acts themselves (`waiting`); those whose answer the edge completes with
something that it drew (a key pair, a code) are refused the second time by what the first one made.
"""

from __future__ import annotations

import msgspec

from hydrad.toc import records as r
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
KEPT: frozenset[type[Verb]] = frozenset(
    {
        calls.Note,
        calls.Ack,
        calls.OperatorAdd,
        calls.OperatorRole,
        calls.OperatorPolicy,
        calls.OperatorLink,
        calls.OperatorSuspend,
        calls.OperatorRestore,
        calls.OperatorRemove,
        calls.PolicySet,
        calls.AccountLimits,
        calls.AccountGroup,
        calls.AccountPool,
        calls.AccountDay,
        calls.AccountArm,
        calls.AccountDisarm,
        calls.SymbolMap,
        calls.TerminalAssign,
        calls.TerminalRelease,
        calls.TerminalDuty,
        calls.TerminalFailover,
        calls.TerminalRemove,
        calls.Approve,
        calls.ChangeDrop,
    }
)


# Answered later than in the step that carries them out.
LATER: frozenset[type[Verb]] = frozenset({calls.Resume})


def told(turn: Turn, asked: Requested) -> bool:
    """Answer a repeated key with what its first request was answered. Raises Refused for other parameters."""
    if type(asked.body) not in KEPT | LATER or not asked.key:
        return False
    if len(asked.key) > KEY_MAX:
        raise usage(f"a key has at most {KEY_MAX} characters")
    known = turn.state.answers.get((turn.actor, asked.key))
    acts = turn.state.keys.get((turn.actor, asked.key))
    if known is None and acts is None:
        return False
    if known is None or known.asked != hash_of(asked.body):
        raise Refused(ErrorCode.CONFLICT, "this key was used with other parameters", None, key=asked.key)
    if not known.schema:
        return False
    problem = msgspec.json.decode(known.problem, type=Problem) if known.problem else None
    turn.effects.append(Reply(asked.request, known.schema, msgspec.json.decode(known.data), problem))
    return True


def keep(turn: Turn, asked: Requested) -> None:
    """Keep the answer of a request that changed something; of one that is answered later, that it was asked."""
    later = type(asked.body) in LATER
    if not asked.key or not (later or (type(asked.body) in KEPT and turn.records)):
        return
    replies = (effect for effect in turn.effects if isinstance(effect, Reply) and effect.request == asked.request)
    reply = next(replies, None)
    if reply is not None:
        turn.emit(answer_of(asked.key, hash_of(asked.body), reply))
    elif later and not begun(turn, asked):
        turn.emit(r.RequestAnswered(asked.key, hash_of(asked.body), "", b"", b""))


def begun(turn: Turn, asked: Requested) -> bool:
    """Whether a request that is answered later was carried out before."""
    return bool(asked.key) and (turn.actor, asked.key) in turn.state.answers
