"""Help for where one is: what the pane is for, and every key that does something in it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from hydractl.fitting import wrapped
from hydractl.tui.screens import Screens
from hydractl.tui.widgets import Lines

SAFETY = (
    "Read-only at first: an act needs write mode, which names the accounts in the border and ends after five minutes "
    "without a key. Each act opens a sheet that shows what it would do; Cancel has the focus, Tab moves to its "
    "fields, an arrow to the act's own button, Enter presses it. Halting needs no write mode. Nothing is sent before "
    "a button is pressed."
)
MOVING = (
    ("1 to 9", "the panes, in the order of the list below"),
    ("j k, arrows", "up and down; g G: first and last"),
    ("Tab", "the next box; left and right: the one beside"),
    ("PgUp PgDn", "by a page; Home End as g G"),
    ("Enter", "opens what the cursor is on"),
    ("Esc", "back"),
    (":", "a pane or an act by its name"),
)


def help_lines(
    title: str, about: str, keys: Sequence[tuple[str, str, str]], panes: Sequence[str], room: int
) -> list[Text]:
    """`keys`: (key, what it does, id) of those that do something here."""
    lines = [Text(title, "bold"), *_flow(about, room), Text(""), Text("Keys here", "bold")]
    wide = max((len(key) for key, _, _ in (*keys, *((key, "", "") for key, _ in MOVING))), default=0) + 2
    for key, what, name in keys:
        row = Text(f"  {key:<{wide}}", "cyan", no_wrap=True, end="")
        row.append(f"{what:<34}", "")
        row.append(name, "dim")
        lines.append(row)
    lines += [Text(""), Text("Moving", "bold")]
    lines += [Text.assemble((f"  {key:<{wide}}", "cyan"), what, no_wrap=True, end="") for key, what in MOVING]
    listed = ", ".join(f"{number} {name}" for number, name in enumerate(panes, 1))
    return [*lines, *_flow(f"  Panes: {listed}", room), Text(""), Text("Acts", "bold"), *_flow(SAFETY, room)]


def _flow(text: str, room: int) -> list[Text]:
    return [Text(row, no_wrap=True, end="") for row in wrapped(text, max(room, 30), 0)]


class Help(ModalScreen[None]):
    """Shown over the pane; any of the keys that close things closes it."""

    BINDINGS = [
        Binding("escape,question_mark,q,f1,enter", "dismiss(None)", "close"),
        Binding("H", "halt", "HALT", id="halt"),
    ]
    app: Screens

    def __init__(self, lines: Sequence[Text]) -> None:
        super().__init__()
        self._shown = lines

    def action_halt(self) -> None:
        self.app.action_halt()

    def compose(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Lines(id="help-lines")

    def on_mount(self) -> None:
        box = self.query_one(Lines)
        box.show(self._shown)
        box.focus()
