"""Each kind of trouble is found where it was put, counted, and found nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hydrad.market import checks
from hydrad.market.cut import TickArrays
from hydrad.market.layouts import Bars

HOUR_MS = 3_600_000
MONDAY_MS = 1_399_248_000_000  # 2014-05-05 00:00 UTC


def ticks(count: int = 1000, symbol: str = "EURUSD") -> TickArrays:
    """One a second, with spreads that differ."""
    bid = 138_500 + np.arange(count) % 7
    return TickArrays(symbol, 5, MONDAY_MS + 1000 * np.arange(count), bid, bid + 8 + np.arange(count) % 11)


def bars(hours: int = 100) -> Bars:
    """Monday to Friday of one week, each opening a little off the close before."""
    at = MONDAY_MS + HOUR_MS * np.arange(hours)
    bid = np.stack([np.arange(hours) % 13 + offset for offset in (138_500, 138_520, 138_480, 138_505)], axis=1)
    spread = (9 + np.arange(hours) % 23)[:, None]
    return Bars("EURUSD", 60, 5, "both", at, np.hstack([bid, bid + spread]), np.zeros(hours, np.int64))


def kinds(data: TickArrays | Bars) -> dict[str, int]:
    return {trouble.kind: trouble.count for trouble in checks.examine(data)}


def test_good_data_has_no_trouble() -> None:
    assert kinds(ticks()) == {} and kinds(bars()) == {}


def test_ticks_out_of_order_twice_crossed_and_without_a_spread() -> None:
    one = ticks()
    one.time_ms[500] -= 5000
    for column in (one.time_ms, one.bid_points, one.ask_points):
        column[700] = column[699]
    one.ask_points[10] = one.bid_points[10] - 1
    one.ask_points[20:22] = one.bid_points[20:22]
    assert kinds(one) == {"disorder": 1, "duplicates": 1, "crossed": 1, "zero_spread": 2}
    example = next(trouble for trouble in checks.examine(one) if trouble.kind == "crossed").examples
    assert example == ("2014-05-05T00:00:10.000Z bid 1.38503, ask 1.38502",)


def test_bars_twice_crossed_and_malformed() -> None:
    one = bars()
    one.time_ms[5] = one.time_ms[4]
    one.prices[30, 4] = one.prices[30, 0] - 1  # the ask opens below the bid, and within its range
    one.prices[30, 6] = one.prices[30, 4]
    one.prices[40, 1] = one.prices[40, 0] - 1
    assert kinds(one) == {"duplicates": 1, "crossed": 1, "malformed": 1, "gap": 1}


@pytest.mark.parametrize(
    ("start_ms", "missing", "found"),
    [
        (MONDAY_MS, 20 * 60, {"gap": 1}),
        (MONDAY_MS, 10 * 60, {}),
        (MONDAY_MS + 5 * 24 * HOUR_MS - 4 * HOUR_MS, 40 * 3600, {}),  # over the weekend, from Friday 20:59 on
    ],
)
def test_a_gap_counts_while_the_market_is_open(start_ms: int, missing: int, found: dict[str, int]) -> None:
    one = ticks(400)
    times = start_ms + 1000 * np.arange(400) + np.where(np.arange(400) >= 200, missing * 1000, 0)
    times[:200] += 3_300_000 if missing > 10_000 else 0
    times[200:] += 6 * HOUR_MS if missing > 10_000 else 0
    assert kinds(replace(one, time_ms=times)) == found


def test_gaps_of_an_unknown_market_are_not_looked_for_and_it_says_so() -> None:
    [trouble] = checks.examine(ticks(symbol="ZZZQQQ"))
    assert (trouble.kind, trouble.count) == ("gap", 0) and "no market hours" in trouble.note


def weeks(count: int, jump: int) -> Bars:
    """Hourly bars of whole weeks whose opens are `jump` points from the close before."""
    hours = np.concatenate([np.arange(5 * 24) + 7 * 24 * week for week in range(count)])
    closes = 138_500 + np.arange(len(hours)) % 29
    opens = np.concatenate([[138_500], closes[:-1]]) + jump
    bid = np.stack([opens, np.maximum(opens, closes), np.minimum(opens, closes), closes], axis=1)
    spread = np.concatenate([[0], np.arange(len(hours) - 1) % 23]) + 9
    ask = bid + 9
    ask[:, 3] = closes + spread
    ask[1:, 0] = ask[:-1, 3] + jump
    ask[:, 1], ask[:, 2] = ask.max(axis=1) + 30, ask.min(axis=1)
    return Bars(
        "EURUSD", 60, 5, "both", MONDAY_MS + HOUR_MS * hours, np.hstack([bid, ask]), np.zeros(len(hours), np.int64)
    )


def test_opens_that_are_the_close_before_over_each_weekend_never_traded() -> None:
    found = {trouble.kind: trouble for trouble in checks.examine(weeks(5, 0), utc=False)}
    assert found["fictitious_opens"].count == 4 and "4 of 4 weekends, 100.0 %" in found["fictitious_opens"].note
    assert "fictitious_opens" not in {trouble.kind for trouble in checks.examine(weeks(5, 1), utc=False)}
    assert "fictitious_opens" not in kinds(weeks(3, 0))  # two weekends prove nothing


def test_spreads_that_are_constant_or_coarse() -> None:
    one = ticks()
    assert kinds(replace(one, ask_points=one.bid_points + 10)) == {"constant_spread": 1}
    assert kinds(replace(one, ask_points=one.bid_points + 10 * (1 + np.arange(1000) % 20))) == {"coarse_spread": 1}
