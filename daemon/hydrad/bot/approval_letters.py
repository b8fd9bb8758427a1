"""Fires that wait for a second person, as letters to those who may say yes. Pure.

The letter has the exact order with its money, so that one press is enough: that order and no other is sent, judged
again. It is edited to what became of it, and has no buttons then.
"""

from __future__ import annotations

from typing import Any

from hydrad.bot.addressing import Desk, chats, named
from hydrad.bot.buttons import Action, Rows, wish
from hydrad.bot.confirming import LABELS
from hydrad.bot.words import clock
from hydrad.domain.actors import Role
from hydrad.domain.instants import ns_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.domain.orders import EntryType
from hydrad.outbox.letter import Letter, Priority
from hydrad.toc import approvals, crew
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent, ActState
from hydrad.toc.act_views import verdict_line
from hydrad.toc.audience import sees
from hydrad.toc.state import Act, State
from hydrad.toc.texts import act_id_text, line, mission_id_text

_ANSWERS = (Action.APPROVE, Action.REFUSE)


def asked(desk: Desk, body: r.ApprovalAsked) -> list[Letter]:
    """To each who may approve it. One that has ended by now rings nobody."""
    act = desk.state.acts[body.act_id]
    if act.state not in (ActState.REQUESTED, ActState.AWAITING_APPROVAL):
        return []
    more: dict[str, Any] = {"topic": _topic(act), "expires_ns": body.due_ns}
    buttons = _buttons(act, body.due_ns)
    who = named(desk.state, approvals.who_may(desk.state, act))
    return [desk.letter(chat.to, Priority.ALARM, _text(desk.state, act), buttons, **more) for chat in who]


def moved(desk: Desk, body: r.ActMoved) -> list[Letter]:
    """What was sent of it says what became of it."""
    act = desk.state.acts[body.act_id]
    if act.approval is None or body.event is ActEvent.ASK_APPROVAL:
        return []
    more: dict[str, Any] = {"topic": _topic(act), "edits_only": True, "silent": True}
    who = [c for c in chats(desk.state) if c.operator.role >= Role.APPROVER and sees(c.shown, act.account)]
    return [desk.letter(chat.to, Priority.RESULT, _text(desk.state, act), (), **more) for chat in who]


def _topic(act: Act) -> str:
    return f"{act_id_text(act)}/approval"


def _buttons(act: Act, ends_ns: int) -> Rows:
    return (tuple(wish(LABELS[action], action, act_id_text(act), ends_ns) for action in _ANSWERS),)


def _text(state: State, act: Act) -> str:
    order, approval = act.order, act.approval
    assert order is not None and approval is not None, "what waits was judged and asked for"
    currency = state.accounts[act.account].currency

    def price(points: int) -> str:
        return price_text(points, act.digits) if points else "none"

    volume = volume_text(order.volume_steps, act.volume_step)
    collar = f" ± {price(order.collar_points)}" if order.collar_points else ""
    kind = "" if order.entry_type is EntryType.MARKET else f" {order.entry_type.name}"
    lines = [
        f"{act_id_text(act)} {order.side.name} {volume} {line(order.symbol)}{kind} on {line(act.account)}",
        f"at {price(order.entry_points)}{collar}, stop {price(order.stop_points)}, target {price(order.target_points)}",
        f"risk {money_text(act.risk_money)} {currency}; plan {line(act.plan)}; {mission_id_text(act.mission)}",
        f"fired by {line(crew.name_of(state, act.actor))}: {'; '.join(line(why) for why in approval.why)}",
    ]
    if act.state in (ActState.REQUESTED, ActState.AWAITING_APPROVAL):
        until = clock(ns_text(approval.due_ns, 0))
        return "\n".join(["WAITS for a second person", *lines, f"until {until}, or its mission's expiry"])
    by = f"approved by {line(crew.name_of(state, approval.by))}: " if approval.by else ""
    return "\n".join([f"{by}{line(verdict_line(act))}", *lines])
