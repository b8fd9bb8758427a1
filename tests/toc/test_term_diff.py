"""Terms of symbols, now and when a person confirmed them, and of two accounts side by side."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames as f
from hydrad.toc import codec, term_diff
from hydrad.toc.term_diff import TERMS as TABLE
from hydrad.toc.term_diff import Side, differences
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.market import SymbolDiffData
from tests.toc.conftest import TERMS, Core

replace = msgspec.structs.replace
OWN = replace(TERMS, symbol="EURUSD.r")
OTHER_THINGS: dict[str, Any] = {
    "digits": 3, "contract_size": Decimal(10), "volume_step": Decimal("0.1"), "volume_min_steps": 7,
    "volume_max_steps": 77, "volume_limit_steps": 777, "stops_level_points": 99, "freeze_level_points": 98,
    "tick_value_profit": TERMS.tick_value_profit * 2, "tick_value_loss": TERMS.tick_value_loss * 2,
    "currency_base": "CHF", "currency_profit": "JPY", "currency_margin": "CHF", "trade_mode": 3, "execution": 3,
    "filling_flags": 7, "expiration_flags": 3, "order_flags": 1, "margin_buy": TERMS.margin_buy * 2 + 9,
    "margin_sell": TERMS.margin_sell * 2 + 9, "swap_mode": 5, "swap_long": Decimal("-9.5"),
    "swap_short": Decimal("9.5"), "swap_triple_day": 5,
}  # fmt: skip


@pytest.fixture
def two(make: Callable[..., Core]) -> Core:
    """alpha's broker says EURUSD, beta's EURUSD.r, which a person has confirmed."""
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    core.connect("t1")
    core.connect("t2")
    core.up(f.Specs((OWN,), core.market_ms), "t2")
    core.link("t2").terms = {"EURUSD.r": OWN}
    core.ask(calls.SymbolMap("beta", {"EURUSD": "EURUSD.r"}))
    return core


def look(core: Core) -> Turn:
    return Turn(core.state, core.engine.live, core.now_ns, 0)


def since(core: Core, *accounts: str, symbol: str | None = None) -> SymbolDiffData:
    return term_diff.since_confirmed(look(core), accounts or tuple(core.state.accounts), symbol)


def both(core: Core, left: str = "alpha", right: str = "beta") -> SymbolDiffData:
    sides = [term_diff.terminal_of(look(core), name) for name in (left, right)]
    assert sides[0] is not None and sides[1] is not None
    return term_diff.between(look(core), sides[0], sides[1], None)


def test_what_was_confirmed_is_what_is_there(two: Core) -> None:
    data = since(two)
    assert [(pair.symbol, pair.left, pair.right, pair.right_symbol, pair.differ) for pair in data.compared] == [
        ("EURUSD", "confirmed", "t2", "EURUSD.r", 0)
    ]
    assert not data.differences and not data.missing
    assert data.compared[0].confirmed_by and data.compared[0].confirmed_at
    two.up(f.Ticks(two.market_ms + 5_000, False, ()), "t2")
    two.up(f.Ticks(two.market_ms + 5_000, False, ()), "t1")
    assert since(two).compared[0].told_age_s == (look(two).market_ms - two.link("t2").terms_ms["EURUSD.r"]) / 1000


def test_terms_that_changed_since_are_named_and_those_that_sizes_are_made_from(two: Core) -> None:
    two.link("t2").terms["EURUSD.r"] = replace(OWN, contract_size=Decimal(10_000), stops_level_points=55)
    rows = {row.term: (row.left_value, row.right_value, row.sized) for row in since(two, "beta").differences}
    assert rows["contract size"] == (f"{OWN.contract_size:f}", "10000", True)
    assert rows["stops level"] == (str(OWN.stops_level_points), "55", False) and len(rows) == 2


def test_they_survive_a_restart_and_a_snapshot_and_go_with_the_map(two: Core) -> None:
    again = codec.decode_state(codec.encode_state(two.state))
    assert again.symbol_terms == two.state.symbol_terms and again.symbol_terms["beta"]["EURUSD"].terms == OWN
    two.restart()
    assert two.state.symbol_terms["beta"]["EURUSD"].actor
    assert since(two).missing == ("t2 EURUSD: no terms were told in this session",)
    two.ask(calls.SymbolMap("beta", {}, ("EURUSD",)))
    assert not two.state.symbol_terms["beta"]


def test_another_map_confirms_nothing_of_the_first(two: Core) -> None:
    two.link("t2").terms |= {"EURUSD.r": replace(OWN, stops_level_points=55), "GOLD": replace(OWN, symbol="GOLD")}
    two.ask(calls.SymbolMap("beta", {"XAUUSD": "GOLD"}))
    assert [row.term for row in since(two).differences] == ["stops level"]
    two.ask(calls.SymbolMap("beta", {"EURUSD": "EURUSD.r"}))
    assert not since(two).differences


def test_two_accounts_are_compared_under_the_names_of_missions(two: Core) -> None:
    data = both(two)
    assert [(pair.left_symbol, pair.right_symbol, pair.differ) for pair in data.compared] == [("EURUSD", "EURUSD.r", 0)]
    two.link("t2").terms["EURUSD.r"] = replace(OWN, filling_flags=OWN.filling_flags ^ 1)
    assert [row.term for row in both(two, "t1", "t2").differences] == ["filling"]


def test_money_of_two_currencies_is_not_compared() -> None:
    dear = replace(TERMS, tick_value_loss=TERMS.tick_value_loss * 2, margin_buy=TERMS.margin_buy * 2 + 9)
    assert len(list(differences("X", Side("a", "USD", TERMS), Side("b", "USD", dear)))) == 2
    assert not list(differences("X", Side("a", "USD", TERMS), Side("b", "EUR", dear)))


def test_every_term_but_its_name_is_compared() -> None:
    """A field that is added to the terms must be looked at here."""
    assert set(OTHER_THINGS) == set(SymbolTerms.__struct_fields__) - {"symbol"}
    assert len(TABLE) == len(OTHER_THINGS)


@pytest.mark.parametrize("field", sorted(OTHER_THINGS))
def test_each_term_shows(field: str) -> None:
    other = replace(TERMS, **{field: OTHER_THINGS[field]})
    assert getattr(other, field) != getattr(TERMS, field)
    rows = list(differences("X", Side("a", "USD", TERMS), Side("b", "USD", other)))
    assert rows
    assert any(row.sized for row in rows) is not TERMS.same_contract(other)


@given(percent=st.integers(-60, 60))
def test_a_days_prices_are_no_change_of_terms_and_a_factor_is(percent: int) -> None:
    moved = replace(TERMS, margin_buy=Decimal(1000) * (100 + percent) / 100)
    rows = list(differences("X", Side("a", "USD", replace(TERMS, margin_buy=Decimal(1000))), Side("b", "USD", moved)))
    assert bool(rows) is (abs(percent) * 100 > 20 * max(100, 100 + percent))
