"""Sessions, market hours and trading days, against the clock on the wall of each city."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain import calendar
from hydrad.domain.calendar import Hours, Session
from hydrad.domain.instants import MINUTE_MS, parse_ms

HOUR_MS = 60 * MINUTE_MS
# Weeks in which New York's or London's clock changes (the two differ by up to three weeks), and a plain one.
WEEKS = [
    "2014-03-09",
    "2014-03-30",
    "2014-10-26",
    "2014-11-02",
    "2024-03-10",
    "2025-03-30",
    "2026-11-01",
    "2014-05-04",
]


def at(text: str) -> int:
    return parse_ms(text)


def wall(ms: int, zone_name: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, zoneinfo.ZoneInfo(zone_name))


def hours_by_wall(ms: int) -> Hours:
    here = wall(ms, "America/New_York")
    minute, weekday = here.hour * 60 + here.minute, here.weekday()
    if weekday == 5 or (weekday == 4 and minute >= 1020) or (weekday == 6 and minute < 1020):
        return Hours.CLOSED
    if weekday == 6 and minute < 1030:
        return Hours.WEEK_OPENING
    return Hours.ROLLOVER if 1010 <= minute < 1035 else Hours.OPEN


def session_by_wall(ms: int) -> Session:
    if hours_by_wall(ms) is Hours.CLOSED:
        return Session.NONE
    london = dt.time(8) <= wall(ms, "Europe/London").time() < dt.time(16, 30)
    new_york = dt.time(8) <= wall(ms, "America/New_York").time() < dt.time(17)
    if london or new_york:
        return Session.OVERLAP if london and new_york else Session.LONDON if london else Session.NEW_YORK
    asia = dt.time(9) <= wall(ms, "Asia/Tokyo").time() < dt.time(18)
    return Session.ASIA if asia else Session.NONE


@pytest.mark.parametrize("sunday", WEEKS)
def test_every_five_minutes_of_the_weeks_around_clock_changes(sunday: str) -> None:
    middle = at(f"{sunday}T00:00:00Z")
    for ms in range(middle - 7 * 24 * HOUR_MS, middle + 7 * 24 * HOUR_MS, 5 * MINUTE_MS):
        assert calendar.hours(ms) is hours_by_wall(ms), ms
        assert calendar.session(ms) is session_by_wall(ms), ms


@given(st.integers(at("1990-01-01T00:00:00Z"), at("2037-12-31T00:00:00Z")))
def test_any_instant(ms: int) -> None:
    assert calendar.session(ms) is session_by_wall(ms)
    for name in (calendar.NEW_YORK, calendar.LONDON, calendar.TOKYO, "Europe/Athens"):
        naive = wall(ms, name).replace(tzinfo=dt.UTC)
        assert calendar.local_ms(ms, name) // 1000 == int(naive.timestamp())


@pytest.mark.parametrize(
    ("text", "session"),
    [
        ("2014-05-02T06:59:59.999Z", Session.ASIA),  # London in summer opens 07:00 UTC
        ("2014-05-02T07:00:00Z", Session.LONDON),
        ("2014-05-02T11:59:59.999Z", Session.LONDON),
        ("2014-05-02T12:00:00Z", Session.OVERLAP),
        ("2014-05-02T15:30:00Z", Session.NEW_YORK),
        ("2014-05-02T20:59:59.999Z", Session.NEW_YORK),
        ("2014-05-02T21:00:00Z", Session.NONE),  # the week is over
        ("2014-05-05T00:00:00Z", Session.ASIA),
        ("2014-05-04T22:30:00Z", Session.NONE),  # open, before Tokyo
        ("2014-01-08T08:00:00Z", Session.LONDON),  # in winter an hour later
        ("2014-01-08T07:59:59Z", Session.ASIA),
        ("2014-01-08T13:00:00Z", Session.OVERLAP),
        ("2014-01-08T16:30:00Z", Session.NEW_YORK),
        # New York has summer time already, London not yet: the overlap is an hour longer.
        ("2014-03-12T12:00:00Z", Session.OVERLAP),
        ("2014-03-12T16:29:59Z", Session.OVERLAP),
        ("2014-03-12T16:30:00Z", Session.NEW_YORK),
        # London is back on winter time, New York not yet.
        ("2014-10-29T12:00:00Z", Session.OVERLAP),
        ("2014-10-29T16:29:59Z", Session.OVERLAP),
    ],
)
def test_sessions_by_hand(text: str, session: Session) -> None:
    assert calendar.session(at(text)) is session


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2014-05-02T20:49:59Z", Hours.OPEN),
        ("2014-05-02T20:50:00Z", Hours.ROLLOVER),
        ("2014-05-02T21:00:00Z", Hours.CLOSED),
        ("2014-05-04T20:59:59Z", Hours.CLOSED),
        ("2014-05-04T21:00:00Z", Hours.WEEK_OPENING),
        ("2014-05-04T21:10:00Z", Hours.ROLLOVER),
        ("2014-05-04T21:15:00Z", Hours.OPEN),
        ("2014-05-05T20:50:00Z", Hours.ROLLOVER),
        ("2014-05-05T21:14:59Z", Hours.ROLLOVER),
        ("2014-05-05T21:15:00Z", Hours.OPEN),
        ("2014-03-07T21:59:59Z", Hours.ROLLOVER),  # the last Friday of winter closes at 22:00 UTC
        ("2014-03-07T22:00:00Z", Hours.CLOSED),
        ("2014-03-09T21:00:00Z", Hours.WEEK_OPENING),  # and the week after opens at 21:00
        ("2014-10-31T21:00:00Z", Hours.CLOSED),
        ("2014-11-02T21:59:59Z", Hours.CLOSED),
        ("2014-11-02T22:00:00Z", Hours.WEEK_OPENING),
    ],
)
def test_hours_by_hand(text: str, hours: Hours) -> None:
    assert calendar.hours(at(text)) is hours


@pytest.mark.parametrize(
    ("text", "zone_name", "roll_minute", "day"),
    [
        ("2014-05-02T20:59:59.999Z", calendar.NEW_YORK, 1020, "2014-05-02"),
        ("2014-05-01T21:00:00Z", calendar.NEW_YORK, 1020, "2014-05-02"),
        ("2014-05-04T21:00:00Z", calendar.NEW_YORK, 1020, "2014-05-05"),  # the week's first is Monday's
        ("2014-01-08T21:59:59Z", calendar.NEW_YORK, 1020, "2014-01-08"),
        ("2014-01-08T22:00:00Z", calendar.NEW_YORK, 1020, "2014-01-09"),
        ("2014-05-01T22:00:00Z", "Europe/Prague", 0, "2014-05-02"),  # a firm whose day turns at midnight
        ("2014-05-02T21:59:59Z", "Europe/Prague", 0, "2014-05-02"),
        ("2014-05-02T22:00:00Z", "Europe/Prague", 0, "2014-05-03"),
        ("2014-05-02T03:59:59Z", "Etc/UTC", 240, "2014-05-01"),
        ("2014-05-02T04:00:00Z", "Etc/UTC", 240, "2014-05-02"),
    ],
)
def test_trading_day(text: str, zone_name: str, roll_minute: int, day: str) -> None:
    assert calendar.day_text(calendar.trading_day(at(text), zone_name, roll_minute)) == day


CLOCKS = st.tuples(
    st.sampled_from(("Pacific/Kiritimati", "Etc/GMT+12", "America/New_York", "Europe/Prague", "Asia/Kolkata")),
    st.integers(0, 1439),
)


@given(st.integers(1_400_000_000_000, 1_800_000_000_000), CLOCKS, CLOCKS)
def test_the_days_of_one_instant_are_not_far_apart(ms: int, one: tuple[str, int], other: tuple[str, int]) -> None:
    apart = calendar.trading_day(ms, *one) - calendar.trading_day(ms, *other)
    assert abs(apart) <= calendar.DAYS_APART_MAX


@given(st.integers(1_400_000_000_000, 1_800_000_000_000), st.integers(0, 40 * HOUR_MS))
def test_trading_days_never_go_back(ms: int, later: int) -> None:
    before, after = calendar.trading_day(ms), calendar.trading_day(ms + later)
    assert before <= after <= before + 2


def test_a_week_has_five_trading_days() -> None:
    sunday = at("2014-03-09T00:00:00Z")  # the week in which New York's clock changes
    quarters = range(sunday, sunday + 7 * 24 * HOUR_MS, 15 * MINUTE_MS)
    days = {calendar.trading_day(ms) for ms in quarters if calendar.hours(ms) is not Hours.CLOSED}
    assert [calendar.day_text(day) for day in sorted(days)] == [f"2014-03-{date}" for date in range(10, 15)]


@pytest.mark.parametrize(
    "name",
    ["", "Europe", "America/Nowhere", "/etc/passwd", "../zoneinfo/UTC", "zone.tab", "__init__.py", "a.b/c"],
)
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(zoneinfo.ZoneInfoNotFoundError):
        calendar.zone(name)


def test_the_zones_come_from_the_wheel() -> None:
    assert calendar.zone("Europe/London").key == "Europe/London"
    assert calendar.tzdata_version()[:2] == "20"
