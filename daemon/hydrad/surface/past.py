"""What the recording says of the past: ticks and bars, for people who ask. Owns the ranges that they ask for.

Ticks are read on a thread, bounded by TICKS_MAX; bars are made by another process.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from hydrad.domain.instants import MS, BadInstant, ms_text, parse_duration_ns, parse_ms
from hydrad.market import reading, tickfile
from hydrad.market.reading import Range
from hydrad.market.recorder import RECORDED
from hydrad.market.told_bars import Asked
from hydrad.surface.daemon import Daemon
from hydrad.surface.past_bars import BarMaker
from hydrad.wire import calls
from hydrad.wire import market as m
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode

TICKS_MAX = 10_000
EVER_MS = 1 << 62
TICKS_SCHEMA, BARS_SCHEMA = "hydra.tick_history/v1", "hydra.bars/v1"
VERBS = (calls.TickHistory, calls.Bars)
Told = tuple[str, object, Problem | None]


class Past:
    """Answers from the recording."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._maker = BarMaker()

    async def answer(self, verb: calls.TickHistory | calls.Bars) -> Told:
        schema = TICKS_SCHEMA if isinstance(verb, calls.TickHistory) else BARS_SCHEMA
        try:
            since_ms, until_ms = (_instant(text, self._daemon.glance().market_ms) for text in (verb.since, verb.until))
        except BadInstant as error:
            return schema, None, Problem(ErrorCode.USAGE.value, str(error))
        if not 0 < verb.limit <= TICKS_MAX:
            return schema, None, Problem(ErrorCode.USAGE.value, f"-n goes from 1 to {TICKS_MAX}")
        folder = self._daemon.places.market / RECORDED
        ends = (since_ms or 0, EVER_MS if until_ms is None else until_ms)
        if isinstance(verb, calls.TickHistory):
            return await asyncio.to_thread(_ticks, folder, verb, *ends)
        days = folder / tickfile.folder_name(verb.symbol)
        told = await self._maker.make(Asked(str(days), verb.symbol, verb.timeframe, *ends, verb.limit))
        return schema, None if told.problem else told.rows, told.problem


def _instant(text: str | None, market_ms: int) -> int | None:
    """An instant, or so long before market time. Raises BadInstant."""
    if text is None:
        return None
    if "T" in text or "-" in text:
        return parse_ms(text)
    return market_ms - parse_duration_ns(text) // MS


def _missing(schema: str, symbol: str) -> Told:
    problem = Problem(ErrorCode.NOT_FOUND.value, f"nothing of {symbol} is recorded", "hydractl ticks lists the symbols")
    return schema, None, problem


def _ticks(folder: Path, verb: calls.TickHistory, since_ms: int, until_ms: int) -> Told:
    found = reading.read(folder, verb.symbol, since_ms, until_ms, verb.limit)
    if found is None:
        return _missing(TICKS_SCHEMA, verb.symbol)
    return TICKS_SCHEMA, view(found), None


def view(found: Range) -> m.TickHistory:
    digits, factor = found.digits, 10**found.digits
    ticks = tuple(
        m.PastTick(
            ms_text(tick.time_ms),
            f"{tick.bid_points / factor:.{digits}f}",
            f"{tick.ask_points / factor:.{digits}f}",
            tick.ask_points - tick.bid_points,
            ms_text(tick.received_ms),
        )
        for tick in found.ticks
    )
    sources = tuple(m.TickSource(ms_text(ms), source.terminal, source.whole) for ms, source in found.sources)
    return m.TickHistory(found.symbol, digits, ticks, sources, found.more, tuple(found.damage))
