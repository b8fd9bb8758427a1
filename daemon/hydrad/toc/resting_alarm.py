"""RESTING_UNCANCELLED: the one alarm of an order that does not go.

Looked at after every step. It stands for an order that must go while no terminal is in reach or a cancel of it came to
nothing, for what a partial fill has left that does not go either, and for every order of which a cancel has no verdict
(so that no UNKNOWN cancel needs one of its own, I3). Its text names the last of them and what a person must do, and is
kept up to date; it changes with each attempt only. It ends when the order's end is evident, or it may rest again, and
no cancel is UNKNOWN. A cancel whose fire is known by another ticket by then (a position's is not always its order's)
has an ACT_UNKNOWN of its own, as any other act has.
"""

from __future__ import annotations

from hydrad.domain.ids import IdKind, act_id, parse, sequence_of, show
from hydrad.domain.orders import ActKind
from hydrad.toc import resting, routing
from hydrad.toc.act import ActState
from hydrad.toc.routing import RESTING_ALARM
from hydrad.toc.state import Act, State
from hydrad.toc.turn import Turn

_DO = "delete it in the broker's own app; it is asked for again by itself"


def look(turn: Turn) -> None:
    """Raise, bring up to date and end."""
    texts = dict(_left(turn)) | dict(_must_go(turn)) | dict(_without_verdict(turn))
    for subject, text in texts.items():
        turn.alarm_now(RESTING_ALARM, subject, text)
    for alarm in [a for a in turn.state.alarms.values() if a.code == RESTING_ALARM and a.subject not in texts]:
        turn.clear_alarm(RESTING_ALARM, alarm.subject, _ended(turn.state, alarm.subject))
    for act in _unknown_cancels(turn.state):
        if of_order(turn.state, act) is None:
            text = f"{routing.shown(act)} at {act.terminal}: no verdict ({act.detail})"
            turn.alarm(routing.UNKNOWN_ALARM, routing.shown(act), text)


def _must_go(turn: Turn) -> list[tuple[str, str]]:
    found = []
    for fire in resting.standing(turn.state, turn.live):
        reason = resting.must_go(turn, fire)
        failed = [act for act in resting.cancels(turn.state, fire) if resting.undone(act)]
        if not reason or (not failed and routing.reducing_link(turn, fire.account) is not None):
            continue
        why = _failed(turn, fire) if failed else f"no terminal is in reach; {_DO}"
        found.append((routing.shown(fire), f"{_order(fire)} rests and must go ({reason}): {why}"))
    return found


def _left(turn: Turn) -> list[tuple[str, str]]:
    """What partial fills have left, and does not go."""
    fires = [turn.state.acts[number] for number in sorted(turn.live.rests_stuck)]
    return [
        (routing.shown(fire), f"a part of {_order(fire)} rests and may fill: {_failed(turn, fire)}") for fire in fires
    ]


def _failed(turn: Turn, fire: Act) -> str:
    failed = [act for act in resting.cancels(turn.state, fire) if resting.undone(act)]
    return f"{_count(failed)}, the last: {resting.said_of(failed[-1])}; {_DO}"


def _without_verdict(turn: Turn) -> list[tuple[str, str]]:
    """By fire, the last of its cancels that is UNKNOWN; acts come in the order of their ids."""
    found = []
    for act in _unknown_cancels(turn.state):
        fire = of_order(turn.state, act)
        if fire is not None:
            text = f"{resting.said_of(act)} at {act.terminal}: {_order(fire)} {_stands(fire)}"
            found.append((routing.shown(fire), text))
    return found


def _unknown_cancels(state: State) -> list[Act]:
    acts = [state.acts[number] for number in sorted(state.acts_pending)]
    return [act for act in acts if act.state is ActState.UNKNOWN and act.kind is ActKind.CANCEL]


def of_order(state: State, act: Act) -> Act | None:
    """The fire whose order an act cancels; None for any other act, and for a cancel of what no fire here placed."""
    return resting.fire_of(state, act) if act.kind is ActKind.CANCEL and act.mission else None


def _order(fire: Act) -> str:
    return f"{show(IdKind.ORDER, sequence_of(fire.act_id))} (ticket {fire.order_ticket})"


def _stands(fire: Act) -> str:
    if fire.state in (ActState.WORKING, ActState.QUARANTINED):
        return f"may rest still, and fill; look in the broker's own app, and {_DO.split('; ')[0]}"
    return f"is {fire.state.value}; look in the broker's own app that no rest of it stands"


def _count(failed: list[Act]) -> str:
    return "one cancel came to nothing" if len(failed) == 1 else f"{len(failed)} cancels came to nothing"


def _ended(state: State, subject: str) -> str:
    _, number = parse(subject, IdKind.FIRE)
    fire = state.acts[act_id(state.tag, number)]
    return "it may rest, or its cancel has a verdict" if fire.state is ActState.WORKING else fire.state.value
