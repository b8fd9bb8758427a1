"""What closes brought, in the shell's words: by their deals, or that it is not known."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from hydractl.commands import realised
from hydrad.wire.answers.acts import ActRow, Realised


def act(sample: ActRow, row: Realised | None, **changes: Any) -> ActRow:
    return replace(sample, realised=row, **changes)


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        (
            Realised("USD", "9.68", "+0.20", "0.10", "0.12", None, None),
            "+9.68 USD, +0.20 R, of 0.10 lots; 0.12 stays open",
        ),
        (
            Realised("USD", "-4.84", "-0.10", "0.12", "0.00", "4.14", "+0.09"),
            "-4.84 USD, -0.10 R, of 0.12 lots; the position is closed, +4.14 USD, +0.09 R in all, costs counted",
        ),
        (Realised("JPY", "500", None, "0.10", "0.10", None, None), "+500 JPY, of 0.10 lots; 0.10 stays open"),
        (
            Realised("USD", None, None, "0.00", None, None, None),
            "not known yet: no deal of it was told; ask again: hydractl fire show {id}",
        ),
        (
            Realised("USD", None, None, "0.00", "0.00", "-48.40", "-1.00"),
            "not known yet: no deal of it was told; the position is closed, -48.40 USD, -1.00 R in all, costs counted;"
            " ask again: hydractl fire show {id}",
        ),
        (None, "not known here: it was FOREIGN, its deals are in the statement"),
    ],
)
def test_one(wire: Any, row: Realised | None, wanted: str) -> None:
    close = act(wire.CLOSED, row)
    assert realised.text_of(close) == wanted.format(id=close.id)


@pytest.mark.parametrize("changes", [{"kind": "FIRE", "state": "FILLED"}, {"state": "ROUTED"}, {"kind": "MODIFY"}])
def test_of_what_closed_nothing_there_is_no_word(wire: Any, changes: dict[str, str]) -> None:
    assert realised.text_of(act(wire.CLOSED, None, **changes)) == ""


def test_several_are_summed_by_account(wire: Any) -> None:
    row = wire.CLOSED.realised
    acts = [
        act(wire.CLOSED, replace(row, money="-3.50")),
        act(wire.CLOSED, replace(row, money="1.10")),
        act(wire.CLOSED, replace(row, money="7.00", currency="EUR"), account="paper-2"),
        act(wire.CLOSED, replace(row, money=None, currency="EUR"), account="paper-2"),
        act(wire.CLOSED, None, account="paper-3"),
    ]
    assert realised.sums(acts) == ["paper-1 -2.40 USD, of 2", "paper-2 +7.00 EUR, of 1; of 1 more it is not known yet"]


def test_a_close_says_what_it_brought(hydractl: Any, fake: Any, wire: Any) -> None:
    shown = hydractl("close", wire.P, "--yes").stdout.splitlines()
    assert shown[1].startswith("DONE")
    assert shown[2] == (
        "realised +3.10 USD, +0.16 R, of 0.10 lots; the position is closed, +2.40 USD, +0.12 R in all, costs counted"
    )


def test_a_flatten_says_it_of_each_and_of_each_account(hydractl: Any, fake: Any, wire: Any) -> None:
    second = act(wire.CLOSED, replace(wire.CLOSED.realised, money="-1.00"), account="paper-2")
    both = replace(wire.CLOSE, acts=(wire.CLOSED, second))
    fake.script = lambda call: wire.answer(call, data=both)
    shown = hydractl("flatten", "--yes").stdout.splitlines()
    assert [row[:22].strip() for row in shown if "realised" in row] == [
        "realised +3.10 USD,",
        "realised -1.00 USD,",
        "realised paper-1 +3.10",
        "realised paper-2 -1.00",
    ]
