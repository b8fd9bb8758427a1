"""Accounts that have no room are counted, and what is wrong with them is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.text import Text

from hydractl.session import as_view
from hydractl.tui.panes.accounts import LOST_SHOWN, lost_of, rest_line, trouble, within


def account(name: str, **changes: Any) -> tuple[str, Any]:
    plain = {"name": name, "authority": "ACTIVE", "day_pnl": "0.00", "day_limit": "-300.00"}
    return name, as_view({**plain, **changes})


FINE, HALTED = account("alpha"), account("bravo", authority="HALTED")
LOSING, REDUCING = account("carol", day_pnl="-240.00"), account("delta", authority="REDUCING", day_pnl="-299.00")


@pytest.mark.parametrize(
    ("named", "wanted"),
    [
        ([FINE], "+1 account"),
        ([FINE, ("theirs", None)], "+2 accounts"),
        ([HALTED], "+1: bravo HALTED"),
        ([FINE, LOSING], "+2: carol 80% of day's loss"),
        ([REDUCING, HALTED], "+2: delta REDUCING 100% of day's loss, bravo HALTED"),
    ],
)
def test_what_is_said_of_those_without_room(named: Any, wanted: str) -> None:
    assert rest_line(named).plain == wanted
    assert rest_line([FINE, HALTED], names=False).plain == "+2, 1 not well"


@given(st.none() | st.decimals(-500, 500, places=2).map(str), st.none() | st.sampled_from(["-300.00", "0", "x"]))
def test_trouble_is_the_half_of_a_days_limit(pnl: str | None, limit: str | None) -> None:
    _, row = account("a", day_pnl=pnl, day_limit=limit)
    lost = lost_of(row)
    assert (lost is None) == (pnl is None or limit != "-300.00")
    assert bool(trouble(row)) == (lost is not None and lost >= LOST_SHOWN)


@given(
    st.lists(st.sampled_from([FINE, HALTED, LOSING, REDUCING]), max_size=12), st.integers(1, 8), st.integers(38, 120)
)
def test_every_account_is_shown_or_counted_and_none_in_trouble_behind_one_that_is_fine(
    named: Any, room: int, width: int
) -> None:
    shown: list[Any] = []

    def make(name: str, row: Any, _: int) -> Text:
        shown.append(row)
        return Text(name)

    lines = within(FRAME, named, room, width, make)
    assert len(lines) <= room and all(line.cell_len <= width for line in lines)
    left = len(named) - len(shown)
    assert (f"+{left}" in lines[-1].plain) if left else ("+" not in "".join(line.plain for line in lines))
    if left:
        bad = sum(bool(trouble(row)) for _, row in named)
        assert sum(bool(trouble(row)) for row in shown) == min(bad, len(shown))


class _Frame:
    class glyphs:
        ellipsis = "…"


FRAME: Any = _Frame()


@pytest.mark.parametrize("pane", ["board", "positions"])
def test_the_smallest_screen_says_that_another_account_is_halted(tui: Any, wire: Any, pane: str) -> None:
    (first,) = wire.STATUS.accounts
    rows = tuple(replace(first, name=name, authority=word) for name, word in
                 (("paper-1", "ACTIVE"), ("bravo", "HALTED"), ("carol", "REDUCING")))  # fmt: skip

    def script(call: Any) -> Any:
        status = replace(wire.STATUS, accounts=rows)
        return wire.answer(call, data=status) if wire.verb_of(call) == "status" else wire.answer(call)

    async def scene(pilot: Any) -> None:
        tui.fake.script = script
        await tui.fed(pilot)
        tui.app.open_pane(pane)
        await tui.fed(pilot)
        text = tui.text()
        assert "bravo  PAPER  HALTED  " in text and ", 1 not well" in text, text
        await pilot.resize_terminal(80, 24)
        await tui.fed(pilot)
        assert "paper-1" in tui.text() and "not well" not in tui.text(), tui.text()

    tui.play(scene, size=(40, 12))
