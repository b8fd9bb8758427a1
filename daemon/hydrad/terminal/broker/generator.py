"""Owns the generated market: minute bars of any week and ticks of any day, the same whenever they are asked for.

Two levels. A week's minute bars come from its walks (`hydrad.terminal.broker.factors`): opening and closing
prices are the walks' own, highs and lows stand out from them. The ticks of a minute are drawn to fit its bar:
the first is its open, the last its close, they reach its high and its low and are as many as it counts, and
the smallest spread is its spread. So years of bars cost no ticks, and the bars of ticks are the bars.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hydrad.domain.assets import Asset
from hydrad.domain.instants import DAY_MS, MINUTE_MS
from hydrad.terminal.broker.bars import BAR, Bars, join
from hydrad.terminal.broker.factors import (
    PROFILES,
    WEEK_MINUTES,
    Floats,
    Walks,
    open_minutes,
    uniforms,
    week_of,
    week_start_ms,
)
from hydrad.terminal.broker.series import Series

TICKS_MIN = 4  # of a minute in which the symbol trades
_WIDE_BY_HOUR = (
    *(1.3, 1.2, 1.2, 1.2, 1.2, 1.2, 1.1, 1.0, 1.0, 1.0, 1.0, 1.0),
    *(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.1, 1.2, 1.6, 2.6, 1.8, 1.4),
)
# Ticks by hour of the day (UTC), relative, of what has no profile of its own.
_EVEN = (
    *(0.6, 0.7, 0.6, 0.6, 0.5, 0.6, 0.9, 1.3, 1.4, 1.2, 1.1, 1.1),
    *(1.4, 1.7, 1.8, 1.6, 1.3, 1.0, 0.8, 0.7, 0.5, 0.3, 0.3, 0.5),
)
_REOPENING = np.array([4.0, 3.0, 2.5, 2.0, 2.0, 1.5, 1.5, 1.5, 1.3, 1.3])
_POINTS_MAX = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Nature:
    """How a symbol looks. `up`, `down`: its walks, the price is one divided by the other (empty: dollars).

    `spread_points`: usual at the best hour. `ticks_a_minute`: usual over the day. `trading_hours`: an override
    as `hydrad.domain.hours` writes it.
    """

    digits: int
    up: str
    down: str
    asset: Asset
    spread_points: int
    ticks_a_minute: float
    trading_hours: str = ""


class Generator:
    """One seed's market of these symbols."""

    def __init__(self, seed: int, natures: dict[str, Nature]) -> None:
        self.natures = natures
        self._seed = seed
        self._walks = Walks(seed)
        self.minutes = lru_cache(maxsize=4 * len(natures))(self._minutes)
        self.half_hours = lru_cache(maxsize=8_192)(self._half_hours)

    def _half_hours(self, symbol: str, week: int) -> Bars:
        """The week's bars of thirty minutes, UTC."""
        return join(self._minutes(symbol, week), 30)

    def _minutes(self, symbol: str, week: int) -> Bars:
        """The week's minute bars, UTC; none where the symbol does not trade."""
        nature = self.natures[symbol]
        opened = open_minutes(week, nature.asset, nature.trading_hours)
        at = np.flatnonzero(opened)
        points, moves = self._path(nature, week)
        u = uniforms(6 * len(at), self._seed, symbol, week, "minutes").reshape(6, -1)
        rows = np.zeros(len(at), dtype=BAR)
        rows["time"] = week_start_ms(week) // 1_000 + at * 60
        rows["open"] = np.maximum(points[at] + (u[0] * 3).astype(np.int64) - 1, 1)
        rows["close"] = points[at + 1]
        reach = moves[at] * 0.6
        rows["high"] = np.maximum(rows["open"], rows["close"]) - (np.log(u[1]) * reach).astype(np.int64)
        lows = np.minimum(rows["open"], rows["close"]) + (np.log(u[2]) * reach).astype(np.int64)
        rows["low"] = np.maximum(lows, 1)
        busy = nature.ticks_a_minute * _by_hour(PROFILES.get(nature.asset, _EVEN), at) * (0.4 + 1.2 * u[3])
        rows["count"] = TICKS_MIN + busy.astype(np.int64)
        wide = _by_hour(_WIDE_BY_HOUR, at) * _reopening(opened)[at] * (0.9 + 0.4 * u[4])
        rows["spread"] = np.maximum(nature.spread_points * wide, 1).astype(np.int32)
        return rows

    def _path(self, nature: Nature, week: int) -> tuple[NDArray[np.int64], Floats]:
        """Prices in points at each minute and at the week's end, and each minute's usual move in points."""
        logs, variance = np.zeros(WEEK_MINUTES + 1), np.zeros(WEEK_MINUTES)
        for name, sign in ((nature.up, 1.0), (nature.down, -1.0)):
            if name:
                path, deviation = self._walks.week(name, week)
                logs, variance = logs + sign * path, variance + deviation**2
        prices = np.exp(logs) * 10.0**nature.digits
        points = np.clip(np.rint(prices), 1, _POINTS_MAX).astype(np.int64)
        return points, np.sqrt(variance) * prices[:-1]

    def ticks(self, symbol: str, day: int) -> Series:
        """The ticks of a UTC day (its number since 1970), in the order of time."""
        nature = self.natures[symbol]
        minutes = self.minutes(symbol, week_of(day * DAY_MS))
        first, last = np.searchsorted(minutes["time"], [day * 86_400, (day + 1) * 86_400])
        return _drawn(minutes[first:last], nature.digits, lambda count: uniforms(count, self._seed, symbol, day, "t"))


def _by_hour(table: tuple[float, ...], minutes: NDArray[np.int64]) -> Floats:
    by_hour: Floats = np.array(table)[minutes // 60 % 24]
    return by_hour


def _reopening(opened: NDArray[np.bool_]) -> Floats:
    """How much wider spreads are in the first minutes after a pause."""
    wide = np.ones(len(opened))
    for at in np.flatnonzero(~opened[:-1] & opened[1:]) + 1:
        wide[at : at + len(_REOPENING)] = _REOPENING[: len(opened) - at]
    return wide


def _drawn(minutes: Bars, digits: int, chance: Callable[[int], Floats]) -> Series:
    """Ticks that fit these minute bars."""
    counts = minutes["count"]
    total = int(counts.sum())
    u = chance(3 * total + 2 * len(minutes))
    times_u, noise_u, spread_u = u[: 3 * total].reshape(3, -1)
    order_u, place_u = u[3 * total :].reshape(2, -1)
    minute = np.repeat(np.arange(len(minutes)), counts)
    starts = np.cumsum(counts) - counts
    place = np.arange(total) - starts[minute]
    time_ms = minutes["time"][minute] * 1_000 + ((place + times_u) * MINUTE_MS / counts[minute]).astype(np.int64)
    bids = _bids(minutes, minute, place, noise_u, order_u, place_u)
    least = minutes["spread"][minute]
    extra = (-np.log(spread_u) * 0.15 * least).astype(np.int64)
    extra[starts + 1] = 0
    return Series(time_ms, bids.astype(np.int32), (bids + least + extra).astype(np.int32), digits)


def _bids(
    minutes: Bars, minute: NDArray[np.int64], place: NDArray[np.int64], noise: Floats, order: Floats, where: Floats
) -> NDArray[np.int64]:
    """From the open over the two extremes to the close, straight but for noise, never beyond the extremes."""
    counts = minutes["count"]
    middle = (counts - 2) // 2
    first = 1 + (where * middle).astype(np.int64)
    second = 1 + middle + (where * (counts - 2 - middle)).astype(np.int64)
    falls = order < 0.5
    knots = [
        minutes["open"],
        np.where(falls, minutes["low"], minutes["high"]),
        np.where(falls, minutes["high"], minutes["low"]),
        minutes["close"],
    ]
    places = [np.zeros(len(minutes), dtype=np.int64), first, second, counts - 1]
    bids = np.zeros(len(place))
    for (begin, price), (end, after) in pairwise(zip(places, knots, strict=True)):
        share = (place - begin[minute]) / (end - begin)[minute]
        here = (share >= 0) & (share <= 1)
        bids[here] = (price[minute] + share * (after.astype(np.int64) - price)[minute])[here]
    at_knot = np.zeros(len(place), dtype=np.bool_)
    for knot in places:
        at_knot |= place == knot[minute]
    reach = (minutes["high"] - minutes["low"])[minute] / 3.0
    bids = np.where(at_knot, bids, bids + (noise - 0.5) * reach)
    return np.clip(np.rint(bids).astype(np.int64), minutes["low"][minute], minutes["high"][minute])
