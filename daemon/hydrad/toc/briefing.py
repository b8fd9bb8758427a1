"""A mission before it is fired, as it would be on one account. Pure; changes nothing.

The gate is asked as for a dry run, so what stands here is what a fire would be judged by a moment later. Money is
counted from where the order would open now, by the terms that the account's broker has told.
"""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.instants import DAY_MS, MINUTE_MS, ms_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.domain.orders import Order
from hydrad.domain.signals import PRICE_FEATURES
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import act_views, costs, crew, mission_views, sizing
from hydrad.toc.desk.fires import looked_at
from hydrad.toc.live import Link
from hydrad.toc.position_views import night_view
from hydrad.toc.risk import Verdict
from hydrad.toc.state import Mission
from hydrad.toc.terminal import LinkState
from hydrad.toc.texts import session_text
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.briefing import Briefing, ChartView, LevelView, PriceNow, SpanView, Stake

# How much of the market before the mission is drawn.
CHART_BACK_MS = 4 * 60 * MINUTE_MS
_QUARTER_MS = 15 * MINUTE_MS
_TENTH = Decimal("0.1")


def made(turn: Turn, mission: Mission, verb: calls.Brief) -> Briefing:
    """For `turn.actor`. Raises Refused where the account, the plan or the size asked for is none."""
    state, live = turn.state, turn.live
    asked = calls.Fire(mission=verb.mission, account=verb.account, volume=verb.volume, risk=verb.risk, plan=verb.plan)
    verdict, account = looked_at(turn, asked, mission)
    operator = state.operator(turn.actor)
    link = live.link(verdict.terminal) if verdict.terminal else None
    price, stake = None, None
    if link is not None and verdict.order is not None and verdict.terms is not None:
        price = _price(turn, link, verdict.order, verdict.terms)
        stake = _stake(turn, link, verdict.order, verdict.terms, verdict)
    shown = mission_views.mission_show(state, live, turn.now_ns, mission, turn.actor)
    return Briefing(
        mission=shown,
        market_at=ms_text(live.market_ms) if live.market_ms else None,
        account=account.name,
        kind=account.kind.value,
        accounts=tuple(crew.accounts_of(state, operator)) if operator else (),
        fire=act_views.dry_run(state, verdict, account),
        price=price,
        stake=stake,
        tcs_text=_tcs_text(mission, stake),
        chart=_chart(turn, mission),
    )


def _chart(turn: Turn, mission: Mission) -> ChartView:
    signal = mission.signal
    prices = (("entry", signal.entry_points), ("stop", signal.stop_points), ("target", signal.target_points))
    levels = [LevelView(name, price_text(points, signal.digits)) for name, points in prices if points]
    levels += [LevelView(name, value) for name, value in signal.features if name in PRICE_FEATURES]
    start_ms = signal.at_ms - CHART_BACK_MS
    return ChartView(
        symbol=signal.symbol,
        start=ms_text(start_ms, 0),
        signal_at=ms_text(signal.at_ms, 0),
        sessions=_sessions(start_ms, max(turn.market_ms, signal.at_ms)),
        levels=tuple(levels),
    )


def _sessions(from_ms: int, to_ms: int) -> tuple[SpanView, ...]:
    """The sessions between two instants, to a quarter of an hour; a day ahead at most."""
    spans: list[SpanView] = []
    for at_ms in range(from_ms // _QUARTER_MS * _QUARTER_MS, min(to_ms, from_ms + 2 * DAY_MS), _QUARTER_MS):
        name, end = session_text(at_ms), ms_text(at_ms + _QUARTER_MS, 0)
        if spans and spans[-1].session == name:
            spans[-1] = SpanView(name, spans[-1].start, end)
        else:
            spans.append(SpanView(name, ms_text(at_ms, 0), end))
    return tuple(spans)


def _tcs_text(mission: Mission, stake: Stake | None) -> str:
    """Never a percentage without what it needs."""
    if stake is None or stake.needs_percent is None:
        return "what it needs is not known"
    needs = f"(needs {stake.needs_percent}%)"
    return f"{mission_views.NOT_CALIBRATED if mission.signal.tcs is None else f'{mission.signal.tcs}%'} {needs}"


def _opening_points(link: Link, order: Order) -> int | None:
    """Where it would open: a resting order at its price, else where the market is; None without a quote."""
    return order.entry_points if order.rests else _market_points(link, order)


def _market_points(link: Link, order: Order) -> int | None:
    """Where the market would open it now; None without a quote."""
    quote = link.quotes.get(order.symbol)
    if quote is None:
        return None
    return quote.ask_points if order.side.sign > 0 else quote.bid_points


def _price(turn: Turn, link: Link, order: Order, terms: SymbolTerms) -> PriceNow | None:
    quote = link.quotes.get(order.symbol)
    market = _market_points(link, order)
    if quote is None or market is None:
        return None
    age_ms = turn.market_ms - quote.time_ms
    distance = abs(order.entry_points - order.stop_points) if order.stop_points else 0
    share = Decimal(quote.spread_points * 100) / distance if distance else None
    return PriceNow(
        terminal=link.terminal,
        bid=price_text(quote.bid_points, terms.digits),
        ask=price_text(quote.ask_points, terms.digits),
        spread_points=quote.spread_points,
        spread_of_stop_percent=None if share is None else str(share.quantize(_TENTH)),
        off_points=(market - order.entry_points) * order.side.sign,
        collar_points=order.collar_points,
        age_s=round(age_ms / 1000, 3),
        stale=not 0 <= age_ms <= turn.state.limits.tick_age_max_ms or link.state is not LinkState.READY,
        rests=order.rests,
    )


def _stake(turn: Turn, link: Link, order: Order, terms: SymbolTerms, verdict: Verdict) -> Stake | None:
    opening, steps = _opening_points(link, order), order.volume_steps
    if opening is None or not steps or not order.stop_points:
        return None
    side = order.side
    lost = (opening - order.stop_points) * side.sign
    loss = sizing.money_at_stop(lost, steps, terms)
    won = (order.target_points - opening) * side.sign if order.target_points else 0
    gain = terms.tick_value_profit * won * terms.volume_step * steps if won else None
    per_lot = costs.commission_per_lot(turn.state, order.account, order.symbol)
    paid = None if per_lot is None else per_lot * terms.volume_step * steps
    cost = -(paid or Decimal(0))
    needs = None if gain is None else costs.needs_percent(loss + cost, gain - cost)
    even = costs.break_even_points(side, opening, cost, steps, terms)
    return Stake(
        currency=turn.state.accounts[order.account].currency,
        volume=volume_text(steps, terms.volume_step),
        of_base_percent=f"{loss * 100 / verdict.base:.2f}" if verdict.base else None,
        at_stop=money_text(-loss),
        at_target=None if gain is None else money_text(gain),
        r=f"{won / lost:.2f}" if gain is not None and lost > 0 else None,
        commission=None if paid is None else money_text(paid),
        needs_percent=None if needs is None else str(needs.quantize(_TENTH)),
        break_even=None if even is None else price_text(even, terms.digits),
        night=night_view(turn.live, link, costs.Holding(terms, side, steps)),
    )
