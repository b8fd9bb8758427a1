"""A commander's verdict on an act that nobody knows of."""

from __future__ import annotations

from hydrad.domain import ids
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind
from hydrad.domain.orders import ActKind
from hydrad.toc import act_views, routing
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent, ActState
from hydrad.toc.desk.refusals import (
    Refused,
    usage,
)
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import FIRE_SCHEMA
from hydrad.toc.inputs import Requested
from hydrad.toc.state import Act
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode


def _resolve(turn: Turn, asked: Requested, verb: calls.Resolve) -> None:
    _, number = ids.parse(verb.act, IdKind.FIRE, IdKind.ACT)
    act = turn.state.acts.get(ids.act_id(turn.state.tag, number))
    if act is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no act {verb.act}")
    if act.state not in (ActState.UNKNOWN, ActState.QUARANTINED):
        raise Refused(ErrorCode.CONFLICT, f"{verb.act} is {act.state.value}; only UNKNOWN or QUARANTINED is resolved")
    if not verb.reason.strip():
        raise usage("a reason is compulsory")
    if verb.verdict == "not-executed" and ids.sequence_of(act.act_id) in turn.state.positions:
        raise Refused(ErrorCode.CONFLICT, f"{verb.act} has a position: it was executed")
    if verb.verdict == "not-executed":
        turn.move(act, ActEvent.PROVE_ABSENT, "resolve", detail=verb.reason)
    elif verb.verdict == "filled":
        _resolve_filled(turn, act, verb)
    else:
        raise usage(f"'{verb.verdict}' is not filled or not-executed")
    routing.followed(turn, act)
    turn.reply(asked.request, FIRE_SCHEMA, act_views.fire_answer(turn.state, turn.now_ns, (act.act_id,)))


def _resolve_filled(turn: Turn, act: Act, verb: calls.Resolve) -> None:
    """A person says that it was executed: the broker's books, where they can be read, must have the ticket."""
    if verb.ticket is None:
        raise usage("filled needs the broker's ticket")
    if ids.sequence_of(act.act_id) in turn.state.positions:
        raise Refused(ErrorCode.CONFLICT, f"{verb.act} has its position already")
    if act.kind is not ActKind.FIRE:
        turn.move(act, ActEvent.EXECUTE, "resolve", deal_ticket=verb.ticket, detail=verb.reason)
        return
    link = turn.live.link(act.terminal)
    row = link.positions.get(verb.ticket)
    if row is None:
        raise Refused(
            ErrorCode.NOT_FOUND,
            f"no open position {verb.ticket} at {act.terminal}",
            "a position that is gone already is resolved by its deals: hydractl trace --recheck",
        )
    assert act.order is not None
    other = turn.state.position_by_id(act.account, row.position_id)
    same = (row.symbol, row.side) == (act.order.symbol, int(act.order.side))
    if other is not None or not same or row.volume_steps > act.order.volume_steps or row.magic not in (0, act.act_id):
        raise Refused(ErrorCode.CONFLICT, f"position {verb.ticket} is not what {verb.act} asked for")
    turn.move(
        act,
        ActEvent.FILL,
        "resolve",
        position_id=row.position_id,
        order_ticket=row.ticket,
        price_points=row.open_points,
        volume_steps=row.volume_steps,
        detail=verb.reason,
    )
    turn.emit(
        r.PositionOpened(
            number=ids.sequence_of(act.act_id),
            fire_id=act.act_id,
            account=act.account,
            terminal=act.terminal,
            position_id=row.position_id,
            symbol=row.symbol,
            digits=act.digits,
            volume_step=act.volume_step,
            side=row.side,
            volume_steps=row.volume_steps,
            open_points=row.open_points,
            stop_points=row.stop_points,
            target_points=row.target_points,
            at_ms=row.time_ms,
        )
    )


VERBS: Table = {calls.Resolve: (Role.COMMANDER, _resolve)}
