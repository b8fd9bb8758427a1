"""The file of one symbol and one UTC market day: ticks in checked blocks, appended and never changed. Owns the format,
which docs/market-files.md tells in full.

A file is a header of 64 bytes and blocks. A block is 32 bytes of header and a payload; its CRC-32 covers both, its
number counts from 0. So a block that was written by half, or damaged later, is never read as something else: `scan`
leaves it out and says so. Standard library alone: the daemon writes and follows these files without numpy.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import quote, unquote

from hydrad.domain.calendar import day_number, day_text
from hydrad.domain.instants import DAY_MS

MAGIC = b"HXTICKS\0"
BLOCK_MAGIC = b"HXB1"
VERSION = 1
SUFFIX = ".ticks"
SYMBOL_BYTES_MAX = 36
PAYLOAD_BYTES_MAX = 1 << 20
DIGITS_MAX = 10
HEADER = struct.Struct("<8sHBBiq36sI")
BLOCK = struct.Struct("<4sIBBHIIIq")
RECORD = struct.Struct("<Iiqq")
_SOURCE = struct.Struct("<BB")
TICKS, SOURCE, BARS = 1, 2, 3
BLOCK_TICKS_MAX = PAYLOAD_BYTES_MAX // RECORD.size
_CRC_FROM = 8


class BadFile(ValueError):
    """No file of this version, or a damaged header; the message says which."""


class Header(NamedTuple):
    """`day`: UTC days since 1970. `digits`: of the first source; a SOURCE block may name others."""

    symbol: str
    digits: int
    day: int
    created_ms: int


class Block(NamedTuple):
    """A checked block: its payload is `data[start:end]`, and the next block begins at `end`."""

    kind: int
    number: int
    received_ms: int
    start: int
    end: int


class Source(NamedTuple):
    """From here on ticks come from this terminal. `whole`: nothing is missing between the tick before and the next."""

    terminal: str
    digits: int
    whole: bool


class Quote(Protocol):
    """A tick as the link has it."""

    @property
    def time_ms(self) -> int: ...

    @property
    def bid_points(self) -> int: ...

    @property
    def ask_points(self) -> int: ...


# --- names ----------------------------------------------------------------------------------------------


def folder_name(symbol: str) -> str:
    """A symbol as the name of a folder; `symbol_of` reads it back."""
    name = quote(symbol, safe="")
    return name.replace(".", "%2E") if name.startswith(".") else name


def symbol_of(folder: str) -> str:
    return unquote(folder)


def file_name(day: int) -> str:
    """`2014-05-02.ticks`."""
    return day_text(day) + SUFFIX


def day_of(path: Path) -> int:
    """The day that a file's name tells; raises ValueError for another name."""
    year, month, day = path.name.removesuffix(SUFFIX).split("-")
    return day_number(int(year), int(month), int(day))


def days(folder: Path) -> list[Path]:
    """The files of one symbol, oldest first."""
    return sorted(folder.glob("????-??-??" + SUFFIX))


# --- writing --------------------------------------------------------------------------------------------


def encode_header(header: Header) -> bytes:
    """64 bytes; raises BadFile for a symbol that is too long or digits beyond reason."""
    symbol = header.symbol.encode()
    if not 0 < len(symbol) <= SYMBOL_BYTES_MAX or not 0 <= header.digits <= DIGITS_MAX:
        raise BadFile(f"symbol '{header.symbol}' with {header.digits} digits cannot be recorded")
    plain = HEADER.pack(MAGIC, VERSION, header.digits, 0, header.day, header.created_ms, symbol, 0)[:-4]
    return plain + struct.pack("<I", zlib.crc32(plain))


def encode_ticks(number: int, received_ms: int, day: int, ticks: Sequence[tuple[Quote, int]]) -> bytes:
    """A block of (tick, received at, machine ms); all of `day`."""
    assert 0 < len(ticks) <= BLOCK_TICKS_MAX
    payload = bytearray(RECORD.size * len(ticks))
    at, midnight_ms, pack = 0, day * DAY_MS, RECORD.pack_into
    for tick, came_ms in ticks:
        pack(payload, at, tick.time_ms - midnight_ms, came_ms - received_ms, tick.bid_points, tick.ask_points)
        at += RECORD.size
    return encode_block(TICKS, number, received_ms, bytes(payload))


def encode_source(number: int, received_ms: int, source: Source) -> bytes:
    payload = _SOURCE.pack(source.digits, source.whole) + source.terminal.encode()
    return encode_block(SOURCE, number, received_ms, payload + bytes(-len(payload) % 8))


def encode_block(kind: int, number: int, received_ms: int, payload: bytes) -> bytes:
    """A block of any kind."""
    head = BLOCK.pack(BLOCK_MAGIC, 0, kind, 0, 0, number, len(payload), 0, received_ms)
    crc = zlib.crc32(payload, zlib.crc32(head[_CRC_FROM:]))
    return BLOCK_MAGIC + struct.pack("<I", crc) + head[_CRC_FROM:] + payload


# --- reading --------------------------------------------------------------------------------------------


def decode_header(data: bytes | memoryview) -> Header:
    """Raises BadFile."""
    if len(data) < HEADER.size:
        raise BadFile(f"{len(data)} bytes are too few for a header")
    magic, version, digits, _, day, created_ms, symbol, crc = HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        raise BadFile(f"magic {magic!r} version {version}; {MAGIC!r} version {VERSION} is read here")
    if zlib.crc32(data[: HEADER.size - 4]) != crc:
        raise BadFile("the header is damaged")
    return Header(symbol.rstrip(b"\0").decode(), digits, day, created_ms)


class Scan:
    """The whole blocks of `data`, from byte `at` with block `number` on. Once iterated: `good_bytes` is the end of the
    last whole block, `damaged` the ranges between whole blocks that are none, `torn` how many bytes follow the last."""

    def __init__(self, data: memoryview, at: int = HEADER.size, number: int = 0) -> None:
        self._data = data
        self._at, self.number = at, number
        self.good_bytes = at
        self.damaged: list[tuple[int, int]] = []

    @property
    def torn(self) -> int:
        return len(self._data) - self.good_bytes

    def __iter__(self) -> Iterator[Block]:
        at = self._at
        while at < len(self._data):
            block = read_block(self._data, at)
            if block is None or block.number < self.number:
                found = self._next(at + 1)
                if found is None:
                    return
                self.damaged.append((at, found))
                at = found
                continue
            if block.number > self.number and not (self.damaged and self.damaged[-1][1] == at):
                self.damaged.append((at, at))  # blocks are missing, though no byte looks wrong
            at = self.good_bytes = block.end
            self.number = block.number + 1
            yield block

    def _next(self, at: int) -> int | None:
        """Where the next whole block begins, if one follows."""
        raw = bytes(self._data[at:])
        found = raw.find(BLOCK_MAGIC)
        while found >= 0:
            block = read_block(self._data, at + found)
            if block is not None and block.number >= self.number:
                return at + found
            found = raw.find(BLOCK_MAGIC, found + 1)
        return None


def read_block(data: memoryview, at: int) -> Block | None:
    """The block that begins at a byte; None for anything but a whole one."""
    start = at + BLOCK.size
    if start > len(data):
        return None
    magic, crc, kind, _, _, number, size, _, received_ms = BLOCK.unpack_from(data, at)
    end = start + size
    if magic != BLOCK_MAGIC or size > PAYLOAD_BYTES_MAX or end > len(data):
        return None
    if zlib.crc32(data[at + _CRC_FROM : end]) != crc or kind not in (TICKS, SOURCE, BARS):
        return None
    return Block(kind, number, received_ms, start, end)


def decode_source(data: memoryview, block: Block) -> Source:
    digits, whole = _SOURCE.unpack_from(data, block.start)
    name = bytes(data[block.start + _SOURCE.size : block.end]).rstrip(b"\0").decode()
    return Source(name, digits, bool(whole))


class Tick(NamedTuple):
    """A recorded tick. `time_ms`: market time, UTC; `received_ms`: machine time at which the daemon had it."""

    time_ms: int
    bid_points: int
    ask_points: int
    received_ms: int


def decode_ticks(data: memoryview, block: Block, day: int) -> list[Tick]:
    midnight_ms = day * DAY_MS
    return [
        Tick(midnight_ms + of_day, bid, ask, block.received_ms + offset)
        for of_day, offset, bid, ask in RECORD.iter_unpack(data[block.start : block.end])
    ]
