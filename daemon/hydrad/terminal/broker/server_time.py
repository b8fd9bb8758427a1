"""Owns the broker's wall clock: UTC plus an offset that may have daylight saving.

A zone is the name of a tz database zone (`Europe/Athens`), or `NY+7`: New York's clock plus so many hours,
which is what most brokers keep, since their day then ends with New York's. Without a zone the offset is fixed.
Where a wall clock shows an hour twice, a stamp means its first time.
"""

from __future__ import annotations

import re
import zoneinfo
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hydrad.domain.calendar import NEW_YORK, local_ms, zone

_NEW_YORK = re.compile(r"NY([+-]\d{1,2})")
_HOUR_MS = 3_600_000
_YEAR_HOURS = 8_766
Millis = NDArray[np.int64]


class BadZone(ValueError):
    """A zone that nobody knows; the message names it."""


class ServerTime:
    """`zone_name` empty: UTC plus `offset_s`, always."""

    def __init__(self, zone_name: str, offset_s: int) -> None:
        found = _NEW_YORK.fullmatch(zone_name)
        self._zone = NEW_YORK if found else zone_name
        self._added_ms = int(found[1]) * _HOUR_MS if found else offset_s * 1_000 * (not zone_name)
        try:
            if self._zone:
                zone(self._zone)
        except zoneinfo.ZoneInfoNotFoundError:
            raise BadZone(f"server_zone '{zone_name}' is neither a zone such as Europe/Athens nor NY+7") from None
        self._changes = lru_cache(maxsize=256)(self._changes_of)

    def offset_ms(self, utc_ms: int) -> int:
        """The wall clock less UTC at an instant."""
        return self._added_ms + (local_ms(utc_ms, self._zone) - utc_ms if self._zone else 0)

    def wall_ms(self, utc_ms: int) -> int:
        return utc_ms + self.offset_ms(utc_ms)

    def utc_ms(self, wall_ms: int) -> int:
        """The instant at which the wall clock shows this."""
        early = wall_ms - self.offset_ms(wall_ms - 2 * self.offset_ms(wall_ms))
        return early if self.wall_ms(early) == wall_ms else wall_ms - self.offset_ms(wall_ms - self.offset_ms(wall_ms))

    def walls(self, utc_ms: Millis) -> Millis:
        """As `wall_ms`, of an array in the order of time."""
        if not self._zone or not len(utc_ms):
            return utc_ms + self._added_ms
        first, last = (int(ms) // _HOUR_MS // _YEAR_HOURS for ms in (utc_ms[0], utc_ms[-1]))
        changes = [change for year in range(first, last + 1) for change in self._changes(year)]
        at, offsets = np.array(changes, dtype=np.int64).T
        shown: Millis = utc_ms + offsets[np.searchsorted(at, utc_ms, side="right") - 1]
        return shown

    def _changes_of(self, year: int) -> list[tuple[int, int]]:
        """(instant, offset from then on) at the start of a span of 8,766 hours, and at each change in it."""
        first, last = year * _YEAR_HOURS, (year + 1) * _YEAR_HOURS
        found = [(first * _HOUR_MS, self.offset_ms(first * _HOUR_MS))]
        for begin in range(first, last, 24):
            end = min(begin + 24, last)
            if self.offset_ms((end - 1) * _HOUR_MS) == found[-1][1]:
                continue
            hour = next(h for h in range(begin, end) if self.offset_ms(h * _HOUR_MS) != found[-1][1])
            found.append((hour * _HOUR_MS, self.offset_ms(hour * _HOUR_MS)))
        return found
