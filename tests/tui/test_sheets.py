"""What stands between a key and an act: nothing is sent but by the act's own button, what was looked at, and once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sheet import act, answering, closing, go, keys, opened, pressed, unknown

from hydractl.tui.carry import Desk
from hydractl.tui.choose import Choose
from hydractl.tui.intent import Field, Intent, Proposal
from hydractl.tui.intents import authority, fires, missions, positions
from hydractl.tui.intents.base import asked
from hydractl.tui.jump import Jump
from hydractl.tui.sheets import LOOKED_S, Sheet
from hydrad.wire.answers import Problem
from hydrad.wire.answers.acts import CheckRow


@pytest.mark.parametrize("presses", [("enter",), ("escape",), ("right", "left", "enter"), ("right", "escape")])
def test_cancel_has_the_focus_and_sends_nothing(tui: Any, wire: Any, presses: tuple[str, ...]) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire), f"[PAPER] close all of {wire.P}?")
        assert tui.app.focused.id == "cancel"
        for key in presses:
            await pilot.press(key)
        await pilot.pause()
        assert not isinstance(tui.app.screen, Sheet)

    tui.play(scene)
    assert tui.fake.sent("close") == []


def closes_once(wire: Any, held: threading.Event) -> Callable[[Any], Any]:
    """A daemon that answers a close only once it may."""

    def script(call: Any) -> Any:
        if wire.verb_of(call) == "close" and not call.body.dry_run:
            held.wait(20)
        return wire.answer(call)

    return script


def test_the_button_sends_once_and_shows_verdict_and_exit_code(tui: Any, wire: Any) -> None:
    held = threading.Event()

    async def scene(pilot: Any) -> None:
        tui.fake.script = closes_once(wire, held)
        await opened(tui, pilot, closing(wire))
        await pilot.press("right", "enter")
        await tui.until(pilot, "waiting for its verdict")
        await pilot.press("enter", "enter")
        assert not go(tui).display
        go(tui).press()
        await pilot.pause()
        assert isinstance(tui.app.screen, Sheet), "Enter twice does not leave it before its verdict"
        held.set()
        await tui.until(pilot, "exit code 0")
        assert wire.DATA["close"][1].act.verdict in tui.text() and "realised +3.10 USD" in tui.text()
        assert not go(tui).display and tui.app.focused.id == "cancel"
        go(tui).press()
        await pilot.pause()

    tui.play(scene)
    (body,) = tui.fake.sent("close")
    assert (body.id, body.part) == (wire.P, None)


@pytest.mark.parametrize(
    ("state", "words"),
    [("DENIED", "DENIED, exit code 6"), ("REJECTED", "REJECTED, exit code 13"), ("NOT_EXECUTED", "exit code 14")],
)
def test_a_refusal_does_not_look_like_success(tui: Any, wire: Any, state: str, words: str) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = answering(wire, "close", act(wire, state))
        await opened(tui, pilot, closing(wire))
        await pilot.press("right", "enter")
        await tui.until(pilot, words)
        assert "DONE" not in tui.text() and "done" not in tui.text()
        assert not go(tui).display

    tui.play(scene)
    assert len(tui.fake.sent("close")) == 1


def test_only_what_was_looked_at_is_sent(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        await pilot.press("tab", "5", "0")
        await tui.until(pilot, "Enter looks at what that would do")
        assert go(tui).disabled
        go(tui).press()
        await pilot.press("backspace", "backspace")
        assert not go(tui).disabled and "close all of" in tui.text(), "it is again what was looked at"
        await pilot.press("5", "0", "%", "enter")
        await tui.until(pilot, f"close 0.05 of {wire.P}, 0.05 stays open?")
        await pilot.press("escape")

    tui.play(scene)
    assert tui.fake.sent("close") == []


def test_values_that_were_looked_at_again_are_sent(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        tui.app.screen.query_one("#f-part").focus()
        await pilot.press("5", "0", "%", "enter")
        await tui.until(pilot, f"close 0.05 of {wire.P}, 0.05 stays open?")
        assert tui.app.focused.id == "cancel", "Enter in a field goes on to the buttons"
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 0")

    tui.play(scene)
    assert [body.part for body in tui.fake.sent("close")] == ["0.05"]


def live(wire: Any) -> Callable[[Any], Any]:
    """A daemon of a real home whose account is live."""
    daemon = msgspec.structs.replace(wire.DAEMON, mode="real")
    account = msgspec.structs.replace(wire.ACCOUNT, kind="live")

    def script(call: Any) -> Any:
        if getattr(call.body, "dry_run", False):
            row = wire.PART if call.body.part else wire.REDUCE
            return wire.answer(call, daemon=daemon, data=wire.dry(msgspec.structs.replace(row, kind="live")))
        data = {"accounts": (account,)}.get(wire.verb_of(call), wire.DATA[wire.verb_of(call)][1])
        return wire.answer(call, daemon=daemon, data=data)

    return script


def test_live_has_to_be_typed(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = live(wire)
        await opened(tui, pilot, closing(wire), "[LIVE] close all of")
        assert go(tui).disabled
        await pilot.press("right", "enter")  # there is no other button than Cancel
        await pilot.pause()
        assert not isinstance(tui.app.screen, Sheet)
        await opened(tui, pilot, closing(wire), "[LIVE] close all of")
        tui.app.screen.query_one("#sheet-word").focus()
        await pilot.press(*"live")
        assert go(tui).disabled
        await pilot.press(*["backspace"] * 4, *"LIVE")
        assert not go(tui).disabled
        go(tui).focus()
        await pilot.press("enter")
        await tui.until(pilot, "exit code 0")

    tui.play(scene)
    assert len(tui.fake.sent("close")) == 1


def test_the_word_does_not_stand_for_what_was_not_looked_at(tui: Any, wire: Any) -> None:
    """Typed beside a field that has changed, it opens nothing; looking again asks for it anew."""

    async def scene(pilot: Any) -> None:
        tui.fake.script = live(wire)
        await opened(tui, pilot, closing(wire), "[LIVE] close all of")
        part, word = tui.app.screen.query_one("#f-part"), tui.app.screen.query_one("#sheet-word")
        part.focus()
        await pilot.press("5", "0", "%")
        word.focus()
        await pilot.press(*"LIVE")
        assert go(tui).disabled
        part.focus()
        await pilot.press("enter")
        await tui.until(pilot, "close 0.05 of")
        assert word.value == "" and go(tui).disabled
        word.focus()
        await pilot.press(*"LIVE", "enter")
        assert tui.app.focused.id == "cancel" and not go(tui).disabled

    tui.play(scene)
    assert tui.fake.sent("close") == []


def test_each_sheet_has_a_key_of_its_own(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        for _ in range(2):
            await opened(tui, pilot, closing(wire))
            await pilot.press("right", "enter")
            await tui.until(pilot, "exit code 0")
            await pilot.press("escape")
            await pilot.pause()

    tui.play(scene)
    assert len(set(keys(tui, wire, "close"))) == 2


@pytest.mark.parametrize("over", [False, True])
def test_a_verdict_that_comes_after_leaving_is_told(tui: Any, wire: Any, over: bool) -> None:
    """On the pane below, and where another sheet stands open by then."""
    held = threading.Event()

    def script(call: Any) -> Any:
        if wire.verb_of(call) == "close" and not call.body.dry_run:
            held.wait(20)
            return wire.answer(call, data=act(wire, "REJECTED"))
        return wire.answer(call)

    async def scene(pilot: Any) -> None:
        tui.fake.script = script
        await opened(tui, pilot, closing(wire))
        await pilot.press("right", "enter")
        await tui.until(pilot, "waiting for its verdict")
        await pilot.press("escape")
        await pilot.pause()
        if over:
            tui.app.intend(missions.note(wire.P))
            await pilot.pause()
        held.set()
        await tui.until(pilot, f"CLOSE {wire.P}: REJECTED")

    tui.play(scene)


@pytest.mark.parametrize(("everything", "chosen"), [("ACTIVE", "paper-1"), ("HALTED", "")])
def test_resume_is_first_of_what_is_halted(tui: Any, wire: Any, everything: str, chosen: str) -> None:
    """An account that is halted by itself is not resumed with everything."""
    account = msgspec.structs.replace(wire.STATUS.accounts[0], authority="HALTED")
    status = msgspec.structs.replace(wire.STATUS, authority=everything, accounts=(account,))
    usual = tui.fake.script
    tui.fake.script = lambda call: wire.answer(call, data=status) if wire.verb_of(call) == "status" else usual(call)

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.app.set_writing(True)
        await pilot.press("U")
        await tui.until(pilot, f"resume {f'account {chosen}' if chosen else 'everything'}")

    tui.play(scene)


@pytest.mark.parametrize("kind", ["line", "list"])
def test_what_is_typed_after_tab_is_typed_where_tab_leads(tui: Any, wire: Any, kind: str) -> None:
    """All of it in one burst, as a slow line brings it."""
    intent = positions.modify(wire.P, "1.08000", None)
    if kind == "list":
        intent = authority.resume(["paper-1"])
    keys = ["tab", "1", ".", "3"] if kind == "line" else ["tab", "tab", "tab", "n", "o"]

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.app.set_writing(True)
        tui.app.intend(intent)
        await pilot.pause()
        await pressed(tui.app, pilot, *keys)
        sheet = tui.app.screen
        if kind == "line":
            assert sheet.query_one("#f-stop").value == "" and sheet.query_one("#f-target").value == "1.3"
        else:
            assert sheet.query_one("#f-reason").value == "no"

    tui.play(scene)


def test_a_part_that_was_not_named_is_not_all_of_it(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.app.set_writing(True)
        tui.app.intend(positions.close(wire.P, "50%"))
        await pilot.pause()
        field = tui.app.screen.query_one("#f-part")
        field.value = ""
        field.focus()
        await pilot.press("enter")
        await tui.until(pilot, "name the part")
        assert not [body for body in tui.fake.bodies("close") if body.part is None]

    tui.play(scene)


def test_read_only_refuses_all_but_halt(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        for intent in (closing(wire), positions.flatten([]), authority.resume([])):
            tui.app.intend(intent)
            await pilot.pause()
            assert not isinstance(tui.app.screen, Sheet)
        assert "read-only" in tui.text()
        await pilot.press("H")
        assert isinstance(tui.app.screen, Sheet) and tui.app.focused.id == "cancel"

    tui.play(scene)


def test_write_mode_that_ends_takes_the_button_with_it(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        tui.app.set_writing(False)
        await pilot.press("right", "enter")
        await tui.until(pilot, "read-only again")

    tui.play(scene)
    assert tui.fake.sent("close") == []


def test_what_a_look_cannot_do_is_said_with_nothing_to_send(tui: Any, wire: Any) -> None:
    problem = Problem("FORBIDDEN", "this operator may not look", None, {})
    closed = CheckRow("POSITION_STATE", False, "closed", "open")
    row = msgspec.structs.replace(wire.REDUCE, codes=("POSITION_STATE",), failed=(closed,))

    def gone(call: Any) -> Any:
        dry = wire.verb_of(call) == "close" and call.body.dry_run
        return wire.answer(call, data=wire.dry(row)) if dry else wire.answer(call)

    def refusing(call: Any) -> Any:
        refused = wire.verb_of(call) == "close"
        return wire.answer(call, data=None, error=problem) if refused else wire.answer(call)

    async def scene(pilot: Any) -> None:
        tui.fake.script = gone
        await opened(tui, pilot, closing(wire), "POSITION_STATE: closed, limit open")
        assert go(tui).disabled and "nothing can be sent" in tui.text()
        tui.fake.script = refusing
        await pilot.press("ctrl+r")
        await tui.until(pilot, "FORBIDDEN: this operator may not look")
        assert go(tui).disabled

    tui.play(scene)


@pytest.mark.parametrize("when", ["looking", "sending"])
def test_a_defect_in_a_thread_ends_the_app_with_its_name(tui: Any, when: str) -> None:
    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        if when == "looking":
            raise LookupError("a defect")
        return asked(desk, ("go?", ""), send)

    def send(desk: Desk) -> int:
        raise LookupError("a defect")

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("W")
        tui.app.intend(Intent("BREAK", "Break", propose))
        await pilot.pause()
        if when == "sending":
            await tui.until(pilot, "go?")
            await pilot.press("right", "enter")
        await tui.until(pilot, lambda: not tui.app.is_running)

    with pytest.raises(LookupError, match="a defect"):
        tui.play(scene)


def test_a_sheet_that_stands_open_holds_no_connection(tui: Any, wire: Any) -> None:
    """A look leaves none behind, and neither does the act: a day of looks must not use up the daemon's."""
    clients = []

    async def scene(pilot: Any) -> None:
        for _ in range(3):
            await opened(tui, pilot, closing(wire))
            clients.append(tui.app.screen._desk.client)
            assert clients[-1]._connection is None
            await pilot.press("right", "enter")
            await tui.until(pilot, "exit code 0")
            assert clients[-1]._connection is None
            await pilot.press("escape")
            await pilot.pause()

    tui.play(scene)
    assert len({client.key for client in clients}) == 3


def test_what_can_be_chosen_is_text_whatever_is_in_it(tui: Any) -> None:
    """A broker's `[SP500]` is a name, and no markup that hides or breaks the list."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        return asked(desk, ("go?", ""), lambda desk: 0)

    choices = (("[SP500]", "a"), ("left [/b] over\x1b[2J", "b"))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, Intent("CHOOSE", "Go", propose, (Field("what", "what", choices=choices),)))
        assert "[SP500]" in tui.text()
        await pilot.click("#f-what")
        await tui.until(pilot, "left [/b] over?[2J")

    tui.play(scene)


@pytest.mark.parametrize("verb", ["cancel", "flatten"])
def test_a_list_that_was_refused_is_not_an_empty_one(tui: Any, wire: Any, verb: str) -> None:
    problem = Problem("FORBIDDEN", "this operator may not look", None, {})

    def script(call: Any) -> Any:
        refused = wire.verb_of(call) == verb
        return wire.answer(call, data=None, error=problem) if refused else wire.answer(call)

    intent = {"cancel": positions.cancel(wire.RESTS.id, []), "flatten": positions.flatten(["paper-1"])}[verb]

    async def scene(pilot: Any) -> None:
        tui.fake.script = script
        await opened(tui, pilot, intent, "FORBIDDEN: this operator may not look")
        assert go(tui).disabled and "nothing rests" not in tui.text() and "nothing is open" not in tui.text()

    tui.play(scene)


def test_the_field_that_keys_go_to_is_seen(tui: Any) -> None:
    """A list has no cursor: without its label turned round, a price is typed into the wrong field."""

    def turned() -> list[str]:
        labels = tui.app.screen.query(".field Label")
        return [str(label.render()) for label in labels if label.styles.text_style.reverse]

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("H")
        await tui.until(pilot, "halt everything?")
        await pilot.pause()
        assert turned() == []
        for label in ("account", "how", "reason"):
            tui.app.screen.query_one(f"#f-{label}").focus()
            await pilot.pause()
            assert turned() == [label]

    tui.play(scene)


@pytest.mark.parametrize("field", ["stop", "target"])
def test_what_is_no_price_is_not_proposed(tui: Any, wire: Any, field: str) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("W")
        tui.app.intend(positions.modify(wire.POSITION.id, "1.08500", None))
        await tui.until(pilot, "name the new stop")
        tui.app.screen.query_one(f"#f-{field}").focus()
        await pilot.press("1", ".", "o", "enter")
        await tui.until(pilot, "the price '1.o' is not a number")
        assert go(tui).disabled
        if field == "target":
            await pilot.press("ctrl+u", *"none", "enter")
            await tui.until(pilot, "target none of")

    tui.play(scene)


def test_a_choice_is_made_by_typing_it(tui: Any) -> None:
    """What a list shows is text, and is looked through by what is typed."""

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("H")
        await tui.until(pilot, "halt everything?")
        tui.app.screen.query_one("#f-how").focus()
        await pilot.press("enter")
        await tui.until(pilot, "REDUCING")
        await pilot.press(*"redu", "enter")
        await tui.until(pilot, lambda: tui.app.screen.query_one("#f-how").value == "reduce")

    tui.play(scene)


def test_the_same_once_more_says_that_it_was_sent_before(tui: Any, wire: Any) -> None:
    """A sheet that was left without knowing what became of its act: the next one has another key."""

    async def scene(pilot: Any) -> None:
        tui.fake.script = unknown(wire, "close", "UNKNOWN")
        await opened(tui, pilot, closing(wire))
        assert "SENT BEFORE" not in tui.text()
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 12")
        await pilot.press("escape")
        await pilot.pause()
        tui.app.intend(closing(wire))
        await tui.until(pilot, "SENT BEFORE")
        assert "Look first: Positions (3), and fires --unknown" in tui.text()
        await pilot.press("escape")
        await pilot.pause()
        assert "SENT BEFORE stands" in tui.app.notices.said[-1].text

    tui.play(scene)
    assert len(keys(tui, wire, "close")) == 1


@pytest.mark.parametrize("key", ["escape", "enter"])
def test_a_sheet_that_was_cancelled_says_that_nothing_was_sent(tui: Any, wire: Any, key: str) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        await pilot.press(key)
        await tui.until(pilot, f"Not sent: CLOSE {wire.P} was cancelled.")
        tui.app.fire(wire.M)
        await tui.until(pilot, "] fire BUY")
        await pilot.press(key)
        await tui.until(
            pilot,
            f"Not sent: FIRE {wire.M} (fire BUY 0.10 EURUSD, stop 1.08140, target 1.08740, on paper-1) was cancelled.",
        )

    tui.play(scene)


def test_a_sheet_that_is_left_after_its_verdict_does_not_say_that_nothing_was_sent(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 0")
        await pilot.press("escape")
        await pilot.pause()
        assert not [said for said in tui.app.notices.said if "Not sent" in said.text]

    tui.play(scene)


def test_a_sheet_that_is_left_before_its_verdict_says_where_that_is_told(tui: Any, wire: Any) -> None:
    held = threading.Event()

    async def scene(pilot: Any) -> None:
        tui.fake.script = closes_once(wire, held)
        await opened(tui, pilot, closing(wire))
        await pilot.press("right", "enter")
        await tui.until(pilot, "waiting for its verdict")
        await pilot.press("escape")
        await tui.until(pilot, f"warning: CLOSE {wire.P} was sent; its verdict is told here.")
        held.set()
        await tui.until(pilot, f"CLOSE {wire.P}: DONE")

    tui.play(scene)


def test_what_was_looked_at_long_ago_is_looked_at_anew_before_it_is_sent(tui: Any, wire: Any, clock: Any) -> None:
    def looks() -> int:
        return sum(body.dry_run for body in tui.fake.bodies("close"))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        await tui.until(pilot, lambda: tui.app.screen._looked_s == clock.now_s)
        before, clock.now_s = looks(), clock.now_s + LOOKED_S + 0.1
        tui.app.screen._tick()
        await tui.until(pilot, "this look is 2 min old: the button looks again")
        await pilot.press("right", "enter")
        await tui.until(pilot, "The look before this was 2 min old, and nothing was sent of it")
        await tui.until(pilot, lambda: not go(tui).disabled)
        assert looks() == before + 1 and tui.fake.sent("close") == []
        assert tui.app.focused.id == "cancel" and "the button looks again" not in tui.text()
        await tui.until(pilot, lambda: tui.app.screen._looked_s == clock.now_s)
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 0")

    tui.play(scene)
    assert len(tui.fake.sent("close")) == 1


def test_a_look_that_is_not_old_yet_is_sent(tui: Any, wire: Any, clock: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        await tui.until(pilot, lambda: tui.app.screen._looked_s == clock.now_s)
        clock.now_s += LOOKED_S
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 0")

    tui.play(scene)


def test_what_is_old_and_live_wants_its_word_again(tui: Any, wire: Any, clock: Any) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = live(wire)
        await opened(tui, pilot, closing(wire), "[LIVE] close all of")
        await tui.until(pilot, lambda: tui.app.screen._looked_s == clock.now_s)
        clock.now_s += LOOKED_S + 1.0
        word = tui.app.screen.query_one("#sheet-word")
        word.focus()
        await pilot.press(*"LIVE", "enter", "right", "enter")
        await tui.until(pilot, "The look before this")
        assert word.value == "" and go(tui).disabled

    tui.play(scene)
    assert tui.fake.sent("close") == []


def test_a_halt_waits_for_no_other_look(tui: Any, wire: Any, clock: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("H")
        await tui.until(pilot, "halt everything?")
        clock.now_s += 10 * LOOKED_S
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 0")

    tui.play(scene)


def test_tab_goes_to_the_fields_before_the_button(tui: Any, wire: Any) -> None:
    """Cancel, Tab, the part, Enter: what is closed is the part."""

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        ring = []
        for key in ("tab", "tab", "tab", "tab", "tab", "shift+tab", "shift+tab", "shift+tab", "shift+tab"):
            await pilot.press(key)
            ring.append(tui.app.focused.id)
        assert ring == ["f-part", "f-reason", "go", "cancel", "f-part", "cancel", "f-reason", "f-part", "cancel"]
        await pilot.press("tab", *"50%", "enter")
        await tui.until(pilot, f"close 0.05 of {wire.P}, 0.05 stays open?")
        await pilot.press("escape")

    tui.play(scene)
    assert tui.fake.sent("close") == []


def test_what_is_typed_where_there_is_no_line_says_that_it_did_nothing(tui: Any) -> None:
    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        return asked(desk, ("go?", ""), lambda desk: 0)

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, Intent("PLAIN", "Go", propose))
        await pilot.press("5")
        await tui.until(pilot, "'5' did nothing: a button has the focus. Arrows lead to the buttons")
        await pilot.press("tab")
        assert tui.app.focused.id == "go", "without fields there is nothing between"
        await pilot.press("escape")

    tui.play(scene)


LOW = [(40, 12), (30, 8), (80, 24)]
BY_HAND = (("my primary account", ""),), (("default: what it does", "default"),)


def row_of(tui: Any, words: str) -> int:
    return next(at for at, line in enumerate(tui.lines()) if words in line)


@pytest.mark.parametrize("size", LOW)
@pytest.mark.parametrize("name", ["close", "modify", "resume", "halt"])
def test_the_question_and_the_buttons_are_always_in_sight(
    tui: Any, wire: Any, size: tuple[int, int], name: str
) -> None:
    intents = {
        "close": closing(wire), "modify": positions.modify(wire.P, "1.0814", "1.0864"),
        "resume": authority.resume(["paper-1"]), "halt": authority.halt(["paper-1"]),
    }  # fmt: skip

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, intents[name], "")
        for _ in range(6):
            buttons = row_of(tui, "Cancel")
            assert intents[name].go in tui.lines()[buttons]
            focused = tui.app.focused
            assert tui.app.screen.region.contains_region(focused.region), (focused, tui.text())
            await pilot.press("tab")
        question = tui.app.screen.query_one("#sheet-question")
        assert question.size.height and question.region.bottom <= row_of(tui, "Cancel")

    tui.play(scene, size=size)


def long(lines: int) -> Callable[[Desk, Mapping[str, str]], Proposal]:
    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        for number in range(lines):
            desk.out.line(f"line {number}.")
        return asked(desk, ("go?", "PAPER"), lambda desk: sent.append("sent") or 0)

    sent: list[str] = []
    propose.sent = sent  # type: ignore[attr-defined]
    return propose


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
def test_what_was_not_seen_to_its_end_is_not_sent(tui: Any, size: tuple[int, int]) -> None:
    propose = long(30)

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, Intent("LONG", "Go", propose, (Field("reason", "reason"),)), "line 0.")
        assert "line 29." not in tui.text()
        await tui.until(pilot, "more below")
        await pilot.press("right", "enter")
        await tui.until(pilot, "nothing was sent: there was more")
        assert propose.sent == []  # type: ignore[attr-defined]
        await pilot.press("ctrl+down", "ctrl+up", "pageup", *["pagedown"] * 6)
        assert "line 29." in tui.text()
        await tui.until(pilot, lambda: "more below" not in tui.text())
        await pilot.press("enter")
        await tui.until(pilot, "exit code 0")
        assert propose.sent == ["sent"]  # type: ignore[attr-defined]

    tui.play(scene, size=size)


def test_where_there_is_no_room_nothing_is_sent_but_a_halt(tui: Any, wire: Any) -> None:
    propose = long(3)

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, Intent("LONG", "Go", propose), "too small: enlarge")
        assert go(tui).disabled
        await pilot.resize_terminal(40, 12)
        await tui.until(pilot, "[PAPER] go?")
        assert not go(tui).disabled
        await pilot.resize_terminal(30, 5)
        await tui.until(pilot, "too small: enlarge")
        assert go(tui).disabled
        await pilot.press("escape", "H")
        await tui.until(pilot, lambda: isinstance(tui.app.screen, Sheet) and not go(tui).disabled)
        await pilot.press("right", "enter")
        await tui.until(pilot, lambda: len(tui.fake.bodies("halt")) == 1)

    tui.play(scene, size=(30, 5))
    assert propose.sent == []  # type: ignore[attr-defined]


def test_a_fire_by_hand_shows_what_it_would_do_in_a_small_terminal(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, fires.fire_by_hand(["EURUSD"], *BY_HAND), "nothing can be sent: see above")
        await pilot.press("tab", "tab", *"1.0814", "enter")
        await tui.until(pilot, "[PAPER]")
        assert tui.app.focused.id == "cancel" and "Fire" in tui.lines()[row_of(tui, "Cancel")]
        lines = tui.app.screen.query_one("#sheet-lines")
        assert lines.region.y <= tui.app.screen.query_one("#sheet-body").region.y + 1, "its first line is in sight"

    tui.play(scene, size=(40, 12))


@pytest.mark.parametrize("below", ["sheet", "help", "messages", "choose"])
def test_a_halt_is_one_key_away_over_whatever_is_shown(tui: Any, wire: Any, below: str) -> None:
    async def scene(pilot: Any) -> None:
        if below == "sheet":
            await opened(tui, pilot, closing(wire))
        else:
            await tui.fed(pilot)
        if below == "choose":
            tui.app.push_screen(Choose("trace which?", [wire.M, wire.P]))
        elif below != "sheet":
            await pilot.press("question_mark" if below == "help" else "M")
        await pilot.pause()
        under = tui.app.screen
        await pilot.press("H")
        await tui.until(pilot, lambda: isinstance(tui.app.screen, Sheet) and tui.app.screen is not under)
        await tui.until(pilot, "halt everything?")
        await pilot.press("H")
        assert len(tui.app.screen_stack) == 3, "and it is not laid over itself"
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 0")
        await pilot.press("escape")
        assert tui.app.screen is under

    tui.play(scene)
    assert len(tui.fake.bodies("halt")) == 1


def test_the_letters_of_the_boxes_give_way_to_a_halt(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("o")
        await pilot.pause()
        assert isinstance(tui.app.screen, Jump)
        await pilot.press("H")
        await tui.until(pilot, "halt everything?")
        await pilot.press("escape")
        assert len(tui.app.screen_stack) == 1, "the letters are gone"

    tui.play(scene)


def test_no_box_has_the_letter_that_halts(tui: Any, home: Path) -> None:
    (home / "tui.toml").write_text('[keys]\nhalt = "a"\n')

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("o")
        await pilot.pause()
        assert next(iter(tui.app.screen._boxes)) == "b"
        await pilot.press("a")
        await tui.until(pilot, "halt everything?")
        await pilot.press("escape")

    tui.play(scene)


def test_a_preview_that_is_not_of_what_is_typed_looks_old_and_is_not_sent(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        lines = tui.app.screen.query_one("#sheet-lines")
        assert not lines._blind
        await pilot.press("tab", *"50%")
        await tui.until(pilot, "NOT of what is typed")
        assert lines._blind and go(tui).disabled
        await pilot.press("backspace", "backspace", "backspace")
        await tui.until(pilot, "close all of")
        assert not lines._blind, "it is of what is typed again"
        await pilot.press(*"50%", "enter")
        await tui.until(pilot, "close 0.05 of")
        assert not lines._blind

    tui.play(scene)
    assert tui.fake.sent("close") == []


def test_in_a_line_of_text_the_key_line_says_how_to_halt(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        await tui.told(pilot)
        assert " H HALT" in tui.text() and "Esc H HALT" not in tui.text()
        await pilot.press("tab")
        await tui.told(pilot)
        await tui.until(pilot, "Esc H HALT")
        await pilot.press("escape")

    tui.play(scene, size=(80, 24))


@pytest.mark.parametrize(
    ("state", "word"), [("DONE", "DONE"), ("DENIED", "DENIED"), ("UNKNOWN", "it may have been done: UNKNOWN_OUTCOME")]
)
def test_a_verdict_that_was_told_in_its_sheet_is_kept_among_what_was_said(
    tui: Any, wire: Any, state: str, word: str
) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = answering(wire, "close", act(wire, state))
        await opened(tui, pilot, closing(wire))
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code")
        await pilot.press("escape", "M")
        await tui.until(pilot, f"CLOSE {wire.P}: {word}")

    tui.play(scene)


def test_a_sheet_says_by_itself_that_write_mode_has_ended(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, closing(wire))
        tui.app.set_writing(False)
        await tui.until(pilot, "read-only again: nothing is sent; leave this")
        await pilot.press("escape")

    tui.play(scene)


def test_what_cancels_an_order_is_left_and_not_cancelled(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, positions.cancel(wire.RESTS.id, []), "")
        assert tui.app.screen.query_one("#cancel").label.plain == "Leave"
        await pilot.press("enter")
        await pilot.pause()
        (said,) = tui.app.notices.said
        assert said.text.startswith("Not sent: ") and said.text.endswith("was left.")

    tui.play(scene)
