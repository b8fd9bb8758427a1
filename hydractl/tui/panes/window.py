"""Which bars a mission's chart is made of, and the chart. Pure.

Owns the choice of a timeframe, made once for a mission: the finest one with which the bars from the signal to the
horizon have a column each, and some before it.
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
BEFORE = 3  # one of so many columns is for bars before the signal
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


def window_of(data: Briefing, timeframe: str) -> Window:
    """The bars of a briefing's chart: from its start to the mission's horizon, as far as there are any."""
    return Window(data.chart.symbol, timeframe, data.chart.start, data.mission.mission.horizon_at)


def fitting_timeframe(data: Briefing, columns: int) -> str:
    """The finest timeframe that has room from some bars before the signal to the horizon."""
    try:
        signal_ms, horizon_ms = parse_ms(data.chart.signal_at), parse_ms(data.mission.mission.horizon_at)
    except BadInstant:
        return "M1"
    room = columns - columns // BEFORE
    for name, bar_s in TIMEFRAMES.items():
        if (horizon_ms - signal_ms) // (bar_s * 1000) < room:
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
