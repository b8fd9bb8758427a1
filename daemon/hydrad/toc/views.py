"""State as people's surfaces show it: rows of `wire.answers`. Pure; every age is measured at the time given."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain import calendar
from hydrad.domain.accounts import Authority
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import MS, SECOND, duration_text, ms_text, ns_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.domain.orders import ActKind, Order
from hydrad.link import retcodes
from hydrad.toc import after_fill, alarm_views, exposure, leaving, order_views, plan_views, resting, risk, sources
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.limiting import limits_for
from hydrad.toc.live import Link, Live, Waiter
from hydrad.toc.mission import ACCEPTS_FIRES, MissionState
from hydrad.toc.records import Check
from hydrad.toc.state import Account, Act, Mission, Position, State, Terminal
from hydrad.toc.terminal import REDUCES_IN, Duty, LinkState
from hydrad.toc.turn import Turn
from hydrad.wire import answers as a
from hydrad.wire.codes import Reason
from hydrad.wire.runbooks import Severity

NOT_CALIBRATED = "not calibrated"
NO_SOURCE = "none"
HOUR_NS = 3600 * SECOND
FIGURES_MAX_NS = 15 * SECOND  # agents tell what they read again every 5 s, changed or not


def seconds(ns: int) -> float:
    return round(ns / SECOND, 3)


def session_text(market_ms: int) -> str:
    return calendar.session(market_ms).value if market_ms else calendar.Session.NONE.value


def act_id_text(act: Act) -> str:
    return show(IdKind.FIRE if act.kind is ActKind.FIRE else IdKind.ACT, sequence_of(act.act_id))


def mission_id_text(number: int) -> str | None:
    return show(IdKind.MISSION, number) if number else None


def position_id_text(number: int) -> str:
    return show(IdKind.POSITION, number)


# --- acts -----------------------------------------------------------------------------------------------


def verdict_line(act: Act) -> str:
    """The one line that says what became of an act."""
    price = price_text(act.price_points, act.digits) if act.price_points else ""
    match act.state:
        case ActState.FILLED | ActState.CLOSING | ActState.CLOSED:
            volume = volume_text(act.volume_steps, act.volume_step)
            return f"{act.state.value} {volume} at {price}, ticket {act.order_ticket}"
        case ActState.WORKING if act.order is not None and act.order.rests:
            until = ms_text(act.order.expiration_ms, 0)
            entry = price_text(act.order.entry_points, act.digits)
            return f"WORKING, {act.order.entry_type.name} at {entry} until {until}, ticket {act.order_ticket}"
        case ActState.CANCELLED:
            return f"CANCELLED {act.detail}, ticket {act.order_ticket}"
        case ActState.EXPIRED if act.order_ticket:
            return f"EXPIRED at the broker, ticket {act.order_ticket}"
        case ActState.DONE if act.kind is ActKind.CANCEL and act.order is not None:
            return f"DONE, order {act.order.ticket} is cancelled"
        case ActState.DONE:
            return f"DONE at {price}, deal {act.deal_ticket}" if act.deal_ticket else "DONE"
        case ActState.DENIED:
            return "DENIED by us: " + ", ".join(act.codes)
        case ActState.REJECTED:
            return f"REJECTED by the broker: {retcodes.name(act.retcode)} ({act.retcode})"
        case ActState.NOT_EXECUTED:
            why = ", ".join(act.codes) or act.detail or act.by
            return f"NOT EXECUTED, proven by {act.by}: {why}"
        case ActState.UNKNOWN:
            return f"UNKNOWN since {act.by}: {act.detail}; its exposure is held, nothing is resent"
        case ActState.QUARANTINED:
            return f"QUARANTINED: {act.detail}; a person decides"
        case _:
            return act.state.value


def act_row(state: State, now_ns: int, act: Act) -> a.ActRow:
    order = act.order
    asked = act.price_points and order and order.entry_points
    slippage = (act.price_points - order.entry_points) * order.side.sign if asked and order else None
    return a.ActRow(
        id=act_id_text(act),
        kind=act.kind.name,
        state=act.state.value,
        mission=mission_id_text(act.mission),
        position=position_id_text(act.position) if act.position else None,
        account=act.account,
        terminal=act.terminal or None,
        symbol=order.symbol if order and order.symbol else _symbol(state, act),
        side=order.side.name if order and order.symbol else _side(state, act),
        volume=volume_text(order.volume_steps, act.volume_step) if order and act.volume_step else "",
        requested_at=ns_text(act.requested_ns),
        market_at=ms_text(act.market_ms),
        by=act.actor,
        surface=act.surface,
        age_s=seconds(now_ns - act.requested_ns),
        retcode=act.retcode or None,
        retcode_name=retcodes.name(act.retcode) if act.retcode else None,
        ticket=act.order_ticket or None,
        price=price_text(act.price_points, act.digits) if act.price_points else None,
        filled_volume=volume_text(act.volume_steps, act.volume_step) if act.volume_steps else None,
        slippage_points=slippage,
        codes=act.codes,
        verdict=verdict_line(act),
        reason=act.reason or None,
    )


def _symbol(state: State, act: Act) -> str:
    mission = state.missions.get(act.mission)
    return mission.signal.symbol if mission else ""


def _side(state: State, act: Act) -> str:
    mission = state.missions.get(act.mission)
    return mission.signal.side.name if mission else ""


def check_rows(checks: tuple[Check, ...]) -> tuple[a.CheckRow, ...]:
    return tuple(a.CheckRow(c.code, c.ok, c.measured, c.limit) for c in checks)


def order_view(order: Order, digits: int, step: Decimal, digest: bytes, left_out: tuple[str, ...] = ()) -> a.OrderView:
    def price(points: int) -> str | None:
        return price_text(points, digits) if points else None

    return a.OrderView(
        account=order.account,
        symbol=order.symbol,
        side=order.side.name,
        type=order.entry_type.name,
        volume=volume_text(order.volume_steps, step),
        entry=price(order.entry_points),
        collar=price(order.collar_points),
        stop=price(order.stop_points),
        target=price(order.target_points),
        plan=plan_views.rows_of_order(order, digits, step),
        hash=digest.hex(),
        plan_left_out=left_out,
        expires_at=ms_text(order.expiration_ms, 0) if order.expiration_ms else None,
    )


def _order_of(state: State, act: Act) -> a.OrderView | None:
    if act.order is None or not act.volume_step:
        return None
    if act.kind is ActKind.SET_PLAN:
        return _plan_order(state, act, act.order)
    return order_view(act.order, act.digits, act.volume_step, act.order_hash)


def _plan_order(state: State, act: Act, order: Order) -> a.OrderView:
    """What replaces a plan is no order of the broker's: its position, and the steps."""
    position = state.positions[act.position]
    return a.OrderView(
        account=order.account,
        symbol=position.symbol,
        side=position.side.name,
        type="PLAN",
        volume=volume_text(position.volume_steps, position.volume_step),
        entry=None,
        collar=None,
        stop=None,
        target=None,
        plan=plan_views.rows_of_set(state, position, order.plan),
        hash=act.order_hash.hex(),
    )


def act_show(state: State, now_ns: int, act: Act) -> a.ActShow:
    return a.ActShow(
        act_row(state, now_ns, act),
        _order_of(state, act),
        check_rows(act.checks),
        money_text(act.risk_money) if act.risk_money else None,
        state.accounts[act.account].currency,
    )


def fire_answer(state: State, now_ns: int, acts: tuple[int, ...]) -> a.FireAnswer:
    """Answer of fire, close and modify: the first act in full, a row for each."""
    rows = tuple(act_row(state, now_ns, state.acts[number]) for number in acts)
    first = state.acts[acts[0]]
    return a.FireAnswer(
        dry_run=False,
        would=rows[0].verdict,
        act=rows[0],
        acts=rows,
        mission=mission_id_text(first.mission),
        order=_order_of(state, first),
        checks=check_rows(first.checks),
        risk_money=money_text(first.risk_money) if first.risk_money else None,
        currency=state.accounts[first.account].currency,
        basis=_basis(first.checks),
    )


def _basis(checks: tuple[Check, ...]) -> str | None:
    return next((check.measured for check in checks if check.code == Reason.BASIS.name), None)


def _would(verdict: risk.Verdict) -> str:
    return f"would be ROUTED to {verdict.terminal}" if verdict.ok else "would be DENIED: " + ", ".join(verdict.codes)


def target_row(verdict: risk.Verdict, account: Account, multiplier: Decimal) -> a.TargetRow:
    """One account of a dry run."""
    order, terms = verdict.order, verdict.terms
    return a.TargetRow(
        account=account.name,
        kind=account.kind.value,
        multiplier=f"{multiplier.normalize():f}",
        terminal=verdict.terminal or None,
        volume=volume_text(order.volume_steps, terms.volume_step) if order and terms else None,
        risk_money=money_text(verdict.risk_money) if verdict.risk_money else None,
        currency=account.currency,
        basis=f"{verdict.basis.points:+d} points" if verdict.basis else None,
        would=_would(verdict),
        codes=verdict.codes,
    )


def dry_run(
    state: State, verdict: risk.Verdict, account: Account, targets: tuple[a.TargetRow, ...] = ()
) -> a.FireAnswer:
    """`verdict` is of the first account."""
    order = None
    if verdict.order and verdict.terms:
        terms = verdict.terms
        order = order_view(verdict.order, terms.digits, terms.volume_step, verdict.order_hash, verdict.left_out)
    return a.FireAnswer(
        dry_run=True,
        would=_would(verdict),
        act=None,
        acts=(),
        mission=None,
        order=order,
        checks=check_rows(verdict.checks),
        risk_money=money_text(verdict.risk_money),
        currency=account.currency,
        targets=targets,
        basis=_basis(verdict.checks),
    )


# --- missions -------------------------------------------------------------------------------------------


def mission_row(state: State, live: Live, mission: Mission, identity: str = "") -> a.MissionRow:
    s = mission.signal
    fires = sum(state.acts[number].kind is ActKind.FIRE for number in mission.acts)
    return a.MissionRow(
        id=show(IdKind.MISSION, mission.number),
        state=mission.state.value,
        kind=s.kind.value,
        symbol=s.symbol,
        side=s.side.name,
        entry=price_text(s.entry_points, s.digits),
        stop=price_text(s.stop_points, s.digits),
        target=price_text(s.target_points, s.digits) if s.target_points else None,
        collar=price_text(s.collar_points, s.digits),
        r=f"{s.r_milli / 1000:.2f}" if s.r_milli else None,
        tcs=s.tcs,
        tcs_text=NOT_CALIBRATED if s.tcs is None else f"{s.tcs}%",
        session=s.session,
        proposed_at=ms_text(s.at_ms, 0),
        expires_at=ms_text(s.expires_ms, 0),
        horizon_at=ms_text(s.horizon_ms, 0),
        expires_in_s=round((s.expires_ms - live.market_ms) / 1000, 3),
        origin=mission.origin,
        detector=s.detector or None,
        fires=fires,
        passed=identity in mission.passed_by,
        outcome=mission.outcome or None,
        outcome_r=f"{mission.outcome_r_milli / 1000:+.2f}" if mission.outcome else None,
    )


def missions(
    state: State, live: Live, wanted: str | None, symbol: str | None, limit: int, identity: str
) -> list[a.MissionRow]:
    """Newest first; without a state the ones that can be fired, else the newest of any."""
    rows = []
    for number in sorted(state.missions, reverse=True):
        mission = state.missions[number]
        if wanted and mission.state.value != wanted.upper():
            continue
        if symbol and mission.signal.symbol != symbol:
            continue
        rows.append(mission_row(state, live, mission, identity))
        if len(rows) >= limit:
            break
    return rows


def mission_show(state: State, live: Live, now_ns: int, mission: Mission, identity: str) -> a.MissionShow:
    s = mission.signal
    why = f"{s.detector} on {s.profile or 'no profile'}" if mission.origin == "apex" else "made by hand"
    return a.MissionShow(
        mission_row(state, live, mission, identity),
        dict(s.features),
        why,
        tuple(act_row(state, now_ns, state.acts[number]) for number in mission.acts),
        mission.source or None,
        alarm_views.note_rows(state, _told_of(state, mission)),
    )


def _told_of(state: State, mission: Mission) -> tuple[str, ...]:
    """The ids that notes about a mission may be under: its own, its acts', its positions'."""
    acts = [state.acts[number] for number in mission.acts]
    positions = {position_id_text(act.position) for act in acts if act.position}
    return (show(IdKind.MISSION, mission.number), *(act_id_text(act) for act in acts), *sorted(positions))


# --- positions ------------------------------------------------------------------------------------------


def position_row(state: State, live: Live, now_ns: int, position: Position) -> a.PositionRow:
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
    return a.PositionRow(
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
        r=_r_now(position, fire, reported.profit + reported.swap if reported else None),
        opened_at=ms_text(position.opened_ms),
        closed_at=ms_text(position.closed_ms) if position.closed_ms else None,
        close_price=price_text(position.close_points, position.digits) if position.close_points else None,
        close_reason=position.close_reason or None,
        mission=mission_id_text(fire.mission),
        ticket=position.position_id,
        plan=plan_views.rows_of_position(state, position),
        as_of_age_s=age,
        reachable=reachable(state, live, position.account),
    )


def reachable(state: State, live: Live, account: str) -> bool:
    """Whether a close could be sent now: some terminal of the account is READY or DEGRADED."""
    return any(live.link(t.name).state in REDUCES_IN for t in state.terminals.values() if t.account == account)


def _r_now(position: Position, fire: Act, profit: Decimal | None) -> str | None:
    if not position.open:
        return f"{position.r_milli / 1000:+.2f}"
    if profit is None or fire.risk_money <= 0:
        return None
    return f"{profit / fire.risk_money:+.2f}"


def foreign_positions(state: State, live: Live, now_ns: int, account: str) -> list[a.PositionRow]:
    link = exposure.reporter(state, live, account)
    rows = []
    for row in exposure.foreign_rows(state, live, account):
        terms = link.terms.get(row.symbol) if link else None
        number = state.foreign.get((account, row.ticket))
        if link is None or terms is None or number is None:
            continue
        rows.append(
            a.PositionRow(
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
                reachable=reachable(state, live, account),
            )
        )
    return rows


def positions(
    state: State, live: Live, now_ns: int, closed: bool, account: str | None, limit: int
) -> list[a.PositionRow]:
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


# --- accounts, terminals, quotes ------------------------------------------------------------------------


def account_row(state: State, live: Live, now_ns: int, account: Account) -> a.AccountRow:
    links = [live.link(t.name) for t in state.terminals.values() if t.account == account.name]
    told = max((link for link in links if link.account), key=lambda link: link.account_ns, default=None)
    figures = told.account if told else None
    held = exposure.open_risk(state, live, account.name)
    limits = limits_for(state, account.name)
    day_pnl = day_limit = risk_limit = None
    if figures is not None:
        base = min(figures.balance, figures.equity) - figures.credit
        risk_limit = money_text(base * limits.open_risk_max_percent / 100)
        if account.day_equity:
            day_pnl = money_text(figures.equity - account.day_equity - account.day_cash)
            day_limit = money_text(-account.day_equity * limits.day_loss_max_percent / 100)
    return a.AccountRow(
        name=account.name,
        kind=account.kind.value,
        login=account.login,
        server=account.server,
        currency=account.currency,
        hedging=account.hedging,
        balance=money_text(figures.balance) if figures else None,
        equity=money_text(figures.equity) if figures else None,
        margin_level=f"{figures.margin_level:.0f}" if figures and figures.margin else None,
        day_pnl=day_pnl,
        day_limit=day_limit,
        open_risk=money_text(held) if held is not None else None,
        open_risk_limit=risk_limit,
        authority=state.account_authority(account.name).name,
        positions=len(exposure.open_positions(state, account.name)),
        as_of_age_s=seconds(now_ns - told.account_ns) if told else None,
    )


def _opens(state: State, live: Live, terminal: Terminal) -> bool:
    """Whether a fire of its account would go there now."""
    able = live.link(terminal.name).state is LinkState.READY and terminal.duty is Duty.ACTIVE
    return able and risk.lane_holder(state, live, terminal.account) is terminal


def terminal_row(state: State, live: Live, now_ns: int, name: str) -> a.TerminalRow:
    terminal, link = state.terminals[name], live.link(name)
    measured = link.offset_ns is not None
    identity = link.hello.identity if link.hello else None
    return a.TerminalRow(
        name=name,
        account=terminal.account,
        link=link.state.value,
        duty=terminal.duty.value,
        why=terminal.why or link.why or None,
        heartbeat_age_s=seconds(now_ns - link.beat_ns) if link.beat_ns else None,
        clock_offset_ms=round((link.offset_ns or 0) / MS, 3) if measured else None,
        clock_uncertainty_ms=round(link.uncertainty_ns / MS, 3) if measured else None,
        epoch=link.hello.epoch_max if link.hello else None,
        halted=link.halted,
        in_hand=link.beat.in_hand if link.beat else None,
        through=ms_text(link.through_ms) if link.through_ms else None,
        ledger_entries=terminal.ledger_known,
        identity=f"{identity.login}@{identity.server} {identity.kind}" if identity else None,
        lane=_opens(state, live, terminal),
        cause=terminal.cause.value if terminal.cause else None,
        holds=leaving.holds(state, terminal),
        drained=terminal.drained,
        feed_only=terminal.feed_only,
        ticks_shed=link.ticks_shed + (link.beat.ticks_shed if link.beat else 0),
    )


def quote_rows(turn: Turn, symbols: tuple[str, ...], standing: bool = False) -> list[a.QuoteRow]:
    """The last quote of each terminal and symbol; ages are market time, as the gate measures them. `standing` as in
    `feed_rows`."""
    rows = []
    limit_ms = turn.state.limits.tick_age_max_ms
    for terminal in turn.state.terminals.values():
        link = turn.live.link(terminal.name)
        for symbol, quote in sorted(link.quotes.items()):
            if symbols and symbol not in symbols:
                continue
            terms = link.terms.get(symbol)
            if terms is None:
                continue
            age_ms = turn.market_ms - quote.time_ms
            is_source = sources.source(turn, symbol) == terminal.name
            rows.append(
                a.QuoteRow(
                    symbol,
                    terminal.name,
                    price_text(quote.bid_points, terms.digits),
                    price_text(quote.ask_points, terms.digits),
                    quote.spread_points,
                    ms_text(quote.time_ms),
                    round(age_ms / 1000, 3),
                    standing or not 0 <= age_ms <= limit_ms or link.state is not LinkState.READY,
                    is_source,
                    *_taken(turn, symbol, terminal.name if is_source else ""),
                )
            )
    return rows


def feed_rows(turn: Turn, standing: bool = False) -> tuple[a.FeedRow, ...]:
    """One row a symbol and its source. `standing`: the market's own clock does not go, and an age by it says nothing:
    no feed is fresh then."""
    rows = []
    for symbol in turn.live.symbols:
        source = sources.source(turn, symbol)
        link: Link | None = turn.live.link(source) if source else None
        quote = link.quotes.get(symbol) if link else None
        age_ms = turn.market_ms - quote.time_ms if quote else None
        rate = link.rates[symbol].per_s(turn.now_ns) if link and symbol in link.rates else 0.0
        stale = standing or age_ms is None or not 0 <= age_ms <= turn.state.limits.tick_age_max_ms
        age_s = age_ms / 1000 if age_ms is not None else None
        rows.append(a.FeedRow(symbol, source or NO_SOURCE, age_s, round(rate, 2), stale, *_taken(turn, symbol, source)))
    return tuple(rows)


def _taken(turn: Turn, symbol: str, source: str) -> tuple[str | None, str | None]:
    """Since when a source is the one, and why it was taken."""
    found = turn.live.sources.get(symbol)
    return (ns_text(found.since_ns), found.why) if found is not None and source else (None, None)


# --- status ---------------------------------------------------------------------------------------------


def mission_counts(state: State, live: Live) -> a.MissionCounts:
    today = calendar.trading_day(live.market_ms) if live.market_ms else 0
    day = [m for m in state.missions.values() if calendar.trading_day(m.signal.at_ms) == today]
    return a.MissionCounts(
        open=sum(m.state in ACCEPTS_FIRES for m in state.missions.values()),
        engaged=sum(m.state is MissionState.ENGAGED for m in state.missions.values()),
        proposed_today=len(day),
        expired_today=sum(m.state is MissionState.EXPIRED for m in day),
    )


def act_counts(state: State, live: Live) -> a.ActCounts:
    today = calendar.trading_day(live.market_ms) if live.market_ms else 0
    day = [x for x in state.acts.values() if x.market_ms and calendar.trading_day(x.market_ms) == today]
    return a.ActCounts(
        unknown=sum(state.acts[n].state is ActState.UNKNOWN for n in state.acts_open),
        in_flight=sum(state.acts[n].state in IN_FLIGHT for n in state.acts_open),
        today=len(day),
        denied_today=sum(x.state is ActState.DENIED for x in day),
        resting=len(state.resting),
    )


def signals_view(state: State, live: Live, now_ns: int) -> a.SignalsView:
    made = [m.signal.at_ms for m in state.missions.values() if m.origin == "apex"]
    hour = [ms for ms in made if live.market_ms - ms <= 3_600_000]
    last = max(made, default=None)
    age = (live.market_ms - last) / 1000 if last is not None else None
    return a.SignalsView(float(len(hour)), age, dict(state.suppressed))


def health_rows(turn: Turn, standing: bool = False) -> tuple[a.HealthRow, ...]:
    """Measured just now; nothing is inferred from a process being there."""
    state, live = turn.state, turn.live
    rows = []
    live_feed = state.machine_time  # a replayed market may stand, and is not read again while it does
    for terminal in state.terminals.values():
        link = live.link(terminal.name)
        age = duration_text(turn.now_ns - link.heard_ns) if link.heard_ns else "never heard"
        ok = link.state is LinkState.READY and terminal.duty is Duty.ACTIVE
        detail = f"{link.state.value}, {terminal.duty.value}, last frame {age} ago"
        read_ns = turn.now_ns - link.account_ns if link.account else 0
        if live_feed and read_ns > FIGURES_MAX_NS:  # beats prove the agent, only what it reads proves the terminal
            ok, detail = False, f"{detail}, but the terminal was last read {duration_text(read_ns)} ago"
        if skew := _skew(state, link, terminal.account):
            ok, detail = False, f"{detail}, {skew}"
        rows.append(a.HealthRow(f"terminal {terminal.name}", ok, detail))
    for feed in feed_rows(turn, standing):
        closed = _closed(turn, feed)
        nothing = "no terminal is READY to take it from" if feed.terminal == NO_SOURCE else "no tick in this session"
        detail = f"last tick {feed.age_s} s old" if feed.age_s is not None else nothing
        if standing:
            detail += ", and the market stands still"
        rows.append(
            a.HealthRow(
                f"feed {feed.symbol}",
                closed or not feed.stale,
                detail + (", market closed" if closed else ""),
            )
        )
    unknown = sum(state.acts[n].state is ActState.UNKNOWN for n in state.acts_open)
    held = sum(act.state is ActState.QUARANTINED for act in (state.acts[n] for n in state.acts_open))
    rows.append(a.HealthRow("acts", unknown + held == 0, f"{unknown} UNKNOWN, {held} QUARANTINED"))
    traded = sorted(account.name for account in state.traded())
    unsized = [name for name in traded if exposure.open_risk(state, live, name) is None]
    why = "not known (a foreign position without a stop, or without terms): nothing opens on "
    rows.append(a.HealthRow("open risk", not unsized, why + ", ".join(unsized) if unsized else "known on all accounts"))
    strictest = max((state.account_authority(name) for name in state.accounts), default=state.authority)
    rows.append(a.HealthRow("authority", strictest is Authority.ACTIVE, strictest.name))
    ringing = sum(alarm.severity == Severity.ALARM for alarm in state.alarms.values())
    warned = len(state.alarms) - ringing
    rows.append(a.HealthRow("alarms", not ringing, f"{ringing} standing, {warned} warning(s)"))
    return tuple(rows)


def _skew(state: State, link: Link, account: str) -> str:
    """What is wrong with a terminal's clock, by the gate's own limit; nothing while it was not measured, for which
    there is an alarm."""
    limit_ms = limits_for(state, account).clock_offset_max_ms
    if link.offset_ns is None or abs(link.offset_ns) + link.uncertainty_ns <= limit_ms * MS:
        return ""
    off = f"{link.offset_ns / MS:+.0f} ± {link.uncertainty_ns / MS:.0f} ms"
    return f"its clock is {off} from ours (limit {limit_ms} ms): nothing opens there"


def _since(state: State, account: str) -> int:
    """When what holds now was set: the account's own where it is the stricter, else the global one; a home that was
    never halted is ACTIVE since it was made."""
    own = state.accounts[account] if account else None
    if own is not None and own.authority >= state.authority:
        return own.authority_ns or state.created_ns
    return state.authority_ns or state.created_ns


def _closed(turn: Turn, feed: a.FeedRow) -> bool:
    """By the table of the symbol at its source; while that is not there, by the currencies' week."""
    if not turn.market_ms:
        return False
    table = after_fill.table(turn, turn.live.link(feed.terminal), feed.symbol, turn.market_ms)
    return (table or calendar.hours(turn.market_ms)) is calendar.Hours.CLOSED


def _halted_order(state: State, fire: Act) -> a.HaltedOrder:
    word, detail = resting.verdict(state, fire)
    symbol = fire.order.symbol if fire.order else ""
    return a.HaltedOrder(order_views.shown(fire), act_id_text(fire), fire.account, symbol, word, detail)


def halt_data(state: State, live: Live, waiter: Waiter) -> a.HaltData:
    """What the latch has stopped, terminal by terminal, as confirmed by each agent's own ledger."""
    wanted = waiter.verb == "halt"
    rows = []
    for name in waiter.terminals:
        link = live.link(name)
        ok = link.halted is wanted and link.halted_ns >= waiter.since_ns
        word = "HALTED" if wanted else "released"
        took = f", {(link.halted_ns - waiter.since_ns) // MS} ms" if waiter.drill else ""
        detail = f"{word} in its ledger{took}" if ok else f"not confirmed ({link.state.value})"
        rows.append(a.HaltedTerminal(name, state.terminals[name].account, ok, detail))
    flying = [
        act_id_text(state.acts[n])
        for n in sorted(state.acts_open)
        if state.acts[n].kind is ActKind.FIRE and state.acts[n].state in (*IN_FLIGHT, ActState.UNKNOWN)
    ]
    withheld = [
        act_id_text(act)
        for act in state.acts.values()
        if act.by == "latch" and act.state is ActState.NOT_EXECUTED and act.moved_ns >= waiter.since_ns
    ]
    authority = state.account_authority(waiter.account) if waiter.account else state.authority
    orders = tuple(_halted_order(state, state.acts[number]) for number in waiter.acts)
    return a.HaltData(
        authority=authority.name,
        account=waiter.account or None,
        latched_at=ns_text(_since(state, waiter.account)),
        terminals=tuple(rows),
        on_the_wire=tuple(flying) if wanted else (),
        withheld=tuple(withheld) if wanted else (),
        orders=tuple(row.id for row in orders),
        positions_open=len(state.positions_open),
        resting=orders,
    )
