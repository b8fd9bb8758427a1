"""Very low terminals: what one decides by is in sight, and the keys work."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from hydractl.tui.panes.pane import Pane
from hydractl.tui.sheets import Sheet
from hydrad.domain.ids import IdKind, show

SIZES = [(40, 12), (60, 15)]
# What must be in sight on each pane.
FIRST = {
    "board": ("paper-1", "PAPER", "M-", "EURUSD", "P-", "USD"),
    "mission": ("EURUSD BUY", "verdict ROUTED", "1.08490 / 1.08500", "ms old", "0.10 lots, at stop -20.00 USD",
                "entry   1.08340 stop 1.08140"),
    "positions": ("P-", "USD", "stop 1.08140 ├", "now 1.08600", "O-"),
    "terminals": ("sim-1", "READY", "HEARTBEAT"),
    "tail": ("MISSION_PROPOSED", "following"),
    "trace": ("M-", "goes on"),
    "apex": ("apex running", "EURUSD"),
    "services": ("toc", "RUNNING", "Health"),
    "alarms": ("ACT_UNKNOWN", "NOBODY IS ON IT", "Do not fire again"),
}  # fmt: skip


async def opened(tui: Any, wire: Any, pilot: Any, name: str) -> None:
    await tui.fed(pilot, *(tui.event(seq) for seq in range(1, 31)))
    tui.app.open_pane(name, wire.M if name in ("mission", "trace") else None)
    for _ in range(3):
        await pilot.pause()
        await tui.fed(pilot)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", FIRST)
def test_what_matters_most_is_in_sight(tui: Any, wire: Any, name: str, size: tuple[int, int]) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, wire, pilot, name)
        for wanted in FIRST[name]:
            assert wanted in tui.text(), f"{wanted} is missing\n{tui.text()}"

    tui.play(scene, size=size)


def test_the_mission_is_one_box_that_scrolls_and_its_keys_work(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, wire, pilot, "mission")
        assert "━" not in tui.text() and "Chart" not in tui.text(), "no titles"
        await pilot.press("G")
        assert "Chart" not in tui.text() and "verdict" not in tui.lines()[2], "it scrolls"
        await pilot.press("W", "f")
        await tui.until(pilot, lambda: isinstance(tui.app.screen, Sheet))

    tui.play(scene, size=(40, 12))


def test_growing_and_shrinking_keeps_a_focus(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, wire, pilot, "mission")
        assert tui.app.screen.focused.id == "mission-list"
        await pilot.resize_terminal(40, 12)
        await tui.told(pilot)
        await pilot.pause()
        assert tui.app.screen.focused.id == "mission-facts" and "verdict" in tui.text()
        await pilot.resize_terminal(80, 24)
        await tui.told(pilot)
        await pilot.pause()
        assert "Missions" in tui.text() and "Chart" in tui.text()
        assert not any(pane.has_class("-scant") for pane in tui.app.query(Pane) if pane.display)

    tui.play(scene, size=(80, 24))


@pytest.mark.parametrize("size", [(40, 9), (80, 9)])
def test_what_has_no_room_is_named_in_one_line(tui: Any, wire: Any, size: tuple[int, int]) -> None:
    """Orders that rest are risk: they are not left out without a word."""
    rows = tuple(replace(wire.POSITION, id=show(IdKind.POSITION, 20 + at)) for at in range(4))
    orders = tuple(replace(wire.RESTS, id=show(IdKind.ORDER, 30 + at)) for at in range(2))
    told = {"positions": rows, "orders": orders}

    def script(call: Any) -> Any:
        verb = wire.verb_of(call)
        return wire.answer(call, data=told[verb]) if verb in told else wire.answer(call)

    async def scene(pilot: Any) -> None:
        tui.fake.script = script
        await opened(tui, wire, pilot, "positions")
        words = "2 orders, details"
        assert f"no room for {words}: enlarge" in tui.text(), tui.text()
        await pilot.resize_terminal(160, 50)
        await tui.fed(pilot)
        await pilot.pause()
        assert "enlarge" not in tui.text() and tui.text().count("O-") >= 2, tui.text()

    tui.play(scene, size=size)


def test_missions_that_have_no_room_are_counted(tui: Any, wire: Any) -> None:
    """A heading above nothing would say that there is none."""
    rows = tuple(replace(wire.MISSION, id=show(IdKind.MISSION, 20 + at)) for at in range(4))

    def script(call: Any) -> Any:
        return wire.answer(call, data=rows) if wire.verb_of(call) == "missions" else wire.answer(call)

    async def scene(pilot: Any) -> None:
        tui.fake.script = script
        await opened(tui, wire, pilot, "board")
        assert "ID +3 more  SYMBOL" in tui.text() and tui.text().count("M-") == 1, tui.text()
        tui.app.notify("words " * 15)
        await pilot.pause()
        await tui.fed(pilot)
        await tui.fed(pilot)
        assert "no room for 4 rows: enlarge" in tui.text() and "M-" not in tui.text(), tui.text()

    tui.play(scene, size=(40, 12))
