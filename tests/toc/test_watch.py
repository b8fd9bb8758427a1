"""A closed market never alarms, an open silent one always does; and the other conditions of every clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hydrad.domain.accounts import HomeMode
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import MINUTE_MS
from hydrad.domain.signals import Suppressed
from hydrad.link import frames as f
from hydrad.toc import watch
from hydrad.toc.limits import Timing
from tests.toc.conftest import Core

LIMIT_MS = 120_000
FRIDAY_CLOSE_MS = 1_715_979_600_000  # Friday 2024-05-17 21:00 UTC, 17:00 New York
SUNDAY_OPEN_MS = FRIDAY_CLOSE_MS + 48 * 3_600_000
TIMING = Timing(feed_silent_ms=LIMIT_MS, stop_missing_ms=30_000, signals_silent_ms=3_600_000)


@pytest.fixture
def paper(make: Callable[..., Core]) -> Core:
    """A paper home: market time is the simulated broker's, and moves when a test says so."""
    core = make(timing=TIMING)
    core.connect()
    core.clock(1_000)
    return core


@pytest.fixture
def real(make: Callable[..., Core]) -> Iterator[Core]:
    """A real home on Wednesday noon: market time is machine time."""
    core = make(mode=HomeMode.REAL, timing=TIMING)
    jump(core, weekday(core.now_ns // 1_000_000, 2, 12))
    core.connect()
    core.clock(1_000)
    yield core


def weekday(ms: int, day: int, hour: int) -> int:
    """The next such weekday (0 Monday) and hour, UTC, after an instant."""
    start = ms // 86_400_000 * 86_400_000
    while start < ms or (start // 86_400_000 + 3) % 7 != day:
        start += 86_400_000
    return start + hour * 3_600_000


def jump(core: Core, ms: int) -> None:
    """Machine time goes on to an instant, with nobody there."""
    core.now_ns = max(core.now_ns, ms * 1_000_000)
    core.market_ms = core.now_ns // 1_000_000


def stand(core: Core, ms: int) -> None:
    """Machine time passes with beats, and no tick; on a live feed market time with it."""
    for _ in range(ms // 1_000):
        core.clock(1_000)
        if core.mode is HomeMode.REAL:
            core.market_ms = core.now_ns // 1_000_000
        core.beat()


def through(core: Core, ms: int, terminal: str = "t1") -> None:
    """Market time goes on without a tick."""
    core.market_ms += ms
    core.up(f.Ticks(core.market_ms, False, ()), terminal)


# --- feeds, replayed ------------------------------------------------------------------------------------


def test_a_paper_home_that_stands_still_never_alarms(paper: Core) -> None:
    stand(paper, 20 * LIMIT_MS)
    assert paper.alarms() == []


def test_an_open_market_that_moves_without_a_tick_alarms(paper: Core) -> None:
    through(paper, LIMIT_MS + 1)
    stand(paper, 9_000)
    assert paper.alarms() == [], "a tick may be on its way"
    stand(paper, 3_000)
    assert paper.alarms() == ["FEED_SILENT"]
    (alarm,) = paper.state.alarms.values()
    assert alarm.subject == "t1" and "2 m 00 s of an open market" in alarm.text and alarm.account == "alpha"
    paper.ticks(110_000, 110_010)
    paper.clock(1_000)
    assert paper.alarms() == []


def test_a_tick_of_any_symbol_is_life_and_the_limit_is_exact(paper: Core) -> None:
    through(paper, LIMIT_MS)
    stand(paper, 30_000)
    assert paper.alarms() == []


def test_history_and_a_broken_tick_are_no_life(paper: Core) -> None:
    through(paper, LIMIT_MS + 1)
    old = f.SymbolTicks("EURUSD", (f.Tick(paper.market_ms, 110_000, 110_010),))
    broken = f.SymbolTicks("EURUSD", (f.Tick(paper.market_ms, 110_010, 110_000),))
    paper.up(f.Ticks(paper.market_ms, True, (old,)))
    paper.up(f.Ticks(paper.market_ms, False, (broken,)))
    stand(paper, 12_000)
    assert paper.alarms() == ["FEED_SILENT"]


def test_a_reader_that_holds_the_market_is_silent_too(make: Callable[..., Core]) -> None:
    core = make(timing=TIMING, terminals=(("t1", "alpha", 5001), ("t2", "bravo", 5002)))
    core.connect("t1")
    core.connect("t2")
    core.ticks(110_000, 110_010, "t1", 60_000)  # t2 has not read this minute, and the conductor waits for it
    for _ in range(LIMIT_MS // 1_000):
        core.clock(1_000)
        core.beat("t1")
        core.beat("t2")
    assert core.alarms() == []
    core.wait(12_000, every_ms=1_000, beat=("t1", "t2"))
    (alarm,) = core.state.alarms.values()
    assert (alarm.code, alarm.subject) == ("FEED_SILENT", "t2") and "has not read on" in alarm.text
    core.ticks(110_000, 110_010, "t2", 0)
    core.clock(1_000)
    assert core.alarms() == []


def test_a_single_reader_that_holds_the_market_is_found_by_its_own_beats(paper: Core) -> None:
    paper.market_ms += 60_000
    stand(paper, LIMIT_MS + 12_000)
    assert paper.alarms() == ["FEED_SILENT"]


# --- feeds, the week ------------------------------------------------------------------------------------


def test_a_closed_market_never_alarms_and_ends_what_stands(paper: Core) -> None:
    paper.later(FRIDAY_CLOSE_MS - 30 * MINUTE_MS - paper.market_ms)
    paper.clock(1_000)
    through(paper, 10 * MINUTE_MS)
    stand(paper, 12_000)
    assert paper.alarms() == ["FEED_SILENT"]
    through(paper, 40 * MINUTE_MS)
    stand(paper, 1_000)
    assert paper.alarms() == [] and "closed" in paper.state.alarms_past[-1].cleared_why
    for _ in range(47):
        through(paper, 3_600_000)
        stand(paper, 15_000)
        assert paper.alarms() == []


def test_silence_counts_from_the_opening_not_from_fridays_last_tick(paper: Core) -> None:
    through(paper, SUNDAY_OPEN_MS + 20 * MINUTE_MS - paper.market_ms)
    stand(paper, 20_000)
    assert paper.alarms() == []
    through(paper, LIMIT_MS + 1)
    stand(paper, 12_000)
    assert paper.alarms() == ["FEED_SILENT"]


def test_the_roll_over_is_a_pause(paper: Core) -> None:
    roll_ms = FRIDAY_CLOSE_MS - 2 * 86_400_000
    assert not watch.market_open(roll_ms) and watch.market_open(roll_ms + 16 * MINUTE_MS)
    paper.later(roll_ms - 5 * MINUTE_MS - paper.market_ms)
    paper.clock(1_000)
    through(paper, 15 * MINUTE_MS)
    stand(paper, 20_000)
    assert paper.alarms() == []


# --- feeds, live ----------------------------------------------------------------------------------------


def test_a_live_feed_that_goes_silent_alarms_by_machine_time(real: Core) -> None:
    real.ticks(110_000, 110_010, after_ms=0)
    stand(real, LIMIT_MS + 12_000)
    assert "FEED_SILENT" in real.alarms()


def test_a_stamp_from_the_future_does_not_hide_a_silence(real: Core) -> None:
    ahead = f.SymbolTicks("EURUSD", (f.Tick(real.market_ms + 3_600_000, 110_000, 110_010),))
    real.up(f.Ticks(real.market_ms, False, (ahead,)))
    stand(real, LIMIT_MS + 12_000)
    assert "FEED_SILENT" in real.alarms()


def test_a_live_feed_with_ticks_is_calm(real: Core) -> None:
    for _ in range(10):
        stand(real, 30_000)
        real.ticks(110_000, 110_010, after_ms=0)
    assert real.alarms() == []


def test_a_terminal_that_is_gone_is_lost_and_its_silence_is_not_told_twice(paper: Core) -> None:
    for _ in range(60):
        paper.clock(1_000)
    assert paper.alarms() == ["TERMINAL_LOST"]


# --- fitness and clocks ---------------------------------------------------------------------------------


def test_a_terminal_that_cannot_trade_in_an_open_market(paper: Core) -> None:
    for _ in range(12):
        paper.clock(1_000)
        paper.beat(connected=False)
    (alarm,) = paper.state.alarms.values()
    assert alarm.code == "TERMINAL_UNFIT" and "no connection to the trade server" in alarm.text
    paper.beat()
    paper.clock(1_000)
    assert paper.alarms() == []


def test_late_beats_alone_are_no_unfitness(paper: Core) -> None:
    for _ in range(30):
        paper.clock(3_500)
        paper.beat()
    assert paper.alarms() == [] and {alarm.code for alarm in paper.state.alarms_past} == set()


def test_a_clock_that_is_not_known_for_a_minute(paper: Core) -> None:
    for _ in range(59):
        paper.clock(1_000)
        paper.beat(offset_ms=None)
    assert paper.alarms() == []
    for _ in range(3):
        paper.clock(1_000)
        paper.beat(offset_ms=None)
    (alarm,) = paper.state.alarms.values()
    assert alarm.code == "CLOCK_UNKNOWN" and "broker" in alarm.text
    paper.beat()
    paper.clock(1_000)
    assert paper.alarms() == []


def test_an_agents_clock_that_is_far_off(paper: Core) -> None:
    for _ in range(62):
        paper.clock(1_000)
        paper.beat(machine_ns=paper.now_ns + 900_000_000)
    (alarm,) = paper.state.alarms.values()
    assert alarm.code == "CLOCK_UNKNOWN" and "900 ms off" in alarm.text


# --- positions ------------------------------------------------------------------------------------------


def test_a_position_without_a_stop_for_longer_than_allowed(paper: Core) -> None:
    fire = paper.filled()
    bare = paper.position_row(fire, stop_points=0)
    paper.up(f.Positions((bare,), paper.market_ms, True, True))
    assert paper.alarms() == ["STOP_MISSING"]
    stand(paper, 29_000)
    assert paper.alarms() == ["STOP_MISSING"]
    stand(paper, 2_000)
    assert paper.alarms() == ["STOP_MISSING", "UNPROTECTED"]
    assert {alarm.account for alarm in paper.state.alarms.values()} == {"alpha"}
    paper.up(f.Positions((paper.position_row(fire),), paper.market_ms, True, True))
    paper.clock(1_000)
    assert paper.alarms() == []


def test_a_restart_does_not_begin_the_count_again(paper: Core) -> None:
    fire = paper.filled()
    bare = paper.position_row(fire, stop_points=0)
    paper.up(f.Positions((bare,), paper.market_ms, True, True))
    stand(paper, 20_000)
    paper.restart()
    paper.clock(11_000)
    assert "UNPROTECTED" in paper.alarms()


def test_it_ends_with_the_position(paper: Core) -> None:
    fire = paper.filled()
    paper.up(f.Positions((paper.position_row(fire, stop_points=0),), paper.market_ms, True, True))
    stand(paper, 32_000)
    position = paper.state.positions[fire.position]
    paper.deals(
        paper.deal_row(1, position.position_id, entry=0, magic=fire.act_id, volume_steps=position.volume_steps),
        paper.deal_row(2, position.position_id, volume_steps=position.volume_steps, reason=0),
    )
    paper.clock(1_000)
    assert paper.alarms() == []
    assert {alarm.code for alarm in paper.state.alarms_past} == {"STOP_MISSING", "UNPROTECTED"}
    assert show(IdKind.POSITION, fire.position) in {alarm.subject for alarm in paper.state.alarms_past}


# --- signals --------------------------------------------------------------------------------------------


def test_hours_without_a_signal_are_a_warning(paper: Core) -> None:
    for _ in range(7):
        paper.later(10 * MINUTE_MS)
        paper.clock(1_000)
    (alarm,) = paper.state.alarms.values()
    assert (alarm.code, alarm.severity) == ("SIGNALS_SILENT", "WARNING")
    paper.mission()
    paper.clock(1_000)
    assert paper.alarms() == []


def test_a_suppressed_signal_shows_that_apex_sees(paper: Core) -> None:
    for _ in range(20):
        paper.apex.next = [Suppressed("EURUSD", paper.market_ms, "test", "SPREAD", "")]
        paper.later(10 * MINUTE_MS)
        paper.clock(1_000)
    assert paper.alarms() == []


def test_a_holiday_is_a_closed_market(paper: Core) -> None:
    christmas_ms = 1_735_128_000_000  # Wednesday 2024-12-25 12:00 UTC
    assert not watch.market_open(christmas_ms) and watch.market_open(christmas_ms + 2 * 86_400_000)
    assert not watch.market_open(0)
