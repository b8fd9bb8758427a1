"""One of several: a small list over the pane."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from hydractl.tui.over import Over
from hydractl.tui.screens import Screens
from hydractl.tui.widgets import Grid

TRACED = "MFAPO"  # kinds of ids that have a trace


class Choose(Over[str | None]):
    """Ends with what was chosen; None where nothing was."""

    DEFAULT_CSS = """
    #choose { width: 40; height: auto; max-height: 100%; border: heavy $secondary; padding: 0 1; }
    .ascii #choose { border: ascii $secondary; }
    #choose Grid { height: auto; max-height: 16; }
    """
    BINDINGS = [Binding("escape", "dismiss(None)", "close")]

    def __init__(self, title: str, choices: Sequence[str]) -> None:
        super().__init__()
        self._asks, self._choices = title, choices

    def compose(self) -> ComposeResult:
        with Vertical(id="choose"):
            yield Grid()

    def on_mount(self) -> None:
        grid = self.query_one(Grid)
        rows = [Text(choice, "cyan", no_wrap=True, end="") for choice in self._choices]
        grid.show_rows(Text(self._asks, "bold", no_wrap=True, end=""), rows, self._choices, "")
        grid.focus()

    @on(Grid.Chosen)
    def _chosen(self, event: Grid.Chosen) -> None:
        self.dismiss(event.key)


def traceable(ids: Sequence[str]) -> list[str]:
    """Those of a record's ids that it may be opened by, what it is about first."""
    return [name for name in ids if name[:1] in f"{TRACED}L"]


def trace_one(app: Screens, ids: Sequence[str]) -> None:
    """Opens what a record is about: its trace, of an alarm the alarms; which one is asked where there are several."""

    def go(name: str | None) -> None:
        if name is not None:
            app.open_pane("alarms" if name.startswith("L") else "trace", name)

    known = traceable(ids)
    if len(known) > 1:
        app.push_screen(Choose("trace which?", known), go)
    elif known:
        go(known[0])
    else:
        app.notify("this record names nothing else that could be traced")
