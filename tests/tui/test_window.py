"""Which bars a mission's chart is made of, and what stands in its place where there are none."""

from __future__ import annotations

import dataclasses
from typing import Any

import briefings
import msgspec
import pytest
import scripted
from hypothesis import given
from hypothesis import strategies as st

from hydractl.tui.panes.mission import next_account
from hydractl.tui.panes.window import BEFORE, TIMEFRAMES, chart_lines, fitting_timeframe, window_of
from hydractl.tui.store import Problem
from hydrad.domain.instants import ms_text, parse_ms
from hydrad.wire.market import BarRow

SIGNAL = "2026-11-24T09:00:00Z"
SIGNAL_MS = parse_ms(SIGNAL)


def sample(wire: Any, horizon: str = "2026-11-24T15:00:00Z") -> Any:
    data = wire.DATA["brief"][1]
    row = msgspec.structs.replace(wire.MISSION, horizon_at=horizon)
    data = msgspec.structs.replace(data, mission=msgspec.structs.replace(data.mission, mission=row))
    return briefings.told(data)


def bar(at: str, price: float) -> BarRow:
    return BarRow(at, *(f"{price + by:.5f}" for by in (0, 0.0002, -0.0002, 0.0001) * 2), 9, 10.0, True)


@pytest.mark.parametrize(
    ("minutes", "columns", "wanted"),
    [
        (0, 60, "M1"),
        (39, 60, "M1"),
        (40, 60, "M5"),
        (200, 60, "M15"),
        (120, 17, "M15"),
        (300, 20, "H1"),
        (900, 4, "H4"),
    ],
)
def test_the_finest_timeframe_that_shows_the_signal(wire: Any, minutes: int, columns: int, wanted: str) -> None:
    assert fitting_timeframe(sample(wire, ms_text(SIGNAL_MS + minutes * 60_000, 0)), columns) == wanted


@given(minutes=st.integers(0, 500_000), columns=st.integers(4, 300))
def test_a_finer_one_would_not_have_had_the_room(minutes: int, columns: int) -> None:
    name = fitting_timeframe(sample(scripted, ms_text(SIGNAL_MS + minutes * 60_000, 0)), columns)
    room = columns - columns // BEFORE
    for other, bar_s in TIMEFRAMES.items():
        fits = minutes * 60 // bar_s < room
        if other == name:
            assert fits or name == "H4"
            return
        assert not fits, f"{other} would have fitted, not {name}"


def test_the_window_is_from_the_charts_start_to_the_horizon(wire: Any) -> None:
    window = window_of(sample(wire), "M1")
    fields = dict(window.ask.fields)
    assert window.ask.verb == "bars" and fields["timeframe"] == "M1" and fields["symbol"] == "EURUSD"
    assert fields["since"] == "2026-11-24T05:00:00Z" and fields["until"] == "2026-11-24T15:00:00Z"


def drawn(wire: Any, rows: Any, **changes: Any) -> list[Any]:
    data = sample(wire)
    window = window_of(data, "M1")
    frame = briefings.frame(wire, **{key: value for key, value in changes.items() if key in ("clock_s", "lost")})
    answers = dict(frame.view.answers)
    if rows is not None or "problem" in changes:
        answers[window.ask] = briefings.kept(rows, problem=changes.get("problem"))
    frame = dataclasses.replace(frame, view=dataclasses.replace(frame.view, answers=answers))
    return chart_lines(frame, data, window, 60, 16)


ROWS = [bar(ms_text(SIGNAL_MS + at * 60_000, 0), 1.0848 + at / 10_000) for at in range(-20, 3)]


def test_the_chart_has_the_levels_and_the_signal(wire: Any) -> None:
    text = "\n".join(row.plain for row in drawn(wire, ROWS))
    for wanted in ("Entry", "1.08500", "Now", "1.08490", "┊"):
        assert wanted in text, text


@pytest.mark.parametrize(
    ("rows", "changes", "wanted"),
    [
        (None, {}, "asking ..."),
        ([], {}, "no bar was recorded from 2026-11-24 05:00:00Z on"),
        (None, {"problem": Problem("NOT_FOUND", "no recording of EURUSD here")}, "NOT_FOUND: no recording of EURUSD"),
    ],
)
def test_why_there_is_no_chart(wire: Any, rows: Any, changes: dict[str, Any], wanted: str) -> None:
    shown = drawn(wire, rows, **changes)
    assert len(shown) == 1 and shown[0].plain.startswith(wanted)


@pytest.mark.parametrize("changes", [{"lost": True}, {"clock_s": 300.0}])
def test_an_old_chart_looks_old(wire: Any, changes: dict[str, Any]) -> None:
    assert all(row.style == "dim" and not row.spans for row in drawn(wire, ROWS, **changes))


def test_accounts_come_in_a_circle() -> None:
    assert next_account("a", ["a", "b"]) == "b"
    assert next_account("b", ["a", "b"]) == "a"
    assert next_account("gone", ["a", "b"]) == "a"
    assert next_account("a", []) is None
