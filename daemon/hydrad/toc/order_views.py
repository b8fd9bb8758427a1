"""Resting orders as people's surfaces show them: ours, by their fires, and FOREIGN ones. Pure."""

from __future__ import annotations

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import SECOND, ms_text
from hydrad.domain.money import price_text, volume_text
from hydrad.domain.orders import ActKind
from hydrad.link.frames import OrderRow
from hydrad.toc import resting, routing
from hydrad.toc.live import Link, Live
from hydrad.toc.state import Act, State
from hydrad.toc.terminal import REDUCES_IN
from hydrad.wire.answers import positions as positions_answers

# ENUM_ORDER_TYPE of what rests.
_TYPES = {2: "LIMIT", 3: "LIMIT", 4: "STOP", 5: "STOP", 6: "STOP LIMIT", 7: "STOP LIMIT"}


def shown(fire: Act) -> str:
    """The order's id: the number of its fire."""
    return show(IdKind.ORDER, sequence_of(fire.act_id))


def rows(state: State, live: Live, now_ns: int, account: str | None, limit: int) -> list[positions_answers.OrderRow]:
    """Ours first, in the order in which they were fired, then those of nobody here."""
    names = [name for name in state.accounts if account in (None, name)]
    ours = [_ours(state, live, now_ns, fire) for fire in resting.standing(state, live) if fire.account in names]
    foreign = [row for name in names for row in _foreign(state, live, now_ns, name)]
    return [*ours, *foreign][:limit]


def _age(link: Link | None, now_ns: int) -> float | None:
    return round((now_ns - link.orders_ns) / SECOND, 3) if link else None


def _reachable(state: State, live: Live, account: str) -> bool:
    return any(live.link(t.name).state in REDUCES_IN for t in state.terminals.values() if t.account == account)


def _ours(state: State, live: Live, now_ns: int, fire: Act) -> positions_answers.OrderRow:
    link, order = resting.reporter(state, live, fire.account), fire.order
    assert order is not None
    last = next(iter(reversed(resting.cancels(state, fire))), None)
    return positions_answers.OrderRow(
        id=shown(fire),
        state=fire.state.value,
        foreign=False,
        account=fire.account,
        symbol=order.symbol,
        side=order.side.name,
        type=order.entry_type.name,
        volume=volume_text(order.volume_steps, fire.volume_step),
        price=price_text(order.entry_points, fire.digits),
        stop=price_text(order.stop_points, fire.digits) if order.stop_points else None,
        target=price_text(order.target_points, fire.digits) if order.target_points else None,
        expires_at=ms_text(order.expiration_ms, 0) if order.expiration_ms else None,
        fire=routing.shown(fire),
        mission=show(IdKind.MISSION, fire.mission) if fire.mission else None,
        by=fire.actor,
        terminal=fire.terminal or None,
        ticket=fire.order_ticket,
        at_broker=fire.order_ticket in link.orders if link else None,
        cancel=f"{routing.shown(last)} {last.state.value}" if last else None,
        as_of_age_s=_age(link, now_ns),
        reachable=_reachable(state, live, fire.account),
    )


def foreign(state: State, link: Link | None, account: str) -> list[OrderRow]:
    """Resting orders that no fire of this account placed, by ticket."""
    rows = sorted(link.orders.values(), key=lambda row: row.ticket) if link else []
    acts = [(row, state.acts.get(row.magic)) for row in rows]
    return [row for row, act in acts if act is None or act.kind is not ActKind.FIRE or act.account != account]


def _foreign(state: State, live: Live, now_ns: int, account: str) -> list[positions_answers.OrderRow]:
    link = resting.reporter(state, live, account)
    found = []
    for row in foreign(state, link, account):
        terms = link.terms.get(row.symbol) if link else None
        found.append(
            positions_answers.OrderRow(
                id=None,
                state="FOREIGN",
                foreign=True,
                account=account,
                symbol=row.symbol,
                side="BUY" if row.order_type % 2 == 0 else "SELL",
                type=_TYPES.get(row.order_type, str(row.order_type)),
                volume=volume_text(row.volume_steps, terms.volume_step) if terms else f"{row.volume_steps} steps",
                price=price_text(row.price_points, terms.digits) if terms else f"{row.price_points} points",
                stop=price_text(row.stop_points, terms.digits) if terms and row.stop_points else None,
                target=price_text(row.target_points, terms.digits) if terms and row.target_points else None,
                expires_at=ms_text(row.expiration_ms, 0) if row.expiration_ms else None,
                fire=None,
                mission=None,
                by=None,
                terminal=link.terminal if link else None,
                ticket=row.ticket,
                at_broker=True,
                cancel=None,
                as_of_age_s=_age(link, now_ns),
                reachable=_reachable(state, live, account),
            )
        )
    return found
