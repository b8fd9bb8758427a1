"""Terminals: the rack, and everything about the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding

from hydractl.tui.feed import Want
from hydractl.tui.frame import Frame
from hydractl.tui.intents import terminals as intents
from hydractl.tui.panes import rack
from hydractl.tui.panes.pane import Pane, fill, show_aged, why_empty
from hydractl.tui.store import Ask
from hydractl.tui.widgets import Grid, Lines

NONE = "no terminal is under the cursor"
BAD_MAX, BAD_MAX_COMPACT = 5, 2


class Terminals(Pane):
    NAME = "terminals"
    TITLE = "Terminals"
    HELP = (
        "The rack: each terminal's link, duty and clock, those that are not well first. ROUND TRIP is the best one of "
        "the last minute, every two seconds. Enrolling and removing a terminal is done at the shell: "
        "hydractl terminal enroll, hydractl terminal remove."
    )
    BINDINGS = [
        Binding("D", "act('drain')", "drain", id="terminals.drain"),
        Binding("S", "act('activate')", "activate", id="terminals.activate"),
        Binding("Q", "act('quarantine')", "quarantine", id="terminals.quarantine"),
        Binding("B", "act('failover')", "failover", id="terminals.failover"),
        Binding("O", "give('assign')", "assign to an operator", id="terminals.assign", show=False),
        Binding("L", "give('release')", "release from an operator", id="terminals.release", show=False),
    ]
    DEFAULT_CSS = "#terminals-detail { min-height: 4; }"

    _wanted: Any = None  # a terminal that is to be under the cursor once it is listed

    def compose(self) -> ComposeResult:
        yield Lines("Not well", id="terminals-bad", classes="box")
        yield Grid("Rack", id="rack", classes="box")
        yield Lines("Terminal", id="terminals-detail", classes="box tall")

    def wants(self) -> Sequence[Want]:
        return (
            Want(Ask.of("terminals"), 2.0, stirred=True),
            Want(Ask.of("operators"), 15.0),
            Want(Ask.of("ticks"), rack.quotes_s(self.app.frame)),
        )

    def draw(self, frame: Frame) -> None:
        self._bad(frame)
        self._rack(frame)
        self._detail(frame)

    def _bad(self, frame: Frame) -> None:
        box = self.query_one("#terminals-bad", Lines)
        lines = rack.bad_lines(frame)
        box.display = bool(lines)
        many = f"{len(lines)} of {len(frame.view.data('terminals') or ())}" if lines else ""
        show_aged(frame, box, lines, frame.view.kept("terminals"), mark=many)
        box.styles.height = min(len(lines), BAD_MAX_COMPACT if frame.compact else BAD_MAX) + 1

    def _rack(self, frame: Frame) -> None:
        grid = self.query_one("#rack", Grid)
        rows = rack.rows_of(frame)
        fill(
            grid,
            frame,
            rack.columns_of(frame),
            rows,
            lambda row: row.name,
            empty=why_empty(frame, "terminals", rack.NONE),
            of=frame.view.kept("terminals"),
            wanted=self.filter,
            priority=rack.PRIORITY,
            flexible=rack.FLEXIBLE,
            style=rack.style_of,
        )
        grid.styles.height = min(max(len(rows), 1) + 2, max(frame.height // 2, 5))
        if self._wanted in grid.keys:
            grid.move_to(self._wanted)
            self._wanted = None

    def _detail(self, frame: Frame) -> None:
        box = self.query_one("#terminals-detail", Lines)
        name = self.query_one("#rack", Grid).key
        lines = rack.detail_lines(frame, name, max(box.size.width - 1, 30))
        show_aged(frame, box, lines, frame.view.kept("terminals"), mark=name or "")

    @on(Grid.Moved, "#rack")
    def _moved(self) -> None:
        self._detail(self.app.frame)

    @on(Grid.Chosen, "#rack")
    def _chosen(self) -> None:
        self.query_one("#terminals-detail", Lines).focus()

    def open(self, key: Any) -> None:
        self._wanted = key

    def told_about(self) -> str:
        return str(self.query_one("#rack", Grid).key or "") if self.query_one("#terminals-detail").has_focus else ""

    def _row(self) -> Any:
        """Of the terminal under the cursor; None: there is none."""
        name = self.query_one("#rack", Grid).key
        return next((row for row in self.app.view.data("terminals") or () if row.name == name), None)

    def action_act(self, what: str) -> None:
        row = self._row()
        if row is not None:
            self.app.intend(intents.ACTS[what](row.name))
        else:
            self.refuse(NONE)

    def action_give(self, what: str) -> None:
        row, people = self._row(), self.app.view.data("operators")
        if row is None:
            self.refuse(NONE)
            return
        if people is None:
            why = why_empty(self.app.frame, "operators", "")
            self.app.notify(f"operators are not known here: {why}", severity="warning")
            return
        if what == "release":
            people = rack.holders_of(people, row.account)
        names = [person.name for person in people]
        if not names:
            self.app.notify(f"nobody has {row.account}", severity="warning")
            return
        self.app.intend(intents.GIVING[what](row.name, row.account, names))
