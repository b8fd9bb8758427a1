"""Symbols under another name: what a mission calls EURUSD, a broker may call EURUSD.r."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hydrad.link import frames as f
from hydrad.toc.act import ActState
from hydrad.toc.mapping import own_symbol, stands_for
from hydrad.wire import calls
from tests.toc.conftest import TERMS, Core

replace = msgspec.structs.replace
OWN = replace(TERMS, symbol="EURUSD.r")
OTHER = replace(TERMS, symbol="GBPUSD.r", currency_base="GBP")


def tick(core: Core, terminal: str, symbol: str, bid: int) -> None:
    core.market_ms += 1_000
    batch = f.SymbolTicks(symbol, (f.Tick(core.market_ms, bid, bid + 10),))
    for name in core.agents:
        core.up(f.Ticks(core.market_ms, False, (batch,) if name == terminal else ()), name)


@pytest.fixture
def two(make: Callable[..., Core]) -> Core:
    """alpha has EURUSD and makes the missions; beta's broker has EURUSD.r and GBPUSD.r alone."""
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    core.connect("t1")
    core.connect("t2")
    core.up(f.Specs((OWN, OTHER), core.market_ms), "t2")
    core.link("t2").terms = {"EURUSD.r": OWN, "GBPUSD.r": OTHER}
    core.link("t2").quotes.clear()
    core.link("t2").mids.clear()
    for number in range(30):
        tick(core, "t1", "EURUSD", 110_000 + number % 2)
        tick(core, "t2", "EURUSD.r", 110_003 + number % 2)
    return core


def problem(reply: Any) -> str:
    return reply.problem.code if reply.problem else ""


def test_a_mission_is_fired_under_the_brokers_own_name(two: Core) -> None:
    mission = two.mission()
    assert "TERMS_UNKNOWN" in two.fire(mission, account="beta").codes
    assert problem(two.ask(calls.SymbolMap("beta", {"EURUSD": "EURUSD.r"}))) == ""
    tick(two, "t2", "EURUSD.r", 110_003)
    act = two.fire(mission, account="beta")
    assert act.state is ActState.ROUTED and act.order is not None, act.codes
    assert act.order.symbol == "EURUSD.r"
    (command,) = two.sent(f.Fire, "t2")
    assert command.order.symbol == "EURUSD.r"
    (basis,) = [check.measured for check in act.checks if check.code == "BASIS"]
    assert basis.startswith("+3 points"), basis


def test_by_hand_the_mission_keeps_the_symbols_name(two: Core) -> None:
    two.ask(calls.SymbolMap("beta", {"EURUSD": "EURUSD.r"}))
    tick(two, "t2", "EURUSD.r", 110_003)
    two.send(calls.FireSymbol("EURUSD", "buy", "1.09800", account="beta"))
    (mission,) = two.state.missions.values()
    (act,) = two.state.acts.values()
    assert mission.signal.symbol == "EURUSD" and act.order is not None and act.order.symbol == "EURUSD.r"
    assert act.state is ActState.ROUTED, act.codes


@pytest.mark.parametrize(
    ("values", "clear", "code"),
    [
        ({"EURUSD": "EURUSD.x"}, (), "NOT_FOUND"),
        ({"EURUSD": "GBPUSD.r"}, (), "CONFLICT"),
        ({}, (), "USAGE"),
        ({}, ("EURUSD",), "NOT_FOUND"),
        ({"X" * 33: "EURUSD.r"}, (), "USAGE"),
    ],
)
def test_a_map_that_cannot_be_changes_nothing(
    two: Core, values: dict[str, str], clear: tuple[str, ...], code: str
) -> None:
    assert problem(two.ask(calls.SymbolMap("beta", values, clear))) == code
    assert not two.state.symbol_maps


def test_a_map_is_taken_away_and_survives_a_restart(two: Core) -> None:
    two.ask(calls.SymbolMap("beta", {"EURUSD": "EURUSD.r"}))
    two.restart()
    assert own_symbol(two.state, "beta", "EURUSD") == "EURUSD.r"
    assert stands_for(two.state, "beta", "EURUSD.r") == ("EURUSD.r", "EURUSD")
    two.ask(calls.SymbolMap("beta", {}, ("EURUSD",)))
    assert own_symbol(two.state, "beta", "EURUSD") == "EURUSD"
    assert stands_for(two.state, "alpha", "EURUSD") == ("EURUSD",)
