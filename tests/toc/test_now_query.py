"""The query `now`: what a screen at a shell is told each second, for the accounts of whoever asks."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.actors import Actor, Surface
from hydrad.surface import queries
from hydrad.surface.watched import Watched
from hydrad.toc import audience
from hydrad.toc.now_views import now_view
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.live import Now
from tests.toc.conftest import BOSS, Core

ANN, BOB, NOBODY = "uid:1001", "uid:1002", "uid:6666"
TWO = (("t1", "alpha", 5001), ("t2", "bravo", 5002))


class Daemon:
    """What the query asks of the daemon."""

    conductor = None

    def market_stands_ms(self) -> int:
        return 0

    def __init__(self, core: Core) -> None:
        self.core = core
        self.watched = Watched(self)  # type: ignore[arg-type]

    def glance(self) -> Turn:
        return Turn(self.core.state, self.core.engine.live, self.core.now_ns, 0)

    def now(self, who: str = BOSS, surface: Surface = Surface.TUI) -> Now:
        schema, answer = queries.QUERIES[calls.Now]
        turn = self.glance()
        found = answer(self, turn, Actor(who, surface), calls.Now())  # type: ignore[arg-type]
        assert schema == "hydra.now/v1" and isinstance(found, Now) and not turn.records
        return found


def crowded(core: Core) -> Daemon:
    """Both accounts with a position each, one act of bravo in flight, and Ann, who was given alpha only."""
    core.connect("t1")
    core.connect("t2")
    core.ask(calls.OperatorAdd("ann", "viewer", ANN, policy="full", accounts=("alpha",)))
    core.ask(calls.OperatorAdd("bob", "trader", BOB, policy="full"))
    for account in ("alpha", "bravo"):
        core.done(core.fire(core.mission(), account=account))
    core.fire(account="bravo")
    return Daemon(core)


@pytest.fixture
def two(make: Callable[..., Core]) -> Daemon:
    return crowded(make(terminals=TWO))


def test_it_is_what_a_page_of_the_same_person_is_told(two: Daemon) -> None:
    for who in (BOSS, ANN, BOB, NOBODY):
        assert two.now(who) == two.watched.now(audience.of(two.core.state, who))


def test_a_commander_sees_both_accounts(two: Daemon) -> None:
    told = two.now()
    assert [row.name for row in told.terminals] == ["t1", "t2"]
    assert len(told.positions) == 2 and told.in_flight == 1
    assert (told.authority, told.seq, told.speed) == ("ACTIVE", two.core.state.seq, "live")


def test_whoever_was_given_one_account_is_told_nothing_of_another(two: Daemon) -> None:
    told, whole = two.now(ANN), two.now()
    assert [row.name for row in told.terminals] == ["t1"]
    assert [row.id for row in told.positions] == [row.id for row in whole.positions[:1]]
    assert told.in_flight == 0 and "bravo" not in str(told) and "t2" not in str(told)
    assert told.missions == whole.missions > 0, "missions are nobody's"


def test_who_was_given_none_is_told_the_prices_and_nothing_else(two: Daemon) -> None:
    told = two.now(BOB)
    assert (told.positions, told.terminals, told.in_flight, told.unknown) == ((), (), 0, 0)
    assert [row.terminal for row in told.quotes] == ["elsewhere"]


def test_who_asks_at_a_shell_is_told_the_same_as_in_a_screen(two: Daemon) -> None:
    assert two.now(ANN, Surface.SHELL) == two.now(ANN, Surface.TUI)


def test_before_the_first_tick_there_is_no_market_time(make: Callable[..., Core]) -> None:
    told = Daemon(make(terminals=TWO)).now()
    assert told.market is None and told.quotes == () and told.positions == ()
    assert [(row.link, row.heartbeat_age_s) for row in told.terminals] == [("ABSENT", None)] * 2


def test_a_halt_is_in_the_next_one(two: Daemon) -> None:
    two.core.ask(calls.Halt(wait_s=0.0), BOB)
    assert [two.now(who).authority for who in (BOSS, ANN, BOB)] == ["HALTED"] * 3


def test_ages_are_measured_at_each_asking(two: Daemon) -> None:
    before = two.now()
    two.core.now_ns += 1_500_000_000
    after = two.now()
    assert after.ts > before.ts
    grown = [b.heartbeat_age_s - a.heartbeat_age_s for a, b in zip(before.terminals, after.terminals, strict=True)]
    assert grown == pytest.approx([1.5, 1.5])


def test_who_has_no_role_any_more_is_told_nothing(two: Daemon) -> None:
    two.core.ask(calls.OperatorSuspend("ann", "phone lost"))
    told = two.now(ANN)
    assert (told.positions, told.terminals) == ((), ())


def test_what_it_answers_is_what_the_wire_says(two: Daemon) -> None:
    told = two.now()
    assert msgspec.json.decode(msgspec.json.encode(told), type=Now) == told


@given(st.sets(st.sampled_from(["alpha", "bravo"])))
def test_what_is_told_of_some_accounts_is_a_part_of_the_whole(shown: set[str]) -> None:
    core = Core(terminals=TWO)
    daemon = crowded(core)
    whole, part = now_view(daemon.glance(), None, 0, "live"), daemon.watched.now(frozenset(shown))
    terminals = {agent.name for agent in core.agents.values() if agent.account in shown}
    assert {row.name for row in part.terminals} == terminals
    assert [row for row in whole.positions if row in part.positions] == list(part.positions)
    assert len(part.positions) == len(shown)
    assert part.in_flight == ("bravo" in shown)
