"""Owns where the simulated broker's ticks come from.

A feed gives each symbol's ticks as arrays, oldest first. `sample` is the recording in the wheel. Any other
name is the path of a file:

- `.npz`: three arrays for each symbol, `EURUSD.time_ms` (int64, UTC milliseconds), `EURUSD.bid_points` and
  `EURUSD.ask_points` (int32, points at the contract's digits);
- `.hxtk`: one symbol, see `hydrad.market.cut`.

`feeds` of a configuration names one file for each symbol instead:

- `.csv`, or `.parquet` where pyarrow is installed: ticks as `time_msc,bid,ask`, or bars as
  `time,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close`, `time` in UTC seconds.

A bar is walked as `hydrad.terminal.broker.tables` says: the worst there could have been.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hydrad.market import cut, sample
from hydrad.terminal.broker import tables
from hydrad.terminal.broker.config import SAMPLE
from hydrad.terminal.broker.series import BadFeed, Series, Ticks
from hydrad.venue.contract import CONTRACTS, Contract

__all__ = ["BadFeed", "Feed", "FileFeed", "SampleFeed", "Series", "Ticks", "feed_named", "feeds_of"]

_COLUMNS = ("time_ms", "bid_points", "ask_points")


class Feed(Protocol):
    """A source of ticks."""

    def load(self) -> Mapping[str, Ticks]: ...


class SampleFeed:
    """The recording that is shipped with the product."""

    def load(self) -> Mapping[str, Ticks]:
        return sample.load()


@dataclass(frozen=True, slots=True)
class FileFeed:
    """An `.npz` file."""

    path: Path

    def load(self) -> Mapping[str, Ticks]:
        """Every symbol in the file; raises BadFeed."""
        try:
            with np.load(self.path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError) as error:
            raise BadFeed(f"feed {self.path}: {error}") from None
        symbols = dict.fromkeys(name.partition(".")[0] for name in arrays)
        return {symbol: _series(symbol, arrays) for symbol in symbols}


def feed_named(name: str) -> Feed:
    """The feed of a configuration's `feed`."""
    if name == SAMPLE:
        return SampleFeed()
    return CutFeed(Path(name)) if name.endswith(".hxtk") else FileFeed(Path(name))


@dataclass(frozen=True, slots=True)
class CutFeed:
    """An `.hxtk` file."""

    path: Path

    def load(self) -> Mapping[str, Ticks]:
        """Its symbol; raises BadFeed."""
        try:
            ticks = cut.decode(self.path.read_bytes())
        except (OSError, cut.BadCut) as error:
            raise BadFeed(f"feed {self.path}: {error}") from None
        return {ticks.symbol: ticks}


@dataclass(frozen=True, slots=True)
class TableFeed:
    """One table for each symbol: `.csv` or `.parquet`."""

    paths: Mapping[str, str]
    contracts: Mapping[str, Contract]

    def load(self) -> Mapping[str, Ticks]:
        """Every symbol; raises BadFeed."""
        missing = [symbol for symbol in self.paths if symbol not in self.contracts]
        if missing:
            raise BadFeed(f"{missing[0]}: the broker has no such contract")
        return {symbol: tables.load(Path(path), self.contracts[symbol].digits) for symbol, path in self.paths.items()}


def feeds_of(paths: Mapping[str, str], contracts: Mapping[str, Contract]) -> Feed:
    """The feed of a configuration's `feeds`."""
    return TableFeed(paths, contracts)


def _series(symbol: str, arrays: Mapping[str, NDArray[np.generic]]) -> Series:
    missing = [column for column in _COLUMNS if f"{symbol}.{column}" not in arrays]
    if missing:
        raise BadFeed(f"{symbol}: the feed has no {missing[0]}")
    if symbol not in CONTRACTS:
        raise BadFeed(f"{symbol}: the broker has no such contract")
    return Series(
        arrays[f"{symbol}.time_ms"].astype(np.int64),
        arrays[f"{symbol}.bid_points"].astype(np.int32),
        arrays[f"{symbol}.ask_points"].astype(np.int32),
        CONTRACTS[symbol].digits,
    )
