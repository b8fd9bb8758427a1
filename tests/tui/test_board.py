"""The Board as a person sees it, fed by a scripted daemon."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from hydractl.session import as_view
from hydractl.tui.store import QUERIES, STREAM, Answered, Ask, Heard, Lost, Problem, Ticked, Unanswered


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
def test_everything_at_a_glance(tui: Any, size: tuple[int, int]) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        text = tui.text()
        for wanted in ("PAPER", "paper-1", "M-", "EURUSD", "P-", "3.20 USD", "read-only", "HALT"):
            assert wanted in text, f"{wanted} is missing\n{text}"

    tui.play(scene, size=size)


def test_a_lost_daemon_is_said_at_once_and_what_it_told_looks_old(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        assert "NO DAEMON" not in tui.text()
        await tui.told(pilot, Lost(STREAM, time.monotonic(), "no sign of life for 5 s"))
        assert "RECORDS ARE LATE" in tui.text() and "may be old" in tui.text()
        await tui.told(pilot, Lost(QUERIES, time.monotonic(), "the daemon went away"))
        assert "NO DAEMON" in tui.text() and "What stands below is old" in tui.text()
        assert "Stops and targets stand at the broker" in tui.text()
        assert "nobody looks" in tui.text() and "nothing wrong" not in tui.text()
        assert tui.colours("#accounts") == {"default"}, "what is old has no colours"
        await tui.told(pilot, Heard(STREAM, time.monotonic()), Heard(QUERIES, time.monotonic()))
        assert "NO DAEMON" not in tui.text() and "RECORDS ARE LATE" not in tui.text()
        assert tui.colours("#accounts") == {"default"}, "it may be another daemon, which has not answered yet"
        assert "was ACTIVE" in tui.text() and "nobody looks" in tui.text()
        await tui.fed(pilot)
        assert tui.colours("#accounts") != {"default"} and "was ACTIVE" not in tui.text()

    tui.play(scene)


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
@pytest.mark.parametrize("way", [STREAM, QUERIES])
def test_an_earlier_daemons_word_is_never_the_new_ones(tui: Any, size: tuple[int, int], way: str) -> None:
    """It was ACTIVE; the one that was started since has not said so."""

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await tui.told(pilot, Lost(way, time.monotonic(), "the daemon went away"))
        assert any(words in tui.text() for words in ("is old", "old:", "may be old")), "the banner is whole"
        assert "for 0" not in tui.text() and "was ACTIVE" in tui.lines()[0]
        await tui.told(pilot, Heard(way, time.monotonic()))
        assert "was ACTIVE" in tui.lines()[0], "until it has answered"
        await tui.fed(pilot)
        assert "was" not in tui.lines()[0] and "ACTIVE" in tui.lines()[0]

    tui.play(scene, size=size)


def halted(wire: Any) -> Any:
    """With four things wrong, of which no alarm tells."""
    check = wire.STATUS.health[0]
    checks = tuple(msgspec.structs.replace(check, check=name, ok=False, detail="it broke") for name in "abc")
    status = msgspec.structs.replace(wire.STATUS, authority="HALTED", health=checks)
    return lambda call: wire.answer(call, data=status) if wire.verb_of(call) == "status" else wire.answer(call)


def test_enter_tells_all_that_is_wrong(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = halted(wire)
        await tui.fed(pilot)
        assert "1 more, Enter: all" in tui.text() and "health c" not in tui.text()
        assert "U (hydractl resume) ends it" in tui.text()
        tui.app.query_one("#wrong").focus()
        await pilot.press("enter")
        await pilot.pause()
        assert "health c: it broke  (key 8)" in tui.text(), tui.text()
        await pilot.press("escape")

    tui.play(scene, size=(80, 24))


def test_what_is_wrong_is_whole_where_it_is_narrow(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await tui.told(pilot, refusal("status", time.monotonic()))
        await pilot.pause()
        text = " ".join(line.strip() for line in tui.lines())
        assert "no answer to status within 3 s): what was wrong 1.0 s ago stands below" in text, tui.text()
        assert "nothing was wrong then" in text

    tui.play(scene, size=(80, 24))


def test_money_is_of_the_newest_answer(tui: Any, wire: Any) -> None:
    """`now` is asked each second and the list of positions less often; an older `now` changes nothing."""
    now = as_view(msgspec.to_builtins(wire.NOW))

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await tui.told(pilot, Answered(Ask.of("now"), 0.0, now))
        assert "4.10 USD" not in tui.text()
        await tui.told(pilot, Answered(Ask.of("now"), time.monotonic(), now))
        assert "4.10 USD" in tui.text()

    tui.play(scene)


def test_the_newest_records_have_a_cursor_an_id_to_copy_and_a_trace(tui: Any, wire: Any) -> None:
    def record(seq: int, **changes: Any) -> Any:
        return tui.event(seq, **{"kind": "ACT_MOVED", "text": f"{wire.F} moved {seq}", "ids": [wire.F], **changes})

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot, *(record(seq) for seq in range(1, 61)))
        tui.app.query_one("#board-tail").focus()
        await pilot.press("y")
        assert tui.app.clipboard == wire.F
        await pilot.press("k", "Y")
        assert tui.app.clipboard == f"2026-11-20T12:25:30.500Z ACT_MOVED {wire.F} moved 59"
        await tui.told(pilot, record(61))
        assert "moved 61" not in tui.text() and "stands still: G goes on" in tui.text(), "who reads is not moved"
        await pilot.press("G")
        assert "moved 61" in tui.app.query_one("#board-tail").text and "stands still" not in tui.text()
        await pilot.press("enter")
        assert tui.app.pane.NAME == "trace" and tui.app.pane.told_about() == wire.F

    tui.play(scene)


def refusal(verb: str, at_s: float) -> Unanswered:
    return Unanswered(Ask.of(verb), at_s, Problem("TIMED_OUT", f"no answer to {verb} within 3 s"))


def test_nothing_is_well_by_an_old_status_though_others_answer(tui: Any) -> None:
    """`now` goes on each second, and nobody has looked what is wrong any more: neither green nor `nothing wrong`."""

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        assert "nothing wrong" in tui.text() and "green" in tui.colours("#accounts")
        await tui.told(pilot, refusal("status", time.monotonic()))
        assert "nothing wrong" not in tui.text() and "nobody looks (TIMED_OUT: no answer to status" in tui.text()
        assert tui.colours("#accounts") == {"default"} and "Accounts  OLD: of " in tui.text()

    tui.play(scene)


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
def test_a_list_that_does_not_come_any_more_looks_old_and_says_so(tui: Any, wire: Any, size: tuple[int, int]) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await tui.told(pilot, refusal("positions", time.monotonic()))
        assert "Positions  OLD: of " in tui.text() and "ago TIMED_OUT" in tui.text()
        tui.fake.script = lambda call: wire.answer(call, data=()) if wire.verb_of(call) == "positions" else (
            wire.answer(call)
        )  # fmt: skip
        await tui.fed(pilot, Ticked(time.monotonic()))
        assert "no position is open" in tui.text() and "OLD" not in tui.text()
        await tui.told(pilot, refusal("positions", time.monotonic()))
        assert "no position is open (OLD: of " in tui.text()

    tui.play(scene, size=size)


def test_what_rests_is_told_beside_what_is_open(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        for count, words in ((0, ""), (1, "1 order rests"), (2, "2 orders rest")):
            acts = msgspec.structs.replace(wire.STATUS.acts, resting=count)
            status = msgspec.structs.replace(wire.STATUS, acts=acts)
            tui.fake.script = lambda call: (
                wire.answer(call, data=status) if wire.verb_of(call) == "status" else wire.answer(call)  # noqa: B023
            )
            await tui.fed(pilot)
            assert words in tui.text() and (words or "rest" not in tui.text()), tui.text()

    tui.play(scene)


def test_an_older_now_does_not_stand_over_a_newer_status(tui: Any, wire: Any) -> None:
    """It was ACTIVE when `now` was last told; the status says HALTED since."""
    now = as_view(msgspec.to_builtins(wire.NOW))
    halted = as_view(msgspec.to_builtins(msgspec.structs.replace(wire.DATA["status"][1], authority="HALTED")))

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot, Answered(Ask.of("now"), time.monotonic(), now))
        assert tui.lines()[0].split()[1] == "ACTIVE", tui.lines()[:3]
        await tui.told(pilot, refusal("now", time.monotonic()), Answered(Ask.of("status"), time.monotonic(), halted))
        assert "*** HALTED ***" in tui.text()

    tui.play(scene)


def test_a_daemon_without_the_newer_queries_is_shown_all_the_same(tui: Any, wire: Any) -> None:
    """One that is older than the screens: it knows neither `now` nor `apex.show`."""
    from hydrad.wire.answers import Problem as Refused

    def script(call: Any) -> Any:
        if wire.verb_of(call) in ("now", "apex.show"):
            return wire.answer(call, data=None, error=Refused("USAGE", f"no verb {wire.verb_of(call)}", None))
        return wire.answer(call)

    async def scene(pilot: Any) -> None:
        tui.fake.script = script
        await tui.fed(pilot)
        text = tui.text()
        for wanted in ("ACTIVE", "no unread alarm", "paper-1", "3.20 USD", "market 12:25:30", wire.M):
            assert wanted in text, f"{wanted} is missing\n{text}"
        assert "OLD" not in text
        tui.app.open_pane("apex")
        await pilot.pause()
        await tui.fed(pilot)
        assert "USAGE: no verb apex.show" in tui.text()

    tui.play(scene)


def standing(wire: Any, *entries: Any) -> Any:
    """A daemon with a mission that takes fires for each of these, in this order."""
    from hydrad.domain.ids import IdKind, show

    rows = tuple(
        msgspec.structs.replace(
            wire.MISSION, id=show(IdKind.MISSION, 900 + at), expires_at="2026-11-20T12:35:00Z", entry_now=entry
        )
        for at, entry in enumerate(entries)
    )
    return lambda call: wire.answer(call, data=rows) if wire.verb_of(call) == "missions" else wire.answer(call)


@pytest.mark.parametrize("pane", ["board", "mission"])
@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
def test_a_mission_whose_entry_is_missed_says_so_in_words(tui: Any, wire: Any, size: Any, pane: str) -> None:
    entry = wire.MISSION.entry_now
    near = msgspec.structs.replace(entry, missed_by_points=0)
    old = msgspec.structs.replace(near, age_s=7.0, stale=True)
    none = msgspec.structs.replace(entry, missed_by_points=None, age_s=None, stale=True)

    async def scene(pilot: Any) -> None:
        tui.fake.script = standing(wire, near, old, entry, none, None)
        await tui.fed(pilot)
        tui.app.open_pane(pane)
        await pilot.pause()
        rows = [line for line in tui.lines() if line.lstrip().startswith("M-")][:5]
        for row, words in zip(rows, ("in reach  ", "in reach, STALE  ", "missed by 14 pts  "), strict=False):
            assert words in row, tui.text()
        rest = "1.08340" if pane == "board" else "2.00"
        shown = tui.app.query_one("#board-missions" if pane == "board" else "#mission-list").text.splitlines()
        assert [row.split("9 m 30 s")[1].split()[:3] for row in shown[4:6]] == [["not", "known", "-"], ["-", "-", rest]]

    tui.play(scene, size=size)


def test_the_smallest_board_says_missed_in_place_of_what_is_left(tui: Any, wire: Any) -> None:
    entry = wire.MISSION.entry_now
    near = msgspec.structs.replace(entry, missed_by_points=0)

    async def scene(pilot: Any) -> None:
        tui.fake.script = standing(wire, near, entry)
        await tui.fed(pilot)
        shown = tui.app.query_one("#board-missions").text.splitlines()
        assert shown[1].endswith("9 m 30 s") and shown[2].endswith("missed 14"), shown

    tui.play(scene, size=(40, 12))
