"""APEX: what its detectors see, what they were silent about and why, and what became of the last setups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding

from hydractl.commands.apex import CANDIDATES, DETECTORS, SUPPRESSED, first_line, wrong
from hydractl.msgpack import View as Row
from hydractl.output import Column
from hydractl.tui.draw.gauge import gauge
from hydractl.tui.draw.glyphs import Glyphs
from hydractl.tui.feed import Want
from hydractl.tui.frame import Frame
from hydractl.tui.panes.detail import flowed
from hydractl.tui.panes.pane import Pane, fill, show_aged, why_empty
from hydractl.tui.store import Ask
from hydractl.tui.widgets import Grid, Lines

LIMIT = 50
EVERY_S = 3.0
BAR_CELLS = 16
ASK = Ask.of("apex.show", limit=LIMIT)


class Apex(Pane):
    NAME = "apex"
    TITLE = "APEX"
    HELP = (
        "What the detectors see: whether each is warm and has fresh ticks, how many signals of this hour's budget are "
        "used, why it was silent, and the last setups with their numbers. Ages are market time, but a tick's. Enter on "
        "a setup that was proposed opens its mission."
    )
    DEFAULT_CSS = """
    #apex-suppressed { height: 1fr; }
    #apex-candidates { height: 2fr; }
    """
    BINDINGS = [Binding("t", "trace", "trace", id="apex.trace")]

    def compose(self) -> ComposeResult:
        yield Lines("APEX", id="apex-head", classes="box")
        yield Grid("Detectors", id="apex-detectors", classes="box")
        yield Grid("Suppressed", id="apex-suppressed", classes="box tall")
        yield Grid("Setups", id="apex-candidates", classes="box tall")
        yield Lines("Numbers", id="apex-features", classes="box")

    def wants(self) -> Sequence[Want]:
        return (Want(ASK, EVERY_S, stirred=True),)

    @property
    def _setups(self) -> Grid:
        return self.query_one("#apex-candidates", Grid)

    # --- drawing ---

    def draw(self, frame: Frame) -> None:
        data = frame.view.data("apex.show", limit=LIMIT)
        head = self.query_one("#apex-head", Lines)
        lines = head_lines(frame, data, max(head.size.width - 1, 20))
        kept = frame.view.kept("apex.show", limit=LIMIT)
        show_aged(frame, head, lines, kept, EVERY_S)
        head.mark(frame.old_words(kept, EVERY_S))
        _high(head, min(len(lines), 4 if frame.compact else 8) + 1)
        self._tables(frame, data)
        self._numbers(frame)

    def _tables(self, frame: Frame, data: Any) -> None:
        of, grid = frame.view.kept("apex.show", limit=LIMIT), self.query_one("#apex-detectors", Grid)
        rows = detector_rows(frame, data)
        fill(
            grid, frame, DETECTORS, rows, lambda row: (row.symbol, row.detector),
            empty=_why(frame, "no detector watches anything"), of=of, every_s=EVERY_S, wanted=self.filter,
            priority=("symbol", "detector", "warm", "bars", "hour_used", "last_signal_age_s", "tick_age_s"),
        )  # fmt: skip
        _high(grid, min(max(len(rows), 1), 3 if frame.compact else 10) + 2)
        silent = suppressed_rows(data)
        fill(
            self.query_one("#apex-suppressed", Grid), frame, suppressed_columns(silent, frame.glyphs), silent,
            lambda row: (row.reason, row.symbol, row.detector),
            empty=_why(frame, "nothing was suppressed"), of=of, every_s=EVERY_S, wanted=self.filter,
            priority=("reason", "today", "total", "symbol", "last_age_s", "bar", "detector"), flexible=("detail",),
        )  # fmt: skip
        setups = list(data.candidates) if data is not None else []
        fill(
            self._setups, frame, CANDIDATES, setups, setup_key, empty=_why(frame, "no setup yet"), of=of,
            every_s=EVERY_S, wanted=self.filter,
            priority=("age_s", "symbol", "side", "became", "mission", "detector"), flexible=("detail",),
        )  # fmt: skip

    def _numbers(self, frame: Frame) -> None:
        box = self.query_one("#apex-features", Lines)
        lines = feature_lines(frame, self._setup(frame), max(box.size.width - 1, 20))
        box.show(lines)
        data = frame.view.data("apex.show", limit=LIMIT)
        since = frame.out.instant(data.candidates_since) if data is not None else ""
        box.mark(f"setups that were suppressed before {since} are counted, and not listed" if since else "")
        _high(box, 3 if frame.compact else 5)

    def _setup(self, frame: Frame) -> Any:
        """The setup under the cursor."""
        data = frame.view.data("apex.show", limit=LIMIT)
        key = self._setups.key
        return next((row for row in data.candidates if setup_key(row) == key), None) if data is not None else None

    # --- keys ---

    def named(self, grid: Grid) -> str:
        """Of a setup that was proposed its mission."""
        setup = self._setup(self.app.frame) if grid is self._setups else None
        return setup.mission if setup is not None and setup.mission else super().named(grid)

    @on(Grid.Moved, "#apex-candidates")
    def _moved(self) -> None:
        self._numbers(self.app.frame)

    @on(Grid.Chosen, "#apex-candidates")
    def _chosen(self) -> None:
        setup = self._setup(self.app.frame)
        if setup is not None and setup.mission:
            self.app.open_pane("mission", setup.mission)
        elif setup is not None:
            self.app.notify(f"suppressed ({setup.reason}): there is no mission")

    def action_trace(self) -> None:
        setup = self._setup(self.app.frame)
        if setup is not None and setup.mission:
            self.app.open_pane("trace", setup.mission)
        elif setup is not None:
            self.refuse(f"suppressed ({setup.reason}): there is no mission")
        else:
            self.refuse("no setup is under the cursor")


def _why(frame: Frame, none: str) -> str:
    return why_empty(frame, "apex.show", none, limit=LIMIT)


def setup_key(row: Any) -> Any:
    return row.at, row.symbol, row.detector, row.side


def head_lines(frame: Frame, data: Any, room: int) -> list[Text]:
    """What runs, what is wrong, and how much of this hour's signals the governor has left."""
    glyphs = frame.glyphs
    if data is None:
        return [Text(glyphs.write(_why(frame, "")), "dim", no_wrap=True, end="")]
    lines = flowed(Text.from_ansi(first_line(frame.out, data)).plain, room, glyphs)
    now: Any = Row({**data, "detectors": detector_rows(frame, data)})
    for words in wrong(now):
        lines += flowed(f"{glyphs.warning} {words}", room, glyphs, "bold red")
    if data.hour_max:
        share = None if data.hour_used is None else data.hour_used / data.hour_max
        budget = Text("budget of this hour  ", "dim", no_wrap=True, end="")
        room_left = max(room - budget.cell_len, 10)
        limit = f"{data.hour_max} signals"
        lines.append(budget.append_text(gauge(share, room_left, glyphs, limit=limit, nothing="none said")))
    return lines


def detector_rows(frame: Frame, data: Any) -> list[Any]:
    """The detectors with the ages of their ticks as they are now. The others are market time, which may stand: they are
    as they were told."""
    if data is None:
        return []
    by_s = frame.since(frame.view.kept("apex.show", limit=LIMIT))
    return [
        row if row.tick_age_s is None else Row({**row, "tick_age_s": row.tick_age_s + by_s}) for row in data.detectors
    ]


def suppressed_rows(data: Any) -> list[Any]:
    """Why it was silent, what was most often so today first."""
    rows = list(data.suppressed) if data is not None else []
    return sorted(rows, key=lambda row: (-row.today, -row.total, row.reason, row.symbol))


def suppressed_columns(rows: Sequence[Any], glyphs: Glyphs) -> list[Column]:
    """The shell's columns, with a bar behind the day's count."""
    most = max((row.today for row in rows), default=0)

    def bar(row: Any) -> str:
        return glyphs.fills[-1] * -(-row.today * BAR_CELLS // most) if most else ""

    columns = list(SUPPRESSED)
    columns.insert(1 + [column.key for column in columns].index("today"), Column("OF TODAY", "bar", show=bar))
    return columns


def feature_lines(frame: Frame, setup: Any, room: int) -> list[Text]:
    """The numbers that the detector looked at, and what became of the setup."""
    if setup is None:
        return [Text("no setup is under the cursor", "dim", no_wrap=True, end="")]
    what = f"{setup.symbol} {setup.side} {setup.detector} at {frame.out.instant(setup.at)}"
    became = f"PROPOSED as {setup.mission}" if setup.mission else f"SUPPRESSED: {setup.reason} {setup.detail or ''}"
    numbers = "  ".join(f"{name} {value}" for name, value in setup.features.items()) or "no numbers were kept of it"
    return [
        *flowed(f"{what}  {became}", room, frame.glyphs, "green" if setup.mission else "yellow"),
        *flowed(numbers, room, frame.glyphs),
    ]


def _high(box: Lines, height: int) -> None:
    if box.styles.height is None or box.styles.height.value != height:
        box.styles.height = height
