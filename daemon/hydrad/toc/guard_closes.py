"""What a tripped guard must see closed: begun, followed, told where it stays open, and then the guard is armed again.

A position has at most one close of a guard without a verdict. Only what provably was not done, or took a part, is
followed by another, `ACTS_MAX` in all; UNKNOWN is waited for.
"""

from __future__ import annotations

from hydrad.domain import calendar
from hydrad.domain.ids import IdKind, parse, show
from hydrad.domain.instants import SECOND
from hydrad.toc import closing, exposure, routing
from hydrad.toc import records as r
from hydrad.toc.act import FINAL, ActState
from hydrad.toc.state import Act, GuardStanding, Position
from hydrad.toc.turn import Turn

ACTOR = "guard"
ACTS_MAX = 3
RETRY_NS = 5 * SECOND
# How long a close that was executed, or a position that is busy, may take before a person is told.
UNCLOSED_NS = 10 * SECOND
WARNED_ALARM, TRIPPED_ALARM, UNCLOSED_ALARM = "GUARD_WARNED", "GUARD_TRIPPED", "GUARD_UNCLOSED"


def pursue(turn: Turn) -> None:
    """Follow each tripped guard's closes: begin what has not begun, tell of what came to nothing."""
    _clear_closed(turn)
    for standing in list(turn.state.guards_standing.values()):
        if standing.position and not turn.state.positions[standing.position].open:
            clear(turn, standing, "the position is closed")
        elif standing.tripped and standing.action == "flatten":
            for position in _scope(turn, standing):
                _pursue(turn, standing, position)


def _scope(turn: Turn, standing: GuardStanding) -> list[Position]:
    """What this guard must see closed: of its account, asked for before it tripped."""
    return [
        position
        for position in exposure.open_positions(turn.state, standing.account)
        if standing.position in (0, position.number) and position.number < standing.before
    ]


def unclosed(turn: Turn, standing: GuardStanding) -> bool:
    """Whether something that it must see closed is still open."""
    return standing.tripped and standing.action == "flatten" and bool(_scope(turn, standing))


def _pursue(turn: Turn, standing: GuardStanding, position: Position) -> None:
    acts = standing.acts.get(position.number, [])
    last = turn.state.acts[acts[-1]] if acts else None
    if last is not None and last.state not in FINAL:
        return  # on its way, UNKNOWN or a person's to decide: never sent again
    since_ns = turn.now_ns - (last.moved_ns if last else standing.at_ns)
    if last is None or not closing.whole(last):
        if last is not None:
            _tell_unclosed(turn, standing, position, f"{routing.shown(last)} {last.state.value}")
        if _due(acts, since_ns) and _reachable(turn, position):
            _close(turn, standing, position)
            return
    if since_ns >= UNCLOSED_NS:
        _tell_unclosed(turn, standing, position, _why(last))


def _due(acts: list[int], since_ns: int) -> bool:
    """At once the first time; later ones each twice as long after the last verdict."""
    return not acts or (len(acts) < ACTS_MAX and since_ns >= RETRY_NS << (len(acts) - 1))


def _reachable(turn: Turn, position: Position) -> bool:
    """Whether a close could be executed at all: an act is not spent where it could not."""
    if turn.state.acts[position.fire_id].state is ActState.CLOSING:
        return False  # another's close is on its way, or was executed and its deal is not booked yet
    trades = not turn.market_ms or calendar.hours(turn.market_ms) is not calendar.Hours.CLOSED
    link = routing.reducing_link(turn, position.account)
    return trades and link is not None and closing.not_busy(turn, position, by_deals=True).ok


def _close(turn: Turn, standing: GuardStanding, position: Position) -> None:
    before = turn.actor
    turn.actor = ACTOR
    act_id = closing.close(turn, position, closing.Asked(f"guard {standing.measure}"))
    scope = (standing.account, standing.measure, standing.position)
    turn.emit(r.GuardActed(*scope, position.number, act_id))
    turn.actor = before


def _why(last: Act | None) -> str:
    return f"{routing.shown(last)} {last.state.value}" if last else "busy, market closed, or no terminal in reach"


def _tell_unclosed(turn: Turn, standing: GuardStanding, position: Position, why: str) -> None:
    shown = show(IdKind.POSITION, position.number)
    text = f"guard {standing.measure} must close {shown} on {standing.account}, and it is open: {why}"
    turn.alarm(UNCLOSED_ALARM, shown, text)


def _clear_closed(turn: Turn) -> None:
    for alarm in list(turn.state.alarms.values()):
        if alarm.code == UNCLOSED_ALARM and not turn.state.positions[parse(alarm.subject)[1]].open:
            turn.clear_alarm(UNCLOSED_ALARM, alarm.subject, "the position is closed")


def clear(turn: Turn, standing: GuardStanding, why: str) -> None:
    """Arm it again."""
    about = subject(standing.account, standing.measure, standing.position)
    turn.emit(r.GuardCleared(standing.account, standing.measure, standing.position, why))
    for code in (WARNED_ALARM, TRIPPED_ALARM):
        turn.clear_alarm(code, about, why)


def subject(account: str, measure: str, position: int) -> str:
    """What its alarms are about."""
    return f"{account} {measure}" + (f" {show(IdKind.POSITION, position)}" if position else "")
