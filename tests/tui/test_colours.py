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


@pytest.mark.parametrize("ascii_only", [False, True])
def test_what_enter_would_press_is_marked_without_colours(
    tui: Any, monkeypatch: pytest.MonkeyPatch, ascii_only: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    mark = ">" if ascii_only else "▸"

    def marked() -> str:
        """What stands turned round or underlined, of the terminal's own colours alone."""
        found = []
        for strip in tui.app.screen._compositor.render_strips():
            for line_filter in tui.app.get_line_filters():
                strip = strip.apply_filter(line_filter, tui.app.screen.background_colors[1])
            for segment in (segment for segment in strip if segment.style and segment.text.strip()):
                assert segment.style.color is None or segment.style.color.name == "default"
                found += [segment.text.strip()] if segment.style.reverse or segment.style.underline else []
        return "|".join(found)

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        assert "Missions" in marked() and "Positions" not in marked(), "the box that the keys go to"
        await pilot.press("tab")
        await pilot.pause()
        assert "Missions" not in marked() and "Positions" in marked()
        await pilot.press("H")
        await tui.until(pilot, "halt everything?")
        await tui.until(pilot, lambda: f"{mark} Cancel" in tui.written() and f"{mark} Halt" not in tui.written())
        await pilot.press("right")
        await tui.until(pilot, lambda: f"{mark} Halt" in tui.written() and f"{mark} Cancel" not in tui.written())
        await pilot.press("left", "tab")
        await pilot.pause()
        assert mark not in "".join(line for line in tui.written().splitlines() if "Cancel" in line)
        assert "account" in marked(), "the field that the keys go to"
        await pilot.press("enter", "down")
        await tui.until(pilot, lambda: "paper-1" in marked())
        await pilot.press("escape", "escape", "colon")
        await tui.until(pilot, lambda: "Go to Board" in marked())

    tui.play(scene, size=(80, 24), ascii_only=ascii_only)


def test_in_ascii_the_box_that_the_keys_go_to_has_another_rule(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        first = next(line for line in tui.written().splitlines() if "Missions" in line)
        assert first.startswith("=Missions") and first.rstrip().endswith("=")
        assert any(line.startswith("-Positions") for line in tui.written().splitlines())

    tui.play(scene, size=(80, 24), ascii_only=True)
