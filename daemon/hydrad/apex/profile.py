"""Profiles: the one table of APEX's thresholds. A profile is checked whole when it is read, and never
changes.

Shares are in thousandths (`_permille`, `_milli`), so that every number is exact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from hydrad.apex.bars import TIMEFRAMES_MIN
from hydrad.domain.calendar import Session

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class BadProfile(ValueError):
    """A profile that cannot be used; the message names the setting and its bounds."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What APEX watches and when it speaks. Raises BadProfile when a value is out of bounds.

    `timeframe_min`: minutes of the bars that are judged. `channel_bars`: bars whose high and low must be
    broken. `swing_bars`: bars whose low (high) the stop lies beyond. `atr_bars`: length of the average true
    range. `break_atr_permille`: how far beyond the channel a bar must close, in thousandths of ATR.
    `stop_atr_permille_min`: least distance of the stop; `..._max`: a wider stop is no setup. `r_milli`:
    reward to risk, thousandths. `horizon_min`: the time stop. `expiry_min`: how long it may be fired.
    `collar_stop_permille`: collar, in thousandths of the stop distance. `spread_stop_permille_max`: likewise,
    the widest spread. `stale_s`: greatest age of the last live tick. `repeat_min`: no second signal of one
    symbol and side within it. `latest_horizon_utc`: `HH:MM`, no horizon ends later on its day; None for no
    limit of the day's. `jump_permille_max`: largest believable move between two ticks.
    """

    name: str
    symbols: tuple[str, ...]
    sessions: tuple[Session, ...]
    timeframe_min: int
    channel_bars: int
    swing_bars: int
    atr_bars: int = 14
    break_atr_permille: int = 100
    stop_atr_permille_min: int = 2000
    stop_atr_permille_max: int = 6000
    r_milli: int
    horizon_min: int
    expiry_min: int = 10
    collar_stop_permille: int = 100
    spread_stop_permille_max: int = 100
    stale_s: int = 30
    repeat_min: int = 60
    signals_per_hour_symbol: int = 2
    signals_per_hour_total: int = 4
    latest_horizon_utc: str | None = None
    jump_permille_max: int = 10

    def __post_init__(self) -> None:
        for setting, low, high in _BOUNDS:
            value = getattr(self, setting)
            if not low <= value <= high:
                raise BadProfile(f"profile '{self.name}': {setting} is {value}, {low} to {high} is allowed")
        for wrong, words in _rules(self):
            if wrong:
                raise BadProfile(f"profile '{self.name}': {words}")

    @property
    def latest_minute_utc(self) -> int | None:
        """`latest_horizon_utc` as a minute of the day."""
        if self.latest_horizon_utc is None:
            return None
        hour, minute = self.latest_horizon_utc.split(":")
        return int(hour) * 60 + int(minute)


_BOUNDS = (
    ("channel_bars", 2, 500),
    ("swing_bars", 1, 500),
    ("atr_bars", 2, 100),
    ("break_atr_permille", 0, 5_000),
    ("stop_atr_permille_min", 100, 20_000),
    ("stop_atr_permille_max", 100, 50_000),
    ("r_milli", 500, 10_000),
    ("horizon_min", 1, 24 * 60),
    ("expiry_min", 1, 120),
    ("collar_stop_permille", 1, 500),
    ("spread_stop_permille_max", 1, 500),
    ("stale_s", 1, 600),
    ("repeat_min", 0, 24 * 60),
    ("signals_per_hour_symbol", 1, 60),
    ("signals_per_hour_total", 1, 600),
    ("jump_permille_max", 1, 500),
)


def _rules(profile: Profile) -> tuple[tuple[bool, str], ...]:
    """What must hold between settings: (broken, words)."""
    clock = profile.latest_horizon_utc
    return (
        (not profile.name.strip(), "name is empty"),
        (not profile.symbols, "symbols is empty"),
        (len(set(profile.symbols)) != len(profile.symbols), "symbols names one twice"),
        (not all(profile.symbols), "symbols holds an empty name"),
        (not profile.sessions, "sessions is empty"),
        (Session.NONE in profile.sessions, "sessions holds NONE, which is no session"),
        (
            profile.timeframe_min not in TIMEFRAMES_MIN,
            f"timeframe_min is {profile.timeframe_min}, one of 1, 5, 15 is expected",
        ),
        (
            profile.stop_atr_permille_min >= profile.stop_atr_permille_max,
            "stop_atr_permille_min is not below stop_atr_permille_max",
        ),
        (profile.expiry_min >= profile.horizon_min, "expiry_min is not below horizon_min"),
        (
            clock is not None and not _CLOCK.fullmatch(clock),
            f"latest_horizon_utc '{clock}' is not a time such as 20:45",
        ),
    )


def parse(table: Mapping[str, object]) -> Profile:
    """A profile from a configuration's table; raises BadProfile for a wrong, missing or unknown setting."""
    try:
        return msgspec.convert(table, Profile, strict=True)
    except msgspec.ValidationError as error:
        raise BadProfile(str(error)) from None


# Made for the bundled day: short enough that its afternoon shows missions of both symbols and each kind of
# outcome. One day proves nothing about an edge, and none is claimed. The day's quotes end at 21:00 UTC.
SAMPLE = Profile(
    name="sample",
    symbols=("EURUSD", "XAUUSD"),
    sessions=(Session.LONDON, Session.OVERLAP, Session.NEW_YORK),
    timeframe_min=5,
    channel_bars=12,
    swing_bars=12,
    r_milli=1500,
    horizon_min=120,
    latest_horizon_utc="20:45",
)

# The 20-bar channel with its 10-bar exit is Donchian's, as the Turtles traded it (on days; here on M15).
LEAN = Profile(
    name="lean",
    symbols=("EURUSD", "GBPUSD", "USDJPY", "XAUUSD"),
    sessions=(Session.LONDON, Session.OVERLAP, Session.NEW_YORK),
    timeframe_min=15,
    channel_bars=20,
    swing_bars=10,
    r_milli=2000,
    horizon_min=360,
    signals_per_hour_symbol=1,
    signals_per_hour_total=3,
)

BUILT_IN: Mapping[str, Profile] = {profile.name: profile for profile in (SAMPLE, LEAN)}
