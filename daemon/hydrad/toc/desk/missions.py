"""What people say of a mission without firing it."""

from __future__ import annotations

from hydrad.domain import ids
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind
from hydrad.toc import approvals, mission_views
from hydrad.toc import records as r
from hydrad.toc.desk.refusals import (
    Refused,
)
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.mission import ACCEPTS_FIRES, MissionEvent, MissionState
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode


def _pass(turn: Turn, asked: Requested, verb: calls.Pass) -> None:
    _, number = ids.parse(verb.mission, IdKind.MISSION)
    mission = turn.state.missions.get(number)
    if mission is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no mission {verb.mission}")
    if mission.state not in ACCEPTS_FIRES:
        raise Refused(ErrorCode.CONFLICT, f"{verb.mission} is {mission.state.value}")
    if turn.actor not in mission.passed_by:
        turn.emit(r.MissionPassed(number, turn.actor, verb.reason or ""))
    approvals.pass_on(turn, number)
    turn.reply(
        asked.request,
        "hydra.mission/v1",
        mission_views.mission_row(turn.state, turn.live, turn.now_ns, mission, turn.actor),
    )


def _withdraw(turn: Turn, asked: Requested, verb: calls.Withdraw) -> None:
    """No more fires of it, by anybody; acts that are on their way go on, and what rests is cancelled."""
    _, number = ids.parse(verb.mission, IdKind.MISSION)
    mission = turn.state.missions.get(number)
    if mission is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no mission {verb.mission}")
    withdrawn = mission.state in (MissionState.WITHDRAWN, MissionState.CLOSED_TO_FIRES)
    if mission.state not in ACCEPTS_FIRES and not withdrawn:
        raise Refused(ErrorCode.CONFLICT, f"{verb.mission} is {mission.state.value}")
    if not withdrawn:
        turn.emit(r.MissionMoved(number, MissionEvent.WITHDRAW, verb.reason or ""))
        turn.missions.add(number)
    turn.reply(
        asked.request,
        "hydra.mission/v1",
        mission_views.mission_row(turn.state, turn.live, turn.now_ns, mission, turn.actor),
    )


VERBS: Table = {calls.Pass: (Role.TRADER, _pass), calls.Withdraw: (Role.TRADER, _withdraw)}
