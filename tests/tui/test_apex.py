"""The APEX pane: what it sees, why it is silent, and what became of the last setups."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from hydractl.session import as_view
from hydractl.tui.draw.glyphs import ASCII, UNICODE
from hydractl.tui.panes.apex import BAR_CELLS, suppressed_columns, suppressed_rows
from hydractl.tui.store import STREAM, Lost


async def opened(tui: Any, pilot: Any) -> None:
    await tui.fed(pilot)
    tui.app.open_pane("apex")
    await pilot.pause()
    await tui.fed(pilot)
    await tui.told(pilot)


def changed(wire: Any, **changes: Any) -> Any:
    data = msgspec.structs.replace(wire.APEX, **changes)
    return lambda call: wire.answer(call, data=data) if wire.verb_of(call) == "apex.show" else wire.answer(call)


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
def test_what_it_sees_and_why_it_is_silent(tui: Any, wire: Any, size: tuple[int, int]) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        text = tui.text()
        for wanted in ("apex running", "budget of this hour", "25%", "break_out", "sees", "SPREAD", "PROPOSED", wire.M):
            assert wanted in text, f"{wanted} is missing\n{text}"
        assert "atr_points 14.250" in text

    tui.play(scene, size=size)


def test_what_is_wrong_stands_above(tui: Any, wire: Any) -> None:
    tui.fake.script = changed(wire, state="stopped", why="by uid:1000")

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        assert "apex is stopped: by uid:1000" in tui.text()

    tui.play(scene)


def test_a_tick_grows_stale_while_one_looks(tui: Any, wire: Any) -> None:
    """The daemon is not heard: the age of the last tick goes on, and soon the detector is called blind."""

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        assert "the last tick is too old" not in tui.text()
        await tui.told(pilot, Lost(STREAM, time.monotonic(), "gone"))
        tui.app.post(tui_ticked(wire))
        tui.app.turn()
        await pilot.pause()
        assert "the last tick is too old for a signal: EURUSD" in tui.text()
        assert "APEX  OLD: of 1 m 3" in tui.text()

    tui.play(scene)


def tui_ticked(wire: Any) -> Any:
    from hydractl.tui.store import Ticked

    limit = wire.APEX.detectors[0].tick_age_max_s
    return Ticked(time.monotonic() + limit + 60.0)


def test_nothing_yet_says_so(tui: Any, wire: Any) -> None:
    tui.fake.script = changed(wire, detectors=(), suppressed=(), candidates=())

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        text = tui.text()
        assert "no detector watches anything" in text and "nothing was suppressed" in text and "no setup yet" in text
        for key in ("enter", "t", "j", "tab"):
            await pilot.press(key)

    tui.play(scene)


def test_enter_on_a_proposed_setup_opens_its_mission(tui: Any, wire: Any) -> None:
    opened_with: list[Any] = []

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        tui.app.open_pane = lambda name, key=None: opened_with.append((name, key))
        tui.app.query_one("#apex-candidates").focus()
        await pilot.press("enter", "t")
        await pilot.press("j", "enter", "t")
        assert opened_with == [("mission", wire.M), ("trace", wire.M)], "what was suppressed has no mission"
        assert "SUPPRESSED: SPREAD spread 23 points" in tui.text()

    tui.play(scene)


def test_the_reason_that_silences_most_is_first_and_has_the_longest_bar() -> None:
    rows = [
        {"reason": "SPREAD", "symbol": "EURUSD", "detector": "d", "today": 1, "total": 90},
        {"reason": "STALE", "symbol": "EURUSD", "detector": "d", "today": 40, "total": 41},
        {"reason": "COLD", "symbol": "EURUSD", "detector": "d", "today": 0, "total": 7},
    ]
    found = suppressed_rows(as_view({"suppressed": rows}))
    assert [row.reason for row in found] == ["STALE", "SPREAD", "COLD"]
    for glyphs in (ASCII, UNICODE):
        (bar,) = [column for column in suppressed_columns(found, glyphs) if column.key == "bar"]
        assert bar.show is not None and [len(bar.show(row)) for row in found] == [BAR_CELLS, 1, 0]
    (bar,) = [column for column in suppressed_columns(found[2:], ASCII) if column.key == "bar"]
    assert bar.show is not None and bar.show(found[2]) == ""


def test_without_utf8_there_is_only_ascii(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        assert tui.text().isascii() and "#" * BAR_CELLS in tui.text()

    tui.play(scene, ascii_only=True)
