"""The Alarms pane as a person uses it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest


async def opened(tui: Any, pilot: Any, key: str | None = None) -> None:
    tui.app.open_pane("alarms", key)
    await tui.fed(pilot)
    await tui.fed(pilot)  # what is asked of the one under the cursor


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_what_rings_and_what_to_do(tui: Any, wire: Any, size: tuple[int, int], ascii_only: bool) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        text = tui.text()
        for wanted in (wire.L, "NOBODY IS ON IT", "NOW        Do not fire again", "The order may have", "STOP_MISSING"):
            assert wanted in text, f"{wanted} is missing\n{text}"
        assert not ascii_only or text.isascii()

    tui.play(scene, size=size, ascii_only=ascii_only)


def test_an_alarm_is_taken_on_with_a_note(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        await pilot.press("a")
        await pilot.pause()
        assert "ACKNOWLEDGE" not in tui.text()  # read-only
        await pilot.press("W", "a")
        await tui.until(pilot, f"take {wire.L} on?")
        tui.app.screen.query_one("#f-note").focus()
        await pilot.press(*"seen", "enter")
        await tui.until(pilot, f"take {wire.L} on?")
        tui.app.screen.query_one("#go").focus()
        await pilot.press("enter")
        await tui.until(pilot, "DONE, exit code 0")
        assert [(body.alarm, body.note) for body in tui.fake.bodies("ack")] == [(wire.L, "seen")]

    tui.play(scene)


def test_one_that_somebody_has_is_not_taken_on(tui: Any, wire: Any) -> None:
    taken = msgspec.structs.replace(wire.ALARM, acknowledged_by="ann", acknowledged_at=wire.TS)

    def said(call: Any) -> Any:
        shown = msgspec.structs.replace(wire.ALARM_SHOW, alarm=taken)
        return wire.answer(call, data=shown) if wire.verb_of(call) == "alarm.show" else wire.answer(call)

    tui.fake.script = said

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        await pilot.press("W", "a")
        await tui.until(pilot, "ann has it")
        assert "nothing can be sent" in tui.text()

    tui.play(scene)


def test_cleared_ones_are_asked_for_by_a_key_and_by_an_id_that_does_not_stand(tui: Any, wire: Any) -> None:
    past = msgspec.structs.replace(wire.ALARM, id="L-PAST", cleared_at=wire.TS, cleared_why="it came back")

    def said(call: Any) -> Any:
        if wire.verb_of(call) != "alarms":
            return wire.answer(call)
        return wire.answer(call, data=(wire.ALARM, past) if call.body.cleared else (wire.ALARM,))

    tui.fake.script = said

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        assert "L-PAST" not in tui.text()
        await pilot.press("x")
        await tui.fed(pilot)
        assert "L-PAST" in tui.text()
        await pilot.press("x")
        await tui.fed(pilot)
        assert "L-PAST" not in tui.text()
        await opened(tui, pilot, "L-PAST")
        await tui.fed(pilot)
        assert "cleared    2026-11-20 12:25:30Z: it came back" in tui.text()

    tui.play(scene)


def test_nothing_rings(tui: Any, wire: Any) -> None:
    def said(call: Any) -> Any:
        none = wire.verb_of(call) in ("alarms", "findings")
        return wire.answer(call, data=()) if none else wire.answer(call)

    tui.fake.script = said

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        assert "no alarm stands" in tui.text() and "nothing was found amiss yet" in tui.text()
        await pilot.press("W", "a", "t", "enter")
        assert "ACKNOWLEDGE" not in tui.text()

    tui.play(scene)


def test_a_finding_is_read_in_the_same_box(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        tui.app.query_one("#findings").focus()
        await pilot.pause()
        assert "meaning    An open position has no stop at the broker." in tui.text()
        tui.app.query_one("#alarms-detail").focus()  # reading it does not change it
        await pilot.pause()
        assert "meaning    An open position has no stop at the broker." in tui.text()

    tui.play(scene)


def test_an_alarm_about_a_terminal_leads_there_and_the_board_leads_here(tui: Any, wire: Any) -> None:
    lost = msgspec.structs.replace(wire.ALARM, subject="sim-1", text="silent")

    def said(call: Any) -> Any:
        return wire.answer(call, data=(lost,)) if wire.verb_of(call) == "alarms" else wire.answer(call)

    tui.fake.script = said

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.app.query_one("#wrong").focus()
        await pilot.press("enter")
        assert tui.app.pane.NAME == "alarms"
        await tui.fed(pilot)
        await pilot.press("enter")
        assert tui.app.pane.NAME == "terminals"

    tui.play(scene)
