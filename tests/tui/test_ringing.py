"""What the Alarms pane says in each state, without an app."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydractl.session import as_view
from hydractl.tui.carry import Kept as Out
from hydractl.tui.draw.glyphs import ASCII, UNICODE
from hydractl.tui.frame import Frame
from hydractl.tui.panes import ringing
from hydractl.tui.store import Answered, Ask, Ticked, View, step
from hydrad.domain.ids import IdKind, show

M, F, A, P, ORDER, L, C = (show(kind, 9) for kind in IdKind)


@pytest.fixture
def alarm(wire: Any) -> Any:
    def made(**changes: Any) -> Any:
        return as_view(msgspec.to_builtins(msgspec.structs.replace(wire.ALARM, **changes)))

    return made


def frame(*told: tuple[Ask, Any], at_s: float = 10.0, glyphs: Any = UNICODE) -> Frame:
    view = View()
    for ask, data in told:
        view = step(view, Answered(ask, 10.0, data))
    return Frame(step(view, Ticked(at_s)), 160, 50, glyphs, Out(0, None))


def plain(lines: Any) -> list[str]:
    return [line.plain for line in lines]


def test_what_nobody_is_on_stands_first_and_what_is_cleared_last(alarm: Any) -> None:
    rows = [
        alarm(id="cleared", cleared_at="2026-11-20T12:25:30.500Z"),
        alarm(id="warning", severity="WARNING"),
        alarm(id="taken", acknowledged_by="ann"),
        alarm(id="nobody"),
    ]
    shown = ringing.rows_of(frame((Ask.of("alarms", cleared=True), rows), at_s=16.0), True)
    assert [row.id for row in shown] == ["nobody", "taken", "warning", "cleared"]
    assert [ringing.style_of(row) for row in shown] == ["bold red", "yellow", "yellow", "dim"]
    assert shown[0].age_s == 40.0
    assert ringing.rows_of(frame((Ask.of("alarms", cleared=True), rows)), False) == []


def test_the_whole_runbook_with_the_line_for_now_first(alarm: Any, wire: Any) -> None:
    row = alarm(acknowledged_by="ann", acknowledged_at="2026-11-20T12:26:00Z", note="on my way")
    shown = as_view({"alarm": row, "notes": [msgspec.to_builtins(wire.NOTE)]})
    lines = plain(ringing.alarm_lines(frame((Ask.of("alarm.show", alarm=row.id), shown)), row, 120))
    assert lines == [
        f"{row.id}  ACT_UNKNOWN  {row.subject}  acknowledged by ann  34.0 s old",
        "NOW        Do not fire again: look first.",
        "what       no verdict",
        "runbook    The order may have been executed.",
        "owner      uid:1000, told 3x, last uid:1000, uid:1001, since 2026-11-20 12:25:30Z",
        "account    paper-1",
        "on it      ann since 2026-11-20 12:26:00Z: on my way",
        "note       2026-11-20 12:25:30Z uid:1000: the host is rebooting",
    ]


def test_a_runbook_is_wrapped_and_nothing_of_it_is_lost(alarm: Any) -> None:
    words = [f"word{number}" for number in range(80)]
    row = alarm(runbook=("Look at the host first, then at the network.", " ".join(words[:40]), " ".join(words[40:])))
    lines = ringing.alarm_lines(frame(glyphs=ASCII), row, 40)
    assert max(line.cell_len for line in lines) <= 40
    assert all(word in " ".join(plain(lines)) for word in words)


def test_notes_that_are_not_known_yet_are_not_no_notes(alarm: Any) -> None:
    assert plain(ringing.alarm_lines(frame(), alarm(), 80))[-1] == "notes      asking ..."


@pytest.mark.parametrize(
    ("subject", "text", "found"),
    [
        (M, "", ("mission", M)),
        (P, "the plan of it is lost", ("positions", P)),
        (F, "", ("trace", F)),
        (A, "", ("trace", A)),
        (ORDER, "", ("trace", ORDER)),
        (L, "", ("alarms", L)),
        ("paper-1", f"ticket 7 of {P}, for {F}", ("positions", P)),
        ("sim-1", "silent", ("terminals", "sim-1")),
        ("toc", "was given up", ("services", "toc")),
        ("paper-1", "nothing with an id", None),
        (C, "", None),
        ("M-00000AA", "a wrong check character", None),
    ],
)
def test_where_an_alarm_leads(alarm: Any, subject: str, text: str, found: tuple[str, str] | None) -> None:
    assert ringing.about(alarm(subject=subject, text=text), ["sim-1"], ["toc"]) == found


def test_an_alarm_does_not_lead_to_itself(alarm: Any) -> None:
    assert ringing.about(alarm(id=L, subject="channel", text=f"{L} is told to nobody"), [], []) is None
