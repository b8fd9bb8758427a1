"""Who is heard, what they may type and press, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydrad.bot import commands, listening
from hydrad.bot.buttons import Action
from hydrad.bot.commands import TABLE
from hydrad.bot.pressing import NOT_YOURS, OVER, TOO_LATE
from hydrad.bot.words import mission_line
from hydrad.domain.actors import Surface
from hydrad.domain.ids import IdKind, show
from hydrad.host.tickets import Purpose
from hydrad.toc.desk import NEEDS
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.answers.acts import ActRow, CheckRow, FireAnswer, OrderView
from hydrad.wire.answers.authority import HaltData, HaltedTerminal
from hydrad.wire.answers.briefing import Briefing, ChartView, PriceNow, Stake
from hydrad.wire.answers.missions import EntryNow, MissionCounts, MissionRow, MissionShow
from hydrad.wire.answers.positions import PositionRow
from hydrad.wire.answers.status import ActCounts, ClocksView, StatusData
from tests.bot.room import ANN, BOSS, GROUP, STRANGER, Room, message, press

MISSION, POSITION = show(IdKind.MISSION, 3), show(IdKind.POSITION, 9)


def filled(kind: type[Any], /, **given: Any) -> Any:
    """A value of this type: what is not given is empty."""
    empty = {str: "", int: 0, float: 0.0, bool: False}
    fields = {}
    for field in msgspec.structs.fields(kind):
        if field.name in given:
            fields[field.name] = given[field.name]
        elif field.required:
            fields[field.name] = empty.get(field.type, () if "tuple" in str(field.type) else None)
    return kind(**fields)


ROW = filled(
    MissionRow,
    id=MISSION,
    state="PROPOSED",
    kind="SNIPER_OPS",
    symbol="EURUSD",
    side="BUY",
    entry="1.08500",
    stop="1.08000",
    target="1.09500",
    r="2.00",
    tcs_text="not calibrated",
    expires_at="2026-11-26T12:34:56Z",
    expires_in_s=240.0,
)
ORDER = filled(OrderView, account="alpha", symbol="EURUSD", side="BUY", volume="0.10", plan=())
CHECKS = (CheckRow("AUTHORITY", True, "ACTIVE", "ACTIVE"), CheckRow("SPREAD", False, "3.1", "2.0"))
BRIEF = Briefing(
    mission=MissionShow(ROW, {}, "breakout on lean", (), None),
    market_at=None,
    account="alpha",
    kind="demo",
    accounts=("alpha",),
    fire=filled(FireAnswer, order=ORDER, checks=CHECKS, currency="USD"),
    price=filled(PriceNow, bid="1.08499", ask="1.08501", off_points=1, collar_points=20, age_s=0.4),
    stake=filled(Stake, currency="USD", volume="0.10", at_stop="-50.00", at_target="100.00", needs_percent="33.6"),
    tcs_text="not calibrated (needs 33.6%)",
    chart=filled(ChartView),
)
ACT = filled(
    ActRow, id="F-1", kind="FIRE", state="FILLED", account="alpha", verdict="FILLED 0.10 at 1.08501, ticket 77"
)
FILLED = filled(FireAnswer, act=ACT, acts=(ACT,), currency="USD")
STATUS = filled(
    StatusData,
    mode="paper",
    authority="ACTIVE",
    clocks=ClocksView("", None, "live"),
    missions=MissionCounts(1, 0, 1, 0),
    acts=filled(ActCounts),
)
HELD = filled(
    PositionRow, id=POSITION, account="alpha", symbol="EURUSD", side="BUY", volume="0.10", open_price="1.08501",
    stop="1.08000", currency="USD", mission=MISSION,
)  # fmt: skip
HALTED = filled(
    HaltData,
    authority="HALTED",
    latched_at="2026-11-26T12:00:00Z",
    terminals=(
        HaltedTerminal("t1", "alpha", True, "HALTED in its ledger"),
        HaltedTerminal("t2", "beta", False, "not confirmed (LOST)"),
    ),
)


def daemon(actor: Any, verb: Any) -> tuple[Any, Problem | None]:
    """A home in which everything is possible."""
    match verb:
        case calls.Brief(mission=wanted) | calls.MissionShow(mission=wanted) if wanted.upper() != MISSION:
            return None, Problem("USAGE", f"'{wanted}' is not an id")
        case calls.Brief():
            return BRIEF, None
        case calls.MissionShow():
            return BRIEF.mission, None
        case calls.Missions():
            return (ROW,), None
        case calls.Positions():
            return (HELD,), None
        case calls.Fire() | calls.Close():
            return FILLED, None
        case calls.Halt():
            return HALTED, None
        case calls.Resume():
            return None, Problem("FORBIDDEN", "resume is not taken from a phone", "at a shell")
        case calls.Accounts():
            return (), None
        case _:
            return None, None if type(verb) in NEEDS else Problem("FAILED", "not in this home")


@pytest.fixture
def room(tmp_path: Path) -> Room:
    made = Room(tmp_path, "hud.example.org")
    made.answer = daemon
    return made


def acts(room: Room) -> list[Any]:
    return [verb for _, verb, _ in room.asked if type(verb) in NEEDS]


# --- firing is two taps -----------------------------------------------------------------------------------


def test_a_fire_is_asked_with_size_money_price_and_what_fails_and_the_second_tap_fires_that(room: Room) -> None:
    (asked,) = room.type(7, f"/fire {MISSION}")
    for part in (
        "0.10 on alpha (demo)",
        "-50.00",
        "100.00 USD",
        "1.08501",
        "0.4 s old",
        "FAILS SPREAD: 3.1, limit 2.0",
    ):
        assert part in asked.text
    assert "not calibrated (needs 33.6%)" in asked.text
    assert acts(room) == [], "nothing was fired yet"
    toast, done = room.press(7, asked.token("Confirm"), message_id=70)
    assert acts(room) == [calls.Fire(MISSION, "alpha", volume="0.10", wait_s=8.0)]
    assert (done.how, done.message) == ("change", 70)
    assert "FILLED 0.10" in done.text
    assert toast.how == "toast"


def test_a_second_tap_and_a_repeated_update_are_told_what_happened_and_nothing_fires_twice(room: Room) -> None:
    token = room.type(7, f"/fire {MISSION}")[0].token("Confirm")
    update = press(50, 7, token)
    room.hear(update)
    (repeated,) = room.hear(update)
    assert "pressed before: F-1" in repeated.text, "told again by Telegram"
    (again,) = room.press(7, token)
    assert "FILLED 0.10" in again.text
    assert len(acts(room)) == 1


def test_a_press_whose_answer_got_lost_asks_again_under_the_same_key(room: Room) -> None:
    token = room.type(7, f"/fire {MISSION}")[0].token("Confirm")
    room.buttons.press(token, "telegram:7")  # and the daemon was killed
    room.press(7, token)
    room.press(7, token)
    keys = [key for _, verb, key in room.asked if isinstance(verb, calls.Fire)]
    assert keys == [keys[0]] and keys[0].startswith("bot-")


def test_after_its_time_a_press_whose_answer_got_lost_does_nothing(room: Room) -> None:
    token = room.type(7, f"/fire {MISSION}")[0].token("Confirm")
    room.buttons.press(token, "telegram:7")
    room.later(61)
    assert "/positions" in room.press(7, token)[0].text
    assert acts(room) == []


def test_another_account_of_theirs_is_asked_about_before_it_is_fired_on(room: Room) -> None:
    brief = msgspec.structs.replace(BRIEF, accounts=("alpha", "beta"))
    room.answer = lambda actor, verb: (brief, None) if isinstance(verb, calls.Brief) else daemon(actor, verb)
    (asked,) = room.type(7, f"/fire {MISSION}")
    room.press(7, asked.token("beta"))
    assert room.asked[-1][1] == calls.Brief(MISSION, "beta")
    assert acts(room) == []
    assert room.press(7, asked.token("Confirm"))[0].text == OVER, "the newer question voids the one before it"


def test_without_a_size_there_is_nothing_to_confirm(room: Room) -> None:
    none = msgspec.structs.replace(ORDER, volume="0.00")
    brief = msgspec.structs.replace(BRIEF, fire=msgspec.structs.replace(BRIEF.fire, order=none), stake=None)
    room.answer = lambda actor, verb: (brief, None)
    (asked,) = room.type(7, f"/fire {MISSION}")
    assert asked.labels == ["Cancel", "Act in the HUD"]
    assert "money at stop and target is not known" in asked.text


def test_a_confirmation_holds_a_minute_and_a_newer_one_voids_it(room: Room) -> None:
    first = room.type(7, f"/fire {MISSION}")[0].token("Confirm")
    second = room.type(7, f"/fire {MISSION}")[0].token("Confirm")
    assert room.press(7, first)[0].text == OVER
    room.later(60)
    assert room.press(7, second)[0].text == OVER
    assert acts(room) == []


def test_cancel_voids_the_confirmation(room: Room) -> None:
    (asked,) = room.type(7, f"/fire {MISSION}")
    assert room.press(7, asked.token("Cancel"))[-1].how == "change" or room.said[-2].how == "change"
    assert room.press(7, asked.token("Confirm"))[0].text == OVER
    assert acts(room) == []


def test_a_cancel_after_the_confirmation_does_not_say_that_nothing_was_done(room: Room) -> None:
    """Who presses Confirm and then, in fright, Cancel."""
    asked = room.type(7, f"/fire {MISSION}")[0]
    room.press(7, asked.token("Confirm"))
    said = room.press(7, asked.token("Cancel"))
    assert [each.how for each in said] == ["toast"], "the message goes on saying what happened"
    assert "too late" in said[0].text and "FILLED" in said[0].text
    again = room.press(7, asked.token("Cancel"))
    assert "nothing was done" not in again[0].text
    close = room.type(7, f"/close {POSITION}")[0]
    room.buttons.press(close.token("Close"), "telegram:7")  # and its verdict is waited for
    (said_now,) = room.press(7, close.token("Cancel"))
    assert "too late" in said_now.text and "/positions" in said_now.text


def test_nor_after_a_halt(room: Room) -> None:
    room.answer = lambda actor, verb: (STATUS, None) if isinstance(verb, calls.Status) else daemon(actor, verb)
    asked = next(s for s in room.press(7, room.type(7, "/status")[0].token("Halt")) if s.how == "say")
    room.press(7, asked.token("HALT"))
    (said,) = room.press(7, asked.token("Cancel"))
    assert said.how == "toast" and "HALTED" in said.text


def test_somebody_elses_button_is_refused_and_journaled(room: Room) -> None:
    token = room.type(7, f"/fire {MISSION}")[0].token("Confirm")
    assert room.press(42, token)[0].text == NOT_YOURS
    assert room.refused == [("telegram:42", "bot.button", NOT_YOURS)]
    assert acts(room) == []


def test_the_briefing_opens_as_a_mini_app_with_a_code_that_lets_it_act(room: Room) -> None:
    (asked,) = room.type(7, f"/fire {MISSION}")
    (url,) = [b.web_app for row in asked.buttons for b in row if b.web_app]
    code = url.partition("act=")[2]
    assert url.startswith(f"https://hud.example.org/app?mission={MISSION}&act=")
    assert room.tickets.take(code, Purpose.ELEVATE) == "telegram:7"


def test_without_a_public_address_no_message_has_a_link(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.answer = daemon
    for text in (f"/fire {MISSION}", f"/mission {MISSION}", "/start"):
        for said in room.type(7, text):
            assert not any(b.url or b.web_app for row in said.buttons for b in row)


def test_a_close_is_asked_and_confirmed(room: Room) -> None:
    (asked,) = room.type(7, f"/close {POSITION} 50%")
    assert f"Close 50% of {POSITION}?" in asked.text
    room.press(7, asked.token("Close"))
    assert acts(room) == [calls.Close(POSITION, "50%", wait_s=8.0)]


def test_a_part_that_is_none_is_still_asked_about_within_telegrams_limits(room: Room) -> None:
    (asked,) = room.type(7, f"/close {POSITION} \x1b[2J" + "9" * 300)
    assert "\x1b" not in asked.text + asked.labels[0] and asked.labels[0].startswith("Close ")


@pytest.mark.parametrize("subject", [POSITION, show(IdKind.FIRE, 9), MISSION])
def test_a_close_names_a_position_a_fire_or_a_mission(room: Room, subject: str) -> None:
    (asked,) = room.type(7, f"/close {subject.lower()}")
    assert POSITION in asked.text
    room.press(7, asked.token("Close"))
    assert acts(room) == [calls.Close(subject, None, wait_s=8.0)]


# --- halting ----------------------------------------------------------------------------------------------


def test_halt_is_one_command_and_is_answered_with_what_was_verified(room: Room) -> None:
    (said,) = room.type(7, "/halt smells wrong")
    assert acts(room) == [calls.Halt(None, reason="smells wrong")]
    for part in ("1 of 2 terminals", "t1: verified", "1 of accounts that were not given to you: 1 NOT VERIFIED"):
        assert part in said.text
    assert "t2" not in said.text
    (said,) = room.type(42, "/halt")
    assert "t2: NOT VERIFIED, not confirmed (LOST)" in said.text


def test_a_halt_is_obeyed_however_late_and_however_often(room: Room) -> None:
    for _ in range(40):
        room.type(7, "/halt", late=True)
    assert len(acts(room)) == 40


def test_a_halt_button_is_obeyed_late_too(room: Room) -> None:
    token = room.make(Action.HALT, subject="")
    room.later(3_600)
    for late in (True, False, True):
        room.press(7, token, late=late)
    assert acts(room) == [calls.Halt(None, reason="a button of the bot")] * 3, "however old, and at every press"
    assert len({key for _, verb, key in room.asked if isinstance(verb, calls.Halt)}) == 3, "and answered anew"


def test_halting_is_one_confirmation_away_from_the_status(room: Room) -> None:
    room.answer = lambda actor, verb: (STATUS, None) if isinstance(verb, calls.Status) else daemon(actor, verb)
    (said,) = room.type(7, "/status")
    asked = room.press(7, said.token("Halt…"))[0]
    assert acts(room) == []
    room.press(7, asked.token("HALT"))
    assert acts(room) == [calls.Halt(None, reason="a button of the bot")]


def test_a_halt_that_is_told_again_after_a_crash_halts(room: Room) -> None:
    update = message(77, 7, "/halt")
    room.hear(update)
    room.hear(update, late=True)
    assert len(acts(room)) == 2


def test_a_late_press_of_a_used_button_is_told_what_happened_and_does_nothing(room: Room) -> None:
    done, lost = (room.type(7, f"/fire {MISSION}")[0].token("Confirm") for _ in range(2))
    room.press(7, lost)
    before = len(acts(room))
    assert "pressed before: F-1 FIRE" in room.press(7, lost, late=True)[0].text
    other = room.type(7, f"/close {POSITION}")[0].token("Close")
    room.buttons.press(other, "telegram:7")
    assert "/positions" in room.press(7, other, late=True)[0].text
    assert room.press(7, done, late=True)[0].text == OVER
    assert len(acts(room)) == before


def test_everything_else_that_is_late_is_told_to_press_again(room: Room) -> None:
    token = room.type(7, f"/fire {MISSION}")[0].token("Confirm")
    assert room.press(7, token, late=True)[0].text == TOO_LATE
    assert room.type(7, f"/pass {MISSION}", late=True)[0].text == TOO_LATE
    assert acts(room) == []
    room.press(7, token)
    assert len(acts(room)) == 1, "the button is whole"


def test_resume_says_that_a_phone_does_not_and_how(room: Room) -> None:
    (said,) = room.type(42, "/resume")
    assert "resume is not taken from a phone" in said.text
    assert "hydractl resume" in said.text


# --- who --------------------------------------------------------------------------------------------------


def test_a_stranger_gets_one_polite_line_a_day_and_is_counted(room: Room) -> None:
    assert [s.text for s in room.type(STRANGER, "/halt")] == [listening.POLITE]
    assert room.type(STRANGER, "/fire x") == []
    room.later(24 * 3_600)
    assert len(room.type(STRANGER, "hello")) == 1
    assert len(room.strangers) == 3
    assert room.asked == []


def test_a_stranger_in_a_group_is_not_answered(room: Room) -> None:
    assert room.type(STRANGER, "/status", group=GROUP) == []
    assert room.strangers == ["no operator of this home"]


def test_an_invitations_code_makes_an_operator_and_wrong_ones_are_few(room: Room) -> None:
    room.answer = lambda actor, verb: (room.people.update({actor.identity: BOSS}), None)
    said = room.type(STRANGER, "/start abcdefghjkmn")
    assert room.asked[-1][1] == calls.OperatorClaim("ABCDEFGHJKMN")
    assert "Welcome" in said[0].text
    room.answer = lambda actor, verb: (None, Problem("NOT_FOUND", "no such code"))
    for _ in range(20):
        room.type(667, "/start ABCDEFGHJKMN")
    assert sum(isinstance(verb, calls.OperatorClaim) for _, verb, _ in room.asked) == 6


def test_a_group_reads_and_sees_no_account_no_size_and_no_money(room: Room) -> None:
    (shown,) = room.type(7, f"/mission {MISSION}", group=GROUP)
    assert "EURUSD BUY not calibrated (needs 33%)" in shown.text
    assert "alpha" not in shown.text and "Fire…" not in shown.labels
    (link,) = (b for row in shown.buttons for b in row)
    assert link.url == f"https://hud.example.org/hud?mission={MISSION}" and not link.data
    for name in set(TABLE) - {"start", "help", "status", "missions", "mission"}:
        assert "groups only read" in room.type(7, f"/{name} {MISSION}", group=GROUP)[0].text
    assert acts(room) == []


def test_a_button_in_a_group_does_nothing(room: Room) -> None:
    token = room.make(Action.HALT, subject="")
    for _ in range(40):
        assert room.press(7, token, group=GROUP)[0].text == "groups only read"
    assert acts(room) == []
    assert 0 < len(room.refused) <= 20, "journaled, but no flood of it"


def test_a_group_that_is_not_configured_is_not_answered(room: Room) -> None:
    assert room.type(7, "/missions", group=-1) == []


def test_who_types_too_fast_is_told_and_may_still_halt(room: Room) -> None:
    texts = [room.type(7, "/missions")[0].text for _ in range(25)]
    assert texts[-1] == listening.SLOWER and texts[0] != listening.SLOWER
    token, halts = room.make(Action.PASS), room.make(Action.HALT, subject="")
    assert room.press(7, token)[0].text == listening.SLOWER
    assert acts(room) == []
    room.press(7, halts)
    assert len(acts(room)) == 1
    assert "HALTED" in room.type(7, "/halt")[0].text


def test_each_command_asks_as_its_sender_by_the_bot(room: Room) -> None:
    room.type(7, f"/pass {MISSION} too wide")
    ((actor, verb, key),) = room.asked
    assert (actor.identity, actor.surface) == ("telegram:7", Surface.BOT)
    assert verb == calls.Pass(MISSION, "too wide")
    assert key.startswith("tg-")


def test_lockme_suspends_its_sender(room: Room) -> None:
    room.type(8, "/lockme")
    assert acts(room) == [calls.OperatorSuspend("eve", "asked for it by /lockme")]


def test_no_button_outlives_a_suspension_but_to_halt(room: Room) -> None:
    confirm = room.type(7, f"/fire {MISSION}")[0].token("Confirm")
    ask, halt = room.make(Action.ASK_CLOSE, subject=POSITION), room.make(Action.HALT, subject="")
    room.later(1)
    room.people["telegram:7"] = msgspec.structs.replace(ANN, void_ns=room.now_ns)
    room.later(1)
    assert [room.press(7, token)[0].text for token in (confirm, ask)] == [OVER, OVER] and acts(room) == []
    room.press(7, halt)
    room.press(7, room.type(7, f"/fire {MISSION}")[0].token("Confirm"))
    assert [type(verb) for verb in acts(room)] == [calls.Halt, calls.Fire]


# --- notes, hints, help -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "subject"), [(MISSION, MISSION), (show(IdKind.ALARM, 4) + "/2", show(IdKind.ALARM, 4))]
)
def test_an_answer_to_an_alert_is_a_note_on_what_it_was_about(room: Room, topic: str, subject: str) -> None:
    room.topics[7, 12] = topic
    bot = {"id": 1, "is_bot": True}
    (said,) = room.type(7, "looks\n thin", reply_to_message={"message_id": 12, "from": bot})
    assert acts(room) == [calls.Note(subject, "looks thin")]
    assert said.text == f"noted on {subject}"
    room.type(7, "and this", reply_to_message={"message_id": 13, "from": bot})
    assert len(acts(room)) == 1


def test_an_id_typed_wrong_is_answered_with_usage_and_the_nearest(room: Room) -> None:
    (said,) = room.type(7, f"/fire {MISSION[:-1]}#")
    assert "usage: /fire" in said.text
    assert f"did you mean {MISSION}?" in said.text


def test_a_command_that_is_none_names_the_nearest(room: Room) -> None:
    assert "did you mean /missions?" in room.type(7, "/misions")[0].text
    assert "/help" in room.type(7, "/qqq")[0].text


def test_help_lists_what_the_role_allows(room: Room) -> None:
    viewer, trader = room.type(8, "/help")[0].text, room.type(7, "/help")[0].text
    assert "/fire" in trader and "/resume" not in trader
    assert "/fire" not in viewer and "/lockme" in viewer


def test_every_command_answers_something_to_everybody_and_never_raises(room: Room) -> None:
    room.answer = lambda actor, verb: (None, Problem("FAILED", "broken\x1b[31m<b>x</b>\u202e"))
    for user in (42, 7, 8):
        for name in TABLE:
            room.later(60)
            for words in ("", "x", "x y z q"):
                assert room.type(user, f"/{name} {words}"), name


def test_what_a_broker_says_is_shown_on_one_line_and_cut(room: Room) -> None:
    hostile = "<script>\n*bold* \u202e\x00" + "y" * 9_000
    room.answer = lambda actor, verb: (None, Problem("DENIED", hostile, None, {"failed": [hostile] * 50}))
    (said,) = room.type(7, f"/pass {MISSION}")
    assert "\x00" not in said.text and "\u202e" not in said.text
    assert len(said.text) < 4_096


def test_the_menu_is_what_telegram_takes() -> None:
    """https://core.telegram.org/bots/api#botcommand."""
    assert len(commands.MENU) == len(TABLE) <= 100
    assert all(name == name.lower() and 1 <= len(name) <= 32 and 1 <= len(does) <= 256 for name, does in commands.MENU)
    wanted = "start help status missions mission fire pass approve positions close terminals report halt resume mute me lockme"
    assert list(TABLE) == wanted.split()


# --- anything at all --------------------------------------------------------------------------------------

_WORD = st.sampled_from([f"/{name}" for name in TABLE] + [MISSION, POSITION, "x", "/halt@hydra_bot", "", "50%"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([7, 8, 42, STRANGER]),
            st.lists(_WORD, max_size=3).map(" ".join),
            st.sampled_from([0, GROUP, -9]),
            st.booleans(),
            st.dictionaries(st.sampled_from(["forward_date", "via_bot", "from", "chat", "sender_chat"]), st.integers()),
        ),
        max_size=8,
    )
)
def test_no_stream_of_updates_raises_and_no_stranger_or_group_acts(room: Room, heard: list[Any]) -> None:
    room.db.execute("PRAGMA synchronous = OFF")
    for user, text, group, late, more in heard:
        before = len(acts(room))
        said = room.hear(message(room.next_update(), user, text, group=group, **more), late)
        tokens = [b.data for s in said for row in s.buttons for b in row if b.data]
        made = len(acts(room)) - before
        if user == STRANGER or group or more:
            assert not made and not tokens
        for token in tokens:
            room.press(STRANGER, token)
            room.press(8 if user != 8 else 7, token)
        assert len(acts(room)) - before == made, "somebody else's press has acted"


# --- a second person --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "verb"),
    [
        (Action.APPROVE, calls.Approve("F-1", wait_s=8.0)),
        (Action.REFUSE, calls.Cancel("F-1", wait_s=8.0, reason="refused in the chat")),
    ],
)
def test_a_press_approves_or_refuses_a_fire_once_and_says_what_became_of_it(
    room: Room, action: Action, verb: Any
) -> None:
    room.answer = lambda actor, asked: (FILLED, None) if asked == verb else daemon(actor, asked)
    token = room.make(action, subject="F-1")
    said = room.press(7, token)
    assert any("FILLED 0.10 at 1.08501, ticket 77" in each.text for each in said)
    again = room.press(7, token)
    assert "pressed before" in again[0].text and acts(room) == [verb]


def test_a_fire_that_is_approved_by_its_id_is_answered_with_what_became_of_it(room: Room) -> None:
    room.answer = lambda actor, asked: (FILLED, None) if isinstance(asked, calls.Approve) else daemon(actor, asked)
    (said,) = room.type(42, "/approve F-1")
    assert "FILLED 0.10 at 1.08501, ticket 77" in said.text and "is approved" not in said.text
    refused = Problem("FORBIDDEN", "F-1 is not approved: it was fired by the same person")
    room.answer = lambda actor, asked: (None, refused) if isinstance(asked, calls.Approve) else daemon(actor, asked)
    (said,) = room.type(42, "/approve F-1")
    assert "same person" in said.text and "phone_may" not in said.text


def test_a_confirmation_says_that_the_fire_will_wait(room: Room) -> None:
    lacks = CheckRow("APPROVAL", False, "volume 0.22 above 0.1 lots", "two people")
    fire = msgspec.structs.replace(BRIEF.fire, checks=(CHECKS[0], lacks))
    room.answer = lambda actor, verb: (msgspec.structs.replace(BRIEF, fire=fire), None)
    (asked,) = room.type(7, f"/fire {MISSION}")
    assert "It will wait for a second person: volume 0.22 above 0.1 lots" in asked.text


@pytest.mark.parametrize(("by", "words"), [(0, ""), (14, ", entry missed by 14 points"), (None, ", no price is known")])
def test_a_list_says_which_entry_is_missed(by: int | None, words: str) -> None:
    row = msgspec.structs.replace(ROW, entry_now=filled(EntryNow, missed_by_points=by))
    assert mission_line(row).endswith(f"PROPOSED, 4 m 00 s left{words}"), mission_line(row)
