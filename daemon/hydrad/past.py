"""What the recording says of the past: ticks and bars, for people who ask. Owns the ranges that they ask for.

Ticks are read on a thread, bounded by TICKS_MAX. Bars read whole days of ticks, so another process makes them: neither
the loop nor the interpreter's lock waits.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hydrad.domain.instants import MS, BadInstant, ms_text, parse_duration_ns, parse_ms
from hydrad.market import reading
from hydrad.market.reading import Range
from hydrad.market.recorder import RECORDED
from hydrad.wire import calls
from hydrad.wire import market as m
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode

if TYPE_CHECKING:
    from hydrad.app import App

TICKS_MAX = 10_000
BARS_TIMEOUT_S = 60.0
TICKS_SCHEMA, BARS_SCHEMA = "hydra.tick_history/v1", "hydra.bars/v1"
VERBS = (calls.TickHistory, calls.Bars)
Told = tuple[str, object, Problem | None]


async def answer(app: App, verb: calls.TickHistory | calls.Bars) -> Told:
    schema = TICKS_SCHEMA if isinstance(verb, calls.TickHistory) else BARS_SCHEMA
    try:
        since_ms, until_ms = (_instant(text, app.glance().market_ms) for text in (verb.since, verb.until))
    except BadInstant as error:
        return schema, None, Problem(ErrorCode.USAGE.value, str(error))
    if not 0 < verb.limit <= TICKS_MAX:
        return schema, None, Problem(ErrorCode.USAGE.value, f"-n goes from 1 to {TICKS_MAX}")
    if isinstance(verb, calls.Bars):
        return await _bars(verb, since_ms, until_ms)
    folder = app.places.market / RECORDED
    return await asyncio.to_thread(_ticks, folder, verb, since_ms or 0, until_ms or 1 << 62)


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


async def _bars(verb: calls.Bars, since_ms: int | None, until_ms: int | None) -> Told:
    words = ["--timeframe", verb.timeframe, "-n", str(verb.limit)]
    words += ["--since", ms_text(since_ms)] if since_ms is not None else []
    words += ["--until", ms_text(until_ms)] if until_ms is not None else []
    argv = (sys.executable, "-m", "hydrad", "data", "bars", *words, "-o", "json", "--", verb.symbol)
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    child = await asyncio.create_subprocess_exec(*argv, stdin=nothing, stdout=pipe, stderr=pipe)
    try:
        said, complaint = await asyncio.wait_for(child.communicate(), BARS_TIMEOUT_S)
    except TimeoutError:
        return BARS_SCHEMA, None, Problem(ErrorCode.TIMED_OUT.value, f"no bars within {BARS_TIMEOUT_S:g} s")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if not said:
        lines = complaint.decode(errors="replace").strip().splitlines()
        return BARS_SCHEMA, None, Problem(ErrorCode.USAGE.value, lines[-1] if lines else f"exit {child.returncode}")
    envelope = msgspec.json.decode(said)
    if envelope["error"]:
        return BARS_SCHEMA, None, msgspec.convert(envelope["error"], Problem)
    return BARS_SCHEMA, msgspec.convert(envelope["data"], tuple[m.BarRow, ...]), None
