"""A table is never wider than asked, cuts no number, and says which columns have no room."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style

from hydractl import output
from hydractl.commands.accounts import ACCOUNTS
from hydractl.msgpack import View
from hydractl.output import WORDS, Column, Output
from hydractl.tui.draw.glyphs import ASCII, UNICODE, Glyphs
from hydractl.tui.draw.table import GAP, STYLES, table

FIRES = [
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("VOLUME", "volume", right=True),
    Column("P&L", "pnl", right=True, show=lambda row: f"{row.pnl or 0:+.2f}"),
    Column("REASON", "reason"),
    Column("EPOCH", "epoch", right=True, wide=True),
]
ROWS = [
    View(id="FAAAAAAA2", state="FILLED", volume="0.10", pnl=12.5, reason="breakout of the Asian range", epoch=7),
    View(id="FAAAAAAB3", state="UNKNOWN", volume="12.00", pnl=-1250, reason="日本語の理由", epoch=7),
    View(id="FAAAAAAC4", state="DENIED", volume=None, reason="a\x1b[2Jb\tc", epoch=7),
]
VALUES = st.one_of(
    st.none(), st.integers(), st.booleans(), st.text("ab日é \x1b\n", max_size=12), st.sampled_from(list(WORDS))
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Column], list[View]]:
    keys = draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8))
    columns = [
        Column(draw(st.text("AB日", max_size=8)), key, right=draw(st.booleans()), wide=draw(st.booleans()))
        for key in keys
    ]
    return columns, draw(st.lists(st.fixed_dictionaries(dict.fromkeys(keys, VALUES)).map(View), max_size=5))


@given(
    made=tables(),
    width=st.integers(-1, 80),
    glyphs=st.sampled_from([UNICODE, ASCII]),
    priority=st.lists(st.sampled_from("abcdefghz"), unique=True),
    flexible=st.sets(st.sampled_from("abcd")),
)
def test_any_table(
    made: tuple[list[Column], list[View]], width: int, glyphs: Glyphs, priority: list[str], flexible: set[str]
) -> None:
    columns, rows = made
    drawn = table(columns, rows, width, glyphs, priority=priority, flexible=flexible)
    assert len(drawn.rows) == len(drawn.whole) == len(rows)
    for line in (drawn.heading, *drawn.rows):
        assert line.cell_len <= max(width, 0)
        assert "\x1b" not in line.plain and "\n" not in line.plain
        assert not glyphs.ascii or line.plain.isascii()


@given(width=st.integers(0, 120), priority=st.permutations([column.key for column in FIRES]))
def test_what_is_left_out_is_less_important_than_what_is_shown(width: int, priority: list[str]) -> None:
    drawn = table(FIRES, ROWS, width, UNICODE, priority=priority)
    shown = [column.heading for column in FIRES if column.heading in drawn.heading.plain.split()]
    by_key = {column.key: column.heading for column in FIRES}
    assert sorted(shown) == sorted(by_key[key] for key in priority[: len(shown)])
    assert set(drawn.dropped) == {column.heading for column in FIRES if not column.wide} - set(shown)


@given(width=st.integers(0, 120))
def test_no_number_is_cut(width: int) -> None:
    drawn = table(FIRES, ROWS, width, UNICODE, priority=["volume", "pnl"], flexible=["reason"])
    for line, volume, pnl in zip(drawn.rows, ("0.10", "12.00", "-"), ("+12.50", "-1250.00", "+0.00"), strict=True):
        words = line.plain.split()
        assert (volume in words) == ("VOLUME" not in drawn.dropped)
        assert (pnl in words) == ("P&L" not in drawn.dropped)


def test_columns_are_aligned_by_cells() -> None:
    drawn = table(FIRES, ROWS, 100, UNICODE)
    assert [line.plain for line in (drawn.heading, *drawn.rows)] == [
        "ID         STATE    VOLUME       P&L  REASON                       EPOCH",
        "FAAAAAAA2  FILLED     0.10    +12.50  breakout of the Asian range      7",
        "FAAAAAAB3  UNKNOWN   12.00  -1250.00  日本語の理由                     7",
        "FAAAAAAC4  DENIED        -     +0.00  a?[2Jb c                         7",
    ]
    assert {cell_len(line.plain) for line in drawn.rows} == {72}


def test_text_gives_way_before_a_column_does() -> None:
    drawn = table(FIRES, ROWS, 50, UNICODE, flexible=["reason"])
    assert drawn.dropped == ()
    assert drawn.rows[0].plain == "FAAAAAAA2  FILLED     0.10    +12.50  breakout of…"
    assert table(FIRES, ROWS, 50, ASCII, flexible=["reason"]).rows[0].plain.endswith("breakout of~")
    assert table(FIRES, ROWS, 44, UNICODE, flexible=["reason"]).dropped == ("REASON",)


def test_a_wide_column_has_room_that_is_left_and_is_not_missed() -> None:
    assert "EPOCH" in table(FIRES, ROWS, 80, UNICODE).heading.plain
    drawn = table(FIRES, ROWS, 70, UNICODE)
    assert "EPOCH" not in drawn.heading.plain and drawn.dropped == ()


def test_without_room_for_one_column_nothing_is_guessed() -> None:
    drawn = table(FIRES, ROWS, 5, UNICODE)
    assert [line.plain for line in (drawn.heading, *drawn.rows)] == ["…"] * 4
    assert drawn.dropped == ("ID", "STATE", "VOLUME", "P&L", "REASON")
    assert table(FIRES, ROWS, 5, UNICODE, priority=["reason"], flexible=["reason"]).rows[0].plain == "brea…"


def test_what_a_row_says_in_all_columns_is_there_for_filters() -> None:
    assert "breakout" in table(FIRES, ROWS, 12, UNICODE).whole[0]


def test_a_state_has_its_colour_and_a_row_its_own() -> None:
    drawn = table(FIRES, ROWS, 100, UNICODE, style=lambda row: "dim" if row.state == "DENIED" else "")
    found = [
        [(line.plain[span.start : span.end].strip(), str(span.style)) for span in line.spans] for line in drawn.rows
    ]
    assert found == [[("FILLED", "green")], [("UNKNOWN", "bold red")], [("DENIED", "yellow")]]
    assert [str(line.style) for line in drawn.rows] == ["", "", "dim"]


@pytest.mark.parametrize("name", output.STYLES)
def test_styles_are_those_of_the_shell(name: str) -> None:
    painted = Style.parse(STYLES[name]).render("x", color_system=ColorSystem.STANDARD)
    assert painted == f"\x1b[{output.STYLES[name]}mx\x1b[0m"
    assert STYLES.keys() == output.STYLES.keys()


def test_a_table_of_the_shell_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    row: dict[str, Any] = {
        "name": "main",
        "kind": "paper",
        "authority": "ACTIVE",
        "balance": "10000.00",
        "positions": 0,
    }
    out = Output()
    columns = [column for column in ACCOUNTS if not column.wide]
    out.table(columns, [View(row)], empty="none")
    out.flush()
    drawn = table(columns, [View(row)], 200, UNICODE)
    assert capsys.readouterr().out.splitlines() == [drawn.heading.plain, drawn.rows[0].plain]


def test_gap_is_that_of_the_shell() -> None:
    from hydractl import fitting

    assert GAP == fitting.GAP


def test_a_heading_that_is_the_word_of_a_state_has_no_colour() -> None:
    made = table([Column("HALTED", "halted")], [{"halted": "HALTED"}], 20, UNICODE)
    assert made.heading.style == "bold" and not made.heading.spans
    assert [span.style for span in made.rows[0].spans] == ["bold red"]


def test_a_column_that_says_nothing_gives_its_room_away() -> None:
    columns = [Column("A", "a"), Column("MARK", "mark", show=lambda row: row["mark"]), Column("B", "b")]

    def made(*marks: str, width: int = 6) -> Any:
        return table(columns, [View({"a": "aa", "mark": mark, "b": "bb"}) for mark in marks], width, UNICODE)

    assert made("", "").heading.plain == "A   B" and made("", "").dropped == ()
    assert made("", "X", width=12).heading.plain == "A   MARK  B"
    assert made("", "X").dropped == ("MARK", "B")
    assert made(width=12).heading.plain == "A  MARK  B", "of no row nothing is known"
