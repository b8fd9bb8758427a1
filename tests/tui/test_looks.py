"""What stands in a box has the style that it was given, and is drawn again where only that has changed."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from rich.text import Text

from hydractl.tui.store import STREAM, Lost
from hydractl.tui.widgets import Lines


def styles(tui: Any, words: str) -> list[Any]:
    """The styles of the words where they stand on the screen."""
    for strip in tui.app.screen._compositor.render_strips():
        if words in strip.text:
            return [segment.style for segment in strip if segment.text.strip() and segment.text.strip() in words]
    raise AssertionError(f"not seen: {words}\n{tui.text()}")


def test_a_line_without_spans_has_its_style_and_another_style_is_another_line(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        box = tui.app.query_one("#wrong", Lines)
        tui.app.draw = lambda: None  # nothing else stands there meanwhile
        for style in ("red", "dim", "bold"):
            box.show([Text("as it is", style, no_wrap=True, end="")])
            await pilot.pause()
            (shown,) = styles(tui, "as it is")
            assert (shown.dim, shown.bold) == (style == "dim" or None, style == "bold" or None)
            assert (shown.color.name == "red") == (style == "red")

    tui.play(scene)


def test_what_is_not_well_stands_out_and_is_dim_once_nobody_is_heard(tui: Any, wire: Any) -> None:
    gone = msgspec.structs.replace(wire.TERMINAL, link="LOST", why="no beat")

    def said(call: Any) -> Any:
        return wire.answer(call, data=(gone,)) if wire.verb_of(call) == "terminals" else wire.answer(call)

    tui.fake.script = said

    async def scene(pilot: Any) -> None:
        tui.app.open_pane("terminals")
        await tui.fed(pilot)
        words = "sim-1 is LOST"
        line = next(row for row in tui.lines() if words in row)
        assert {style.color.name for style in styles(tui, line)} == {"red"}
        await tui.told(pilot, Lost(STREAM, time.monotonic(), "the daemon went away"))
        line = next(row for row in tui.lines() if words in row)
        assert all(style.dim for style in styles(tui, line))

    tui.play(scene)
