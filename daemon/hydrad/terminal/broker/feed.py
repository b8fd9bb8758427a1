"""Owns where the simulated broker's ticks come from.

A feed gives each symbol's ticks as arrays, oldest first. `sample` is the recording in the wheel. Any other
name is the path of an `.npz` file with three arrays for each symbol, `EURUSD.time_ms` (int64, UTC
milliseconds), `EURUSD.bid_points` and `EURUSD.ask_points` (int32, points at the contract's digits).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hydrad.market import sample
from hydrad.venue.contract import CONTRACTS

SAMPLE = "sample"
_COLUMNS = ("time_ms", "bid_points", "ask_points")


class BadFeed(ValueError):
    """Ticks that cannot be used; the message names the symbol and the rule."""


class Ticks(Protocol):
    """One symbol's ticks; `hydrad.market.sample.TickArrays` is one."""

    @property
    def time_ms(self) -> NDArray[np.int64]: ...

    @property
    def bid_points(self) -> NDArray[np.int32]: ...

    @property
    def ask_points(self) -> NDArray[np.int32]: ...

    @property
    def digits(self) -> int: ...


class Feed(Protocol):
    """A source of ticks."""

    def load(self) -> Mapping[str, Ticks]: ...


@dataclass(frozen=True, slots=True)
class Series:
    """Ticks in arrays of equal length; `digits`: decimals of a price."""

    time_ms: NDArray[np.int64]
    bid_points: NDArray[np.int32]
    ask_points: NDArray[np.int32]
    digits: int


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
    return SampleFeed() if name == SAMPLE else FileFeed(Path(name))


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
