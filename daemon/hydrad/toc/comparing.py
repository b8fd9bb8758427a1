"""Journal and broker, row by row: what `reconcile` finds. Pure; changes nothing.

Compared for each of our positions: open or not, symbol, side, volume, stop, target, every deal, the sum of their
money; for each order of ours that rests: whether it does, price, volume, stop, target, expiration; then what the
broker has and the journal has not: foreign positions and orders, deals with our tag; then the broker's balance with
the sum of all its deals.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from hydrad.domain.ids import IdKind, show, tag_of
from hydrad.domain.instants import ms_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.domain.orders import Order, Side
from hydrad.link import frames as f
from hydrad.toc import order_views, remainders, resting
from hydrad.toc.histories import Before, History
from hydrad.toc.live import Link
from hydrad.toc.reconcile import DEAL_TRADES
from hydrad.toc.state import Act, Position
from hydrad.toc.statements import amount_of
from hydrad.toc.turn import Turn
from hydrad.wire.answers.comparing import Difference

ENTRIES = {0: "in", 1: "out", 2: "in/out", 3: "out by"}


def settled(turn: Turn, account: str, before: dict[int, Before]) -> list[Difference]:
    """What the reading itself has brought up to date: the journal did not have it when the question came."""
    found = []
    for number, was in sorted(before.items()):
        now = turn.state.positions[number]
        if now.account != account:
            continue
        then = _described(now, was.volume_steps, was.stop_points, was.target_points)
        text = _described(now, now.volume_steps, now.stop_points, now.target_points) if now.open else _ended(now)
        if then != text or was.deals != len(now.deals):
            text += f", {len(now.deals) - was.deals} deal(s) more" if was.deals != len(now.deals) else ""
            found.append(Difference(account, now.terminal, "position", _shown(number), then, text, True))
    return found


def differences(turn: Turn, account: str, link: Link, history: History) -> list[Difference]:
    """What still differs after one terminal has told everything."""
    rows = [
        *_positions(turn, account, link),
        *_deals(turn, account, history),
        *_foreign(turn, account, link),
        *_orders(turn, account, link),
        *_strange_deals(turn, history),
        *_balance(link, history),
    ]
    return [Difference(account, link.terminal, *row, False) for row in rows]


Row = tuple[str, str, str, str]  # kind, subject, journal, broker


def _positions(turn: Turn, account: str, link: Link) -> Iterator[Row]:
    reported = {row.position_id: row for row in link.positions.values()}
    for number in sorted(turn.state.positions_open):
        ours = turn.state.positions[number]
        if ours.account != account:
            continue
        row = reported.get(ours.position_id)
        if row is None:
            was = _described(ours, ours.volume_steps, ours.stop_points, ours.target_points)
            yield "position", _shown(number), was, "not open"
            continue
        yield from _levels(number, ours, row)


def _levels(number: int, ours: Position, row: f.PositionRow) -> Iterator[Row]:
    pairs = (
        ("position", f"{ours.symbol} {ours.side.name}", f"{row.symbol} {Side(row.side).name}"),
        (
            "volume",
            volume_text(ours.volume_steps, ours.volume_step),
            volume_text(row.volume_steps, ours.volume_step),
        ),
        ("stop", _price(ours, ours.stop_points), _price(ours, row.stop_points)),
        ("target", _price(ours, ours.target_points), _price(ours, row.target_points)),
    )
    for kind, journal, broker in pairs:
        if journal != broker:
            yield kind, _shown(number), journal, broker


def _deals(turn: Turn, account: str, history: History) -> Iterator[Row]:
    """Each position's deals, by ticket, and their money."""
    if history.shed:
        return
    theirs: dict[int, list[f.DealRow]] = {}
    for row in history.rows.values():
        theirs.setdefault(row.position_id, []).append(row)
    for number, ours in sorted(turn.state.positions.items()):
        if ours.account != account:
            continue
        rows = {row.ticket: row for row in theirs.get(ours.position_id, ())}
        for ticket in sorted(rows.keys() - set(ours.deals)):
            yield "deal", _shown(number), "not booked", _deal_text(ours, rows[ticket])
        for ticket in sorted(set(ours.deals) - rows.keys()):
            yield "deal", _shown(number), f"deal {ticket}", "not in its history"
        total = sum((amount_of(row) for row in rows.values()), Decimal(0))
        if rows.keys() == set(ours.deals) and total != ours.profit:
            yield "profit", _shown(number), money_text(ours.profit), money_text(total)


def _foreign(turn: Turn, account: str, link: Link) -> Iterator[Row]:
    for row in sorted(link.positions.values(), key=lambda position: position.ticket):
        act = turn.state.acts.get(row.magic)
        if (account, row.position_id) in turn.state.position_numbers or (act and act.act_id in turn.state.acts_pending):
            continue
        number = turn.state.foreign.get((account, row.ticket))
        terms = link.terms.get(row.symbol)
        size = volume_text(row.volume_steps, terms.volume_step) if terms else f"{row.volume_steps} steps"
        subject = _shown(number) if number else str(row.ticket)
        yield "foreign", subject, "no fire opened it", f"{row.symbol} {Side(row.side).name} {size}, ticket {row.ticket}"


def _orders(turn: Turn, account: str, link: Link) -> Iterator[Row]:
    for fire in resting.fires(turn.state, account):
        row = link.orders.get(fire.order_ticket)
        if fire.order is None:
            continue
        ours = _order_text(fire, fire.order.volume_steps, fire.order.entry_points, fire.order)
        theirs = "does not rest"
        if row is not None:
            theirs = _order_text(fire, row.volume_steps, row.price_points, row)
        if ours != theirs:
            yield "order", order_views.shown(fire), ours, theirs
    for fire in resting.strays(turn.state, turn.live, account):
        yield "order", order_views.shown(fire), fire.state.value, f"rests, ticket {fire.order_ticket}"
    for row in order_views.foreign(turn.state, link, account):
        side = Side(row.order_type % 2).name
        yield "foreign order", str(row.ticket), "no fire placed it", f"{row.symbol} {side}, ticket {row.ticket}"
    for row in remainders.rows(turn.state, link, account):
        fire = turn.state.acts[row.magic]
        left = volume_text(row.volume_steps, fire.volume_step)
        yield "order", order_views.shown(fire), fire.state.value, f"{left} of it rest, ticket {row.ticket}"


def _order_text(fire: Act, steps: int, entry_points: int, at: Order | f.OrderRow) -> str:
    def price(points: int) -> str:
        return price_text(points, fire.digits) if points else "none"

    text = f"{at.symbol} {volume_text(steps, fire.volume_step)} at {price(entry_points)}"
    until = ms_text(at.expiration_ms, 0) if at.expiration_ms else "cancelled"
    return f"{text}, stop {price(at.stop_points)}, target {price(at.target_points)}, until {until}"


def _strange_deals(turn: Turn, history: History) -> Iterator[Row]:
    """Deals with our tag that no act of this journal made."""
    for ticket, row in sorted(history.rows.items()):
        known = row.magic in turn.state.acts or row.magic in turn.state.plan_fires
        if row.magic and tag_of(row.magic) == turn.state.tag and not known:
            yield "deal", str(ticket), "no such act", f"deal {ticket}, magic {row.magic}, {row.symbol}"


def _balance(link: Link, history: History) -> Iterator[Row]:
    if link.account is None or history.shed:
        return
    total = sum((amount_of(row) for row in history.rows.values()), Decimal(0))
    if total != link.account.balance:
        yield "balance", "balance", f"{money_text(total)}, the sum of all deals", money_text(link.account.balance)


def _shown(number: int) -> str:
    return show(IdKind.POSITION, number)


def _price(ours: Position, points: int) -> str:
    return price_text(points, ours.digits) if points else "none"


def _described(ours: Position, steps: int, stop: int, target: int) -> str:
    size = volume_text(steps, ours.volume_step)
    return f"{ours.symbol} {ours.side.name} {size}, stop {_price(ours, stop)}, target {_price(ours, target)}"


def _ended(ours: Position) -> str:
    return f"closed {ours.close_reason} at {_price(ours, ours.close_points)}, {money_text(ours.profit)}"


def _deal_text(ours: Position, row: f.DealRow) -> str:
    way = ENTRIES.get(row.entry, str(row.entry)) if row.deal_type in DEAL_TRADES else "cash"
    size = volume_text(row.volume_steps, ours.volume_step)
    return f"deal {row.ticket} {way} {size} at {_price(ours, row.price_points)}, {money_text(amount_of(row))}"
