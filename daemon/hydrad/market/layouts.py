"""Market data of others: CSV and Parquet files into exact columns. Owns which layouts are known.

| columns | what | its clock |
|---|---|---|
| time_msc, bid, ask | ticks | UTC, milliseconds |
| time, bid_open ... bid_close, ask_open ... ask_close | bars of both sides | UTC, seconds, the bar's open |
| time, open, high, low, close, tick_volume | MetaTrader's bars, bid | the server's wall clock |
| time, open, high, low, close, volume | bars of one side, which the file's name tells (`_BID`, `_ASK`) | not stated |

Prices become integers: the digits are the fewest that give every price back exactly. Nothing is repaired: rows stay in
the order of the file, crossed ones too. Raises BadSource, with a message for people.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hydrad.market.cut import TickArrays

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
DIGITS_MAX = 8
BIDS = ("bid_open", "bid_high", "bid_low", "bid_close")
ASKS = ("ask_open", "ask_high", "ask_low", "ask_close")
ONE_SIDE = ("open", "high", "low", "close")
TIMEFRAMES = {"M1": 1, "M5": 5, "M15": 15, "M30": 30, "H1": 60, "H4": 240, "D1": 1440}
UTC, SERVER, UNSTATED = "utc", "server", "unstated"
_NAME = re.compile(r"(?P<source>[A-Za-z0-9_]+?)_(?P<symbol>[A-Z]{6})_(?P<rest>.+)")


class BadSource(ValueError):
    """A file that is of no known layout, or cannot be taken exactly."""


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars of one symbol, in the order of their source. `time_ms`: the opens, on the clock that `Parsed` names.
    `prices`: points, shape (n, 8), columns as BIDS and ASKS; `sides`: which are there ("bid", "ask" or "both"), the
    other's are 0. `volume`: as the source counts, 0 where it does not."""

    symbol: str
    minutes: int
    digits: int
    sides: str
    time_ms: Ints
    prices: Ints
    volume: Ints

    def __len__(self) -> int:
        return len(self.time_ms)

    def taken(self, rows: Any, time_ms: Ints | None = None) -> Bars:
        """Some rows, at other times if given."""
        times = self.time_ms[rows] if time_ms is None else time_ms
        return Bars(self.symbol, self.minutes, self.digits, self.sides, times, self.prices[rows], self.volume[rows])

    @property
    def close(self) -> Ints:
        """Of the side that is there, the bid's of both."""
        return self.prices[:, 7 if self.sides == "ask" else 3]


@dataclass(frozen=True, eq=False)
class Parsed:
    """A source file. `clock`: what its times are on. `sha256` of its bytes."""

    path: Path
    sha256: str
    source: str
    data: TickArrays | Bars
    clock: str

    @property
    def layout(self) -> str:
        if isinstance(self.data, TickArrays):
            return "ticks"
        return timeframe_name(self.data.minutes)


def timeframe_name(minutes: int) -> str:
    return next((name for name, of in TIMEFRAMES.items() if of == minutes), f"M{minutes}")


def parse(path: Path, source: str | None = None, symbol: str | None = None, timeframe: str | None = None) -> Parsed:
    """Read a file; what is not given is in its name (`SOURCE_SYMBOL_TIMEFRAME_...`). Raises BadSource, OSError."""
    named = _NAME.fullmatch(path.name)
    source = source or (named["source"] if named else None)
    symbol = symbol or (named["symbol"] if named else None)
    if source is None or symbol is None:
        raise BadSource(f"{path.name} names no source and symbol: give --source and --symbol")
    rest = named["rest"] if named else path.name
    names, columns = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    sha = _sha256(path)
    table = dict(zip(names, columns, strict=True))
    if set(names) == {"time_msc", "bid", "ask"}:
        return Parsed(path, sha, source, _ticks(path, symbol, table), UTC)
    minutes = _minutes(path, rest, timeframe)
    if set(names) == {"time", *BIDS, *ASKS}:
        return Parsed(path, sha, source, _bars(path, symbol, minutes, table, BIDS, ASKS, "both", None), UTC)
    if set(names) == {"time", *ONE_SIDE, "tick_volume"}:
        bars = _bars(path, symbol, minutes, table, ONE_SIDE, None, "bid", table["tick_volume"])
        return Parsed(path, sha, source, bars, SERVER)
    side = "ask" if "_ASK" in rest else "bid" if "_BID" in rest else None
    if set(names) == {"time", *ONE_SIDE, "volume"} and side:
        bids, asks = (ONE_SIDE, None) if side == "bid" else (None, ONE_SIDE)
        return Parsed(path, sha, source, _bars(path, symbol, minutes, table, bids, asks, side, None), UNSTATED)
    raise BadSource(f"{path.name}: columns {', '.join(names)} are no layout that is known here")


def _minutes(path: Path, rest: str, timeframe: str | None) -> int:
    name = timeframe or rest.split("_")[0]
    if name not in TIMEFRAMES:
        raise BadSource(f"{path.name} names no timeframe: give --timeframe {'|'.join(TIMEFRAMES)}")
    return TIMEFRAMES[name]


def _ticks(path: Path, symbol: str, table: dict[str, Floats]) -> TickArrays:
    prices = np.stack([table["bid"], table["ask"]], axis=1)
    digits, points = exact(path, prices)
    return TickArrays(symbol, digits, _times(path, table["time_msc"], 1), points[:, 0], points[:, 1])  # type: ignore[arg-type]


def _bars(
    path: Path,
    symbol: str,
    minutes: int,
    table: dict[str, Floats],
    bids: tuple[str, ...] | None,
    asks: tuple[str, ...] | None,
    sides: str,
    volume: Floats | None,
) -> Bars:
    time_ms = _times(path, table["time"], 1000)
    digits, points = exact(path, np.stack([table[name] for name in (*(bids or ()), *(asks or ()))], axis=1))
    none = np.zeros((len(time_ms), 4), np.int64)
    prices = points if sides == "both" else np.hstack([points, none] if sides == "bid" else [none, points])
    counts = np.zeros(len(time_ms), np.int64) if volume is None else volume.astype(np.int64)
    return Bars(symbol, minutes, digits, sides, time_ms, prices, counts)


def _times(path: Path, column: Floats, factor: int) -> Ints:
    if not np.isfinite(column).all() or (column != np.rint(column)).any() or (column < 0).any():
        raise BadSource(f"{path.name}: a time is no whole number since 1970")
    return column.astype(np.int64) * factor


def exact(path: Path, prices: Floats) -> tuple[int, Ints]:
    """The fewest digits at which every price is a whole number of points, and the points. Raises BadSource."""
    if not np.isfinite(prices).all():
        row = int(np.argwhere(~np.isfinite(prices))[0][0])
        raise BadSource(f"{path.name}: a price of row {row + 1} is no number")
    for digits in range(DIGITS_MAX + 1):
        scaled = prices * 10**digits
        points = np.rint(scaled)
        if (np.abs(scaled - points) < 1e-6 * np.maximum(1.0, np.abs(points) * 1e-7)).all():
            return digits, points.astype(np.int64)
    raise BadSource(f"{path.name}: prices need more than {DIGITS_MAX} digits")


def _csv(path: Path) -> tuple[list[str], list[Floats]]:
    with path.open(encoding="utf-8") as file:
        names = [name.strip().lower() for name in file.readline().strip().split(",")]
        if len(set(names)) < 3:
            raise BadSource(f"{path.name}: the first line is no heading of columns with commas between")
        try:
            table = np.loadtxt(file, np.float64, delimiter=",", ndmin=2)
        except ValueError as error:
            raise BadSource(f"{path.name}: {error}") from None
    if table.shape[1:] != (len(names),) or not len(table):
        raise BadSource(f"{path.name}: {len(names)} columns are named, {table.shape} numbers were read")
    return names, list(table.T)


def _parquet(path: Path) -> tuple[list[str], list[Floats]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise BadSource(
            f"{path.name}: Parquet needs pyarrow, which is not installed: pip install 'hydrax[data]'"
        ) from None
    try:
        table = pyarrow.parquet.read_table(path)
        columns = [column.to_numpy().astype(np.float64) for column in table.columns]
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError, ValueError, TypeError) as error:
        raise BadSource(f"{path.name}: {error}") from None
    return [str(name).lower() for name in table.column_names], columns


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
