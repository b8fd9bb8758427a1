"""The governor: which setups are worth a person's attention now. Owns the reasons for silence and the rate.

All checks look at market time and at what the setup carries, so that the same ticks give the same answers.
The first that fails, in the order of `_CHECKS`, is the reason; it is a value, and is journaled.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from hydrad.apex.detectors import Setup
from hydrad.apex.profile import Profile
from hydrad.domain.calendar import Hours, hours, session
from hydrad.domain.instants import DAY_MS, MINUTE_MS, ms_text
from hydrad.domain.orders import Side
from hydrad.domain.signals import Signal, Suppressed

HOUR_MS = 60 * MINUTE_MS


class SuppressedReason(enum.StrEnum):
    """Stable; texts of `Suppressed.reason`."""

    STALE = "STALE"  # no live tick near the bar's end
    HOURS = "HOURS"  # the market's first minutes, the roll-over, or closed
    SESSION = "SESSION"  # not a session of the profile
    HORIZON = "HORIZON"  # the time stop would fall after the day's limit, or into the weekend
    STOP_WIDE = "STOP_WIDE"  # the structure asks for a wider stop than the profile allows
    SPREAD = "SPREAD"  # the spread takes too much of the stop distance
    DUPLICATE = "DUPLICATE"  # the same symbol and side was proposed a short while ago
    RATE = "RATE"  # the hour's number of signals is used up


class Governor:
    """Remembers the signals of the last hours, and judges each setup by them."""

    __slots__ = ("_memory_ms", "_profile", "_recent")

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._memory_ms = max(HOUR_MS, profile.repeat_min * MINUTE_MS)
        self._recent: list[tuple[int, str, Side]] = []

    def remember(self, signal: Signal) -> None:
        """Counts a signal: one just made, or one from the journal after a restart, in any order."""
        self._recent.append((signal.at_ms, signal.symbol, signal.side))
        newest = max(at_ms for at_ms, _, _ in self._recent)
        self._recent = [entry for entry in self._recent if entry[0] > newest - self._memory_ms]

    def suppress(self, setup: Setup) -> Suppressed | None:
        """Why this setup is not proposed; None proposes it."""
        for reason, check in _CHECKS:
            detail = check(self, setup)
            if detail is not None:
                return Suppressed(setup.symbol, setup.at_ms, setup.detector, reason.value, detail)
        return None

    def hour(self, market_ms: int) -> list[str]:
        """The symbols of the last hour's signals, one a signal, as `RATE` counts them at this instant."""
        return [symbol for at_ms, symbol, _ in self._recent if at_ms > market_ms - HOUR_MS]

    def _stale(self, setup: Setup) -> str | None:
        age_ms = setup.at_ms - setup.last_tick_ms
        limit_ms = self._profile.stale_s * 1000
        return f"last tick {age_ms} ms old, {limit_ms} at most" if age_ms > limit_ms else None

    def _hours(self, setup: Setup) -> str | None:
        now = hours(setup.at_ms)
        return None if now is Hours.OPEN else f"market is {now.value}"

    def _session(self, setup: Setup) -> str | None:
        now = session(setup.at_ms)
        return None if now in self._profile.sessions else f"session is {now.value}"

    def _horizon(self, setup: Setup) -> str | None:
        end_ms = setup.at_ms + self._profile.horizon_min * MINUTE_MS
        minute = self._profile.latest_minute_utc
        if minute is not None and end_ms > setup.at_ms // DAY_MS * DAY_MS + minute * MINUTE_MS:
            return f"would end {ms_text(end_ms, 0)}, {self._profile.latest_horizon_utc} at the latest"
        if hours(end_ms) is Hours.CLOSED:
            return f"would end {ms_text(end_ms, 0)}, when the market is closed"
        return None

    def _stop_wide(self, setup: Setup) -> str | None:
        limit = setup.atr_milli * self._profile.stop_atr_permille_max // 1_000_000
        return f"stop {setup.stop_distance} points, {limit} at most" if setup.stop_distance > limit else None

    def _spread(self, setup: Setup) -> str | None:
        limit = setup.stop_distance * self._profile.spread_stop_permille_max // 1000
        return f"spread {setup.spread_points} points, {limit} at most" if setup.spread_points > limit else None

    def _duplicate(self, setup: Setup) -> str | None:
        since_ms = setup.at_ms - self._profile.repeat_min * MINUTE_MS
        for at_ms, symbol, side in self._recent:
            if symbol == setup.symbol and (at_ms == setup.at_ms or (side is setup.side and at_ms > since_ms)):
                return f"proposed {ms_text(at_ms, 0)}, {self._profile.repeat_min} minutes apart"
        return None

    def _rate(self, setup: Setup) -> str | None:
        hour = self.hour(setup.at_ms)
        own, total = hour.count(setup.symbol), len(hour)
        if own >= self._profile.signals_per_hour_symbol:
            return f"{own} of {setup.symbol} in an hour, {self._profile.signals_per_hour_symbol} at most"
        if total >= self._profile.signals_per_hour_total:
            return f"{total} in an hour, {self._profile.signals_per_hour_total} at most"
        return None


_CHECKS: tuple[tuple[SuppressedReason, Callable[[Governor, Setup], str | None]], ...] = (
    (SuppressedReason.STALE, Governor._stale),
    (SuppressedReason.HOURS, Governor._hours),
    (SuppressedReason.SESSION, Governor._session),
    (SuppressedReason.HORIZON, Governor._horizon),
    (SuppressedReason.STOP_WIDE, Governor._stop_wide),
    (SuppressedReason.SPREAD, Governor._spread),
    (SuppressedReason.DUPLICATE, Governor._duplicate),
    (SuppressedReason.RATE, Governor._rate),
)
