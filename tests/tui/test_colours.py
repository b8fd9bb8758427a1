"""Only the terminal's own sixteen colours, wherever a screen or a list of choices stands."""

from __future__ import annotations

from typing import Any

import pytest
from rich.color import ColorType

OWN = {ColorType.DEFAULT, ColorType.STANDARD}


def strange(tui: Any) -> set[tuple[str, str]]:
    """Colours that are not the terminal's own, each with a text that is written in it."""
    found = set()
    for strip in tui.app.screen._compositor.render_strips():
        for line_filter in tui.app.get_line_filters():
            strip = strip.apply_filter(line_filter, tui.app.screen.background_colors[1])
        for segment in strip:
            for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                if colour is not None and colour.type not in OWN:
                    found.add((colour.name, segment.text))
    return found


SCREENS = {
    "board": (),
    "write mode": ("W",),
    "halt": ("H",),
    "a list of choices": ("H", "#f-how", "enter"),
    "another of them": ("H", "#f-how", "enter", "down"),
    "looked for": ("H", "#f-how", "enter", "r"),
    "a text": ("H", "#f-reason", "w", "h", "y", "shift+left"),
    "by hand": ("W", "2", "b"),
    "many choices": ("W", "2", "b", "#f-symbol", "enter"),
    "help": ("question_mark",),
    "palette": ("colon",),
    "palette looked through": ("colon", "h", "a", "l", "down"),
    "filter": ("slash", "x"),
    "prompt": ("5", "l", "x"),
    "jump": ("o",),
    "messages": ("f", "M"),
    "alarms": ("9",),
}


@pytest.mark.parametrize("name", SCREENS)
def test_only_the_terminals_own_sixteen(tui: Any, name: str) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        for key in SCREENS[name]:
            if key.startswith("#"):
                tui.app.screen.query_one(key).focus()
            else:
                await pilot.press(key)
            await pilot.pause()
            await tui.told(pilot)
        await pilot.pause(0.1)
        assert strange(tui) == set(), tui.text()
        await pilot.hover(offset=(60, 9))
        await pilot.pause()
        assert strange(tui) == set(), tui.text()

    tui.play(scene)
