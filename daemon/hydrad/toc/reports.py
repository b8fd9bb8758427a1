"""Closed positions and ghosted missions of the state, grouped for `report`.

A position belongs to a period by the market time of its close, a ghosted mission by that of its expiry, an act by
that of its request. What has several tags stands under each of them; `none` is what has none. A ghosted mission has no
operator, account or surface: by these it stands under `none`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import ms_text
from hydrad.domain.money import money_text
from hydrad.domain.orders import ActKind
from hydrad.toc import crew, reporting
from hydrad.toc.act import ActState
from hydrad.toc.audience import Audience, sees
from hydrad.toc.mission import MissionState
from hydrad.toc.reporting import Group, Interval, Trade
from hydrad.toc.state import Act, Mission, Position, State
from hydrad.toc.texts import act_id_text, position_id_text
from hydrad.wire.answers.reports import Estimate, MoneyTotal, ReportData, ReportGroup, ReportSide

REQUOTE = 10004
NONE = "none"
ALL = "all"
Keys = tuple[str, ...]


def _tcs(mission: Mission) -> str:
    tcs = mission.signal.tcs
    return "not calibrated" if tcs is None else f"{tcs // 10 * 10}-{tcs // 10 * 10 + 9}%"


def _tags(state: State, subjects: Iterable[str]) -> Keys:
    tags = {note.tag for subject in subjects for note in state.notes.get(subject, ()) if note.tag}
    return tuple(sorted(tags)) or (NONE,)


def _mission_tags(state: State, mission: Mission, act: Act | None) -> Keys:
    subjects = [show(IdKind.MISSION, mission.number)]
    if act is not None:
        subjects += [act_id_text(act), *([position_id_text(act.position)] if act.position else [])]
    return _tags(state, subjects)


# How the keys follow from a mission, and from its fire where it has one.
BY: dict[str, Callable[[State, Mission, Act | None], Keys]] = {
    "kind": lambda state, mission, act: (mission.signal.kind.value,),
    "session": lambda state, mission, act: (mission.signal.session or NONE,),
    "symbol": lambda state, mission, act: (mission.signal.symbol,),
    "operator": lambda state, mission, act: (crew.name_of(state, act.actor) if act else NONE,),
    "account": lambda state, mission, act: (act.account if act else NONE,),
    "terminal": lambda state, mission, act: ((act.terminal if act else mission.source) or NONE,),
    "detector": lambda state, mission, act: (mission.signal.detector or NONE,),
    "surface": lambda state, mission, act: (act.surface if act else NONE,),
    "tag": _mission_tags,
    "tcs": lambda state, mission, act: (_tcs(mission),),
}


def made(state: State, by: str | None, since_ms: int, until_ms: int, seen: Audience = None) -> ReportData:
    """`by` is a key of BY, or None for one group. From `since_ms` (inclusive) until `until_ms` (exclusive). `seen`: of
    these accounts alone; missions are about none."""
    groups: dict[str, Group] = {}

    def under(mission: Mission, act: Act | None) -> list[Group]:
        keys = BY[by](state, mission, act) if by else (ALL,)
        return [groups.setdefault(key, Group()) for key in keys]

    for position in state.positions.values():
        act = state.acts[position.fire_id]
        within = since_ms <= position.closed_ms < until_ms and sees(seen, position.account)
        if not position.open and within and act.mission:
            for group in under(state.missions[act.mission], act):
                group.fired.append(_fired(state, position, act))
    unended = 0
    for mission in state.missions.values():
        if mission.state is not MissionState.EXPIRED or not since_ms <= mission.signal.expires_ms < until_ms:
            continue
        unended += not mission.outcome
        for group in under(mission, None) if mission.outcome else ():
            group.ghosted.append(_ghosted(mission))
    for act in state.acts.values():
        within = since_ms <= act.market_ms < until_ms and sees(seen, act.account)
        if act.kind is ActKind.FIRE and act.mission and within:
            for group in under(state.missions[act.mission], act):
                _count(group, act)
    weights = _weights(groups)
    rows = tuple(_row(key, groups[key], weights) for key in sorted(groups))
    return ReportData(
        by=by,
        since=ms_text(since_ms, 0) if since_ms > 0 else None,
        until=ms_text(until_ms, 0) if until_ms < MAX_MS else None,
        groups=rows,
        open=len(state.positions_open),
        unended=unended,
    )


MAX_MS = 1 << 62


def _fired(state: State, position: Position, act: Act) -> Trade:
    order = act.order
    slippage = None
    if order is not None and order.entry_points and position.open_points:
        slippage = (position.open_points - order.entry_points) * order.side.sign
    return Trade(
        number=position.number,
        symbol=position.symbol,
        begin_ms=position.opened_ms,
        end_ms=position.closed_ms,
        r_milli=position.r_milli,
        won=position.profit > 0,
        currency=state.accounts[position.account].currency,
        profit=position.profit,
        slippage_points=slippage,
    )


def _ghosted(mission: Mission) -> Trade:
    signal, r_milli = mission.signal, mission.outcome_r_milli
    return Trade(mission.number, signal.symbol, signal.at_ms, signal.horizon_ms, r_milli, r_milli > 0)


def _count(group: Group, act: Act) -> None:
    group.asked += 1
    group.denied += act.state is ActState.DENIED
    if act.state is ActState.REJECTED:
        group.requotes += act.retcode == REQUOTE
        group.rejections += act.retcode != REQUOTE


Weights = tuple[dict[Trade, float], dict[Trade, float]]


def _weights(groups: dict[str, Group]) -> Weights:
    """Uniqueness among all trades of the period, whatever group they stand in."""
    fired = list(dict.fromkeys(trade for group in groups.values() for trade in group.fired))
    ghosted = list(dict.fromkeys(trade for group in groups.values() for trade in group.ghosted))
    return (
        dict(zip(fired, reporting.uniqueness(fired), strict=True)),
        dict(zip(ghosted, reporting.uniqueness(ghosted), strict=True)),
    )


def _row(key: str, group: Group, weights: Weights) -> ReportGroup:
    mean, worst = reporting.slippage(group.fired)
    return ReportGroup(
        group=key,
        fired=_side(group.fired, weights[0]),
        money=tuple(MoneyTotal(currency, money_text(total)) for currency, total in reporting.money(group.fired)),
        slippage_mean=mean,
        slippage_worst=worst,
        asked=group.asked,
        denied=group.denied,
        requotes=group.requotes,
        rejections=group.rejections,
        ghosted=_side(group.ghosted, weights[1]),
    )


def _side(trades: list[Trade], weights: dict[Trade, float]) -> ReportSide:
    found = reporting.side(trades, [weights[trade] for trade in trades])
    return ReportSide(
        n=found.n,
        n_effective=found.n_effective,
        n_needed=found.n_needed,
        wins=found.wins,
        win_rate=_estimate(found.win_rate),
        mean_r=_estimate(found.mean_r),
        total_r=found.total_r,
    )


def _estimate(interval: Interval) -> Estimate:
    return Estimate(interval.value, interval.low, interval.high)
