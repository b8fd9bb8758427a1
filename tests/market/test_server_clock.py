"""A server's clock is measured: on weeks that were made, and on an export that holds two clocks.

`two_clocks.csv` is an excerpt of real closes, 2014-10-19 to 2014-11-29: see NOTICE.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.domain.instants import ms_text
from hydrad.market import server_clock as clock
from hydrad.market.server_clock import HOUR_MS, WEEK_MS, Prices

EXCERPT = Path(__file__).parent / "two_clocks.csv"
SUNDAY = clock.SUNDAY_MS + 2_300 * WEEK_MS


def walk(weeks: int, seed: int = 1) -> Prices:
    """Hourly closes of some weeks, Sunday 22:00 to Friday 21:00 UTC."""
    hours = np.arange(weeks * 7 * 24) * HOUR_MS + SUNDAY
    of_week = np.arange(len(hours)) % (7 * 24)
    times = hours[(of_week >= 22) & (of_week < 6 * 24 - 3)]
    steps = np.random.default_rng(seed).normal(0, 1e-3, len(times))
    return Prices(times, np.cumsum(steps))


def offsets(weeks: list[clock.Week]) -> list[int | None]:
    return [None if week.offset_ms is None else week.offset_ms // HOUR_MS for week in weeks]


@settings(max_examples=25, deadline=None)
@given(first=st.integers(-11, 13), second=st.integers(-11, 13), seed=st.integers(0, 1000))
def test_any_two_offsets_are_found_and_undone(first: int, second: int, seed: int) -> None:
    """The server moves its clock after three of six weeks, and quotes a little above."""
    reference = walk(6, seed)
    middle = SUNDAY + 3 * WEEK_MS
    shift = np.where(reference.time_ms < middle, first, second) * HOUR_MS
    server = Prices(reference.time_ms + shift, reference.log + 2e-5)
    weeks = clock.measure(server, reference)
    timeline = clock.spans(weeks)
    utc, covered = clock.to_utc(server.time_ms, timeline)
    assert {span.offset_ms // HOUR_MS for span in timeline} == {first, second}
    full = covered & (np.abs(reference.time_ms - middle) > 24 * HOUR_MS)  # a week is measured as one
    assert (utc[full] == reference.time_ms[full]).all() and full.sum() > 300


def test_noise_of_another_broker_changes_nothing() -> None:
    reference = walk(4)
    noise = np.random.default_rng(2).normal(0, 1e-4, len(reference.log))
    server = Prices(reference.time_ms + 2 * HOUR_MS, reference.log + noise)
    assert offsets(clock.measure(server, reference)) == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("server", "why"),
    [
        (walk(2, seed=9), "no shift fits clearly better"),  # prices of something else
        (Prices(walk(2).time_ms[:30], walk(2).log[:30]), "too few bars"),
        (Prices(walk(2).time_ms, np.zeros(len(walk(2).log))), "no shift fits clearly better"),  # it never moved
    ],
)
def test_what_cannot_be_measured_is_not_guessed(server: Prices, why: str) -> None:
    weeks = clock.measure(server, walk(2))
    assert set(offsets(weeks)) == {None} and weeks[0].why.startswith(why)
    assert clock.spans(weeks) == [] and not clock.to_utc(server.time_ms, [])[1].any()


def test_a_reference_that_ends_leaves_the_rest_out() -> None:
    whole = walk(6)
    half = Prices(whole.time_ms[whole.time_ms < SUNDAY + 3 * WEEK_MS], whole.log[whole.time_ms < SUNDAY + 3 * WEEK_MS])
    weeks = clock.measure(Prices(whole.time_ms + 3 * HOUR_MS, whole.log), half)
    assert offsets(weeks) == [3, 3, 3, None, None, None]


def test_a_change_within_a_week_leaves_the_days_beside_it_out() -> None:
    """Thursday 00:00 of the second week; on Friday of the third it is undone."""
    reference = walk(4)
    day = 24 * HOUR_MS
    out, back = SUNDAY + WEEK_MS + 4 * day, SUNDAY + 2 * WEEK_MS + 5 * day
    shift = np.where((reference.time_ms >= out) & (reference.time_ms < back), 3, 2) * HOUR_MS
    server = Prices(reference.time_ms + shift, reference.log)
    weeks = clock.measure(server, reference)
    utc, covered = clock.to_utc(server.time_ms, clock.spans(weeks))
    assert (utc[covered] == reference.time_ms[covered]).all()
    assert [span.offset_ms // HOUR_MS for span in clock.spans(weeks)] == [2, 3, 2]
    assert 90 <= (~covered).sum() <= 100  # Wednesday, Thursday; Thursday, Friday
    assert all("clock changed" in week.why for week in weeks if week.offset_ms is None)


# --- the real export ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def series() -> Iterator[dict[str, Prices]]:
    found: dict[str, list[tuple[int, float]]] = {}
    with EXCERPT.open() as file:
        for row in csv.DictReader(file):
            found.setdefault(row["series"], []).append((int(row["time"]) * 1000, float(row["close"])))
    yield {
        name: Prices(np.array([at for at, _ in rows]), np.log([close for _, close in rows]))
        for name, rows in found.items()
    }


def spans(weeks: list[clock.Week]) -> list[tuple[int, str]]:
    return [(span.offset_ms // HOUR_MS, ms_text(span.from_ms)[:10]) for span in clock.spans(weeks)]


def test_gold_is_on_a_european_clock_two_hours_ahead_in_winter(series: dict[str, Prices]) -> None:
    found = spans(clock.measure(series["mt5 XAUUSD"], series["oanda XAUUSD"]))
    assert found == [(3, "2014-10-19"), (2, "2014-10-26")]


def test_its_currencies_were_an_hour_behind_until_november_2014(series: dict[str, Prices]) -> None:
    """The same export: EURJPY over USDJPY fits EURUSD at UTC+2, +1 after the European change, and +2 from 23 November."""
    made = clock.ratio(series["mt5 EURJPY"], series["mt5 USDJPY"], 1, -1)
    found = spans(clock.measure(made, series["oanda EURUSD"]))
    assert found == [(2, "2014-10-19"), (1, "2014-10-26"), (2, "2014-11-23")]
