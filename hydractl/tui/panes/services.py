"""Services: what runs inside the daemon, every health check, its jobs, and the daemon itself."""

from __future__ import annotations

from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from hydractl.tui.frame import Frame
from hydractl.tui.intents import services as intents
from hydractl.tui.panes import machinery
from hydractl.tui.panes.pane import Pane, fill, show_aged, why_empty
from hydractl.tui.widgets import Grid, Lines


class Services(Pane):
    NAME = "services"
    TITLE = "Services"
    HELP = (
        "What runs inside the daemon, what its health checks have measured, failing ones first, its jobs, and where it "
        "is reached. The daemon itself is started and stopped at the shell: hydractl up, down, restart."
    )
    BINDINGS = [
        Binding("S", "act('start')", "start", id="services.start"),
        Binding("Q", "act('stop')", "stop", id="services.stop"),
        Binding("R", "act('restart')", "restart", id="services.restart"),
        Binding("e", "health", "health checks again", id="services.health", show=False),
    ]
    DEFAULT_CSS = """
    #services-columns { height: 1fr; }
    #services-left, #services-right { width: 1fr; height: 1fr; }
    """
    _wanted: Any = None  # a service that is to be under the cursor once it is listed

    _chosen = "services"  # the table that had the focus last

    def compose(self) -> ComposeResult:
        with Horizontal(id="services-columns"):
            with Vertical(id="services-left"):
                yield Grid("Services", id="services", classes="box")
                yield Grid("Jobs", id="jobs", classes="box tall")
            with Vertical(id="services-right"):
                yield Grid("Health", id="checks", classes="box tall")
        yield Lines("Detail", id="daemon", classes="box")

    def draw(self, frame: Frame) -> None:
        for name in machinery.TABLES:
            self._fill(frame, name)
        grid = self.query_one("#services", Grid)
        grid.styles.height = min(max(len(grid.keys), 1) + 2, max(frame.height * 3 // 8, 6))
        if self._wanted in grid.keys:
            grid.move_to(self._wanted)
            self._wanted = None
        self._detail(frame)

    def _fill(self, frame: Frame, name: str) -> None:
        shown = machinery.TABLES[name]
        fill(
            self.query_one(f"#{name}", Grid),
            frame,
            shown.columns(frame),
            shown.rows(frame),
            lambda row: row.get(shown.key),
            empty=why_empty(frame, "status", shown.none),
            of=frame.view.kept("status"),
            wanted=self.filter,
            priority=shown.priority,
            flexible=shown.flexible,
            style=shown.style,
            note=machinery.checks_mark(frame) if name == "checks" else "",
        )

    def _detail(self, frame: Frame) -> None:
        box = self.query_one("#daemon", Lines)
        room = max(box.size.width - 1, 30)
        chosen = machinery.chosen_lines(frame, self._chosen, self.query_one(f"#{self._chosen}", Grid).key, room)
        lines = [*chosen, *machinery.daemon_lines(frame, room), *machinery.pending_lines(frame, room)]
        show_aged(frame, box, lines, frame.view.kept("status"))
        box.styles.height = min(len(lines), max(frame.height // 4, 4)) + 1

    @on(Grid.Moved)
    def _moved(self) -> None:
        self._detail(self.app.frame)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, Grid) and event.widget.id in machinery.TABLES:
            self._chosen = event.widget.id
            self._detail(self.app.frame)

    def open(self, key: Any) -> None:
        self._wanted = key

    def told_about(self) -> str:
        return str(self.query_one(f"#{self._chosen}", Grid).key or "")

    def action_act(self, what: str) -> None:
        name = self.query_one("#services", Grid).key
        if name is not None:
            self.app.intend(intents.ACTS[what](name))
        else:
            self.refuse("no service is under the cursor")

    def action_health(self) -> None:
        self.query_one("#checks").focus()
        self.app.action_again()
