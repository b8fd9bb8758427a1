"""Where the time went: the bar is as wide as it may be, and the longest gaps are named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hydractl.msgpack import View as Row
from hydractl.tui.draw.glyphs import ASCII, UNICODE
from hydractl.tui.panes.timeline import LETTERS, at_end, time_lines


def records(*gaps: float | None) -> list[Any]:
    return [Row(seq=at, kind="ACT_MOVED", text=f"to {at}", after_s=gap) for at, gap in enumerate(gaps)]


def test_a_gap_is_the_time_until_the_record_that_ends_it() -> None:
    lines = time_lines(records(None, 30.0, 0.0, 10.0), 48, ASCII)
    assert [line.plain for line in lines] == [
        "40.0 s in all  a########################b#######",
        "a     30.0 s  75 %  until ACT_MOVED to 1",
        "b     10.0 s  25 %  until ACT_MOVED to 3",
    ]


@pytest.mark.parametrize(
    ("gaps", "said"), [((), ""), ((0.0,), "moment"), ((0.0, 0.0), "moment"), ((None, None), "mom")]
)
def test_without_time_there_is_no_bar(gaps: Any, said: str) -> None:
    (line,) = time_lines(records(*gaps), 60, UNICODE)
    assert said in line.plain


@given(
    st.lists(st.none() | st.floats(0, 1e6, allow_nan=False), min_size=2, max_size=60),
    st.integers(40, 200),
    st.sampled_from([ASCII, UNICODE]),
    st.integers(1, 9),
)
def test_no_line_is_wider_than_its_room_and_the_bar_fills_it(gaps: Any, width: int, glyphs: Any, most: int) -> None:
    lines = time_lines(records(*gaps), width, glyphs, most)
    assert len(lines) <= 1 + min(most, len(LETTERS))
    assert all(cell_len(line.plain) <= width for line in lines)
    if sum(gap or 0 for gap in gaps) > 0:
        assert cell_len(lines[0].plain) == width
    if glyphs is ASCII:
        assert all(line.plain.isascii() for line in lines)


@pytest.mark.parametrize(
    ("name", "title", "kinds", "state", "ends"),
    [
        ("M-00000014", "EURUSD BUY, ENGAGED", (), None, False),
        ("M-00000014", "EURUSD BUY, DONE", ("MISSION_OUTCOME",), None, True),
        ("M-00000014", "EURUSD BUY, EXPIRED", ("MISSION_MOVED",), None, False),
        ("M-00000014", "EURUSD BUY, EXPIRED", ("MISSION_MOVED", "MISSION_OUTCOME"), None, True),
        ("F-00000035", "FIRE on alpha: filled", (), "FILLED", False),
        ("F-00000035", "FIRE on alpha: closed", (), "CLOSED", True),
        ("F-00000035", "FIRE on alpha: no verdict", (), "UNKNOWN", False),
        ("P-00000035", "FIRE on alpha: filled", ("POSITION_OPENED",), None, False),
        ("P-00000035", "FIRE on alpha: closed", ("POSITION_OPENED", "POSITION_CLOSED"), None, True),
    ],
)
def test_what_nothing_follows_is_at_its_end(name: str, title: str, kinds: Any, state: str | None, ends: bool) -> None:
    data = Row(id=name, title=title, events=[Row(kind=kind) for kind in kinds])
    shown = Row(act=Row(state=state)) if state else None
    assert at_end(name, data, shown) is ends
