"""The whole engine on the bundled day: what it says, and that nothing but the ticks decides it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.apex.bars import BadTickReason
from hydrad.apex.engine import BAD_TICKS_KEPT_MAX, CANDIDATES_MAX, Apex
from hydrad.apex.features import memory_bars
from hydrad.apex.outcome import OutcomeFollower
from hydrad.apex.profile import LEAN, SAMPLE, BadProfile
from hydrad.domain.instants import MINUTE_MS, ms_text, parse_ms
from hydrad.domain.signals import Signal, SignalKind, Suppressed
from hydrad.link.frames import SymbolTicks, Tick
from hydrad.market import sample

from .conftest import DIGITS, NOON_MS, Day, feed, minutes

# at, symbol, side, entry, stop, target, collar; then outcome, its time, R in thousandths
GOLDEN = [
    ("12:05", "XAUUSD", "SELL", 1285801, 1288724, 1281416, 292, "TARGET", "12:30:01", 1500),
    ("14:30", "EURUSD", "BUY", 138381, 138117, 138777, 26, "TIMEOUT", "16:30:00", 931),
    ("14:30", "XAUUSD", "BUY", 1290823, 1280318, 1306581, 1050, "TIMEOUT", "16:30:00", 845),
    ("17:00", "XAUUSD", "SELL", 1298468, 1302120, 1292990, 365, "STOP", "17:18:31", -1003),
    ("17:20", "XAUUSD", "BUY", 1302543, 1298196, 1309064, 434, "STOP", "19:08:17", -993),
    ("17:50", "EURUSD", "BUY", 138741, 138611, 138936, 13, "TIMEOUT", "19:50:00", -315),
    ("18:30", "XAUUSD", "SELL", 1300264, 1303635, 1295207, 337, "TIMEOUT", "20:30:00", 340),
]


def signals(said: list[Signal | Suppressed]) -> list[Signal]:
    return [one for one in said if isinstance(one, Signal)]


def clock(ms: int) -> str:
    return ms_text(ms, 0)[11:19]


def test_the_missions_of_the_sample_day(day: Day, said: list[Signal | Suppressed]) -> None:
    rows = []
    for number, signal in enumerate(signals(said), 1):
        follower = OutcomeFollower(number, signal)
        end = next(filter(None, map(follower.on_tick, day.ticks[signal.symbol])))
        prices = signal.entry_points, signal.stop_points, signal.target_points, signal.collar_points
        head = clock(signal.at_ms)[:5], signal.symbol, signal.side.name, *prices
        rows.append((*head, end.outcome, clock(end.at_ms), end.r_milli))
        assert end.mission == number
    assert rows == GOLDEN


def test_what_was_seen_and_not_proposed(said: list[Signal | Suppressed]) -> None:
    silent = [one for one in said if isinstance(one, Suppressed)]
    reasons = [(clock(one.at_ms)[:5], one.symbol, one.reason) for one in silent]
    assert reasons[:3] == [
        ("12:30", "XAUUSD", "SPREAD"),
        ("12:35", "EURUSD", "STOP_WIDE"),
        ("12:35", "XAUUSD", "STOP_WIDE"),
    ]
    assert {reason for _, _, reason in reasons} == {"SPREAD", "STOP_WIDE", "DUPLICATE", "HORIZON"}
    assert len(reasons) == 23


def test_what_every_signal_holds(said: list[Signal | Suppressed]) -> None:
    for signal in signals(said):
        assert NOON_MS < signal.at_ms < signal.expires_ms < signal.horizon_ms
        assert signal.at_ms % (5 * MINUTE_MS) == 0
        assert signal.horizon_ms <= parse_ms("2014-05-02T20:45:00Z")
        sign = signal.side.sign
        assert signal.stop_points * sign < signal.entry_points * sign < signal.target_points * sign
        assert signal.kind is SignalKind.RAPID_ASSAULT
        assert signal.tcs is None
        assert (signal.r_milli, signal.profile, signal.detector) == (1500, "sample", "break_out")
        features = dict(signal.features)
        assert int(features["spread_points"]) * 10 <= int(features["stop_points"])
        assert len(features) == len(signal.features)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 21 * 60 * 60_000 - 1), max_size=60, unique=True))
def test_how_ticks_are_cut_into_frames_changes_nothing(
    day: Day, said: list[Signal | Suppressed], cuts: list[int]
) -> None:
    ends = sorted({*(sample.START_MS + cut for cut in cuts), NOON_MS, sample.END_MS})
    assert feed(Apex(SAMPLE, DIGITS), day.frames(ends)) == said


def test_ticks_one_by_one_change_nothing(day: Day) -> None:
    """Each tick a call of its own, market time told by the ticks alone, over the hour of the payrolls."""
    begin, end = NOON_MS, NOON_MS + 65 * MINUTE_MS
    whole = Apex(SAMPLE, DIGITS)
    single = Apex(SAMPLE, DIGITS)
    history = day.frames([NOON_MS])
    feed(whole, history)
    feed(single, history)
    expected = feed(whole, day.frames([end], begin))
    said: list[Signal | Suppressed] = []
    batches, _, _ = day.frames([end], begin)[0]
    for batch in batches:
        for tick in batch.ticks:
            said += single.on_ticks(batch.symbol, (tick,), tick.time_ms, False)
        said += single.on_ticks(batch.symbol, (), end, False)
    assert sorted(said, key=lambda one: (one.at_ms, one.symbol)) == expected
    assert len(signals(expected)) == 1


@settings(max_examples=10, deadline=None)
@given(st.integers(12 * 60 * 60_000, 21 * 60 * 60_000 - 1))
def test_the_future_changes_nothing_in_the_past(day: Day, said: list[Signal | Suppressed], length_ms: int) -> None:
    end_ms = sample.START_MS + length_ms
    early = feed(Apex(SAMPLE, DIGITS), day.frames([NOON_MS, end_ms]))
    assert early == [one for one in said if one.at_ms <= end_ms]


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 8 * 60 * 60_000))
def test_a_restart_goes_on_as_if_nothing_had_been(
    day: Day, said: list[Signal | Suppressed], after_noon_ms: int
) -> None:
    """A new engine, given its history and the journal's signals, says the rest; some history comes twice."""
    now_ms = NOON_MS + after_noon_ms
    now_ms += 2 * MINUTE_MS if now_ms % (5 * MINUTE_MS) > 4 * MINUTE_MS else 0  # not in a bar's last minute
    apex = Apex(SAMPLE, DIGITS, [one for one in signals(said) if one.at_ms <= now_ms])
    from_ms = max(sample.START_MS, apex.history_from_ms(now_ms))
    history = day.frames([now_ms], from_ms, now_ms)
    again = day.frames([now_ms], now_ms - 10 * MINUTE_MS, now_ms)
    rest = feed(apex, [*history, *again, *day.frames(minutes(now_ms), now_ms, now_ms)])
    assert rest == [one for one in said if one.at_ms > now_ms]


def test_history_never_speaks_and_is_never_fresh(day: Day) -> None:
    apex = Apex(SAMPLE, DIGITS)
    assert feed(apex, day.frames(minutes(), noon_ms=sample.END_MS)) == []
    assert apex.last_tick_ms("EURUSD") is None
    assert apex.last_tick_ms("XAUUSD") is None


def test_a_bar_that_ends_in_history_is_silent(day: Day) -> None:
    """Live until a minute before the 12:05 signal; the bar's last minute comes as history."""
    apex = Apex(SAMPLE, DIGITS)
    gap, end = NOON_MS + 4 * MINUTE_MS, NOON_MS + 5 * MINUTE_MS - 1
    feed(apex, day.frames([NOON_MS, gap]))
    assert feed(apex, day.frames([end], gap, end)) == []
    assert feed(apex, day.frames([end + MINUTE_MS], end)) == []


def test_a_bar_that_history_closes_is_silent(day: Day) -> None:
    """Live until just before the 12:05 signal; then the link was lost, and what follows comes as history."""
    apex = Apex(SAMPLE, DIGITS)
    lost, back = NOON_MS + 5 * MINUTE_MS - 1, NOON_MS + 20 * MINUTE_MS
    assert feed(apex, day.frames([NOON_MS, lost])) == []
    assert feed(apex, day.frames([back], lost, back)) == []


def test_a_tick_of_a_closed_bar_is_refused() -> None:
    apex = Apex(SAMPLE, DIGITS)
    first, late = Tick(NOON_MS, 138_000, 138_010), Tick(NOON_MS + 30_000, 138_000, 138_010)
    apex.on_ticks("EURUSD", (first,), NOON_MS + MINUTE_MS, False)
    apex.on_ticks("EURUSD", (late,), NOON_MS + MINUTE_MS, False)
    assert apex.bad_tick_counts() == {("EURUSD", BadTickReason.BACKWARDS): 1}


def test_remembered_signals_hold_repetition_and_rate(day: Day, said: list[Signal | Suppressed]) -> None:
    apex = Apex(SAMPLE, DIGITS, signals(said)[:1])
    again = feed(apex, day.frames([NOON_MS, NOON_MS + 10 * MINUTE_MS]))
    assert [one.reason for one in again if isinstance(one, Suppressed)] == ["DUPLICATE"]
    assert signals(again) == []


def test_bad_ticks_among_good_ones_change_nothing(day: Day, said: list[Signal | Suppressed]) -> None:
    apex = Apex(SAMPLE, DIGITS)
    end_ms = NOON_MS + 3 * 60 * MINUTE_MS
    frames = []
    for batches, through_ms, history in day.frames(minutes(to_ms=end_ms)):
        spoilt = tuple(SymbolTicks(batch.symbol, _spoilt(batch.ticks)) for batch in batches)
        frames.append((spoilt, through_ms, history))
    assert feed(apex, frames) == [one for one in said if one.at_ms <= end_ms]
    counts = apex.bad_tick_counts()
    assert set(counts) == {
        (symbol, reason)
        for symbol in DIGITS
        for reason in (
            BadTickReason.CROSSED,
            BadTickReason.NOT_POSITIVE,
            BadTickReason.JUMP,
            BadTickReason.AHEAD,
        )
    }
    assert len(apex.take_bad_ticks()) == 2 * BAD_TICKS_KEPT_MAX
    assert apex.take_bad_ticks() == []


def _spoilt(ticks: tuple[Tick, ...]) -> tuple[Tick, ...]:
    if not ticks:
        return ticks
    first = ticks[0]
    time_ms, bid, ask = first.time_ms, first.bid_points, first.ask_points
    bad = (
        Tick(time_ms, ask, bid - 1),
        Tick(time_ms, 0, ask),
        Tick(time_ms, -bid, ask),
        Tick(time_ms, bid * 2, ask * 2),
        Tick(time_ms + 3_600_000, bid, ask),
    )
    return (first, *bad, *ticks[1:])


def test_bad_ticks_are_told_as_they_came() -> None:
    apex = Apex(SAMPLE, DIGITS)
    ticks = (Tick(NOON_MS, 138_000, 138_010), Tick(NOON_MS - 1, 138_001, 138_011))
    apex.on_frame((SymbolTicks("EURUSD", ticks), SymbolTicks("GBPUSD", ticks)), NOON_MS, False)
    (bad,) = apex.take_bad_ticks()
    assert (bad.symbol, bad.time_ms, bad.bid_points, bad.reason) == (
        "EURUSD",
        NOON_MS - 1,
        138_001,
        BadTickReason.BACKWARDS,
    )
    assert apex.last_tick_ms("EURUSD") == NOON_MS
    assert apex.last_tick_ms("GBPUSD") is None
    assert apex.on_ticks("GBPUSD", ticks, NOON_MS, False) == []


def test_what_it_keeps_to_be_looked_at_is_what_it_said(day: Day, said: list[Signal | Suppressed]) -> None:
    apex = Apex(SAMPLE, DIGITS)
    feed(apex, day.frames(minutes()))
    kept = apex.standing(sample.END_MS).candidates
    assert len(kept) == min(CANDIDATES_MAX, len(said)) > 0
    for (setup, suppressed), one in zip(kept, said[-len(kept) :], strict=True):
        assert (setup.symbol, setup.detector, setup.at_ms) == (one.symbol, one.detector, one.at_ms)
        assert suppressed == (one if isinstance(one, Suppressed) else None)
        assert isinstance(one, Suppressed) or setup.features == one.features


def test_how_it_stands_is_counted_from_its_bars_and_its_signals(day: Day, said: list[Signal | Suppressed]) -> None:
    """At every hour of the day: warm as soon as a setup was seen, and as many signals in the hour as were made."""
    apex, seen = Apex(SAMPLE, DIGITS), list[Signal | Suppressed]()
    for batches, through_ms, history in day.frames(minutes()):
        seen += apex.on_frame(batches, through_ms, history)
        if through_ms % (60 * MINUTE_MS):
            continue
        standing = apex.standing(through_ms)
        hour = [s for s in seen if isinstance(s, Signal) and s.at_ms > through_ms - 60 * MINUTE_MS]
        assert standing.hour_used == len(hour) <= SAMPLE.signals_per_hour_total
        for one in standing.symbols:
            assert one.hour_used == sum(s.symbol == one.symbol for s in hour)
            assert one.bars <= memory_bars(SAMPLE) and one.bars_needed == SAMPLE.atr_bars
            assert one.last_bar_ms is None or one.last_bar_ms <= through_ms
            assert one.bars >= one.bars_needed or not any(s.symbol == one.symbol for s in seen)
    assert seen == said, "looking changes nothing"


def test_how_far_back_history_is_needed() -> None:
    apex = Apex(SAMPLE, DIGITS)
    assert ms_text(apex.history_from_ms(NOON_MS), 0) == "2014-05-02T00:00:00Z"
    # From a Monday morning on it counts open time only: past the weekend, into Friday.
    monday = parse_ms("2014-05-05T02:00:00Z")
    assert ms_text(apex.history_from_ms(monday), 0) == "2014-05-02T14:00:00Z"
    lean = Apex(LEAN, dict.fromkeys(LEAN.symbols, 5))
    assert ms_text(lean.history_from_ms(parse_ms("2014-05-08T12:07:00Z")), 0) == "2014-05-07T00:30:00Z"


def test_unknown_digits_are_refused() -> None:
    with pytest.raises(BadProfile, match="digits of XAUUSD"):
        Apex(SAMPLE, {"EURUSD": 5})


def test_the_day_is_fed_quickly(day: Day) -> None:
    frames = day.frames(minutes())
    begin = time.perf_counter()
    feed(Apex(SAMPLE, DIGITS), frames)
    assert time.perf_counter() - begin < 3.0, "0.3 s for 314,356 ticks where this was written"
