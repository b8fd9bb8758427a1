"""Bars and levels to draw: any at all, and real ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from hydractl.tui.draw.bars import Bar, Level

if TYPE_CHECKING:
    from rich.text import Text

HERE = Path(__file__).parent
ODD = st.sampled_from([0.0, -1.0, 1e-9, 1e11, 1e300, float("inf"), float("nan")])
PRICES = st.one_of(st.integers(100_000, 110_000).map(lambda points: points / 100_000), ODD, st.floats())
INSTANTS = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
BARS = st.lists(st.builds(Bar, PRICES, PRICES, PRICES, PRICES, INSTANTS, st.booleans()), max_size=60)
NAMES = st.one_of(st.sampled_from(["entry", "stop", "target", "now", "stale", "range_high"]), st.text(max_size=6))
LEVELS = st.lists(
    PRICES.flatmap(lambda price: st.builds(Level, NAMES, st.just(price), st.just(f"{price:.5g}"))), max_size=7
)


def real_bars() -> list[Bar]:
    """EURUSD, M1, bid, 2014-05-08 12:16 to 12:55 UTC: a central bank's press conference. From the sample data of
    QuantConnect/Lean (Apache-2.0), whose quotes came from OANDA."""
    lines = (HERE / "eurusd.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    return [Bar(*map(float, row[1:]), at=row[0]) for row in rows]  # type: ignore[misc]


def shown(lines: list[Text]) -> str:
    return "\n".join(line.plain.rstrip() for line in lines) + "\n"
