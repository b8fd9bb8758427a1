"""RESTING_UNCANCELLED: the one alarm of an order that does not go.

Looked at after every step. It stands for an order that must go while no terminal is in reach or a cancel of it came to
nothing, and for every order of which a cancel has no verdict (so that no UNKNOWN cancel needs one of its own, I3). Its
text names the last of them and what a person must do, and is kept up to date; it changes with each attempt only. It
ends when the order's end is evident, or it may rest again, and no cancel is UNKNOWN.
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
    texts = dict(_must_go(turn)) | dict(_without_verdict(turn))
    for subject, text in texts.items():
        turn.alarm_now(RESTING_ALARM, subject, text)
    for alarm in [a for a in turn.state.alarms.values() if a.code == RESTING_ALARM and a.subject not in texts]:
        turn.clear_alarm(RESTING_ALARM, alarm.subject, _ended(turn.state, alarm.subject))


def _must_go(turn: Turn) -> list[tuple[str, str]]:
    found = []
    for fire in resting.standing(turn.state, turn.live):
        reason = resting.must_go(turn, fire)
        failed = [act for act in resting.cancels(turn.state, fire) if resting.undone(act)]
        if not reason or (not failed and routing.reducing_link(turn, fire.account) is not None):
            continue
        why = f"{_count(failed)}, the last: {resting.said_of(failed[-1])}" if failed else "no terminal is in reach"
        found.append((routing.shown(fire), f"{_order(fire)} rests and must go ({reason}): {why}; {_DO}"))
    return found


def _without_verdict(turn: Turn) -> list[tuple[str, str]]:
    """By fire, the last of its cancels that is UNKNOWN; acts come in the order of their ids."""
    found = []
    for act in [turn.state.acts[number] for number in sorted(turn.state.acts_pending)]:
        fire = of_order(turn.state, act)
        if act.state is ActState.UNKNOWN and fire is not None:
            text = f"{resting.said_of(act)} at {act.terminal}: {_order(fire)} {_stands(fire)}"
            found.append((routing.shown(fire), text))
    return found


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
