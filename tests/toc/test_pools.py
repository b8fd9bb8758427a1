"""Pools: one account takes a fire, by a round robin that weights order and a replay repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from hydrad.domain.ids import sequence_of
from hydrad.link.frames import RowState
from hydrad.toc import pools
from hydrad.toc.act import ActState
from hydrad.toc.state import Act
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


def test_what_was_shown_of_a_pool_is_fired_or_nothing_is(pool: Core) -> None:
    """A size beside the pool is the account whose turn was shown: never another's."""
    sized = (calls.Sized(pools.row(pool.state, "ours").turn, "0.05"),)
    act = pool.fire(pool.mission(), pool="ours", sized=sized)
    assert act.order is not None
    assert (act.account, act.order.volume_steps, pool.state.pool_fires["ours"]) == ("alpha", 5, {"alpha": 1})
    pool.result(act, RowState.NOT_EXECUTED)
    turns(pool, 1)
    assert pools.row(pool.state, "ours").turn == "bravo"
    mission, before = pool.mission(), len(pool.state.acts)
    problem = pool.ask(calls.Fire(mission, pool="ours", sized=sized)).problem
    assert problem is not None and problem.code == "CONFLICT" and "bravo's turn" in problem.message
    problem = pool.ask(calls.Fire(mission, pool="ours", sized=(*sized, calls.Sized("bravo", "0.05")))).problem
    assert problem is not None and problem.code == "USAGE"
    assert len(pool.state.acts) == before


def test_whose_turn_it_is_can_be_read(pool: Core) -> None:
    turns(pool, 3)
    row = pools.row(pool.state, "ours")
    assert (row.members, row.fires) == (
        {"alpha": "2", "bravo": "1", "charlie": "1"},
        {"alpha": 2, "bravo": 1, "charlie": 0},
    )
    assert row.turn == "charlie"


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


def fired(core: Core, mission: str, **fields: Any) -> Act:
    for name in core.agents:
        core.later(1, name)
        core.beat(name)
    return core.fire(mission, **fields)


@pytest.mark.parametrize("how", ["open", "closed", "unknown"])
def test_a_mission_that_one_account_of_a_pool_has_is_no_second_ones_turn(pool: Core, how: str) -> None:
    mission = pool.mission()
    first = fired(pool, mission, pool="ours")
    if how == "unknown":
        pool.result(first, RowState.UNKNOWN)
    else:
        pool.done(first)
    if how == "closed":
        pool.deals(pool.deal_row(9_000, 1000 + sequence_of(first.act_id), volume_steps=first.volume_steps))
        assert first.state is ActState.CLOSED
    second = fired(pool, mission, pool="ours")
    assert (second.account, second.codes) == (first.account, ("DUPLICATE",))
    assert pool.state.pool_fires == {"ours": {first.account: 1}}


def test_said_to_be_meant_it_is_the_next_ones_turn_and_never_the_same(pool: Core) -> None:
    mission = pool.mission()
    taken = []
    for _ in range(3):
        act = fired(pool, mission, pool="ours", again=True)
        assert act.state is ActState.ROUTED, act.codes
        pool.done(act)
        taken.append(act.account)
    assert sorted(taken) == ["alpha", "bravo", "charlie"]
    assert fired(pool, mission, pool="ours", again=True).codes == ("DUPLICATE",)


def test_one_that_was_fired_on_an_account_by_name_counts_for_its_pool(pool: Core) -> None:
    mission = pool.mission()
    pool.done(fired(pool, mission, account="charlie"))
    second = fired(pool, mission, pool="ours")
    assert (second.account, second.codes) == ("charlie", ("DUPLICATE",))


def test_what_came_to_nothing_gives_the_mission_back_to_its_pool(pool: Core) -> None:
    mission = pool.mission()
    first = fired(pool, mission, pool="ours")
    pool.result(first, RowState.REFUSED, retcode=10004)
    assert first.state is ActState.REJECTED
    assert fired(pool, mission, pool="ours").state is ActState.ROUTED


def test_a_mission_takes_again_on_a_pool_alone(pool: Core) -> None:
    problem = pool.ask(calls.Fire(pool.mission(), account="alpha", again=True)).problem
    assert problem is not None and problem.code == "USAGE"


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
