"""Cancelling resting orders, and fires that wait for a second person. Passes in every authority; FOREIGN orders are
never touched."""

from __future__ import annotations

from hydrad.domain import ids
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.domain.orders import ActKind
from hydrad.toc import act_views, approvals, closing, reducing_views, resting, routing
from hydrad.toc.act import FINAL, HOLDS_POSITION, ActState
from hydrad.toc.desk import dry
from hydrad.toc.desk.flatten import nothing
from hydrad.toc.desk.refusals import Refused, account_named, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import FIRE_SCHEMA, hash_of, told_before, wait
from hydrad.toc.inputs import Requested
from hydrad.toc.state import Act
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode, Reason

NOTHING_RESTS = "nothing rests"


def _cancel(turn: Turn, asked: Requested, verb: calls.Cancel) -> None:
    if not verb.dry_run and told_before(turn, asked, verb):
        return None
    if (verb.id is None) is not verb.all_orders or (verb.account and not verb.all_orders):
        raise usage("name one order or fire, or all of them, of one account or of every one")
    waiting = None if verb.id is None else _fire_that_waits(turn, verb.id)
    if waiting is not None and verb.dry_run:
        return dry.answer(turn, asked, [_as_taken_back(waiting)], NOTHING_RESTS)
    if waiting is not None:
        return _take_back(turn, asked, waiting, verb.reason or "")
    if verb.id is not None:
        fires = [_fire_named(turn, verb.id)]
    else:
        account = account_named(turn, verb.account).name if verb.account else ""
        fires = resting.standing(turn.state, turn.live, account)
    if verb.dry_run:
        return dry.answer(turn, asked, [_looked_at(turn, fire) for fire in fires], NOTHING_RESTS)
    asked_for = closing.Asked(verb.reason or "", asked.key, hash_of(verb))
    acts = tuple(_cancel_one(turn, fire, asked_for) for fire in fires)
    if acts:
        wait(turn, asked.request, "fire", verb.wait_s, acts)
    else:
        turn.reply(asked.request, FIRE_SCHEMA, nothing(list(turn.state.accounts.values()), NOTHING_RESTS))
    return None


def _fire_that_waits(turn: Turn, text: str) -> Act | None:
    """A fire that waits for a second person has no order yet. One that was taken back already is answered the same."""
    _, number = ids.parse(text, IdKind.ORDER, IdKind.FIRE)
    fire = turn.state.acts.get(ids.act_id(turn.state.tag, number))
    waits = fire is not None and fire.state is ActState.AWAITING_APPROVAL
    taken_back = fire is not None and fire.codes == (Reason.NOT_APPROVED.name,)
    return fire if waits or taken_back else None


def _take_back(turn: Turn, asked: Requested, fire: Act, reason: str) -> None:
    if fire.state is ActState.AWAITING_APPROVAL:
        approvals.take_back(turn, fire, reason)
    turn.reply(asked.request, FIRE_SCHEMA, act_views.fire_answer(turn.state, turn.now_ns, (fire.act_id,)))


def _as_taken_back(fire: Act) -> dry.Looked:
    """It has no order at the broker, so that nothing is sent."""
    assert fire.order is not None, "what waits for a second person has an order"
    judged = closing.Judged(fire.order, (), None, fire.digits, fire.volume_step, 0, fire.mission)
    waits = fire.state is ActState.AWAITING_APPROVAL
    words = "would be taken back: it waits for a second person" if waits else "was taken back already"
    return judged, reducing_views.of_order(fire), ("TAKE_BACK", words)


def _looked_at(turn: Turn, fire: Act) -> dry.Looked:
    flying = _on_its_way(turn, fire)
    words = (
        f"is being cancelled by {routing.shown(flying)}, which is waited for: no second one is sent" if flying else ""
    )
    instead = (ActKind.CANCEL.name, words) if flying else None
    judged = closing.judge_cancel(turn, fire)
    return judged._replace(checks=()) if flying else judged, reducing_views.of_order(fire), instead


def _cancel_one(turn: Turn, fire: Act, asked: closing.Asked) -> int:
    """Its act; one that is on its way already is waited for, and no second one is sent."""
    flying = _on_its_way(turn, fire)
    return flying.act_id if flying is not None else closing.cancel(turn, fire, asked)


def _on_its_way(turn: Turn, fire: Act) -> Act | None:
    """The cancel of a fire's order that has no verdict yet. One that is UNKNOWN is followed by another."""
    flying = next((act for act in resting.cancels(turn.state, fire) if act.state not in FINAL), None)
    return flying if flying is not None and flying.state is not ActState.UNKNOWN else None


def _fire_named(turn: Turn, text: str) -> Act:
    """The fire whose order rests; anything else is told as what it is."""
    _, number = ids.parse(text, IdKind.ORDER, IdKind.FIRE)
    fire = turn.state.acts.get(ids.act_id(turn.state.tag, number))
    if fire is None or fire.kind is not ActKind.FIRE:
        raise Refused(ErrorCode.NOT_FOUND, f"no order {text}")
    if fire.state is ActState.WORKING or _rests_still(turn, fire):
        return fire
    shown = routing.shown(fire)
    if fire.state in HOLDS_POSITION and fire.position:
        position = show(IdKind.POSITION, fire.position)
        message = f"{shown} was filled: {position} is {fire.state.value}"
        raise Refused(ErrorCode.CONFLICT, message, f"hydractl close {position}", position=position)
    hint = None if fire.state in FINAL else f"hydractl trace {shown}; a halt cancels it as soon as it rests"
    raise Refused(ErrorCode.CONFLICT, f"no order of {shown} rests: it is {fire.state.value}", hint)


def _rests_still(turn: Turn, fire: Act) -> bool:
    """By a report: what is left of a partial fill, or the order of a fire that a person must decide about."""
    links = (turn.live.link(t.name) for t in turn.state.terminals.values() if t.account == fire.account)
    return bool(fire.order_ticket) and any(fire.order_ticket in link.orders for link in links)


VERBS: Table = {calls.Cancel: (Role.TRADER, _cancel)}
