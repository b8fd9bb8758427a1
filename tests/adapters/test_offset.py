"""The broker's clock as measured from live ticks: what is known when, and what makes it unknown again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain import calendar
from hydrad.domain.instants import DAY_MS, MINUTE_MS, MS, parse_ms
from hydrad.terminal.offset import CONFIRMED_WITHIN_MS, QUARTER_MS, SIGHTINGS_MIN, BrokerOffset

HOUR_MS = 60 * MINUTE_MS
START_MS = parse_ms("2026-06-10T12:00:00Z")
SYMBOLS = ("EURUSD", "GBPUSD", "XAUUSD")


class Feed:
    """A broker whose clock is `offset_ms` ahead of UTC, and a host that looks at its ticks."""

    def __init__(self, offset_ms: int, utc_ms: int = START_MS, symbols: tuple[str, ...] = SYMBOLS) -> None:
        self.measured = BrokerOffset(len(symbols))
        self.offset_ms, self.utc_ms, self.boot_ms = offset_ms, utc_ms, 1_000_000
        self.stamps = dict.fromkeys(symbols, utc_ms + offset_ms - DAY_MS)  # yesterday's last ticks
        self.look()

    def look(self) -> None:
        self.measured.look(self.stamps, self.utc_ms, self.boot_ms * MS)

    def passes(self, ms: int) -> None:
        self.utc_ms += ms
        self.boot_ms += ms

    def tick(self, symbol: str, *, age_ms: int = 100) -> None:
        """A quarter of a second goes by, in which a tick comes; then a look."""
        self.passes(250)
        self.stamps[symbol] = self.utc_ms + self.offset_ms - age_ms
        self.look()

    def ticks(self, count: int = 6) -> Feed:
        for number in range(count):
            self.tick(list(self.stamps)[number % len(self.stamps)])
        return self

    @property
    def known_ms(self) -> int | None:
        return self.measured.known_ms(self.utc_ms)


@given(st.integers(-48, 56), st.integers(0, 2_000))
def test_any_quarter_of_an_hour_is_found_whatever_the_ticks_ages(quarters: int, age_ms: int) -> None:
    feed = Feed(quarters * QUARTER_MS)
    for number in range(6):
        feed.tick(SYMBOLS[number % 3], age_ms=age_ms)
    assert feed.known_ms == quarters * QUARTER_MS


def test_nothing_is_known_before_ticks_move_and_old_ones_tell_nothing() -> None:
    feed = Feed(2 * HOUR_MS)
    for _ in range(20):
        feed.passes(250)
        feed.look()
    assert feed.known_ms is None and feed.measured.last is None


def test_one_symbol_is_not_enough_where_several_are_followed() -> None:
    feed = Feed(2 * HOUR_MS)
    for _ in range(10):
        feed.tick("EURUSD")
    assert feed.known_ms is None
    feed.tick("XAUUSD")
    assert feed.known_ms is None
    feed.tick("XAUUSD")
    assert feed.known_ms == 2 * HOUR_MS


def test_the_last_ticks_that_a_terminal_shows_when_it_comes_back_are_not_live() -> None:
    """On a Saturday all are of Friday's end: at some seconds of each quarter of an hour they look like an offset."""
    feed = Feed(3 * HOUR_MS, parse_ms("2026-06-13T12:00:01Z"))
    feed.passes(250)
    feed.stamps = dict.fromkeys(SYMBOLS, parse_ms("2026-06-12T23:59:58Z"))
    feed.look()
    assert feed.known_ms is None


def test_where_one_is_followed_it_needs_several_ticks() -> None:
    feed = Feed(2 * HOUR_MS, symbols=("BTCUSD",))
    for count in range(1, SIGHTINGS_MIN + 1):
        feed.tick("BTCUSD")
        assert (feed.known_ms is None) is (count < SIGHTINGS_MIN)


@pytest.mark.parametrize("wrong_ms", [3 * MINUTE_MS, 20_000, -20_000, 7 * MINUTE_MS])
def test_a_host_whose_clock_is_wrong_measures_nothing(wrong_ms: int) -> None:
    assert Feed(2 * HOUR_MS + wrong_ms).ticks(30).known_ms is None


def test_ticks_of_a_catch_up_do_not_count_and_two_truths_are_none() -> None:
    feed = Feed(2 * HOUR_MS).ticks()
    feed.tick("EURUSD", age_ms=HOUR_MS)  # a stamp of an hour ago that came just now
    assert feed.known_ms == 2 * HOUR_MS  # older than the last one: it has not moved forward
    feed.offset_ms += HOUR_MS
    feed.tick("XAUUSD")
    assert feed.known_ms is None
    feed.passes(MINUTE_MS)
    feed.look()
    assert feed.known_ms is None  # a minute without a look: nothing live in it
    feed.ticks()
    assert feed.known_ms == 3 * HOUR_MS


def test_over_a_weekend_it_is_unknown_and_the_first_ticks_make_it_known() -> None:
    feed = Feed(3 * HOUR_MS, parse_ms("2026-06-12T20:50:00Z")).ticks()
    assert feed.known_ms == 3 * HOUR_MS
    while feed.utc_ms < parse_ms("2026-06-14T21:05:00Z"):
        feed.passes(MINUTE_MS)
        feed.look()
    assert feed.known_ms is None
    assert feed.measured.last is not None and feed.measured.last.value_ms == 3 * HOUR_MS  # for old stamps
    assert feed.ticks().known_ms == 3 * HOUR_MS


@pytest.mark.parametrize(("change", "zone"), [("2026-03-08T07:00:00Z", "New York"), ("2026-03-29T01:00:00Z", "London")])
def test_a_clock_change_makes_it_unknown_at_that_instant_until_a_live_tick(change: str, zone: str) -> None:
    at_ms = parse_ms(change)
    feed = Feed(2 * HOUR_MS, at_ms - 10_000).ticks()
    assert feed.known_ms == 2 * HOUR_MS, zone
    feed.passes(at_ms - 1 - feed.utc_ms)
    assert feed.known_ms == 2 * HOUR_MS
    feed.passes(1)
    assert feed.known_ms is None
    feed.look()
    feed.ticks()
    assert feed.known_ms == 2 * HOUR_MS  # confirmed: this broker's clock did not move


def test_a_host_that_slept_and_a_clock_that_was_set_must_measure_again() -> None:
    slept, was_set = Feed(2 * HOUR_MS).ticks(), Feed(2 * HOUR_MS).ticks()
    slept.passes(MINUTE_MS)
    slept.stamps["EURUSD"] = slept.utc_ms + slept.offset_ms
    slept.look()
    was_set.boot_ms += 250
    was_set.utc_ms += 5_000
    was_set.look()
    for feed in (slept, was_set):
        assert feed.known_ms is None
        assert feed.ticks().known_ms == 2 * HOUR_MS


def test_what_is_not_confirmed_any_more_is_not_known_any_more() -> None:
    feed = Feed(2 * HOUR_MS).ticks()
    for _ in range(CONFIRMED_WITHIN_MS // 1_000):
        feed.passes(1_000)
        feed.look()
    assert feed.known_ms == 2 * HOUR_MS
    feed.passes(1_000)
    assert feed.known_ms is None


@given(st.integers(parse_ms("2020-01-01T00:00:00Z"), parse_ms("2030-01-01T00:00:00Z")), st.integers(1, 20 * DAY_MS))
def test_clocks_changed_agrees_with_the_offsets_on_both_sides(from_ms: int, length_ms: int) -> None:
    to_ms = from_ms + length_ms
    moved = any(
        calendar.local_ms(from_ms, zone) - from_ms != calendar.local_ms(to_ms, zone) - to_ms
        for zone in ("America/New_York", "Europe/London", "Europe/Athens")
    )
    assert calendar.clocks_changed(from_ms, to_ms) == moved
