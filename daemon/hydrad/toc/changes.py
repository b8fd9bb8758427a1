"""Changes that wait for a second person, or for their time.

A change holds the record that it will write, byte for byte, so that what is approved is what was asked for. It ends
APPROVED by another commander, DUE at its own time, VOID when something newer touches the same subject or it no longer
fits the state, or DROPPED by a commander. A loosened limit is due after 24 hours; raising a real home's authority is
never due by itself. While a home has one active commander only, that person is their own second one, ten minutes later.
"""

from __future__ import annotations

from hydrad.domain import calendar
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import HOUR, MINUTE
from hydrad.toc import crew, news
from hydrad.toc import records as r
from hydrad.toc.approvers import leaves_too_few
from hydrad.toc.records.base import Body
from hydrad.toc.state import Change, Operator, State
from hydrad.toc.turn import DAEMON_ACTOR, Turn

LOOSEN_AFTER_NS = 24 * HOUR
ALONE_AFTER_NS = 10 * MINUTE


def shown(change: Change) -> str:
    return show(IdKind.CHANGE, change.number)


def ask(turn: Turn, subject: str, body: Body, text: str, delay_ns: int) -> Change:
    """Let a change wait. `delay_ns` 0: until somebody approves it."""
    void(turn, subject, "a newer change was asked for")
    number = turn.state.next_number
    due_ns = turn.now_ns + delay_ns if delay_ns else 0
    turn.emit(r.ChangeAsked(number, subject, r.NAMES[type(body)], r.encode(body), text, due_ns))
    return turn.state.changes[number]


def void(turn: Turn, subject: str, why: str) -> None:
    """End what waits for this subject: it was asked for in another situation."""
    for change in list(turn.state.changes.values()):
        if change.subject == subject:
            turn.emit(r.ChangeEnded(change.number, "VOID", why))


def may_approve(state: State, change: Change, actor: str, now_ns: int) -> str:
    """Empty when this commander may approve now; else why not."""
    if change.asked_by == DAEMON_ACTOR:
        return "a configuration file asked for it, and nobody knows whose hand it was: it waits for its time"
    asked, approving = state.operator(change.asked_by), state.operator(actor)
    if asked is None or approving is None or asked.name != approving.name:
        return ""
    if len(crew.commanders(state)) > 1:  # one who is suspended is still there: nobody is alone by suspending the others
        return "it was asked for by the same person; another commander approves it"
    left_ns = change.asked_ns + ALONE_AFTER_NS - now_ns
    if left_ns > 0:
        return f"with one commander it can be approved in {left_ns // MINUTE + 1} minutes"
    return ""


def make(turn: Turn, change: Change, how: str) -> bool:
    """Write the record that waited; False, and the change is void, where it does not fit any more.

    Its actor is whoever let it be made; who asked for it stands in CHANGE_ASKED.
    """
    body = r.decode(change.type, change.body)
    if not _fits(turn.state, body):
        turn.emit(r.ChangeEnded(change.number, "VOID", "what it would change is not as it was"))
        return False
    turn.emit(r.ChangeEnded(change.number, how, turn.actor))
    if isinstance(body, r.DaySet) and turn.market_ms:  # the day that runs now, not when it was asked for
        day = calendar.trading_day(turn.market_ms, body.zone, body.minute)
        body = r.DaySet(body.account, body.zone, body.minute, max(day, turn.state.accounts[body.account].day))
    if isinstance(body, r.OperatorRoleSet | r.OperatorRemoved):
        void_of(turn, turn.state.operators[body.name], f"{body.name} decides no more")
    if isinstance(body, r.OperatorRemoved):
        void_about(turn, body.name, f"{body.name} is removed")
    turn.emit(body)
    if isinstance(body, r.NewsModeSet):
        news.follow(turn)
    return True


def _fits(state: State, body: Body) -> bool:
    """Whether a record about a person, or what an account's losses count from, can still be written."""
    match body:
        case r.OperatorAdded():
            return body.name not in state.operators and not any(i in state.identities for i in body.identities)
        case r.OperatorRemoved():
            return body.name in state.operators and not leaves_too_few(state, state.operators[body.name])
        case r.OperatorRoleSet():
            stays = body.role >= Role.APPROVER
            return body.name in state.operators and (stays or not leaves_too_few(state, state.operators[body.name]))
        case r.OperatorLinked():
            return body.name in state.operators and body.identity not in state.identities
        case r.BasesCorrected():
            account = state.accounts[body.account]
            return all(account.base(base.name) == base.was for base in body.bases)
        case r.OperatorPolicySet():
            return body.name in state.operators and crew.policy_named(state, body.policy) is not None
    return True


def void_of(turn: Turn, operator: Operator, why: str) -> None:
    """What somebody asked for who may not decide any more is neither approved nor made by itself."""
    for change in list(turn.state.changes.values()):
        if change.asked_by in operator.identities:
            turn.emit(r.ChangeEnded(change.number, "VOID", why))


def void_about(turn: Turn, name: str, why: str) -> None:
    """What waits for somebody who leaves is for nobody who comes under that name."""
    void(turn, of_person(name), why)
    void(turn, of_persons_policy(name), why)


def of_person(name: str) -> str:
    """The subject of changes of who somebody is."""
    return f"operator {name}"


def of_persons_policy(name: str) -> str:
    """The subject of changes of what somebody trades under."""
    return f"policy of {name}"


def make_due(turn: Turn) -> None:
    """Make what is due."""
    for change in list(turn.state.changes.values()):
        if change.effective_ns and turn.now_ns >= change.effective_ns:
            make(turn, change, "DUE")
