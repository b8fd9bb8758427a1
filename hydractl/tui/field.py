"""One field of a sheet: its label, and the line or the list that it is filled in with."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label, Select

from hydractl.plain import plain
from hydractl.tui.intent import Field

Box = Input | Select[str]


class FieldRow(Horizontal):
    """A field on a line of its own; what keys go to is `box`, with the id `f-NAME`."""

    def __init__(self, field: Field) -> None:
        super().__init__(classes="field")
        self.field = field
        name = f"f-{field.name}"
        self.box: Box
        if field.choices:
            words = [(Text(plain(shown)), value) for shown, value in field.choices]  # searched by what is typed
            chosen = field.value or field.choices[0][1]
            self.box = Select(words, value=chosen, allow_blank=False, id=name, compact=True)
        else:
            self.box = Input(field.value, placeholder=field.hint, id=name, compact=True)

    def compose(self) -> ComposeResult:
        yield Label(self.field.label, markup=False)
        yield self.box

    @property
    def value(self) -> str:
        """What it is filled in with."""
        return str(self.box.value).strip()
