"""Alarms: what rings, the whole runbook of the one under the cursor, and the newest findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding

from hydractl.tui.feed import Want
from hydractl.tui.frame import Frame
from hydractl.tui.intents import alarms as intents
from hydractl.tui.panes import ringing
from hydractl.tui.panes.pane import Pane, fill, show_aged, why_empty
from hydractl.tui.store import Ask
from hydractl.tui.widgets import Grid, Lines

FINDINGS_S = 5.0


class Alarms(Pane):
    NAME = "alarms"
    TITLE = "Alarms"
    HELP = (
        "What rings, those that nobody is on first, and the runbook of the one under the cursor: NOW is what to do at "
        "once. Below them what reconciliation and checks have found. Enter goes to what an alarm is about."
    )
    BINDINGS = [
        Binding("a", "acknowledge", "acknowledge", id="alarms.acknowledge"),
        Binding("t", "about", "to what it is about", id="alarms.about"),
        Binding("x", "cleared", "also cleared ones", id="alarms.cleared"),
    ]
    DEFAULT_CSS = "#alarms-detail { min-height: 5; }"
    _cleared = False
    _of_findings = False
    _wanted: Any = None  # an alarm that is to be under the cursor once it is listed

    def compose(self) -> ComposeResult:
        yield Grid("Alarms", id="alarms-list", classes="box")
        yield Lines("What to do", id="alarms-detail", classes="box tall")
        yield Grid("Findings", id="findings", classes="box")

    @property
    def _list(self) -> Grid:
        return self.query_one("#alarms-list", Grid)

    @property
    def _findings(self) -> Grid:
        return self.query_one("#findings", Grid)

    def wants(self) -> Sequence[Want]:
        wants = [
            Want(Ask.of("alarms", **ringing.asked(self._cleared)), 2.0, stirred=True),
            Want(Ask.of("findings", limit=ringing.FINDINGS_MAX), FINDINGS_S, stirred=True),
        ]
        if self._list.key is not None:
            wants.append(Want(Ask.of("alarm.show", alarm=self._list.key), ringing.NOTES_S, stirred=True))
        return wants

    def draw(self, frame: Frame) -> None:
        self._draw_list(frame)
        self._draw_findings(frame)
        self._draw_detail(frame)

    def _draw_list(self, frame: Frame) -> None:
        rows = ringing.rows_of(frame, self._cleared)
        none = "no alarm stands, and none was cleared" if self._cleared else ringing.NONE
        fill(
            self._list,
            frame,
            ringing.columns_of(),
            rows,
            lambda row: row.id,
            empty=why_empty(frame, "alarms", none, **ringing.asked(self._cleared)),
            of=frame.view.kept("alarms", **ringing.asked(self._cleared)),
            wanted=self.filter,
            priority=ringing.PRIORITY,
            flexible=ringing.FLEXIBLE,
            style=ringing.style_of,
        )
        self._list.styles.height = min(max(len(rows), 1) + 2, max(frame.height // 3, 5))
        self._find(frame)

    def _find(self, frame: Frame) -> None:
        """Puts the cursor on the alarm that was asked for; one that does not stand is among the cleared ones."""
        if self._wanted is None or frame.view.data("alarms", **ringing.asked(self._cleared)) is None:
            return
        if self._wanted in self._list.keys:
            self._list.move_to(self._wanted)
            self._wanted = None
        elif self._cleared:
            self._wanted = None
        else:
            self.action_cleared()

    def _draw_findings(self, frame: Frame) -> None:
        fields = {"limit": ringing.FINDINGS_MAX}
        rows = list(frame.view.data("findings", **fields) or ())
        fill(
            self._findings,
            frame,
            ringing.finding_columns(frame),
            rows,
            lambda row: row.seq,
            empty=why_empty(frame, "findings", "nothing was found amiss yet", **fields),
            of=frame.view.kept("findings", **fields),
            every_s=FINDINGS_S,
            wanted=self.filter,
            priority=ringing.FINDING_PRIORITY,
            flexible=ringing.FINDING_FLEXIBLE,
        )
        self._findings.styles.height = min(max(len(rows), 1) + 2, max(frame.height // 5, 4))

    def _draw_detail(self, frame: Frame) -> None:
        box = self.query_one("#alarms-detail", Lines)
        room = max(box.size.width - 1, 30)
        row, kind = self._row()
        if row is None:
            box.show([Text("nothing is chosen", "dim", no_wrap=True, end="")])
            box.mark("")
        elif kind == "finding":
            of = frame.view.kept("findings", limit=ringing.FINDINGS_MAX)
            show_aged(frame, box, ringing.finding_lines(frame, row, room), of, FINDINGS_S, f"finding {row.seq}")
        else:
            of = frame.view.kept("alarms", **ringing.asked(self._cleared))
            show_aged(frame, box, ringing.alarm_lines(frame, row, room), of, mark=row.id)

    def _row(self) -> tuple[Any, str]:
        """What is under the cursor, and whether it is an alarm or a finding."""
        frame = self.app.frame
        if self._of_findings or self._list.key is None:
            rows = frame.view.data("findings", limit=ringing.FINDINGS_MAX) or ()
            return next((row for row in rows if row.seq == self._findings.key), None), "finding"
        rows = ringing.rows_of(frame, self._cleared)
        return next((row for row in rows if row.id == self._list.key), None), "alarm"

    def named(self, grid: Grid) -> str:
        """An alarm's id; of a finding, which has a number alone, the id of what it is about."""
        if grid is not self._findings:
            return super().named(grid)
        row, _ = self._row()
        found = ringing.about(row, (), ()) if row is not None else None
        return found[1] if found is not None else ""

    def told_about(self) -> str:
        return self.named(self._findings if self._row()[1] == "finding" else self._list)

    @on(Grid.Moved, "#alarms-list")
    def _moved(self) -> None:
        self.app.rewant()

    @on(Grid.Moved, "#findings")
    def _found(self) -> None:
        self._draw_detail(self.app.frame)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The detail is of the list that had the focus last, while it is read itself too."""
        if isinstance(event.widget, Grid):
            self._of_findings = event.widget is self._findings
            self._draw_detail(self.app.frame)

    @on(Grid.Chosen)
    def action_about(self) -> None:
        row, _ = self._row()
        if row is None:
            self.refuse("no alarm and no finding is under the cursor")
            return
        status = self.app.view.data("status")
        terminals = [each.name for each in status.terminals] if status is not None else []
        services = [each.name for each in status.services] if status is not None else []
        found = ringing.about(row, terminals, services)
        if found is None:
            self.app.notify(f"{row.subject or row.code} has no screen of its own", severity="warning")
        else:
            self.app.open_pane(*found)

    def action_cleared(self) -> None:
        self._cleared = not self._cleared
        self.app.notify("cleared alarms are listed too" if self._cleared else "only alarms that stand are listed")
        self.app.rewant()

    def action_acknowledge(self) -> None:
        if self._list.key is not None:
            self.app.intend(intents.acknowledge(self._list.key))
        else:
            self.refuse("no alarm is under the cursor")

    def open(self, key: Any) -> None:
        self._wanted = key
