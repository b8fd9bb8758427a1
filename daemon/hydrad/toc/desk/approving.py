"""Approving: of a fire that waits for a second person, and of a change."""

from __future__ import annotations

from hydrad.domain import ids
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind
from hydrad.domain.orders import ActKind
from hydrad.toc import act_views, approvals, crew, routing
from hydrad.toc import records as r
from hydrad.toc.act import ActState
from hydrad.toc.desk import changing
from hydrad.toc.desk.refusals import Refused
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import hash_of, told_before, wait
from hydrad.toc.inputs import Requested
from hydrad.toc.state import Act
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode


def _approve(turn: Turn, asked: Requested, verb: calls.Approve) -> None:
    kind, _ = ids.parse(verb.id, IdKind.CHANGE, IdKind.FIRE)
    if kind is IdKind.CHANGE:
        changing.approve(turn, asked, verb)
    elif not told_before(turn, asked, verb):
        _approve_fire(turn, asked, verb)


def _approve_fire(turn: Turn, asked: Requested, verb: calls.Approve) -> None:
    fire = fire_named(turn, verb.id)
    if fire.state is not ActState.AWAITING_APPROVAL:
        raise Refused(ErrorCode.CONFLICT, f"{verb.id} does not wait: {_became(turn, fire)}", None, state=fire.state)
    why_not = approvals.may_approve(turn.state, fire, turn.actor, turn.now_ns)
    if why_not and "own_approval" not in turn.mutants:
        turn.emit(r.CallRefused(type(verb).__name__, Role.APPROVER, turn.state.role(turn.actor), why_not))
        raise Refused(ErrorCode.FORBIDDEN, f"{verb.id} is not approved: {why_not}")
    if routing.lane_busy(turn.state, fire.account):
        text = f"another fire of {fire.account} has no verdict yet; {verb.id} waits still"
        raise Refused(ErrorCode.CONFLICT, text, "approve it again in a moment")
    approvals.approve(turn, fire, asked.key, hash_of(verb))
    wait(turn, asked.request, "fire", verb.wait_s, (fire.act_id,))


def _became(turn: Turn, fire: Act) -> str:
    """A second press is told what happened."""
    by = fire.approval.by if fire.approval else ""
    approved = f", approved by {crew.name_of(turn.state, by)}" if by else ""
    return f"{act_views.verdict_line(fire)}{approved}"


def fire_named(turn: Turn, text: str) -> Act:
    _, number = ids.parse(text, IdKind.FIRE)
    fire = turn.state.acts.get(ids.act_id(turn.state.tag, number))
    if fire is None or fire.kind is not ActKind.FIRE:
        raise Refused(ErrorCode.NOT_FOUND, f"no fire {text}", "hydractl fires lists them")
    return fire


VERBS: Table = {calls.Approve: (Role.APPROVER, _approve)}
