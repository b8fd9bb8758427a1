"""What a broker has in place of a symbol: the proposal, and an agent that follows it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from hydrad.domain.instants import SECOND
from hydrad.domain.orders import order_hash
from hydrad.link import frames as f
from hydrad.terminal.metatrader import _grid_of
from hydrad.terminal.naming import Named, candidates
from tests.adapters.test_agent_shell import LOGIN, World, closing

OFFERED = [
    Named("EURUSD.r", "EUR", "USD"),
    Named("mEURUSD", "EUR", "USD"),
    Named("EURUSD-ECN", "EUR", "USD"),
    Named("EURUSD.pro", "EUR", "USD"),
    Named("EURUSDT", "EUR", "UST"),
    Named("GBPEURUSD", "GBP", "EUR"),
    Named("GOLD", "XAU", "USD"),
    Named("US500.cash", "USD", "USD"),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("EURUSD", ("mEURUSD", "EURUSD.r", "EURUSD-ECN")),
        ("US500", ("US500.cash",)),
        ("GOLD", ()),
        ("XAUUSD", ()),
    ],
)
def test_the_likeliest_come_first_and_another_pair_never_comes(wanted: str, found: tuple[str, ...]) -> None:
    assert candidates(wanted, OFFERED) == found


def test_a_symbol_that_nobody_knows_lies_on_the_grid_of_its_own_figures() -> None:
    grid = _grid_of((1.38402, 1.3841, 0.0), 0.1)
    assert (grid.digits, grid.step) == (5, Decimal("0.01"))
    assert _grid_of((1234.5,), 0.001).step == Decimal("0.001")
    assert _grid_of((0.1 + 0.2,), 1.0).digits == 8


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("w"), suffix=".r")
    yield made
    made.close()


def test_an_agent_follows_what_stands_for_its_symbols_and_says_so(world: World) -> None:
    hello = world.daemon.wait(f.Hello)
    assert hello.symbols == ("EURUSD.r", "XAUUSD.r")
    world.daemon.wait(f.BeatUp)
    warned = [body.detail for body in world.daemon.seen if isinstance(body, f.Warn) and body.code == "SYMBOL_MISSING"]
    assert warned == ["the broker has no EURUSD; it has EURUSD.r", "the broker has no XAUUSD; it has XAUUSD.r"]
    specs = next(body for body in world.daemon.seen if isinstance(body, f.Specs))
    assert {terms.symbol for terms in specs.terms} == {"EURUSD.r", "XAUUSD.r"}
    world.daemon.wait(f.Ticks, lambda body: body.through_ms > 0)
    row = world.filled()
    assert world.books()["positions"][0]["symbol"] == "EURUSD.r" and row.position_id


def test_a_symbol_that_is_gone_opens_nothing_and_its_position_is_followed_and_closed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    world = World(tmp_path_factory.mktemp("w"))
    try:
        world.ready()
        held = world.filled()
        world.ask(op="fault", kind="symbol_gone", login=LOGIN, count=1)
        world.fire(world.order(), act_id=held.act_id + 1)
        assert world.daemon.wait(f.Result).row.state in (f.RowState.REFUSED, f.RowState.NOT_EXECUTED)
        pid = world.worker_pid()
        os.kill(pid, signal.SIGKILL)  # the next worker has never seen the symbol
        world.daemon.wait(f.Warn, lambda body: body.code == "WORKER_KILLED")
        rows = world.daemon.wait(f.Positions, lambda body: bool(body.rows)).rows
        assert [(row.symbol, row.volume_steps) for row in rows] == [("EURUSD", 10)]
        order = closing(held)
        world.daemon.send(f.Close(held.act_id + 2, 0, time.time_ns() + 5 * SECOND, 0, order, order_hash(order)))
        done = world.daemon.wait(f.Result, lambda body: body.row.act_id == held.act_id + 2).row
        assert done.state is f.RowState.DONE, done
        assert world.books()["positions"] == []
    finally:
        world.close()
