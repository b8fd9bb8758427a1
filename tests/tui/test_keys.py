"""Every key of every pane does something that is seen, or says why not: never nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from textual.binding import Binding

from hydractl.tui import app as app_module
from hydractl.tui.app import PANES, HydraTui
from hydractl.tui.notices import Notices

STATES = ("nobody heard", "writing to nothing", "rows", "writing")


def emptied(data: Any) -> Any:
    """An answer in which there is nothing: every list in it is empty."""
    if isinstance(data, list | tuple):
        return ()
    if isinstance(data, msgspec.Struct):
        lists = {name: () for name in data.__struct_fields__ if isinstance(getattr(data, name), tuple)}
        kept = ("accounts",)  # without one there is no write mode
        return msgspec.structs.replace(data, **{name: value for name, value in lists.items() if name not in kept})
    return data


def script_of(state: str, wire: Any) -> Any:
    def script(call: Any) -> Any:
        verb = wire.verb_of(call)
        if state == "writing to nothing":
            return wire.answer(call, data=emptied(wire.DATA[verb][1]))
        return wire.answer(call)

    return script


def keys_of(bindings: Any) -> list[str]:
    """Of all that can be given another key, but what leaves, and what leads to the pane one is on."""
    return [
        key
        for binding in bindings
        if isinstance(binding, Binding) and binding.id and not binding.id.startswith(("quit", "pane."))
        for key in binding.key.split(",")
    ]


def seen(tui: Any) -> Any:
    """All that is on the screen, with its styles."""
    strips = tui.app.screen._compositor.render_strips()
    return [[(segment.text, str(segment.style)) for segment in strip] for strip in strips]


async def at_rest(tui: Any, pilot: Any, name: str) -> None:
    """The pane, its first box, and nothing said."""
    while len(tui.app.screen_stack) > 1:
        await pilot.press("escape")
        await pilot.pause()
    for box in tui.app.query("Prompt, #filter"):
        box.display = False
    tui.app.pane.filter = ""
    tui.app.open_pane(name)
    tui.app._history.clear()
    tui.app.notices = Notices()
    for _ in range(2):
        await tui.told(pilot)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", [pane.NAME for pane in PANES])
def test_no_key_does_nothing_without_a_word(
    tui: Any, wire: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, state: str
) -> None:
    monkeypatch.chdir(tmp_path)  # where a screenshot goes
    monkeypatch.setattr(app_module, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    tui.fake.script = script_of(state, wire)
    pane = next(pane for pane in PANES if name == pane.NAME)
    silent: list[str] = []

    async def scene(pilot: Any) -> None:
        if state != "nobody heard":
            await tui.fed(pilot, *(tui.event(seq) for seq in range(1, 4) if state in ("rows", "writing")))
        tui.app.open_pane(name)
        for _ in range(2 if state != "nobody heard" else 0):
            await tui.fed(pilot)
        if state.startswith("writing"):
            await pilot.press("W")
            assert tui.app.writing
        own = keys_of(pane.BINDINGS)
        for key in [*own, *(key for key in keys_of(HydraTui.BINDINGS) if key not in own and name == "board")]:
            await at_rest(tui, pilot, name)
            before = seen(tui)
            await pilot.press(key)
            for _ in range(200):  # a slow machine may draw later
                await tui.told(pilot)
                if seen(tui) != before or tui.app.notices.said:
                    break
            else:
                silent.append(key)
            if not state.startswith("writing") and tui.app.writing:
                await pilot.press("escape", "W")

    tui.play(scene, size=(100, 40))
    assert silent == []
