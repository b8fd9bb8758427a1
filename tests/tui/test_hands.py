"""A person's hands at a sheet: what is typed goes where the focus is and nowhere else, and the focus stays there."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sheet import closing, go, opened, pressed

from hydractl.tui.intents import fires, positions
from hydractl.tui.sheets import Sheet

TARGETS = fires.targets_of(["paper-1"], ())


def by_hand() -> Any:
    return fires.fire_by_hand(["EURUSD", "XAUUSD"], TARGETS, (), "EURUSD")


def field(tui: Any, name: str) -> str:
    return str(tui.app.screen.query_one(f"#f-{name}").value)


def focus(tui: Any) -> str:
    here = tui.app.focused
    return next(str(node.id) for node in here.ancestors_with_self if node.id)


@pytest.mark.parametrize("typed", ["3", "0", "q", "c", "%"])
def test_what_is_typed_on_a_button_is_typed_nowhere_and_that_is_said(tui: Any, wire: Any, typed: str) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, positions.close(wire.P, "50%"), "")
        for button in ("cancel", "go"):
            assert focus(tui) == button
            await pilot.press("percent_sign" if typed == "%" else typed)
            await tui.until(pilot, f"'{typed}' did nothing: a button has the focus. Tab leads to the fields")
            assert field(tui, "part") == "50%" and focus(tui) == button
            await pilot.press("right")
            await pilot.pause()
            assert "did nothing" not in tui.text()
        await pilot.press("escape")

    tui.play(scene)
    assert tui.fake.sent("close") == []


def test_a_halt_is_one_key_away_from_a_button_whatever_was_typed_there(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        await pressed(tui.app, pilot, "q", "3", "H")
        await tui.until(pilot, "halt everything?")

    tui.play(scene)


@pytest.mark.parametrize("by", ["burst", "one by one"])
@pytest.mark.parametrize("over", ["pane", "sheet", "write"])
def test_a_halt_is_sent_at_any_speed(tui: Any, wire: Any, by: str, over: str) -> None:
    async def scene(pilot: Any) -> None:
        if over == "sheet":
            await opened(tui, pilot, closing(wire))
        else:
            await tui.fed(pilot)
            if over == "write":
                await pilot.press("W")
        if by == "burst":
            await pressed(tui.app, pilot, "H", "right", "enter")
        else:
            for key in ("H", "right", "enter"):
                await pressed(tui.app, pilot, key)
        await tui.until(pilot, "exit code 0")

    tui.play(scene, size=(80, 24))
    (body,) = tui.fake.bodies("halt")
    assert body.account is None


@pytest.mark.parametrize("keys", [("H",), ("H", "enter"), ("H", "H"), ("H", "right")])
def test_a_halt_is_not_sent_by_less(tui: Any, keys: tuple[str, ...]) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pressed(tui.app, pilot, *keys)
        await pilot.pause(0.1)

    tui.play(scene)
    assert tui.fake.bodies("halt") == []


def held(wire: Any, wait: threading.Event) -> Any:
    """A daemon whose looks take their time."""

    def script(call: Any) -> Any:
        if getattr(call.body, "dry_run", False):
            wait.wait(20)
        return wire.answer(call)

    return script


def test_the_focus_of_a_fire_by_hand_starts_where_it_stays(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.app.set_writing(True)
        seen = set()
        tui.app.intend(by_hand())
        for _ in range(40):
            await pilot.pause(0.005)
            if isinstance(tui.app.screen, Sheet) and tui.app.focused is not None:
                seen.add(focus(tui))
        assert seen == {"f-symbol"}
        await pressed(tui.app, pilot, "tab", "tab", *"1.0814", "tab", *"1.0900")
        assert (field(tui, "stop"), field(tui, "target")) == ("1.0814", "1.0900")

    tui.play(scene)


@pytest.mark.parametrize("when", ["before the look", "after the look"])
@pytest.mark.parametrize(("key", "leads"), [("tab", "f-target"), ("shift+tab", "f-stop")])
def test_tab_goes_on_from_where_enter_was_pressed(tui: Any, wire: Any, when: str, key: str, leads: str) -> None:
    wait = threading.Event()

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, by_hand(), "")
        tui.fake.script = held(wire, wait)
        await pressed(tui.app, pilot, "tab", "tab", *"1.0814", "enter")
        if when == "before the look":
            await pressed(tui.app, pilot, key)
            wait.set()
        else:
            wait.set()
            await tui.until(pilot, lambda: not go(tui).disabled and focus(tui) == "cancel")
            await pressed(tui.app, pilot, key)
        await tui.until(pilot, lambda: not go(tui).disabled)
        await pilot.pause(0.05)
        assert focus(tui) == leads, "and no look that has come moves it"
        await pilot.press("escape")

    try:
        tui.play(scene)
    finally:
        wait.set()


@pytest.mark.parametrize("leave", ["cancel", "leave"])
def test_what_was_sent_can_only_be_left(tui: Any, wire: Any, leave: str) -> None:
    wait = threading.Event()

    def script(call: Any) -> Any:
        if wire.verb_of(call) == "close" and not call.body.dry_run:
            wait.wait(20)
        return wire.answer(call)

    async def scene(pilot: Any) -> None:
        tui.fake.script = script
        await opened(tui, pilot, closing(wire))
        await tui.told(pilot)
        assert "Esc cancel" in tui.text() or "esc cancel" in tui.text().lower()
        if leave == "leave":
            await pilot.press("right", "enter")
            await tui.until(pilot, "waiting for its verdict")
            await tui.told(pilot)
            assert "esc leave" in tui.text().lower() and "esc cancel" not in tui.text().lower()
            assert not go(tui).display, "nothing that was sent can be sent"
            wait.set()
            await tui.until(pilot, "exit code 0")
            await tui.told(pilot)
            assert "esc leave" in tui.text().lower()
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(tui.app.screen, Sheet)

    try:
        tui.play(scene, size=(80, 24))
    finally:
        wait.set()
