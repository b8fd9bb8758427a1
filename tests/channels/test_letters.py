"""Which records leave by e-mail and webhook, to whom, and when it is over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hydrad.channels.letters import composed
from hydrad.domain.ids import IdKind, show
from hydrad.outbox.letter import Letter, Priority
from hydrad.toc import inputs as i
from hydrad.toc.limits import Timing
from hydrad.toc.service import ServiceState
from hydrad.toc.state import Alarm
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from tests.toc.conftest import Core

ANN, BOB = "uid:2001", "uid:2002"
STEP_MS = 120_000


class Room:
    """A core with ann (bot and e-mail) and bob (e-mail) on call, and the letters of what happens from now on."""

    def __init__(self, core: Core) -> None:
        self.core = core
        for name, who in (("ann", ANN), ("bob", BOB)):
            assert core.ask(calls.OperatorAdd(name, "trader", who, "full", ("*",))).problem is None
            assert core.ask(calls.OperatorContact(name, "email", f"{name}@example.org")).problem is None
        assert core.ask(calls.OperatorLink("ann", "telegram:42")).problem is None
        core.restart()
        for name in ("bot", "channels"):
            core.step(i.ServiceReported(name, ServiceState.RUNNING, "it serves"))
        core.connect()
        self.seen = len(core.records)

    def letters(self) -> list[Letter]:
        new, self.seen = self.core.records[self.seen :], len(self.core.records)
        turn = Turn(self.core.state, self.core.engine.live, self.core.now_ns, 0)
        made = [letter for record in new for letter in composed(turn, record)]
        assert len({letter.key for letter in made}) == len(made), "a key tells one thing"
        return made

    def to(self) -> list[tuple[str, str]]:
        return [(letter.channel.value, letter.to) for letter in self.letters()]

    def lost(self) -> Alarm:
        self.core.wait(12_000, every_ms=1_000, beat=())
        return next(alarm for alarm in self.core.state.alarms.values() if alarm.code == "TERMINAL_LOST")

    def step(self) -> None:
        self.core.wait(STEP_MS, every_ms=1_000, beat=())


@pytest.fixture
def room(make: Callable[..., Core]) -> Room:
    return Room(make(on_call=("ann", "bob"), channels=("email", "webhook"), timing=Timing(feed_silent_ms=86_400_000)))


def test_first_by_the_bot_then_here_then_the_next_on_call(room: Room) -> None:
    alarm = room.lost()
    assert room.to() == [], "the bot tells it first"
    room.step()
    (mail, hook) = room.letters()
    assert (mail.channel.value, mail.to, mail.priority) == ("email", "ann@example.org", Priority.ALARM)
    assert mail.text.startswith(f"ALARM TERMINAL_LOST {show(IdKind.ALARM, alarm.number)} (told 2 times)")
    assert "Now: " in mail.text and f"hydractl ack {show(IdKind.ALARM, alarm.number)}" in mail.text
    assert mail.topic == hook.topic == show(IdKind.ALARM, alarm.number)
    assert (hook.channel.value, hook.to) == ("webhook", "webhook") and hook.text.endswith("told: ann")
    room.step()
    assert room.to() == [("email", "ann@example.org"), ("email", "bob@example.org"), ("webhook", "webhook")]


def test_with_telegram_down_it_is_here_at_once(room: Room) -> None:
    room.core.step(i.ChannelReported("telegram", "connection refused"))
    room.core.wait(61_000, every_ms=1_000)
    (letter,) = room.letters()
    assert letter.to == "ann@example.org" and "CHANNEL_DOWN" in letter.text and "connection refused" in letter.text
    room.lost()
    assert room.to() == [("email", "ann@example.org")]


def test_a_mail_server_that_is_down_is_told_by_the_others(room: Room) -> None:
    room.core.ask(calls.OperatorSuspend("ann"))
    room.letters()
    room.core.step(i.ChannelReported("email", "certificate expired"))
    room.core.wait(61_000, every_ms=1_000)
    assert room.to() == [("webhook", "webhook")], "bob has no bot"


def test_taken_on_it_is_said_to_those_who_were_told_and_to_nobody_again(room: Room) -> None:
    alarm = room.lost()
    room.step()
    room.letters()
    assert room.core.ask(calls.Ack(show(IdKind.ALARM, alarm.number), "calling"), BOB).problem is None
    (mail, _) = room.letters()
    assert mail.to == "ann@example.org" and mail.priority is Priority.RESULT
    assert mail.text.endswith("acknowledged by bob: calling")
    room.step()
    room.step()
    assert room.to() == []
    room.core.connect()
    assert "CLEARED: READY again" in room.letters()[0].text


def test_what_was_taken_on_before_it_was_told_wakes_nobody(room: Room) -> None:
    alarm = room.lost()
    room.step()
    room.core.ask(calls.Ack(show(IdKind.ALARM, alarm.number)), BOB)
    assert all(letter.priority is Priority.RESULT for letter in room.letters())


def test_who_is_suspended_gets_nothing(room: Room) -> None:
    room.lost()
    room.step()
    room.core.ask(calls.OperatorSuspend("ann"))
    room.letters()
    room.step()
    assert ("email", "ann@example.org") not in room.to()


def test_a_halt_is_told_where_it_is_the_first_way(room: Room) -> None:
    room.core.send(calls.Halt(reason="lunch\r\nBcc: x"), ANN)
    (letter,) = room.letters()
    assert (letter.to, letter.priority, letter.expires_ns) == ("bob@example.org", Priority.HALT, 0)
    assert letter.text == "HALTED: authority of everything, by ann: lunch  Bcc: x"


def test_an_unknown_act_goes_first_and_never_expires(room: Room) -> None:
    from hydrad.link.frames import RowState

    act = room.core.fire(who=BOB)
    room.core.result(act, RowState.UNKNOWN)
    (letter,) = room.letters()
    assert (letter.priority, letter.expires_ns, letter.to) == (Priority.HALT, 0, "bob@example.org")


def test_without_channels_there_are_no_letters(make: Callable[..., Core]) -> None:
    core = make(on_call=("commander",))
    core.connect()
    room = Room.__new__(Room)
    room.core, room.seen = core, 0
    room.lost()
    assert room.to() == []
