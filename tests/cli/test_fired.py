"""What became of a mission's fires, in the shell's words: before what was proposed, and a second one is said to be it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from hydractl.commands import fired, missions
from hydrad.wire.answers.acts import CheckRow


def shown_of(wire: Any, *acts: Any, positions: Any = ()) -> Any:
    return replace(wire.DATA["mission.show"][1], acts=acts, positions=positions)


def test_a_fire_that_holds_it_and_its_position(wire: Any) -> None:
    data = shown_of(wire, wire.ACT, replace(wire.ACT, state="DENIED"), wire.CLOSED, positions=(wire.POSITION,))
    assert fired.texts(data, data.positions) == [
        ("FILLED", f"filled 0.10 at 1.08345, ticket 123; {wire.F} on paper-1, by uid:1000 (shell)"),
        ("", f"{wire.P} open, 0.10 lots: +3.20 USD, 0.16 R, 400 ms old; stop 1.08140, target 1.08740"),
    ]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        (
            {"realised": "-6.75"},
            "open, 0.10 lots: +3.20 USD, 0.16 R, 400 ms old, closed parts -6.75 USD; stop 1.08140, target 1.08740",
        ),
        ({"pnl": None, "r": None, "stop": None}, "open, 0.10 lots: its result is not known; stop NONE, target 1.08740"),
        (
            {"closed_at": "x", "close_reason": "STOP", "close_price": "1.08140", "pnl": "-20.50", "r": "-1.00"},
            "closed (STOP) at 1.08140: -20.50 USD, -1.00 R",
        ),
    ],
)
def test_a_position(wire: Any, changes: dict[str, Any], wanted: str) -> None:
    assert fired.position_text(replace(wire.POSITION, **changes)) == f"{wire.P} {wanted}"


def test_mission_and_brief_say_it_before_what_was_proposed(hydractl: Any, fake: Any, wire: Any) -> None:
    data = shown_of(wire, wire.ACT, positions=(wire.POSITION,))
    twice = CheckRow(code="DUPLICATE", ok=False, measured=wire.F, limit="none")
    brief = wire.DATA["brief"][1]
    brief = replace(brief, mission=data, fire=replace(brief.fire, dry_run=True, checks=(*wire.FAILED, twice)))
    fake.script = lambda call: wire.answer(call, data=brief if type(call.body).__name__ == "Brief" else data)
    for words in (("mission", wire.M), ("brief", wire.M)):
        rows = [row.split()[0] for row in hydractl(*words).stdout.splitlines()]
        assert rows[1:5] == [wire.M, "fired", wire.P, "entry"]
    told = hydractl("brief", wire.M).stdout
    assert "verdict a second fire would be denied: SPREAD, DUPLICATE" in told and "FAILED" in told


def test_a_first_one_is_said_as_it_would_be(wire: Any) -> None:
    assert fired.would_text(wire.FIRE) == "ROUTED"


@pytest.mark.parametrize("state", ["CANCELLED", "EXPIRED", "REJECTED", "NOT_EXECUTED"])
def test_the_last_one_that_gave_it_back_is_said_where_none_holds_it(wire: Any, state: str) -> None:
    """`would be ROUTED` is true of it, and not all."""
    over = replace(wire.ACT, state=state, verdict="its end", position=None)
    told = [(state, f"its end; {wire.F} on paper-1, by uid:1000 (shell)")]
    assert fired.texts(shown_of(wire, replace(over, verdict="another"), over), ()) == told
    assert fired.texts(shown_of(wire, replace(wire.ACT, state="DENIED")), ()) == []
    assert len(fired.texts(shown_of(wire, wire.ACT, over), ())) == 1, "another one holds it"


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ((), "2"),
        (("CLOSED",), "1 CLOSED"),
        (("CANCELLED", "FILLED", "CANCELLED"), "2 CANCELLED, 1 FILLED"),
    ],
)
def test_a_list_of_missions_says_what_became_of_fires(wire: Any, states: tuple[str, ...], words: str) -> None:
    assert missions.fires_words(replace(wire.MISSION, fires=2, fire_states=states)) == words
