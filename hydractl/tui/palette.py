"""What the palette offers: every pane, and every key that does something here, by its name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

from hydractl.tui.panes.pane import Pane
from hydractl.tui.screens import Screens


def commands(app: Screens, panes: tuple[type[Pane], ...], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Those of ours; Textual has a few more."""
    for pane in panes:
        yield SystemCommand(f"Go to {pane.TITLE}", pane.HELP, partial(app.open_pane, pane.NAME))
    for node, binding, enabled, _ in screen.active_bindings.values():
        if enabled and binding.id and not binding.id.startswith("pane."):
            words = f"{binding.description} ({app.get_key_display(binding)})"
            yield SystemCommand(words, binding.id, partial(app.run_action, binding.action, node))
