"""What people write beside a mission, an act, a position or an alarm."""

from __future__ import annotations

from hydrad.domain import ids
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind
from hydrad.toc import alarm_views
from hydrad.toc import records as r
from hydrad.toc.desk.refusals import Refused, is_plain, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.state import State
from hydrad.toc.texts import act_id_text
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode

TEXT_MAX = 1_000
NOTES_MAX = 100  # about one thing


def checked_text(text: str, what: str) -> str:
    plain = text.strip()
    if not plain or len(plain) > TEXT_MAX or not plain.isprintable():
        raise usage(f"a {what} has 1 to {TEXT_MAX} printable characters on one line")
    return plain


def _note(turn: Turn, asked: Requested, verb: calls.Note) -> None:
    kind, number = ids.parse(verb.id, IdKind.MISSION, IdKind.FIRE, IdKind.ACT, IdKind.POSITION, IdKind.ALARM)
    if not _exists(turn.state, kind, number):
        raise Refused(ErrorCode.NOT_FOUND, f"no {kind.name.lower()} {verb.id}")
    if verb.tag is not None and not is_plain(verb.tag):
        raise usage("a tag is 1 to 32 letters, digits, dashes or underscores")
    subject = ids.show(kind, number)
    written = turn.state.notes.get(subject, [])
    if len(written) >= NOTES_MAX:
        raise Refused(ErrorCode.CONFLICT, f"{subject} has {NOTES_MAX} notes already")
    turn.emit(r.NoteMade(subject, checked_text(verb.text, "note"), verb.tag or ""))
    turn.reply(asked.request, "hydra.note/v1", alarm_views.note_rows(turn.state, (subject,))[-1])


def _exists(state: State, kind: IdKind, number: int) -> bool:
    if kind is IdKind.MISSION:
        return number in state.missions
    if kind is IdKind.POSITION:
        return number in state.positions or number in state.foreign.values()
    if kind is IdKind.ALARM:
        return number in state.alarms or any(alarm.number == number for alarm in state.alarms_past)
    act = state.acts.get(ids.act_id(state.tag, number))
    return act is not None and ids.show(kind, number) == act_id_text(act)


VERBS: Table = {calls.Note: (Role.TRADER, _note)}
