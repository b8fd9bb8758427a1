"""The basis: measured over the last minute, shown, shifting a mission's levels, refused when it is not to be trusted."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.ids import IdKind, show
from hydrad.link import frames as f
from hydrad.toc.act import ActState
from hydrad.toc.mids import OWN, SAMPLES_MAX, Basis, Mids, measure
from hydrad.wire import calls
from tests.toc.conftest import Core

TWO = (("t1", "alpha", 5001), ("t2", "bravo", 5002), ("t3", "alpha", 5001))


def mids(samples: list[tuple[int, int]]) -> Mids:
    made = Mids()
    for ms, mid in samples:
        made.add(ms, 2 * mid)
    return made


def steady(offset: int, count: int = 60, step_ms: int = 1_000) -> Mids:
    return mids([(n * step_ms, 1000 + n % 7 + offset) for n in range(count)])


def test_two_feeds_that_differ_by_so_much() -> None:
    assert measure(steady(12), steady(0), 5, 5, 60_000) == Basis(12, 0, 59)
    assert measure(steady(-12), steady(0), 5, 5, 60_000) == Basis(-12, 0, 59)


def test_only_the_last_minute_counts() -> None:
    early, late = [(n * 1000, 1000) for n in range(60)], [(n * 1000, 1050) for n in range(60, 120)]
    found = measure(mids(early + late), mids([(n * 1000, 1000) for n in range(120)]), 5, 5, 119_000)
    assert found == Basis(50, 0, 60)


def test_feeds_that_tick_at_other_moments_are_joined_at_their_last_quotes() -> None:
    own = mids([(0, 1010), (10_000, 1020), (20_000, 1030)])
    source = mids([(500, 1000), (10_500, 1010), (20_500, 1020)])
    found = measure(own, source, 5, 5, 60_000)
    # Between a tick of one and the same tick of the other the difference is 20, else 10.
    assert found is not None and (found.points, found.samples) == (10, 5)
    assert found.spread_points == 10


def test_one_late_tick_makes_nothing_unstable() -> None:
    samples = [(n * 1000, 1005) for n in range(40)]
    samples[20] = (20_000, 1900)
    assert measure(mids(samples), mids([(n * 1000, 1000) for n in range(40)]), 5, 5, 60_000) == Basis(5, 0, 39)


def test_a_feed_that_wanders_shows_it() -> None:
    own = mids([(n * 1000, 1000 + (30 if n % 2 else 0)) for n in range(40)])
    found = measure(own, mids([(n * 1000, 1000) for n in range(40)]), 5, 5, 60_000)
    assert found is not None and found.spread_points == 30


def test_too_few_moments_are_none() -> None:
    assert measure(steady(1, count=2), steady(0, count=2), 5, 5, 60_000) is None
    assert measure(steady(1), Mids(), 5, 5, 60_000) is None
    assert measure(steady(1), steady(0), 5, 5, 200_000) is None


@given(st.integers(3, 6), st.integers(3, 6), st.integers(-500, 500))
def test_digits_do_not_matter(own: int, source: int, offset: int) -> None:
    finer = max(own, source)
    mine = mids([(n * 1000, (10**3 + offset) * 10 ** (own - 3)) for n in range(5)])
    theirs = mids([(n * 1000, 10**3 * 10 ** (source - 3)) for n in range(5)])
    found = measure(mine, theirs, own, source, 5_000)
    assert found == Basis(offset * 10 ** (own - 3), 0, 5), finer


def test_samples_are_bounded_and_one_a_second() -> None:
    made = Mids()
    for ms in range(0, 1_000_000, 100):
        made.add(ms, ms)
    assert len(made.samples) == SAMPLES_MAX
    assert [ms % 1000 for ms, _ in made.samples] == [900] * SAMPLES_MAX
    made.add(5, 1)  # late
    assert made.samples[-1][0] == 999_900


# --- in the gate ----------------------------------------------------------------------------------------


@pytest.fixture
def two(make: Callable[..., Core]) -> Core:
    core = make(terminals=TWO)
    for name in core.agents:
        core.connect(name)
    return core


def feed(core: Core, basis: int, minutes: int = 1, spread: tuple[int, ...] = (0,)) -> None:
    """Both feeds tick each second; bravo's stands higher by the basis."""
    for n in range(minutes * 60):
        at = core.market_ms = core.market_ms + 1_000
        for name, shift in (("t1", 0), ("t3", 0), ("t2", basis + spread[n % len(spread)])):
            tick = f.Tick(at, 110_000 + shift, 110_010 + shift)
            core.up(f.Ticks(at, False, (f.SymbolTicks("EURUSD", (tick,)),)), name)
    for name in core.agents:
        core.beat(name)


def test_levels_are_shifted_and_the_answer_shows_it(two: Core) -> None:
    feed(two, 15)
    mission = two.mission(expires_ms=two.market_ms + 600_000)
    answer = two.ask(calls.Fire(mission, account="bravo", dry_run=True))
    assert answer.problem is None
    assert answer.data.basis.startswith("+15 points to t1, within 0 points")  # type: ignore[union-attr]
    act = two.fire(mission, account="bravo")
    assert act.state is ActState.ROUTED and act.order is not None
    signal = two.state.missions[act.mission].signal
    order = act.order
    assert order.entry_points == signal.entry_points + 15
    assert (order.stop_points, order.target_points) == (signal.stop_points + 15, signal.target_points + 15)
    assert order.collar_points == signal.collar_points


def test_the_sources_own_account_has_none(two: Core) -> None:
    feed(two, 15)
    mission = two.mission()
    act = two.fire(mission, account="alpha")
    assert act.order is not None and act.order.stop_points == two.state.missions[act.mission].signal.stop_points
    measured = next(check.measured for check in act.checks if check.code == "BASIS")
    assert measured == "0 points: the account's own quotes"
    assert OWN.samples == 0


def test_a_basis_above_a_tenth_of_the_stop_or_as_restless_is_denied(two: Core) -> None:
    feed(two, 30)
    assert "BASIS" in two.fire(account="bravo").codes
    feed(two, 5, spread=(0, 0, 40))
    assert "BASIS" in two.fire(account="bravo").codes
    feed(two, 5)
    assert two.fire(account="bravo").state is ActState.ROUTED


def test_a_source_that_has_fallen_silent_says_nothing(two: Core) -> None:
    feed(two, 5)
    mission = two.mission()
    assert two.ask(calls.Fire(mission, account="bravo", dry_run=True)).problem is None
    two.later(6_000, "t2")
    act = two.fire(mission, account="bravo")
    assert act.codes == ("BASIS",)
    assert "no minute of quotes beside t1" in next(c.measured for c in act.checks if c.code == "BASIS")


def test_history_after_a_lost_session_fills_the_minute(two: Core) -> None:
    feed(two, 5)
    two.t1.boot_id = "boot-2"
    two.wait(4_000, 1_000, beat=("t2", "t3"))
    two.hello("t1")
    two.books("t1")
    two.beat("t1")
    two.beat("t2")
    at = two.market_ms
    ticks = tuple(f.Tick(at - ago, 110_000, 110_010) for ago in range(3_000, -1, -1_000))
    two.up(f.Ticks(at, True, (f.SymbolTicks("EURUSD", ticks),)), "t1")
    two.ticks(110_000, 110_010, "t1", after_ms=1)
    act = two.fire(two.mission("t2"), account="alpha")  # t2 is the source since t1 was away
    assert "BASIS" not in act.codes


def test_by_hand_on_the_accounts_own_quotes(two: Core) -> None:
    feed(two, 15)
    verb = calls.FireSymbol("EURUSD", "buy", "1.09820", account="bravo")
    assert two.ask(msgspec.structs.replace(verb, dry_run=True)).problem is None
    two.send(verb)
    act = max(two.state.acts.values(), key=lambda one: one.act_id)
    mission = two.state.missions[act.mission]
    assert (act.state, mission.source) == (ActState.ROUTED, "t2")
    assert act.order is not None and act.order.stop_points == 109_820
    # The same mission on the other account is another matter.
    other = two.fire(show(IdKind.MISSION, mission.number), account="alpha")
    assert other.order is not None and other.order.stop_points == 109_805


def test_a_mission_whose_source_nobody_knows_is_denied(two: Core) -> None:
    mission = two.mission()
    two.state.missions[max(two.state.missions)].source = ""
    two.verify = lambda: None  # type: ignore[method-assign]
    assert two.fire(mission).codes == ("BASIS",)
