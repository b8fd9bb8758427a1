"""Whole files of ticks and bars as numpy columns: read with every block checked, and as bytes to write. Owns the bars'
file; docs/market-files.md tells both."""

from __future__ import annotations

import itertools
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hydrad.domain.instants import DAY_MS
from hydrad.market import tickfile
from hydrad.market.cut import TickArrays
from hydrad.market.layouts import Bars
from hydrad.market.reading import DayFile
from hydrad.market.tickfile import HEADER, BadFile, Header, Scan, Source

BAR_SUFFIX = ".bars"
BAR_MAGIC = b"HXBARS\0\0"
BAR_VERSION = 1
BAR_HEADER = struct.Struct("<8sHBBHHI36sII")
SIDES = {"bid": 1, "ask": 2, "both": 3}
TICK_DTYPE = np.dtype([("of_day", "<u4"), ("offset", "<i4"), ("bid", "<i8"), ("ask", "<i8")])
BAR_DTYPE = np.dtype([("time", "<i8"), ("prices", "<i8", (8,)), ("volume", "<i8")])
BLOCK_BARS_MAX = 8192

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class DayTicks:
    """One file: its ticks at one number of digits, and each source's mark with the row that it comes before. `damage`:
    a line a place that was left out."""

    header: Header
    ticks: TickArrays
    marks: tuple[tuple[int, Source], ...]
    damage: tuple[str, ...]


class BadRow(NamedTuple):
    """A tick that a file of ticks cannot hold."""

    row: int
    why: str


def load_day(path: Path) -> DayTicks:
    """Raises BadFile, OSError."""
    columns: list[npt.NDArray[np.void]] = []
    digits: list[int] = []
    marks: list[tuple[int, Source]] = []
    rows = 0
    with DayFile(path) as file:
        source = Source("", file.header.digits, False)
        for block in file.scan:
            if block.kind == tickfile.SOURCE:
                source = tickfile.decode_source(file.data, block)
                marks.append((rows, source))
                continue
            column = np.frombuffer(file.data[block.start : block.end], TICK_DTYPE).copy()
            columns.append(column)
            digits.append(source.digits)
            rows += len(column)
        header, damage = file.header, tuple(file.damage())
    most = max(digits, default=header.digits)
    for column, of_source in zip(columns, digits, strict=True):
        column["bid"] *= 10 ** (most - of_source)
        column["ask"] *= 10 ** (most - of_source)
    whole = np.concatenate(columns) if columns else np.zeros(0, TICK_DTYPE)
    time_ms = header.day * DAY_MS + whole["of_day"].astype(np.int64)
    ticks = TickArrays(header.symbol, most, time_ms, whole["bid"], whole["ask"])
    return DayTicks(header, ticks, tuple(marks), damage)


def encode_day(day: int, source: str, ticks: TickArrays, rows: slice) -> bytes:
    """A whole file of one day's rows, in their order; when they were received is not known (0). Nothing is missing
    before it if other rows of the same import come before."""
    header = tickfile.encode_header(Header(ticks.symbol, ticks.digits, day, 0))
    parts = [header, tickfile.encode_source(0, 0, Source(source, ticks.digits, rows.start > 0))]
    table = np.zeros(len(ticks.time_ms[rows]), TICK_DTYPE)
    table["of_day"] = ticks.time_ms[rows] - day * DAY_MS
    table["bid"], table["ask"] = ticks.bid_points[rows], ticks.ask_points[rows]
    for number, at in enumerate(range(0, len(table), tickfile.BLOCK_TICKS_MAX), 1):
        payload = table[at : at + tickfile.BLOCK_TICKS_MAX].tobytes()
        parts.append(tickfile.encode_block(tickfile.TICKS, number, 0, payload))
    return b"".join(parts)


def days_of(ticks: TickArrays) -> list[tuple[int, slice]]:
    """The days of ticks in the order of their source, as runs of rows. A day that comes back has several runs."""
    days = ticks.time_ms // DAY_MS
    cuts = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(days)]
    return [(int(days[start]), slice(start, end)) for start, end in itertools.pairwise(cuts)]


# --- bars -----------------------------------------------------------------------------------------------


def encode_bars(bars: Bars) -> bytes:
    """A whole file. Raises BadFile for a symbol that is too long."""
    symbol = bars.symbol.encode()
    if not 0 < len(symbol) <= tickfile.SYMBOL_BYTES_MAX:
        raise BadFile(f"symbol '{bars.symbol}' cannot be stored")
    plain = BAR_HEADER.pack(
        BAR_MAGIC, BAR_VERSION, bars.digits, SIDES[bars.sides], bars.minutes, 0, len(bars), symbol, 0, 0
    )[:-4]
    parts = [plain + struct.pack("<I", zlib.crc32(plain))]
    table = np.zeros(len(bars), BAR_DTYPE)
    table["time"], table["prices"], table["volume"] = bars.time_ms, bars.prices, bars.volume
    for number, at in enumerate(range(0, len(table), BLOCK_BARS_MAX)):
        payload = table[at : at + BLOCK_BARS_MAX].tobytes()
        parts.append(tickfile.encode_block(tickfile.BARS, number, 0, payload))
    return b"".join(parts)


def load_bars(path: Path) -> tuple[Bars, tuple[str, ...]]:
    """Bars and a line a damaged place. Raises BadFile, OSError."""
    data = memoryview(path.read_bytes())
    if len(data) < HEADER.size:
        raise BadFile(f"{path.name}: {len(data)} bytes are too few for a header")
    magic, version, digits, sides, minutes, _, count, symbol, _, crc = BAR_HEADER.unpack_from(data)
    if magic != BAR_MAGIC or version != BAR_VERSION or zlib.crc32(data[: BAR_HEADER.size - 4]) != crc:
        raise BadFile(f"{path.name}: no bars of version {BAR_VERSION}, or a damaged header")
    scan = Scan(data, BAR_HEADER.size)
    parts = [np.frombuffer(data[block.start : block.end], BAR_DTYPE) for block in scan]
    table = np.concatenate(parts) if parts else np.zeros(0, BAR_DTYPE)
    damage = [f"{path.name}: bytes {start} to {end} are damaged" for start, end in scan.damaged]
    if len(table) != count:
        damage.append(f"{path.name}: {len(table)} of {count} bars are whole")
    side = next(name for name, of in SIDES.items() if of == sides)
    name = symbol.rstrip(b"\0").decode()
    bars = Bars(name, minutes, digits, side, table["time"].copy(), table["prices"].copy(), table["volume"].copy())
    return bars, tuple(damage)
