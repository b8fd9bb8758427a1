"""One answer that does not come any more, while all others do: what is made of it looks old, and says so."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

import briefings
import msgspec
import pytest

from hydractl.output import Output
from hydractl.session import as_view
from hydractl.tui.draw.glyphs import UNICODE
from hydractl.tui.frame import Frame, older
from hydractl.tui.store import QUERIES, Answered, Ask, Heard, Problem, Ticked, Unanswered, View
from hydrad.wire.answers.market import QuoteRow

# Pane, what it is opened with, the box, and the query that fails.
BOXES = [
    ("positions", "", "#positions-details", "positions"),
    ("terminals", "", "#terminals-detail", "terminals"),
    ("trace", "M", "#trace-verdict", "trace"),
    ("trace", "F", "#trace-verdict", "fire.show"),
    ("services", "", "#daemon", "status"),
    ("apex", "", "#apex-head", "apex.show"),
    ("alarms", "", "#alarms-detail", "alarms"),
    ("mission", "M", "#mission-chart", "brief"),
]


def failing(tui: Any, verb: str) -> list[Any]:
    """The newest try of each of these queries that are wanted came to nothing."""
    at_s = time.monotonic()
    asks = [want.ask for want in tui.feed.wants if want.ask.verb == verb]
    assert asks, f"{verb} is not wanted"
    return [Unanswered(ask, at_s, Problem("TIMED_OUT", f"no answer to {verb}")) for ask in asks]


async def opened(tui: Any, wire: Any, pilot: Any, pane: str, key: str) -> None:
    await tui.fed(pilot)
    tui.app.open_pane(pane, {"M": wire.M, "F": wire.F}.get(key))
    for _ in range(3):
        await pilot.pause()
        await tui.fed(pilot)


@pytest.mark.parametrize(("pane", "key", "box", "verb"), BOXES)
def test_a_box_has_no_colours_once_its_own_query_alone_fails(
    tui: Any, wire: Any, pane: str, key: str, box: str, verb: str
) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, wire, pilot, pane, key)
        assert "OLD:" not in tui.text()
        await tui.told(pilot, *failing(tui, verb))
        assert tui.colours(box) == {"default"}
        assert "OLD: of" in tui.text() or "not what holds now" in tui.text()

    tui.play(scene)


@pytest.mark.parametrize(
    ("pane", "verb", "words"),
    [
        ("positions", "plan.show", "OLD: 1.08600 of"),
        ("terminals", "ticks", "fresh when told"),
        ("alarms", "alarm.show", "notes      OLD: of"),
    ],
)
def test_a_part_of_a_box_that_is_of_another_query_says_that_it_is_old(
    tui: Any, wire: Any, pane: str, verb: str, words: str
) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, wire, pilot, pane, "")
        assert words not in tui.text()
        await tui.told(pilot, *failing(tui, verb))
        assert words in tui.text(), tui.text()

    tui.play(scene)


def test_what_is_left_is_at_most_that_once_the_markets_time_is_old(wire: Any) -> None:
    now = msgspec.structs.replace(wire.NOW, market=briefings.MARKET)

    def left(clock_s: float, **of_now: Any) -> str:
        answers = {Ask.of("now"): briefings.kept(now, 100.0, **of_now)}
        frame = Frame(View(clock_s=clock_s, heard_s=clock_s, answers=answers), 160, 50, UNICODE, Output("table"))
        return frame.left_text("2026-11-20T12:30:00.500Z", 999.0)

    assert left(101.0) == "4 m 30 s"
    assert left(110.0) == "<4 m 30 s", "it does not come any more"
    assert left(101.0, tried_s=101.0, problem=Problem("TIMED_OUT", "no answer")) == "<4 m 30 s"
    frame = Frame(View(clock_s=1.0), 160, 50, UNICODE, Output("table"))
    assert frame.left_text("2026-11-20T12:30:00.500Z", 30.0) == "<30.0 s", "the market's time was never told"
    assert frame.left_text("2026-11-20T12:30:00.500Z", 0.0) == "over"


def test_the_word_follows_the_age_that_is_shown(tui: Any, wire: Any) -> None:
    """What was fresh when it was told is not, once it is older than the limit; then not all is well."""
    late = msgspec.structs.replace(wire.STATUS.feed[0], age_s=4.4)

    async def scene(pilot: Any) -> None:
        tui.fake.script = told_as(wire, late)
        await tui.fed(pilot)
        assert "fresh" in tui.text() and "nothing wrong" in tui.text()
        await tui.told(pilot, Ticked(time.monotonic() + 2.0))
        assert "STALE" in tui.text() and "fresh" not in tui.text()
        assert "nothing wrong" not in tui.text() and "feed EURUSD at sim-1 is stale: last tick 6." in tui.text()

    tui.play(scene, size=(80, 24))


def told_as(wire: Any, feed: Any, *health: Any) -> Any:
    status = msgspec.structs.replace(wire.STATUS, feed=(feed,), health=(*wire.STATUS.health, *health))
    return lambda call: wire.answer(call, data=status) if wire.verb_of(call) == "status" else wire.answer(call)


def test_a_stale_feed_is_told_once_and_keeps_its_row(tui: Any, wire: Any) -> None:
    stale = msgspec.structs.replace(wire.STATUS.feed[0], age_s=9.6, stale=True)
    check = msgspec.structs.replace(wire.STATUS.health[0], check="feed EURUSD", ok=False, detail="last tick 8.2 s old")

    async def scene(pilot: Any) -> None:
        tui.fake.script = told_as(wire, stale, check)
        await tui.fed(pilot)
        assert "health feed EURUSD" not in tui.text() and tui.text().count("is stale") == 1
        tui.fake.script = told_as(wire, stale, msgspec.structs.replace(check, check="journal"))
        await tui.fed(pilot)
        assert "Feed" not in tui.text(), "two lines are wrong, and there is no room"
        tui.fake.script = told_as(wire, stale)
        await tui.fed(pilot)
        await pilot.pause()
        assert re.search(r"\d s   12\.5  STALE", tui.text()), tui.text()  # its age goes on at 10x

    tui.play(scene, size=(80, 24))


@pytest.mark.parametrize(("stale", "speed", "age_s", "is_stale"), [
    (False, 10.0, 5.4, True),
    (True, 10.0, 14.4, True),
    (True, 1.0, 5.4, True),
])  # fmt: skip
def test_a_stale_age_goes_with_the_markets_time(stale: bool, speed: float, age_s: float, is_stale: bool) -> None:
    row = {"age_s": 4.4, "age_max_s": 5.0, "stale": stale}
    assert older(row, 1.0, speed=speed) == {"age_s": pytest.approx(age_s), "age_max_s": 5.0, "stale": is_stale}
    assert older({**row, "stale": False}, 0.5)["stale"] is False


def now_with(tui: Any, wire: Any, age_s: float, terminal: str = "sim-1") -> Answered:
    """A `now` with this age of the feed, asked for at an instant that the clock has not passed when it is drawn."""
    quote = QuoteRow("EURUSD", terminal, "1.08490", "1.08500", 10, wire.TS, age_s, age_s > 5, True, age_max_s=5.0)
    told = msgspec.structs.replace(wire.NOW, quotes=(quote,))
    return Answered(Ask.of("now"), tui.app.view.clock_s + 1.0, as_view(msgspec.to_builtins(told)))


def test_a_feed_that_has_a_tick_again_is_not_wrong_any_more(tui: Any, wire: Any) -> None:
    stale = msgspec.structs.replace(wire.STATUS.feed[0], age_s=21.0, stale=True)
    check = msgspec.structs.replace(wire.STATUS.health[0], check="feed EURUSD", ok=False, detail="last tick old")

    async def scene(pilot: Any) -> None:
        tui.fake.script = told_as(wire, stale, check)
        await tui.fed(pilot)
        assert "is stale" in tui.text() and "nothing wrong" not in tui.text()
        await tui.told(pilot, now_with(tui, wire, 0.3))
        assert "nothing wrong" in tui.text(), tui.text()

    tui.play(scene, size=(80, 24))


def test_a_feed_grows_old_by_what_is_told_each_second(tui: Any, wire: Any) -> None:
    """At 10x two seconds until the next status are twenty of the market: the age stood near nothing and then leapt."""
    feed = msgspec.structs.replace(wire.STATUS.feed[0], age_s=0.4)

    async def scene(pilot: Any) -> None:
        tui.fake.script = told_as(wire, feed)
        await tui.fed(pilot)
        assert "12.5  fresh" in tui.text()
        await tui.told(pilot, now_with(tui, wire, 10.4))
        assert "10.4 s   12.5  STALE" in tui.text() and "is stale: last tick 10.4 s ago" in tui.text(), tui.text()
        await tui.told(pilot, now_with(tui, wire, 0.3, "elsewhere"))
        assert "fresh" in tui.text(), "of another source, as the status told it"
        await tui.told(pilot, now_with(tui, wire, 0.3))
        assert "fresh" in tui.text() and "nothing wrong" in tui.text()

    tui.play(scene, size=(80, 24))


@pytest.mark.parametrize(("speed", "pace", "wanted"), [
    ("10x", "10x", ("(10x: 10 s a second)", "LEFT 10x", "27.0 s of yours", "a minute of it is 6.0 s of yours")),
    ("max", "max", ("(max)", "LEFT max", "as fast as its terminals can follow")),
    ("1x", "", ("(1x)",)),
    ("live", "", ("(live)",)),
])  # fmt: skip
def test_whose_seconds_they_are_is_said_where_the_market_goes_faster(
    tui: Any, wire: Any, speed: str, pace: str, wanted: Sequence[str]
) -> None:
    clocks = msgspec.structs.replace(wire.STATUS.clocks, speed=speed)
    mission = msgspec.structs.replace(wire.MISSION, expires_at="2026-11-20T12:30:00Z")
    brief = wire.DATA["brief"][1]
    brief = msgspec.structs.replace(brief, mission=msgspec.structs.replace(brief.mission, mission=mission))
    told = {"status": msgspec.structs.replace(wire.STATUS, clocks=clocks), "missions": (mission,), "brief": brief}

    def script(call: Any) -> Any:
        verb = wire.verb_of(call)
        return wire.answer(call, data=told[verb]) if verb in told else wire.answer(call)

    async def scene(pilot: Any) -> None:
        tui.fake.script = script
        await tui.fed(pilot)
        tui.app.open_pane("mission")
        for _ in range(3):
            await tui.fed(pilot)
        text = tui.text()
        await pilot.press("question_mark")
        await pilot.pause()
        text = " ".join((text + tui.app.screen.query_one("#help-lines").text).split())
        for words in wanted:
            assert words in text, text
        assert ("In the market's time are" in text) == bool(pace), text

    tui.play(scene)


@pytest.mark.parametrize(
    ("pane", "back"), [("positions", False), ("positions", True), ("mission", False), ("terminals", False)]
)
def test_a_pane_that_is_entered_shows_nothing_of_before_as_new(
    tui: Any, wire: Any, monkeypatch: pytest.MonkeyPatch, pane: str, back: bool
) -> None:
    """However long it takes until it is drawn; then it is as old as it says."""

    async def scene(pilot: Any) -> None:
        await opened(tui, wire, pilot, pane, "")
        assert "OLD:" not in tui.text()
        stood = len("".join(tui.lines()[2:-1]))
        tui.app.open_pane("tail")
        await tui.told(pilot)
        with monkeypatch.context() as patch:
            patch.setattr(type(tui.app), "draw", lambda app: None)
            tui.app.action_step_back() if back else tui.app.open_pane(pane)
            await pilot.pause()
            await pilot.pause()
            inside = "".join(tui.lines()[2:-1])
            assert not any(name in inside for name in ("P-0", "M-0", "A-0", "sim-1", "EURUSD", "USD")), tui.text()
        await tui.told(pilot, Heard(QUERIES, time.monotonic() + 300.0))
        assert "OLD: of 5 m 0" in tui.text(), tui.text()
        assert len("".join(tui.lines()[2:-1])) >= stood

    tui.play(scene)


def test_that_nothing_is_open_is_of_then_until_it_is_asked_anew(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        told = {"positions": (), "now": msgspec.structs.replace(wire.NOW, positions=())}
        tui.fake.script = lambda call: (
            wire.answer(call, data=told[wire.verb_of(call)]) if wire.verb_of(call) in told else wire.answer(call)
        )
        await opened(tui, wire, pilot, "positions", "")
        grid = tui.app.query_one("#positions-open")
        assert grid.text == "no position is open"
        at_s = time.monotonic() + 1.0
        await tui.told(pilot, Answered(Ask.of("now"), at_s, as_view(msgspec.to_builtins(wire.NOW))))
        assert grid.text == f"asking ... for {wire.P}, which was opened since"
        await tui.told(pilot, Answered(Ask.of("now"), at_s + 8.0, as_view(msgspec.to_builtins(told["now"]))))
        assert grid.text.startswith("no position is open (OLD: of ")

    tui.play(scene)
