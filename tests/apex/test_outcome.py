"""Where missions end: each rule by hand."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.apex.outcome import OutcomeFollower, OutcomeKind
from hydrad.domain.orders import EntryType, Side
from hydrad.domain.signals import Outcome, Signal, SignalKind
from hydrad.link.frames import Tick

AT_MS, HORIZON_MS = 1_000_000, 2_000_000
BUY = Signal(
    symbol="EURUSD",
    digits=5,
    kind=SignalKind.RAPID_ASSAULT,
    side=Side.BUY,
    entry_type=EntryType.MARKET,
    entry_points=1010,
    stop_points=910,
    target_points=1160,
    collar_points=10,
    at_ms=AT_MS,
    expires_ms=1_100_000,
    horizon_ms=HORIZON_MS,
    r_milli=1500,
    tcs=None,
    detector="break_out",
    profile="sample",
    session="LONDON",
    features=(),
)
SELL = msgspec.structs.replace(BUY, side=Side.SELL, entry_points=1000, stop_points=1100, target_points=850)


LIMIT = msgspec.structs.replace(BUY, entry_type=EntryType.LIMIT, collar_points=0)
STOP = msgspec.structs.replace(SELL, entry_type=EntryType.STOP)


@pytest.mark.parametrize(
    ("signal", "quotes", "expected"),
    [
        # beyond its target while it only rests; then reached, at its own price
        (LIMIT, [(AT_MS, 1200, 1210), (AT_MS + 5, 990, 1000), (AT_MS + 9, 1160, 1170)], ("TARGET", AT_MS + 9, 1500)),
        (LIMIT, [(AT_MS, 1200, 1210), (AT_MS + 5, 900, 905)], ("STOP", AT_MS + 5, -1100)),  # through both at once
        (LIMIT, [(AT_MS, 1200, 1210), (BUY.expires_ms, 990, 1000)], ("TIMEOUT", BUY.expires_ms, 0)),  # too late
        (LIMIT, [(AT_MS, 990, 1000), (HORIZON_MS, 990, 1000)], ("TIMEOUT", HORIZON_MS, -200)),
        # a STOP is entered at the quote, which may be worse than its price
        (STOP, [(AT_MS, 1090, 1100), (AT_MS + 5, 990, 995), (AT_MS + 9, 840, 850)], ("TARGET", AT_MS + 9, 1400)),
        (STOP, [(AT_MS, 1090, 1200), (AT_MS + 5, 1001, 1300), (HORIZON_MS, 1, 2)], ("TIMEOUT", BUY.expires_ms, 0)),
    ],
)
def test_an_order_that_rests_is_entered_where_its_price_is_reached(
    signal: Signal, quotes: list[tuple[int, int, int]], expected: tuple[str, int, int]
) -> None:
    _, outcome = followed(signal, *quotes)
    assert outcome is not None
    assert (outcome.outcome, outcome.at_ms, outcome.r_milli) == expected


def followed(signal: Signal, *quotes: tuple[int, int, int]) -> tuple[OutcomeFollower, Outcome | None]:
    follower = OutcomeFollower(7, signal)
    for quote in quotes:
        follower.on_tick(Tick(*quote))
    return follower, follower.outcome


@pytest.mark.parametrize(
    ("signal", "quotes", "kind", "at_ms", "r_milli"),
    [
        # BUY: in at the ask 1010, out on the bid
        (BUY, [(AT_MS, 1000, 1010), (AT_MS + 5, 1160, 1170)], "TARGET", AT_MS + 5, 1500),
        (
            BUY,
            [(AT_MS, 1000, 1010), (AT_MS + 5, 1159, 1169), (HORIZON_MS, 1160, 1170)],
            "TIMEOUT",
            HORIZON_MS,
            1490,
        ),
        (BUY, [(AT_MS, 1000, 1010), (AT_MS + 5, 910, 920)], "STOP", AT_MS + 5, -1000),
        (BUY, [(AT_MS, 1000, 1010), (AT_MS + 5, 905, 1300)], "STOP", AT_MS + 5, -1050),  # the quote is worse
        (
            BUY,
            [(AT_MS, 1000, 1010), (AT_MS + 5, 1200, 1210)],
            "TARGET",
            AT_MS + 5,
            1500,
        ),  # no better than its price
        (
            BUY,
            [(AT_MS, 1005, 1030), (AT_MS + 5, 1160, 1170)],
            "TARGET",
            AT_MS + 5,
            1300,
        ),  # a worse entry costs
        (BUY, [(AT_MS, 900, 910)], "STOP", AT_MS, -100),  # beyond the stop at once
        # SELL: in at the bid 1000, out on the ask
        (SELL, [(AT_MS, 1000, 1010), (AT_MS + 5, 840, 850)], "TARGET", AT_MS + 5, 1500),
        (SELL, [(AT_MS, 1000, 1010), (AT_MS + 5, 850, 851), (HORIZON_MS, 1, 2)], "TIMEOUT", HORIZON_MS, 1490),
        (SELL, [(AT_MS, 1000, 1010), (AT_MS + 5, 1000, 1100)], "STOP", AT_MS + 5, -1000),
        (SELL, [(AT_MS, 1000, 1010), (HORIZON_MS + 9, 500, 510)], "TIMEOUT", HORIZON_MS, -100),  # the spread
    ],
)
def test_outcomes(signal: Signal, quotes: list[tuple[int, int, int]], kind: str, at_ms: int, r_milli: int) -> None:
    assert followed(signal, *quotes)[1] == Outcome(7, kind, r_milli, at_ms)


def test_what_is_no_quote_is_passed_over() -> None:
    before, crossed, zero = (AT_MS - 1, 900, 910), (AT_MS, 905, 900), (AT_MS, 0, 5)
    follower, outcome = followed(BUY, before, crossed, zero)
    assert outcome is None
    assert follower.entry_points is None


def test_market_time_alone_ends_it() -> None:
    follower, _ = followed(BUY, (AT_MS, 1000, 1010), (AT_MS + 1, 1050, 1060))
    assert follower.on_through(HORIZON_MS - 1) is None
    assert follower.on_through(HORIZON_MS) == Outcome(7, "TIMEOUT", 400, HORIZON_MS)
    assert (follower.entry_points, follower.exit_points) == (1010, 1050)
    assert follower.on_through(HORIZON_MS + 1) is None, "it has ended"
    assert follower.on_tick(Tick(HORIZON_MS + 1, 1, 2)) is None


def test_without_a_quote_it_was_never_entered() -> None:
    follower, _ = followed(BUY)
    assert follower.on_through(HORIZON_MS) == Outcome(7, "TIMEOUT", 0, HORIZON_MS)
    assert (follower.entry_points, follower.exit_points) == (None, None)


@given(
    st.sampled_from([BUY, SELL]),
    st.lists(st.tuples(st.integers(0, 99_999), st.integers(1, 2000), st.integers(0, 50))),
)
def test_telling_the_time_between_ticks_changes_nothing(signal: Signal, rows: list[tuple[int, int, int]]) -> None:
    alone, told, now = OutcomeFollower(1, signal), OutcomeFollower(1, signal), AT_MS
    for step, bid, spread in rows:
        now += step
        told.on_through(now)
        for follower in (alone, told):
            follower.on_tick(Tick(now, bid, bid + spread))
    for follower in (alone, told):
        follower.on_through(HORIZON_MS)
    assert alone.outcome == told.outcome
    assert alone.outcome is not None
    assert alone.outcome.outcome in set(OutcomeKind)
