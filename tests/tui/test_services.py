"""The Services pane as a person uses it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydrad.wire.answers.status import HealthRow, ServiceRow


@pytest.fixture
def says(wire: Any) -> Any:
    """A script whose status has these changes."""

    def made(**changes: Any) -> Any:
        status = msgspec.structs.replace(wire.STATUS, **changes)
        return lambda call: wire.answer(call, data=status) if wire.verb_of(call) == "status" else wire.answer(call)

    return made


async def opened(tui: Any, pilot: Any, key: str | None = None) -> None:
    tui.app.open_pane("services", key)
    await tui.fed(pilot)


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_what_runs_and_what_was_measured(tui: Any, says: Any, size: tuple[int, int], ascii_only: bool) -> None:
    tui.fake.script = says(health=(HealthRow("journal", True, "verified"), HealthRow("disk", False, "4 MiB")))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        text = tui.text()
        for wanted in ("toc", "running", "snapshot", "never ran", "FAILED", "1 of 2 fail", "S start", "news       OFF"):
            assert wanted.lower() in text.lower(), f"{wanted} is missing\n{text}"
        assert not ascii_only or text.isascii()

    tui.play(scene, size=size, ascii_only=ascii_only)


@pytest.mark.parametrize(
    ("authority", "question", "force"),
    [("ACTIVE", "stop toc all the same?", True), ("HALTED", "stop toc?", False)],
)
def test_toc_is_stopped_by_force_only_where_the_sheet_has_said_so(
    tui: Any, says: Any, authority: str, question: str, force: bool
) -> None:
    tui.fake.script = says(authority=authority)

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, "toc")
        await pilot.press("W", "Q")
        await tui.until(pilot, question)
        assert "no act is taken at all, closes included" in tui.text()
        assert ("authority is ACTIVE: reduce or halt first" in tui.text()) == force
        await pilot.press("right", "enter")
        await tui.until(pilot, "DONE, exit code 0")
        assert [(body.names, body.force) for body in tui.fake.bodies("service.stop")] == [(("toc",), force)]

    tui.play(scene)


def test_one_that_is_stopped_is_started_and_one_that_runs_is_restarted(tui: Any, says: Any, wire: Any) -> None:
    tui.fake.script = says(
        services=(ServiceRow("hud", "stopped", wire.TS, 0, "by ann"), ServiceRow("apex", "running", wire.TS, 0, ""))
    )

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, "hud")
        await pilot.press("W", "S")
        await tui.until(pilot, "start hud?")
        await pilot.press("right", "enter")
        await tui.until(pilot, "DONE, exit code 0")
        await pilot.press("enter", "j", "R")
        await tui.until(pilot, "restart apex?")
        assert "until it runs again: no mission is proposed" in tui.text()
        await pilot.press("right", "enter")
        await tui.until(pilot, "DONE, exit code 0")
        assert [body.names for body in tui.fake.bodies("service.start")] == [("hud",)]
        assert [body.names for body in tui.fake.bodies("service.restart")] == [("apex",)]

    tui.play(scene)


def test_what_runs_with_the_daemon_alone_is_not_offered(tui: Any, says: Any, wire: Any) -> None:
    tui.fake.script = says(services=(ServiceRow("broker", "running", wire.TS, 0, "pid 7"),))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        await pilot.press("W", "Q")
        await tui.until(pilot, "it is no service that is started or stopped")
        await pilot.press("right", "enter")
        assert not tui.fake.bodies("service.stop")

    tui.play(scene)


def test_the_checks_are_asked_for_again_and_read_in_full(tui: Any, says: Any) -> None:
    long = "a measurement that no column has room for, " * 4 + "to its end"
    tui.fake.script = says(health=(HealthRow("disk", False, long),))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        assert "to its end" not in tui.text()
        before = tui.feed.asked_again
        await pilot.press("e")
        await pilot.pause()
        assert "to its end" in tui.text() and tui.feed.asked_again == before + 1

    tui.play(scene, size=(80, 24))
