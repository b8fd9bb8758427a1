"""What the Terminals pane says in each state, without an app."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydractl.session import as_view
from hydractl.tui.carry import Kept as Out
from hydractl.tui.draw.glyphs import ASCII, UNICODE
from hydractl.tui.draw.table import table
from hydractl.tui.frame import Frame
from hydractl.tui.panes import rack
from hydractl.tui.store import Answered, Ask, Problem, Ticked, Unanswered, View, step

FORBIDDEN = Problem("FORBIDDEN", "viewers see no operators", None)


@pytest.fixture
def told(wire: Any) -> Any:
    """A view that was told these terminals, with what else belongs to them, at 10 s."""

    def made(*changes: dict[str, Any], operators: Any = "sample", quotes: Any = None, at_s: float = 10.0) -> View:
        rows = [
            msgspec.to_builtins(msgspec.structs.replace(wire.TERMINAL, **{"duty": "ACTIVE", **change}))
            for change in changes
        ]
        status = {**msgspec.to_builtins(wire.STATUS), "terminals": rows}
        people = [msgspec.to_builtins(wire.OPERATOR)] if operators == "sample" else operators
        view = View()
        for verb, data in (("status", status), ("terminals", rows), ("ticks", quotes or []), ("operators", people)):
            message = Answered(Ask.of(verb), 10.0, as_view(data)) if data is not None else _refused(verb)
            view = step(view, message)
        return step(view, Ticked(at_s))

    return made


def _refused(verb: str) -> Unanswered:
    return Unanswered(Ask.of(verb), 10.0, FORBIDDEN)


def frame(view: View, width: int = 160, height: int = 50, glyphs: Any = UNICODE, calm: bool = False) -> Frame:
    return Frame(view, width, height, glyphs, Out(0, None), calm=calm)


def plain(lines: Any) -> list[str]:
    return [line.plain for line in lines]


LOST = {"name": "sim-2", "link": "LOST", "why": "no beat for 6 s", "heartbeat_age_s": 21.0, "lane": False}
HELD = {"name": "sim-3", "duty": "QUARANTINED", "cause": "CONFLICT", "why": "ledger differs"}


def test_those_that_are_not_well_stand_first_with_reason_and_last_beat(told: Any) -> None:
    shown = frame(told({}, HELD, LOST, at_s=12.0))
    assert [row.name for row in rack.rows_of(shown)] == ["sim-2", "sim-3", "sim-1"]
    assert plain(rack.bad_lines(shown)) == [
        "⚠ sim-2 is LOST: no beat for 6 s (last beat 23.0 s ago)",
        "⚠ sim-3 is QUARANTINED (CONFLICT): ledger differs (last beat 2.3 s ago)",
    ]
    assert [line.style for line in rack.bad_lines(shown)] == ["red", "red"]


def test_a_rack_that_is_well_has_nothing_to_say(told: Any) -> None:
    assert rack.bad_lines(frame(told({}))) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"duty": "DRAINING", "drained": True, "why": "by ann"}, "DRAINED: by ann"),
        ({"link": "LOST", "duty": "DRAINING", "why": None}, "LOST and DRAINING: no reason given"),
        ({"halted": True, "why": "books complete"}, "sim-1 is HALTED: its agent's latch is closed: nothing opens"),
        (
            {"halted": True, "link": "LOST", "why": "no beat"},
            "is HALTED: its agent's latch is closed: nothing opens, closes pass; LOST: no beat",
        ),
        ({"link": "ABSENT", "heartbeat_age_s": None, "why": None}, "ABSENT: no reason given (last beat never)"),
        ({"link": "RECONCILING", "why": "reading its books"}, "RECONCILING: reading its books"),
    ],
)
def test_each_way_of_not_being_well_has_its_words(told: Any, change: dict[str, Any], words: str) -> None:
    (line,) = rack.bad_lines(frame(told(change)))
    assert words in line.plain
    assert line.style


def test_the_detail_of_one_terminal(told: Any) -> None:
    quote = {"symbol": "EURUSD", "terminal": "sim-1", "age_s": 0.2, "stale": False, "source": True}
    stale = {**quote, "symbol": "XAUUSD", "age_s": 90.0, "stale": True, "source": False}
    lines = plain(rack.detail_lines(frame(told({}, quotes=[quote, stale, {**quote, "terminal": "x"}])), "sim-1", 100))
    assert lines == [
        "state      sim-1  READY  ACTIVE  lane: -  last beat 300 ms ago",
        "why        no reason given",
        "needs it   0 acts and open positions  0 acts in hand  0 ticks shed",
        "feeds      XAUUSD 1 m 30 s STALE  EURUSD 200 ms fresh source",
        "given to   ann trader (primary)",
        "identity   1001@Sim  account paper-1",
        "clock      +0.1±0.2 ms  ▆   0.4 ms  best round trips 0.4 to 0.4 ms in 2.0 s",
        "journal    4 ledger entries  epoch 3  market read through 2026-11-20 12:25:30Z",
    ]


def test_a_quarantine_says_its_cause_and_who_ends_it(told: Any) -> None:
    lines = plain(rack.detail_lines(frame(told(HELD)), "sim-3", 100))
    assert "cause      quarantined for CONFLICT; a commander ends it, with a reason" in lines


def test_a_role_that_may_not_see_operators_is_told_so(told: Any) -> None:
    lines = plain(rack.detail_lines(frame(told({}, operators=None)), "sim-1", 100))
    assert "given to   FORBIDDEN: viewers see no operators" in lines


def test_nobody_and_everybody(told: Any) -> None:
    assert "nobody: no operator may fire on paper-1" in rack.given_text(frame(told({}, operators=[])), "paper-1")
    everywhere = [{"name": "bob", "role": "commander", "accounts": ["*"], "primary": None}]
    assert rack.given_text(frame(told({}, operators=everywhere)), "paper-1") == "bob commander"


def test_what_was_never_told_is_not_a_number(told: Any) -> None:
    never = {"clock_offset_ms": None, "clock_uncertainty_ms": None, "in_hand": None, "epoch": None, "identity": None}
    text = "\n".join(plain(rack.detail_lines(frame(told(never)), "sim-1", 100)))
    for words in (
        "clock      never  no round trip was measured",
        "in hand not told",
        "no epoch told",
        "not told in this",
    ):
        assert words in text


def test_no_line_is_wider_than_its_room(told: Any) -> None:
    quotes = [
        {"symbol": f"SYMBOL{number}", "terminal": "sim-1", "age_s": 0.2, "stale": False, "source": True}
        for number in range(30)
    ]
    for glyphs in (UNICODE, ASCII):
        lines = rack.detail_lines(frame(told({}, quotes=quotes), glyphs=glyphs), "sim-1", 40)
        assert max(line.cell_len for line in lines) <= 40
        assert "SYMBOL29" in "".join(plain(lines))
        assert glyphs is UNICODE or all(line.plain.isascii() for line in lines)


def test_a_narrow_rack_keeps_what_matters_most(told: Any) -> None:
    shown = frame(told({}, LOST), 80, 24, ASCII)
    made = table(rack.columns_of(shown), rack.rows_of(shown), 79, ASCII, priority=rack.PRIORITY, flexible=rack.FLEXIBLE)
    assert made.heading.plain.split()[:6] == ["NAME", "ACCOUNT", "LINK", "DUTY", "LANE", "HEARTBEAT"]
    assert made.rows[0].plain.split()[:3] == ["sim-2", "paper-1", "LOST"]


def test_a_calm_screen_has_no_line_that_changes_by_itself(told: Any) -> None:
    assert rack.trips_text(frame(told({}), calm=True), "sim-1", 12) == "0.4 ms"
    assert rack.trips_text(frame(told({})), "sim-1", 4) == "   ▆   0.4 ms"
    assert rack.trips_text(frame(View()), "sim-1", 4).strip() == "-"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "opens"),
        ({"lane": False}, "-"),
        ({"feed_only": True}, "feeds"),
        ({"halted": True}, "no: HALTED"),
        ({"link": "DEGRADED"}, "no: DEGRADED"),
        ({"duty": "DRAINING", "drained": True}, "no: DRAINED"),
        ({"link": "LOST", "halted": True}, "no: LOST"),
        ({"lane": False, "halted": True}, "-"),
    ],
)
def test_a_lane_that_opens_nothing_says_why(told: Any, change: dict[str, Any], words: str) -> None:
    """Where there is no room for HALTED, too."""
    shown = frame(told({"lane": True, **change}), width=80, height=24)
    columns, rows = rack.columns_of(shown), rack.rows_of(shown)
    made = table(columns, rows, 79, UNICODE, priority=rack.PRIORITY, flexible=rack.FLEXIBLE)
    assert "LANE" in made.heading.plain and f" {words} " in f"{made.rows[0].plain} "
    assert f"lane: {words}  " in plain(rack.detail_lines(shown, "sim-1", 100))[0]
