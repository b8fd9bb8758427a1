"""Keys that arrive together, as over a slow line: a button that the person has already left is not pressed."""

from __future__ import annotations

import asyncio
import math
import string
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sheet import closing, opened
from textual import events
from textual.widgets import Button

from hydractl.diagnostics import ExitCode
from hydractl.tui.app import PANES
from hydractl.tui.carry import Desk, Said
from hydractl.tui.early import HELD_S
from hydractl.tui.in_order import InOrder
from hydractl.tui.intent import Intent, Proposal
from hydractl.tui.on_their_way import OnTheirWay
from hydractl.tui.palette import ACTS
from hydractl.tui.sheets import Sheet
from hydractl.tui.store import View

OPTIONS = {"host": None, "socket": "/nowhere", "timeout": None, "tz": None, "no_color": False, "debug": False}


class Bare(InOrder):
    """What a sheet asks of its app, and nothing more."""

    calm = False
    view = View()
    clock_s = property(lambda _: time.monotonic())
    writing = True
    sheet_room = 80
    pressed_s = math.inf

    def action_halt(self) -> None:
        pass

    on_their_way = OnTheirWay(lambda: Desk(OPTIONS, 80), lambda run: run(), lambda *_: None)

    def desk(self, room: int) -> Desk:
        return Desk(OPTIONS, room)

    def call_soon(self, run: Callable[[], None]) -> None:
        self.call_from_thread(run)


def at_a_sheet(*turns: tuple[str, ...]) -> tuple[list[str], bool]:
    """What was sent, and whether the sheet still stands; keys of one turn arrive together."""
    sent: list[str] = []

    def propose(desk: Desk, _: Mapping[str, str]) -> Proposal:
        return Proposal(Said(("as it would be",), ExitCode.DONE), "go?", "PAPER", lambda _: sent.append("sent") or 0)

    async def scenario() -> bool:
        app = Bare()
        async with app.run_test() as pilot:
            sheet = Sheet(Intent("FIRE", "Fire", propose))
            app.push_screen(sheet)
            await pilot.pause()
            while sheet.query_one("#go", Button).disabled:
                await pilot.pause(0.01)
            for keys in turns:
                for key in keys:
                    app.post_message(events.Key(key, "\r" if key == "enter" else None))
                await pilot.pause(0.2)
            return app.screen is sheet

    return sent, asyncio.run(scenario())


@pytest.mark.parametrize("keys", [("left", "enter"), ("shift+tab", "enter"), ("tab", "enter")])
def test_an_act_that_was_left_is_not_sent(keys: tuple[str, str]) -> None:
    assert at_a_sheet(("right",), keys)[0] == []


def test_a_cancel_that_was_left_does_not_close() -> None:
    """What is sent then is what was meant."""
    assert at_a_sheet(("right", "enter"))[1]


def test_one_after_the_other_they_are_pressed() -> None:
    assert at_a_sheet(("right",), ("enter",)) == (["sent"], True)
    assert at_a_sheet(("right",), ("left",), ("enter",)) == ([], False)
    assert at_a_sheet(("enter",)) == ([], False)


def keys_together(tui: Any, first: str, *keys: str) -> list[str]:
    """What stands over the pane after keys that arrive together, behind the one that opened something."""
    stood: list[str] = []

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press(first)
        await pilot.pause()
        stood.append(type(tui.app.screen).__name__)
        for key in keys:
            tui.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause(0.2)
        stood.append(type(tui.app.screen).__name__)

    tui.play(scene)
    return stood


@pytest.mark.parametrize("keys", [("x", "x"), ("escape", "escape"), ("a", "b", "escape")])
def test_what_is_typed_behind_a_jump_ends_nothing(tui: Any, keys: tuple[str, ...]) -> None:
    assert keys_together(tui, "o", *keys) == ["Jump", "Screen"]


@pytest.mark.parametrize("first", ["H", "question_mark"])
@pytest.mark.parametrize("again", ["escape", "enter"])
def test_a_second_key_finds_nothing_left_to_close(tui: Any, first: str, again: str) -> None:
    assert keys_together(tui, first, again, again, again)[1] == "Screen"


def pressed_early(tui: Any) -> None:
    """Enter as it arrives late: it was pressed before the sheet, and what it proposes, came in sight."""
    early = events.Key("enter", "\r")
    early.time -= 60.0
    tui.app.post_message(early)


def test_a_key_from_before_the_proposal_was_in_sight_sends_nothing(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        await pilot.press("right")
        pressed_early(tui)
        await tui.until(pilot, "nothing was sent: that key was pressed before this was shown")
        assert tui.fake.sent("close") == []
        await pilot.press("enter")
        await tui.until(pilot, "exit code 0")

    tui.play(scene)


def test_a_key_from_before_the_sheet_was_in_sight_does_not_close_it(tui: Any) -> None:
    """HALT, right, Enter, typed blind: it must not look as if something had been done."""

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("H")
        await pilot.pause()
        pressed_early(tui)
        await pilot.pause(0.1)
        assert "HALT" in tui.text() and tui.app.screen.query_one("#cancel").has_focus
        await tui.until(pilot, "keys typed before this was in sight did nothing")

    tui.play(scene)


@pytest.mark.parametrize("first", ["H", "question_mark", "o"])
@pytest.mark.parametrize("again", [1, 2, 3])
def test_what_is_left_before_it_stands_ends_nothing(tui: Any, first: str, again: int) -> None:
    """The key that opens something, and Escape right behind it."""

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        for key in (*(first, "escape") * again, first):
            tui.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause(0.2)
        await pilot.press("escape")
        await pilot.pause()
        assert type(tui.app.screen).__name__ == "Screen"

    tui.play(scene)


@pytest.mark.parametrize("first", ["question_mark", "H"])
def test_no_letter_ends_the_screens(tui: Any, first: str) -> None:
    """Over the pane letters mean nothing, and what they reach is the app."""

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press(first)
        await pilot.pause()
        stood = tui.app.screen
        await pilot.press(*(set(string.ascii_letters + string.digits) - set("qH")))
        assert tui.app.screen is stood

    tui.play(scene)


def test_a_key_while_the_screens_are_taken_away_ends_nothing(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await tui.app.query_one("#frame").remove()
        await pilot.press("escape", "2", "H", "W")
        assert tui.app.is_running and len(tui.app.screen_stack) == 1

    tui.play(scene)


async def typed(tui: Any, *keys: str) -> None:
    """Keys that arrive together."""
    for key in keys:
        tui.app.post_message(events.Key(key, "\r" if key == "enter" else key if len(key) == 1 else None))


def listed(tui: Any) -> list[str]:
    return [str(option.prompt).partition("\n")[0] for option in tui.app.screen.query_one("CommandList").options]


@pytest.mark.parametrize("keys", [("enter", "enter"), ("enter",) * 5, ("escape", "escape"), ("enter", "escape")])
@pytest.mark.parametrize("in_sight", [False, True])
def test_a_second_key_finds_no_palette_left(tui: Any, keys: tuple[str, ...], in_sight: bool) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("3")
        if in_sight:
            await pilot.press("colon")
            await tui.until(pilot, lambda: bool(listed(tui)))
            await typed(tui, *keys)
        else:
            await typed(tui, "colon", *keys)
        await pilot.pause(0.3)
        if type(tui.app.screen).__name__ == "Palette":
            await pilot.press("escape")
            await pilot.pause()
        assert tui.app.is_running and type(tui.app.screen).__name__ == "Screen"
        if in_sight and set(keys) == {"enter"}:
            assert tui.app.pane.NAME != "positions", "once it has gone to the first"

    tui.play(scene)


def test_enter_before_the_list_is_of_what_was_typed_chooses_nothing(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("3", "W", "colon")
        await tui.until(pilot, lambda: bool(listed(tui)))
        await typed(tui, "z", "z", "z", "enter", "enter")
        await pilot.pause(0.3)
        assert type(tui.app.screen).__name__ == "Palette" and tui.app.pane.NAME == "positions"
        await pilot.press("escape")

    tui.play(scene)


def test_acts_stand_last_in_the_palette(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("3", "W", "colon")
        await tui.until(pilot, lambda: bool(listed(tui)))
        first = [words.partition(" (")[0] for words in listed(tui)]
        assert first[0] == "Go to Board" and first.index("FLATTEN") > first.index("trace")
        await pilot.press(*"tr")
        await tui.until(pilot, lambda: "trace (t)" in listed(tui))
        assert listed(tui)[0].startswith(("Go to", "trace"))
        await pilot.press("escape")

    tui.play(scene)


@pytest.mark.parametrize("writes", [False, True])
def test_an_act_of_another_pane_is_found_and_leads_to_where_its_row_is_chosen(tui: Any, writes: bool) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("9", *("W" * writes), "colon", *"fire")
        await tui.until(pilot, lambda: "fire by hand (b on Mission)" in listed(tui))
        assert "fire: choose on Mission, then f" in listed(tui)
        await pilot.press(*": c")
        await tui.until(pilot, lambda: listed(tui)[:1] == ["fire: choose on Mission, then f"])
        await pilot.press("enter")
        await tui.until(pilot, "fire: choose which with j and k, then f")
        assert tui.app.pane.NAME == "mission" and ("read-only: W begins write mode; then" in tui.text()) is not writes

    tui.play(scene)


def test_a_fire_by_hand_is_begun_from_any_pane(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("9", "colon", *"by hand")
        await tui.until(pilot, lambda: listed(tui)[:1] == ["fire by hand (b on Mission)"])
        await pilot.press("enter")
        await tui.until(pilot, "read-only: press W for write mode")
        await pilot.press("W", "9", "colon", *"by hand")
        await tui.until(pilot, lambda: listed(tui)[:1] == ["fire by hand (b on Mission)"])
        await pilot.press("enter")
        await tui.until(pilot, "FIRE BY HAND")

    tui.play(scene)


def test_every_act_is_in_the_palette_of_every_pane(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        for pane in PANES:
            tui.app.open_pane(pane.NAME)
            await pilot.pause()
            found = {each.help for each in tui.app.get_system_commands(tui.app.screen)}
            assert ACTS - found <= {"board.fire"}, pane.NAME

    tui.play(scene)


def test_every_act_of_the_palette_is_a_key() -> None:
    from hydractl.tui.app import action_ids

    assert set(action_ids()) >= ACTS


@pytest.mark.parametrize(("left", "code"), [(None, 1), (0, 0), (143, 143)])
def test_screens_that_a_defect_has_ended_do_not_exit_0(
    tui: Any, monkeypatch: pytest.MonkeyPatch, left: int | None, code: int
) -> None:
    import signal

    from hydractl.commands import tui as command
    from hydractl.fastpath import defaults
    from hydractl.session import Session
    from hydractl.tui.app import HydraTui
    from hydractl.verbs import GLOBALS

    for stream in ("stdin", "stdout"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(HydraTui, "run", lambda _: left)
    assert command.tui(Session(defaults(GLOBALS), ""), low_bandwidth=False, ascii_only=False) == code


# --- a key that is quicker than the rows it is about ---


async def close_before_rows(tui: Any, pilot: Any) -> None:
    await tui.fed(pilot)
    await pilot.press("W")
    await typed(tui, "3", "c")
    await tui.until(pilot, lambda: tui.app._early._held is not None)
    assert type(tui.app.screen).__name__ == "Screen" and tui.app.pane.NAME == "positions"


def test_an_acts_key_waits_for_the_first_rows_of_its_pane(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await close_before_rows(tui, pilot)
        assert not [said for said in tui.app.notices.said if "under the cursor" in said.text]
        await tui.fed(pilot)
        await tui.until(pilot, f"CLOSE {wire.P}")

    tui.play(scene)
    assert tui.fake.sent("close") == []


def test_it_does_not_wait_for_ever_and_says_so(tui: Any, clock: Any) -> None:
    async def scene(pilot: Any) -> None:
        await close_before_rows(tui, pilot)
        clock.now_s += HELD_S + 0.1
        await tui.told(pilot)
        await tui.until(pilot, "Positions is still being loaded: nothing was begun; press it again")
        await tui.fed(pilot)
        assert not isinstance(tui.app.screen, Sheet)

    tui.play(scene)


@pytest.mark.parametrize("key", ["escape", "H"])
def test_a_halt_and_the_way_back_do_not_wait(tui: Any, key: str) -> None:
    async def scene(pilot: Any) -> None:
        await close_before_rows(tui, pilot)
        await pilot.press(key)
        await tui.fed(pilot)
        assert [said for said in tui.app.notices.said if "the key before this did nothing" in said.text]
        assert isinstance(tui.app.screen, Sheet) is (key == "H") and "CLOSE" not in tui.text()

    tui.play(scene)


def test_what_is_typed_behind_it_waits_with_it_and_goes_to_the_sheet(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("W")
        await typed(tui, "3", "percent_sign", "3", "0")
        await tui.until(pilot, lambda: tui.app._early.is_held)
        await typed(tui, "%")
        assert tui.app.pane.NAME == "positions"
        await tui.fed(pilot)
        await tui.until(pilot, f"CLOSE A PART of {wire.P}")
        await tui.until(pilot, lambda: not tui.app._keys)
        assert tui.app.pane.NAME == "positions" and isinstance(tui.app.screen, Sheet)

    tui.play(scene)
    assert tui.fake.sent("close") == []


def test_what_was_typed_behind_a_key_that_came_to_nothing_does_nothing(tui: Any, clock: Any) -> None:
    async def scene(pilot: Any) -> None:
        await close_before_rows(tui, pilot)
        await typed(tui, "2")
        clock.now_s += HELD_S + 0.1
        await tui.told(pilot)
        await tui.until(pilot, "nothing was begun, and what was typed behind it (1) did nothing")
        assert tui.app.pane.NAME == "positions"

    tui.play(scene)


def test_a_fire_by_hand_waits_for_no_rows(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("W")
        await typed(tui, "2", "b", "1", "2")
        await tui.until(pilot, "FIRE BY HAND")
        await pilot.pause()
        assert tui.app.pane.NAME == "mission"

    tui.play(scene)


def test_a_pane_that_is_empty_says_at_once_that_there_is_nothing(tui: Any, wire: Any) -> None:
    tui.fake.script = lambda call: wire.answer(call, **({"data": ()} if wire.verb_of(call) == "positions" else {}))

    async def scene(pilot: Any) -> None:
        await close_before_rows(tui, pilot)
        await tui.fed(pilot)
        await tui.until(pilot, "no position is under the cursor")

    tui.play(scene)
