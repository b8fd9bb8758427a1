"""Which bars a mission's chart is made of, and the chart. Pure.

Owns the choice of a timeframe: the finest one with which the bars since the signal, and some before it, have a column
each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from hydractl.tui.draw.bars import bars_of, levels_of, signal_bar
from hydractl.tui.draw.candles import chart
from hydractl.tui.frame import Frame, faded
from hydractl.tui.panes.pane import why_empty
from hydractl.tui.store import Ask, Kept
from hydrad.domain.instants import BadInstant, parse_ms

if TYPE_CHECKING:
    from hydrad.wire.answers.briefing import Briefing

TIMEFRAMES = {"M1": 60, "M5": 300, "M15": 900, "H1": 3600, "H4": 14_400}  # name -> seconds of a bar
BEFORE = 24  # bars before the signal that a reader wants to see; half of the columns where these are few
LIMIT = 400
BARS_S = 60.0  # they are made anew from the recording each time: half a second of a core for an hour of ticks
OLD_S = 150.0


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked for: the bars of `symbol` from `since` until `until`."""

    symbol: str
    timeframe: str
    since: str
    until: str

    @property
    def ask(self) -> Ask:
        return Ask.of(
            "bars", symbol=self.symbol, timeframe=self.timeframe, since=self.since, until=self.until, limit=LIMIT
        )


def window_of(data: Briefing, columns: int, market_ms: int | None, timeframe: str | None = None) -> Window:
    """The bars of a briefing's chart: from its start to the mission's horizon, as far as there are any. `timeframe`:
    what a person has chosen."""
    name = timeframe or fitting_timeframe(data, columns, market_ms)
    return Window(data.chart.symbol, name, data.chart.start, data.mission.mission.horizon_at)


def fitting_timeframe(data: Briefing, columns: int, market_ms: int | None) -> str:
    """The finest timeframe that has room from some bars before the signal to now, or to the horizon."""
    try:
        signal_ms, horizon_ms = parse_ms(data.chart.signal_at), parse_ms(data.mission.mission.horizon_at)
    except BadInstant:
        return "M1"
    until_ms = horizon_ms if market_ms is None else min(max(market_ms, signal_ms), horizon_ms)
    room = max(columns - BEFORE, columns // 2)
    for name, bar_s in TIMEFRAMES.items():
        if (until_ms - signal_ms) // (bar_s * 1000) < room:
            return name
    return name


def is_old(frame: Frame, bars: Kept | None) -> bool:
    """Whether bars must look old: none came for longer than they are asked for."""
    return frame.view.lost is not None or (bars is not None and bars.data is not None and frame.since(bars) > OLD_S)


def chart_lines(
    frame: Frame, data: Briefing, window: Window, width: int, height: int, *, old: bool = False
) -> list[Text]:
    """The chart, or why there is none; dim where its bars, or the levels (`old`), are old."""
    ask = window.ask
    kept = frame.view.answers.get(ask)
    bars = bars_of(kept.data or ()) if kept is not None else ()
    lines = chart(
        bars,
        levels_of(data.chart, data.price),
        width,
        height,
        frame.glyphs,
        signal=signal_bar(bars, data.chart.signal_at, TIMEFRAMES[window.timeframe]),
        empty=why_empty(
            frame, "bars", f"no bar was recorded from {frame.out.instant(window.since)} on", **dict(ask.fields)
        ),
    )
    return [faded(row) for row in lines] if old or is_old(frame, kept) else lines
