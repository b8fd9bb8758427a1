"""An act whose answer is lost: what was not sent is said to be so, what was is looked up by its key, and nothing is sent
to find out."""

from __future__ import annotations

from typing import Any

import pytest
from sheet import closing, go, keys, opened, unknown

from hydractl.client import Sent
from hydractl.diagnostics import ExitCode
from hydractl.fastpath import defaults
from hydractl.session import Session
from hydractl.tui import sending
from hydractl.tui.carry import Said
from hydractl.tui.on_their_way import Act, Fate, OnTheirWay, fate_of
from hydractl.tui.store import QUERIES, Heard, Lost
from hydractl.verbs import GLOBALS


@pytest.mark.parametrize("code", list(ExitCode))
@pytest.mark.parametrize("sent", list(Sent))
def test_nothing_is_said_only_of_what_was_never_handed_over(code: ExitCode, sent: Sent) -> None:
    fate = fate_of(Said((), code, sent))
    if code in (ExitCode.UNREACHABLE, ExitCode.TIMED_OUT):
        assert fate is (Fate.NOTHING if sent is Sent.NOTHING else Fate.UNKNOWN)
    else:
        assert fate is (Fate.UNKNOWN if code is ExitCode.UNKNOWN_OUTCOME else Fate.VERDICT)


@pytest.mark.parametrize("fate", list(Fate))
@pytest.mark.parametrize("halts", [True, False])
def test_only_a_halt_is_offered_to_be_sent_again_unseen(fate: Fate, halts: bool) -> None:
    question, button = sending.offered(fate, halts)
    assert question and (button == sending.ASK_AGAIN) is (halts and fate is Fate.UNKNOWN)
    assert (button == "") is (fate is Fate.VERDICT)


async def pressed(tui: Any, pilot: Any) -> None:
    """The act's own button, as soon as it takes a press."""
    await tui.until(pilot, lambda: not go(tui).disabled and not go(tui).has_class("-active"))
    await pilot.press("right", "enter")


def test_what_no_daemon_took_is_not_sent_and_may_be_tried_again_with_its_key(tui: Any, wire: Any) -> None:
    path, aside = tui.fake.path, tui.fake.path.with_name("aside")

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        path.rename(aside)
        await pilot.press("right", "enter")
        await tui.until(pilot, "NOT SENT: no daemon took it, and nothing was done")
        assert "UNREACHABLE, exit code 3" in tui.text() and "not known" not in tui.text().lower()
        assert len(tui.app.on_their_way) == 0 and "NOT SENT" in tui.app.notices.said[-1].text
        key = tui.app.screen._desk.client.key
        aside.rename(path)
        await pressed(tui, pilot)
        await tui.until(pilot, f"[PAPER] close all of {wire.P}?")
        assert tui.app.focused.id == "cancel" and keys(tui, wire, "close") == [], "it is looked at first"
        await pressed(tui, pilot)
        await tui.until(pilot, "exit code 0")
        assert keys(tui, wire, "close") == [key]

    tui.play(scene)


def test_an_answer_that_is_lost_is_looked_up_when_the_daemon_is_back(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = unknown(wire, "close", "UNKNOWN", "DONE")
        await opened(tui, pilot, closing(wire))
        await tui.told(pilot, Lost(QUERIES, tui.app.clock_s, "the daemon went away"))
        await pilot.press("right", "enter")
        await tui.until(pilot, "UNKNOWN_OUTCOME, exit code 12")
        (key,) = keys(tui, wire, "close")
        assert f"hydractl asked {key}" in tui.text() and "NOT KNOWN whether it was done" in tui.text()
        assert tui.fake.bodies("asked") == [], "nobody is heard"
        await tui.told(pilot, Heard(QUERIES, tui.app.clock_s))
        await tui.until(pilot, "DONE, exit code 0")
        assert not go(tui).display and next(body.key for body in tui.fake.bodies("asked")) == key
        await pilot.press("escape")
        await pilot.pause()
        assert "looked up by its key: DONE" in tui.app.notices.said[-1].text and not tui.app.on_their_way

    tui.play(scene)
    assert len(keys(tui, wire, "close")) == 1


def test_a_sheet_that_was_left_is_answered_by_a_notice(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = unknown(wire, "close", "UNKNOWN", "REJECTED")
        await opened(tui, pilot, closing(wire))
        await tui.told(pilot, Lost(QUERIES, tui.app.clock_s, "the daemon went away"))
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 12")
        await pilot.press("escape")
        await tui.until(pilot, "it is not known whether it was done; that is told here")
        await tui.told(pilot, Heard(QUERIES, tui.app.clock_s))
        await tui.until(pilot, f": CLOSE {wire.P}, looked up by its key: REJECTED")

    tui.play(scene)


def test_what_did_not_come_was_not_done_and_that_takes_two_look_ups(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = unknown(wire, "close", "")
        await opened(tui, pilot, closing(wire))
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 12")
        await tui.until(pilot, "NOTHING WAS DONE: looked up twice by its key")
        assert len(tui.fake.bodies("asked")) == 2 and "exit code 5" in tui.text()
        (key,) = keys(tui, wire, "close")
        tui.fake.script = wire.answer
        await pressed(tui, pilot)
        await tui.until(pilot, f"[PAPER] close all of {wire.P}?")
        await pressed(tui, pilot)
        await tui.until(pilot, "exit code 0")
        assert keys(tui, wire, "close") == [key, key]

    tui.play(scene)


@pytest.mark.parametrize("press", [("right", "enter"), ("ctrl+r",)])
def test_one_key_looks_it_up_also_when_write_mode_has_ended(tui: Any, wire: Any, press: tuple[str, ...]) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = unknown(wire, "close", "UNKNOWN")
        await opened(tui, pilot, closing(wire))
        await pilot.press("right", "enter")
        await tui.until(pilot, "looked up at")
        assert "UNKNOWN_OUTCOME. it is NOT KNOWN" in tui.text()
        tui.app.set_writing(False)
        await tui.until(pilot, lambda: not go(tui).has_class("-active"))
        before = len(tui.fake.bodies("asked"))
        await pilot.press(*press)
        await tui.until(pilot, lambda: len(tui.fake.bodies("asked")) > before)

    tui.play(scene)
    assert len(keys(tui, wire, "close")) == 1


def test_asking_again_looks_up_what_was_left_behind(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = unknown(wire, "close", "UNKNOWN")
        await opened(tui, pilot, closing(wire))
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 12")
        await pilot.press("escape", "r")
        await tui.until(pilot, "asked again, and what became of 1 act")

    tui.play(scene)


def test_a_halt_keeps_no_key_and_is_asked_for_once_more(tui: Any, wire: Any) -> None:
    """It is never looked up: that nothing is found would not say that nothing was halted."""
    held = [None, None]

    def script(call: Any) -> Any:
        if wire.verb_of(call) == "halt" and held:
            held.pop()
            return wire.DROP
        return wire.answer(call)

    async def scene(pilot: Any) -> None:
        tui.fake.script = script
        tui.app._options["timeout"] = "200ms"
        await tui.fed(pilot)
        await pilot.press("H")
        await tui.until(pilot, "halt everything?")
        held[:] = [None] * 100
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 12")
        assert "Ask again" in tui.text()
        held.clear()
        await pressed(tui, pilot)
        await tui.until(pilot, "exit code 0")
        assert tui.fake.bodies("asked") == []

    tui.play(scene)


# --- what is said of it when the screens are left ---


def left(socket: str | None, key: str | None) -> list[str]:
    from hydractl.commands.tui import left_behind

    session = Session({**defaults(GLOBALS), "socket": socket}, "")
    return list(left_behind(session, "FIRE M-1", key))


def test_the_note_at_the_end_says_how_to_find_out() -> None:
    first, how, what = left(None, "k1")
    assert first.startswith("FIRE M-1 was sent, and no verdict of it was seen here")
    assert "hydractl asked k1 " in how and "sends nothing" in how
    assert "--key k1" in what and "once at most" in what
    assert "hydractl --socket /run/x asked k1 " in left("/run/x", "k1")[1]
    assert "status" in left(None, None)[1] and len(left(None, None)) == 2


def test_leaving_is_warned_of_once_for_each_act() -> None:
    ways = OnTheirWay(lambda: None, lambda run: run(), lambda *_: None)  # type: ignore[arg-type, return-value]
    ways.sent(Act("A", "k1", True, lambda _: False))
    ways.told("k1", Said(("x",), ExitCode.UNKNOWN_OUTCOME, Sent.UNANSWERED), True)
    assert [each.key for each in ways] == ["k1"] and ways.hurry() == 1 and ways.titled("A")
    ways.sent(Act("B", "k2", True, lambda _: False))
    ways.told("k2", Said(("x",), ExitCode.DENIED, Sent.ANSWERED), True)
    assert [each.key for each in ways] == ["k1"]
