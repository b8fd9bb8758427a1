"""Missions as people see them, and how many there are. Pure."""

from __future__ import annotations

from hydrad.domain import calendar
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import ms_text
from hydrad.domain.money import price_text
from hydrad.domain.orders import ActKind, Side
from hydrad.domain.signals import Signal
from hydrad.toc import alarm_views, entry_views
from hydrad.toc.act_views import act_row
from hydrad.toc.live import Live
from hydrad.toc.mission import ACCEPTS_FIRES, MissionState
from hydrad.toc.position_views import position_row
from hydrad.toc.state import Mission, Position, State
from hydrad.toc.texts import act_id_text, position_id_text
from hydrad.wire.answers.missions import MissionCounts, MissionRow, MissionShow, SignalsView

NOT_CALIBRATED = "not calibrated"


def mission_row(state: State, live: Live, now_ns: int, mission: Mission, identity: str) -> MissionRow:
    """As the operator with this identity sees it."""
    s = mission.signal
    fires = [state.acts[number] for number in mission.acts if state.acts[number].kind is ActKind.FIRE]
    return MissionRow(
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
        fires=len(fires),
        fire_states=tuple(fire.state.value for fire in fires),
        passed=identity in mission.passed_by,
        outcome=mission.outcome or None,
        outcome_r=f"{mission.outcome_r_milli / 1000:+z.2f}" if mission.outcome else None,
        entry_now=entry_views.entry_now(state, live, now_ns, mission, identity),
    )


def missions(
    state: State, live: Live, now_ns: int, wanted: str | None, symbol: str | None, limit: int, identity: str
) -> list[MissionRow]:
    """Those whose entry the market lets pass, then others that take fires, then those that are over; of each, newest
    first."""
    found = [
        mission
        for _, mission in sorted(state.missions.items(), reverse=True)
        if (not wanted or mission.state.value == wanted.upper()) and (not symbol or mission.signal.symbol == symbol)
    ]
    stand = [mission for mission in found if entry_views.takes_fires(live, mission)]
    rows = sorted((mission_row(state, live, now_ns, mission, identity) for mission in stand), key=_is_missed)[:limit]
    over = [mission for mission in found if not entry_views.takes_fires(live, mission)]
    return rows + [mission_row(state, live, now_ns, mission, identity) for mission in over[: limit - len(rows)]]


def _is_missed(row: MissionRow) -> bool:
    """Or not known to be in reach, which is denied as well."""
    return row.entry_now is None or row.entry_now.missed_by_points != 0


def mission_show(state: State, live: Live, now_ns: int, mission: Mission, identity: str) -> MissionShow:
    s = mission.signal
    why = _seen(s) if mission.origin == "apex" else "made by hand"
    return MissionShow(
        mission_row(state, live, now_ns, mission, identity),
        dict(s.features),
        why,
        tuple(act_row(state, now_ns, state.acts[number]) for number in mission.acts),
        mission.source or None,
        alarm_views.note_rows(state, _told_of(state, mission)),
        _account_of(state, mission.source),
        tuple(position_row(state, live, now_ns, position) for position in _positions(state, mission)),
    )


# What a detector has seen, of a BUY and of a SELL.
_SETUPS = {
    "break_out": (
        "a bar closed above the highest bid of the bars before it (channel_high)",
        "a bar closed below the lowest bid of the bars before it (channel_low)",
    ),
}


def _seen(signal: Signal) -> str:
    """Why a signal was made, in a sentence; its numbers are the features."""
    on = f"{signal.detector} on {signal.profile or 'no profile'}"
    words = _SETUPS.get(signal.detector)
    return on if words is None else f"{words[signal.side is Side.SELL]}: {on}"


def _positions(state: State, mission: Mission) -> list[Position]:
    fires = (state.acts[number] for number in mission.acts if state.acts[number].kind is ActKind.FIRE)
    return [state.positions[fire.position] for fire in fires if fire.position]


def _account_of(state: State, terminal: str) -> str | None:
    """None too for one that was removed since."""
    found = state.terminals.get(terminal)
    return found.account if found else None


def _told_of(state: State, mission: Mission) -> tuple[str, ...]:
    """The ids that notes about a mission may be under: its own, its acts', its positions'."""
    acts = [state.acts[number] for number in mission.acts]
    positions = {position_id_text(act.position) for act in acts if act.position}
    return (show(IdKind.MISSION, mission.number), *(act_id_text(act) for act in acts), *sorted(positions))


def open_count(state: State) -> int:
    """Missions that accept fires."""
    return sum(state.missions[number].state in ACCEPTS_FIRES for number in state.missions_open)


def mission_counts(state: State, live: Live) -> MissionCounts:
    today = calendar.trading_day(live.market_ms) if live.market_ms else 0
    day = [m for m in state.missions.values() if calendar.trading_day(m.signal.at_ms) == today]
    return MissionCounts(
        open=open_count(state),
        engaged=sum(m.state is MissionState.ENGAGED for m in state.missions.values()),
        proposed_today=len(day),
        expired_today=sum(m.state is MissionState.EXPIRED for m in day),
    )


def signals_view(state: State, live: Live, now_ns: int) -> SignalsView:
    made = [m.signal.at_ms for m in state.missions.values() if m.origin == "apex"]
    hour = [ms for ms in made if live.market_ms - ms < 3_600_000]  # as the governor counts
    last = max(made, default=None)
    age = (live.market_ms - last) / 1000 if last is not None else None
    return SignalsView(float(len(hour)), age, dict(state.suppressed))
