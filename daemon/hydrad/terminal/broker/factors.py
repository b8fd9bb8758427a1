"""Owns how the generated market moves: one random walk for each currency, metal, coin and index, in dollars.

A walk is the logarithm of a price, week by week from 2000 on, pulled slowly back to its base, and inside a
week a bridge over its minutes between the two ends. How much a minute moves follows the hour of the day, the
week's and the day's own mood, three releases a week and, over a weekend, one lump that shows as a gap. A pair
is the difference of two walks, so that EURJPY is always EURUSD times USDJPY.

Deterministic: the walk of a week depends on the seed, the name and the week alone. Chance is the raw stream of
Philox, which numpy keeps the same in all versions. Steps have the logistic distribution, whose tails are wider
than the normal's. The sizes are chosen to look plausible; they are measured from no market.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hydrad.domain.assets import Asset
from hydrad.domain.hours import closed
from hydrad.domain.instants import DAY_MS, MINUTE_MS

WEEK_MINUTES = 7 * 24 * 60
WEEK_MS = 7 * DAY_MS
_SUNDAY_MS = 3 * DAY_MS  # 1970-01-04
FIRST_WEEK = 1_565  # of 2000-01-02
_WEEKS = 5_000
LAST_WEEK = FIRST_WEEK + _WEEKS - 10  # in 2095
_PULL = 0.985
_LOGISTIC_SD = np.pi / np.sqrt(3.0)
_RELEASES = 3
_RELEASE_MINUTES = (25.0, 8.0, 4.0, 3.0, 2.0, 2.0, 1.5, 1.5)
_GAP_MINUTES = 45.0
# Variance of a minute by hour of the day (UTC), relative.
_CURRENCIES = (
    *(0.5, 0.6, 0.6, 0.5, 0.5, 0.5, 0.9, 1.4, 1.5, 1.3, 1.1, 1.1),
    *(1.5, 1.9, 1.9, 1.7, 1.3, 1.0, 0.8, 0.6, 0.5, 0.3, 0.3, 0.4),
)
_COINS = (
    *(1.1, 1.0, 0.9, 0.8, 0.8, 0.8, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9),
    *(1.1, 1.4, 1.5, 1.4, 1.2, 1.1, 1.1, 1.1, 1.1, 1.0, 1.0, 1.0),
)
_INDICES = (
    *(0.2, 0.2, 0.2, 0.2, 0.2, 0.3, 0.4, 0.6, 0.6, 0.5, 0.5, 0.6),
    *(1.0, 2.4, 3.0, 2.4, 2.0, 1.8, 2.0, 2.4, 0.6, 0.3, 0.2, 0.2),
)
PROFILES = {Asset.CRYPTO: _COINS, Asset.INDEX: _INDICES}
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Factor:
    """`base`: dollars for one. `weekly`: standard deviation of a week's change, as a share."""

    base: float
    weekly: float
    asset: Asset = Asset.FX


FACTORS: dict[str, Factor] = {
    "EUR": Factor(1.12, 0.0105),
    "GBP": Factor(1.29, 0.0115),
    "JPY": Factor(1 / 138.0, 0.0120),
    "CHF": Factor(1.14, 0.0110),
    "AUD": Factor(0.68, 0.0135),
    "CAD": Factor(0.74, 0.0090),
    "NZD": Factor(0.62, 0.0140),
    "XAU": Factor(2_350.0, 0.0200, Asset.METAL),
    "XAG": Factor(28.0, 0.0360, Asset.METAL),
    "US500": Factor(5_400.0, 0.0210, Asset.INDEX),
    "BTC": Factor(62_000.0, 0.0700, Asset.CRYPTO),
    "ETH": Factor(3_000.0, 0.0850, Asset.CRYPTO),
}


def week_of(ms: int) -> int:
    """The number of the week (Sunday to Saturday, UTC) that an instant belongs to."""
    return (ms - _SUNDAY_MS) // WEEK_MS


def week_start_ms(week: int) -> int:
    return _SUNDAY_MS + week * WEEK_MS


def uniforms(count: int, seed: int, *of: object) -> Floats:
    """So many numbers inside (0, 1), always the same for one seed and one `of`."""
    name = "/".join(str(part) for part in of)
    key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
    raw = np.random.Philox(key=np.array([seed & 0xFFFFFFFF, key], dtype=np.uint64)).random_raw(count)
    return ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def logistic(u: Floats) -> Floats:
    """Steps of mean 0 and standard deviation 1."""
    steps: Floats = np.log(u / (1.0 - u)) / _LOGISTIC_SD
    return steps


@lru_cache(maxsize=512)
def open_minutes(week: int, asset: Asset, override: str) -> NDArray[np.bool_]:
    """Which minutes of a week the symbol trades in, by `hydrad.domain.hours`; an override is seen to five minutes."""
    step = 5 if override else 60
    start = week_start_ms(week)
    states = [not closed(start + minute * MINUTE_MS, override, asset) for minute in range(0, WEEK_MINUTES, step)]
    return np.repeat(np.array(states, dtype=np.bool_), step)


class Walks:
    """The walks of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.week = lru_cache(maxsize=256)(self._week)
        self._ends = lru_cache(maxsize=64)(self._all_ends)

    def _all_ends(self, name: str) -> Floats:
        """The walk at the start of each week, less its base."""
        steps = logistic(uniforms(_WEEKS, self._seed, name, "weeks")) * FACTORS[name].weekly
        ends = np.zeros(_WEEKS + 1)
        for week in range(_WEEKS):
            ends[week + 1] = ends[week] * _PULL + steps[week]
        return ends

    def _week(self, name: str, week: int) -> tuple[Floats, Floats]:
        """Logarithms of the price at each minute of a week and at its end, and each minute's standard deviation."""
        factor = FACTORS[name]
        ends = self._ends(name)[week - FIRST_WEEK : week - FIRST_WEEK + 2]
        variance = self._variance(name, factor, week)
        steps = logistic(uniforms(WEEK_MINUTES, self._seed, name, week)) * np.sqrt(variance)
        run, share = np.cumsum(steps), np.cumsum(variance)
        bridge = run - share / share[-1] * (run[-1] - (ends[1] - ends[0]))
        path = np.concatenate(([0.0], bridge)) + ends[0] + np.log(factor.base)
        return path, np.sqrt(variance)

    def _variance(self, name: str, factor: Factor, week: int) -> Floats:
        draws = uniforms(1 + 7 + _RELEASES, self._seed, name, week, "mood")
        moods = np.exp(0.25 * logistic(draws[0]) + 0.2 * logistic(draws[1:8]))
        by_hour = np.array(PROFILES.get(factor.asset, _CURRENCIES))
        opened = open_minutes(week, factor.asset, "")
        relative = np.repeat(np.tile(by_hour, 7), 60) * np.repeat(moods, 1_440) * opened
        for draw in draws[8:]:
            # A release: Monday to Friday, on the half hour after 12:00 UTC.
            at = (1 + int(draw * 5)) * 1_440 + 750 + int(draw * 5e4) % 6 * 60
            relative[at : at + len(_RELEASE_MINUTES)] *= _RELEASE_MINUTES
        closing = np.flatnonzero(opened[:-1] & ~opened[1:])
        relative[closing + 1] += _GAP_MINUTES
        usual = by_hour.mean() * WEEK_MINUTES * (1.0 if factor.asset is Asset.CRYPTO else 5 / 7)
        variance: Floats = relative * (factor.weekly**2 / usual)
        return variance
