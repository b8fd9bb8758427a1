"""The Mission pane as a person sees and uses it, before a scripted daemon."""

from __future__ import annotations

import time
from typing import Any

import briefings
import msgspec
import pytest

from hydractl.tui.store import QUERIES, Answered, Ask, Lost
from hydrad.domain.ids import IdKind, show
from hydrad.wire.answers import Problem
from hydrad.wire.answers.acts import TargetRow

replace = msgspec.structs.replace
OTHER, UNLISTED = show(IdKind.MISSION, 8), show(IdKind.MISSION, 9)
SIZES = pytest.mark.parametrize("size", [(160, 50), (80, 24)])


class Script:
    """A daemon that briefs missions, and says what it was told to say of each verb."""

    def __init__(self, wire: Any, **data: Any) -> None:
        self.wire = wire
        self.brief = briefings.briefing(wire)
        rows = (self.brief.mission.mission, replace(self.brief.mission.mission, id=OTHER, symbol="XAUUSD"))
        self.data = {"missions": rows, "now": replace(wire.NOW, market=briefings.MARKET), **data}
        self.errors: dict[str, Problem] = {}

    def __call__(self, call: Any) -> Any:
        verb = self.wire.verb_of(call)
        if verb in self.errors:
            return self.wire.answer(call, data=None, error=self.errors[verb])
        if verb == "brief":
            return self.wire.answer(call, data=self.briefed(call.body.mission, call.body.account))
        return self.wire.answer(call, **({"data": self.data[verb]} if verb in self.data else {}))

    def briefed(self, mission: str, account: str | None) -> Any:
        shown = self.brief.mission
        row = replace(shown.mission, id=mission)
        return replace(self.brief, mission=replace(shown, mission=row), account=account or self.brief.account)


@pytest.fixture
def script(fake: Any, wire: Any) -> Script:
    fake.script = made = Script(wire)
    return made


async def at_mission(tui: Any, pilot: Any) -> None:
    """Everything is answered: the list, then the briefing of its first, then the bars that this names."""
    await pilot.press("2")
    for _ in range(3):
        await tui.fed(pilot)


def asked(tui: Any, verb: str) -> dict[str, Any]:
    return next(dict(want.ask.fields) for want in tui.feed.wants if want.ask.verb == verb)


@pytest.mark.parametrize(("size", "ascii_only"), [((160, 50), False), ((80, 24), False), ((80, 24), True)])
def test_what_decides_is_in_sight(tui: Any, script: Script, wire: Any, size: Any, ascii_only: bool) -> None:
    script.brief = briefings.briefing(wire, denied=True)

    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        text = tui.text()
        for wanted in (
            *(wire.M, OTHER, "PROPOSED", "4 m 31 s left", "paper-1", "PAPER", "would be DENIED: ENTRY_MISSED"),
            *(
                "1.08490 / 1.08500, ",
                "s old, spread",
                "at stop -20.00 USD",
                "FAILED ENTRY_MISSED",
                "1.08320 to 1.08360",
            ),
            *("not calibrated (needs", "Chart  EURUSD", "f fire", "H HALT"),
        ):
            assert wanted in text, f"{wanted} is missing\n{text}"
        if ascii_only:
            assert text.isascii(), text

    tui.play(scene, size=size, ascii_only=ascii_only)


@SIZES
def test_the_chart_shows_the_levels(tui: Any, script: Script, wire: Any, size: Any) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        assert asked(tui, "bars")["since"] == "2026-11-24T05:00:00Z"
        for wanted in ("1.08500", "1.08480", "1.08490"):  # entry, channel high, now
            assert sum(wanted in row for row in tui.lines()) >= 1, tui.text()

    tui.play(scene, size=size)


def test_the_briefing_follows_the_cursor(tui: Any, script: Script, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        assert asked(tui, "brief") == {"mission": wire.M}
        await pilot.press("j")
        await pilot.pause()
        assert asked(tui, "brief") == {"mission": OTHER}
        assert "at stop" not in tui.text(), "nothing of the other mission's stands there"
        await tui.fed(pilot)
        assert f"Briefing  {OTHER}" in tui.text() and "at stop" in tui.text()

    tui.play(scene)


def test_a_mission_that_another_pane_names_is_shown_listed_or_not(tui: Any, script: Script) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.app.open_pane("mission", UNLISTED)
        await pilot.pause()
        for _ in range(2):
            await tui.fed(pilot)
        assert asked(tui, "brief") == {"mission": UNLISTED}
        assert f"Briefing  {UNLISTED}" in tui.text()
        tui.app.open_pane("mission", OTHER)
        await pilot.pause()
        await tui.fed(pilot)
        assert f"Briefing  {OTHER}" in tui.text()

    tui.play(scene)


def test_what_is_shown_stays_when_the_list_becomes_another(tui: Any, script: Script, wire: Any) -> None:
    """A person who is about to fire one mission must not find another in its place."""
    rows = script.data["missions"]

    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        script.data["missions"] = (replace(rows[0], id=UNLISTED), *rows)
        await tui.fed(pilot)
        assert asked(tui, "brief") == {"mission": wire.M}
        script.data["missions"] = rows[1:]
        await tui.fed(pilot)
        assert asked(tui, "brief") == {"mission": wire.M} and f"Briefing  {wire.M}" in tui.text()
        script.data["missions"] = tuple(reversed(rows))
        await tui.fed(pilot)
        await pilot.press("k")
        await pilot.pause()
        assert asked(tui, "brief") == {"mission": OTHER}, "from where it stands"

    tui.play(scene)


def test_the_filter_chooses_what_is_shown(tui: Any, script: Script) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        await pilot.press("slash", *"xau", "enter")
        await pilot.pause()
        assert asked(tui, "brief") == {"mission": OTHER}
        assert "filter: xau" in tui.text()

    tui.play(scene)


def test_the_next_account_is_briefed_and_fired_on(tui: Any, script: Script, fake: Any) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        await pilot.press("u")
        await pilot.pause()
        assert asked(tui, "brief")["account"] == "paper-2"
        await tui.fed(pilot)
        assert "account 2 of 2" in tui.text()
        await pilot.press("W", "f")
        await tui.until(pilot, lambda: bool(fake.bodies("fire")))
        assert fake.bodies("fire")[0].account == "paper-2"
        await pilot.press("escape", "u")
        await pilot.pause()
        assert asked(tui, "brief")["account"] == "paper-1"

    tui.play(scene)


def test_every_check_on_a_key(tui: Any, script: Script) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        assert "AUTHORITY" not in tui.text()
        await pilot.press("e")
        await pilot.pause()
        assert "ok     AUTHORITY  ACTIVE  limit ACTIVE" in tui.text()
        await pilot.press("e")
        await pilot.pause()
        assert "AUTHORITY" not in tui.text()

    tui.play(scene)


@SIZES
def test_a_fire_from_the_key_to_its_verdict(tui: Any, script: Script, fake: Any, wire: Any, size: Any) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        await pilot.press("f")
        await pilot.pause()
        assert fake.bodies("fire") == [], "read-only first"
        await pilot.press("W", "f")
        await tui.until(pilot, "fire BUY 0.10 EURUSD, stop 1.08140, target 1.08740, on paper-1?")
        await pilot.press("right")
        await pilot.pause()
        await pilot.press("enter")
        await tui.until(pilot, "DONE, exit code 0")
        assert "FILLED" in tui.text() and "ticket 123" in tui.text()
        assert [body.dry_run for body in fake.bodies("fire")] == [True, False]
        script.brief = replace(script.brief, mission=replace(script.brief.mission, acts=(wire.ACT,)))
        await pilot.press("escape")
        await tui.fed(pilot)
        assert "Acts" in tui.text() and wire.F in tui.app.query_one("#mission-acts").text

    tui.play(scene, size=size)


def test_traces_of_the_mission_and_of_an_act(tui: Any, script: Script, wire: Any, monkeypatch: Any) -> None:
    script.brief = replace(script.brief, mission=replace(script.brief.mission, acts=(wire.ACT,)))
    opened: list[Any] = []

    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        monkeypatch.setattr(tui.app, "open_pane", lambda *parts: opened.append(parts))
        await pilot.press("t")
        tui.app.query_one("#mission-acts").focus()
        await pilot.press("enter", "t")
        await pilot.pause()
        assert opened == [("trace", wire.M), ("trace", wire.F), ("trace", wire.F)]

    tui.play(scene)


def test_only_a_fire_that_waits_can_be_approved(tui: Any, script: Script, wire: Any, fake: Any) -> None:
    waiting = replace(wire.ACT, state="AWAITING_APPROVAL")

    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        await pilot.press("W", "v")
        await tui.until(pilot, "waits for a second person")
        assert fake.bodies("fire.show") == []
        script.brief = replace(script.brief, mission=replace(script.brief.mission, acts=(waiting,)))
        await tui.fed(pilot)
        await pilot.press("v")
        await tui.until(pilot, f"approve {wire.F}")
        assert fake.bodies("approve") == []

    tui.play(scene)


@pytest.mark.parametrize(("key", "wanted"), [("p", "pass M-"), ("d", "withdraw M-")])
def test_each_act_opens_its_sheet_and_sends_nothing(tui: Any, script: Script, fake: Any, key: str, wanted: str) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        await pilot.press("W", key)
        await tui.until(pilot, wanted)
        await pilot.press("enter")  # Cancel has the focus
        await pilot.pause()
        assert not any(fake.bodies(verb) for verb in ("pass", "withdraw", "fire.symbol"))

    tui.play(scene, size=(80, 24))


def test_a_fire_by_hand_begins_at_its_first_field(tui: Any, script: Script, fake: Any) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        await pilot.press("W", "b")
        await tui.until(pilot, "name the stop, then Enter")
        await pilot.press("tab", "tab", *"1.08", "enter")
        await tui.until(pilot, lambda: bool(fake.bodies("fire.symbol")))
        asked = fake.bodies("fire.symbol")[0]
        assert (asked.symbol, asked.side, asked.stop, asked.dry_run) == ("EURUSD", "buy", "1.08", True)
        await tui.until(pilot, "fire BUY 0.10 EURUSD")
        await pilot.press("enter")  # in a field: looks again, sends nothing
        await pilot.pause()
        assert all(body.dry_run for body in fake.bodies("fire.symbol"))

    tui.play(scene, size=(80, 24))


def test_question_and_buttons_are_in_sight_however_much_stands_above_them(
    tui: Any, script: Script, fake: Any, wire: Any
) -> None:
    rows = tuple(
        TargetRow(f"acc-{at}", "paper", "1", "sim-1", "0.10", "20.00", "USD", "0", "would be ROUTED", ())
        for at in range(9)
    )
    acts = tuple(replace(wire.ACT, id=show(IdKind.FIRE, 20 + at)) for at in range(9))
    preview = replace(wire.FIRE, dry_run=True, act=None, acts=(), targets=rows)
    script.data["fire.symbol"] = preview

    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        await pilot.press("W", "b")
        await tui.until(pilot, "name the stop, then Enter")
        await pilot.press("tab", "tab", *"1.08", "enter")
        await tui.until(pilot, "on 9 of 9 accounts")
        await tui.until(pilot, "Cancel")
        script.data["fire.symbol"] = replace(wire.FIRE, acts=acts)
        tui.app.screen.query_one("#go").focus()
        await pilot.pause()
        await pilot.press("enter")
        await tui.until(pilot, "that is its verdict")
        await tui.until(pilot, "Leave ")
        assert acts[0].id in tui.text() and acts[8].id in tui.text(), "their room is the verdict's"

    tui.play(scene, size=(80, 24))


def test_a_note_begins_at_its_text(tui: Any, script: Script, fake: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        await pilot.press("W", "plus")
        await tui.until(pilot, "a note needs a line of text")
        await pilot.press(*"early", "enter")
        await tui.until(pilot, f"write this about {wire.M}?")
        assert fake.bodies("note") == []

    tui.play(scene, size=(80, 24))


def test_it_expires_while_it_is_looked_at(tui: Any, script: Script, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        assert "4 m 31 s left" in tui.text()
        script.data["now"] = replace(wire.NOW, market="2026-11-20T12:31:00Z")
        await tui.fed(pilot)
        assert "left" not in tui.text() and "PROPOSED  over" in tui.text()

    tui.play(scene)


def test_a_lost_daemon_makes_the_briefing_old(tui: Any, script: Script) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        assert "OLD" not in tui.text()
        await tui.told(pilot, Lost(QUERIES, time.monotonic(), "the daemon went away"))
        assert "not what holds now" in tui.text() and "NO DAEMON" in tui.text()

    tui.play(scene, size=(80, 24))


def test_a_refused_briefing_says_why(tui: Any, script: Script) -> None:
    script.errors["brief"] = Problem(code="FORBIDDEN", message="brief needs a trader", hint=None, facts={})

    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        assert "FORBIDDEN: brief needs a trader" in tui.text()
        assert "EURUSD BUY  PROPOSED" in tui.text(), "what the list says of it stands there all the same"

    tui.play(scene)


def test_without_a_mission_it_says_so_and_a_fire_by_hand_is_open(tui: Any, script: Script) -> None:
    script.data["missions"] = ()

    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        assert "no mission yet" in tui.text() and "no mission is chosen" in tui.text()
        await pilot.press("W", "f", "p", "d", "plus", "t", "u", "z", "v")
        await pilot.pause()
        await pilot.press("b")
        await tui.until(pilot, "FIRE BY HAND")

    tui.play(scene)


def test_no_message_of_another_mission_is_shown_as_this_ones(tui: Any, script: Script, wire: Any) -> None:
    """The answer to a question that was asked before the cursor moved comes late."""

    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        await pilot.press("j")
        await pilot.pause()
        late = Answered(Ask.of("brief", mission=wire.M), time.monotonic(), briefings.told(script.brief))
        await tui.told(pilot, late)
        assert f"Briefing  {OTHER}" in tui.text() and "asking for the briefing" in tui.text()

    tui.play(scene)


# --- a fire of one's own ---


def fired(wire: Any, mission: str, listed: list[bool]) -> Any:
    """A daemon that makes another mission by hand, and lists it when `listed` says so."""
    made = msgspec.structs.replace(wire.DATA["missions"][1][0], id=mission)
    row = msgspec.structs.replace(wire.ACT, mission=mission)

    def script(call: Any) -> Any:
        verb = wire.verb_of(call)
        if verb == "missions" and listed:
            return wire.answer(call, data=(*wire.DATA["missions"][1], made))
        if verb == "fire.symbol" and not call.body.dry_run:
            return wire.answer(call, data=msgspec.structs.replace(wire.FIRE, act=row, acts=(row,)))
        return wire.answer(call)

    return script


async def fire_by_hand(tui: Any, pilot: Any) -> None:
    await pilot.press("W", "2", "b")
    await tui.until(pilot, lambda: len(tui.app.screen.query("#f-stop")) == 1)
    tui.app.screen.set_focus(tui.app.screen.query_one("#f-stop"))
    await pilot.press("1", ".", "0", "8", "enter")
    await tui.until(pilot, "] fire BUY")
    await pilot.press("right", "enter")
    await tui.until(pilot, "exit code 0")


def cursors(tui: Any) -> tuple[Any, Any, Any]:
    """What the Mission pane shows, and where its cursor and the Board's are."""
    pane, query = tui.app.query_one("#mission"), tui.app.query_one
    return pane._shown, query("#mission-list").key, query("#board-missions").key


def test_a_mission_that_was_made_by_hand_is_shown_when_its_sheet_is_left(tui: Any, wire: Any) -> None:
    other, listed = "M-0000009T", []
    tui.fake.script = fired(wire, other, listed)

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await fire_by_hand(tui, pilot)
        assert f"mission {other}" in tui.text()
        listed.append(True)
        await tui.fed(pilot)
        assert cursors(tui)[0] == wire.M, "not before the person has left it"
        await pilot.press("escape")
        for pane in ("2", "1"):
            await pilot.press(pane)
            await tui.fed(pilot)
            await pilot.pause()
        assert cursors(tui) == (other, other, other)

    tui.play(scene)


def test_a_cursor_that_a_person_has_moved_since_stays(tui: Any, wire: Any) -> None:
    other, listed = "M-0000009T", []
    tui.fake.script = fired(wire, other, listed)

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await fire_by_hand(tui, pilot)
        await pilot.press("escape", "1")
        third = msgspec.structs.replace(wire.DATA["missions"][1][0], id="M-0000008T")
        board = tui.app.query_one("#board-missions")
        board._keys = [wire.M, third.id]
        board.action_cursor(1)
        tui.app.query_one("#board")._seek(tui.app.frame)
        assert tui.app.query_one("#board")._sought is None

    tui.play(scene)


@pytest.mark.parametrize("way", ["escape", "1"])
def test_the_boards_cursor_is_on_the_mission_that_was_read_last(tui: Any, script: Script, way: str) -> None:
    """`f` there fires what a person has read, and no other one."""

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        first, second = tui.app.query_one("#board-missions").keys[:2]
        await pilot.press("enter")
        await tui.fed(pilot)
        await pilot.press("j")
        await tui.fed(pilot)
        assert cursors(tui) == (second, second, first)
        await pilot.press("W", way, "f")
        await tui.until(pilot, f"FIRE {second}")
        assert cursors(tui)[2] == second

    tui.play(scene)


def test_what_was_read_and_is_not_listed_is_not_taken_for_another_one(tui: Any, script: Script) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.app.open_pane("mission", UNLISTED)
        await tui.fed(pilot)
        await pilot.press("W", "escape")
        await tui.fed(pilot)
        await pilot.press("f")
        await tui.until(pilot, f"{UNLISTED}, which was read last, is not listed here")
        await pilot.press("f")
        await tui.until(pilot, f"FIRE {tui.app.query_one('#board-missions').key}")

    tui.play(scene)


def test_esc_takes_the_checks_away_before_it_leaves_the_pane(tui: Any, script: Script) -> None:
    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        await pilot.press("e", "escape")
        await tui.until(pilot, "checks that passed are counted")
        assert tui.app.pane.NAME == "mission"
        await pilot.press("escape")
        assert tui.app.pane.NAME == "board"

    tui.play(scene)


def test_the_chart_keeps_its_timeframe_until_a_person_takes_another(tui: Any, wire: Any, script: Script) -> None:
    """Neither the market's time nor the terminal's size changes it."""
    row = replace(script.brief.mission.mission, horizon_at="2026-11-20T14:25:30Z")
    chart = replace(script.brief.chart, signal_at="2026-11-20T12:25:30Z")
    script.brief = replace(script.brief, mission=replace(script.brief.mission, mission=row), chart=chart)

    async def scene(pilot: Any) -> None:
        await at_mission(tui, pilot)
        first = asked(tui, "bars")["timeframe"]
        assert f"Chart  EURUSD  auto {first}  bid" in tui.text()
        script.data["now"] = replace(wire.NOW, market="2026-11-20T14:20:00Z")
        await pilot.resize_terminal(80, 24)
        for _ in range(3):
            await tui.fed(pilot)
        assert asked(tui, "bars")["timeframe"] == first and f"auto {first}" in tui.text()
        await pilot.press("z")
        await tui.fed(pilot)
        other = asked(tui, "bars")["timeframe"]
        assert other != first and f"EURUSD  {other}  bid" in tui.text() and "auto" not in tui.text()

    tui.play(scene)
