"""The Trace: the story of one thing as it goes on."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from hydractl.tui.log import Log
from hydractl.tui.store import STREAM, Ask, Lost


def told(wire: Any, **changes: Any) -> Any:
    """A script whose trace has some records with time between."""
    events = [
        msgspec.structs.replace(wire.event(3), after_s=0.0),
        msgspec.structs.replace(wire.event(4), kind="ACT_REQUESTED", text=f"{wire.F} FIRE requested", after_s=25.6,
                                ids=(wire.F, wire.M)),
        msgspec.structs.replace(wire.event(5), kind="ACT_MOVED", text=f"{wire.F} FILLED 0.10", after_s=0.25,
                                ids=(wire.F, wire.M, wire.P)),
    ]  # fmt: skip
    trace = msgspec.structs.replace(wire.TRACE, title="EURUSD BUY, ENGAGED", events=tuple(events), **changes)

    def script(call: Any) -> Any:
        return wire.answer(call, data=trace) if wire.verb_of(call) == "trace" else wire.answer(call)

    return script


async def opened(tui: Any, pilot: Any, name: str | None = None) -> None:
    await tui.fed(pilot)
    tui.app.open_pane("trace", name)
    await pilot.pause()
    await tui.fed(pilot)
    await tui.told(pilot)


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
def test_a_story_with_the_time_between(tui: Any, wire: Any, size: tuple[int, int]) -> None:
    tui.fake.script = told(wire, findings=("STOP_MISSING on P",))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, wire.M)
        text = tui.text()
        for wanted in ("EURUSD BUY, ENGAGED", "finding: STOP_MISSING", "25.9 s in all", "+25.6 s", "until ACT_REQ"):
            assert wanted in text, f"{wanted} is missing\n{text}"
        assert "goes on: 3 records" in text and "FILLED 0.10" in text

    tui.play(scene, size=size)


def test_an_acts_verdict_and_its_failed_checks_stand_above(tui: Any, wire: Any) -> None:
    show = msgspec.structs.replace(wire.DATA["fire.show"][1], checks=wire.FAILED)
    tui.fake.script = lambda call: (
        wire.answer(call, data=show) if wire.verb_of(call) == "fire.show" else told(wire)(call)
    )

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, wire.F)
        text = tui.text()
        assert "FILLED  FIRE on paper-1: filled 0.10 at 1.08345, ticket 123" in text
        assert "SPREAD: 23 points, limit 20 points" in text

    tui.play(scene)


def test_nothing_is_asked_before_there_is_an_id_and_a_wrong_one_is_told(tui: Any, wire: Any) -> None:
    tui.fake.script = told(wire)

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        assert "nothing is traced yet" in tui.text() and not tui.fake.bodies("trace")
        for key in ("e", "u", "enter", "w", "k"):
            await pilot.press(key)
        await pilot.press("i", *"M-0000007", "enter")
        await tui.until(pilot, lambda: tui.app.pane._told != "")
        assert not tui.fake.bodies("trace")
        await pilot.press("i", *wire.M.lower(), "enter")
        await tui.fed(pilot)
        assert "EURUSD BUY, ENGAGED" in tui.text()

    tui.play(scene)


def test_what_is_not_found_says_so(tui: Any, wire: Any) -> None:
    from hydrad.wire.answers import Problem

    error = Problem(code="NOT_FOUND", message=f"no mission {wire.M}", hint="hydractl missions")
    tui.fake.script = lambda call: (
        wire.answer(call, data=None, error=error) if wire.verb_of(call) == "trace" else wire.answer(call)
    )

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, wire.M)
        assert "NOT_FOUND: no mission" in tui.text()

    tui.play(scene)


def test_events_about_any_of_its_ids_stir_it(tui: Any, wire: Any) -> None:
    tui.fake.script = told(wire)

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, wire.M)
        (want,) = [want for want in tui.feed.wants if want.ask == Ask.of("trace", id=wire.M)]
        assert want.stirred and want.about == {wire.M, wire.F, wire.P}

    tui.play(scene)


def test_rechecking_asks_once_and_shows_what_came(tui: Any, wire: Any) -> None:
    tui.fake.script = told(wire)

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, wire.F)
        await pilot.press("e")
        await tui.until(pilot, "asked again about what is UNKNOWN")
        assert [body.recheck for body in tui.fake.bodies("trace")] == [False, True]
        tui.fake.close()
        tui.fake.path.unlink()
        await pilot.press("e")
        await tui.until(pilot, "not asked: UNREACHABLE")

    tui.play(scene)


def test_from_one_to_another_and_back(tui: Any, wire: Any) -> None:
    tui.fake.script = told(wire)

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, wire.M)
        await pilot.press("k", "enter")  # the request, which names the fire beside the mission
        await tui.fed(pilot)
        assert tui.fake.bodies("trace")[-1].id == wire.F
        await pilot.press("u")
        await tui.fed(pilot)
        assert tui.fake.bodies("trace")[-1].id == wire.M
        await pilot.press("slash", *"zzz", "enter")
        assert "none of 3 records passes the filter" in tui.text()

    tui.play(scene)


def test_a_lost_daemon_says_as_of_when(tui: Any, wire: Any) -> None:
    tui.fake.script = told(wire)

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, wire.M)
        assert tui.app.query_one("#trace-log", Log).key == (5, 0)
        await tui.told(pilot, Lost(STREAM, time.monotonic(), "gone"))
        assert "as of when the daemon was heard last" in tui.text() and "EURUSD BUY, ENGAGED" in tui.text()

    tui.play(scene)


def test_without_utf8_there_is_only_ascii(tui: Any, wire: Any) -> None:
    tui.fake.script = told(wire)

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, wire.F)
        assert tui.text().isascii() and "in all  a#" in tui.text()

    tui.play(scene, size=(80, 24), ascii_only=True)
