"""Jump mode: each box of the pane is given a letter, and the letter moves there."""

from __future__ import annotations

import string
from collections.abc import Sequence

from textual import events
from textual.binding import Binding

from hydractl.tui.over import Over
from hydractl.tui.widgets import Lines


class Jump(Over[None]):
    """Letters stand before the boxes' titles until a key is pressed. None of them is the halt's key."""

    BINDINGS = [Binding("H", "halt", "HALT", id="halt", priority=True)]

    def __init__(self, boxes: Sequence[Lines]) -> None:
        super().__init__()
        self._all = boxes
        self._boxes: dict[str, Lines] = {}

    def on_mount(self) -> None:
        taken = {key for key, each in self.active_bindings.items() if each.binding.id == "halt"}
        letters = [letter for letter in string.ascii_lowercase if letter not in taken]
        self._boxes = dict(zip(letters, self._all, strict=False))
        for letter, box in self._boxes.items():
            box.call_it(letter)

    def _end(self) -> None:
        for box in self._boxes.values():
            box.call_it("")
        self.dismiss()

    def action_halt(self) -> None:
        if self.is_current:
            self._end()
            super().action_halt()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        if not self.is_current:
            return  # typed behind the key that ended it
        self._end()
        if event.key in self._boxes:
            self._boxes[event.key].focus()
