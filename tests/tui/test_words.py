"""The words of `?`: every heading that does not explain itself is told on its pane, and so is every state."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hydractl.commands.authority import HALTED, RESTING
from hydractl.commands.reducing import REDUCES
from hydractl.commands.verdicts import CHECKS, TARGETS
from hydractl.tui import words
from hydractl.tui.app import PANES
from hydractl.tui.help import WORDS, word_lines
from hydractl.tui.panes import pane as pane_module
from hydrad.apex.governor import SuppressedReason
from hydrad.domain.accounts import AccountKind, Authority
from hydrad.domain.signals import SignalKind
from hydrad.toc.act import ActState
from hydrad.toc.mission import MissionState
from hydrad.toc.terminal import Duty, LinkState
from hydrad.wire.codes import Finding

NAMES = [pane.NAME for pane in PANES]
# Headings in plain English, and those whose cells say what they are.
PLAIN = {
    "", "SYMBOL", "SIDE", "STATE", "ACCOUNT", "VOLUME", "PRICE", "OPEN", "NAME", "AGE", "AT", "DETAIL", "WHY", "SINCE",
    "TERMINAL", "MISSION", "REASON", "TODAY", "IN ALL", "LAST", "SERVICE", "RESTARTS", "WHEN", "NEXT", "TEXT",
    "EXPIRES", "CLOSE", "CLOSED", "OPENED",
}  # fmt: skip


def test_every_heading_that_does_not_explain_itself_is_told(
    tui: Any, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    headings: dict[str, set[str]] = {name: set() for name in NAMES}
    drawn = pane_module.table

    def seen(columns: Any, *rest: Any, **more: Any) -> Any:
        headings[tui.app.pane.NAME].update(re.sub(r" \d+x$", "", column.heading) for column in columns)
        return drawn(columns, *rest, **more)

    monkeypatch.setattr(pane_module, "table", seen)

    async def scene(pilot: Any) -> None:
        for name in NAMES:
            tui.app.open_pane(name, wire.M if name in ("mission", "trace") else None)
            await tui.fed(pilot)
            await tui.fed(pilot)

    tui.play(scene, size=(160, 50))
    assert {name for name in NAMES if not headings[name]} == {"tail", "trace"}, "those have no table"
    untold = {name: headings[name] - PLAIN - set(words.words_of(name)) for name in NAMES}
    assert {name: found for name, found in untold.items() if found} == {}


STATES: dict[str, tuple[Any, ...]] = {
    "board": (MissionState,),
    "mission": (MissionState, ActState, SignalKind),
    "positions": (ActState,),
    "terminals": (LinkState, Duty),
    "tail": (MissionState, ActState, LinkState),
    "trace": (MissionState, ActState),
    "apex": (SuppressedReason,),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_state_that_may_stand_there_is_told(name: str) -> None:
    known = words.words_of(name)
    missing = [state.value for states in STATES.get(name, ()) for state in states if state.value not in known]
    if name in ("positions", "trace", "mission", "tail"):  # the first step of an act is over before it is shown
        missing = [state for state in missing if state != ActState.REQUESTED.value]
    assert missing == []
    assert {each.name for each in Authority} | {each.name for each in AccountKind} <= set(known), "the line at the top"


def test_nothing_is_told_that_stands_nowhere() -> None:
    assert {word for name in (*NAMES, words.SHEET) for word in words.words_of(name)} == set(words._MEANING)


@pytest.mark.parametrize("name", [*NAMES, words.SHEET])
def test_each_word_is_a_line_where_there_is_room_and_two_at_eighty_columns(name: str) -> None:
    told = words.words_of(name)
    assert len(word_lines(told, 114)) == len(told)
    for word, meaning in told.items():
        assert len(word_lines({**dict.fromkeys(told, ""), word: meaning}, 74)) <= len(told) + 1


def test_the_words_are_told_as_the_manual_has_them() -> None:
    every = {**words.words_of("mission"), **words.words_of("terminals")}
    assert every["R"].startswith("way to the target over way to the stop")
    assert words.words_of("positions")["R"].startswith("its result over what its fire risked")
    assert "needs" in every and "drain" in every and "withdraw" in every
    assert "Tactical Confidence Score" in every["TCS"] and "stop" in every["TCS"]
    assert "reduces" in every["REDUCING"] and "tighter stops" in every["HALTED"]


@pytest.mark.parametrize("columns", [TARGETS, REDUCES, CHECKS, HALTED, RESTING])
def test_every_heading_of_a_sheet_is_told(columns: Any) -> None:
    assert {column.heading for column in columns} - PLAIN - {"OK", "ORDER", "CHECK", "MEASURED"} - set(
        words.words_of(words.SHEET)
    ) == set()


@pytest.mark.parametrize("key", ["question_mark", "f1"])
def test_a_sheet_tells_its_words_and_stands_as_it_was(tui: Any, key: str) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("H")
        await tui.until(pilot, "halt everything?")
        assert "? help" in tui.text()
        await pilot.press("right", key)
        await tui.until(pilot, "What it would do stands in the middle")
        await pilot.press("escape")
        await tui.until(pilot, "▸ Halt")
        tui.app.screen.query_one("#f-reason").focus()
        await pilot.press("?")
        await tui.until(pilot, "reason      ?")
        assert not tui.fake.bodies("halt")

    tui.play(scene, size=(80, 24))


def test_the_codes_that_stand_on_a_pane_are_told_with_their_own_sentences(tui: Any, wire: Any) -> None:
    text = "x FAILED ENTRY_MISSED  1302.984  limit\nSPREAD and MISSION_MOVED, CLOCK_OFF"
    assert list(words.codes_in("mission", text)) == ["ENTRY_MISSED", "SPREAD"]
    assert words.codes_in("alarms", text) == {"CLOCK_OFF": Finding.CLOCK_OFF.text}
    assert words.codes_in("tail", text) == {}, "a kind of record may be named as a code is"

    async def scene(pilot: Any) -> None:
        tui.app.open_pane("alarms")
        await tui.fed(pilot)
        await tui.fed(pilot)
        assert "STOP_MISSING" in tui.text()
        await pilot.press("question_mark", "w")
        await tui.until(pilot, Finding.STOP_MISSING.text)

    tui.play(scene, size=(80, 24))


def scrolled(tui: Any) -> str:
    return str(tui.lines()[-1])


@pytest.mark.parametrize("ascii_only", [False, True])
def test_help_says_that_there_is_more_until_its_end(tui: Any, ascii_only: bool) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("question_mark")
        await tui.until(pilot, lambda: "more below: PgDn, j, w: the words" in scrolled(tui))
        first = scrolled(tui)
        await pilot.press("pagedown")
        await tui.until(pilot, lambda: "more below" in scrolled(tui) and scrolled(tui) != first)
        await pilot.press("w")
        await tui.until(pilot, lambda: WORDS in tui.lines()[1])
        assert "TCS" in tui.text() or "mission " in tui.text()
        await pilot.press("G")
        await tui.until(pilot, lambda: "more below" not in scrolled(tui))
        assert "before" in tui.text(), "the last line is in sight"
        await pilot.press("g")
        await tui.until(pilot, lambda: scrolled(tui) == first)

    tui.play(scene, size=(80, 24), ascii_only=ascii_only)


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
def test_no_line_of_help_but_the_ids_of_its_keys_is_cut(tui: Any, size: tuple[int, int]) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        box = tui.app.screen.query_one("#help-lines")
        room = box.scrollable_content_region.width
        long = [line.plain for line in box._lines if line.cell_len > room]
        ids = {binding.id for bound in tui.app.pane._bindings.key_to_bindings.values() for binding in bound}
        ids |= {binding.id for bound in tui.app._bindings.key_to_bindings.values() for binding in bound}
        assert [line for line in long if line.split()[-1] not in ids and not line.startswith("  ")] == []
        assert not size[0] >= 80 or not long, long

    tui.play(scene, size=size)


def test_messages_say_that_there_is_more_too_and_have_no_words(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        for number in range(40):
            tui.app.notify(f"message {number}")
        await pilot.press("M")
        await tui.until(pilot, lambda: "more below: PgDn, j " in scrolled(tui))
        assert "w: the words" not in scrolled(tui)

    tui.play(scene, size=(80, 24))
