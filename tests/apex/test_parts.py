"""Features, detector, governor and profiles, each by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.apex.bars import Bar
from hydrad.apex.detectors import Setup, break_out, kind_of
from hydrad.apex.features import Window, memory_bars, true_range, wilder_milli
from hydrad.apex.governor import Governor
from hydrad.apex.profile import BUILT_IN, LEAN, SAMPLE, BadProfile, Profile, parse
from hydrad.domain.instants import MINUTE_MS, parse_ms
from hydrad.domain.orders import EntryType, Side
from hydrad.domain.signals import Signal, SignalKind

TWO_MS = parse_ms("2014-05-02T14:00:00Z")  # a Friday, London and New York open


def bar(index: int, high: int, low: int, close: int, spread: int = 2) -> Bar:
    """M5, `index` after 14:00, opening at its close."""
    start_ms = TWO_MS + index * 5 * MINUTE_MS
    bid = (close, high, low, close)
    return Bar(start_ms, 5, *bid, *(price + spread for price in bid), 10, 10 * spread, start_ms + 299_000, True)


def window(profile: Profile, bars: int = 60) -> Window:
    """Bars between 1000 and 1010 closing at 1005: a true range of 10 each."""
    made = Window(profile)
    for index in range(-bars, 0):
        made.add(bar(index, 1010, 1000, 1005))
    return made


# --- features -------------------------------------------------------------------------------------------


def test_true_range() -> None:
    inside = bar(0, 1010, 1000, 1005)
    assert [true_range(inside, close) for close in (None, 1005, 1020, 990)] == [10, 10, 20, 20]


def test_wilder_by_hand() -> None:
    assert wilder_milli([10, 20], 3) is None
    assert wilder_milli([10, 20, 30], 3) == 20_000
    assert wilder_milli([10, 20, 30, 50], 3) == 30_000
    assert wilder_milli([10, 20, 31], 3) == 20_333


@given(
    st.lists(st.integers(0, 10_000), min_size=112, max_size=112),
    st.lists(st.integers(0, 10_000), max_size=200),
)
def test_what_the_memory_leaves_out_weighs_next_to_nothing(newest: list[int], older: list[int]) -> None:
    short, long = wilder_milli(newest, 14), wilder_milli([*older, *newest], 14)
    assert short is not None and long is not None
    assert abs(short - long) <= 10_000


def test_the_window_forgets() -> None:
    made = window(SAMPLE, memory_bars(SAMPLE))
    before = made.atr_milli()
    assert before == 10_000
    wild = window(SAMPLE, 0)
    wild.add(bar(-200, 5000, 1, 3000))
    for index in range(-memory_bars(SAMPLE) - 1, 0):
        wild.add(bar(index, 1010, 1000, 1005))
    assert wild.atr_milli() == before
    assert len(list(wild.last(1000))) == memory_bars(SAMPLE)
    assert made.spread_mean_milli(12) == 2_000


# --- detector -------------------------------------------------------------------------------------------


def test_a_break_upwards() -> None:
    setup = break_out(SAMPLE, "EURUSD", 5, window(SAMPLE), bar(0, 1013, 1004, 1012))
    assert setup is not None
    # ATR 10: the stop's least distance is 20 from the bid, beyond the swing's 1000 - 1 = 999.
    assert (setup.side, setup.entry_points, setup.stop_points, setup.target_points) == (
        Side.BUY,
        1014,
        992,
        1047,
    )
    assert (setup.at_ms, setup.last_tick_ms, setup.spread_points) == (TWO_MS + 300_000, TWO_MS + 299_000, 2)
    assert (setup.stop_distance, setup.r_milli) == (22, 1500)
    assert dict(setup.features) == {
        "atr_points": "10.000",
        "channel_high": "0.01010",
        "channel_low": "0.01000",
        "spread_points": "2",
        "spread_mean_points": "2.000",
        "stop_points": "22",
        "bar_ticks": "10",
    }


def test_a_break_downwards() -> None:
    setup = break_out(SAMPLE, "EURUSD", 5, window(SAMPLE), bar(0, 1006, 996, 997))
    assert setup is not None
    # 20 from the ask, beyond the swing's 1012 + 1.
    assert (setup.side, setup.entry_points, setup.stop_points, setup.target_points) == (Side.SELL, 997, 1019, 964)


def test_a_break_downwards_with_the_stop_beyond_the_swing() -> None:
    near = msgspec.structs.replace(SAMPLE, stop_atr_permille_min=500)
    setup = break_out(near, "EURUSD", 5, window(near), bar(0, 1006, 996, 997))
    assert setup is not None
    # The swing's highest ask is 1012; a point above it.
    assert (setup.side, setup.entry_points, setup.stop_points, setup.target_points) == (
        Side.SELL,
        997,
        1013,
        973,
    )


@pytest.mark.parametrize("close", [1000, 999, 1005, 1010, 1011])
def test_no_break(close: int) -> None:
    """Within the channel, or not a tenth of ATR beyond it."""
    assert break_out(SAMPLE, "EURUSD", 5, window(SAMPLE), bar(0, 1012, 998, close)) is None


def test_too_few_bars_say_nothing() -> None:
    far = bar(0, 1100, 1000, 1100)
    assert break_out(SAMPLE, "EURUSD", 5, window(SAMPLE, 13), far) is None
    assert break_out(SAMPLE, "EURUSD", 5, window(SAMPLE, 14), far) is not None


@given(st.integers(-60, 60), st.integers(0, 30))
def test_every_setup_is_well_formed(move: int, spread: int) -> None:
    close = 1005 + move
    setup = break_out(SAMPLE, "EURUSD", 5, window(SAMPLE), bar(0, max(1010, close), min(1000, close), close, spread))
    if setup is None:
        assert -7 < move < 7
        return
    sign = setup.side.sign
    assert sign == (1 if move > 0 else -1)
    assert setup.stop_points * sign < setup.entry_points * sign < setup.target_points * sign


def test_the_kind_follows_from_horizon_and_r() -> None:
    rapid, sniper = SignalKind.RAPID_ASSAULT, SignalKind.SNIPER_OPS
    assert [kind_of(*pair) for pair in ((179, 1999), (180, 1000), (60, 2000))] == [rapid, sniper, sniper]


# --- governor -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A setup that the governor lets pass unless a case spoils it."""

    symbol: str = "EURUSD"
    side: Side = Side.BUY
    at_ms: int = TWO_MS
    tick_age_ms: int = 500
    stop_distance: int = 100
    spread: int = 10
    atr_milli: int = 50_000

    def setup(self) -> Setup:
        entry, sign = 138_000, self.side.sign
        stop, target = entry - sign * self.stop_distance, entry + sign * 150
        last_ms = self.at_ms - self.tick_age_ms
        prices = (entry, stop, target, self.spread, self.atr_milli)
        return Setup(self.symbol, "break_out", self.side, self.at_ms, last_ms, *prices, ())


def signal(case: Case) -> Signal:
    setup = case.setup()
    prices = (setup.entry_points, setup.stop_points, setup.target_points)
    times = (case.at_ms, case.at_ms + 600_000, case.at_ms + 7_200_000)
    kind, session = SignalKind.RAPID_ASSAULT, "OVERLAP"
    entry = EntryType.MARKET
    return Signal(
        case.symbol,
        5,
        kind,
        case.side,
        entry,
        *prices,
        10,
        *times,
        1500,
        None,
        "break_out",
        "sample",
        session,
        (),
    )


def reason(case: Case, *earlier: Case, profile: Profile = SAMPLE) -> str | None:
    governor = Governor(profile)
    for one in earlier:
        governor.remember(signal(one))
    suppressed = governor.suppress(case.setup())
    return None if suppressed is None else suppressed.reason


MINUTES = MINUTE_MS


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (Case(), None),
        (Case(tick_age_ms=30_000), None),
        (Case(tick_age_ms=30_001), "STALE"),
        (Case(at_ms=parse_ms("2014-05-05T20:55:00Z")), "HOURS"),
        (Case(at_ms=parse_ms("2014-05-04T21:05:00Z")), "HOURS"),
        (Case(at_ms=parse_ms("2014-05-05T03:00:00Z")), "SESSION"),
        (Case(at_ms=parse_ms("2014-05-02T18:45:00Z")), None),
        (Case(at_ms=parse_ms("2014-05-02T18:50:00Z")), "HORIZON"),
        (Case(stop_distance=300, spread=30), None),
        (Case(stop_distance=301, spread=30), "STOP_WIDE"),
        (Case(spread=11), "SPREAD"),
    ],
)
def test_each_reason_at_its_bound(case: Case, expected: str | None) -> None:
    assert reason(case) == expected


def test_no_horizon_into_the_weekend() -> None:
    free = msgspec.structs.replace(SAMPLE, latest_horizon_utc=None)
    assert reason(Case(at_ms=parse_ms("2014-05-02T18:55:00Z")), profile=free) is None
    assert reason(Case(at_ms=parse_ms("2014-05-02T19:00:00Z")), profile=free) == "HORIZON"


def test_repetition() -> None:
    now = Case()
    assert reason(now, replace(now, at_ms=TWO_MS - 59 * MINUTES)) == "DUPLICATE"
    assert reason(now, replace(now, at_ms=TWO_MS - 60 * MINUTES)) is None
    assert reason(now, replace(now, at_ms=TWO_MS - 30 * MINUTES, side=Side.SELL)) is None
    assert reason(now, replace(now, at_ms=TWO_MS - 30 * MINUTES, symbol="XAUUSD")) is None
    assert reason(now, replace(now, side=Side.SELL)) == "DUPLICATE", "the same bar twice"


def test_rate() -> None:
    now = Case()
    other = [replace(now, at_ms=TWO_MS - minute * MINUTES, symbol="XAUUSD") for minute in (10, 20, 30, 40)]
    assert reason(now, *other[:3]) is None
    assert reason(now, *other) == "RATE"
    assert reason(now, *other[:3], replace(other[3], at_ms=TWO_MS - 60 * MINUTES)) is None
    own = [replace(now, at_ms=TWO_MS - minute * MINUTES, side=Side.SELL) for minute in (10, 20)]
    assert reason(now, *own) == "RATE"
    assert reason(now, *reversed(own)) == "RATE", "the journal may be read in any order"


def test_the_governor_forgets_what_no_longer_counts() -> None:
    governor = Governor(SAMPLE)
    for hour in range(200):
        governor.remember(signal(Case(at_ms=TWO_MS + hour * 60 * MINUTES)))
    assert len(governor._recent) == 1


# --- profiles -------------------------------------------------------------------------------------------


def table(**changes: object) -> dict[str, object]:
    base: dict[str, object] = {
        "name": "mine",
        "symbols": ["EURUSD"],
        "sessions": ["LONDON"],
        "timeframe_min": 5,
        "channel_bars": 20,
        "swing_bars": 10,
        "r_milli": 1500,
        "horizon_min": 120,
    }
    return {key: value for key, value in (base | changes).items() if value is not ...}


def test_built_in_profiles() -> None:
    assert set(BUILT_IN) == {"sample", "lean"}
    assert SAMPLE.latest_minute_utc == 20 * 60 + 45
    assert LEAN.latest_minute_utc is None
    assert kind_of(LEAN.horizon_min, LEAN.r_milli) is SignalKind.SNIPER_OPS
    for profile in BUILT_IN.values():
        assert parse(msgspec.to_builtins(profile)) == profile


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"channel_bars": 1}, "channel_bars is 1, 2 to 500"),
        ({"r_milli": 0}, "r_milli is 0"),
        ({"r_milli": 1.5}, r"Expected `int`, got `float` - at `\$\.r_milli`"),
        ({"r_milli": ...}, "missing required field `r_milli`"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"sessions": ["PARIS"]}, "Invalid enum value 'PARIS'"),
        ({"sessions": []}, "sessions is empty"),
        ({"sessions": ["NONE"]}, "no session"),
        ({"symbols": []}, "symbols is empty"),
        ({"symbols": ["EURUSD", "EURUSD"]}, "names one twice"),
        ({"symbols": [""]}, "empty name"),
        ({"name": " "}, "name is empty"),
        ({"timeframe_min": 7}, "one of 1, 5, 15"),
        ({"expiry_min": 120}, "expiry_min is not below horizon_min"),
        ({"stop_atr_permille_min": 6000}, "not below stop_atr_permille_max"),
        ({"latest_horizon_utc": "24:00"}, "'24:00' is not a time"),
    ],
)
def test_a_bad_profile_is_named(changes: dict[str, object], words: str) -> None:
    with pytest.raises(BadProfile, match=words):
        parse(table(**changes))
