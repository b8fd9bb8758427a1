"""Cuts long answers into frames: no page over the rows or the bytes that a frame takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from hydrad.agent.calls import Cursor
from hydrad.link.frames import FRAME_BYTES_MAX, ROWS_PER_PAGE_MAX, TICKS_PER_FRAME_MAX, SymbolTicks, Tick

Row = TypeVar("Row")
# What stands around the rows in a frame takes less than this.
_PAGE_BYTES_MAX = FRAME_BYTES_MAX - 1024
_ENCODER = msgspec.msgpack.Encoder()


def pages(rows: Sequence[Row]) -> list[tuple[Row, ...]]:
    """The rows in pages, in their order; one empty page when there are none."""
    done: list[tuple[Row, ...]] = []
    page: list[Row] = []
    room = _PAGE_BYTES_MAX
    for row in rows:
        size = len(_ENCODER.encode(row))
        if page and (size > room or len(page) == ROWS_PER_PAGE_MAX):
            done.append(tuple(page))
            page, room = [], _PAGE_BYTES_MAX
        page.append(row)
        room -= size
    return [*done, tuple(page)]


def tick_frames(batches: Sequence[SymbolTicks]) -> list[tuple[SymbolTicks, ...]]:
    """Ticks in batches for one frame each; none when there are no ticks."""
    done: list[tuple[SymbolTicks, ...]] = []
    frame: list[SymbolTicks] = []
    room = TICKS_PER_FRAME_MAX
    for batch in batches:
        for start, end in _cuts(len(batch.ticks), room):
            if room == 0:
                done.append(tuple(frame))
                frame, room = [], TICKS_PER_FRAME_MAX
            frame.append(SymbolTicks(batch.symbol, batch.ticks[start:end]))
            room -= end - start
    return [*done, tuple(frame)] if frame else done


def split(batches: Sequence[SymbolTicks], until_ms: int) -> tuple[list[SymbolTicks], list[SymbolTicks]]:
    """Ticks up to an instant, and those after it; symbols without any are left out."""
    old = [_only(batch, [tick for tick in batch.ticks if tick.time_ms <= until_ms]) for batch in batches]
    new = [_only(batch, [tick for tick in batch.ticks if tick.time_ms > until_ms]) for batch in batches]
    return [batch for batch in old if batch.ticks], [batch for batch in new if batch.ticks]


def cursors_from(wanted: Sequence[tuple[str, int]]) -> tuple[Cursor, ...]:
    """Cursors that stand before the first tick of an instant."""
    return tuple(Cursor(symbol, from_ms, 0) for symbol, from_ms in wanted)


def _only(batch: SymbolTicks, ticks: list[Tick]) -> SymbolTicks:
    return SymbolTicks(batch.symbol, tuple(ticks))


def _cuts(length: int, room: int) -> Iterator[tuple[int, int]]:
    """Where to cut so many ticks when the first frame has `room` left and the following ones are empty."""
    start = 0
    while start < length:
        size = (room if start == 0 else TICKS_PER_FRAME_MAX) or TICKS_PER_FRAME_MAX
        yield start, min(start + size, length)
        start += size
