"""What each query answers: looked up in the state, changing nothing. One function a verb, one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hydrad.domain import ids
from hydrad.domain.actors import Actor
from hydrad.domain.ids import IdKind
from hydrad.domain.instants import SECOND, duration_text, ms_text, ns_text
from hydrad.domain.orders import ActKind
from hydrad.home import settings
from hydrad.surface.daemon import Daemon
from hydrad.toc import (
    account_views,
    act_views,
    alarm_views,
    audience,
    briefing,
    crew,
    health_views,
    mission_views,
    narrate,
    newsview,
    order_views,
    plan_views,
    planning,
    pools,
    position_views,
    quote_views,
    resting,
    term_diff,
    views_crew,
    views_symbols,
)
from hydrad.toc.act import ActState
from hydrad.toc.state import State
from hydrad.toc.texts import act_id_text
from hydrad.toc.turn import Turn
from hydrad.vitals import vitals
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.answers.accounts import AccountRow, AccountShow, GroupRow, PoolRow
from hydrad.wire.answers.acts import ActRow, ActShow, AskedData
from hydrad.wire.answers.alarms import AlarmRow
from hydrad.wire.answers.briefing import Briefing
from hydrad.wire.answers.daemon import ConfigRow
from hydrad.wire.answers.journal import Event, JournalView, TraceData
from hydrad.wire.answers.live import Now
from hydrad.wire.answers.market import NewsData, QuoteRow, SymbolDiffData, SymbolRow
from hydrad.wire.answers.missions import MissionRow, MissionShow
from hydrad.wire.answers.people import ChangeRow, OperatorRow, PolicyRow
from hydrad.wire.answers.positions import NamedPlan, OrderRow, PlanData, PositionRow
from hydrad.wire.answers.status import ClocksView, HealthData, StatusData
from hydrad.wire.answers.terminals import TerminalRow
from hydrad.wire.calls.base import Verb
from hydrad.wire.codes import ErrorCode

TRACE_RECORDS_MAX = 5_000


class Troubled(Exception):
    """An answer that comes with a problem: both are shown."""

    def __init__(self, data: object, problem: Problem) -> None:
        super().__init__(problem.message)
        self.data, self.problem = data, problem


class NotFound(Exception):
    """A query for something that is not there."""


def _status(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Status) -> StatusData:
    state, live, now = turn.state, turn.live, turn.now_ns
    seq, head = daemon.journal_head
    market = ms_text(turn.market_ms) if turn.market_ms else None
    return StatusData(
        mode=state.mode.value,
        authority=state.authority.name,
        since=ns_text(state.started_ns),
        home=str(daemon.places.state_dir),
        endpoint=daemon.endpoint,
        pid=daemon.pid,
        epoch=state.epoch,
        clocks=ClocksView(ns_text(now), market, daemon.conductor.speed_text() if daemon.conductor else "live"),
        accounts=tuple(account_views.account_row(state, live, now, account) for account in state.traded()),
        services=vitals.service_rows(daemon),
        feed=quote_views.feed_rows(turn, daemon.market_stands_ms()),
        terminals=tuple(account_views.terminal_row(state, live, now, name) for name in state.terminals),
        missions=mission_views.mission_counts(state, live),
        acts=health_views.act_counts(state, live),
        positions=len(state.positions_open),
        journal=JournalView(seq, head.hex()[:16], daemon.journal_bytes),
        signals=mission_views.signals_view(state, live, now),
        scheduler=daemon.scheduler.rows(),
        alarms=alarm_views.alarm_rows(state, now),
        health=(*health_views.health_rows(turn, daemon.market_stands_ms()), *vitals.own_health(daemon)),
        news=daemon.news_view(turn),
        pending_limits=settings.pending_rows(state),
        hud=daemon.hud.address or None,
        approvals=health_views.waiting_rows(turn),
        one_person=health_views.one_person(state),
        primary=crew.primary_of(state, state.operator(actor.identity)),
    )


def now(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Now) -> Now:
    """Made as a page's is, for the accounts that the caller sees. Not kept for the next one who asks: what has happened
    since would be missing, and its ages would be another second's."""
    return daemon.watched.now(audience.of(turn.state, actor.identity))


def _missions(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Missions) -> list[MissionRow]:
    return mission_views.missions(
        turn.state, turn.live, turn.now_ns, verb.state, verb.symbol, verb.limit, actor.identity
    )


def _mission_show(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.MissionShow) -> MissionShow:
    _, number = ids.parse(verb.mission, IdKind.MISSION)
    mission = turn.state.missions.get(number)
    if mission is None:
        raise NotFound(f"no mission {verb.mission}")
    return mission_views.mission_show(turn.state, turn.live, turn.now_ns, mission, actor.identity)


def _brief(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Brief) -> Briefing:
    _, number = ids.parse(verb.mission, IdKind.MISSION)
    mission = turn.state.missions.get(number)
    if mission is None:
        raise NotFound(f"no mission {verb.mission}")
    turn.actor = actor.identity
    return briefing.made(turn, mission, verb)


def _fires(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Fires) -> list[ActRow]:
    rows = []
    for number in sorted(turn.state.acts, reverse=True):
        act = turn.state.acts[number]
        if not verb.all_acts and act.kind is not ActKind.FIRE:
            continue
        if verb.unknown and act.state is not ActState.UNKNOWN:
            continue
        if verb.state and act.state.value != verb.state.upper():
            continue
        rows.append(act_views.act_row(turn.state, turn.now_ns, act))
        if len(rows) >= verb.limit:
            break
    return rows


def _fire_show(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.FireShow) -> ActShow:
    _, number = ids.parse(verb.act, IdKind.FIRE, IdKind.ACT)
    act = turn.state.acts.get(ids.act_id(turn.state.tag, number))
    if act is None:
        raise NotFound(f"no act {verb.act}")
    return act_views.act_show(turn.state, turn.now_ns, act)


def _asked(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Asked) -> AskedData:
    who = (actor.identity, verb.key)
    made, answer = turn.state.keys.get(who), turn.state.answers.get(who)
    if made is None and answer is None:
        raise NotFound(
            f"nothing of yours was done under the key {verb.key}: it did not come, was refused, or is long past. "
            "What keeps no key is not told of: halt, down, reload, reconcile, a statement, market and paper"
        )
    acts = tuple(act_views.act_row(turn.state, turn.now_ns, turn.state.acts[act]) for act in made.acts) if made else ()
    problem = msgspec.json.decode(answer.problem, type=Problem) if answer is not None and answer.problem else None
    return AskedData(verb.key, acts, answer is not None and bool(answer.schema), problem)


def _trace(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Trace) -> TraceData:
    kind, number = ids.parse(verb.id, IdKind.MISSION, IdKind.FIRE, IdKind.ACT, IdKind.POSITION, IdKind.ORDER)
    shown, wanted = ids.show(kind, number), _family_of(turn.state, kind, number)
    if not wanted:
        raise NotFound(f"no {kind.name.lower()} {verb.id}")
    events: list[Event] = []
    last_ns = 0
    after = 0
    while len(events) < TRACE_RECORDS_MAX and (batch := daemon.read(after, 1000)):
        after = batch[-1].seq
        for record in batch:
            event = narrate.event(turn.state, record)
            if wanted.isdisjoint(event.ids):
                continue
            gap = (record.at_ns - last_ns) / SECOND if last_ns else 0.0
            last_ns = record.at_ns
            events.append(_with_gap(event, gap))
    findings = tuple(event.text for event in events if event.kind == "FINDING")
    return TraceData(shown, _trace_title(turn, kind, number), tuple(events), findings)


def _with_gap(event: Event, gap_s: float) -> Event:
    return Event(
        event.seq,
        event.at,
        event.market_at,
        event.kind,
        event.text,
        event.actor,
        event.surface,
        event.ids,
        event.facts,
        round(gap_s, 6),
    )


def _family_of(state: State, kind: IdKind, number: int) -> set[str]:
    """All ids whose records belong to a trace: a mission's acts and positions, or an act's position and its acts."""
    if kind is IdKind.MISSION:
        mission = state.missions.get(number)
        if mission is None:
            return set()
        acts = [state.acts[act] for act in mission.acts]
        return {ids.show(kind, number)} | {act_id_text(act) for act in acts}
    if kind is IdKind.ACT:
        act = state.acts.get(ids.act_id(state.tag, number))
        return {act_id_text(act)} if act else set()
    fire = state.acts.get(ids.act_id(state.tag, number))
    if fire is None:
        return set()
    own = {act_id_text(act) for act in state.acts.values() if act.position == number}
    cancels = {act_id_text(act) for act in resting.cancels(state, fire)} if fire.order_ticket else set()
    found = own | cancels | {act_id_text(fire)}
    if number in state.positions:
        found.add(ids.show(IdKind.POSITION, number))
    return found


def _trace_title(turn: Turn, kind: IdKind, number: int) -> str:
    state = turn.state
    if kind is IdKind.MISSION:
        signal = state.missions[number].signal
        return f"{signal.symbol} {signal.side.name}, {state.missions[number].state.value}"
    act = state.acts[ids.act_id(state.tag, number)]
    took = duration_text(act.moved_ns - act.requested_ns)
    return f"{act.kind.name} on {act.account}: {act_views.verdict_line(act)} (last moved after {took})"


def _positions(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Positions) -> list[PositionRow]:
    return position_views.positions(turn.state, turn.live, turn.now_ns, verb.closed, verb.account, verb.limit)


def _orders(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Orders) -> list[OrderRow]:
    return order_views.rows(turn.state, turn.live, turn.now_ns, verb.account, verb.limit)


def _plans(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Plans) -> list[NamedPlan]:
    return [NamedPlan(name, text) for name, text in planning.known(turn.state).items()]


def _plan_show(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.PlanShow) -> PlanData:
    _, number = ids.parse(verb.id, IdKind.POSITION, IdKind.FIRE)
    position = turn.state.positions.get(number)
    if position is None:
        raise NotFound(f"no position {verb.id}")
    return plan_views.plan_data(turn.state, turn.live, position)


def _accounts(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Accounts) -> list[AccountRow]:
    found = turn.state.traded()
    return [account_views.account_row(turn.state, turn.live, turn.now_ns, account) for account in found]


def _terminals(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Terminals) -> list[TerminalRow]:
    return [account_views.terminal_row(turn.state, turn.live, turn.now_ns, name) for name in turn.state.terminals]


def _ticks(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Ticks) -> list[QuoteRow]:
    return quote_views.quote_rows(turn, verb.symbols, daemon.market_stands_ms())


def _config_show(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.ConfigShow) -> list[ConfigRow]:
    return settings.rows(daemon.loaded, daemon.state)


def _alarms(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Alarms) -> tuple[AlarmRow, ...]:
    return alarm_views.alarm_rows(turn.state, turn.now_ns, verb.cleared)


def _account_show(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.AccountShow) -> AccountShow:
    account = turn.state.accounts.get(verb.account)
    if account is None:
        raise NotFound(f"no account {verb.account}")
    return views_crew.account_show(turn.state, turn.live, turn.now_ns, account)


def _symbols(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Symbols) -> list[SymbolRow]:
    if verb.account is not None and verb.account not in turn.state.accounts:
        raise NotFound(f"no account {verb.account}")
    return views_symbols.symbol_rows(turn, verb.account)


def _first(data: SymbolDiffData) -> str:
    names = [f"{row.symbol} {row.term} ({row.right})" for row in data.differences]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _symbol_diff(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.SymbolDiff) -> SymbolDiffData:
    if verb.second is None:
        if verb.first is not None and verb.first not in turn.state.accounts:
            raise NotFound(f"no account {verb.first}")
        accounts = tuple(turn.state.accounts) if verb.first is None else (verb.first,)
        data = term_diff.since_confirmed(turn, accounts, verb.symbol)
    else:
        left, right = (term_diff.terminal_of(turn, name or "") for name in (verb.first, verb.second))
        if left is None or right is None:
            raise NotFound(f"no account or terminal {verb.first if left is None else verb.second}")
        data = term_diff.between(turn, left, right, verb.symbol)
    if data.differences:
        raise Troubled(data, Problem(ErrorCode.DIFFERENCES.value, "terms differ: " + _first(data)))
    if data.missing:
        raise Troubled(data, Problem(ErrorCode.PARTLY.value, f"{len(data.missing)} could not be compared"))
    return data


def _operators(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Operators) -> list[OperatorRow]:
    found = turn.state.operators.values()
    return [views_crew.operator_row(turn.state, operator, turn.market_ms) for operator in found]


def _policies(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Policies) -> list[PolicyRow]:
    return [views_crew.policy_row(turn.state, policy) for policy in crew.policies(turn.state).values()]


def _groups(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Groups) -> list[GroupRow]:
    return [views_crew.group_row(turn.state, name) for name in turn.state.groups]


def _pools(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Pools) -> list[PoolRow]:
    return [pools.row(turn.state, name) for name in turn.state.pools]


def _changes(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Changes) -> list[ChangeRow]:
    return [views_crew.change_row(turn.state, change) for change in turn.state.changes.values()]


def news_today(daemon: Daemon, turn: Turn, actor: Actor, verb: Verb) -> NewsData:
    return newsview.data(turn, daemon.news_view(turn))


def _health(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Health) -> HealthData:
    data = daemon.health()
    if data.failing:
        problem = Problem(ErrorCode.UNHEALTHY.value, "failing: " + ", ".join(data.failing))
        raise Troubled(data, problem)
    return data


QUERIES: dict[type[Verb], tuple[str, Callable[[Daemon, Turn, Actor, Any], object]]] = {
    calls.Status: ("hydra.status/v1", _status),
    calls.Now: ("hydra.now/v1", now),
    calls.Missions: ("hydra.missions/v1", _missions),
    calls.MissionShow: ("hydra.mission/v1", _mission_show),
    calls.Brief: ("hydra.brief/v1", _brief),
    calls.Fires: ("hydra.fires/v1", _fires),
    calls.FireShow: ("hydra.act/v1", _fire_show),
    calls.Asked: ("hydra.asked/v1", _asked),
    calls.Trace: ("hydra.trace/v1", _trace),
    calls.Positions: ("hydra.positions/v1", _positions),
    calls.Orders: ("hydra.orders/v1", _orders),
    calls.Plans: ("hydra.plans/v1", _plans),
    calls.PlanShow: ("hydra.plan/v1", _plan_show),
    calls.Accounts: ("hydra.accounts/v1", _accounts),
    calls.Terminals: ("hydra.terminals/v1", _terminals),
    calls.Ticks: ("hydra.ticks/v1", _ticks),
    calls.ConfigShow: ("hydra.config/v1", _config_show),
    calls.Alarms: ("hydra.alarms/v1", _alarms),
    calls.AccountShow: ("hydra.account/v1", _account_show),
    calls.Symbols: ("hydra.symbols/v1", _symbols),
    calls.SymbolDiff: ("hydra.symbol_diff/v1", _symbol_diff),
    calls.Operators: ("hydra.operators/v1", _operators),
    calls.Policies: ("hydra.policies/v1", _policies),
    calls.Groups: ("hydra.groups/v1", _groups),
    calls.Pools: ("hydra.pools/v1", _pools),
    calls.Changes: ("hydra.changes/v1", _changes),
    calls.NewsToday: ("hydra.news/v1", news_today),
    calls.Health: ("hydra.health/v1", _health),
}
