"""Which letter means what: one that begins an act on any pane begins nothing else on another."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from textual.binding import Binding

from hydractl.tui.app import PANES, HydraTui
from hydractl.tui.sheets import Sheet

# What each act's letter means, wherever it stands.
ACTS = {
    "fire": ("board.fire", "mission.fire"),
    "fire by hand": ("mission.by_hand",),
    "approve": ("mission.approve",),
    "let pass": ("mission.pass",),
    "take back": ("mission.withdraw", "positions.cancel"),
    "write a note": ("mission.note", "positions.note"),
    "close": ("positions.close",),
    "close a part": ("positions.part",),
    "modify": ("positions.modify",),
    "another plan": ("positions.plan",),
    "flatten": ("positions.flatten",),
    "adopt": ("positions.adopt",),
    "drain": ("terminals.drain",),
    "begin": ("terminals.activate", "services.start"),
    "take out": ("terminals.quarantine", "services.stop"),
    "fail over": ("terminals.failover",),
    "restart": ("services.restart",),
    "assign": ("terminals.assign",),
    "release": ("terminals.release",),
    "take on": ("alarms.acknowledge",),
    "halt": ("halt",),
    "resume": ("resume",),
}
VIEWS = {
    "trace": ("board.trace", "mission.trace", "positions.trace", "apex.trace", "alarms.about"),
    "what is over too": ("positions.closed", "alarms.cleared"),
    "the checks": ("mission.checks", "trace.recheck", "services.health"),
    "wrap": ("tail.wrap", "trace.wrap"),
    "another of its kind": ("mission.account", "trace.before"),
    "timeframe": ("mission.zoom",),
    "ask for an id": ("trace.ask",),
    "look for": ("tail.look",),
    "next found": ("tail.next",),
    "found before": ("tail.previous",),
    "follow": ("tail.follow",),
    "open": ("board.wrong",),
}
EVERYWHERE = (
    "quit",
    "help",
    "write",
    "filter",
    "jump",
    "screenshot",
    "copy",
    "copy.whole",
    "messages",
    "again",
    "back",
)


def bindings() -> dict[str, Binding]:
    found = {}
    for table in (HydraTui.BINDINGS, *(pane.BINDINGS for pane in PANES)):
        for binding in table:
            if isinstance(binding, Binding) and binding.id and not binding.id.startswith("pane."):
                found[binding.id] = binding
    return found


def letters(names: Any) -> set[str]:
    known = bindings()
    return {key for name in names for key in known[name].key.split(",")}


def test_every_key_of_every_pane_is_in_the_table() -> None:
    named = [name for table in (ACTS, VIEWS) for names in table.values() for name in names]
    assert sorted([*named, *EVERYWHERE]) == sorted(bindings())


def test_an_acts_letter_is_no_views_letter_and_means_one_thing() -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for kind, table in (("act", ACTS), ("view", VIEWS), ("view", {name: (name,) for name in EVERYWHERE})):
        for meaning, names in table.items():
            for key in letters(names):
                meanings[key].add(f"{kind}: {meaning}")
    assert {key: found for key, found in meanings.items() if len(found) > 1} == {}


@pytest.mark.parametrize("meaning", ["fire", "take back", "begin", "take out", *VIEWS])
def test_what_means_the_same_has_the_same_letter(meaning: str) -> None:
    names = {**ACTS, **VIEWS}[meaning]
    assert len({bindings()[name].key for name in names}) == 1


@pytest.mark.parametrize("pane", [pane.NAME for pane in PANES])
def test_no_views_key_opens_a_sheet(tui: Any, wire: Any, pane: str) -> None:
    """In write mode, on rows that acts could be about."""
    known = bindings()
    keys = [known[name].key for names in VIEWS.values() for name in names if name.startswith(f"{pane}.")]

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot, tui.event(1, ids=[wire.M]))
        await pilot.press("W")
        for key in (*keys, "y", "Y", "r"):
            tui.app.open_pane(pane, wire.M if pane in ("mission", "trace") else None)
            await tui.fed(pilot)
            await pilot.press(key)
            assert not isinstance(tui.app.screen, Sheet), f"{key} opened {tui.text()}"
            await pilot.press("escape")

    tui.play(scene)


def test_an_empty_list_has_nothing_to_copy_and_says_so(tui: Any, wire: Any) -> None:
    tui.fake.script = lambda call: wire.answer(call, **({"data": ()} if wire.verb_of(call) == "alarms" else {}))

    async def scene(pilot: Any) -> None:
        tui.app.open_pane("alarms")
        await tui.fed(pilot)
        assert "no alarm stands" in tui.text()
        await pilot.press("y", "Y")
        assert tui.app.clipboard == "" and "nothing to copy" in tui.text()

    tui.play(scene)


# Where the cursor stands, and what `y` and `Y` take there.
IDS = [
    ("board", "#board-missions", "M", "PROPOSED"),
    ("board", "#board-positions", "P", "EURUSD"),
    ("board", "#board-feed", "EURUSD sim-1", "EURUSD"),
    ("mission", "#mission-list", "M", "PROPOSED"),
    ("mission", "#mission-facts", "M", "verdict"),
    ("positions", "#positions-open", "P", "EURUSD"),
    ("positions", "#positions-details", "P", "swap"),
    ("terminals", "#rack", "sim-1", "READY"),
    ("terminals", "#terminals-detail", "sim-1", "feeds"),
    ("apex", "#apex-candidates", "M", "PROPOSED"),
    ("services", "#services", "toc", "1 lane"),
    ("alarms", "#alarms-list", "L", "NOBODY"),
    ("alarms", "#alarms-detail", "L", "runbook"),
    ("trace", "#trace-verdict", "M", "EURUSD"),
]


@pytest.mark.parametrize(("pane", "box", "named", "line"), IDS)
def test_y_copies_the_id_and_the_other_one_all_of_it(
    tui: Any, wire: Any, pane: str, box: str, named: str, line: str
) -> None:
    ids = {"M": wire.M, "P": wire.P, "L": wire.ALARM.id}

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.app.open_pane(pane, wire.M if pane in ("mission", "trace") else None)
        for _ in range(3):
            await pilot.pause()
            await tui.fed(pilot)
        tui.app.query_one(box).focus()
        await pilot.press("y")
        assert tui.app.clipboard == ids.get(named, named), tui.app.clipboard
        await pilot.press("Y")
        assert line in tui.app.clipboard and tui.app.clipboard != ids.get(named, named)

    tui.play(scene)
