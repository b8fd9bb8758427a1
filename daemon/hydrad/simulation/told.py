"""What the simulated broker took and did, in the link's words: as a worker would tell it of a real terminal."""

from __future__ import annotations

from decimal import Decimal

from hydrad.agent.calls import Performed
from hydrad.domain.orders import EntryType, Order
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.venue.book import (
    Deal,
    OrderKind,
    OrderRow,
    Position,
    TimeType,
)
from hydrad.venue.resting import RestingAsk, Terms
from hydrad.venue.room import Outcome, Retcode


def resting_ask(act_id: int, order: Order) -> RestingAsk:
    limits = order.entry_type is EntryType.LIMIT
    kinds = (OrderKind.BUY_LIMIT, OrderKind.SELL_LIMIT) if limits else (OrderKind.BUY_STOP, OrderKind.SELL_STOP)
    terms = Terms(
        order.entry_points,
        stop_points=order.stop_points,
        target_points=order.target_points,
        time_type=TimeType.SPECIFIED if order.expiration_ms else TimeType.GTC,
        expires_ms=order.expiration_ms,
        expiration_s=order.expiration_ms // 1_000,
    )
    return RestingAsk(order.symbol, kinds[order.side], order.volume_steps, terms, magic=act_id)


def refused(retcode: Retcode) -> Performed:
    return Performed(RowState.REFUSED, retcode.name, int(retcode))


def performed(order: Order, outcome: Outcome) -> Performed:
    change = outcome.change
    assert change is not None
    deal, row = change.deal, change.order
    if row is not None and not row.done_ms:
        return Performed(RowState.WORKING, retcode=int(Retcode.DONE), order_ticket=row.ticket)
    if deal is None:
        return Performed(
            RowState.DONE, retcode=int(Retcode.DONE), order_ticket=order.ticket, position_id=order.position_id
        )
    return Performed(
        RowState.DONE,
        "",
        int(Retcode.DONE),
        deal.order,
        deal.ticket,
        deal.position,
        deal.price_points,
        deal.volume_steps,
    )


def position_row(held: Position) -> f.PositionRow:
    return f.PositionRow(
        held.ticket,
        held.identifier,
        held.symbol,
        int(held.side),
        held.volume_steps,
        int(held.open_points),
        held.stop_points,
        held.target_points,
        held.magic,
        held.open_ms,
        Decimal(0),
        Decimal(0),
        held.comment,
    )


def order_row(row: OrderRow) -> f.OrderRow:
    return f.OrderRow(
        row.ticket,
        row.symbol,
        int(row.kind),
        row.left_steps,
        row.price_points,
        row.stop_points,
        row.target_points,
        row.magic,
        row.expires_ms,
        row.comment,
    )


def deal_row(deal: Deal) -> f.DealRow:
    return f.DealRow(
        deal.ticket,
        deal.order,
        deal.position,
        deal.symbol,
        int(deal.kind),
        int(deal.entry),
        int(deal.reason),
        deal.volume_steps,
        deal.price_points,
        deal.magic,
        deal.time_ms,
        deal.profit,
        Decimal(0),
        Decimal(0),
        Decimal(0),
        deal.comment,
    )
