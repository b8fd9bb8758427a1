"""The fold's part that concerns positions: opened, adopted, changed, closed; their deals, an account's cash and day."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hydrad.domain.ids import sequence_of
from hydrad.domain.orders import ActKind, Side
from hydrad.toc import fold_guards
from hydrad.toc import records as r
from hydrad.toc.act import ActState
from hydrad.toc.fold_acts import act_requested, indexed
from hydrad.toc.numbering import used
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Closing, Position, State

ENTRY_IN = 0  # of a deal


def _position_opened(state: State, record: Record, body: r.PositionOpened) -> None:
    _hold_position(state, body)
    if state.accounts[body.account].armed:
        state.accounts[body.account].armed_fills += 1


def _hold_position(state: State, body: r.PositionOpened) -> None:
    """One that was adopted is held like one that was fired, and is no fill of ours."""
    assert body.number not in state.positions, "a fire opens one position"
    order = state.acts[body.fire_id].order
    state.positions[body.number] = Position(
        number=body.number,
        fire_id=body.fire_id,
        account=body.account,
        terminal=body.terminal,
        position_id=body.position_id,
        symbol=body.symbol,
        digits=body.digits,
        volume_step=body.volume_step,
        side=Side(body.side),
        volume_steps=body.volume_steps,
        opened_steps=body.volume_steps,
        open_points=body.open_points,
        stop_points=body.stop_points,
        target_points=body.target_points,
        opened_ms=body.at_ms,
        plan=order.plan if order else (),
    )
    state.positions_open.add(body.number)
    state.position_numbers[(body.account, body.position_id)] = body.number
    state.acts[body.fire_id].position = body.number


def _adopted(state: State, record: Record, body: r.PositionAdopted) -> None:
    """As after a fire that was filled: the act that stands for it, and the position that it holds."""
    number = sequence_of(body.act_id)
    requested = r.ActRequested(
        body.act_id, ActKind.FIRE, body.account, 0, 0, body.key, body.asked, 0, body.reason, plan="none"
    )
    act_requested(state, record, requested)
    act = state.acts[body.act_id]
    act.state, act.by, act.terminal, act.epoch = ActState.FILLED, "adopt", body.terminal, record.epoch
    act.order, act.order_hash, act.digits, act.volume_step = body.order, body.order_hash, body.digits, body.volume_step
    act.order_ticket, act.price_points = body.order.ticket, body.open_points
    act.volume_steps, act.risk_money, act.base_money = body.order.volume_steps, body.risk_money, body.base_money
    act.ledger = state.terminals[body.terminal].ledger_count
    indexed(state, act)
    opened = r.PositionOpened(
        number=number,
        fire_id=body.act_id,
        account=body.account,
        terminal=body.terminal,
        position_id=body.order.position_id,
        symbol=body.order.symbol,
        digits=body.digits,
        volume_step=body.volume_step,
        side=int(body.order.side),
        volume_steps=body.order.volume_steps,
        open_points=body.open_points,
        stop_points=body.stop_points,
        target_points=body.target_points,
        at_ms=body.at_ms,
    )
    _hold_position(state, opened)
    state.foreign.pop((body.account, body.order.ticket), None)


def _position_changed(state: State, record: Record, body: r.PositionChanged) -> None:
    position = state.positions[body.number]
    position.volume_steps = body.volume_steps
    position.stop_points, position.target_points = body.stop_points, body.target_points


def _deal_booked(state: State, record: Record, body: r.DealBooked) -> None:
    position = state.positions[body.number]
    assert body.ticket not in position.deals, "a deal is booked once"
    position.deals.append(body.ticket)
    money = body.profit + body.swap + body.commission
    position.profit += money
    position.swap += body.swap
    position.commission += body.commission
    if body.entry == ENTRY_IN:
        position.in_steps += body.volume_steps
        position.opened_steps = position.in_steps
    else:
        position.closed_steps += body.volume_steps
        position.closed_sum += body.volume_steps * body.price_points
        position.closings.append(Closing(body.ticket, body.order_id, body.magic, body.volume_steps, money))
    position.volume_steps = position.opened_steps - position.closed_steps


def _position_closed(state: State, record: Record, body: r.PositionClosed) -> None:
    position = state.positions[body.number]
    position.open, position.volume_steps = False, 0
    position.close_reason, position.close_points = body.reason, body.close_points
    position.profit, position.r_milli, position.closed_ms = body.profit, body.r_milli, body.at_ms
    state.positions_open.discard(body.number)
    if body.profit < 0:
        account = state.accounts[position.account]
        account.last_loss_ms = max(account.last_loss_ms, body.at_ms)


def _deals_read(state: State, record: Record, body: r.DealsRead) -> None:
    account = state.accounts[body.account]
    account.deals_after = body.after
    if account.funds is not None:
        account.funds += body.funds_change


def _foreign_seen(state: State, record: Record, body: r.ForeignSeen) -> None:
    used(state, body.number)
    state.foreign[(body.account, body.ticket)] = body.number


def _cash_booked(state: State, record: Record, body: r.CashBooked) -> None:
    fold_guards.cash_booked(state.accounts[body.account], body)


def _day_started(state: State, record: Record, body: r.DayStarted) -> None:
    account = state.accounts[body.account]
    account.day, account.day_equity, account.day_cash = body.day, body.equity, Decimal(0)
    account.day_fires, account.day_fired = 0, []
    if account.start_equity is None:
        account.start_equity = body.equity


HANDLERS: dict[type[Body], Callable[[State, Record, Any], None]] = {
    r.PositionOpened: _position_opened,
    r.PositionChanged: _position_changed,
    r.DealBooked: _deal_booked,
    r.PositionClosed: _position_closed,
    r.DealsRead: _deals_read,
    r.ForeignSeen: _foreign_seen,
    r.CashBooked: _cash_booked,
    r.DayStarted: _day_started,
    r.PositionAdopted: _adopted,
}
