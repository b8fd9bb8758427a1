"""The Terminals pane as a person uses it: what a key opens, what is shown before, and what is sent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydrad.wire.answers import Problem

OPENED = "terminals"


def script(wire: Any, **data: Any) -> Any:
    """The scripted daemon with other data for these verbs; a `Problem` is an answer without data."""

    def said(call: Any) -> Any:
        verb = wire.verb_of(call).replace(".", "_")
        if verb not in data:
            return wire.answer(call)
        if isinstance(data[verb], Problem):
            return wire.answer(call, data=None, error=data[verb])
        return wire.answer(call, data=data[verb])

    return said


async def opened(tui: Any, pilot: Any, key: str | None = None) -> None:
    tui.app.open_pane(OPENED, key)
    await tui.fed(pilot)


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_rack_and_one_of_it(tui: Any, size: tuple[int, int], ascii_only: bool) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        text = tui.text()
        for wanted in ("sim-1", "READY", "feeds      EURUSD ", "ann trader", "1001@Sim", "0.4 ms", "D drain"):
            assert wanted in text, f"{wanted} is missing\n{text}"
        assert not ascii_only or text.isascii(), [line for line in tui.lines() if not line.isascii()]

    tui.play(scene, size=size, ascii_only=ascii_only)


def test_fifty_terminals_fit_and_the_worst_is_in_sight(tui: Any, wire: Any) -> None:
    rows = [msgspec.structs.replace(wire.TERMINAL, duty="ACTIVE", name=f"sim-{number}") for number in range(1, 51)]
    rows[40] = msgspec.structs.replace(rows[40], link="LOST", why="no beat")
    tui.fake.script = script(wire, terminals=tuple(rows))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        assert "sim-41 is LOST: no beat (last beat" in tui.text() and "1 of 50" in tui.text()
        await opened(tui, pilot, "sim-7")
        assert "state      sim-7  READY" in tui.text()
        await pilot.press("G")
        await tui.fed(pilot)
        assert "state      sim-50  READY" in tui.text()

    tui.play(scene, size=(80, 24))


def test_no_terminal_says_how_one_is_enrolled(tui: Any, wire: Any) -> None:
    tui.fake.script = script(wire, terminals=())

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        assert "no terminal is enrolled; at the shell: hydractl terminal enroll" in tui.text()
        await pilot.press("W", "D", "O")
        assert "DRAIN" not in tui.text()

    tui.play(scene)


@pytest.mark.parametrize(
    ("key", "title", "verb", "sent"),
    [
        ("D", "DRAIN sim-1", "terminal.duty", {"duty": "draining", "reason": ""}),
        ("Q", "QUARANTINE sim-1", "terminal.duty", {"duty": "quarantined"}),
        ("S", "ACTIVATE sim-1", "terminal.duty", {"duty": "active"}),
        ("O", "ASSIGN sim-1", "terminal.assign", {"operator": "ann", "primary": False}),
        ("L", "RELEASE sim-1", "terminal.release", {"operator": "ann"}),
    ],
)
def test_a_key_opens_a_sheet_and_its_button_sends_once(
    tui: Any, key: str, title: str, verb: str, sent: dict[str, Any]
) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        await pilot.press("W", key)
        await tui.until(pilot, "[PAPER]")
        assert title in tui.text() and not tui.fake.bodies(verb)
        await pilot.press("enter")  # Cancel has the focus
        await pilot.pause()
        assert f"Not sent: {title} was cancelled" in tui.text() and not tui.fake.bodies(verb)
        await pilot.press(key)
        await tui.until(pilot, "[PAPER]")
        await pilot.press("right", "enter")
        await tui.until(pilot, "DONE, exit code 0")
        (body,) = tui.fake.bodies(verb)
        assert body.terminal == "sim-1" and {name: getattr(body, name) for name in sent} == sent

    tui.play(scene)


def test_a_quarantine_is_not_ended_without_a_reason(tui: Any, wire: Any) -> None:
    held = msgspec.structs.replace(wire.TERMINAL, duty="QUARANTINED", cause="CONFLICT", why="ledger differs")
    tui.fake.script = script(wire, terminals=(held,))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        await pilot.press("W", "S")
        await tui.until(pilot, "with a reason: type it above")
        assert "quarantined for CONFLICT: ledger differs" in tui.text()
        await pilot.press("right", "enter")
        assert not tui.fake.bodies("terminal.duty")
        await pilot.press("S")
        await tui.until(pilot, "with a reason: type it above")
        tui.app.screen.query_one("#f-reason").focus()
        await pilot.press(*"seen", "enter")
        await tui.until(pilot, "activate sim-1?")
        await pilot.press("shift+tab", "shift+tab")
        tui.app.screen.query_one("#go").focus()
        await pilot.press("enter")
        await tui.until(pilot, "DONE, exit code 0")
        assert [(body.duty, body.reason) for body in tui.fake.bodies("terminal.duty")] == [("active", "seen")]

    tui.play(scene)


def test_a_failover_shows_what_it_touches_and_is_asked(tui: Any, wire: Any) -> None:
    tui.fake.script = script(wire, terminal_failover=msgspec.structs.replace(wire.LEAVING, done=False))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        await pilot.press("W", "B")
        await tui.until(pilot, "give the lane to sim-1?")
        assert "lane of paper-1: sim-2, after it sim-1" in tui.text() and wire.P in tui.text()
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 0")
        assert [body.dry_run for body in tui.fake.bodies("terminal.failover")] == [True, False]

    tui.play(scene)


def test_a_failover_that_is_blocked_cannot_be_sent(tui: Any, wire: Any) -> None:
    blocked = msgspec.structs.replace(wire.LEAVING, done=False, blocked="no verdict yet")

    def said(call: Any) -> Any:
        if wire.verb_of(call) != "terminal.failover":
            return wire.answer(call)
        return wire.answer(call, data=blocked, error=Problem("CONFLICT", "no verdict yet"))

    tui.fake.script = said

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        await pilot.press("W", "B")
        await tui.until(pilot, "nothing can be sent")
        assert "not done: no verdict yet" in tui.text()
        await pilot.press("right", "enter")
        assert len(tui.fake.bodies("terminal.failover")) == 1

    tui.play(scene)


def test_operators_that_may_not_be_seen_cannot_be_chosen(tui: Any, wire: Any) -> None:
    tui.fake.script = script(wire, operators=Problem("FORBIDDEN", "not for viewers"))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        assert "given to   FORBIDDEN: not for viewers" in tui.text()
        await pilot.press("W", "O")
        await pilot.pause()
        assert "ASSIGN sim-1" not in tui.text()

    tui.play(scene)


@pytest.mark.parametrize(("key", "words"), [("O", "they have all accounts already"), ("L", "the others by name")])
def test_what_becomes_of_somebody_who_has_all_accounts_is_said(tui: Any, wire: Any, key: str, words: str) -> None:
    tui.fake.script = script(wire, operators=(msgspec.structs.replace(wire.OPERATOR, accounts=("*",)),))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot)
        await pilot.press("W", key)
        await tui.until(pilot, "[PAPER]")
        assert words in tui.text()

    tui.play(scene)
