"""The fold's part that concerns missions, and the setups that became none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.domain import calendar
from hydrad.toc import mission as missions
from hydrad.toc import records as r
from hydrad.toc.mission import MissionState
from hydrad.toc.numbering import used
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Mission, SetupCount, State

PROPOSED = "PROPOSED"  # what a setup became, in `state.setups`


def _mission_proposed(state: State, record: Record, body: r.MissionProposed) -> None:
    used(state, body.number)
    state.missions[body.number] = Mission(
        body.number, body.signal, body.origin, body.source, MissionState.PROPOSED, record.at_ns
    )
    state.missions_open.add(body.number)
    state.missions_unended.add(body.number)
    if body.origin == "apex":
        s = body.signal
        _counted(state, s.symbol, s.detector, PROPOSED, s.at_ms, "")


def _mission_moved(state: State, record: Record, body: r.MissionMoved) -> None:
    mission = state.missions[body.number]
    mission.state = missions.after(mission.state, body.event)
    if not missions.TRANSITIONS[mission.state]:
        state.missions_open.discard(body.number)


def _mission_passed(state: State, record: Record, body: r.MissionPassed) -> None:
    passed = state.missions[body.number].passed_by
    if body.identity not in passed:
        passed.append(body.identity)


def _mission_outcome(state: State, record: Record, body: r.MissionOutcome) -> None:
    mission = state.missions[body.number]
    mission.outcome, mission.outcome_r_milli = body.outcome, body.r_milli
    state.missions_unended.discard(body.number)


def _suppressed(state: State, record: Record, body: r.SignalSuppressed) -> None:
    reason = body.suppressed.reason
    state.suppressed[reason] = state.suppressed.get(reason, 0) + 1
    s = body.suppressed
    _counted(state, s.symbol, s.detector, reason, s.at_ms, s.detail)


def _counted(state: State, symbol: str, detector: str, became: str, at_ms: int, detail: str) -> None:
    """One more setup. A setup of a day before the newest one's, which a late source may bring, counts in all only."""
    key = f"{symbol}/{detector}/{became}"
    count = state.setups.get(key)
    if count is None:
        count = state.setups[key] = SetupCount(symbol, detector, became)
    count.total += 1
    day = calendar.trading_day(at_ms)
    if day > count.day:
        count.day, count.today = day, 0
    count.today += day == count.day
    if at_ms >= count.last_ms:
        count.last_ms, count.detail = at_ms, detail


HANDLERS: dict[type[Body], Callable[[State, Record, Any], None]] = {
    r.MissionProposed: _mission_proposed,
    r.MissionMoved: _mission_moved,
    r.MissionPassed: _mission_passed,
    r.MissionOutcome: _mission_outcome,
    r.SignalSuppressed: _suppressed,
}
