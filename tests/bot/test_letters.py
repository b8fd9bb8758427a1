"""What records become letters: to whom, what they say, and what a group never sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hydrad.bot.addressing import Setup
from hydrad.bot.letters import composed
from hydrad.domain.actors import Actor, Surface
from hydrad.domain.ids import IdKind, show
from hydrad.link.frames import RowState
from hydrad.outbox.letter import Letter, Priority
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.runbooks import runbook
from tests.toc.conftest import TERMS, Core

GROUP = "-100500"
ANN, BOSS_CHAT, ANN_CHAT, BOB_CHAT = "telegram:7", "42", "7", "8"
HOST = "hud.example.org"


class Told:
    """A core, with its people in chats, and the letters of what happens from now on."""

    def __init__(self, core: Core, setup: Setup | None = None) -> None:
        self.core = core
        self.setup = setup or Setup((int(GROUP),), HOST)
        core.ask(calls.OperatorLink("commander", "telegram:42"))
        add = calls.OperatorAdd
        core.ask(add("ann", "trader", ANN, policy="full", accounts=("alpha",)))
        core.ask(add("bob", "trader", "telegram:8", policy="full", accounts=("beta",)))
        self.seen = len(core.records)

    def letters(self, to: str = "") -> list[Letter]:
        """Of the records since the last call, as they would be made now."""
        new, self.seen = self.core.records[self.seen :], len(self.core.records)
        turn = Turn(self.core.state, self.core.engine.live, self.core.now_ns, 0)
        made = [letter for record in new for letter in composed(turn, self.setup, record)]
        assert len({letter.key for letter in made}) == len(made), "a key tells one thing"
        return [letter for letter in made if not to or letter.to == to]

    def forget(self) -> None:
        self.seen = len(self.core.records)


@pytest.fixture
def told(make: Callable[..., Core]) -> Told:
    core = make(terminals=(("t1", "alpha", 5001), ("t2", "beta", 5002)))
    core.connect("t1")
    core.connect("t2")
    return Told(core)


def labels(letter: Letter) -> list[str]:
    return [button.text for row in letter.buttons for button in row]


# --- missions ---------------------------------------------------------------------------------------------


def test_an_alert_is_two_lines_with_what_its_percentage_needs_and_three_buttons(told: Told) -> None:
    mission = told.core.mission()
    (letter,) = told.letters(ANN_CHAT)
    first, second = letter.text.split("\n")
    assert first == "EURUSD BUY not calibrated (needs 33%)"
    assert re.fullmatch(rf"{mission} at 1.10010, stop 1.09810, target 1.10410, R 2.00, until \d\d:\d\d:\d\dZ", second)
    assert labels(letter) == ["Open", "Fire…", "Pass"]
    assert (letter.priority, letter.topic, letter.silent, letter.edits_only) == (
        Priority.MISSION,
        mission,
        False,
        False,
    )
    assert letter.expires_ns > told.core.now_ns


def test_a_calibrated_percentage_is_never_without_what_it_needs(told: Told) -> None:
    told.core.mission(tcs=38, r_milli=1940)
    assert told.letters(ANN_CHAT)[0].text.startswith("EURUSD BUY 38% (needs 34%)\n")
    told.core.mission(tcs=38, r_milli=0, target_points=0)
    assert "38% what it needs is not known" in told.letters(ANN_CHAT)[0].text


def test_only_who_reaches_an_account_that_trades_it_is_told(told: Told) -> None:
    told.core.mission()
    assert {letter.to for letter in told.letters()} == {BOSS_CHAT, ANN_CHAT, BOB_CHAT, GROUP}
    told.core.mission(symbol="XAUUSD")
    assert {letter.to for letter in told.letters()} == {GROUP}
    told.core.ask(calls.OperatorSuspend("ann"))
    told.core.mission()
    assert ANN_CHAT not in {letter.to for letter in told.letters()}


def test_the_alert_is_edited_through_the_missions_life(told: Told) -> None:
    core = told.core
    mission = core.mission()
    told.forget()
    act = core.filled(mission=mission)
    edits = [letter for letter in told.letters(ANN_CHAT) if letter.topic == mission]
    assert edits and all(letter.edits_only and letter.silent for letter in edits)
    said = f"by commander on alpha: FILLED {act.volume_steps * TERMS.volume_step:.2f} at 1.10010, ticket {act.order_ticket}"
    assert said in edits[-1].text
    core.deals(core.deal_row(9, act.order_ticket, volume_steps=act.volume_steps))
    last = [letter for letter in told.letters(ANN_CHAT) if letter.topic == mission][-1]
    assert re.search(r"closed \w+ at 1.10100: 19.80 USD, \+\d\.\d\d R", last.text)
    assert last.text.startswith("EURUSD BUY")


def test_what_was_closed_in_parts_is_told_by_its_mean_price(told: Told) -> None:
    core = told.core
    mission = core.mission()
    act = core.filled(mission=mission)
    core.deals(core.deal_row(9, act.order_ticket, volume_steps=11))
    core.deals(core.deal_row(10, act.order_ticket, volume_steps=11, price_points=110_300))
    last = [letter for letter in told.letters(ANN_CHAT) if letter.topic == mission][-1]
    assert "at 1.10200 avg: 39.60 USD" in last.text


@pytest.mark.parametrize(("end", "words"), [("expire", "expired, nobody fired"), ("withdraw", "withdrawn")])
def test_a_mission_that_ends_says_so_and_has_no_button_to_fire(told: Told, end: str, words: str) -> None:
    mission = told.core.mission()
    told.forget()
    if end == "expire":
        told.core.later(700_000)
    else:
        told.core.ask(calls.Withdraw(mission))
    letter = told.letters(ANN_CHAT)[-1]
    assert letter.edits_only and words in letter.text
    assert labels(letter) == ["Open"]


def test_who_passed_has_no_button_any_more_and_the_others_have(told: Told) -> None:
    mission = told.core.mission()
    told.forget()
    told.core.ask(calls.Pass(mission), ANN)
    made = told.letters()
    by = {letter.to: letter for letter in made}
    assert labels(by[ANN_CHAT]) == ["Open"] and "you let it go" in by[ANN_CHAT].text
    assert "Fire…" in labels(by[BOB_CHAT])


def test_a_denied_and_a_rejected_fire_are_shown_as_what_they_are(told: Told) -> None:
    core = told.core
    mission = core.mission()
    act = core.fire(mission)
    core.result(act, RowState.REFUSED, retcode=10004)
    assert "REJECTED by the broker" in [x for x in told.letters(ANN_CHAT) if x.topic == mission][-1].text
    core.ask(calls.Halt(wait_s=0))
    told.forget()
    core.fire(mission)
    assert "DENIED by us: AUTHORITY" in [x for x in told.letters(ANN_CHAT) if x.topic == mission][-1].text


def test_a_group_and_who_does_not_reach_the_account_see_none_of_it(told: Told) -> None:
    core = told.core
    act = core.filled(mission=core.mission())
    core.deals(core.deal_row(9, act.order_ticket, volume_steps=act.volume_steps))
    made = told.letters()
    for to in (GROUP, BOB_CHAT):
        for letter in (letter for letter in made if letter.to == to):
            assert not any(word in letter.text for word in ("alpha", "USD,", "ticket", "0.2", "19.80")), letter.text
    group = [letter for letter in made if letter.to == GROUP]
    assert re.search(r"fired by commander: CLOSED, \+\d\.\d\d R", group[-1].text)
    assert all(button.url for letter in group for row in letter.buttons for button in row), "links, nothing to press"


def test_without_a_public_address_no_letter_has_a_link(told: Told) -> None:
    told.setup = Setup((int(GROUP),))
    told.core.filled(mission=told.core.mission())
    buttons = [button for letter in told.letters() for row in letter.buttons for button in row]
    assert buttons and not any(button.url or button.web_app for button in buttons)


def test_a_mute_leaves_out_missions_and_silences_results(told: Told) -> None:
    core = told.core
    core.ask(calls.Mute(3_600.0, "EURUSD"), ANN)
    core.mission()
    assert told.letters(ANN_CHAT) == []
    core.filled(mission=core.mission(), who=ANN)
    results = [
        letter for letter in told.letters(ANN_CHAT) if letter.priority is Priority.RESULT and not letter.edits_only
    ]
    assert results and all(letter.silent for letter in results)


# --- one's own results ------------------------------------------------------------------------------------


def test_who_fired_is_told_the_fill_and_the_result_by_messages_of_their_own(told: Told) -> None:
    core = told.core
    act = core.filled(mission=core.mission(), who=ANN)
    (fill,) = [letter for letter in told.letters(ANN_CHAT) if letter.topic.startswith("F-")]
    assert "on alpha: FILLED" in fill.text and not fill.silent
    core.deals(core.deal_row(9, act.order_ticket, volume_steps=act.volume_steps))
    made = told.letters()
    (result,) = [letter for letter in made if letter.topic.startswith("F-")]
    assert result.to == ANN_CHAT and "19.80 USD" in result.text


def test_a_fire_from_the_chat_is_told_again_without_a_sound_since_its_answer_may_be_lost(told: Told) -> None:
    core = told.core
    mission = core.mission()
    told.forget()
    core.step(i.Requested(900, Actor(ANN, Surface.BOT), "", calls.Fire(mission)))
    act = max(core.state.acts.values(), key=lambda found: found.act_id)
    core.done(act)
    (fill,) = [letter for letter in told.letters(ANN_CHAT) if letter.topic.startswith("F-")]
    assert "FILLED" in fill.text and fill.silent


# --- alarms -----------------------------------------------------------------------------------------------


def unknown(told: Told) -> Any:
    act = told.core.fire(told.core.mission(), who=ANN)
    told.core.wait(12_000)
    return act


def test_an_act_without_a_verdict_is_told_first_with_what_to_do_and_a_button(told: Told) -> None:
    unknown(told)
    (letter,) = [letter for letter in told.letters(ANN_CHAT) if letter.topic.startswith("L-")]
    assert letter.priority is Priority.HALT
    assert f"Now: {runbook('ACT_UNKNOWN').lines[0]}" in letter.text
    assert labels(letter) == ["Acknowledge"]


def test_a_repeated_alarm_rings_again_until_it_is_acknowledged(told: Told) -> None:
    unknown(told)
    told.forget()
    told.core.wait(told.core.state.timing.alarm_repeat_ms * 3, 5_000)
    rings = [letter for letter in told.letters(ANN_CHAT) if letter.topic.startswith("L-") and not letter.edits_only]
    assert len(rings) >= 2
    assert len({letter.topic for letter in rings}) == len(rings), "each is a message of its own"
    alarm = next(a for a in told.core.state.alarms.values() if a.code == "ACT_UNKNOWN")
    told.core.ask(calls.Ack(show(IdKind.ALARM, alarm.number), "I look"), ANN)
    edits = told.letters(ANN_CHAT)
    assert {letter.topic for letter in edits} == {rings[-1].topic, rings[-1].topic.partition("/")[0]}
    assert all(x.edits_only and not x.buttons and "acknowledged by ann: I look" in x.text for x in edits)


def test_a_lost_terminal_says_what_stands_at_the_broker_and_how_else_it_is_closed(told: Told) -> None:
    core = told.core
    act = core.filled(mission=core.mission())
    core.up(core_positions(core, act))
    told.forget()
    began_ns = core.now_ns
    core.wait(20_000, 500, beat=("t2",))
    alarm = next(a for a in core.state.alarms.values() if a.code == "TERMINAL_LOST")
    assert alarm.since_ns - began_ns <= 15_000_000_000
    rings = [letter for letter in told.letters(BOSS_CHAT) if letter.topic == show(IdKind.ALARM, alarm.number)]
    text = rings[0].text
    volume = f"{act.volume_steps * TERMS.volume_step:.2f}"
    for part in (
        "1 open on alpha:",
        f"ticket {act.order_ticket}, EURUSD BUY {volume}: stop 1.09810, target 1.10410, confirmed 20",
        f"at the stop -{act.volume_steps * TERMS.volume_step * 200:.2f} USD",
        "server Sim, login 5001",
    ):
        assert part in text, text
    assert labels(rings[0]) == ["Acknowledge"]


def test_a_lost_terminal_beside_another_names_that_one(make: Callable[..., Core]) -> None:
    core = make(terminals=(("t1", "alpha", 5001), ("t2", "alpha", 5001)))
    core.connect("t1")
    core.connect("t2")
    told = Told(core)
    act = core.filled(mission=core.mission())
    core.up(core_positions(core, act), "t2")
    told.forget()
    core.wait(12_000, 500, beat=("t2",))
    text = next(letter.text for letter in told.letters(BOSS_CHAT) if letter.text.startswith("ALARM TERMINAL_LOST"))
    assert "Closes still go, through t2" in text


def test_a_position_without_a_stop_has_a_loss_without_a_bound(told: Told) -> None:
    core = told.core
    act = core.filled(mission=core.mission())
    core.up(core_positions(core, act, stop_points=0))
    told.forget()
    core.wait(12_000, 500, beat=("t2",))
    text = next(x.text for x in told.letters(BOSS_CHAT) if x.text.startswith("ALARM TERMINAL_LOST"))
    assert "NO STOP" in text and "the loss has no bound" in text


def core_positions(core: Core, act: Any, **overrides: Any) -> Any:
    from hydrad.link import frames as f

    return f.Positions((core.position_row(act, **overrides),), core.market_ms, True, True)


def test_a_cleared_alarm_is_edited_to_say_so(told: Told) -> None:
    act = unknown(told)
    told.forget()
    told.core.done(act)
    edits = [letter for letter in told.letters(ANN_CHAT) if letter.topic.startswith("L-")]
    assert edits and all(x.edits_only and "CLEARED" in x.text and not x.buttons for x in edits)


# --- authority and approvals ------------------------------------------------------------------------------


def test_a_halt_is_told_first_to_everybody_and_never_expires(told: Told) -> None:
    told.core.ask(calls.Halt(reason="alpha looks odd", wait_s=0))
    made = told.letters()
    assert {letter.to for letter in made} == {BOSS_CHAT, ANN_CHAT, BOB_CHAT, GROUP}
    assert all(letter.priority is Priority.HALT and not letter.expires_ns for letter in made)
    assert "HALTED: authority of everything, by commander: alpha looks odd" in made[0].text
    assert "alpha" not in next(letter.text for letter in made if letter.to == GROUP)


def test_a_halt_of_one_account_is_told_to_who_sees_it(told: Told) -> None:
    told.core.ask(calls.Halt("beta", wait_s=0))
    assert {letter.to for letter in told.letters()} == {BOSS_CHAT, BOB_CHAT}


@pytest.mark.parametrize(("phone_may", "buttons"), [((), []), (("approve",), ["Approve"])])
def test_what_waits_for_a_second_person_is_told_to_the_others(
    told: Told, phone_may: tuple[str, ...], buttons: list[str]
) -> None:
    told.setup = told.setup._replace(phone_may=phone_may)
    told.core.ask(calls.OperatorAdd("eve", "commander", "telegram:9", policy="full", accounts=("*",)))
    told.forget()
    turn = Turn(told.core.state, told.core.engine.live, told.core.now_ns, 0)
    turn.actor = "uid:1000"
    turn.emit(r.ChangeAsked(turn.state.next_number, "x", "OPERATOR_ROLE", b"", "ann becomes approver", 0))
    made = composed(turn, told.setup, turn.records[0])
    told.core.records += turn.records
    assert {letter.to for letter in made} == {"9"}
    assert labels(made[0]) == buttons
    assert ("hydractl approve C-" in made[0].text) is not bool(buttons)


@pytest.fixture
def waits(told: Told) -> Told:
    """Above a twentieth of a lot somebody else says yes: eve, or the commander."""
    told.core.ask(calls.OperatorAdd("eve", "approver", "telegram:9", policy="full", accounts=("*",)))
    assert told.core.ask(calls.AccountLimits("alpha", {"approval_lots": "0.05"})).problem is None
    return told


def test_a_waiting_fire_is_told_with_its_exact_order_to_who_may_approve_it_and_to_nobody_else(waits: Told) -> None:
    mission = waits.core.mission()
    waits.forget()
    act = waits.core.fire(mission, who=ANN)
    made = [letter for letter in waits.letters() if letter.topic.endswith("/approval")]
    assert {letter.to for letter in made} == {BOSS_CHAT, "9"}
    letter = made[0]
    assert labels(letter) == ["Approve", "Refuse"] and act.approval is not None
    assert letter.expires_ns == act.approval.due_ns and letter.priority is Priority.ALARM and not letter.edits_only
    first, what, levels, money, why, until = letter.text.split("\n")
    assert first == "WAITS for a second person" and what.endswith("BUY 0.22 EURUSD on alpha")
    assert levels == "at 1.10010 ± 0.00020, stop 1.09810, target 1.10410"
    assert money == f"risk 48.40 USD; plan default; {mission}"
    assert why == "fired by ann: volume 0.22 above 0.05 lots" and until.startswith("until ")


@pytest.mark.parametrize("ends", ["approved", "refused", "lapsed"])
def test_its_letter_is_edited_to_what_became_of_it_and_loses_its_buttons(waits: Told, ends: str) -> None:
    act = waits.core.fire(who=ANN)
    waits.forget()
    if ends == "approved":
        waits.core.send(calls.Approve(show(IdKind.FIRE, act.act_id & (1 << 38) - 1)), "telegram:9")
        waits.core.done(act)
    elif ends == "refused":
        waits.core.ask(calls.Cancel(show(IdKind.FIRE, act.act_id & (1 << 38) - 1), reason="no"), "telegram:9")
    else:
        waits.core.clock(900_000)
    letter = [letter for letter in waits.letters("9") if letter.topic.endswith("/approval")][-1]
    assert letter.edits_only and labels(letter) == []
    words = {"approved": "approved by eve: FILLED 0.22", "refused": "DENIED by us: NOT_APPROVED (by eve: no)"}
    assert letter.text.split("\n")[0].startswith(words.get(ends, "EXPIRED unapproved"))


def test_one_that_has_ended_before_it_could_be_told_rings_nobody(waits: Told) -> None:
    waits.forget()
    act = waits.core.fire(who=ANN)
    waits.core.ask(calls.Cancel(show(IdKind.FIRE, act.act_id & (1 << 38) - 1)), ANN)
    made = [letter for letter in waits.letters() if letter.topic.endswith("/approval")]
    assert all(letter.edits_only for letter in made)


# --- hostile strings --------------------------------------------------------------------------------------


def test_what_a_broker_or_an_operator_wrote_stays_on_one_line_and_within_limits(told: Told) -> None:
    hostile = "x\n<b>y</b>\u202e\x00" + "z" * 5_000
    told.core.ask(calls.Halt(reason=hostile, wait_s=0))
    letter = told.letters(BOSS_CHAT)[0]
    assert "\n" not in letter.text and "\x00" not in letter.text and "\u202e" not in letter.text
    assert msgspec.msgpack.encode(letter.text)
    assert Decimal(len(letter.text)) < 1_000
