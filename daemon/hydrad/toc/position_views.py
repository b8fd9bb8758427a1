"""Positions as people see them: ours with their plans, and FOREIGN ones. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypedDict

from hydrad.domain.instants import MS, ms_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.domain.orders import Side
from hydrad.link import frames as f
from hydrad.toc import costs, exposure, multiple, plan_views, planning
from hydrad.toc.live import Link, Live
from hydrad.toc.state import Act, Position, State
from hydrad.toc.terminal import REDUCES_IN
from hydrad.toc.texts import mission_id_text, position_id_text, seconds
from hydrad.wire.answers.positions import NightView, PositionRow


def position_row(state: State, live: Live, now_ns: int, position: Position) -> PositionRow:
    fire = state.acts[position.fire_id]
    link = exposure.reporter(state, live, position.account)
    reported = None
    if link and position.open:
        reported = next((x for x in link.positions.values() if x.position_id == position.position_id), None)
    pnl, age = None, None
    if not position.open:
        pnl = money_text(position.profit)
    elif reported is not None and link is not None:
        pnl = money_text(reported.profit + reported.swap)
        age = seconds(now_ns - link.positions_ns)
    return PositionRow(
        id=position_id_text(position.number),
        state=fire.state.value,
        foreign=False,
        account=position.account,
        symbol=position.symbol,
        side=position.side.name,
        volume=volume_text(position.volume_steps or position.opened_steps, position.volume_step),
        open_price=price_text(position.open_points, position.digits),
        stop=price_text(position.stop_points, position.digits) if position.stop_points else None,
        target=price_text(position.target_points, position.digits) if position.target_points else None,
        pnl=pnl,
        currency=state.accounts[position.account].currency,
        r=_r_now(position, fire, reported),
        opened_at=ms_text(position.opened_ms),
        closed_at=ms_text(position.closed_ms) if position.closed_ms else None,
        close_price=price_text(position.close_points, position.digits) if position.close_points else None,
        close_average=close_average(position),
        close_reason=position.close_reason or None,
        mission=mission_id_text(fire.mission),
        ticket=position.position_id,
        plan=plan_views.rows_of_position(state, position),
        as_of_age_s=age,
        report_price=_report_price(reported, position.digits),
        reachable=reachable(state, live, position.account),
        swap=money_text(reported.swap if reported else position.swap) if reported or not position.open else None,
        commission=money_text(position.commission) if position.deals else None,
        realised=money_text(position.profit) if position.open and position.closed_steps else None,
        r_in_all=_r_in_all(position, fire, reported),
        break_even=_break_even(state, link, position, reported),
        night=_night(live, link, position),
        plan_name=planning.name_of(state, position),
        **_price(live, now_ns, link if position.open else None, position.symbol, position.side, position.digits),
    )


def close_average(position: Position) -> str | None:
    """At what it was closed so far, each lot at its price; None where nothing was."""
    if not position.closed_steps:
        return None
    points = (Decimal(position.closed_sum) / position.closed_steps).to_integral_value(ROUND_HALF_EVEN)
    return price_text(int(points), position.digits)


def _report_price(reported: f.PositionRow | None, digits: int) -> str | None:
    return price_text(reported.price_points, digits) if reported is not None and reported.price_points else None


class _Price(TypedDict):
    price: str | None
    price_age_s: float | None


def _price(live: Live, now_ns: int, link: Link | None, symbol: str, side: Side, digits: int) -> _Price:
    """At what it would be closed, and its age: since it was told, or by its own stamp, whichever is more."""
    quote = link.quotes.get(symbol) if link else None
    if quote is None:
        return _Price(price=None, price_age_s=None)
    points = quote.bid_points if side is Side.BUY else quote.ask_points
    age_ns = max(now_ns - quote.seen_ns, (live.market_ms - quote.time_ms) * MS)
    return _Price(price=price_text(points, digits), price_age_s=seconds(age_ns))


def _break_even(state: State, link: Link | None, position: Position, reported: f.PositionRow | None) -> str | None:
    """What pays for swap to date and for commission, that of the close too where it is known."""
    terms = link.terms.get(position.symbol) if link else None
    if terms is None or reported is None:
        return None
    per_lot = costs.commission_per_lot(state, position.account, position.symbol)
    whole = (per_lot or Decimal(0)) * position.volume_step * position.opened_steps
    paid = -min(position.commission, whole) - reported.swap
    points = costs.break_even_points(position.side, position.open_points, paid, position.volume_steps, terms)
    return None if points is None else price_text(points, position.digits)


def _night(live: Live, link: Link | None, position: Position) -> NightView | None:
    terms = link.terms.get(position.symbol) if link else None
    if link is None or terms is None or not position.open:
        return None
    return night_view(live, link, costs.Holding(terms, position.side, position.volume_steps))


def night_view(live: Live, link: Link, holding: costs.Holding) -> NightView | None:
    """The next night of what is held, or would be, as this terminal's server counts it."""
    offset_ms = link.beat.offset_ms if link.beat else None
    night = costs.next_night(holding, live.market_ms, offset_ms)
    if night is None:
        return None
    return NightView(ms_text(night.at_ms, 0), night.nights, None if night.money is None else money_text(night.money))


def reachable(state: State, live: Live, account: str) -> bool:
    """Whether a close could be sent now: some terminal of the account is READY or DEGRADED."""
    return any(live.link(t.name).state in REDUCES_IN for t in state.terminals.values() if t.account == account)


def _r_now(position: Position, fire: Act, reported: f.PositionRow | None) -> str | None:
    """Of the same money as `pnl`: the two never disagree about which way it goes."""
    if not position.open:
        return multiple.text(fire, position, position.profit)
    return None if reported is None else multiple.text(fire, position, reported.profit + reported.swap)


def _r_in_all(position: Position, fire: Act, reported: f.PositionRow | None) -> str | None:
    """None while a part is closed of which only the report or only the deal is known: it would count twice, or not."""
    if reported is None or not position.closed_steps or reported.volume_steps != position.volume_steps:
        return None
    return multiple.text(fire, position, position.profit + reported.profit + reported.swap)


def foreign_positions(state: State, live: Live, now_ns: int, account: str) -> list[PositionRow]:
    link = exposure.reporter(state, live, account)
    rows = []
    for row in exposure.foreign_rows(state, live, account):
        terms = link.terms.get(row.symbol) if link else None
        number = state.foreign.get((account, row.ticket))
        if link is None or terms is None or number is None:
            continue
        rows.append(
            PositionRow(
                id=position_id_text(number),
                state="FOREIGN",
                foreign=True,
                account=account,
                symbol=row.symbol,
                side="BUY" if row.side == 0 else "SELL",
                volume=volume_text(row.volume_steps, terms.volume_step),
                open_price=price_text(row.open_points, terms.digits),
                stop=price_text(row.stop_points, terms.digits) if row.stop_points else None,
                target=price_text(row.target_points, terms.digits) if row.target_points else None,
                pnl=money_text(row.profit + row.swap),
                currency=state.accounts[account].currency,
                r=None,
                opened_at=ms_text(row.time_ms),
                closed_at=None,
                close_price=None,
                close_reason=None,
                mission=None,
                ticket=row.ticket,
                plan=(),
                as_of_age_s=seconds(now_ns - link.positions_ns),
                report_price=_report_price(row, terms.digits),
                reachable=reachable(state, live, account),
                **_price(live, now_ns, link, row.symbol, Side.BUY if row.side == 0 else Side.SELL, terms.digits),
            )
        )
    return rows


def positions(
    state: State, live: Live, now_ns: int, closed: bool, account: str | None, limit: int
) -> list[PositionRow]:
    """Open positions with the foreign ones, or the newest closed."""
    numbers = sorted(
        (p.number for p in state.positions.values() if p.open is not closed and account in (None, p.account)),
        reverse=closed,
    )
    rows = [position_row(state, live, now_ns, state.positions[number]) for number in numbers[:limit]]
    if not closed:
        for name in state.accounts:
            if account in (None, name):
                rows += foreign_positions(state, live, now_ns, name)
    return rows[:limit]
