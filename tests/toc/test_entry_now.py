"""How a mission's row tells that its entry is missed: as the gate's check says it at the same instant, and first those
that are in reach."""

from __future__ import annotations

import pytest

from hydrad.domain.ids import IdKind, parse
from hydrad.domain.orders import EntryType, Side
from hydrad.toc import mission_views
from hydrad.toc.act import ActState
from hydrad.toc.live import Quote
from hydrad.wire.answers.missions import EntryNow, MissionRow
from tests.toc.conftest import BOSS, Core

ENTRY, COLLAR = 110_010, 20


def rows(core: Core, limit: int = 50, who: str = BOSS) -> list[MissionRow]:
    return mission_views.missions(core.state, core.engine.live, core.now_ns, None, None, limit, who)


def entry(core: Core, mission: str) -> EntryNow:
    found = next(row.entry_now for row in rows(core) if row.id == mission)
    assert found is not None
    return found


@pytest.fixture
def ready(core: Core) -> Core:
    core.connect()
    core.ticks(ENTRY - 10, ENTRY, after_ms=1)
    return core


def test_one_that_the_market_has_left_says_by_how_much_and_may_come_back(ready: Core) -> None:
    mission = ready.mission(collar_points=COLLAR)
    assert entry(ready, mission).missed_by_points == 0
    ready.ticks(ENTRY + 25, ENTRY + 35)
    seen = entry(ready, mission)
    assert seen == EntryNow("alpha", 15, "1.10045", "1.09990 to 1.10030", seen.age_s, 5.0, False), seen
    assert ready.fire(mission).codes == ("ENTRY_MISSED",)
    ready.ticks(ENTRY, ENTRY + COLLAR)
    assert entry(ready, mission).missed_by_points == 0
    assert ready.fire(mission).state is ActState.ROUTED


def test_those_in_reach_stand_first_and_none_is_hidden(ready: Core) -> None:
    far, near = ready.mission(entry_points=ENTRY + 500), ready.mission()
    newest = ready.mission(entry_points=ENTRY - 500)
    assert [row.id for row in rows(ready)] == [near, newest, far]
    over = ready.mission(expires_ms=ready.market_ms + 2000)
    ready.ticks(ENTRY - 10, ENTRY, after_ms=3000)
    assert [row.id for row in rows(ready)] == [near, newest, far, over]
    assert [row.id for row in rows(ready, limit=2)] == [near, newest]
    assert rows(ready)[-1].entry_now is None


def test_an_old_quote_is_stale_and_without_one_nothing_is_known(ready: Core) -> None:
    mission = ready.mission()
    assert not entry(ready, mission).stale
    ready.engine.live.market_ms += 5001
    seen = entry(ready, mission)
    assert seen.stale and seen.age_s is not None and seen.age_s > seen.age_max_s == 5.0
    ready.link().quotes.clear()
    seen = entry(ready, mission)
    assert (seen.missed_by_points, seen.measured, seen.age_s, seen.stale) == (None, "unknown", None, True)
    assert "ENTRY_MISSED" in ready.fire(mission).codes


def test_who_has_no_account_is_told_nothing_of_it(ready: Core) -> None:
    ready.mission()
    assert rows(ready, who="uid:7")[0].entry_now is None


@pytest.mark.parametrize("kind", list(EntryType))
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("off", [-60, -21, -20, -1, 0, 1, 20, 21, 60])
def test_it_passes_where_the_market_has_come_back_by_so_many_points(
    ready: Core, kind: EntryType, side: Side, off: int
) -> None:
    """And not a point sooner."""
    _, number = parse(ready.mission(side=side, entry_type=kind), IdKind.MISSION)

    def by(price: int) -> int:
        ready.link().quotes["EURUSD"] = Quote(price, price, ready.market_ms, ready.now_ns)
        row = mission_views.mission_row(
            ready.state, ready.engine.live, ready.now_ns, ready.state.missions[number], BOSS
        )
        assert row.entry_now is not None and row.entry_now.missed_by_points is not None
        return row.entry_now.missed_by_points

    missed = by(ENTRY + off)
    if missed:
        back = next(back for back in (-missed, missed) if not by(ENTRY + off + back))
        assert by(ENTRY + off + back + (1 if back < 0 else -1)) == 1


def test_a_row_says_what_became_of_its_fires(core: Core) -> None:
    core.filled()
    (row,) = rows(core)
    assert (row.state, row.fires, row.fire_states) == ("ENGAGED", 1, ("FILLED",))
