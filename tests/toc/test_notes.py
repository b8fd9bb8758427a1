"""Notes: on what, by whom, how long, and where they show."""

from __future__ import annotations

from typing import Any

import pytest

from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.domain.orders import Side
from hydrad.link.frames import RowState
from hydrad.toc import mission_views, narrate
from hydrad.toc.desk import notes
from hydrad.toc.texts import act_id_text
from hydrad.wire import calls
from hydrad.wire.answers.alarms import NoteRow
from tests.toc.conftest import BOSS, Core


def test_a_note_on_each_kind_of_thing(core: Core) -> None:
    act = core.filled()
    close = core.act(calls.Close(show(IdKind.POSITION, act.position), wait_s=0))
    core.result(close, RowState.UNKNOWN)
    (alarm,) = core.state.alarms.values()
    subjects = [
        show(IdKind.MISSION, act.mission),
        show(IdKind.FIRE, act.position),
        act_id_text(close),
        show(IdKind.POSITION, act.position),
        show(IdKind.ALARM, alarm.number),
    ]
    for subject in subjects:
        said = core.ask(calls.Note(subject, " why I did it ", "trend"))
        assert said.problem is None, said.problem
        assert isinstance(said.data, NoteRow)
        row = said.data
        assert (row.id, row.text, row.by, row.tag) == (subject, "why I did it", "commander", "trend")
    assert list(core.state.notes) == subjects


def test_it_shows_with_the_mission_and_in_its_trace(core: Core) -> None:
    act = core.filled()
    mission = core.state.missions[act.mission]
    core.ask(calls.Note(show(IdKind.POSITION, act.position), "one"))
    core.clock()
    core.ask(calls.Note(show(IdKind.MISSION, act.mission), "two", "lunch"))
    shown = mission_views.mission_show(core.state, core.engine.live, core.now_ns, mission, BOSS)
    assert [(note.text, note.tag) for note in shown.notes] == [("one", None), ("two", "lunch")]
    first = next(record for record in core.records if record.type == "NOTE")
    event = narrate.event(core.state, first)
    assert show(IdKind.FIRE, act.position) in event.ids and show(IdKind.MISSION, act.mission) in event.ids
    assert event.text.endswith(": one")


@pytest.mark.parametrize(
    ("signal", "why"),
    [
        (
            {"detector": "break_out"},
            "a bar closed above the highest bid of the bars before it (channel_high): break_out",
        ),
        (
            {"detector": "break_out", "side": Side.SELL, "stop_points": 110_210, "target_points": 109_610},
            "a bar closed below",
        ),
        ({}, "test on test"),
    ],
)
def test_why_a_mission_was_made_is_a_sentence(core: Core, signal: dict[str, Any], why: str) -> None:
    core.mission(**signal)
    mission = core.state.missions[max(core.state.missions)]
    shown = mission_views.mission_show(core.state, core.engine.live, core.now_ns, mission, BOSS)
    assert shown.why.startswith(why)


@pytest.mark.parametrize(
    ("text", "tag"),
    [("", None), ("   ", None), ("two\nlines", None), ("\x1b[2J", None), ("x" * 1_001, None), ("ok", "two words"),
     ("ok", ""), ("ok", "x" * 33)],
)  # fmt: skip
def test_what_is_no_note(core: Core, text: str, tag: str | None) -> None:
    act = core.filled()
    reply = core.ask(calls.Note(show(IdKind.FIRE, act.position), text, tag))
    assert reply.problem is not None and reply.problem.code == "USAGE"
    assert not core.state.notes


def test_on_what_is_not_there_and_by_who_may_not(core: Core) -> None:
    act = core.filled()
    for kind, number in ((IdKind.MISSION, 999), (IdKind.FIRE, 999), (IdKind.ACT, act.position), (IdKind.ALARM, 1)):
        reply = core.ask(calls.Note(show(kind, number), "x"))
        assert reply.problem is not None and reply.problem.code == "NOT_FOUND", kind
    core.role("uid:7", Role.VIEWER)
    reply = core.ask(calls.Note(show(IdKind.FIRE, act.position), "x"), who="uid:7")
    assert reply.problem is not None and reply.problem.code == "FORBIDDEN"
    order = core.ask(calls.Note(show(IdKind.ORDER, 1), "x"))
    assert order.problem is not None and order.problem.code == "USAGE"


def test_only_so_many_about_one_thing(core: Core) -> None:
    subject = show(IdKind.FIRE, core.filled().position)
    for number in range(notes.NOTES_MAX):
        assert core.ask(calls.Note(subject, f"note {number}")).problem is None
    reply = core.ask(calls.Note(subject, "one more"))
    assert reply.problem is not None and reply.problem.code == "CONFLICT"
