"""What stands over a pane: a sheet, a help page, a list to choose from, the letters of the boxes.

Owns that the halt is one key away over each of them: what is modal hears none of the app's keys.
"""

from __future__ import annotations

from textual.binding import Binding
from textual.screen import ModalScreen, ScreenResultType

from hydractl.tui.screens import Screens


class Over(ModalScreen[ScreenResultType]):
    """Ends with a result of its own."""

    BINDINGS = [Binding("H", "halt", "HALT", id="halt")]
    app: Screens

    def action_halt(self) -> None:
        self.app.action_halt()
