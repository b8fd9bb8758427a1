"""A recording against the terminal's own minute bars. Owns what counts as a difference, and marks what differs.

Compared are the minutes that the recording can answer for: ticks of that very terminal, from the minute after a
source's mark (where something may be missing) to the one before the next mark, or before the last tick. There both must
have a bar or neither, with the same open, high, low and close of the bid. Counts of ticks are not compared: a
terminal counts what it draws, which need not be what it gives.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from hydrad.domain.instants import DAY_MS, MINUTE_MS, ms_text
from hydrad.link.frames import RateRow
from hydrad.market import barring, stored, tickfile
from hydrad.market.cut import TickArrays
from hydrad.market.recorder import RECORDED
from hydrad.market.tickfile import BadFile, Source

EXAMPLES = 3
Ohlc = tuple[int, int, int, int]


class Told(msgspec.Struct, frozen=True):
    """What a terminal said of one symbol: its bars that open from `from_ms` to `to_ms`, both included."""

    terminal: str
    symbol: str
    digits: int
    from_ms: int
    to_ms: int
    rows: tuple[RateRow, ...]


class Compared(msgspec.Struct, frozen=True):
    """`differing`: the starts of minutes that differ; `examples` say how the first ones do. `problem`: a recording that
    cannot be read."""

    terminal: str
    symbol: str
    agreed: int
    differing: tuple[int, ...]
    examples: tuple[str, ...]
    problem: str = ""


class _Stretch(NamedTuple):
    """Minutes that the recording answers for: starts from the first to before the end."""

    first_ms: int
    end_ms: int


def compare(market: Path, told: Told) -> Compared:
    """Reads the days of the interval. Raises OSError."""
    folder = market / RECORDED / tickfile.folder_name(told.symbol)
    wanted = range(told.from_ms // DAY_MS, told.to_ms // DAY_MS + 1)
    paths = [path for path in tickfile.days(folder) if tickfile.day_of(path) in wanted]
    try:
        days = [stored.load_day(path) for path in paths]
    except BadFile as error:
        return Compared(told.terminal, told.symbol, 0, (), (), str(error))
    theirs = {row.start_ms: (row.open_points, row.high_points, row.low_points, row.close_points) for row in told.rows}
    ours, answered = _ours(days, told)
    agreed = 0
    differing: list[int] = []
    examples: list[str] = []
    for minute in answered:
        here, there = ours.get(minute), theirs.get(minute)
        if here == there:
            agreed += here is not None
            continue
        differing.append(minute)
        if len(examples) < EXAMPLES:
            examples.append(f"{ms_text(minute, 0)} recorded {_text(here)}, terminal {_text(there)}")
    return Compared(told.terminal, told.symbol, agreed, tuple(differing), tuple(examples))


def _text(bar: Ohlc | None) -> str:
    return "/".join(map(str, bar)) if bar else "nothing"


def _ours(days: Sequence[stored.DayTicks], told: Told) -> tuple[dict[int, Ohlc], list[int]]:
    """Recorded bars at the terminal's digits, and the minutes that are answered for."""
    ours: dict[int, Ohlc] = {}
    stretches: list[_Stretch] = []
    for day, following in itertools.zip_longest(days, days[1:]):
        goes_on = following is not None and bool(following.marks) and following.marks[0][1].whole
        midnight_ms = (day.header.day + 1) * DAY_MS if goes_on else 0
        for source, first, end, is_last in _runs(day):
            if source.terminal != told.terminal or source.digits != told.digits or first == end:
                continue
            ticks = _rows(day.ticks, first, end, told.digits)
            made = barring.of_ticks(ticks, 1)
            bars = [tuple(prices) for prices in made.prices[:, :4].tolist()]
            ours |= dict(zip(made.time_ms.tolist(), bars, strict=True))
            begin_ms = int(ticks.time_ms[0]) // MINUTE_MS * MINUTE_MS
            first_ms = begin_ms // DAY_MS * DAY_MS if source.whole and first == 0 else begin_ms
            first_ms += 0 if source.whole else MINUTE_MS
            end_ms = int(ticks.time_ms[-1]) // MINUTE_MS * MINUTE_MS
            stretches.append(_Stretch(first_ms, midnight_ms if is_last and goes_on else end_ms))
    inside = (minute for stretch in stretches for minute in range(stretch.first_ms, stretch.end_ms, MINUTE_MS))
    return ours, sorted({minute for minute in inside if told.from_ms <= minute <= told.to_ms})


def _runs(day: stored.DayTicks) -> Iterator[tuple[Source, int, int, bool]]:
    """Rows of one source without a hole: a whole mark of the same terminal goes on with the run before it."""
    runs: list[tuple[Source, int]] = []
    for row, source in day.marks:
        same = runs and (runs[-1][0].terminal, runs[-1][0].digits) == (source.terminal, source.digits)
        if not (same and source.whole):
            runs.append((source, row))
    ends = [row for _, row in runs[1:]] + [len(day.ticks)]
    for at, ((source, first), end) in enumerate(zip(runs, ends, strict=True)):
        yield source, first, end, at == len(runs) - 1


def _rows(ticks: TickArrays, first: int, end: int, digits: int) -> TickArrays:
    """At the terminal's own digits again, where the day was shown at more."""
    factor = 10 ** (ticks.digits - digits)
    bid, ask = (np.asarray(side[first:end]) // factor for side in (ticks.bid_points, ticks.ask_points))
    return TickArrays(ticks.symbol, digits, ticks.time_ms[first:end], bid, ask)


def mark(market: Path, found: Compared) -> int:
    """Write the differing minutes beside their days, each once; gives how many are new. Raises OSError."""
    folder = market / RECORDED / tickfile.folder_name(found.symbol)
    new = 0
    for day in sorted({minute // DAY_MS for minute in found.differing}):
        path = barring.unused_file(folder / tickfile.file_name(day))
        known = set(barring.unused_of(folder / tickfile.file_name(day), day * DAY_MS))
        wanted = [minute for minute in found.differing if minute // DAY_MS == day and minute not in known]
        if not wanted:
            continue
        lines = [f"{ms_text(minute)[11:16]} differs from {found.terminal}'s own bar\n" for minute in wanted]
        with path.open("a") as file:
            file.writelines(lines)
        new += len(wanted)
    return new
