"""The answers of the daemon as bars and levels."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydractl.msgpack import View, unpack
from hydractl.tui.draw.bars import Bar, Level, bars_of, levels_of, signal_bar
from hydrad.wire.answers.briefing import ChartView, LevelView, PriceNow, SpanView
from hydrad.wire.market import BarRow

CHART = ChartView(
    "EURUSD",
    "2026-01-05T09:00:00Z",
    "2026-01-05T10:02:00Z",
    (SpanView("LONDON", "2026-01-05T08:00:00Z", "2026-01-05T12:00:00Z"),),
    tuple(
        LevelView(*pair) for pair in [("entry", "1.1"), ("stop", "1.09"), ("target", "1.12"), ("range_high", "1.105")]
    ),
)


def view(struct: msgspec.Struct | tuple[msgspec.Struct, ...]) -> Any:
    """As a client has it."""
    return unpack(msgspec.msgpack.encode(struct))


def row(at: str, used: bool = True) -> BarRow:
    bid, ask = ("1.10000", "1.10020", "1.09990", "1.10010"), ("1.10010", "1.10030", "1.10000", "1.10020")
    return BarRow(at, *bid, *ask, 12, 10.0, used)


def test_bars_of_the_answer() -> None:
    rows = view((row("2026-01-05T10:00:00Z"), row("2026-01-05T10:01:00Z", used=False)))
    assert bars_of(rows) == (
        Bar(1.1, 1.1002, 1.0999, 1.1001, "2026-01-05T10:00:00Z"),
        Bar(1.1, 1.1002, 1.0999, 1.1001, "2026-01-05T10:01:00Z", used=False),
    )


@pytest.mark.parametrize("lost", ["bid_open", "bid_close", "time"])
def test_a_row_that_cannot_be_read_is_a_gap(lost: str) -> None:
    whole = view((row("2026-01-05T10:00:00Z"),))[0]
    missing = View({key: value for key, value in whole.items() if key != lost})
    assert bars_of([missing]) == ()
    assert bars_of([View({**whole, "bid_low": "-"})]) == ()


def test_levels_of_a_briefing() -> None:
    price = PriceNow("t1", "1.10100", "1.10110", 10, None, 2, 20, 0.4, False)
    assert levels_of(view(CHART), view(price)) == (
        Level("entry", 1.1, "1.1"),
        Level("stop", 1.09, "1.09"),
        Level("target", 1.12, "1.12"),
        Level("now", 1.101, "1.10100"),
        Level("range_high", 1.105, "1.105"),
    )
    assert "now" not in {level.name for level in levels_of(view(CHART), None)}


def test_an_old_price_is_not_called_now() -> None:
    price = PriceNow("t1", "1.10100", "1.10110", 10, None, 2, 20, 90.0, True)
    assert {level.name for level in levels_of(view(CHART), view(price))} >= {"stale"}


@pytest.mark.parametrize(
    ("signal_at", "bar_s", "found"),
    [
        ("2026-01-05T10:02:00Z", 60, "2026-01-05T10:01:00.000Z"),
        ("2026-01-05T10:01:00Z", 60, "2026-01-05T10:00:00.000Z"),
        ("2026-01-05T10:00:00Z", 60, None),
        ("2026-01-05T10:09:00Z", 60, None),
        ("2026-01-05T10:03:00Z", 300, "2026-01-05T10:01:00.000Z"),
        ("soon", 60, None),
    ],
)
def test_the_bar_that_made_the_signal(signal_at: str, bar_s: int, found: str | None) -> None:
    bars = bars_of(view((row("2026-01-05T10:00:00.000Z"), row("2026-01-05T10:01:00.000Z"))))
    assert signal_bar(bars, signal_at, bar_s) == found
