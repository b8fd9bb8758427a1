"""The life of a mission.

A mission is immutable once proposed; only its state moves. PROPOSED and ENGAGED accept fires until expiry. It is
ENGAGED when its first fire is ROUTED (a denied fire changes nothing), CLOSED_TO_FIRES at expiry or withdrawal, and
DONE when all its acts are final. A mission that expires unfired is *ghosted*: its outcome is followed all the same.
"""

from __future__ import annotations

import enum

from hydrad.toc.act import IllegalMove


class MissionState(enum.StrEnum):
    PROPOSED = "PROPOSED"
    ENGAGED = "ENGAGED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    CLOSED_TO_FIRES = "CLOSED_TO_FIRES"
    DONE = "DONE"


class MissionEvent(enum.StrEnum):
    ENGAGE = "ENGAGE"
    EXPIRE = "EXPIRE"
    WITHDRAW = "WITHDRAW"
    FINISH = "FINISH"


S, E = MissionState, MissionEvent

TRANSITIONS: dict[MissionState, dict[MissionEvent, MissionState]] = {
    S.PROPOSED: {E.ENGAGE: S.ENGAGED, E.EXPIRE: S.EXPIRED, E.WITHDRAW: S.WITHDRAWN},
    S.ENGAGED: {E.EXPIRE: S.CLOSED_TO_FIRES, E.WITHDRAW: S.CLOSED_TO_FIRES},
    S.CLOSED_TO_FIRES: {E.FINISH: S.DONE},
    S.EXPIRED: {},
    S.WITHDRAWN: {},
    S.DONE: {},
}
ACCEPTS_FIRES = frozenset({S.PROPOSED, S.ENGAGED})


def after(state: MissionState, event: MissionEvent) -> MissionState:
    """The state that follows; raises IllegalMove."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalMove(f"{event.value} in {state.value}") from None
