"""When a symbol trades: the shipped table by asset class, and what a configuration puts in its place.

All times are New York's. Currencies trade from Sunday 17:00 to Friday 17:00; metals, US indices and energies likewise
but for a break from 17:00 to 18:00; coins always. Holidays and early closes are in `holidays`.

An override is the name of a class, `always`, or a week's windows such as `Sun 18:00-Fri 16:55` or
`Mon 03:00-11:30, Tue 03:00-11:30`: they replace week and break, the holidays of the symbol's class still hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from hydrad.domain import holidays
from hydrad.domain.assets import Asset, asset_of
from hydrad.domain.calendar import NEW_YORK, Hours, local_ms, weekday_of
from hydrad.domain.instants import DAY_MS, MINUTE_MS

DAY_MINUTES = 24 * 60
ROLL = 17 * 60
BREAK = (17 * 60, 18 * 60)
OPENING_MS = 10 * MINUTE_MS
ALWAYS = "always"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"([a-z]{3}) (\d\d):(\d\d)-(?:([a-z]{3}) )?(\d\d):(\d\d)")

Windows = tuple[tuple[int, int], ...]  # minutes since Monday 00:00, the end excluded; an end below its start wraps


@lru_cache(maxsize=256)
def parse(text: str) -> Asset | Windows | None:
    """What an override says; None for `always`. Raises ValueError with a message for people."""
    plain = text.strip().lower()
    if plain == ALWAYS:
        return None
    if plain in set(Asset) - {Asset.OTHER}:
        return Asset(plain)
    return tuple(_window(part.strip()) for part in plain.split(","))


def _window(text: str) -> tuple[int, int]:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not a class (fx, metal, index, energy, crypto), always, or Sun 17:00-Fri 17:00")
    first, last = found[1], found[4] or found[1]
    return _minute(first, found[2], found[3]), _minute(last, found[5], found[6])


def _minute(day: str, hour: str, minute: str) -> int:
    if day not in _DAYS or int(hour) > 24 or int(minute) > 59:
        raise ValueError(f"'{day} {hour}:{minute}' is no time of a week")
    return _DAYS.index(day) * DAY_MINUTES + int(hour) * 60 + int(minute)


def rule_of(overrides: Mapping[str, str], account: str, symbol: str, base: str, profit: str) -> tuple[str, Asset]:
    """The override that counts for a symbol at an account (empty: none), and the symbol's class."""
    text = overrides.get(f"{account}/{symbol}") or overrides.get(symbol) or ""
    return text, asset_of(symbol, base, profit)


@lru_cache(maxsize=4096)
def _closed_at(minute: int, override: str, asset: Asset) -> bool:
    """`minute`: of the UTC clock since 1970."""
    local = local_ms(minute * MINUTE_MS, NEW_YORK)
    day, of_day = local // DAY_MS, local % DAY_MS // MINUTE_MS
    rule = parse(override) if override else asset
    if rule is None:
        return False
    if isinstance(rule, Asset):
        asset = rule
        if asset is Asset.CRYPTO:
            return False
    trading_day = day + (of_day >= ROLL)
    if holidays.is_closed(trading_day, asset):
        return True
    if day == trading_day and of_day >= holidays.EARLY_CLOSE_MINUTE and holidays.closes_early(day, asset):
        return True
    if isinstance(rule, tuple):
        return not any(_within(weekday_of(day) * DAY_MINUTES + of_day, *window) for window in rule)
    if weekday_of(trading_day) >= 5:
        return True
    return asset is not Asset.FX and BREAK[0] <= of_day < BREAK[1]


def _within(minute: int, start: int, end: int) -> bool:
    return start <= minute < end if start < end else minute >= start or minute < end


def closed(ms: int, override: str, asset: Asset) -> bool:
    """Whether a symbol of this class rests at a UTC instant; one without a table or override never does."""
    return (bool(override) or asset is not Asset.OTHER) and _closed_at(ms // MINUTE_MS, override, asset)


def hours(ms: int, override: str, asset: Asset) -> Hours | None:
    """Hours at a UTC instant; None where none are known: a class without a table and no override."""
    if not override and asset is Asset.OTHER:
        return None
    if _closed_at(ms // MINUTE_MS, override, asset):
        return Hours.CLOSED
    if _closed_at((ms - OPENING_MS) // MINUTE_MS, override, asset):
        return Hours.WEEK_OPENING
    of_day = local_ms(ms, NEW_YORK) % DAY_MS // MINUTE_MS
    return Hours.ROLLOVER if ROLL - 10 <= of_day < ROLL + 15 else Hours.OPEN
