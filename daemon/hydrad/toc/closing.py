"""Acts that reduce: how a close of a position becomes an order, what is checked, and its way to a terminal.

People's closes, `flatten` and the guards all come through here. The volume is the position's as the journal has it, and
the order names what it expects to find and what shall remain, so that it can never take more than there is. A stopped
TOC holds none of them up: whoever calls for what may add risk (a looser stop, another plan) asks for TOC beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from hydrad.domain.orders import ORDER_VERSION, ActKind, Order, Side, order_hash, whole_close
from hydrad.link.frames import PositionRow
from hydrad.toc import numbering, risk, routing
from hydrad.toc import records as r
from hydrad.toc.act import FINAL, ActEvent, ActState
from hydrad.toc.live import Link
from hydrad.toc.records.acts import Check
from hydrad.toc.state import Act, Position, State
from hydrad.toc.terminal import LinkState
from hydrad.toc.turn import Turn
from hydrad.wire.codes import Reason


@dataclass(slots=True)
class Asked:
    """Who asks, and why: a person's idempotency key with the hash of what they asked for, or neither."""

    reason: str = ""
    key: str = ""
    parameters: bytes = b""


class Judged(NamedTuple):
    """An act that reduces, with all that was checked of it; nothing is written yet. `link` None: none is in reach.
    `position`, `mission`: their numbers, 0 for none of ours."""

    order: Order
    checks: tuple[Check, ...]
    link: Link | None
    digits: int
    volume_step: Decimal
    position: int
    mission: int

    @property
    def codes(self) -> tuple[str, ...]:
        """What denies it."""
        return tuple(check.code for check in self.checks if not check.ok)


def close_order(position: Position, steps: int) -> Order:
    """Close `steps` of a position, all or a part."""
    remaining = position.volume_steps - steps
    return Order(
        version=ORDER_VERSION,
        kind=ActKind.PART_CLOSE if remaining else ActKind.CLOSE,
        account=position.account,
        symbol=position.symbol,
        side=position.side.opposite,
        volume_steps=steps,
        position_id=position.position_id,
        volume_expected_steps=position.volume_steps,
        volume_remaining_steps=remaining,
        ticket=position.position_id,
    )


def close(turn: Turn, position: Position, asked: Asked) -> int:
    """One act that closes all of one of our positions; its id."""
    return begin(turn, judge_close(turn, position, position.volume_steps), asked)


def judge_close(turn: Turn, position: Position, steps: int) -> Judged:
    """May so many steps of one of our positions be closed?"""
    return judge(turn, position, close_order(position, steps), (not_busy(turn, position, by_deals=True),))


def act_on(turn: Turn, position: Position, order: Order, checks: tuple[Check, ...], asked: Asked) -> int:
    """One act on one of our positions, routed or denied; its id."""
    return begin(turn, judge(turn, position, order, checks), asked)


def judge(turn: Turn, position: Position, order: Order, checks: tuple[Check, ...]) -> Judged:
    """An act on one of our positions, with its own checks and those of all."""
    mission = turn.state.acts[position.fire_id].mission
    link = routing.reducing_link(turn, order.account, position.terminal)
    return Judged(order, (*checks, _reach(link)), link, position.digits, position.volume_step, position.number, mission)


def judge_foreign(turn: Turn, account: str, row: PositionRow, digits: int, step: Decimal) -> Judged:
    """May a position that is not ours be closed? Only where a person has named its account."""
    order = whole_close(account, row.symbol, Side(row.side), row.volume_steps, row.position_id, row.ticket)
    flying = next((act for act in pending_on(turn.state, account, row.position_id)), None)
    free = Check(Reason.POSITION_STATE.name, flying is None, _busy_text(flying) or "FOREIGN", "nothing in flight")
    link = routing.reducing_link(turn, account)
    return Judged(order, (free, _reach(link)), link, digits, step, 0, 0)


def cancel(turn: Turn, fire: Act, asked: Asked) -> int:
    """One act that cancels the resting order of a fire that is WORKING; its id."""
    return begin(turn, judge_cancel(turn, fire), asked)


def judge_cancel(turn: Turn, fire: Act) -> Judged:
    """May the resting order of a fire be cancelled?"""
    assert fire.order is not None
    order = Order(
        version=ORDER_VERSION,
        kind=ActKind.CANCEL,
        account=fire.account,
        symbol=fire.order.symbol,
        side=fire.order.side,
        ticket=fire.order_ticket,
    )
    link = routing.reducing_link(turn, fire.account)
    return Judged(order, (_reach(link),), link, fire.digits, fire.volume_step, 0, fire.mission)


def not_busy(turn: Turn, position: Position, by_deals: bool = False) -> Check:
    """One act on a position at a time: a second close of the same volume could close more than there is. `by_deals`:
    a close is not held up by what only moves levels or sets a plan."""
    for number in sorted(turn.state.acts_open):
        act = turn.state.acts[number]
        deals = not by_deals or act.order is None or act.order.volume_steps > 0
        if act.position == position.number and act.kind is not ActKind.FIRE and act.state not in FINAL and deals:
            return Check(Reason.POSITION_STATE.name, False, _busy_text(act), "nothing in flight")
    return Check(Reason.POSITION_STATE.name, position.open, "open" if position.open else "closed", "open")


def pending_on(state: State, account: str, position_id: int) -> list[Act]:
    """Acts on a broker's position that have no verdict yet."""
    pending = (state.acts[number] for number in sorted(state.acts_pending))
    return [
        act
        for act in pending
        if act.account == account and act.order is not None and act.order.position_id == position_id
    ]


def _busy_text(act: Act | None) -> str:
    return f"{routing.shown(act)} {act.state.value}" if act else ""


def begin(turn: Turn, judged: Judged, asked: Asked) -> int:
    """The act, routed or denied; its id. What was judged holds in the same breath only: begin one before the next is
    judged."""
    act_id = numbering.new_act_id(turn.state)
    order, link = judged.order, judged.link
    turn.emit(
        r.ActRequested(
            act_id=act_id,
            kind=order.kind,
            account=order.account,
            mission=judged.mission,
            position=judged.position,
            key=asked.key,
            asked=asked.parameters,
            deadline_ns=routing.deadline_ns(turn),
            reason=asked.reason,
            volume_asked_steps=order.volume_steps,
        )
    )
    routed_or_denied(turn, act_id, order, judged.checks, judged.digits, judged.volume_step, link)
    return act_id


def routed_or_denied(
    turn: Turn, act_id: int, order: Order, checks: tuple[Check, ...], digits: int, step: Decimal, link: Link | None
) -> None:
    """The verdict on a requested act that risks nothing, and what follows from it."""
    codes = tuple(check.code for check in checks if not check.ok)
    turn.emit(
        r.ActJudged(
            act_id=act_id,
            order=order,
            order_hash=order_hash(order),
            digits=digits,
            volume_step=step,
            checks=checks,
            ok=not codes,
            risk_money=Decimal(0),
            base_money=Decimal(0),
            base="",
            rules_hash=risk.RULES_HASH,
        )
    )
    act = turn.state.acts[act_id]
    if codes or link is None:
        turn.move(act, ActEvent.DENY, "gate", codes=codes)
    else:
        routing.route(turn, act, link)


def _reach(link: Link | None) -> Check:
    return Check(
        Reason.TERMINAL_LINK.name,
        link is not None,
        f"{link.terminal} {link.state.value}" if link else "none reachable",
        f"{LinkState.READY.value} or {LinkState.DEGRADED.value}",
    )


def whole(act: Act) -> bool:
    """Whether a close was executed for all that it asked for."""
    return act.state is ActState.DONE and act.order is not None and act.volume_steps >= act.order.volume_steps
