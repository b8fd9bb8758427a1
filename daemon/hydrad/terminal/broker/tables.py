"""Owns ticks from tables: CSV and Parquet of ticks, and of bars.

A bar has no path, so it is walked the worst way there could have been, in five ticks: both opens; then the
lowest bid with the highest ask, which reaches every stop, of buyers and of sellers, before any target; then
the two highs, the two lows, which reach the targets; then both closes. Who opens in the second tick pays the
widest spread of the bar.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hydrad.terminal.broker.series import BadFeed, Series

TICKS = ("time_msc", "bid", "ask")
BARS = ("time", *(f"{side}_{name}" for side in ("bid", "ask") for name in ("open", "high", "low", "close")))
_PATH = (("bid_open", "ask_open"), ("bid_low", "ask_high"), ("bid_high", "ask_high"), ("bid_low", "ask_low"))
_WALK = (*_PATH, ("bid_close", "ask_close"))
_OFF_GRID = 0.01  # of a point: what a float loses is far less
Columns = Mapping[str, NDArray[np.float64]]


def load(path: Path, digits: int) -> Series:
    """The ticks of a file; raises BadFeed."""
    columns = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    if all(name in columns for name in TICKS):
        return Series(
            columns["time_msc"].astype(np.int64),
            _points(columns["bid"], digits, path),
            _points(columns["ask"], digits, path),
            digits,
        )
    if all(name in columns for name in BARS):
        return _walked(columns, digits, path)
    raise BadFeed(f"{path}: neither ticks ({', '.join(TICKS)}) nor bars ({', '.join(BARS)})")


def _walked(columns: Columns, digits: int, path: Path) -> Series:
    """Five ticks for each bar, evenly over its length: that of the closest two bars."""
    opens_ms = columns["time"].astype(np.int64) * 1_000
    length_ms = int(np.diff(opens_ms).min()) if len(opens_ms) > 1 else 60_000
    if length_ms <= 0:
        raise BadFeed(f"{path}: the bars are not in the order of time")
    offsets = np.arange(len(_WALK)) * length_ms // len(_WALK)
    sides = [
        np.stack([_points(columns[pair[side]], digits, path) for pair in _WALK], axis=1).reshape(-1) for side in (0, 1)
    ]
    return Series((opens_ms[:, None] + offsets).reshape(-1), sides[0], sides[1], digits)


def _points(prices: NDArray[np.float64], digits: int, path: Path) -> NDArray[np.int32]:
    exact = prices * 10.0**digits
    points = np.rint(exact)
    if not len(points) or not np.all(np.isfinite(points)) or np.abs(exact - points).max() > _OFF_GRID:
        raise BadFeed(f"{path}: prices that have not {digits} digits, or none")
    return points.astype(np.int32)


def _csv(path: Path) -> Columns:
    try:
        with path.open() as file:
            names = [name.strip() for name in file.readline().split(",")]
            rows = file.readlines()
        if not rows:
            raise BadFeed(f"feed {path}: there are no rows")
        values = np.loadtxt(rows, delimiter=",", ndmin=2)
    except (OSError, ValueError) as error:
        raise BadFeed(f"feed {path}: {error}") from None
    if values.shape[1] != len(names):
        raise BadFeed(f"feed {path}: {len(names)} names over {values.shape[1]} columns")
    return dict(zip(names, values.T, strict=True))


def _parquet(path: Path) -> Columns:
    if importlib.util.find_spec("pyarrow") is None:
        raise BadFeed(f"feed {path}: reading Parquet needs pyarrow: pip install 'hydrax[data]'")
    from pyarrow import ArrowException, parquet

    try:
        found = parquet.read_table(path)
    except (OSError, ArrowException) as error:
        raise BadFeed(f"feed {path}: {error}") from None
    return {name: found[name].to_numpy().astype(np.float64) for name in found.column_names}
