"""The lines around a pane: whatever has no room is left out whole, and the halt and help are always in sight."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from hydractl.tui.app import PANES
from hydractl.tui.chrome import ENDS, fitting

PIECES = st.lists(st.tuples(st.text("ab ", min_size=1, max_size=12), st.just("other")), max_size=8)


@given(PIECES, st.integers(17, 120))
def test_a_key_is_shown_whole_or_not_at_all_and_the_ends_always(pieces: list[tuple[str, str]], room: int) -> None:
    every = [
        (Text(" H HALT "), "halt"),
        *((Text(words), action) for words, action in pieces),
        (Text(" ? help "), ENDS[1]),
    ]
    shown = fitting(every, room)
    assert (shown[0], shown[-1]) == (every[0], every[-1])
    assert sum(words.cell_len for words, _ in shown) <= room
    rest = iter(every)
    assert all(any(one is each for each in rest) for one in shown), "in their order"
    left = room - sum(words.cell_len for words, _ in shown)
    out = [each for each in every if not any(each is one for one in shown)]
    assert all(words.cell_len > left for words, _ in out), "and as many as there is room for"


def whole_keys(tui: Any, line: str) -> list[str]:
    """Of the keys in the lowest line, those that are no piece of the app's own: what is left must be nothing."""
    for words, _ in sorted(tui.app._key_pieces(), key=lambda piece: -len(piece[0].plain)):
        line = line.replace(words.plain.rstrip(), "", 1)
    return line.split()


@pytest.mark.parametrize("columns", [80, 60, 40])
@pytest.mark.parametrize("writing", [False, True])
def test_the_lines_around_every_pane_are_cut_nowhere(tui: Any, columns: int, writing: bool) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        if writing:
            await pilot.press("W")
        for number, pane in enumerate(PANES, 1):
            tui.app.open_pane(pane.NAME)
            await tui.fed(pilot)
            lines = [line.strip("┃━┏┓┗┛ ") for line in tui.lines()]
            low = next(line for line in reversed(lines) if line)
            assert low.startswith("H HALT") and low.endswith("? help"), tui.text()
            assert whole_keys(tui, f" {low} ") == []
            tabs = next(line for line in lines if re.search(rf"{number} ?{pane.TITLE}", line))
            assert [int(digit) for digit in re.findall(r"\d", tabs)] == list(range(1, 10)), tabs
            top = next(line for line in lines if line.startswith("PAPER") and "1 unread alarm" in line)
            assert re.fullmatch(
                r"PAPER  ACTIVE  1 unread alarm(  read-only|  WRITE)?(  heard \d s ago)?(  market \d\d:\d\d:\d\d \(10x\))?",
                top,
            ), top

    tui.play(scene, size=(columns, 24))


def test_what_needs_a_person_goes_before_what_is_well(tui: Any, wire: Any) -> None:
    import msgspec

    now = msgspec.structs.replace(wire.DATA["now"][1], unread=12, unknown=3)
    tui.fake.script = lambda call: wire.answer(call, **({"data": now} if wire.verb_of(call) == "now" else {}))

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        assert tui.lines()[0] == "PAPER  ACTIVE  12 unread alarms"
        await pilot.resize_terminal(44, 24)
        await tui.told(pilot)
        assert tui.lines()[0] == "PAPER  ACTIVE  12 unread alarms  3 UNKNOWN"

    tui.play(scene, size=(40, 24))


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        (("slash",), "Esc H HALT  Enter keep  Esc no filter"),
        (("5", "l"), "Esc H HALT  Esc leave it as it was"),
        (("6", "i"), "Esc H HALT  Enter trace it"),
    ],
)
def test_the_halt_is_told_where_letters_are_typed(tui: Any, keys: tuple[str, ...], shown: str) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press(*keys)
        await tui.told(pilot)
        await tui.until(pilot, shown)

    tui.play(scene, size=(40, 24))


def test_the_halt_and_help_are_told_beside_the_keys_of_what_was_looked_for(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot, *(tui.event(seq) for seq in range(1, 4)))
        await pilot.press("5", "l", *"event", "enter")
        await tui.told(pilot)
        await tui.until(pilot, "n next found")
        low = tui.lines()[-1].strip()
        assert low.startswith("H HALT") and low.endswith("? help")
        await pilot.press("H")
        await tui.until(pilot, "to the act's button")

    tui.play(scene, size=(80, 24))
