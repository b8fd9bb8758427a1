"""Pools: one account takes a fire, by a round robin that weights order and a replay repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from hydrad.link.frames import RowState
from hydrad.toc.act import ActState
from hydrad.wire import calls
from tests.toc.conftest import Core

THREE = (("t1", "alpha", 5001), ("t2", "bravo", 5002), ("t3", "charlie", 5003))


@pytest.fixture
def pool(make: Callable[..., Core]) -> Core:
    core = make(terminals=THREE)
    for name in core.agents:
        core.connect(name)
    members = {"alpha": "2", "bravo": "1", "charlie": "1"}
    assert core.ask(calls.AccountPool("ours", members)).problem is None
    return core


def turns(core: Core, count: int) -> list[str]:
    taken = []
    for _ in range(count):
        mission = core.mission()
        for name in core.agents:
            core.later(1, name)
            core.beat(name)
        act = core.fire(mission, pool="ours")
        assert act.state is ActState.ROUTED, act.codes
        core.result(act, RowState.NOT_EXECUTED)
        taken.append(act.account)
    return taken


def test_weights_order_the_turns(pool: Core) -> None:
    assert turns(pool, 8) == ["alpha", "alpha", "bravo", "charlie"] * 2


def test_a_restart_goes_on_where_the_turns_were(pool: Core) -> None:
    before = turns(pool, 3)
    pool.restart()
    for name in pool.agents:
        pool.connect(name)
    assert Counter(before + turns(pool, 1)) == {"alpha": 2, "bravo": 1, "charlie": 1}


def test_what_is_typed_twice_is_no_second_accounts_turn(pool: Core) -> None:
    by_hand = calls.FireSymbol("EURUSD", "buy", "1.09700", "1.10300", pool="ours")
    first, second = pool.act(by_hand), pool.act(by_hand)
    assert first.state is ActState.ROUTED
    assert (second.account, second.codes) == (first.account, ("LOOKS_REPEATED",))
    meant = pool.act(calls.FireSymbol("EURUSD", "buy", "1.09700", "1.10300", pool="ours", again=True))
    assert meant.state in (ActState.ROUTED, ActState.QUEUED)


def test_one_that_would_be_denied_is_passed_over_and_keeps_its_turn(pool: Core) -> None:
    pool.ask(calls.TerminalDuty("t1", "draining"))
    assert turns(pool, 2) == ["bravo", "charlie"]
    pool.ask(calls.TerminalDuty("t1", "active"))
    assert turns(pool, 2) == ["alpha", "alpha"]


def test_where_none_would_take_it_the_first_in_turn_says_why(pool: Core) -> None:
    pool.ask(calls.Halt(wait_s=0.0))
    act = pool.fire(pool.mission(), pool="ours")
    assert (act.state, act.account) == (ActState.DENIED, "alpha") and "AUTHORITY" in act.codes
    assert pool.state.pool_fires == {}


def test_a_dry_run_shows_whose_turn_it_is_and_takes_none(pool: Core) -> None:
    mission = pool.mission()
    reply = pool.ask(calls.Fire(mission, pool="ours", dry_run=True))
    assert [row.account for row in reply.data.targets] == ["alpha"] and pool.state.pool_fires == {}


def test_what_is_no_pool_is_refused(pool: Core) -> None:
    assert pool.ask(calls.Fire(pool.mission(), pool="theirs")).problem.code == "NOT_FOUND"  # type: ignore[union-attr]
    both = calls.Fire(pool.mission(), pool="ours", account="alpha")
    assert pool.ask(both).problem.code == "USAGE"  # type: ignore[union-attr]
    assert pool.ask(calls.AccountPool("ours", {"alpha": "0"})).problem.code == "USAGE"  # type: ignore[union-attr]
    assert pool.ask(calls.AccountPool("ours")).problem is None and pool.state.pools == {}
