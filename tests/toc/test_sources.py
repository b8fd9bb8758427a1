"""Whose ticks stand for a symbol: the rule, its hysteresis, what a change tells, and what the basis makes of it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.link import frames as f
from hydrad.toc import records as r
from hydrad.toc import sources
from hydrad.toc.live import Link, Live, Minute, Quality
from hydrad.toc.sources import Candidate, Fault
from hydrad.toc.state import State
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from tests.toc.conftest import TERMS, Core

THREE = (("t1", "alpha", 5001), ("t2", "bravo", 5002), ("t3", "charlie", 5003))
GOOD = (110_000, 110_010)


@pytest.fixture
def three(make: Callable[..., Core]) -> Core:
    core = make(terminals=THREE)
    for name in core.agents:
        core.connect(name)
    return core


def source(core: Core) -> str:
    return sources.source(Turn(core.state, core.engine.live, core.now_ns, 0), "EURUSD")


def changes(core: Core) -> list[r.SourceChanged]:
    bodies = [r.decode(record.type, record.body) for record in core.records]
    return [body for body in bodies if isinstance(body, r.SourceChanged)]


def feed(core: Core, seconds: int, **quotes: tuple[int, int] | None) -> None:
    """Every terminal reads on each second; those with a quote tick. A terminal that is not named ticks well."""
    for _ in range(seconds):
        at = core.market_ms = core.market_ms + 1_000
        for name in core.agents:
            if not core.link(name).connected:
                continue
            quote = quotes.get(name, GOOD)
            ticks = (f.SymbolTicks("EURUSD", (f.Tick(at, *quote),)),) if quote else ()
            core.up(f.Ticks(at, False, ticks), name)
            core.beat(name)
        core.clock(1_000)


def test_the_first_enrolled_is_taken_whoever_comes_first(make: Callable[..., Core]) -> None:
    core = make(terminals=THREE)
    for name in ("t3", "t2"):
        core.hello(name)
        core.books(name)
    assert source(core) == "t2"
    core.hello("t1")
    core.books("t1")
    assert source(core) == "t1"
    assert changes(core) == []  # none of them had been used


def test_one_that_is_used_stays_when_an_earlier_one_comes_back(three: Core) -> None:
    feed(three, 2)
    assert source(three) == "t1"
    three.wait(11_000, 500, beat=("t2", "t3"))
    assert source(three) == "t2"
    assert [(c.terminal, c.before, c.why) for c in changes(three)] == [("t2", "t1", "t1 is DEGRADED")]
    three.t1.boot_id = "boot-2"
    feed(three, 2)
    three.connect("t1")
    feed(three, 120)
    assert source(three) == "t2"
    assert len(changes(three)) == 1


def test_silence_while_others_tick_is_left_at_once(three: Core) -> None:
    feed(three, 2)
    feed(three, 10, t1=None)
    assert source(three) == "t1"
    feed(three, 2, t1=None)
    assert source(three) == "t2"
    assert changes(three)[-1].why == f"t1: {Fault.STALE.words}"


def test_a_silence_that_all_share_is_the_markets(three: Core) -> None:
    feed(three, 2)
    feed(three, 60, t1=None, t2=None, t3=None)
    assert source(three) == "t1"
    assert changes(three) == []


def test_one_that_does_not_read_on_is_left(three: Core) -> None:
    """Its beats come, its ticks do not: they prove the agent, not the terminal."""
    feed(three, 2)
    for _ in range(6):
        at = three.market_ms = three.market_ms + 1_000
        for name in ("t2", "t3"):
            three.up(f.Ticks(at, False, (f.SymbolTicks("EURUSD", (f.Tick(at, *GOOD),)),)), name)
        for name in three.agents:
            three.beat(name)
        three.clock(1_000)
    assert source(three) == "t2"


@pytest.mark.parametrize(
    ("quote", "fault"),
    [((110_010, 110_000), Fault.BAD), ((0, 110_000), Fault.BAD), ((109_990, 110_020), Fault.WIDE)],
)
def test_quality_is_judged_by_whole_minutes_and_after_a_while(
    three: Core, quote: tuple[int, int], fault: Fault
) -> None:
    if fault is Fault.BAD:  # every other tick, or it would be silent
        for _ in range(230):
            feed(three, 1, t1=quote)
            feed(three, 1)
    else:
        feed(three, 460, t1=quote)
    assert source(three) == "t2"
    change = changes(three)[-1]
    assert change.why == f"t1: {fault.words}"
    assert len(changes(three)) == 1
    began_ms = min(record.market_ms for record in three.records if record.type == "TERMINAL_SESSION")
    (at_ms,) = (record.market_ms for record in three.records if record.type == "SOURCE_CHANGED")
    assert at_ms - began_ms >= sources.HOLD_MS


def test_another_ones_digits_are_other_prices(three: Core) -> None:
    feed(three, 2)
    three.hello("t2")
    three.up(f.Ledger(three.agents["t2"].ledger_id, (), True), "t2")
    live = three.engine.live
    live.link("t2").terms["EURUSD"] = msgspec.structs.replace(TERMS, digits=4)
    turn = Turn(three.state, live, three.now_ns, 0)
    assert [c.link.terminal for c in sources.candidates(turn, "EURUSD")] == ["t1", "t3"]


def test_a_quarantined_terminal_is_left(three: Core) -> None:
    feed(three, 2)
    three.send(calls.TerminalDuty("t1", "quarantined", "looks odd"))
    assert source(three) == "t2"
    assert changes(three)[-1].why == "t1 is QUARANTINED"


def test_bars_are_read_to_where_their_own_source_has_read(three: Core) -> None:
    feed(three, 2)
    assert three.link("t1").feeds == {"EURUSD"}
    assert three.link("t2").feeds == set()
    three.send(calls.TerminalDuty("t1", "quarantined", "looks odd"))
    assert (three.link("t1").feeds, three.link("t2").feeds) == (set(), {"EURUSD"})


def test_the_basis_goes_on_after_a_change(three: Core) -> None:
    """A mission keeps the source that it was made from; the next one is measured to the new source."""
    feed(three, 60, t2=(110_015, 110_025), t3=(110_040, 110_050))
    old = three.mission("t1", expires_ms=three.market_ms + 600_000)
    three.send(calls.TerminalDuty("t1", "quarantined", "looks odd"))
    feed(three, 2, t2=(110_015, 110_025), t3=(110_040, 110_050))
    three.ticks(110_015, 110_025, "t2", after_ms=0)
    new = three.mission("t2", expires_ms=three.market_ms + 600_000)
    three.ticks(110_040, 110_050, "t3", after_ms=0)
    said = {m: three.ask(calls.Fire(m, account="charlie", dry_run=True)) for m in (old, new)}
    assert said[old].data.basis.startswith("+40 points to t1")  # type: ignore[union-attr]
    assert said[new].data.basis.startswith("+25 points to t2")  # type: ignore[union-attr]


# --- the table ------------------------------------------------------------------------------------------

MINUTES = st.none() | st.builds(
    Minute, st.integers(1, 2), st.integers(1, 200), st.integers(0, 5), st.integers(1_000, 9_000)
)


@given(st.lists(MINUTES, min_size=1, max_size=6))
def test_there_is_always_one_without_a_fault_of_quality(minutes: list[Minute | None]) -> None:
    """But where all are bad: nobody is thin beside himself, and the narrowest is not wide."""
    for minute in minutes:
        if minute is None:
            continue
        good = [m for m in minutes if m and not sources._bad(m) and m.number == minute.number]
        faults = [sources._quality_fault(m, good) for m in good]
        assert Fault.BAD not in faults
        most = max(good, key=lambda m: m.ticks, default=None)
        assert most is None or sources._quality_fault(most, good) is not Fault.THIN
        if sources._bad(minute):
            assert sources._quality_fault(minute, good) is Fault.BAD


@given(st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 40_000)), min_size=2, max_size=6))
def test_whoever_ticked_last_and_has_read_that_far_is_not_stale(feeds: list[tuple[int, int]]) -> None:
    """`feeds`: how long ago each ticked, and how far behind it has read; nobody has read less than it has told."""
    now_ms = 1_000_000
    found = []
    for number, (ago, behind) in enumerate(feeds):
        link = Link(f"t{number}", through_ms=now_ms - min(ago, behind))
        found.append(Candidate(link, now_ms - ago, None))
    sources._find_faults(Turn(State(), Live(), 0, 0), found)
    newest_ms = max(candidate.tick_ms for candidate in found)
    for candidate in found:
        behind_ms, read_ms = newest_ms - candidate.tick_ms, candidate.link.through_ms
        assert (candidate.fault is Fault.STALE) is (behind_ms > 10_000 and read_ms >= newest_ms)
    assert any(candidate.fault is Fault.NONE for candidate in found)


@given(st.lists(st.tuples(st.integers(0, 300_000), st.integers(-5, 50), st.integers(-5, 50)), max_size=80))
def test_a_minute_counts_every_tick_once(ticks: list[tuple[int, int, int]]) -> None:
    quality, closed = Quality(), []
    for time_ms, bid, ask in sorted(ticks, key=lambda t: t[0]):
        quality.add(f.Tick(time_ms, bid, ask))
        if quality.last is not None and quality.last not in closed:
            closed.append(quality.last)
    assert sum(minute.ticks for minute in closed) + quality.ticks == len(ticks)
    bad = sum(not 0 < bid <= ask for _, bid, ask in ticks)
    assert sum(minute.bad for minute in closed) + quality.bad == bad
