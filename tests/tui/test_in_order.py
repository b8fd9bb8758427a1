"""Keys that arrive together do what they do one by one, in the order in which they were pressed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheet import closing, go, key, opened, pressed
from textual.app import ComposeResult
from textual.widgets import Button, Input

from hydractl.tui.in_order import KEYS_MAX, STUCK_S, InOrder
from hydractl.tui.intents import positions

EDITS = ("backspace", "delete", "ctrl+u", "ctrl+k", "ctrl+w", "home", "end", "left", "right", "shift+left", "tab")
SEQUENCES = st.lists(st.sampled_from((*"1290.", *EDITS)), max_size=14)


class Fields(InOrder):
    """Two lines of text and a button, and nothing more."""

    def compose(self) -> ComposeResult:
        yield Input("1290", id="first")
        yield Input("50", id="second")
        yield Button("Go", id="go")


async def typed(app: Fields, pilot: Any, turns: list[tuple[str, ...]]) -> tuple[str, str, str | None]:
    """What stands there after these, begun anew; keys of one turn arrive together."""
    first, second = (app.query_one(f"#{name}", Input) for name in ("first", "second"))
    first.value, second.value = "1290", "50"
    app.set_focus(None)
    await pilot.pause()
    app.set_focus(first)
    await pilot.pause()
    for turn in turns:
        await pressed(app, pilot, *turn)
    return first.value, second.value, app.focused.id if app.focused is not None else None


@settings(max_examples=4, deadline=None)
@given(st.lists(SEQUENCES, min_size=6, max_size=6))
def test_together_they_give_what_they_give_one_by_one(sequences: list[list[str]]) -> None:
    async def scenario() -> None:
        app = Fields()
        async with app.run_test() as pilot:
            for keys in sequences:
                together = await typed(app, pilot, [tuple(keys)])
                assert together == await typed(app, pilot, [(name,) for name in keys])

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("keys", "stands"),
    [
        (("end", *["backspace"] * 4, *"1281"), "1281"),
        (("ctrl+u", *"1.3800"), "1.3800"),
        (("end", "ctrl+u", *"0.04"), "0.04"),
        (("home", "delete", "9"), "9290"),
    ],
)
def test_the_number_is_the_one_that_was_typed(keys: tuple[str, ...], stands: str) -> None:
    async def scenario() -> None:
        app = Fields()
        async with app.run_test() as pilot:
            assert (await typed(app, pilot, [keys]))[0] == stands

    asyncio.run(scenario())


def test_a_key_that_is_lost_on_its_way_holds_up_the_others_for_a_moment_only() -> None:
    class Losing(Fields):
        def _behind(self, number: int, under: Any) -> None:
            if number > 1:
                super()._behind(number, under)

    async def scenario() -> None:
        app = Losing()
        async with app.run_test() as pilot:
            app.query_one("#first").focus()
            await pilot.pause()
            app.post_message(key("1"))
            app.post_message(key("2"))
            for _ in range(round(20 * STUCK_S / 0.05)):
                if app.query_one("#first", Input).value == "12":
                    return
                await pilot.pause(0.05)
            raise AssertionError("the second key was never typed")

    asyncio.run(scenario())


def test_what_waits_is_bounded() -> None:
    async def scenario() -> None:
        app = Fields()
        async with app.run_test() as pilot:
            for _ in range(KEYS_MAX + 10):
                app._keys.append(key("x"))
            await app.on_event(key("x"))
            assert len(app._keys) == KEYS_MAX + 9, "one was handed out, and none was added"
            app._keys.clear()
            await pressed(app, pilot)

    asyncio.run(scenario())


# --- at a sheet ---


def test_a_new_stop_is_what_was_typed(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, positions.modify(wire.P, "1290", None), "")
        await pressed(tui.app, pilot, *"1290", *["backspace"] * 4, *"1281", "tab", *"13", "ctrl+u", *"1300")
        assert tui.app.screen.query_one("#f-stop").value == "1281"
        assert tui.app.screen.query_one("#f-target").value == "1300"

    tui.play(scene)


def test_what_is_typed_behind_enter_takes_nothing_back(tui: Any, wire: Any) -> None:
    """Enter on the act's button, and a letter right behind it."""

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        await pilot.press("right")
        assert go(tui).has_focus
        await pressed(tui.app, pilot, "enter", "q")
        await tui.until(pilot, "exit code 0")
        assert tui.app.screen.query_one("#f-part").value == ""

    tui.play(scene)
    assert len(tui.fake.sent("close")) == 1


def test_what_is_typed_behind_the_filters_key_is_the_filter(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pressed(tui.app, pilot, "slash", *"EURX", "backspace", *"USD", "enter", "3")
        assert tui.app.query_one("#board").filter == "EURUSD" and tui.app.pane.NAME == "positions"

    tui.play(scene)
