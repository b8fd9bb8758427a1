"""Jump mode: each box of the pane is given a letter, and the letter moves there."""

from __future__ import annotations

import string
from collections.abc import Sequence

from textual import events
from textual.screen import ModalScreen

from hydractl.tui.widgets import Lines


class Jump(ModalScreen[None]):
    """Letters stand before the boxes' titles until a key is pressed."""

    def __init__(self, boxes: Sequence[Lines]) -> None:
        super().__init__()
        self._boxes = dict(zip(string.ascii_lowercase, boxes, strict=False))

    def on_mount(self) -> None:
        for letter, box in self._boxes.items():
            box.call_it(letter)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        if not self.is_current:
            return  # typed behind the key that ended it
        for box in self._boxes.values():
            box.call_it("")
        self.dismiss()
        if event.key in self._boxes:
            self._boxes[event.key].focus()
