"""The Tail: it follows, it stands still for who reads, and it says what it does not show."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hydractl.tui.log import Log
from hydractl.tui.store import EVENTS_KEPT, STREAM, Another, Heard, Lost
from hydractl.tui.widgets import Lines


def log(tui: Any) -> Log:
    found: Log = tui.app.query_one("#tail-log", Log)
    return found


async def opened(tui: Any, pilot: Any, count: int, **changes: Any) -> None:
    """The Tail with so many records."""
    await tui.fed(pilot, *(tui.event(seq, **changes) for seq in range(1, count + 1)))
    tui.app.open_pane("tail")
    await pilot.pause()
    await tui.told(pilot)


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
def test_it_follows_the_newest_record(tui: Any, size: tuple[int, int]) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 80)
        assert "event 80" in tui.text() and "event 2 " not in tui.text() and "following" in tui.text()
        await tui.told(pilot, tui.event(81))
        assert "event 81" in tui.text() and log(tui).key == (81, 0)

    tui.play(scene, size=size)


def test_going_up_stops_it_and_going_to_the_end_goes_on(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 80)
        await pilot.press("k")
        assert "paused, nothing new below" in tui.text()
        before = tui.lines()[1:]
        await tui.told(pilot, *(tui.event(seq) for seq in range(81, 84)))
        assert "paused, 3 new below" in tui.text() and "event 83" not in tui.text()
        assert sum(old != new for old, new in zip(before, tui.lines()[1:], strict=True)) == 1, "only the count differs"
        await pilot.press("G")
        assert "following" in tui.text() and "event 83" in tui.text()
        for key in ("space",):
            await pilot.press(key)
        assert "paused" in tui.text()

    tui.play(scene)


def test_only_what_is_wanted_and_how_much_is_hidden(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 8)
        await tui.told(pilot, tui.event(9, kind="ACT_MOVED", text="F-00000035 FILLED", facts={"symbol": "EURUSD"}))
        await pilot.press("slash", *"kind:FILLED", "enter")
        text = tui.text()
        assert "F-00000035 FILLED" in text and "event 8" not in text
        assert "filter: kind:FILLED" in text and "8 hidden by the filter" in text
        await pilot.press("k")  # one alone: up asks for older ones
        await tui.told(pilot, tui.event(10), tui.event(11, kind="ACT_MOVED", text="F-0000005P FILLED"))
        assert "1 new below" in tui.text()

    tui.play(scene)


def test_a_filter_that_nothing_passes_says_so(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 8)
        await pilot.press("slash", *"zzz", "enter")
        assert "none of 8 records passes the filter 'zzz'" in tui.text()
        await pilot.press("escape")
        assert "event 8" in tui.text()

    tui.play(scene)


def test_nothing_yet_is_said(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 0)
        assert "nothing was recorded yet" in tui.text()
        for key in ("k", "j", "g", "G", "enter", "space", "w", "n", "escape"):
            await pilot.press(key)
        await tui.told(pilot, Lost(STREAM, time.monotonic(), "gone"))
        assert "its journal comes when it is heard" in tui.text()

    tui.play(scene)


def test_looking_for_a_text_goes_from_one_to_the_next(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 30)
        await pilot.press("l", *"event 1", "enter")
        assert log(tui).key == (19, 0) and "'event 1' in 11, n next, N before" in tui.text()
        await pilot.press("N")
        assert log(tui).key == (18, 0)
        await pilot.press("n", "n")
        assert log(tui).key == (1, 0), "from the other end on"
        await pilot.press("l", *"zzz", "enter")
        assert "'zzz' in no record that is shown" in tui.text()

    tui.play(scene)


def test_while_one_looks_for_a_text_the_lowest_line_says_what_the_keys_do(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 30)
        tui.app.open_pane("tail")
        await pilot.press("l")
        assert "Enter look for it" in tui.lines()[-1] and "Esc leave it" in tui.lines()[-1]
        await pilot.press(*"event 1", "enter")
        for words in ("n next found", "N found before", "Enter trace", "Esc look no more"):
            assert words in tui.lines()[-1]
        await pilot.press("escape")
        assert tui.app.pane.NAME == "tail" and "'event 1'" not in tui.text() and "HALT" in tui.lines()[-1]
        await pilot.press("l", "escape", "slash")
        assert "Enter keep" in tui.lines()[-1] and "Esc no filter" in tui.lines()[-1]
        await pilot.press(*"event 2", "escape")
        await pilot.pause()
        assert tui.app.pane.filter == "" and "HALT" in tui.lines()[-1] and log(tui).has_focus

    tui.play(scene, size=(80, 24))


@pytest.mark.parametrize("state", ["ROUTED", "ACKED", "QUEUED"])
def test_what_is_under_way_is_no_warning_and_what_is_unknown_is(tui: Any, wire: Any, state: str) -> None:
    from hydractl.tui.draw.glyphs import ASCII, UNICODE
    from hydractl.tui.records import mark, tone

    for glyphs in (UNICODE, ASCII):
        word = mark(tone(tui.event(1, kind="ACT_MOVED", text=f"{wire.F} {state}: to alpha").event), glyphs)
        assert word == glyphs.play != glyphs.warning
        assert mark(tone(tui.event(1, kind="ACT_MOVED", text=f"{wire.F} UNKNOWN").event), glyphs) == glyphs.cross


def test_what_is_recorded_is_shown_whole_and_cannot_move_the_cursor(tui: Any) -> None:
    long = "x\x1b[2J\x07" + "many words " * 300

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 1, text=long, facts={"reason": long, "nested": {"a": [1, 2]}})
        facts = tui.app.query_one("#tail-facts", Lines)
        joined = " ".join(facts.text.split())
        assert joined.count("many words") == 600 and '{"a": [1, 2]}' in joined
        assert "\x1b" not in tui.text() and "\x07" not in tui.text()
        assert len([line for line in tui.lines() if "MISSION_PROPOSED" in line]) == 2  # the row, and the record's head
        await pilot.press("w")
        await tui.told(pilot)
        assert sum("many words" in line for line in log(tui).text.splitlines()) > 20

    tui.play(scene)


def test_where_the_connection_was_lost_stands_between_the_records(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 3)
        now_s = time.monotonic()
        await tui.told(pilot, Lost(STREAM, now_s - 5.0, "the daemon went away"))
        last = log(tui).text.splitlines()[-1]
        assert "not heard since" in last and "the daemon went away" in last
        assert "following" not in tui.text() and "until the daemon is heard" in tui.text()
        await tui.told(pilot, Heard(STREAM, now_s), tui.event(4), tui.event(3))
        rows = log(tui).text.splitlines()
        at = next(number for number, row in enumerate(rows) if "not heard" in row)
        assert "event 3" in rows[at - 1] and "event 4" in rows[at + 1]
        assert "(5.0 s)" in rows[at] and "goes on without a gap" in rows[at]
        assert sum("event 3" in row for row in rows) == 1

    tui.play(scene)


def test_another_journal_leaves_nothing_of_the_old_one_even_for_who_reads(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 30)
        await pilot.press("k", "k")
        await tui.told(pilot, Another(time.monotonic()), tui.event(1, text="of the other"))
        assert "event 30" not in tui.text() and "of the other" in tui.text() and "following" in tui.text()

    tui.play(scene)


def test_older_records_are_fetched_above_the_first_one(tui: Any, wire: Any) -> None:
    def script(call: Any) -> Any:
        if wire.verb_of(call) != "tail":
            return wire.answer(call)
        seqs = range(call.body.after_seq + 1, 603)
        told = [wire.answer(call, data=wire.event(seq), more=True) for seq in seqs if seq % 2]  # half are not for one
        return [*told, wire.answer(call, data=None, more=False)]

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot, *(tui.event(seq) for seq in range(601, 611)))
        tui.app.open_pane("tail")
        tui.fake.script = script
        await tui.told(pilot)
        await pilot.press("g")
        assert "up fetches what is before #601" in tui.text() and log(tui).key == (601, 0)
        await pilot.press("k")
        await tui.until(pilot, lambda: len(log(tui).keys) > 200)
        assert log(tui).key == (599, 0), "the one above the one that was first"
        assert log(tui).keys[1] == (101, 0) and log(tui).keys[-1] == (610, 0)
        assert len(set(log(tui).keys)) == len(log(tui).keys) == 1 + 250 + 10
        await pilot.press("g")
        await tui.until(pilot, lambda: len(log(tui).keys) > 300)
        await pilot.press("g", "k")
        assert "the journal begins here" in tui.text()
        assert [body.after_seq for body in tui.fake.bodies("tail")] == [100, 0]
        await pilot.press("G")
        assert log(tui).keys[0] == (601, 0), "who follows has the newest alone"

    tui.play(scene)


def test_older_records_that_do_not_come_say_why(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot, *(tui.event(seq) for seq in range(601, 611)))
        tui.app.open_pane("tail")
        await tui.told(pilot)
        tui.fake.close()
        (tui.fake.path).unlink()
        await pilot.press("g", "k")
        await tui.until(pilot, "UNREACHABLE")
        assert "event 601" in tui.text()

    tui.play(scene)


def test_enter_asks_which_of_several_ids_is_meant(tui: Any) -> None:
    opened_with: list[tuple[str, Any]] = []

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 2, ids=["F-00000035", "M-00000014"])
        tui.app.open_pane = lambda name, key=None: opened_with.append((name, key))
        await pilot.press("enter")
        assert "trace which?" in tui.text() and "event 2" in tui.text(), "the records are seen behind it"
        await pilot.press("j", "enter")
        await tui.until(pilot, lambda: bool(opened_with))
        await tui.told(pilot, tui.event(3, ids=["L-00000007"]))
        await pilot.press("enter")
        assert opened_with == [("trace", "M-00000014"), ("alarms", "L-00000007")]

    tui.play(scene)


def test_the_journals_box_of_the_board_leads_here(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot, tui.event(1))
        tui.app.query_one("#board-tail").focus()
        await pilot.press("enter")
        assert tui.app.pane.NAME == "tail"

    tui.play(scene)


def test_y_copies_what_enter_would_trace_and_the_other_one_the_whole_line(tui: Any, wire: Any) -> None:
    long = f"{wire.F} FILLED 0.10 at 1.08400 " + "with more words " * 10

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 3, kind="ACT_MOVED", text=long, ids=["C-not-one", wire.F, wire.M])
        await tui.told(pilot, tui.event(4, text="service\x1b[2J bot off"))
        for box in ("#tail-log", "#tail-facts"):
            tui.app.query_one("#tail-log").focus()
            await pilot.press("g", "j", "j")
            tui.app.query_one(box).focus()
            await pilot.press("y")
            assert tui.app.clipboard == wire.F
            assert f"copied {wire.F}" in tui.text()
            await pilot.press("Y")
            assert tui.app.clipboard == f"2026-11-20T12:25:30.500Z ACT_MOVED {long}"
        tui.app.query_one("#tail-log").focus()
        await pilot.press("G", "y")
        assert tui.app.clipboard.endswith("service?[2J bot off"), (
            "of what has no id the line, and no control characters"
        )

    tui.play(scene)


def test_a_flood_is_cheap_and_nothing_is_made_twice(tui: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand records: each is put into words once, and a redraw without a new one makes none."""
    from hydractl.tui.panes import tail

    made: list[int] = []
    real = tail.record_lines
    monkeypatch.setattr(tail, "record_lines", lambda f, e, *a, **k: made.append(e.seq) or real(f, e, *a, **k))

    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, EVENTS_KEPT)
        made.clear()
        for begin in range(EVENTS_KEPT + 1, EVENTS_KEPT + 2001, 50):
            await tui.told(pilot, *(tui.event(seq) for seq in range(begin, begin + 50)))
        assert made == list(range(EVENTS_KEPT + 1, EVENTS_KEPT + 2001))
        assert f"event {EVENTS_KEPT + 2000}" in tui.text() and len(log(tui).keys) == EVENTS_KEPT
        await tui.told(pilot)
        assert len(made) == 2000

    tui.play(scene, size=(80, 24))


def test_without_utf8_there_is_only_ascii(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await opened(tui, pilot, 3, kind="ALARM_RAISED", text="é → ✗ …")
        await pilot.press("k")
        assert tui.text().isascii() and "x ALARM_RAISED" in tui.text()

    tui.play(scene, ascii_only=True)


def test_a_word_is_sought_in_what_a_record_is_about_and_the_filter_says_so(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        events = [
            tui.event(seq, text=f"event {seq}", facts={"symbol": "XAUUSD" if seq % 5 else "EURUSD"})
            for seq in range(1, 11)
        ]
        await tui.fed(pilot, *events)
        tui.app.open_pane("tail")
        await tui.fed(pilot)
        await pilot.press("slash")
        await tui.until(pilot, "a word: in all of a record; symbol:EURUSD kind: account: id: in one; !: without")
        await pilot.press(*"eurusd")
        await tui.told(pilot)
        assert "event 5" in tui.text() and "event 10" in tui.text() and "event 9" not in tui.text()
        assert "8 hidden by the filter; a word: in text, ids, symbol, account" in tui.text()
        await pilot.press(*"x")
        await tui.told(pilot)
        assert "none of 10 passes the filter; a word: in text, ids, symbol, account" in tui.text()
        assert "none of 10 records passes the filter 'eurusdx'" in tui.text()
        await pilot.press("escape", "l", *"eurusd", "enter")
        await tui.told(pilot)
        assert "in no record that is shown" in tui.text(), "what is looked for is what is seen"

    tui.play(scene, size=(80, 24))
