"""Trading days, sessions and market hours. Everything that depends on a place's clock comes from here.

Zones are read from the pinned `tzdata` wheel, so that two machines agree; its version is journaled.
The market's week is Sunday 17:00 to Friday 17:00 New York, the trading day ends at 17:00 New York.
Sessions by exchange-local time: ASIA 09:00-18:00 Tokyo, LONDON 08:00-16:30 London, NEW_YORK 08:00-17:00 New
York; OVERLAP while London and New York are both open.
"""

from __future__ import annotations

import datetime as dt
import enum
import importlib.metadata
import importlib.resources
import zoneinfo
from functools import lru_cache

from hydrad.domain.instants import DAY_MS, MINUTE_MS

_HOUR_MS = 60 * MINUTE_MS


class Session(enum.StrEnum):
    ASIA = "ASIA"
    LONDON = "LONDON"
    OVERLAP = "OVERLAP"
    NEW_YORK = "NEW_YORK"
    NONE = "NONE"


class Hours(enum.StrEnum):
    """Market hours at an instant."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    WEEK_OPENING = "WEEK_OPENING"  # the first 10 minutes of the week: no opens by default
    ROLLOVER = "ROLLOVER"  # from 10 minutes before to 15 minutes after 17:00 New York: no opens by default


def tzdata_version() -> str:
    """The IANA release in use, such as `2025.2`."""
    return importlib.metadata.version("tzdata")


ZONE_CHARS_MAX = 64  # the longest of tzdata has 32


@lru_cache(maxsize=16)
def zone(name: str) -> zoneinfo.ZoneInfo:
    """A zone from the tzdata wheel (not the host's files); raises zoneinfo.ZoneInfoNotFoundError."""
    if len(name) > ZONE_CHARS_MAX:
        raise zoneinfo.ZoneInfoNotFoundError(f"no zone has a name of {len(name)} characters")
    *folders, leaf = name.split("/")
    package = ".".join(["tzdata", "zoneinfo", *folders])
    try:
        with (importlib.resources.files(package) / leaf).open("rb") as file:
            return zoneinfo.ZoneInfo.from_file(file, key=name)
    except (FileNotFoundError, ModuleNotFoundError, IsADirectoryError, ValueError):
        raise zoneinfo.ZoneInfoNotFoundError(f"no zone named {name}") from None


NEW_YORK = "America/New_York"
ROLL_MINUTE = 17 * 60  # of the day, New York
LONDON = "Europe/London"
TOKYO = "Asia/Tokyo"


@lru_cache(maxsize=4096)
def _offset_ms(hour_ms: int, zone_name: str) -> int:
    moment = dt.datetime.fromtimestamp(hour_ms / 1000, zone(zone_name))
    offset = moment.utcoffset()
    assert offset is not None
    return offset // dt.timedelta(milliseconds=1)


def local_ms(ms: int, zone_name: str) -> int:
    """Wall-clock milliseconds of a UTC instant in a zone (where used, offsets change on whole hours UTC)."""
    return ms + _offset_ms(ms // _HOUR_MS * _HOUR_MS, zone_name)


def clocks_changed(from_ms: int, to_ms: int) -> bool:
    """Whether New York or London has put its clocks forward or back in between; two instants less than a season
    apart. Brokers' servers follow one of the two."""
    return any(
        _offset_ms(from_ms // _HOUR_MS * _HOUR_MS, name) != _offset_ms(to_ms // _HOUR_MS * _HOUR_MS, name)
        for name in (NEW_YORK, LONDON)
    )


def _minute_of_day(ms: int, zone_name: str) -> int:
    return local_ms(ms, zone_name) % DAY_MS // MINUTE_MS


def _weekday(ms: int, zone_name: str) -> int:
    """0 is Monday."""
    return (local_ms(ms, zone_name) // DAY_MS + 3) % 7


def session(ms: int) -> Session:
    """The session at a UTC instant; OVERLAP before LONDON before NEW_YORK before ASIA."""
    if hours(ms) is Hours.CLOSED:
        return Session.NONE
    london = 8 * 60 <= _minute_of_day(ms, LONDON) < 16 * 60 + 30
    new_york = 8 * 60 <= _minute_of_day(ms, NEW_YORK) < 17 * 60
    if london and new_york:
        return Session.OVERLAP
    if london:
        return Session.LONDON
    if new_york:
        return Session.NEW_YORK
    if 9 * 60 <= _minute_of_day(ms, TOKYO) < 18 * 60:
        return Session.ASIA
    return Session.NONE


def hours(ms: int) -> Hours:
    """Market hours of currencies and metals at a UTC instant, without holidays."""
    weekday, minute = _weekday(ms, NEW_YORK), _minute_of_day(ms, NEW_YORK)
    close = 17 * 60
    if weekday == 5 or (weekday == 4 and minute >= close) or (weekday == 6 and minute < close):
        return Hours.CLOSED
    if weekday == 6 and minute < close + 10:
        return Hours.WEEK_OPENING
    if close - 10 <= minute < close + 15:
        return Hours.ROLLOVER
    return Hours.OPEN


def minutes_to_weekend(ms: int) -> int:
    """Whole minutes until the market's week ends, Friday 17:00 New York; 0 while the market is closed."""
    if hours(ms) is Hours.CLOSED:
        return 0
    days = (4 - _weekday(ms, NEW_YORK)) % 7
    return days * 24 * 60 + ROLL_MINUTE - _minute_of_day(ms, NEW_YORK)


# The days of one instant by two clocks (zone and roll) are at most this far apart: 26 h of zones, 24 h of rolls.
DAYS_APART_MAX = 3


def trading_day(ms: int, zone_name: str = NEW_YORK, roll_minute: int = ROLL_MINUTE) -> int:
    """The trading day of an instant as a day number since 1970: it changes at the roll minute, local time.

    It is named by the date that holds most of it: a roll from noon on begins the next date's day, one before
    noon (a firm whose day turns at midnight) its own date's.
    """
    ahead_ms = DAY_MS if roll_minute >= 12 * 60 else 0
    return (local_ms(ms, zone_name) + ahead_ms - roll_minute * MINUTE_MS) // DAY_MS


def week_end_ms(ms: int) -> int:
    """The next end of the market's week after an instant: Friday 17:00 New York."""
    days = (4 - _weekday(ms, NEW_YORK)) % 7
    friday = local_ms(ms, NEW_YORK) // DAY_MS + days
    end_ms = _utc_ms(friday * DAY_MS + 17 * _HOUR_MS, NEW_YORK)
    return end_ms if end_ms > ms else _utc_ms((friday + 7) * DAY_MS + 17 * _HOUR_MS, NEW_YORK)


def _utc_ms(wall_ms: int, zone_name: str) -> int:
    """The UTC instant of a wall-clock time that exists once (no clock changes on a Friday)."""
    guess = wall_ms - _offset_ms(wall_ms // _HOUR_MS * _HOUR_MS, zone_name)
    return wall_ms - _offset_ms(guess // _HOUR_MS * _HOUR_MS, zone_name)


def day_text(day: int) -> str:
    """`2014-05-02` of a day number."""
    return (dt.date(1970, 1, 1) + dt.timedelta(days=day)).isoformat()


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970 of a date; raises ValueError for no date."""
    return (dt.date(year, month, day) - dt.date(1970, 1, 1)).days


def year_of(day: int) -> int:
    return (dt.date(1970, 1, 1) + dt.timedelta(days=day)).year


def weekday_of(day: int) -> int:
    """0 is Monday."""
    return (day + 3) % 7
