"""What an account has at stake: open positions, everything that may have left without a verdict, and what partial fills
have left resting."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.orders import ActKind, Side
from hydrad.link.frames import PositionRow
from hydrad.toc import remainders, sizing
from hydrad.toc.act import RESERVED
from hydrad.toc.live import Link, Live
from hydrad.toc.state import Act, Position, State


def reserved(state: State, account: str) -> list[Act]:
    """Fires of an account whose exposure is held without a position: in flight, UNKNOWN, resting, QUARANTINED."""
    return [
        act
        for act in (state.acts[number] for number in sorted(state.acts_pending))
        if act.kind is ActKind.FIRE and act.account == account and act.state in RESERVED
    ]


def open_positions(state: State, account: str) -> list[Position]:
    positions = (state.positions[number] for number in sorted(state.positions_open))
    return [position for position in positions if position.account == account]


def reporter(state: State, live: Live, account: str) -> Link | None:
    """The link of an account whose books are freshest; None when no terminal has told any."""
    links = [live.link(t.name) for t in state.terminals.values() if t.account == account]
    told = [link for link in links if link.positions_ns]
    return max(told, key=lambda link: link.positions_ns, default=None)


def foreign_rows(state: State, live: Live, account: str) -> list[PositionRow]:
    """Positions at the broker that no fire of ours opened."""
    link = reporter(state, live, account)
    if link is None:
        return []
    pending = {act.act_id for act in reserved(state, account)}
    return [
        row
        for row in link.positions.values()
        if (account, row.position_id) not in state.position_numbers and row.magic not in pending
    ]


def open_risk(state: State, live: Live, account: str) -> Decimal | None:
    """Loss at the stops of all open positions, reserved fires and remainders, in the account's currency.

    None when it cannot be measured: a foreign position without a stop, or without the symbol's terms.
    """
    total = sum((act.risk_money for act in reserved(state, account)), Decimal(0))
    link = reporter(state, live, account)
    for position in open_positions(state, account):
        total += (
            _risk(link, position.symbol, _to_stop(state, position), position.volume_steps)
            if position.stop_points and link and position.symbol in link.terms
            else state.acts[position.fire_id].risk_money
        )
    for fire, steps in remainders.standing(state, live, account):
        asked = fire.order.volume_steps if fire.order else 0
        total += fire.risk_money * steps / asked if asked else fire.risk_money
    for row in foreign_rows(state, live, account):
        if not row.stop_points or link is None or row.symbol not in link.terms:
            return None
        distance = (row.open_points - row.stop_points) * Side(row.side).sign
        total += _risk(link, row.symbol, distance, row.volume_steps)
    return total


def _to_stop(state: State, position: Position) -> int:
    """Points from the open price to the farthest stop that it may have: where it stands, or where an act without a
    verdict may have put it."""
    moving = [state.acts[number] for number in state.acts_pending if state.acts[number].position == position.number]
    orders = [act.order for act in moving if act.order is not None and act.order.moves_levels]
    stops = (position.stop_points, *(order.stop_points for order in orders if order.stop_points))
    return max((position.open_points - stop) * position.side.sign for stop in stops)


def _risk(link: Link, symbol: str, distance_points: int, steps: int) -> Decimal:
    return sizing.money_at_stop(max(distance_points, 0), steps, link.terms[symbol])


def positions_and_in_flight(state: State, live: Live, account: str) -> int:
    """Ours open, foreign ones, fires whose outcome is not known, and remainders whose position is closed."""
    foreign = len(foreign_rows(state, live, account))
    return (
        len(open_positions(state, account))
        + len(reserved(state, account))
        + foreign
        + len(orphans(state, live, account))
    )


def orphans(state: State, live: Live, account: str) -> list[Act]:
    """Fires whose position is closed while a rest of their order may open it anew."""
    fires = [rest.fire for rest in remainders.standing(state, live, account)]
    return [fire for fire in fires if fire.position not in state.positions_open]


def steps_on_side(state: State, live: Live, account: str, symbol: str, side: Side) -> int:
    """Volume steps held or reserved in one direction of a symbol."""
    held = sum(p.volume_steps for p in open_positions(state, account) if p.symbol == symbol and p.side is side)
    flying = sum(
        act.order.volume_steps
        for act in reserved(state, account)
        if act.order and act.order.symbol == symbol and act.order.side is side
    )
    foreign = sum(
        row.volume_steps for row in foreign_rows(state, live, account) if row.symbol == symbol and row.side == side
    )
    left = sum(
        rest.steps
        for rest in remainders.standing(state, live, account)
        if rest.fire.order and rest.fire.order.symbol == symbol and rest.fire.order.side is side
    )
    return held + flying + foreign + left


def symbol_busy(state: State, live: Live, account: str, symbol: str) -> str:
    """What keeps a netting account's symbol busy, as text; empty when nothing does."""
    for act in reserved(state, account):
        if act.order and act.order.symbol == symbol:
            return f"act {act.state.value}"
    if any(p.symbol == symbol for p in open_positions(state, account)):
        return "open position"
    if any(fire.order and fire.order.symbol == symbol for fire in orphans(state, live, account)):
        return "rest of an order"
    if any(row.symbol == symbol for row in foreign_rows(state, live, account)):
        return "foreign position"
    return ""


def held_in_symbol(state: State, live: Live, account: str, symbol: str) -> int:
    """As `positions_and_in_flight`, of one symbol."""
    ours = sum(position.symbol == symbol for position in open_positions(state, account))
    flying = sum(act.order is not None and act.order.symbol == symbol for act in reserved(state, account))
    left = sum(fire.order is not None and fire.order.symbol == symbol for fire in orphans(state, live, account))
    return ours + flying + left + sum(row.symbol == symbol for row in foreign_rows(state, live, account))
