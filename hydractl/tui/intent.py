"""What an act is before it is one: what can be filled in, what it would do, and how that is sent.

Owns the shapes that `intents/` makes and a sheet carries out; nothing here knows a screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.text import Text

from hydractl.tui.carry import Desk, Said
from hydractl.tui.feed import Want
from hydractl.tui.frame import Frame
from hydractl.tui.store import View

LIVE = "LIVE"
CANCEL = "Cancel"
Choices = tuple[tuple[str, str], ...]  # (shown, value)


@dataclass(frozen=True, slots=True)
class Field:
    """Something to fill in: `choices` make it a list, else it is a line of text."""

    name: str
    label: str
    value: str = ""
    choices: Choices = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes on beside an act while its fields are filled in: queries of the feed, and lines of at most so many
    columns that are made of their answers. Both by the fields' values now."""

    wants: Callable[[View, Mapping[str, str]], tuple[Want, ...]]
    lines: Callable[[Frame, Mapping[str, str], int], list[Text]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be done. `question`: what a yes means; `label`: PAPER, DEMO or LIVE, "" where no account is touched;
    `send` None: there is nothing to say yes to, and `said` tells why. `typed`: what has to be typed before, None: the
    word LIVE where `label` is that, else nothing."""

    said: Said
    question: str
    label: str
    send: Callable[[Desk], int] | None
    typed: str | None = None

    @property
    def word(self) -> str | None:
        """What has to be typed."""
        return self.typed if self.typed is not None or self.label != LIVE else LIVE


@dataclass(frozen=True, slots=True)
class Intent:
    """An act that a person may want. `propose` runs on a thread of its own with the values of `fields`. `go`: the word
    on its button. `reading`: it may be begun in read-only mode, as a halt may. `begin`: the field that has the focus at
    first, where one must be filled in before there is anything to propose; else Cancel has it. `leave`: the word
    on that one, where Cancel would be misread. `what`: what the title's id is, such as symbol, side and volume."""

    title: str
    go: str
    propose: Callable[[Desk, Mapping[str, str]], Proposal]
    fields: tuple[Field, ...] = ()
    reading: bool = False
    danger: bool = True
    begin: str = ""
    leave: str = CANCEL
    beside: Beside | None = None
    what: str = ""
