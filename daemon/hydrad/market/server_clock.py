"""A broker server's clock, measured: which offset from UTC, from when to when, and how surely. Owns the statistic.

MetaTrader writes bars on its server's wall clock, and nothing in them says which. Against bars whose times are UTC, a
week of them fits at one shift of whole hours and at no other: there the logarithms of the closes differ by a constant
(two brokers, or bid and mid), elsewhere by what the price moved in between. So for each week and each candidate:
residual = median |difference - median difference| over the bars that meet. The best counts when enough bars meet, and
its residual is at most half of the next candidate's; else the week is not measured, and nobody guesses it.

A clock may change within a week. So each day of a week is held against it, likewise: where a day says otherwise, the
days of that week are measured one by one, and those on either side of the change stay out, since the hour is not known.

Where the reference is of another symbol, two files of one export may make it (EURJPY / USDJPY = EURUSD): a fit then
says that both are on the same clock, and which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hydrad.domain.instants import MINUTE_MS

HOUR_MS = 60 * MINUTE_MS
WEEK_MS = 7 * 24 * HOUR_MS
SUNDAY_MS = 3 * 24 * HOUR_MS  # 1970-01-04 was a Sunday
CANDIDATES_H = tuple(range(-12, 15))
BARS_MIN = 48  # of some 120 in a week
DAY_BARS_MIN = 12
DAY_MS = 24 * HOUR_MS
RATIO_MAX = 0.5

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Prices(NamedTuple):
    """Closes of bars: their times and the logarithms of the price, in the order of time, each time once."""

    time_ms: Ints
    log: Floats


class Week(NamedTuple):
    """A week, or a day of a week within which the clock changed, on the server's clock; `end_ms` excluded. `offset_ms`
    None: not measured, and `why`. `confidence`: 1 less the residual's ratio to the next best; `bars` met at best."""

    start_ms: int
    end_ms: int
    offset_ms: int | None
    confidence: float
    bars: int
    why: str = ""


class Span(NamedTuple):
    """One offset: server time less UTC. `from_ms`, `to_ms` (excluded): the server's clock. `confidence`: the least of
    its weeks."""

    offset_ms: int
    from_ms: int
    to_ms: int
    weeks: int
    confidence: float


@dataclass(slots=True)
class Clock:
    """How times became UTC. `by`: what it was measured with, empty where the source says UTC."""

    by: str = ""
    spans: list[Span] = field(default_factory=list)
    unmeasured: list[Week] = field(default_factory=list)


def prices_of(time_ms: Ints, close: Ints) -> Prices:
    """Sorted, duplicates left out, not positive ones too."""
    good = close > 0
    times, first = np.unique(time_ms[good], return_index=True)
    return Prices(times, np.log(close[good][first]))


def ratio(a: Prices, b: Prices, sign_a: int, sign_b: int) -> Prices:
    """sign_a x a + sign_b x b where both have a bar."""
    times, in_a, in_b = np.intersect1d(a.time_ms, b.time_ms, assume_unique=True, return_indices=True)
    return Prices(times, sign_a * a.log[in_a] + sign_b * b.log[in_b])


def measure(server: Prices, reference: Prices, candidates_h: Sequence[int] = CANDIDATES_H) -> list[Week]:
    """Each week of the server's clock that has bars, or the days of one."""
    weeks = []
    first_ms = int(server.time_ms[0] - SUNDAY_MS) // WEEK_MS * WEEK_MS + SUNDAY_MS if len(server.time_ms) else 0
    last_ms = int(server.time_ms[-1]) if len(server.time_ms) else -1
    for start_ms in range(first_ms, last_ms + 1, WEEK_MS):
        week = _fitted(server, reference, start_ms, WEEK_MS, BARS_MIN, candidates_h)
        if week is None:
            continue
        days = [
            day
            for at in range(start_ms, start_ms + WEEK_MS, DAY_MS)
            if (day := _fitted(server, reference, at, DAY_MS, DAY_BARS_MIN, candidates_h)) is not None
        ]
        differs = any(day.offset_ms not in (None, week.offset_ms) for day in days)
        weeks += _by_the_day(days) if week.offset_ms is not None and differs else [week]
    return weeks


def _by_the_day(days: list[Week]) -> list[Week]:
    """The days of a week within which the clock changed: those beside the change stay out."""
    changed = {
        at
        for before in range(len(days) - 1)
        for at in (before, before + 1)
        if days[before].offset_ms != days[before + 1].offset_ms
    }
    why = "a day on which the clock changed, or the day beside it"
    return [day._replace(offset_ms=None, why=why) if at in changed else day for at, day in enumerate(days)]


def _fitted(
    server: Prices, reference: Prices, start_ms: int, width_ms: int, bars_min: int, candidates_h: Sequence[int]
) -> Week | None:
    """One stretch; None where the server has no bar in it."""
    end_ms = start_ms + width_ms
    first, last = np.searchsorted(server.time_ms, [start_ms, end_ms])
    if first == last:
        return None
    part = Prices(server.time_ms[first:last], server.log[first:last])
    found = []
    for hours in candidates_h:
        met, residual = _residual(part, reference, hours * HOUR_MS)
        if met >= bars_min:
            found.append((residual, hours, met))
    if len(found) < 2:
        most = max((met for _, _, met in found), default=0)
        return Week(start_ms, end_ms, None, 0.0, most, "too few bars meet the reference")
    (best, hours, met), (second, _, _) = sorted(found)[:2]
    confidence = 1 - best / second if second > 0 else 0.0
    if confidence < 1 - RATIO_MAX:
        return Week(start_ms, end_ms, None, confidence, met, "no shift fits clearly better than the others")
    return Week(start_ms, end_ms, hours * HOUR_MS, confidence, met)


def _residual(server: Prices, reference: Prices, shift_ms: int) -> tuple[int, float]:
    """Bars that meet at a shift, and how badly they fit."""
    wanted = server.time_ms - shift_ms
    at = np.minimum(np.searchsorted(reference.time_ms, wanted), len(reference.time_ms) - 1)
    meets = reference.time_ms[at] == wanted
    count = int(meets.sum())
    if not count:
        return 0, float("inf")
    difference = server.log[meets] - reference.log[at[meets]]
    return count, float(np.median(np.abs(difference - np.median(difference))))


def spans(weeks: Sequence[Week]) -> list[Span]:
    """Stretches of one offset that follow each other, with no bar between; one that was not measured ends a span."""
    found: list[Span] = []
    before: int | None = None
    for week in weeks:
        goes_on, before = before == week.offset_ms, week.offset_ms
        if week.offset_ms is None:
            continue
        last = found[-1] if found else None
        if last is not None and goes_on:
            worst, length_ms = min(last.confidence, week.confidence), week.end_ms - last.from_ms
            found[-1] = last._replace(to_ms=week.end_ms, weeks=-(-length_ms // WEEK_MS), confidence=worst)
        else:
            found.append(Span(week.offset_ms, week.start_ms, week.end_ms, 1, week.confidence))
    return found


def to_utc(time_ms: Ints, timeline: Sequence[Span]) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """UTC of server times, and which of them the timeline covers; the others' are 0."""
    utc = np.zeros_like(time_ms)
    covered = np.zeros(len(time_ms), np.bool_)
    for span in timeline:
        inside = (time_ms >= span.from_ms) & (time_ms < span.to_ms)
        utc[inside] = time_ms[inside] - span.offset_ms
        covered |= inside
    return utc, covered
