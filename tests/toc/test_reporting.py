"""The report's arithmetic against published values and properties; groups of a state; the preflight."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import MINUTE_MS
from hydrad.domain.signals import Outcome
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import preflight, reporting, reports
from hydrad.toc.reporting import Trade, uniqueness
from hydrad.toc.risk import CHECKS
from hydrad.toc.state import Act
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from tests.toc.conftest import BOSS, Core

# --- formulas -------------------------------------------------------------------------------------------


def trade(number: int, begin: int, end: int, symbol: str = "EURUSD", r_milli: int = 0) -> Trade:
    return Trade(number, symbol, begin, end, r_milli, r_milli > 0)


def test_wilson_as_published() -> None:
    """R. Newcombe, Statistics in Medicine 17, 1998, table I: 81/263 and 15/148, method 3."""
    for wins, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        found = reporting.wilson(wins / n, n)
        assert found.low == pytest.approx(low, abs=1e-4) and found.high == pytest.approx(high, abs=1e-4)


@pytest.mark.parametrize(
    ("df", "published"), [(1, 12.706), (2, 4.303), (4, 2.776), (5, 2.571), (9, 2.262), (29, 2.045), (120, 1.980)]
)
def test_students_quantile_as_published(df: int, published: float) -> None:
    assert reporting.t_quantile(df) == pytest.approx(published, rel=2e-3)


def test_needed_as_published() -> None:
    """A mean of half a standard deviation takes 31.4, so 32; of a fifth 196.2, so 197 (normal quantiles)."""
    for effect, n in ((0.5, 32), (0.2, 197), (-0.2, 197)):
        assert reporting.needed([effect - math.sqrt(0.5), effect + math.sqrt(0.5)]) == n  # deviation 1
    assert reporting.needed([1.0]) is None and reporting.needed([1.0, -1.0]) is None
    assert reporting.needed([0.5, 0.5]) is None


def test_one_after_another_counts_each_and_all_at_once_counts_one() -> None:
    apart = [trade(n, n * 10, n * 10 + 10) for n in range(5)]
    assert sum(uniqueness(apart)) == pytest.approx(5)
    together = [trade(n, 0, 10) for n in range(5)]
    assert uniqueness(together) == pytest.approx([0.2] * 5)
    assert sum(uniqueness([trade(0, 0, 10), trade(1, 5, 15)])) == pytest.approx(1.5)
    assert sum(uniqueness([trade(0, 0, 10), trade(1, 0, 10, "XAUUSD")])) == pytest.approx(2)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.sampled_from("AB")), max_size=30))
def test_uniqueness_is_a_share(lives: list[tuple[int, int, str]]) -> None:
    trades = [trade(n, begin, begin + length, symbol) for n, (begin, length, symbol) in enumerate(lives)]
    shares = uniqueness(trades)
    assert all(0 < share <= 1 + 1e-9 for share in shares)
    symbols = {t.symbol for t in trades}
    assert len(symbols) - 1e-9 <= sum(shares) <= len(trades) + 1e-9


@given(st.lists(st.integers(-3_000, 5_000), min_size=1, max_size=60))
def test_intervals_hold_their_value_and_stay_inside(rs: list[int]) -> None:
    trades = [trade(n, n * 10, n * 10 + 5, r_milli=r_milli) for n, r_milli in enumerate(rs)]
    side = reporting.side(trades, uniqueness(trades))
    rate, mean = side.win_rate, side.mean_r
    assert rate.value is not None and rate.low is not None and rate.high is not None and mean.value is not None
    assert 0 <= rate.low <= rate.value + 1e-4 and rate.value - 1e-4 <= rate.high <= 1
    if len(rs) > 1:
        assert mean.low is not None and mean.high is not None and mean.low <= mean.value <= mean.high
    else:
        assert mean.low is None


def test_fewer_independent_trades_widen_the_intervals() -> None:
    rs = [1000, -1000, 2000, -500]
    apart = [trade(n, n * 10, n * 10 + 10, r_milli=x) for n, x in enumerate(rs)]
    lapped = [trade(n, n * 2, n * 2 + 10, r_milli=x) for n, x in enumerate(rs)]
    wide, narrow = (reporting.side(trades, uniqueness(trades)) for trades in (lapped, apart))
    assert wide.n == narrow.n == 4 and wide.n_effective < narrow.n_effective
    assert wide.win_rate.low is not None and narrow.win_rate.low is not None
    assert wide.win_rate.low < narrow.win_rate.low


def test_nothing_says_nothing() -> None:
    side = reporting.side([], [])
    assert (side.n, side.win_rate, side.mean_r, side.n_needed) == (0, reporting.NOTHING, reporting.NOTHING, None)


def test_money_is_never_summed_across_currencies() -> None:
    made = [Trade(n, "X", 0, 1, 0, True, cur, Decimal("1.10")) for n, cur in enumerate(("USD", "EUR", "USD"))]
    assert reporting.money(made) == [("EUR", Decimal("1.10")), ("USD", Decimal("2.20"))]


# --- groups of a state ----------------------------------------------------------------------------------


def closed(core: Core, profit: str, **fields: object) -> Act:
    """A fire of ours, filled 2 points worse than its entry, and closed with so much."""
    act = core.fire(**fields)  # type: ignore[arg-type]
    assert act.order is not None
    core.done(act, price_points=act.order.entry_points + 2)
    position = core.state.positions[act.position]
    core.later(MINUTE_MS)
    number = max((ticket for p in core.state.positions.values() for ticket in p.deals), default=10_000)
    both = (
        core.deal_row(number + 1, position.position_id, entry=0, magic=act.act_id, volume_steps=position.volume_steps),
        core.deal_row(
            number + 2, position.position_id, volume_steps=position.volume_steps, profit=Decimal(profit), reason=5
        ),
    )
    core.deals(*both)
    assert not position.open
    return act


def ghosted(core: Core, r_milli: int) -> None:
    core.mission()
    number = max(core.state.missions)
    core.later(11 * MINUTE_MS)
    core.apex.next = [Outcome(number, "TARGET" if r_milli > 0 else "STOP", r_milli, core.market_ms)]
    core.later(1)


def test_the_ghosted_stand_beside_the_fired(core: Core) -> None:
    closed(core, "40.00")
    closed(core, "-20.00")
    ghosted(core, 2_000)
    core.filled()
    core.mission()
    core.later(11 * MINUTE_MS)
    data = reports.made(core.state, None, 0, reports.MAX_MS)
    (group,) = data.groups
    assert (group.group, group.fired.n, group.fired.wins, group.ghosted.n, group.ghosted.wins) == ("all", 2, 1, 1, 1)
    assert group.money[0].amount == "20.00" and group.money[0].currency == "USD"
    assert (group.slippage_mean, group.slippage_worst) == (2.0, 2)
    assert group.asked == 3 and (data.open, data.unended) == (1, 1)


def test_requotes_rejections_and_denials_are_counted(core: Core) -> None:
    for retcode in (10004, 10006, 10006):
        core.result(core.fire(), RowState.REFUSED, retcode=retcode)
    core.ask(calls.Halt(wait_s=0))
    core.fire()
    (group,) = reports.made(core.state, None, 0, reports.MAX_MS).groups
    assert (group.asked, group.denied, group.requotes, group.rejections) == (4, 1, 1, 2)


def test_every_key(core: Core) -> None:
    closed(core, "40.00")
    ghosted(core, -1_000)
    found = {by: [g.group for g in reports.made(core.state, by, 0, reports.MAX_MS).groups] for by in reports.BY}
    assert found == {
        "kind": ["RAPID_ASSAULT"],
        "session": ["LONDON"],
        "symbol": ["EURUSD"],
        "operator": ["commander", "none"],
        "account": ["alpha", "none"],
        "terminal": ["t1"],
        "detector": ["test"],
        "surface": ["none", "shell"],
        "tag": ["none"],
        "tcs": ["not calibrated"],
    }


def test_tags_of_a_position_its_fire_and_its_mission(core: Core) -> None:
    act = closed(core, "40.00")
    for kind, number, tag in (
        (IdKind.POSITION, act.position, "trend"),
        (IdKind.FIRE, act.position, "late"),
        (IdKind.MISSION, act.mission, "trend"),
    ):
        assert core.ask(calls.Note(show(kind, number), "x", tag)).problem is None
    groups = reports.made(core.state, "tag", 0, reports.MAX_MS).groups
    assert [(g.group, g.fired.n) for g in groups] == [("late", 1), ("trend", 1)]


def test_a_period_takes_what_was_closed_in_it(core: Core) -> None:
    closed(core, "40.00")
    border = core.market_ms + 1
    closed(core, "-20.00")
    early, late = (reports.made(core.state, None, *period).groups for period in ((0, border), (border, reports.MAX_MS)))
    assert [g.fired.wins for g in early] == [1] and [g.fired.wins for g in late] == [0]
    assert reports.made(core.state, None, 0, 1).groups == ()


def test_tcs_in_bands(core: Core) -> None:
    core.fire(core.mission(tcs=38))
    groups = reports.made(core.state, "tcs", 0, reports.MAX_MS).groups
    assert [g.group for g in groups] == ["30-39%"]


# --- preflight ------------------------------------------------------------------------------------------


def looked(core: Core, who: str = BOSS, symbol: str | None = None) -> dict[str, bool]:
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    data = preflight.made(turn, who, tuple(core.state.accounts.values()), symbol)
    assert data.ready is all(row.ok for row in data.rows) and not turn.records
    return {row.code: row.ok for row in data.rows}


def bad(rows: dict[str, bool]) -> set[str]:
    return {code for code, ok in rows.items() if not ok}


def test_ready_and_every_check_of_the_gate_that_needs_no_mission(core: Core) -> None:
    rows = looked(core)
    assert bad(rows) == set()
    assert set(rows) >= {reason.name for reason, _ in CHECKS if reason not in preflight.NEEDS_A_MISSION}
    assert {"ALARMS", "ACTS", "LANE", "FEED"} <= set(rows)


def test_what_would_stop_a_fire(core: Core) -> None:
    assert bad(looked(core, "uid:9")) == {"ROLE", "ASSIGNMENT", "POLICY"}
    core.mission()
    act = core.fire()
    assert bad(looked(core)) == {"LANE"}
    core.result(act, RowState.UNKNOWN)
    assert bad(looked(core)) == {"LANE", "ACTS", "ALARMS"}
    core.ask(calls.Ack(show(IdKind.ALARM, next(iter(core.state.alarms)))))
    assert bad(looked(core)) == {"LANE", "ACTS"}, "somebody is on it"
    core.done(act)
    core.ask(calls.Halt(wait_s=0))
    assert bad(looked(core)) == {"AUTHORITY"} and core.state.authority is Authority.HALTED


def test_a_silent_feed_and_an_old_quote(core: Core) -> None:
    core.market_ms += 200_000
    core.up(f.Ticks(core.market_ms, False, ()))
    assert bad(looked(core)) == {"FEED", "TICK_AGE"}


def test_a_terminal_that_is_not_there(core: Core) -> None:
    core.role("uid:2", Role.TRADER)
    core.restart()
    assert {"TERMINAL_LINK", "TERMS_UNKNOWN", "ACCOUNT_UNKNOWN", "FEED"} <= bad(looked(core, "uid:2"))


def test_a_symbol_that_nobody_has(core: Core) -> None:
    assert {"TERMS_UNKNOWN", "TICK_AGE"} <= bad(looked(core, symbol="NOSUCH"))


def test_a_home_without_accounts() -> None:
    core = Core(terminals=())
    assert bad(looked(core)) == {"ACCOUNTS"}
