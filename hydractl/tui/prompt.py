"""A line that asks for a few words, at the foot of a pane: hidden until it is wanted."""

from __future__ import annotations

from textual import on
from textual.binding import Binding
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from hydractl.tui.screens import Screens


class Prompt(Input):
    """`Given` is posted for Enter, and the line is gone; Esc leaves it without a word."""

    app: Screens
    DEFAULT_CSS = "Prompt { height: 1; border: none; display: none; }"
    BINDINGS = [Binding("escape", "leave", "leave it", show=False)]

    class Given(Message):
        """What was typed, without the spaces around it."""

        def __init__(self, prompt: Prompt, text: str) -> None:
            super().__init__()
            self.prompt, self.text = prompt, text

        @property
        def control(self) -> Prompt:
            return self.prompt

    def __init__(self, label: str, id: str) -> None:
        super().__init__(placeholder=label, id=id, compact=True)
        self._before: Widget | None = None

    def ask(self, text: str = "") -> None:
        """Shows the line, with the text to begin with."""
        self._before = self.screen.focused
        self.value = text
        self.display = True
        self.focus()
        self.app.draw()  # the line of the keys tells its own

    def action_leave(self) -> None:
        self.display = False
        if self._before is not None and self._before.is_attached:
            self._before.focus()
        self.app.call_after_refresh(self.app.draw)

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave()
        self.post_message(self.Given(self, self.value.strip()))
