"""The feed against a scripted daemon: what is asked and when, what a lost daemon is told as, and that it goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hydractl import client as client_module
from hydractl import places
from hydractl.tui import feed as feed_module
from hydractl.tui.feed import Feed, Want
from hydractl.tui.store import (
    QUERIES,
    STREAM,
    Another,
    Answered,
    Ask,
    Heard,
    Lost,
    Message,
    Recorded,
    Unanswered,
    View,
    step,
)

STATUS, MISSIONS = Ask.of("status"), Ask.of("missions")
UNTIL_S = 20.0


class Told:
    """What a feed has posted."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def __call__(self, message: Message) -> None:
        self.messages.append(message)

    def of(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.messages if isinstance(message, kind)]

    def until(self, holds: Callable[[], Any]) -> None:
        ends_s = time.monotonic() + UNTIL_S
        while not holds():
            assert time.monotonic() < ends_s, self.messages[-20:]
            time.sleep(0.005)

    @property
    def view(self) -> View:
        view = View()
        for message in list(self.messages):
            view = step(view, message)
        return view


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def feed(told: Told, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Feed]:
    monkeypatch.setattr(feed_module, "RETRY_S", 0.05)
    monkeypatch.setattr(feed_module, "GAP_S", 0.02)
    made = Feed(places.find(None, {"HYDRA_HOME": str(home)}), told)
    yield made
    made.stop()


def stream(wire: Any, seqs: Callable[[Any], list[int]], rest: Any = ()) -> Callable[[Any], Any]:
    """A script whose `tail` tells these events, then the rest; all else is answered well."""

    def script(call: Any) -> Any:
        if wire.verb_of(call) != "tail":
            return wire.answer(call)
        events = [wire.answer(call, data=wire.event(seq), more=True) for seq in seqs(call.body)]
        return [*events, *rest]

    return script


def test_what_is_wanted_is_asked_at_once_and_again_when_it_is_due(told: Told, feed: Feed, fake: Any) -> None:
    feed.want([Want(STATUS, 0.05)])
    feed.start()
    told.until(lambda: len(told.of(Answered)) >= 3)
    assert {message.ask for message in told.of(Answered)} == {STATUS}
    assert told.view.data("status").mode == "paper"
    feed.want([Want(MISSIONS, 600.0)])
    told.until(lambda: told.view.data("missions"))
    assert {call.surface for call in fake.calls} == {"tui"}


def test_an_event_makes_it_ask_again_what_it_may_have_changed(told: Told, feed: Feed, fake: Any, wire: Any) -> None:
    asked = threading.Event()

    def script(call: Any) -> Any:
        if wire.verb_of(call) != "tail":
            if wire.verb_of(call) == "missions":
                asked.set()
            return wire.answer(call)
        return events(call)

    def events(call: Any) -> Iterator[Any]:
        assert asked.wait(UNTIL_S)
        for seq in (1, 2, 3):
            yield wire.answer(call, data=wire.event(seq), more=True)

    fake.script = script
    feed.want([Want(MISSIONS, 600.0, stirred=True), Want(STATUS, 600.0)])
    feed.start()
    told.until(lambda: sum(message.ask == MISSIONS for message in told.of(Answered)) >= 2)
    told.until(lambda: told.view.data("status") and told.view.seq == 3)
    assert [event.seq for event in told.view.events] == [1, 2, 3]


def test_an_event_about_something_else_stirs_nothing(told: Told, feed: Feed, fake: Any, wire: Any) -> None:
    begun = threading.Event()

    def script(call: Any) -> Any:
        return tail(call) if wire.verb_of(call) == "tail" else wire.answer(call)

    def tail(call: Any) -> Iterator[Any]:
        assert begun.wait(UNTIL_S)
        for seq in (1, 2, 3):
            yield wire.answer(call, data=wire.event(seq), more=True)

    other, mission = Ask.of("trace", id=wire.F), Ask.of("trace", id=wire.M)
    fake.script = script
    feed.want([Want(ask, 600.0, stirred=True, about=frozenset({ask.fields[0][1]})) for ask in (other, mission)])
    feed.start()
    told.until(lambda: {other, mission} <= {message.ask for message in told.of(Answered)})
    begun.set()
    told.until(lambda: sum(message.ask == mission for message in told.of(Answered)) >= 2)
    assert sum(message.ask == other for message in told.of(Answered)) == 1


def test_a_refused_query_is_told_with_its_words(told: Told, feed: Feed, fake: Any, wire: Any) -> None:
    from hydrad.wire.answers import Problem

    error = Problem(code="FORBIDDEN", message="a viewer may not", hint="ask a commander")
    fake.script = lambda call: wire.answer(call, data=None, error=error)
    feed.want([Want(MISSIONS, 600.0)])
    feed.start()
    told.until(lambda: told.view.kept("missions"))
    kept = told.view.kept("missions")
    assert kept is not None and kept.problem is not None and kept.problem.message == "a viewer may not"
    told.until(lambda: STREAM in told.view.away)
    assert told.view.away[STREAM].why == "a viewer may not"


def test_a_daemon_that_goes_is_lost_both_ways_and_nothing_is_missed_when_it_is_back(
    told: Told, feed: Feed, fake: Any, wire: Any
) -> None:
    away: list[bool] = []

    def script(call: Any) -> Any:
        if away:
            return wire.DROP
        if wire.verb_of(call) != "tail":
            return wire.answer(call)
        after = call.body.after_seq or 0
        return [wire.answer(call, data=wire.event(seq), more=True) for seq in range(after + 1, after + 4)]

    fake.script = script
    feed.want([Want(STATUS, 0.05)])
    feed.start()
    told.until(lambda: told.view.seq == 3 and told.view.data("status"))
    away.append(True)
    fake.hang_up()
    told.until(lambda: {QUERIES, STREAM} <= set(told.view.away))
    assert told.of(Unanswered) and told.of(Lost)
    kept = told.view.kept("status")
    assert kept is not None and kept.data is not None, "what was known stands, with its age"
    away.clear()
    told.until(lambda: told.view.seq >= 6 and not told.view.away)
    assert [event.seq for event in told.of(Recorded) for event in [event.event]] == list(range(1, told.view.seq + 1))


def test_a_stream_that_is_refused_goes_on_behind_what_it_had_told(told: Told, feed: Feed, fake: Any, wire: Any) -> None:
    """More may have been recorded meanwhile than a screen begins with: asking for the newest would leave a gap."""
    from hydrad.wire.answers import Problem

    error = Problem(code="FAILED", message="it stops", hint=None)
    refused: list[bool] = []

    def script(call: Any) -> Any:
        if wire.verb_of(call) != "tail":
            return wire.answer(call)
        if call.body.after_seq is None:
            refused.append(True)
            return [wire.answer(call, data=wire.event(7), more=True), wire.answer(call, data=None, error=error)]
        return [wire.answer(call, data=wire.event(call.body.after_seq + 1), more=True)]

    fake.script = script
    feed.start()
    told.until(lambda: told.view.seq == 8)
    assert [body.after_seq for body in fake.bodies("tail")] == [None, 7] and len(told.view.breaks) == 1


def test_a_journal_that_is_shorter_than_what_was_told_is_another_one(
    told: Told, feed: Feed, fake: Any, wire: Any
) -> None:
    """However the stream ended: going on behind 900 in a journal of 512 would wait without a word."""
    from hydrad.wire.answers import Problem

    error = Problem(code="FAILED", message="it stops", hint=None)
    old = [True]

    def script(call: Any) -> Any:
        if wire.verb_of(call) != "tail":
            return wire.answer(call)
        if not old:
            return [wire.answer(call, data=wire.event(3), more=True)]
        old.clear()
        return [wire.answer(call, data=wire.event(900), more=True), wire.answer(call, data=None, error=error)]

    fake.script = script
    feed.start()
    told.until(lambda: told.of(Another) and told.view.seq == 3)
    assert [body.after_seq for body in fake.bodies("tail")] == [None, None] and told.view.journals == 1


def test_without_a_daemon_it_says_so_and_dials_on(told: Told, feed: Feed) -> None:
    feed.want([Want(STATUS, 0.05)])
    feed.start()
    told.until(lambda: {QUERIES, STREAM} <= set(told.view.away))
    lost = told.view.lost
    assert lost is not None and "no daemon listens" in lost.why


def test_a_daemon_that_hangs_is_lost(
    told: Told, feed: Feed, fake: Any, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "SILENCE_S", 0.1)
    fake.script = stream(wire, lambda body: [1])
    feed.start()
    told.until(lambda: STREAM in told.view.away)
    assert "hangs" in told.view.away[STREAM].why


def test_what_takes_long_holds_nothing_up_and_loses_no_daemon(
    told: Told, feed: Feed, fake: Any, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bars of a day take seconds: meanwhile everything else is asked, and a daemon that does not answer them in time is
    not lost."""
    monkeypatch.setattr(feed_module, "PAST_S", 0.2)
    goes_on, bars = threading.Event(), Ask.of("bars", symbol="EURUSD")

    def script(call: Any) -> Any:
        if wire.verb_of(call) == "bars":
            goes_on.wait(UNTIL_S)
        return wire.answer(call) if wire.verb_of(call) != "tail" else []

    fake.script = script
    feed.want([Want(STATUS, 0.05), Want(bars, 600.0)])
    feed.start()
    told.until(lambda: bars in {message.ask for message in told.of(Unanswered)})
    seen = len(told.of(Answered))
    told.until(lambda: len(told.of(Answered)) >= seen + 2)
    assert {message.ask for message in told.of(Answered)} == {STATUS}
    assert QUERIES not in {message.way for message in told.of(Lost)}
    goes_on.set()


def test_another_journal_is_told_and_begun_anew(told: Told, feed: Feed, fake: Any, wire: Any) -> None:
    """A restored home has a shorter journal: what was shown is not its past."""
    long = [True]

    def script(call: Any) -> Any:
        if wire.verb_of(call) != "tail":
            return wire.answer(call)
        first = 900 if long else 1
        return [wire.answer(call, data=wire.event(seq), more=True) for seq in (first, first + 1)]

    fake.script = script
    feed.want([Want(STATUS, 0.05)])
    feed.start()
    told.until(lambda: told.view.seq == 901)
    long.clear()
    fake.hang_up()
    told.until(lambda: told.of(Another) and told.view.seq == 2)
    assert [event.seq for event in told.view.events] == [1, 2]
    assert told.of(Heard)


def test_a_status_that_is_refused_meanwhile_ends_nothing(told: Told, feed: Feed, fake: Any, wire: Any) -> None:
    """Somebody whose role is taken away while they look: the screen says that it is blind, and goes on."""
    from hydrad.wire.answers import Problem

    error = Problem(code="FORBIDDEN", message="you have no role any more", hint=None)
    first = [True]

    def script(call: Any) -> Any:
        if first and wire.verb_of(call) == "tail":
            first.clear()
            return [wire.answer(call, data=wire.event(7), more=True), wire.answer(call, data=None, error=error)]
        refused = not first and wire.verb_of(call) in ("tail", "status")
        return wire.answer(call, data=None, error=error) if refused else wire.answer(call)

    fake.script = script
    feed.start()
    told.until(lambda: len([lost for lost in told.of(Lost) if lost.why == error.message]) >= 3)
    assert STREAM in told.view.away and told.view.seq == 7
