"""The filter of records: what each term wants, and that nothing that can be typed makes it raise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydractl.msgpack import View as Row
from hydractl.tui.wanted import parse

FILLED = Row(
    seq=44, kind="ACT_MOVED", text="F-00000035 FILLED 0.10 at 1.08345", actor="uid:1000", surface="shell",
    ids=["F-00000035", "M-00000014"], facts={"symbol": "EURUSD", "account": "alpha"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "passes"),
    [
        ("", True),
        ("filled", True),
        ("FILLED 1.08345", True),
        ("filled gbpusd", False),
        ("EURUSD", True),  # its line does not name its symbol
        ("alpha", True),
        ("!eurusd", False),
        ("M-00000014", True),
        ("text:EURUSD", False),
        ("text:filled", True),
        ("kind:FILLED", True),
        ("kind:moved", True),
        ("kind:DENIED", False),
        ("!kind:filled", False),
        ("!kind:denied symbol:eur", True),
        ("symbol:XAU", False),
        ("account:alpha", True),
        ("mission:M-00000014", True),
        ("mission:F-", False),
        ("id:F-00000035", True),
        ("actor:uid surface:shell", True),
        ("surface:hud", False),
        ('"filled 0.10"', True),
        ('!"filled 0.10"', False),
        ('"0.10 filled"', False),
        ("uid:1000", True),  # no field is named uid: it is text
        ("#44", True),
        ("kind:", True),  # nothing is wanted yet
        ("!", True),
        ('"', True),
    ],
)
def test_each_term_must_hold(typed: str, passes: bool) -> None:
    assert parse(typed).passes(FILLED) is passes


@given(st.text(max_size=40))
def test_a_term_and_its_opposite_share_the_records_between_them(typed: str) -> None:
    for term in parse(typed).terms:
        assert term.passes(FILLED) != type(term)(term.field, term.text, not term.without).passes(FILLED)


@given(st.text(max_size=60))
def test_nothing_that_is_typed_makes_it_raise(typed: str) -> None:
    bare: Any = Row(seq=1, kind="X", text="", actor="", surface="", ids=None, facts=None)
    assert parse(typed).passes(FILLED) in (True, False) and parse(typed).passes(bare) in (True, False)
