"""The file of a cut: one symbol's ticks as exact integers, small enough for the wheel. Owns the format.

A file is a header and one xz stream::

    offset  size  field (little-endian)
         0     4  magic `HXTK`
         4     1  version, 1
         5     1  digits of the symbol
         6    16  symbol, ASCII, padded with zero bytes
        22     4  count of ticks, unsigned
        26     8  first time, UTC milliseconds, signed
        34     4  first bid, points, signed
        38     4  first spread (ask less bid), points, signed
        42    32  SHA-256 of bytes 0..41 and the unpacked stream
        74     -  xz stream

Unpacked, the stream holds three columns of `count` unsigned 32-bit integers: milliseconds since the tick
before, change of the bid, change of the spread (each 0 for the first tick). The changes are zigzag-coded (0,
-1, 1, -2 become 0, 1, 2, 3). A column is stored as four planes, lowest bytes first, since equal bytes then
lie together.
"""

from __future__ import annotations

import hashlib
import lzma
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MAGIC = b"HXTK"
VERSION = 1
TICKS_MAX = 4_000_000
_HEADER = struct.Struct("<4sBB16sIqii")
_SHA_BYTES = 32
_COLUMNS = 3
_PLANES = 4
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}]


class BadCut(ValueError):
    """Bytes that are no cut of this version, or ticks that cannot be one; the message says why."""


@dataclass(frozen=True, eq=False)
class TickArrays:
    """Ticks of one symbol in the source's order, in three columns of one length.

    `time_ms`: int64, UTC milliseconds; `bid_points`, `ask_points`: int32, points of 10^-digits.
    """

    symbol: str
    digits: int
    time_ms: npt.NDArray[np.int64]
    bid_points: npt.NDArray[np.int32]
    ask_points: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.time_ms)


def encode(ticks: TickArrays) -> bytes:
    """The file of these ticks; raises BadCut for none, too many, backward time or steps over 31 bits."""
    count = len(ticks.time_ms)
    symbol = ticks.symbol.encode("ascii")
    if not 0 < count <= TICKS_MAX or not len(ticks.bid_points) == len(ticks.ask_points) == count:
        raise BadCut(f"{count} ticks; 1 to {TICKS_MAX} with equal columns are expected")
    if not 0 < len(symbol) <= 16:
        raise BadCut(f"symbol '{ticks.symbol}' is not 1 to 16 ASCII characters")
    bid = ticks.bid_points.astype(np.int64)
    spread = ticks.ask_points.astype(np.int64) - bid
    steps = np.diff(ticks.time_ms, prepend=ticks.time_ms[0])
    if steps.min() < 0:
        raise BadCut("time runs backwards")
    columns = (steps, _zigzag(np.diff(bid, prepend=bid[0])), _zigzag(np.diff(spread, prepend=spread[0])))
    if max(int(column.max()) for column in columns) > 0xFFFFFFFF or abs(int(spread[0])) > 0x7FFFFFFF:
        raise BadCut("a step needs more than 32 bits")
    raw = b"".join(_planes(column) for column in columns)
    first = int(ticks.time_ms[0]), int(bid[0]), int(spread[0])
    header = _HEADER.pack(MAGIC, VERSION, ticks.digits, symbol, count, *first)
    packed = lzma.compress(raw, lzma.FORMAT_XZ, lzma.CHECK_NONE, filters=_FILTERS)
    return header + hashlib.sha256(header + raw).digest() + packed


def decode(data: bytes) -> TickArrays:
    """The ticks of a file; raises BadCut for another magic or version, a wrong length or checksum."""
    body = _HEADER.size + _SHA_BYTES
    if len(data) < body:
        raise BadCut(f"{len(data)} bytes are too few for a header")
    magic, version, digits, symbol, count, first_ms, first_bid, first_spread = _HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        raise BadCut(f"magic {magic!r} version {version}; {MAGIC!r} version {VERSION} is read here")
    if not 0 < count <= TICKS_MAX:
        raise BadCut(f"{count} ticks; 1 to {TICKS_MAX} are expected")
    raw = _unpacked(data[body:], count * _COLUMNS * _PLANES)
    if hashlib.sha256(data[: _HEADER.size] + raw).digest() != data[_HEADER.size : body]:
        raise BadCut("the checksum differs: the file is damaged")
    steps, bid_changes, spread_changes = np.frombuffer(raw, np.uint8).reshape(_COLUMNS, _PLANES, count)
    time_ms = first_ms + np.cumsum(_column(steps), dtype=np.int64)
    bid = first_bid + np.cumsum(_unzigzag(_column(bid_changes)))
    ask = bid + first_spread + np.cumsum(_unzigzag(_column(spread_changes)))
    name = symbol.rstrip(b"\0").decode("ascii")
    return TickArrays(name, digits, time_ms, bid.astype(np.int32), ask.astype(np.int32))


def _unpacked(packed: bytes, size: int) -> bytes:
    try:
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ)
        raw = unpacker.decompress(packed, max_length=size)
    except lzma.LZMAError as error:
        raise BadCut(f"the packed columns do not unpack: {error}") from None
    if len(raw) != size:
        raise BadCut(f"{len(raw)} bytes unpacked, {size} expected")
    return raw


def _zigzag(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return (values << 1) ^ (values >> 63)


def _unzigzag(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return (values >> 1) ^ -(values & 1)


def _planes(column: npt.NDArray[np.int64]) -> bytes:
    return column.astype("<u4").view(np.uint8).reshape(-1, _PLANES).T.tobytes()


def _column(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    words: npt.NDArray[np.uint32] = np.ascontiguousarray(planes.T).view("<u4").reshape(-1)
    return words.astype(np.int64)
