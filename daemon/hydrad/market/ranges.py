"""`data export` and `data bars`: a range of ticks or bars. Owns how a range is named and cut."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hydrad.domain.instants import DAY_MS, MS, BadInstant, ms_text, parse_duration_ns, parse_ms
from hydrad.host.exits import EXIT_DIFFERENCES, EXIT_FAILED, EXIT_NOT_FOUND, EXIT_USAGE, Done, Stopped
from hydrad.market import barring, provenance, shelf, stored, table_files, tickfile
from hydrad.market.barring import MadeBars
from hydrad.market.cut import TickArrays
from hydrad.market.layouts import TIMEFRAMES, BadSource, Bars
from hydrad.market.recorder import RECORDED
from hydrad.market.saying import reason, table
from hydrad.market.tickfile import BadFile, Source
from hydrad.wire import market as m
from hydrad.wire.codes import ErrorCode

BARS_MAX = 10_000


def _range_of(options: argparse.Namespace, now_ns: int) -> tuple[int, int]:
    try:
        since = _instant(options.since, now_ns) if options.since else 0
        until = _instant(options.until, now_ns) if options.until else 1 << 62
    except BadInstant as error:
        raise Stopped(EXIT_USAGE, ErrorCode.USAGE, str(error)) from None
    return since, until


def _instant(text: str, now_ns: int) -> int:
    if text[:1].isdigit() and "T" not in text and "-" not in text:
        return (now_ns - parse_duration_ns(text)) // MS
    return parse_ms(text)


def _load(options: argparse.Namespace, market: Path, layout: str, since_ms: int, until_ms: int) -> TickArrays | Bars:
    """Ticks or imported bars of a range, in the order of time. Raises Stopped where there are none."""
    parts: list[TickArrays | Bars] = []
    seen: set[Path] = set()
    for one in shelf.sets(market):
        if (one.source, one.symbol) == (options.source, options.symbol) and one.layout == layout:
            wanted = _only_days(one, since_ms, until_ms)
            fresh = tuple(path for path in wanted.paths if path not in seen)  # two imports may name one file
            seen.update(fresh)
            data, _ = shelf.load(replace(wanted, paths=fresh))
            if data is not None:
                parts.append(data)
    if not parts:
        what = "recording" if options.source == RECORDED else f"{layout} of {options.source}"
        raise Stopped(
            EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, f"no {what} of {options.symbol} here", "hydractl data ls lists what is"
        )
    return _cut(parts, since_ms, until_ms)


def _only_days(one: shelf.DataSet, since_ms: int, until_ms: int) -> shelf.DataSet:
    if one.layout != "ticks":
        return one
    days = [path for path in one.paths if since_ms < (tickfile.day_of(path) + 1) * DAY_MS]
    days = [path for path in days if tickfile.day_of(path) * DAY_MS < until_ms]
    return shelf.DataSet(one.source, one.symbol, one.layout, tuple(days), one.told)


def _cut(parts: list[TickArrays | Bars], since_ms: int, until_ms: int) -> TickArrays | Bars:
    whole = parts[0] if len(parts) == 1 else shelf.joined(parts)
    inside = (whole.time_ms >= since_ms) & (whole.time_ms < until_ms)
    if isinstance(whole, Bars):
        return whole.taken(np.flatnonzero(inside))
    return TickArrays(
        whole.symbol, whole.digits, whole.time_ms[inside], whole.bid_points[inside], whole.ask_points[inside]
    )


def export(options: argparse.Namespace, market: Path, now_ns: int) -> Done:
    since_ms, until_ms = _range_of(options, now_ns)
    data = _load(options, market, options.timeframe, since_ms, until_ms)
    if not len(data):
        raise Stopped(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, "nothing in that range")
    try:
        table_files.write(options.to, data)
    except (BadSource, OSError) as error:
        raise Stopped(EXIT_FAILED, ErrorCode.FAILED, reason(options.to, error)) from None
    first, last = (ms_text(int(ms)) for ms in (data.time_ms.min(), data.time_ms.max()))
    told = m.DataExport(str(options.to), options.symbol, options.source, options.timeframe, len(data), first, last)
    return Done(told, [f"{options.to}: {len(data)} rows, {first} to {last}"])


def bars(options: argparse.Namespace, market: Path, now_ns: int) -> Done:
    """The newest bars of a range; of a recording, those that are not whole say so."""
    if not 0 < options.limit <= BARS_MAX:
        raise Stopped(EXIT_USAGE, ErrorCode.USAGE, f"-n goes from 1 to {BARS_MAX}")
    since_ms, until_ms = _range_of(options, now_ns)
    minutes = TIMEFRAMES[options.timeframe]
    made = _made(options, market, minutes, since_ms, until_ms)
    rows = newest(made, options.limit)
    head = ("TIME", "BID O", "H", "L", "C", "ASK O", "H", "L", "C", "TICKS", "SPREAD", "")
    cells = [
        (
            *(row.time[:16], row.bid_open, row.bid_high, row.bid_low, row.bid_close),
            *(row.ask_open, row.ask_high, row.ask_low, row.ask_close),
            *(str(row.ticks), f"{row.spread_points:.1f}", "" if row.used else "NOT USED"),
        )
        for row in rows
    ]
    return Done(rows, table(head, cells, right=tuple(range(1, 11))) if rows else ["no bar in that range"])


def _made(options: argparse.Namespace, market: Path, minutes: int, since_ms: int, until_ms: int) -> MadeBars:
    """Bars of ticks day by day, newest first until there are enough."""
    folder = market / RECORDED / tickfile.folder_name(options.symbol)
    if options.source != RECORDED:
        folder = provenance.folder_of(market, options.source, options.symbol)
    paths = tickfile.days(folder)
    if not paths:
        what = "recording" if options.source == RECORDED else f"ticks of {options.source}"
        raise Stopped(
            EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, f"no {what} of {options.symbol} here", "hydractl data ls lists what is"
        )
    return bars_of_days(paths, minutes, since_ms, until_ms, options.limit)


def bars_of_days(paths: Sequence[Path], minutes: int, since_ms: int, until_ms: int, limit: int) -> MadeBars:
    """Bars of the files of one symbol; days are read from the newest back. Raises Stopped for a damaged header."""
    width_ms = minutes * 60_000
    kept: list[stored.DayTicks] = []
    unused: list[int] = []
    for path in reversed(paths):
        day = tickfile.day_of(path)
        if day * DAY_MS >= until_ms:
            continue
        if (day + 1) * DAY_MS <= since_ms:
            break
        try:
            kept.insert(0, stored.load_day(path))
        except BadFile as error:
            raise Stopped(EXIT_DIFFERENCES, ErrorCode.DIFFERENCES, f"{path.name}: {error}") from None
        unused += barring.unused_of(path, day * DAY_MS)
        if sum(len(np.unique(one.ticks.time_ms // width_ms)) for one in kept) > limit:
            break
    marks: list[tuple[int, Source]] = []
    at = 0
    for one in kept:
        marks += [(at + row, source) for row, source in one.marks]
        at += len(one.ticks)
    if not kept:
        return barring.of_ticks(TickArrays("", 0, *(np.zeros(0, np.int64) for _ in range(3))), minutes)  # type: ignore[arg-type]
    joined = shelf.joined_ticks([one.ticks for one in kept])
    made = barring.of_ticks(joined, minutes, marks, unused)
    inside = np.flatnonzero((made.time_ms >= since_ms) & (made.time_ms < until_ms))
    return barring.picked(made, inside)


def newest(made: MadeBars, limit: int) -> list[m.BarRow]:
    return [_bar_row(made, at) for at in range(max(len(made) - limit, 0), len(made))]


def _bar_row(made: MadeBars, at: int) -> m.BarRow:
    prices = tuple(f"{int(points) / 10**made.digits:.{made.digits}f}" for points in made.prices[at])
    ticks = int(made.ticks[at])
    spread = round(int(made.spread_sum[at]) / ticks, 2)
    told = (ms_text(int(made.time_ms[at]), 0), *prices, ticks, spread, bool(made.used[at]))
    return m.BarRow(*told)  # type: ignore[arg-type]
