"""Holidays and early closes of the markets behind the symbols, by rule, for every year. Days are New York dates.

Sources: CME Group's holiday calendars for metals, energy and US indices (full closes on Good Friday, Christmas Day and
New Year's Day; early halts on the other US holidays, here all at 13:00 New York, the earliest in use). Currencies close
on Christmas Day and New Year's Day alone. Coins never close.
"""

from __future__ import annotations

from functools import lru_cache

from hydrad.domain.assets import Asset
from hydrad.domain.calendar import day_number, weekday_of, year_of

EARLY_CLOSE_MINUTE = 13 * 60
_MONDAY, _THURSDAY = 0, 3
_JUNETEENTH_SINCE = 2022


def easter(year: int) -> int:
    """Easter Sunday's day number (the anonymous Gregorian computus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return day_number(year, month, day + 1)


def _nth(year: int, month: int, weekday: int, nth: int) -> int:
    first = day_number(year, month, 1)
    return first + (weekday - weekday_of(first)) % 7 + 7 * (nth - 1)


def _observed(day: int) -> int:
    """A Saturday's holiday is kept on Friday, a Sunday's on Monday."""
    return day + {5: -1, 6: 1}.get(weekday_of(day), 0)


@lru_cache(maxsize=64)
def closed_days(year: int, asset: Asset) -> frozenset[int]:
    """Trading days, named by their date, on which nothing trades."""
    if asset is Asset.CRYPTO:
        return frozenset()
    days = {day_number(year, 12, 25), day_number(year, 1, 1)}
    if asset in (Asset.METAL, Asset.INDEX, Asset.ENERGY):
        days |= {easter(year) - 2, _observed(day_number(year, 12, 25)), _observed(day_number(year, 1, 1))}
    return frozenset(days)


@lru_cache(maxsize=64)
def early_days(year: int, asset: Asset) -> frozenset[int]:
    """Trading days that end at 13:00 New York."""
    if asset not in (Asset.METAL, Asset.INDEX, Asset.ENERGY):
        return frozenset()
    memorial = _nth(year, 6, _MONDAY, 1) - 7
    thanksgiving = _nth(year, 11, _THURSDAY, 4)
    days = {
        _nth(year, 1, _MONDAY, 3),  # Martin Luther King
        _nth(year, 2, _MONDAY, 3),  # Presidents
        memorial,
        _observed(day_number(year, 7, 4)),
        _nth(year, 9, _MONDAY, 1),  # Labor
        thanksgiving,
        thanksgiving + 1,
        day_number(year, 12, 24),
    }
    if year >= _JUNETEENTH_SINCE:
        days.add(_observed(day_number(year, 6, 19)))
    return frozenset(days)


def is_closed(day: int, asset: Asset) -> bool:
    """Whether a trading day is a holiday. New Year's Day that is kept on December 31 belongs to the next year."""
    year = year_of(day)
    return day in closed_days(year, asset) or day in closed_days(year + 1, asset)


def closes_early(day: int, asset: Asset) -> bool:
    return day in early_days(year_of(day), asset)
