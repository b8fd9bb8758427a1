"""What guards, cash and the trading day write, told to people. Only `narrate` calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.toc import fold_acts
from hydrad.toc import records as r
from hydrad.toc.records.base import Body
from hydrad.toc.state import State

Told = tuple[str, tuple[str, ...], str]
CASH_WORDS = {2: "balance", 3: "credit", 4: "charge", 5: "correction", 6: "bonus", 12: "interest"}


def _ids(position: int) -> tuple[str, ...]:
    return (show(IdKind.POSITION, position),) if position else ()


def _which(account: str, measure: str, position: int) -> str:
    return " ".join((account, measure, *_ids(position)))


def _cash(state: State, b: r.CashBooked) -> Told:
    word = CASH_WORDS.get(b.kind, f"deal type {b.kind}")
    return f"{b.account} cash {money_text(b.amount)}, {word} {b.comment}".rstrip(), (), ""


def _anchored(state: State, b: r.FundsAnchored) -> Told:
    return f"{b.account} balance and credit {money_text(b.funds)}: deals explain them from here on", (), ""


def _drifted(state: State, b: r.FundsDrifted) -> Told:
    if b.expected == b.reported:
        return f"{b.account} balance is explained again, {money_text(b.reported)}", (), ""
    return f"{b.account} balance {money_text(b.reported)}, by the deals {money_text(b.expected)}", (), ""


def _peak(state: State, b: r.EquityPeak) -> Told:
    return f"{b.account} peak of equity {money_text(b.equity)}", (), ""


def _corrected(state: State, b: r.BasesCorrected) -> Told:
    steps = (f"{base.name} {money_text(base.was)} -> {money_text(base.equity)}" for base in b.bases)
    return f"{b.account} corrected: {', '.join(steps)}: {b.reason}", (), ""


def _day(state: State, b: r.DaySet) -> Told:
    return f"{b.account} trading day turns at {b.minute // 60:02}:{b.minute % 60:02} {b.zone}", (), ""


def _warned(state: State, b: r.GuardWarned) -> Told:
    which = _which(b.account, b.measure, b.position)
    return f"guard {which} warns: {b.measured}, level {b.level}", _ids(b.position), ""


def _tripped(state: State, b: r.GuardTripped) -> Told:
    which = _which(b.account, b.measure, b.position)
    return f"guard {which} TRIPPED: {b.measured}, limit {b.limit}: {b.action}", _ids(b.position), ""


def _acted(state: State, b: r.GuardActed) -> Told:
    act = show(IdKind.ACT, sequence_of(b.act_id))
    position = show(IdKind.POSITION, b.number)
    return f"guard {b.account} {b.measure} closes {position} by {act}", (act, position), ""


def _cleared(state: State, b: r.GuardCleared) -> Told:
    return f"guard {_which(b.account, b.measure, b.position)} is armed again: {b.why}", _ids(b.position), ""


def _changed(state: State, b: r.GuardsChanged) -> Told:
    return f"guards of everything set ({b.why})", (), ""


def _adopted(state: State, b: r.PositionAdopted) -> Told:
    number, order = sequence_of(b.act_id), b.order
    shown, fire = show(IdKind.POSITION, number), show(IdKind.FIRE, number)
    text = (
        f"{shown} {order.side.name} {volume_text(order.volume_steps, b.volume_step)} {order.symbol} adopted on "
        f"{b.account}, open at {price_text(b.open_points, b.digits)}, position {order.position_id}"
    )
    return text, (shown, fire), order.symbol


def _agent_act(state: State, b: r.AgentActBegun) -> Told:
    act = show(IdKind.ACT, sequence_of(b.act_id))
    text = f"{act} {b.order.kind.name} begun by {b.terminal} itself (its id {b.local_id}, move {b.move})"
    text += f": {fold_acts.alone_why(b.order.kind)}"
    return text, (act, *_ids(b.position)), b.order.symbol


TELLERS: dict[type[Body], Callable[[State, Any], Told]] = {
    r.CashBooked: _cash,
    r.FundsAnchored: _anchored,
    r.FundsDrifted: _drifted,
    r.EquityPeak: _peak,
    r.BasesCorrected: _corrected,
    r.DaySet: _day,
    r.GuardWarned: _warned,
    r.GuardTripped: _tripped,
    r.GuardActed: _acted,
    r.GuardCleared: _cleared,
    r.GuardsChanged: _changed,
    r.PositionAdopted: _adopted,
    r.AgentActBegun: _agent_act,
}
