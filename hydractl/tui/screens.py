"""What panes and sheets use of the app that they stand in.

A class and not a protocol: each of them stands in a Textual app, and uses that too. `app.HydraTui` is the only one; it
knows the panes, and they know this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hydractl.tui.carry import Desk
from hydractl.tui.frame import Frame
from hydractl.tui.in_order import InOrder
from hydractl.tui.intent import Choices, Intent
from hydractl.tui.on_their_way import OnTheirWay
from hydractl.tui.store import Message, View


class Screens(InOrder):
    """`pressed_s`: when the last key that was heard was pressed, on Textual's own
    clock. `on_their_way`: acts without a verdict."""

    pressed_s: float
    on_their_way: OnTheirWay

    @property
    def clock_s(self) -> float:
        """Now, by the clock that all ages here are counted with: monotonic."""
        raise NotImplementedError

    @property
    def writing(self) -> bool:
        """Whether acts may be begun."""
        raise NotImplementedError

    # --- what is known, and how it is drawn ---

    @property
    def view(self) -> View:
        """What is known."""
        raise NotImplementedError

    @property
    def frame(self) -> Frame:
        """What a pane is drawn with now."""
        raise NotImplementedError

    @property
    def calm(self) -> bool:
        """Whether nothing on the screen changes by itself each second."""
        raise NotImplementedError

    @property
    def sheet_room(self) -> int:
        """Columns that a sheet's lines may have."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draws the view as it is."""
        raise NotImplementedError

    def turn(self) -> None:
        """Takes in what came, and draws."""
        raise NotImplementedError

    def post(self, message: Message) -> None:
        """From any thread: something came."""
        raise NotImplementedError

    def call_soon(self, run: Callable[[], None]) -> None:
        """From any thread: on the loop, soon; nothing where it has ended."""
        raise NotImplementedError

    def rewant(self) -> None:
        """The shown pane needs other queries now."""
        raise NotImplementedError

    def action_again(self) -> None:
        """Everything is asked for anew."""
        raise NotImplementedError

    def open_pane(self, name: str, key: Any = None) -> None:
        """Shows a pane, and in it the thing that `key` names."""
        raise NotImplementedError

    # --- acts ---

    def begin_on(self, name: str, action: str) -> None:
        """Shows a pane, and does there what a key of it does."""
        raise NotImplementedError

    def desk(self, room: int) -> Desk:
        """A desk for one intent."""
        raise NotImplementedError

    def intend(self, intent: Intent) -> None:
        """Opens an act's sheet, where it may be begun."""
        raise NotImplementedError

    def action_halt(self) -> None:
        """Opens the sheet of a halt, over whatever is shown."""
        raise NotImplementedError

    def accounts(self) -> list[Any]:
        """Those that are known."""
        raise NotImplementedError

    def fire(self, mission: str, account: str | None = None, accounts: Sequence[str] = ()) -> None:
        """Opens the sheet that fires a mission: on `account` unless another is chosen of `accounts` (those that may be
        fired on; else all that are known)."""
        raise NotImplementedError

    def targets(self, accounts: Sequence[str] = ()) -> Choices:
        """Where a fire may go, as far as it is known."""
        raise NotImplementedError

    def plans(self) -> Choices:
        """The plans that a fire may have; none while they are not known."""
        raise NotImplementedError
