"""What the palette offers: every pane, and every key that does something here, by its name; acts stand last.

Owns that Enter chooses what is in sight and once: Textual's own palette runs the first of everything where Enter is
quicker than the list, and takes itself away twice for two of them, which ends the app.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from functools import partial
from typing import Any

from textual import on
from textual.app import SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.command import Command, CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen
from textual.widgets import Input, OptionList

from hydractl.tui.panes.pane import Pane
from hydractl.tui.screens import Screens

# What does something to accounts, terminals or services, or says something to others: last. Not the halt, which
# is never behind anything.
ACTS = frozenset(
    (
        "resume", "board.fire", "mission.fire", "mission.pass", "mission.by_hand", "mission.approve",
        "mission.withdraw", "mission.note", "positions.close", "positions.part", "positions.modify", "positions.plan",
        "positions.cancel", "positions.flatten", "positions.adopt", "positions.note", "terminals.drain",
        "terminals.activate", "terminals.quarantine", "terminals.failover", "terminals.assign", "terminals.release",
        "services.start", "services.stop", "services.restart", "alarms.acknowledge",
    )
)  # fmt: skip
ON_NOTHING = ("mission.by_hand", "positions.flatten")  # those that are about no row


# What another pane has under the same word and key.
_TWICE = ("board.fire",)


def commands(app: Screens, panes: tuple[type[Pane], ...], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Those of ours; Textual has a few more. An act that does nothing where one is leads to where it is begun."""
    for pane in panes:
        about = f"{pane.HELP.partition('. ')[0].rstrip('.')}."
        yield SystemCommand(f"Go to {pane.TITLE}", about, partial(app.open_pane, pane.NAME))
    for node, binding, enabled, _ in screen.active_bindings.values():
        if enabled and binding.id and not binding.id.startswith("pane."):
            words = f"{binding.description} ({app.get_key_display(binding)})"
            yield SystemCommand(words, binding.id, partial(app.run_action, binding.action, node))
    here = {binding.id for _, binding, enabled, _ in screen.active_bindings.values() if enabled}
    for pane in panes:
        for bound in pane.BINDINGS:
            if isinstance(bound, Binding) and bound.id in ACTS - here and bound.id not in _TWICE:
                yield SystemCommand(*_elsewhere(app, pane, bound))


def _elsewhere(app: Screens, pane: type[Pane], bound: Binding) -> tuple[str, str, Callable[[], None]]:
    """An act of another pane: what it says, its id, and the way to where its row is chosen; at once where it is about
    none."""
    key = app.get_key_display(bound)
    assert bound.id is not None
    if bound.id in ON_NOTHING:
        return f"{bound.description} ({key} on {pane.TITLE})", bound.id, partial(app.begin_on, pane.NAME, bound.action)
    words = f"{bound.description}: choose on {pane.TITLE}, then {key}"

    def go() -> None:
        app.open_pane(pane.NAME)
        first = "" if app.writing else f"read-only: {_write_key(app)} begins write mode; then "
        app.notify(f"{first}{bound.description}: choose which with j and k, then {key}")

    return words, bound.id, go


def _write_key(app: Screens) -> str:
    bounds = (bound for _, bound, _, _ in app.screen.active_bindings.values())
    return next((app.get_key_display(bound) for bound in bounds if bound.id == "write"), "")


class Offered(Provider):
    """What does nothing but show, in its order; then acts."""

    def _all(self) -> list[SystemCommand]:
        return sorted(self.app.get_system_commands(self.screen), key=lambda each: each.help in ACTS)

    async def discover(self) -> Hits:
        for each in self._all():
            yield DiscoveryHit(each.title, each.callback, help=each.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for each in self._all():
            score = matcher.match(each.title)
            if score > 0:
                behind = 1000.0 if each.help not in ACTS else 1.0  # the list is sorted by it
                yield Hit(score * behind, matcher.highlight(each.title), each.callback, help=each.help)


class Palette(CommandPalette):
    """Textual's, which chooses only of the list that was made of what is typed, and is taken away once."""

    def __init__(self, **of_a_screen: Any) -> None:
        super().__init__(**of_a_screen)
        self._searched: str | None = None
        self._listed: str | None = None
        self._is_chosen = self._is_gone = False

    def _search_for(self, search_value: str) -> AsyncGenerator[Any, bool]:
        self._searched = search_value
        return super()._search_for(search_value)

    def _refresh_command_list(self, command_list: CommandList, commands: list[Command], clear_current: bool) -> None:
        super()._refresh_command_list(command_list, commands, clear_current)
        self._listed = self._searched

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        """Nothing is chosen of a list that is not yet of the text, nor of one of which something was chosen."""
        if self._is_chosen or event.value.strip() != self._listed:
            event.stop()
            event.prevent_default()

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        if self._is_chosen:
            event.stop()
            event.prevent_default()
        self._is_chosen = True

    def dismiss(self, result: Any = None) -> AwaitComplete:
        if self._is_gone or not self.is_current:
            return AwaitComplete()
        self._is_gone = True
        return super().dismiss(result)
