"""Which records become letters of the bot. Owns that table, and the results that somebody's own fire is told by. Pure.

Each letter's key is its record's number, so that what is read twice is told once. What becomes of a mission changes its
alert; alarms, halts and one's own results are messages of their own, since an edit rings no phone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hydrad.bot import alarm_letters, approval_letters, mission_letters
from hydrad.bot.addressing import Chat, Desk, Setup, chats
from hydrad.domain.actors import Surface
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ActKind
from hydrad.outbox.letter import Letter, Priority
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent
from hydrad.toc.act_views import verdict_line
from hydrad.toc.hearing import About, Heard, Kind, heard
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Act
from hydrad.toc.texts import act_id_text, line
from hydrad.toc.turn import Turn

Maker = Callable[[Desk, Any], list[Letter]]
# A press in the chat was answered with the verdict when it came within this time.
ANSWERED_NS = 8 * SECOND
_VERDICTS = frozenset(
    {
        ActEvent.DENY,
        ActEvent.FILL,
        ActEvent.REJECT,
        ActEvent.PROVE_ABSENT,
        ActEvent.WITHHOLD,
        ActEvent.CANCEL,
        ActEvent.ORDER_EXPIRED,
        ActEvent.LAPSE,
        ActEvent.QUARANTINE,
    }
)


def composed(turn: Turn, setup: Setup, record: Record) -> Sequence[Letter]:
    """`turn`: the state with this record in it, or later."""
    body = r.decode(record.type, record.body)
    maker = _MAKERS.get(type(body))
    return maker(Desk(turn, setup, record), body) if maker is not None else ()


# --- one's own results ------------------------------------------------------------------------------------


def _act_moved(desk: Desk, body: r.ActMoved) -> list[Letter]:
    act = desk.state.acts[body.act_id]
    edits = mission_letters.act_moved(desk, body) + approval_letters.moved(desk, body)
    if act.kind is not ActKind.FIRE or body.event not in _VERDICTS:
        return edits
    text = f"{act_id_text(act)} on {line(act.account)}: {line(verdict_line(act))}"
    return edits + _to_whoever_fired(desk, act, text, _was_answered(desk, act))


def _was_answered(desk: Desk, act: Act) -> bool:
    """Whether the chat has said it already; that answer is not repeated where it gets lost, and this letter is."""
    return act.surface == Surface.BOT.value and desk.record.at_ns - act.requested_ns < ANSWERED_NS


def _closed(desk: Desk, body: r.PositionClosed) -> list[Letter]:
    position = desk.state.positions[body.number]
    act = desk.state.acts[position.fire_id]
    text = f"{line(position.symbol)} {mission_letters.closed_line(desk.state, position)}"
    return mission_letters.position_closed(desk, body) + _to_whoever_fired(desk, act, text, False)


def _to_whoever_fired(desk: Desk, act: Act, text: str, silent: bool) -> list[Letter]:
    """Without a sound in their quiet hours and under a mute, too."""
    mission = desk.state.missions.get(act.mission)
    of = (mission.signal.symbol, mission.signal.kind.value) if mission else ("", "")
    about = About(Kind.RESULT, *of, act.account)
    return [
        desk.letter(
            chat.to,
            Priority.RESULT,
            text,
            topic=f"{act_id_text(act)}/{desk.record.seq}",
            silent=silent or heard(chat.operator, desk.record.at_ns, about) is not Heard.TOLD,
        )
        for chat in _whoever(desk, act)
    ]


def _whoever(desk: Desk, act: Act) -> list[Chat]:
    operator = desk.state.operator(act.actor)
    return list(chats(desk.state, [operator])) if operator is not None else []


# --- the table --------------------------------------------------------------------------------------------


def _of_mission(desk: Desk, body: Any) -> list[Letter]:
    return mission_letters.moved(desk, body.number)


def _of_alarm(desk: Desk, body: Any) -> list[Letter]:
    return alarm_letters.changed(desk, body.number)


_MAKERS: dict[type[Body], Maker] = {
    r.MissionProposed: mission_letters.proposed,
    r.MissionMoved: _of_mission,
    r.MissionPassed: _of_mission,
    r.MissionOutcome: _of_mission,
    r.ActMoved: _act_moved,
    r.PositionClosed: _closed,
    r.AlarmRaised: alarm_letters.raised,
    r.AlarmRepeated: alarm_letters.repeated,
    r.AlarmAcknowledged: _of_alarm,
    r.AlarmChanged: _of_alarm,
    r.AlarmCleared: _of_alarm,
    r.AuthoritySet: alarm_letters.authority,
    r.ApprovalAsked: approval_letters.asked,
    r.ChangeAsked: alarm_letters.change_asked,
    r.ChangeEnded: alarm_letters.change_ended,
}
