"""What a mission is decided by, as lines: what stands first, what is old, what is over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import briefings
import msgspec
import pytest

from hydractl.commands.fired import HOLDS
from hydractl.commands.verdicts import step_line
from hydractl.output import Output
from hydractl.tui.panes.briefing import briefing_lines, labelled
from hydractl.tui.store import Problem
from hydrad.toc.act import LIVE_OR_EXECUTED
from hydrad.wire.answers.alarms import NoteRow
from hydrad.wire.answers.positions import PlanRow


def lines(wire: Any, data: Any, *, room: int = 66, every: bool = False, kept: Any = None, **of_frame: Any) -> list[str]:
    return [row.plain for row in texts(wire, data, room=room, every=every, kept=kept, **of_frame)]


def texts(wire: Any, data: Any, *, room: int = 66, every: bool = False, kept: Any = None, **of_frame: Any) -> Any:
    frame = briefings.frame(wire, **of_frame)
    row = briefings.told(data.mission.mission)
    return briefing_lines(frame, kept or briefings.kept(data), row, room, every=every)


def test_verdict_price_and_money_stand_first(wire: Any) -> None:
    assert lines(wire, briefings.briefing(wire))[:15] == [
        "EURUSD BUY  PROPOSED  4 m 31 s left",
        "on      paper-1  PAPER  account 1 of 2",
        "verdict would be ROUTED to sim-1",
        "price   1.08490 / 1.08500, 400 ms old, spread 10 points (5.0% of",
        "        the stop), +2 points from entry, 20 allowed",
        "money   0.10 lots: at stop -20.00 USD (0.20% of the account), at",
        "        target 40.00 USD, R 2.00",
        "tcs     not calibrated (needs 34.1%)",
        "costs   commission -0.70 USD, break-even at 1.08507",
        "night   -2.10 USD at 2026-11-25 22:00:00Z, for 3 night(s)",
        "checks  2 of 2 passed; e shows them",
        "entry   1.08340 +/- 0.00020  stop 1.08140  target 1.08740  R 2.00",
        "made    2026-11-20 12:25:30Z by breakout, session LONDON",
        "until   2026-11-20 12:30:01Z (4 m 31 s), horizon 2026-11-20",
        "        12:25:30Z",
    ]


def test_what_denies_is_seen_at_a_glance(wire: Any) -> None:
    shown = lines(wire, briefings.briefing(wire, denied=True), room=44)
    assert shown[2] == "verdict would be DENIED: ENTRY_MISSED"
    failed = next(at for at, row in enumerate(shown) if "FAILED" in row)
    assert shown[failed : failed + 2] == ["  ✗ FAILED ENTRY_MISSED  1.08500", "    limit 1.08320 to 1.08360"]
    assert failed < 15, "in sight on a terminal of 24 lines"
    assert "checks  2 of 3 passed; e shows them" in shown


def test_the_words_are_the_shells(wire: Any, hydractl: Any, fake: Any) -> None:
    """Each fact of `hydractl brief`, whatever its lines are broken to."""
    shell = " ".join(hydractl("brief", wire.M).stdout.split())
    shown = " ".join(" ".join(lines(wire, wire.DATA["brief"][1], room=500)).split())
    for label in ("price", "money", "costs", "night", "entry", "made", "why"):
        fact = next(row for row in lines(wire, wire.DATA["brief"][1], room=500) if row.startswith(label))
        assert " ".join(fact.split()) in shell
    assert "not calibrated (needs 34.1%)" in shell and "not calibrated (needs 34.1%)" in shown


def test_every_check_has_its_value_and_its_limit(wire: Any) -> None:
    shown = lines(wire, briefings.briefing(wire, denied=True), every=True)
    assert "  ✓ ok     AUTHORITY  ACTIVE  limit ACTIVE" in shown
    assert "  ✓ ok     SPREAD  7 points  limit 20 points" in shown
    assert sum("ENTRY_MISSED  1.08500" in row for row in shown) == 1
    assert not any("✓ ok" in row for row in lines(wire, briefings.briefing(wire)))


@pytest.mark.parametrize(("state", "left_s"), [("EXPIRED", -5), ("WITHDRAWN", 200), ("PROPOSED", 0), ("DONE", -900)])
def test_what_can_no_longer_be_fired_looks_so(wire: Any, state: str, left_s: int) -> None:
    shown = texts(wire, briefings.briefing(wire, state=state, left_s=left_s))
    assert state in shown[0].plain and "over" in shown[0].plain
    assert all(row.style == "dim" and not row.spans for row in shown[1:])


def test_the_head_is_whole_or_shorter(wire: Any) -> None:
    data = briefings.briefing(wire, state="CLOSED_TO_FIRES")
    assert lines(wire, data, room=66)[0] == "EURUSD BUY  CLOSED_TO_FIRES  over  takes no fires"
    assert lines(wire, data, room=46)[0] == "EURUSD BUY  CLOSED_TO_FIRES  over"


def test_old_is_dim_and_says_so_with_its_growing_ages(wire: Any) -> None:
    kept = briefings.kept(briefings.briefing(wire), problem=Problem("TIMED_OUT", "no answer in 3 s"), tried_s=109.0)
    shown = texts(wire, briefings.briefing(wire), kept=kept, clock_s=112.0)
    assert shown[0].plain == "⚠ OLD   12.0 s old: not what holds now; TIMED_OUT: no answer in 3"
    assert all(row.style == "dim" for row in shown[2:])
    assert any("12.4 s old, spread" in row.plain for row in shown), "the price is as old as that too"


def test_of_a_lost_daemon_nothing_looks_new(wire: Any) -> None:
    shown = texts(wire, briefings.briefing(wire), lost=True)
    assert "OLD" in shown[0].plain
    assert all(row.style == "dim" for row in shown[1:])


@pytest.mark.parametrize(
    ("problem", "wanted"),
    [
        (Problem("FORBIDDEN", "needs a trader", "ask ann"), "refused FORBIDDEN: needs a trader (ask ann)"),
        (None, "told no"),
    ],
)
def test_a_refused_briefing_says_why_below_the_mission(wire: Any, problem: Any, wanted: str) -> None:
    shown = lines(wire, briefings.briefing(wire), kept=briefings.kept(None, problem=problem))
    assert shown[0].startswith("EURUSD BUY")
    assert wanted in shown[1] and len(shown) == 2


def test_no_quote_and_no_stake_are_said(wire: Any) -> None:
    shown = lines(wire, briefings.briefing(wire, price=None, stake=None, tcs_text="what it needs is not known"))
    assert "price   UNKNOWN: the account's terminal has told no quote" in shown
    assert "money   not known: see the checks" in shown
    assert "tcs     what it needs is not known" in shown


def test_a_stale_price_says_so_in_a_word(wire: Any) -> None:
    price = msgspec.structs.replace(wire.DATA["brief"][1].price, stale=True, age_s=9.0)
    shown = texts(wire, briefings.briefing(wire, price=price))
    row = next(row for row in shown if row.plain.startswith("price"))
    assert "9.0 s old, STALE" in row.plain and row.style == "yellow"


def test_text_of_people_is_plain_and_nothing_is_cut(wire: Any) -> None:
    data = briefings.briefing(wire)
    note = NoteRow("L-1", wire.TS, "ann", "red \x1b[31mline " + "word " * 30 + "end", "host")
    data = msgspec.structs.replace(data, mission=msgspec.structs.replace(data.mission, notes=(note,)))
    for room in (44, 66):
        shown = lines(wire, data, room=room)
        assert all(len(row) <= room for row in shown)
        assert not any("\x1b" in row for row in shown)
        assert shown[-1].endswith("end")


def test_a_text_hangs_behind_its_label() -> None:
    assert [row.plain for row in labelled("why", "one two " * 6, 40)] == [
        "why     one two one two one two one two",
        "        one two one two ",
    ]


def test_the_kind_of_the_account_has_its_colour(wire: Any) -> None:
    shown = texts(wire, briefings.briefing(wire, kind="live"))
    assert "LIVE" in shown[1].plain
    assert any("red" in str(span.style) for span in shown[1].spans)


@pytest.mark.parametrize(("zone", "shown"), [(None, "2026-11-20 13:05:00Z"), ("Europe/Berlin", "2026-11-20 14:05:00")])
def test_a_plans_time_is_written_as_all_others_are(zone: str | None, shown: str) -> None:
    at = "2026-11-20T13:05:00Z"
    step = PlanRow(kind="TIME_STOP", at=at, act="A-0000007E", text=f"close at {at}", state="waits")
    assert step_line(Output("table", zone=zone), step) == f"TIME_STOP  close at {shown}  waits  A-0000007E"


# --- one that was fired ---


def test_of_a_fired_mission_what_happened_stands_first_and_a_second_fire_is_dim(wire: Any) -> None:
    data = briefings.fired(wire, briefings.briefing(wire, state="ENGAGED"), position=wire.POSITION)
    shown = texts(wire, data)
    assert [row.plain for row in shown[:8]] == [
        "EURUSD BUY  ENGAGED  4 m 31 s left",
        f"fired   filled 0.10 at 1.08345, ticket 123; {wire.F} on paper-1,",
        "        by uid:1000 (shell)",
        "        P-0000007K open, 0.10 lots: +3.20 USD, 0.16 R, 400 ms old;",
        "        stop 1.08140, target 1.08740",
        "on      paper-1  PAPER  account 1 of 2",
        "price   1.08490 / 1.08500, 400 ms old, spread 10 points (5.0% of",
        "        the stop), +2 points from entry, 20 allowed",
    ]
    at = next(at for at, row in enumerate(shown) if row.plain.startswith("verdict"))
    assert shown[at].plain == "verdict a second fire would be denied: DUPLICATE"
    failed = next(row for row in shown if "DUPLICATE" in row.plain and "FAILED" in row.plain)
    assert (shown[at].style, failed.style) == ("dim", "dim") and not failed.spans
    assert "green" in str(shown[1].style) and not any("red" in str(row.style) for row in shown)


@pytest.mark.parametrize(
    ("act", "wanted", "style"),
    [
        ({"state": "WORKING", "verdict": "WORKING, LIMIT at 1.08"}, "fired   WORKING, LIMIT at 1.08; F-", "cyan"),
        ({"state": "UNKNOWN", "verdict": "UNKNOWN since link: lost"}, "fired   UNKNOWN since link: lost; F-", "red"),
    ],
)
def test_each_state_is_told_in_its_colour(wire: Any, act: dict[str, str], wanted: str, style: str) -> None:
    shown = texts(wire, briefings.fired(wire, briefings.briefing(wire), position=None, **act))
    assert shown[1].plain.startswith(wanted) and style in str(shown[1].style)


def test_what_it_brought_is_told_when_it_is_over_and_stays_bright(wire: Any) -> None:
    over = msgspec.structs.replace(
        wire.POSITION, closed_at=wire.TS, close_reason="TARGET", close_price="1.08740", pnl="39.00", r="+1.95"
    )
    data = briefings.fired(wire, briefings.briefing(wire, state="DONE", left_s=-5), position=over, state="CLOSED")
    shown = texts(wire, data)
    assert shown[3].plain == f"        {wire.P} closed (TARGET) at 1.08740: +39.00 USD, +1.95 R"
    assert all(row.style != "dim" for row in shown[:4]) and all(row.style == "dim" for row in shown[4:])


@pytest.mark.parametrize("state", ["REJECTED", "NOT_EXECUTED", "EXPIRED", "CANCELLED"])
def test_a_fire_that_came_to_nothing_is_told_and_gave_it_back(wire: Any, state: str) -> None:
    shown = lines(wire, briefings.fired(wire, briefings.briefing(wire), account="paper-2", state=state))
    assert shown[1].startswith("fired   ") and "verdict would be ROUTED to sim-1" in shown


def test_one_that_was_denied_was_no_fire(wire: Any) -> None:
    shown = lines(wire, briefings.fired(wire, briefings.briefing(wire), account="paper-2", state="DENIED"))
    assert shown[1:3] == ["on      paper-1  PAPER  account 1 of 2", "verdict would be ROUTED to sim-1"]


def test_on_another_account_it_is_told_and_may_be_fired(wire: Any) -> None:
    shown = lines(wire, briefings.fired(wire, briefings.briefing(wire), account="paper-2"))
    assert "on paper-2" in shown[1] and "verdict would be ROUTED to sim-1" in shown


def test_its_figures_grow_old_with_the_answer(wire: Any) -> None:
    data = briefings.fired(wire, briefings.briefing(wire), position=wire.POSITION)
    shown = texts(wire, data, kept=briefings.kept(data), clock_s=112.0)
    assert shown[0].plain.startswith("⚠ OLD") and all(row.style == "dim" for row in shown[1:])
    assert any("12.4 s old" in row.plain for row in shown[:6])


def test_on_the_smallest_screen_too(wire: Any) -> None:
    frame = replace(briefings.frame(wire), width=40, height=12)
    data = briefings.fired(wire, briefings.briefing(wire), position=wire.POSITION)
    row = briefings.told(data.mission.mission)
    shown = [text.plain for text in briefing_lines(frame, briefings.kept(data), row, 38, every=False)]
    assert shown[1].startswith("fired   filled 0.10 at 1.08345")
    head = ("EURUSD", "fired", "no room for 1 act", " ")
    first = next(row for row in shown if not row.startswith(head))
    assert first.startswith("price")


def test_the_fires_that_hold_a_mission_are_those_of_the_gate() -> None:
    assert {str(state) for state in LIVE_OR_EXECUTED} == HOLDS
