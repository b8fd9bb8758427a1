"""A sheet that stands open while the world changes: it says so, sends nothing of the look before, and looks anew."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sheet import closing, go, opened

from hydractl.session import as_view
from hydractl.tui.intents import fires
from hydractl.tui.store import View
from hydractl.tui.world import World, about, has_moved, world


def looks(tui: Any, verb: str = "close") -> int:
    return sum(bool(body.dry_run) for body in tui.fake.bodies(verb))


def concerning(tui: Any, wire: Any, what: str) -> Any:
    if what == "authority":
        return tui.event(900, kind="AUTHORITY_SET", text="alpha HALTED by kim")
    if what == "position":
        return tui.event(900, kind="POSITION_CHANGED", text="volume 0.05", ids=[wire.P])
    return tui.event(900, kind="TERMINAL_DUTY", text="t1 QUARANTINED")


@pytest.mark.parametrize("what", ["authority", "position", "terminal"])
def test_news_that_concern_it_disarm_a_sheet_which_looks_anew(tui: Any, wire: Any, what: str) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        await pilot.press("right")
        assert go(tui).has_focus
        before = looks(tui)
        event = concerning(tui, wire, what)
        tui.app.post(event)
        tui.app.turn()
        assert go(tui).disabled and tui.app.focused.id == "cancel", "at once"
        await tui.until(pilot, f"Meanwhile: {event.event.text}. This is a new look")
        await tui.until(pilot, lambda: not go(tui).disabled)
        assert looks(tui) == before + 1 and tui.app.focused.id == "cancel"
        await tui.told(pilot)
        await tui.told(pilot)
        assert looks(tui) == before + 1, "once"
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 0")

    tui.play(scene, size=(80, 24))
    assert len(tui.fake.sent("close")) == 1


def test_many_news_come_to_few_looks(tui: Any, wire: Any, clock: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        before = looks(tui)
        for seq in range(900, 930):
            await tui.told(pilot, tui.event(seq, kind="AUTHORITY_SET"))
        await pilot.pause(0.1)
        assert looks(tui) == before + 1 and go(tui).disabled, "the others wait"
        clock.now_s += 2.1
        await tui.told(pilot)
        await tui.until(pilot, lambda: not go(tui).disabled)
        assert looks(tui) == before + 2

    tui.play(scene)


def test_what_concerns_others_leaves_it_alone(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        before = looks(tui)
        await tui.told(pilot, tui.event(900, kind="POSITION_CHANGED", ids=["P-0000ZZZZ"]), tui.event(901))
        await pilot.pause(0.05)
        assert looks(tui) == before and not go(tui).disabled

    tui.play(scene)


def test_an_account_that_was_halted_is_seen_without_the_journal_and_in_the_border(tui: Any, wire: Any) -> None:
    account = msgspec.structs.replace(wire.STATUS.accounts[0], authority="HALTED")
    status = msgspec.structs.replace(wire.STATUS, accounts=(account,))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        await tui.told(pilot)
        assert " PAPER" in tui.text() and " ACTIVE " in tui.text()
        before, usual = looks(tui), tui.fake.script
        tui.fake.script = lambda call: wire.answer(call, data=status) if wire.verb_of(call) == "status" else usual(call)
        await tui.fed(pilot)
        await tui.until(pilot, "paper-1 HALTED")
        await tui.until(pilot, "Something has changed since the look before")
        assert looks(tui) == before + 1

    tui.play(scene, size=(80, 24))


def test_a_fire_is_about_everything_that_may_open() -> None:
    view = View(events=(as_view({"seq": 7, "kind": "AUTHORITY_SET", "text": "HALTED", "ids": []}),))
    intent = fires.fire_by_hand(["EURUSD"], (("mine", ""),), ())
    ids = about(intent.title, {"symbol": "EURUSD"})
    assert ids == frozenset() and has_moved(world(View(), ids), world(view, ids))
    assert not has_moved(World(7, None), World(7, ("ACTIVE",))), "what becomes known is no change"
    assert about("CANCEL WHAT RESTS", {"which": "order:O-00000074"}) == {"O-00000074"}
