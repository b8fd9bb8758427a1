"""The broker's wall clock less UTC, measured from live ticks. Owns the rule of what is known, and for how long.

MetaTrader stamps everything with its server's wall clock. A tick that came between two looks of ours is as old as the
time between them at most, so its stamp less our UTC is the offset, less that age. Offsets are whole quarters of an hour
(domain: zones), so what remains must be small, or one of the two clocks is wrong and nothing was measured. A tick that
stood there at the look before is stale and tells nothing.

A terminal that comes back to its server shows each symbol's last tick at once, over a weekend all of them of one
instant: a symbol counts when it has moved a second time.

Known is what several symbols agree on and a live tick has confirmed within the last minutes; over a weekend, after a
clock change of New York or London since then, after this host has slept or its clock was set: unknown, until live
ticks confirm it anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from hydrad.domain import calendar
from hydrad.domain.instants import DAY_MS, MINUTE_MS, MS

QUARTER_MS = 15 * MINUTE_MS
LOOK_EVERY_MS = 250
# Between two looks for a tick to be live, and for the host not to have slept.
GAP_MS_MAX = 2_000
SLEPT_MS = 30_000
CLOCK_SET_MS = 1_000
# What may remain beside whole quarters: the tick's age and the way to us; and how far our clock may lag behind.
LATE_MS_MAX = 5_000
EARLY_MS_MAX = 2_000
SIGHTINGS_MIN = 3
SYMBOLS_MIN = 2
SYMBOL_SIGHTINGS_MIN = 2
AGREE_WITHIN_MS = MINUTE_MS
CONFIRMED_WITHIN_MS = 10 * MINUTE_MS


class Measured(NamedTuple):
    """`value_ms`: the broker's wall clock less UTC. `at_ms`: UTC of the last live tick that has confirmed it."""

    value_ms: int
    at_ms: int


class _Sighting(NamedTuple):
    symbol: str
    value_ms: int
    at_ms: int


class BrokerOffset:
    """What is measured of one broker; forgets nothing but by its rules. `followed`: how many symbols are looked at."""

    def __init__(self, followed: int) -> None:
        self._symbols_min = min(SYMBOLS_MIN, followed)
        self._stamps: dict[str, int] = {}
        self._sightings: list[_Sighting] = []
        self._boot_ms = self._utc_ms = 0
        self._trusted = False
        self.last: Measured | None = None  # kept when it is no longer known: for the stamps of old records

    def due(self, boot_ns: int) -> bool:
        """Whether it is time for another look."""
        return boot_ns // MS - self._boot_ms >= LOOK_EVERY_MS

    def look(self, stamps: Mapping[str, int], utc_ms: int, boot_ns: int) -> None:
        """One look at every symbol's last tick. `stamps`: milliseconds by the broker's wall clock; `boot_ns`: a clock
        that counts suspend and cannot be set."""
        gap_ms = boot_ns // MS - self._boot_ms
        first = not self._boot_ms
        if not first and self._disturbed(gap_ms, utc_ms):
            self._forget()
        live = not first and gap_ms <= GAP_MS_MAX
        for symbol, stamp_ms in stamps.items():
            moved = stamp_ms > self._stamps.get(symbol, stamp_ms)
            if live and moved:
                self._saw(symbol, stamp_ms - utc_ms, utc_ms)
        self._stamps.update(stamps)
        self._boot_ms, self._utc_ms = boot_ns // MS, utc_ms
        self._conclude(utc_ms)

    def known_ms(self, utc_ms: int) -> int | None:
        """The offset now; None while it is unknown."""
        if self.last is None or not self._trusted or not 0 <= utc_ms - self.last.at_ms <= CONFIRMED_WITHIN_MS:
            return None
        return None if calendar.clocks_changed(self.last.at_ms, utc_ms) else self.last.value_ms

    def _disturbed(self, gap_ms: int, utc_ms: int) -> bool:
        return gap_ms > SLEPT_MS or abs(utc_ms - self._utc_ms - gap_ms) > CLOCK_SET_MS

    def _forget(self) -> None:
        self._trusted = False
        self._sightings.clear()

    def _saw(self, symbol: str, difference_ms: int, utc_ms: int) -> None:
        value_ms = round(difference_ms / QUARTER_MS) * QUARTER_MS
        if -LATE_MS_MAX <= difference_ms - value_ms <= EARLY_MS_MAX and abs(value_ms) <= DAY_MS:
            self._sightings.append(_Sighting(symbol, value_ms, utc_ms))

    def _conclude(self, utc_ms: int) -> None:
        """Known is what all recent sightings agree on; a single one that does not makes it unknown."""
        self._sightings = [one for one in self._sightings if 0 <= utc_ms - one.at_ms <= AGREE_WITHIN_MS][-256:]
        values = {one.value_ms for one in self._sightings}
        if len(values) > 1:
            self._trusted = False
            return
        moves = Counter(one.symbol for one in self._sightings)
        enough = sum(count >= SYMBOL_SIGHTINGS_MIN for count in moves.values()) >= self._symbols_min
        if values and enough and len(self._sightings) >= SIGHTINGS_MIN:
            self.last, self._trusted = Measured(values.pop(), self._sightings[-1].at_ms), True
