"""Invariants of 2-domain that can be checked on the state, after every step that wrote something.

Cheap on purpose: they cost what is open, not what ever was. A broken one stops the daemon with its evidence.
"""

from __future__ import annotations

from collections.abc import Iterable

from hydrad.domain.orders import ActKind
from hydrad.toc import resting_alarm
from hydrad.toc.act import FINAL, LANE_BUSY, LIVE_OR_EXECUTED, ActState
from hydrad.toc.state import State


class BrokenInvariant(AssertionError):
    """Our picture of the world contradicts itself; the message names the invariant."""


def check(state: State, missions: Iterable[int]) -> None:
    """Raises BrokenInvariant. `missions`: those whose acts have moved."""
    _one_fire_each(state, missions)
    _lanes(state)
    _unknown_has_alarm(state)
    _positions_have_fires(state)


def _one_fire_each(state: State, missions: Iterable[int]) -> None:
    seen: set[tuple[int, str]] = set()
    for number in missions:
        for act_id in state.missions[number].acts:
            act = state.acts[act_id]
            if act.kind is not ActKind.FIRE or act.state not in LIVE_OR_EXECUTED or act.state is ActState.QUARANTINED:
                continue
            key = (number, act.account)
            if key in seen:
                raise BrokenInvariant(f"I1: two fires of mission {number} on {act.account}")
            seen.add(key)


def _lanes(state: State) -> None:
    busy: set[str] = set()
    for number in state.acts_pending:
        act = state.acts[number]
        if act.kind is ActKind.FIRE and act.state in LANE_BUSY:
            if act.account in busy:
                raise BrokenInvariant(f"I4: two opening acts in flight on {act.account}")
            busy.add(act.account)


def _unknown_has_alarm(state: State) -> None:
    """Cancels of one order share one: that order's."""
    unknown, orders = 0, set()
    for act in (state.acts[number] for number in state.acts_pending):
        if act.state is not ActState.UNKNOWN:
            continue
        fire = resting_alarm.of_order(state, act)
        if fire is not None:
            orders.add(fire.act_id)
        else:
            unknown += 1
    codes = [alarm.code for alarm in state.alarms.values()]
    if unknown > codes.count("ACT_UNKNOWN") or len(orders) > codes.count("RESTING_UNCANCELLED"):
        raise BrokenInvariant(f"I3: {unknown} UNKNOWN acts, {len(orders)} orders with UNKNOWN cancels, alarms {codes}")


def _positions_have_fires(state: State) -> None:
    for number in state.positions_open:
        fire = state.acts[state.positions[number].fire_id]
        if fire.state in FINAL:
            raise BrokenInvariant(f"I6: position {number} is open, its fire {fire.state.value}")
