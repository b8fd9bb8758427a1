"""A series of even steps: nothing is sampled twice, what is missing is a hole, and it is bounded."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hydractl.msgpack import View as Row
from hydractl.tui.series import EVERY_S, KEPT, Series, noted
from hydractl.tui.store import Another, Answered, Ask, View, step


@given(st.lists(st.tuples(st.floats(0, 10_000), st.none() | st.floats(0, 1000)), min_size=1, max_size=200))
def test_it_is_bounded_and_its_end_is_the_newest_sample(told: list[tuple[float, float | None]]) -> None:
    series: Series | None = None
    for at_s, number in told:
        before = series
        series = noted(series, at_s, number)
        assert len(series.numbers) <= KEPT
        assert before is None or series.at_s >= before.at_s
        assert series is before or (series.at_s, series.numbers[-1]) == (at_s, number)


def test_what_was_not_measured_is_a_hole() -> None:
    series = noted(noted(None, 0.0, 1.0), 4 * EVERY_S, 2.0)
    assert series.numbers == (1.0, None, None, None, 2.0)
    assert noted(series, 4 * EVERY_S + 0.5, 9.0) is series
    assert noted(series, 1e9, 3.0).numbers == (*(None,) * (KEPT - 1), 3.0)


def status(*rows: dict[str, Any]) -> Row:
    return Row(terminals=[Row(row) for row in rows])


def test_each_terminal_of_the_last_status_has_its_round_trips() -> None:
    up = {"name": "a", "link": "READY", "clock_uncertainty_ms": 0.2}
    view = step(View(), Answered(Ask.of("status"), 10.0, status(up, {**up, "name": "b", "clock_uncertainty_ms": None})))
    view = step(view, Answered(Ask.of("status"), 12.0, status({**up, "link": "LOST"})))
    assert view.round_trips == {"a": Series(12.0, (0.4, None))}
    assert step(view, Answered(Ask.of("terminals"), 14.0, [Row(up)])).round_trips == view.round_trips
    assert step(view, Another(15.0)).round_trips == {}
