"""Owns days of a recording as a feed: ticks at the contracts' digits, in memory, as they were recorded.

With fewer digits a bid is rounded down and an ask up. A quote that is none (a price at or below zero, a crossed one), a
damaged place and a symbol without a contract are left out, and said in the broker's log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hydrad.market import stored
from hydrad.market.cut import TickArrays
from hydrad.market.days import BadDays, files, parse
from hydrad.market.tickfile import BadFile
from hydrad.terminal.broker.config import BadConfig
from hydrad.terminal.broker.series import BadFeed, Series, Ticks
from hydrad.venue.contract import Contract

log = logging.getLogger("hydrad.terminal.broker")

TICKS_MAX = 20_000_000


@dataclass(frozen=True, slots=True)
class DaysFeed:
    """`folder`: of a recording. `days`: as `hydrad.market.days` has them. `suffix`: of its symbols' names."""

    folder: Path
    days: str
    contracts: Mapping[str, Contract]
    suffix: str = ""

    def load(self) -> Mapping[str, Ticks]:
        """By symbol, without the suffix; raises BadFeed."""
        found = files(self.folder, days_of(self.days))
        if not found:
            there = "no ticks of " + self.days if self.folder.is_dir() else "no recording"
            raise BadFeed(f"{self.folder}: {there}")
        series: dict[str, Ticks] = {}
        for symbol, paths in found.items():
            name = symbol.removesuffix(self.suffix)
            if name not in self.contracts:
                log.warning("%s: the broker has no such contract, it is not played", symbol)
                continue
            parts = [_part(symbol, path, self.contracts[name].digits) for path in paths]
            series[name] = _joined(symbol, [part for part in parts if len(part.time_ms)])
        return series


def days_of(text: str) -> range:
    """Raises BadConfig."""
    try:
        return parse(text)
    except BadDays as error:
        raise BadConfig(f"days: {error}") from None


def _part(symbol: str, path: Path, digits: int) -> Series:
    try:
        day = stored.load_day(path)
    except (BadFile, OSError) as error:
        raise BadFeed(f"{symbol}: {path}: {error}") from None
    for line in day.damage:
        log.warning("%s: %s: it is left out", symbol, line)
    return _at_digits(symbol, path, day.ticks, digits)


def _at_digits(symbol: str, path: Path, ticks: TickArrays, digits: int) -> Series:
    bids, asks = np.asarray(ticks.bid_points, np.int64), np.asarray(ticks.ask_points, np.int64)
    if digits >= ticks.digits:
        bids, asks = bids * 10 ** (digits - ticks.digits), asks * 10 ** (digits - ticks.digits)
    else:
        unit = 10 ** (ticks.digits - digits)
        bids, asks = bids // unit, -(-asks // unit)
    good = (bids > 0) & (asks >= bids) & (asks < 1 << 31)
    if not good.all():
        bad = int((~good).sum())
        words = "1 tick that is no quote is" if bad == 1 else f"{bad} ticks that are no quote are"
        log.warning("%s: %s: %s left out", symbol, path.name, words)
    return Series(ticks.time_ms[good], bids[good].astype(np.int32), asks[good].astype(np.int32), digits)


def _joined(symbol: str, parts: list[Series]) -> Series:
    if not parts:
        raise BadFeed(f"{symbol}: no quote in these days")
    count = sum(len(part.time_ms) for part in parts)
    if count > TICKS_MAX:
        raise BadFeed(f"{symbol}: {count} ticks, at most {TICKS_MAX} can be played at once: name fewer days")
    return Series(
        np.concatenate([part.time_ms for part in parts]),
        np.concatenate([part.bid_points for part in parts]),
        np.concatenate([part.ask_points for part in parts]),
        parts[0].digits,
    )
