"""What is wrong with market data: each kind of trouble with its count and first examples. Owns the kinds.

| kind | what |
|---|---|
| damage | a stored file's block is damaged, or rows are missing that its provenance names |
| disorder | a time earlier than the one before |
| duplicates | a bar's time twice; a tick repeated in all it says |
| crossed | bid above ask: any of a bar's four prices |
| zero_spread | bid equal to ask (a bar: at its close) |
| malformed | a bar whose high or low does not hold its open and close |
| gap | nothing while the market was open by the table of hours, for 15 minutes (a bar's width, if wider) or more |
| fictitious_opens | bars that open at the close before, over weekends too: that price never traded |
| constant_spread | months in which 60 % of all spreads are the same |
| coarse_spread | months in which spreads take at most eight values, or multiples of five points alone |

Nothing is repaired. What a kind says of good data (a quiet minute, a real zero spread) is for a person to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from hydrad.domain.assets import Asset, asset_of
from hydrad.domain.calendar import Hours
from hydrad.domain.hours import hours
from hydrad.domain.instants import DAY_MS, MINUTE_MS, ms_text
from hydrad.market.cut import TickArrays
from hydrad.market.layouts import Bars
from hydrad.wire.market import DataTrouble as Trouble

EXAMPLES = 3
GAP_MIN = 15
HOUR_MS = 60 * MINUTE_MS
LONG_GAP_MS = 4 * DAY_MS
WEEKENDS_MIN = 3
MONTH_ROWS_MIN = 200
SAME_SHARE, CONSTANT_SHARE, COARSE_VALUES, COARSE_POINTS = 0.95, 0.6, 8, 5

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def examine(data: TickArrays | Bars, utc: bool = True) -> list[Trouble]:
    """All kinds but damage. Without `utc` the times are a server's own: gaps cannot be judged."""
    found: list[Trouble | None] = [_disorder(data), _duplicates(data)]
    found += [_crossed(data), _zero(data), _malformed(data)]
    found += [_gaps(data) if utc else None, _opens(data), *_spreads(data)]
    return [trouble for trouble in found if trouble is not None]


def _of(kind: str, data: TickArrays | Bars, bad: Mask, show: Callable[[int], str], note: str = "") -> Trouble | None:
    """One kind from a mask over the rows."""
    rows = np.flatnonzero(bad)
    if not len(rows):
        return None
    examples = tuple(f"{ms_text(int(data.time_ms[row]))} {show(int(row))}".rstrip() for row in rows[:EXAMPLES])
    return Trouble(kind, len(rows), examples, note)


def _price(points: int, digits: int) -> str:
    return f"{points / 10**digits:.{digits}f}"


def _disorder(data: TickArrays | Bars) -> Trouble | None:
    back = np.asarray(np.diff(data.time_ms, prepend=data.time_ms[:1]) < 0)
    return _of("disorder", data, back, lambda row: f"after {ms_text(int(data.time_ms[row - 1]))}")


def _duplicates(data: TickArrays | Bars) -> Trouble | None:
    if isinstance(data, Bars):
        order = np.argsort(data.time_ms, kind="stable")
        twice = np.zeros(len(data), np.bool_)
        twice[order[1:]] = np.diff(data.time_ms[order]) == 0
        return _of("duplicates", data, twice, lambda row: "")
    same = np.zeros(len(data), np.bool_)
    same[1:] = (np.diff(data.time_ms) == 0) & (np.diff(data.bid_points) == 0) & (np.diff(data.ask_points) == 0)
    return _of("duplicates", data, same, lambda row: "")


def _crossed(data: TickArrays | Bars) -> Trouble | None:
    if isinstance(data, TickArrays):
        bids, asks = data.bid_points, data.ask_points

        def quote(row: int) -> str:
            return f"bid {_price(int(bids[row]), data.digits)}, ask {_price(int(asks[row]), data.digits)}"

        return _of("crossed", data, np.asarray(bids > asks), quote)
    if data.sides != "both":
        return None
    crossed = data.prices[:, :4] > data.prices[:, 4:]
    words = np.array(["open", "high", "low", "close"])
    opens = int(crossed[:, 0].sum())
    bad = np.asarray(crossed.any(axis=1))
    return _of("crossed", data, bad, lambda row: ", ".join(words[crossed[row]]), f"{opens} at the open")


def _spread(data: TickArrays | Bars) -> Ints | None:
    if isinstance(data, TickArrays):
        return np.asarray(data.ask_points, np.int64) - data.bid_points
    return data.prices[:, 7] - data.prices[:, 3] if data.sides == "both" else None


def _zero(data: TickArrays | Bars) -> Trouble | None:
    spread = _spread(data)
    return None if spread is None else _of("zero_spread", data, spread == 0, lambda row: "")


def _malformed(data: TickArrays | Bars) -> Trouble | None:
    if isinstance(data, TickArrays):
        return None
    bad = np.zeros(len(data), np.bool_)
    for at in {"bid": (0,), "ask": (4,), "both": (0, 4)}[data.sides]:
        opens, high, low, close = data.prices[:, at : at + 4].T
        bad |= (high < np.maximum(opens, close)) | (low > np.minimum(opens, close))
    return _of("malformed", data, bad, lambda row: "")


# --- gaps -----------------------------------------------------------------------------------------------


def _gaps(data: TickArrays | Bars) -> Trouble | None:
    asset = asset_of(data.symbol, data.symbol[:3], data.symbol[3:6])
    if asset is Asset.OTHER:
        return Trouble("gap", 0, (), f"no market hours are known for {data.symbol}: gaps were not looked for")
    width_ms = data.minutes * MINUTE_MS if isinstance(data, Bars) else 0
    times = np.unique(data.time_ms)
    least_ms = max(GAP_MIN * MINUTE_MS, width_ms)
    wide = np.flatnonzero(np.diff(times) - width_ms >= least_ms)
    examples: list[str] = []
    count = missing_ms = 0
    for row in wide.tolist():
        start_ms, end_ms = int(times[row]) + width_ms, int(times[row + 1])
        open_ms = _open_ms(start_ms, end_ms, width_ms, asset)
        if open_ms < least_ms:
            continue
        count, missing_ms = count + 1, missing_ms + open_ms
        if len(examples) < EXAMPLES:
            examples.append(f"{ms_text(start_ms, 0)} to {ms_text(end_ms, 0)}, {_length(open_ms)} of them open")
    return Trouble("gap", count, tuple(examples), f"{_length(missing_ms)} in all") if count else None


def _open_ms(start_ms: int, end_ms: int, width_ms: int, asset: Asset) -> int:
    """How long the market was open in between, looked at in the middle of each step."""
    step_ms = max(width_ms, HOUR_MS if end_ms - start_ms >= LONG_GAP_MS else MINUTE_MS)
    steps = range(start_ms + step_ms // 2, end_ms, step_ms)
    return step_ms * sum(hours(ms, "", asset) is not Hours.CLOSED for ms in steps)


def _length(ms: int) -> str:
    hours_, minutes = divmod(ms // MINUTE_MS, 60)
    return f"{hours_} h {minutes:02d} m" if hours_ else f"{minutes} m"


# --- opens and spreads ----------------------------------------------------------------------------------


def _opens(data: TickArrays | Bars) -> Trouble | None:
    if isinstance(data, TickArrays) or data.minutes >= 1440 or len(data) < 2:
        return None
    sides = {"bid": (0,), "ask": (4,), "both": (0, 4)}[data.sides]
    same = np.ones(len(data) - 1, np.bool_)
    for at in sides:
        same &= data.prices[1:, at] == data.prices[:-1, at + 3]
    away_ms = np.diff(data.time_ms)
    weekends = (away_ms >= DAY_MS) & (away_ms < LONG_GAP_MS)
    count, of = int((same & weekends).sum()), int(weekends.sum())
    if of < WEEKENDS_MIN or count < SAME_SHARE * of:
        return None
    rows = np.flatnonzero(same & weekends)[:EXAMPLES] + 1
    examples = tuple(
        f"{ms_text(int(data.time_ms[row]), 0)} opens {_price(int(data.prices[row, sides[0]]), data.digits)}, "
        f"the close of {ms_text(int(data.time_ms[row - 1]), 0)}"
        for row in rows
    )
    share = f"{count} of {of} weekends, {100 * same.mean():.1f} % of all bars"
    return Trouble("fictitious_opens", count, examples, share)


def _spreads(data: TickArrays | Bars) -> Iterator[Trouble]:
    spread = _spread(data)
    if spread is None:
        return
    months = data.time_ms.astype("datetime64[ms]").astype("datetime64[M]")
    constant: list[str] = []
    coarse: list[str] = []
    for month in np.unique(months):
        of_month = spread[months == month]
        if len(of_month) < MONTH_ROWS_MIN:
            continue
        values, counts = np.unique(of_month, return_counts=True)
        common = _price(int(values[counts.argmax()]), data.digits)
        if counts.max() >= CONSTANT_SHARE * len(of_month):
            constant.append(f"{month}: {common} in {100 * counts.max() / len(of_month):.0f} %")
        elif len(values) <= COARSE_VALUES or np.gcd.reduce(values) >= COARSE_POINTS:
            coarse.append(f"{month}: {len(values)} values, most often {common}")
    for kind, found in (("constant_spread", constant), ("coarse_spread", coarse)):
        if found:
            yield Trouble(kind, len(found), tuple(found[:EXAMPLES]), f"months; the last {found[-1]}")
