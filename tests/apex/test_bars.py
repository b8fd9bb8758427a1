"""Bars: the same whatever closes them; bad ticks are refused and touch nothing."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.apex.bars import AHEAD_MS_MAX, BadTickReason, Bar, BarBuilder, TickGuard
from hydrad.domain.instants import MINUTE_MS
from hydrad.link.frames import Tick

BASE_MS = 1_398_988_800_000  # a multiple of 15 minutes


def _ticks(rows: list[tuple[int, int, int]]) -> list[Tick]:
    made, now = [], BASE_MS
    for step, bid, spread in rows:
        now += step
        made.append(Tick(now, bid, bid + spread))
    return made


good_ticks = st.lists(
    st.tuples(st.integers(0, 4 * MINUTE_MS), st.integers(1000, 1100), st.integers(0, 20)),
    min_size=1,
    max_size=80,
).map(_ticks)


def built(ticks: list[Tick], tell_through: bool) -> list[Bar]:
    builder = BarBuilder()
    bars: list[Bar] = []
    for tick in ticks:
        if tell_through:
            bars += builder.through(tick.time_ms)
        bars += builder.add(tick, True)
    return [*bars, *builder.through(ticks[-1].time_ms + 15 * MINUTE_MS)]


def expected(ticks: list[Tick], minutes: int) -> list[Bar]:
    """Bars straight from the ticks, without M1 between."""
    groups: dict[int, list[Tick]] = defaultdict(list)
    for tick in ticks:
        groups[tick.time_ms // (minutes * MINUTE_MS)].append(tick)
    made = []
    for number, group in sorted(groups.items()):
        bid, ask = [t.bid_points for t in group], [t.ask_points for t in group]
        made.append(
            Bar(
                number * minutes * MINUTE_MS,
                minutes,
                *(bid[0], max(bid), min(bid), bid[-1]),
                *(ask[0], max(ask), min(ask), ask[-1]),
                len(group),
                sum(ask) - sum(bid),
                group[-1].time_ms,
                True,
            )
        )
    return made


@given(good_ticks, st.booleans())
def test_bars_are_those_of_their_ticks(ticks: list[Tick], tell_through: bool) -> None:
    bars = built(ticks, tell_through)
    for minutes in (1, 5, 15):
        assert [bar for bar in bars if bar.minutes == minutes] == expected(ticks, minutes)
    assert [bar.end_ms for bar in bars] == sorted(bar.end_ms for bar in bars)


def test_a_bar_closes_at_its_end_and_not_before() -> None:
    builder = BarBuilder()
    assert not builder.add(Tick(BASE_MS, 100, 101), True)
    assert not builder.add(Tick(BASE_MS + MINUTE_MS - 1, 102, 103), True)
    assert not builder.through(BASE_MS + MINUTE_MS - 1)
    (bar,) = builder.through(BASE_MS + MINUTE_MS)
    assert (bar.start_ms, bar.end_ms, bar.ticks, bar.spread_close) == (BASE_MS, BASE_MS + MINUTE_MS, 2, 1)
    assert not builder.through(BASE_MS + 4 * MINUTE_MS)
    (wide,) = builder.through(BASE_MS + 5 * MINUTE_MS)
    assert (wide.minutes, wide.bid_close, wide.ticks) == (5, 102, 2)


def test_a_bar_is_as_live_as_its_last_tick() -> None:
    for marks, live in (((True, False), False), ((False, True), True)):
        builder = BarBuilder()
        for second, mark in enumerate(marks):
            builder.add(Tick(BASE_MS + second, 100, 101), mark)
        assert {bar.live for bar in builder.through(BASE_MS + 15 * MINUTE_MS)} == {live}


def test_a_wide_bar_is_as_live_as_its_last_minute() -> None:
    for marks, live in (((True, False), False), ((False, True), True)):
        builder = BarBuilder()
        bars: list[Bar] = []
        for minute, mark in enumerate(marks):
            bars += builder.add(Tick(BASE_MS + minute * MINUTE_MS, 100, 101), mark)
        bars += builder.through(BASE_MS + 15 * MINUTE_MS)
        assert [bar.live for bar in bars if bar.minutes > 1] == [live, live]


def _guard() -> TickGuard:
    guard = TickGuard(10)
    assert guard.refuse(Tick(BASE_MS, 100_000, 100_010), BASE_MS) is None
    return guard


@pytest.mark.parametrize(
    ("tick", "reason"),
    [
        (Tick(BASE_MS, 100_000, 100_000), None),  # no spread is a quote; the same instant too
        (Tick(BASE_MS, 0, 10), BadTickReason.NOT_POSITIVE),
        (Tick(BASE_MS, -5, 10), BadTickReason.NOT_POSITIVE),
        (Tick(BASE_MS, 100_000, 0), BadTickReason.NOT_POSITIVE),
        (Tick(BASE_MS, 100_001, 100_000), BadTickReason.CROSSED),
        (Tick(BASE_MS - 1, 100_000, 100_010), BadTickReason.BACKWARDS),
        (Tick(BASE_MS + AHEAD_MS_MAX, 100_000, 100_010), None),
        (Tick(BASE_MS + AHEAD_MS_MAX + 1, 100_000, 100_010), BadTickReason.AHEAD),
        (Tick(BASE_MS, 101_000, 101_010), None),  # 1000 in 100,005: just below a hundredth
        (Tick(BASE_MS, 101_001, 101_011), BadTickReason.JUMP),
        (Tick(BASE_MS, 98_999, 99_009), BadTickReason.JUMP),
    ],
)
def test_what_a_bad_tick_is(tick: Tick, reason: BadTickReason | None) -> None:
    assert _guard().refuse(tick, BASE_MS) is reason


def test_a_spike_is_refused_and_a_new_level_taken_at_its_third_tick() -> None:
    guard = _guard()
    spike, usual = Tick(BASE_MS, 120_000, 120_010), Tick(BASE_MS, 100_000, 100_010)
    elsewhere = Tick(BASE_MS, 80_000, 80_010)
    answers = [guard.refuse(tick, BASE_MS) for tick in (spike, spike, usual, spike, elsewhere, spike, spike, spike)]
    jump = BadTickReason.JUMP
    assert answers == [jump, jump, None, jump, jump, jump, jump, None]
    assert guard.refuse(usual, BASE_MS) is jump


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 300_000), st.integers(-5, 300_000)), max_size=60))
def test_the_guard_lets_only_good_ticks_through(rows: list[tuple[int, int, int]]) -> None:
    guard, now, taken = TickGuard(10), BASE_MS, []
    for step, bid, ask in rows:
        tick = Tick(now + step, bid, ask)
        if guard.refuse(tick, now) is None:
            taken.append(tick)
            now = tick.time_ms
    assert all(0 < tick.bid_points <= tick.ask_points for tick in taken)
    times = [tick.time_ms for tick in taken]
    assert times == sorted(times)


def test_repeated_history() -> None:
    guard = _guard()
    assert guard.repeats(Tick(BASE_MS - 1, 1, 1))
    assert guard.repeats(Tick(BASE_MS, 100_000, 100_010))
    assert not guard.repeats(Tick(BASE_MS, 100_000, 100_011)), "another quote of the same millisecond"
    assert not guard.repeats(Tick(BASE_MS + 1, 100_000, 100_010))
