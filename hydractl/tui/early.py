"""Keys that are quicker than a pane: an act's key waits for the first rows, while the cursor stands on nothing yet.

What is typed behind it waits in the line that all keys wait in. Owns which key is held, and when a pane that was opened
is there: drawn, with its rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydractl.tui.feed import Want
from hydractl.tui.panes.pane import Pane
from hydractl.tui.store import Ask, View

HELD_S = 2.0
ROWS = frozenset({"missions", "positions", "orders", "terminals", "alarms", "services"})  # what acts' cursors stand on


class Early:
    """At most one key of the pane that is shown."""

    def __init__(self) -> None:
        self._held: tuple[str, Pane, float] | None = None
        self._is_drawn = False
        self._asks: list[Ask] = []

    @property
    def is_held(self) -> bool:
        """Whether a key waits."""
        return self._held is not None

    def opened(self, wants: Sequence[Want]) -> None:
        """Another pane is shown, which needs these queries."""
        self._held, self._is_drawn = None, False
        self._asks = [want.ask for want in wants if want.ask.verb in ROWS]

    def drawn(self) -> None:
        """The pane has been drawn."""
        self._is_drawn = True

    def is_shown_whole(self, view: View) -> bool:
        """Whether the pane was drawn, and each list that an act's cursor stands on was answered or refused."""
        return self._is_drawn and all(ask in view.answers for ask in self._asks)

    def hold(self, action: str, pane: Pane, now_s: float) -> None:
        """The action of a key waits."""
        self._held = (action, pane, now_s + HELD_S)

    def is_due(self, view: View, now_s: float) -> bool:
        """Whether it has waited long enough: its pane is there, or takes too long."""
        return self._held is not None and (self.is_shown_whole(view) or now_s >= self._held[2])

    def let_go(self) -> tuple[str, Pane] | None:
        """What was held, and is no more: the action and its pane."""
        held, self._held = self._held, None
        return held and held[:2]

    def drop(self) -> bool:
        """Another key came; whether one was held."""
        held, self._held = self._held, None
        return held is not None
