"""What APEX sees, with a real engine in the core: bars, budget, what setups became, and what a restart remembers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.apex.profile import Profile
from hydrad.apex.watch import Watch
from hydrad.domain.actors import Actor, Role, Surface
from hydrad.domain.calendar import Session, trading_day
from hydrad.domain.ids import IdKind, show
from hydrad.domain.signals import Suppressed
from hydrad.surface import apex_queries, queries
from hydrad.surface.queries import NotFound
from hydrad.toc.people import Person
from hydrad.toc.sight import narrowed
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import Answer, DaemonInfo
from hydrad.wire.answers.apex import ApexData
from tests.toc.conftest import BOSS, MARKET_MS, Core, FakeApex

# A minute's bars, four of them enough; a stop may be wide. Two signals an hour, one of a side.
QUICK = Profile(
    name="quick",
    symbols=("EURUSD",),
    sessions=(Session.LONDON, Session.OVERLAP, Session.NEW_YORK),
    timeframe_min=1,
    channel_bars=4,
    swing_bars=2,
    atr_bars=2,
    stop_atr_permille_max=50_000,
    r_milli=1500,
    horizon_min=60,
    signals_per_hour_symbol=2,
)
DAY_MS = 24 * 3_600_000


class Desk:
    """A core whose engine is APEX itself, and what the query asks of the daemon."""

    def market_stands_ms(self) -> int:
        return 0

    def __init__(self, core: Core, profile: Profile | None = QUICK) -> None:
        self.core, self.profile = core, profile
        self.begin()

    def begin(self) -> None:
        missions = self.core.state.missions.values()
        earlier = [mission.signal for mission in missions if mission.origin == "apex"]
        self.watch = self.core.apex = self.core.engine.apex = Watch(self.profile, earlier)  # type: ignore[assignment]

    def restart(self) -> None:
        self.core.restart()
        self.begin()
        self.core.connect()

    def bar(self, bid: int, spread: int = 10) -> None:
        """A minute that begins 60 points lower, and ends at this bid."""
        core = self.core
        core.ticks(bid - 60, bid - 60 + spread, after_ms=-core.market_ms % 60_000 + 1)
        core.ticks(bid, bid + spread, after_ms=59_000)

    def warm(self, count: int = 7) -> None:
        for _ in range(count):
            self.bar(110_004)
        self.close()

    def close(self) -> None:
        """Market time reaches the minute's end."""
        self.core.later(60_000 - self.core.market_ms % 60_000)

    def breaks(self, bid: int, spread: int = 10) -> None:
        self.bar(bid, spread)
        self.close()

    def look(self, **fields: Any) -> ApexData:
        core = self.core
        schema, answer = apex_queries.QUERIES[calls.ApexShow]
        turn = Turn(core.state, core.engine.live, core.now_ns, 0)
        found = answer(self, turn, Actor(BOSS, Surface.SHELL), calls.ApexShow(**fields))  # type: ignore[arg-type]
        assert schema == "hydra.apex/v1" and isinstance(found, ApexData) and not turn.records
        return found


@pytest.fixture
def desk(make: Callable[..., Core]) -> Desk:
    made = Desk(make())
    made.core.connect()
    return made


def test_before_a_terminal_tells_its_terms_the_engine_waits(make: Callable[..., Core]) -> None:
    data = Desk(make()).look()
    assert (data.profile, data.timeframe_min, data.waits_for, data.market) == ("quick", 1, ("EURUSD",), None)
    (row,) = data.detectors
    assert (row.bars, row.bars_needed, row.warm, row.hour_used, row.tick_age_s) == (0, 4, False, None, None)
    assert row.tick_age_max_s == QUICK.stale_s
    assert (data.hour_used, data.hour_max, data.last_signal_age_s) == (None, 4, None)


def test_bars_are_counted_until_it_is_warm(desk: Desk) -> None:
    seen = []
    for _ in range(6):
        desk.bar(110_004)
        desk.close()
        (row,) = desk.look().detectors
        seen.append((row.bars, row.warm))
    bars = [count for count, _ in seen]
    assert bars == sorted(bars) and bars[-1] == bars[0] + 5
    assert all(warm is (count >= 4) for count, warm in seen) and {warm for _, warm in seen} == {False, True}
    assert row.tick_age_s == 0.0 and row.last_bar is not None and row.seen_today == 0
    desk.core.market_ms += 5_000
    desk.core.beat()
    assert desk.look().waits_for == ()


def test_a_signal_a_narrow_stop_and_a_repetition(desk: Desk) -> None:
    desk.warm()
    desk.breaks(110_030, spread=20)  # the spread is too much of so near a stop
    desk.breaks(110_200)
    desk.breaks(110_400)  # the same side again
    data = desk.look()
    (row,) = data.detectors
    assert (row.seen_today, row.proposed_today, row.suppressed_today) == (3, 1, 2)
    assert (row.hour_used, row.hour_max, data.hour_used, data.rate_per_h) == (1, 2, 1, 1.0)
    assert {(one.reason, one.today, one.total) for one in data.suppressed} == {("SPREAD", 1, 1), ("DUPLICATE", 1, 1)}
    assert [one.reason for one in data.suppressed] == ["DUPLICATE", "SPREAD"], "newest first"
    assert "spread 20 points" in data.suppressed[1].detail
    became = [(one.became, one.side, one.reason) for one in data.candidates]
    assert became == [("SUPPRESSED", "BUY", "DUPLICATE"), ("PROPOSED", "BUY", None), ("SUPPRESSED", "BUY", "SPREAD")]
    (mission,) = desk.core.state.missions.values()
    assert data.candidates[1].mission == show(IdKind.MISSION, mission.number)
    assert data.candidates[1].features == dict(mission.signal.features)
    assert all("atr_points" in one.features for one in data.candidates), "those that were suppressed, too"
    assert row.last_signal_age_s == data.last_signal_age_s == data.candidates[1].age_s == 60.0
    assert msgspec.json.decode(msgspec.json.encode(data), type=ApexData) == data


def test_what_it_counts_is_what_the_journal_says(desk: Desk) -> None:
    desk.warm()
    for bid, spread in ((110_030, 20), (110_200, 10), (110_400, 10), (109_700, 10), (109_300, 10), (110_900, 90)):
        desk.breaks(bid, spread)
    data, types = desk.look(), [record.type for record in desk.core.records]
    (row,) = data.detectors
    assert row.proposed_today == types.count("MISSION_PROPOSED") > 1
    assert row.suppressed_today == types.count("SIGNAL_SUPPRESSED") == sum(one.today for one in data.suppressed) > 1
    assert len(data.candidates) == row.seen_today
    assert dict.fromkeys(one.reason for one in data.suppressed).keys() == desk.core.state.suppressed.keys()


def test_the_budget_is_used_up_and_comes_back_with_the_hour(desk: Desk) -> None:
    desk.warm()
    desk.breaks(110_200)
    desk.breaks(109_800)
    (row,) = desk.look().detectors
    assert (row.hour_used, row.hour_max) == (2, 2)
    desk.core.later(3_600_000)
    data = desk.look()
    assert (data.detectors[0].hour_used, data.hour_used, data.rate_per_h) == (0, 0, 0.0)
    assert data.detectors[0].proposed_today == 2


def test_the_next_trading_day_begins_with_none(desk: Desk) -> None:
    desk.warm()
    desk.breaks(110_030, spread=20)
    desk.breaks(110_200)
    before = desk.look()
    desk.core.later(DAY_MS)
    after = desk.look()
    assert (before.day, after.day) == ("2024-05-15", "2024-05-16")
    (row,) = after.detectors
    assert (row.seen_today, row.proposed_today, row.suppressed_today) == (0, 0, 0)
    (silent,) = after.suppressed
    assert (silent.today, silent.total) == (0, 1) and silent.last_age_s > DAY_MS / 1000
    assert len(after.candidates) == 2, "they are not of today only"


def test_a_restart_remembers_counts_and_missions_and_says_since_when_it_lists(desk: Desk) -> None:
    desk.warm()
    desk.breaks(110_030, spread=20)
    desk.breaks(110_200)
    before = desk.look()
    desk.core.now_ns += 60_000_000_000
    desk.restart()
    after = desk.look()
    assert after.candidates_since > before.candidates_since
    assert [(one.reason, one.today) for one in after.suppressed] == [("SPREAD", 1)]
    assert [one.became for one in after.candidates] == ["PROPOSED"]
    assert after.candidates[0].features == before.candidates[0].features
    (row,) = after.detectors
    assert (row.proposed_today, row.suppressed_today, row.hour_used) == (1, 1, 1)
    assert not row.warm, "its bars come with the history"


def test_while_apex_is_stopped_what_it_sees_is_no_mission(desk: Desk) -> None:
    desk.warm()
    desk.core.ask(calls.ServiceStop(("apex",)))
    desk.breaks(110_200)
    data = desk.look()
    assert data.state == "stopped" and not desk.core.state.missions
    assert [(one.became, one.reason, one.mission) for one in data.candidates] == [("SUPPRESSED", "STOPPED", None)]
    assert [(one.reason, one.today) for one in data.suppressed] == [("STOPPED", 1)]


def test_a_mission_by_hand_is_none_of_apex(desk: Desk) -> None:
    desk.warm()
    desk.core.send(calls.FireSymbol("EURUSD", "buy", stop="1.09000"))
    assert desk.core.state.missions
    data = desk.look()
    (row,) = data.detectors
    assert data.candidates == () and row.seen_today == 0 and data.last_signal_age_s is None


def silent(core: Core, at_ms: int, detail: str) -> None:
    core.apex = core.engine.apex = FakeApex()
    core.apex.next = [Suppressed("EURUSD", at_ms, "break_out", "SPREAD", detail)]
    core.later(1)


@given(st.lists(st.integers(-3 * DAY_MS, 3 * DAY_MS), min_size=1, max_size=12))
def test_counts_are_of_the_newest_day_whatever_comes_late(offsets_ms: list[int]) -> None:
    """By the definition: of all setups those of the newest one's trading day; the detail is the newest one's."""
    core = Core()
    core.connect()
    instants = [MARKET_MS + offset_ms for offset_ms in offsets_ms]
    for number, at_ms in enumerate(instants):
        silent(core, at_ms, str(number))
    (count,) = core.state.setups.values()
    newest_day = max(map(trading_day, instants))
    assert (count.total, count.day) == (len(instants), newest_day)
    assert count.today == sum(trading_day(at_ms) == newest_day for at_ms in instants)
    assert count.last_ms == max(instants) == instants[int(count.detail)]
    core.verify()


def test_of_one_symbol_and_so_many(desk: Desk) -> None:
    desk.warm()
    desk.breaks(110_030, spread=20)
    desk.breaks(110_200)
    assert len(desk.look(symbol="EURUSD").candidates) == 2
    assert [one.became for one in desk.look(limit=1).candidates] == ["PROPOSED"]
    assert desk.look(limit=0).candidates == desk.look(limit=-3).candidates == ()
    with pytest.raises(NotFound, match="does not watch XAUUSD"):
        desk.look(symbol="XAUUSD")


def test_without_a_profile_the_journal_is_all_there_is(desk: Desk) -> None:
    desk.warm()
    desk.breaks(110_200)
    desk.profile = None
    desk.restart()
    data = desk.look()
    (row,) = data.detectors
    assert (data.profile, data.hour_max, row.watched, row.bars, row.warm) == (None, None, False, None, None)
    assert row.proposed_today == 1 and [one.became for one in data.candidates] == ["PROPOSED"]


def test_a_detector_that_runs_no_more_stays_known(desk: Desk) -> None:
    desk.warm()
    desk.breaks(110_200)
    desk.profile = msgspec.structs.replace(QUICK, name="other", symbols=("XAUUSD",))
    desk.restart()
    rows = {row.symbol: row.watched for row in desk.look().detectors}
    assert rows == {"XAUUSD": True, "EURUSD": False}


def test_the_market_s_own_time_is_what_it_shows(desk: Desk) -> None:
    desk.warm()
    assert desk.look().market is not None and desk.core.market_ms > MARKET_MS
    turn = Turn(desk.core.state, desk.core.engine.live, desk.core.now_ns, 0)
    standing = desk.watch.standing(turn.market_ms)
    fresh = apex_queries.made(turn, standing, 0, calls.ApexShow()).detectors[0].tick_age_s
    stood = apex_queries.made(turn, standing, 9_000, calls.ApexShow()).detectors[0].tick_age_s
    assert fresh is not None and stood == fresh + 9.0, "a market that stands makes no feed fresh"


def test_it_is_nobodys_and_a_page_is_told_all_of_it(desk: Desk) -> None:
    """Prices and setups are about no account: who was given none sees them, and no name of an account or a terminal."""
    desk.warm()
    desk.breaks(110_200)
    data = desk.look()
    assert "alpha" not in str(data) and "t1" not in str(data)
    answer = Answer("hydra.apex/v1", True, "t", DaemonInfo("0", 1, "i", "paper"), data)
    someone = Person("eve", Role.VIEWER, (), (), frozenset(), 0)
    assert narrowed(someone, calls.ApexShow(), answer) == answer


def test_asking_twice_says_the_same(desk: Desk) -> None:
    desk.warm()
    desk.breaks(110_200)
    assert desk.look() == desk.look()
    assert calls.ApexShow not in queries.QUERIES
