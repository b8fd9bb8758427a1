"""Bars of ticks, as numpy columns. Owns which bars are whole.

A bar covers [start, end) of UTC; minutes without ticks make none. It is not used where something is missing in it: a
source's mark that is not `whole` says that ticks may be missing between the tick before it and the tick after, so every
bar from the one to the other is doubtful; and minutes that the terminal's own bars contradict (`unused`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hydrad.domain.instants import MINUTE_MS
from hydrad.market.cut import TickArrays
from hydrad.market.tickfile import Source

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MadeBars:
    """Like Bars, of both sides, with ticks and the sum of their spreads. `used`: whole, as far as is known."""

    symbol: str
    minutes: int
    digits: int
    time_ms: Ints
    prices: Ints
    ticks: Ints
    spread_sum: Ints
    used: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.time_ms)


def of_ticks(
    ticks: TickArrays, minutes: int, marks: Sequence[tuple[int, Source]] = (), unused_ms: Iterable[int] = ()
) -> MadeBars:
    """Bars of ticks whose times never go back. `marks`: rows before which a source begins; `unused_ms`: minutes."""
    width_ms = minutes * MINUTE_MS
    bid, ask = np.asarray(ticks.bid_points, np.int64), np.asarray(ticks.ask_points, np.int64)
    starts_ms, first, count = np.unique(ticks.time_ms // width_ms * width_ms, return_index=True, return_counts=True)
    if not len(first):
        none = np.zeros(0, np.int64)
        return MadeBars(ticks.symbol, minutes, ticks.digits, none, none.reshape(0, 8), none, none, none.astype(bool))
    last = first + count - 1
    columns = [column for side in (bid, ask) for column in _ohlc(side, first, last)]
    used = np.ones(len(first), np.bool_)
    for row, source in marks:
        if not source.whole and row < len(ticks.time_ms):
            used[_between(starts_ms, ticks.time_ms, row, width_ms)] = False
    used &= ~np.isin(starts_ms, [ms // width_ms * width_ms for ms in unused_ms])
    spread_sum = np.add.reduceat(ask - bid, first)
    return MadeBars(ticks.symbol, minutes, ticks.digits, starts_ms, np.stack(columns, axis=1), count, spread_sum, used)


def _ohlc(side: Ints, first: Ints, last: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    return side[first], np.maximum.reduceat(side, first), np.minimum.reduceat(side, first), side[last]


def _between(starts_ms: Ints, time_ms: Ints, row: int, width_ms: int) -> npt.NDArray[np.bool_]:
    """The bars from the last tick before a row to that row's own."""
    from_ms = time_ms[max(row - 1, 0)] // width_ms * width_ms
    between: npt.NDArray[np.bool_] = (starts_ms >= from_ms) & (starts_ms <= time_ms[row])
    return between


def picked(made: MadeBars, rows: Ints) -> MadeBars:
    """Some of them."""
    columns = (made.time_ms[rows], made.prices[rows], made.ticks[rows], made.spread_sum[rows], made.used[rows])
    return MadeBars(made.symbol, made.minutes, made.digits, *columns)


# --- minutes that are not used --------------------------------------------------------------------------


def unused_file(day_file: Path) -> Path:
    """Beside a day's ticks: a line `HH:MM why` for each of its minutes that is not used."""
    return day_file.with_suffix(".unused")


def unused_of(day_file: Path, midnight_ms: int) -> list[int]:
    """The starts of the minutes that are not used, UTC milliseconds."""
    path = unused_file(day_file)
    if not path.exists():
        return []
    lines = path.read_text().splitlines()
    return [midnight_ms + (int(line[:2]) * 60 + int(line[3:5])) * MINUTE_MS for line in lines if line]
