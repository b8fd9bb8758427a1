"""Tightening is immediate, loosening waits for a second commander or a day: field by field, over reloads and restarts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.actors import Actor, Role, Surface
from hydrad.toc import changes, guard_loosening, housekeeping, views_crew
from hydrad.toc import inputs as i
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits, Timing
from hydrad.toc.loosening import loosened, tighter
from hydrad.wire import calls
from tests.toc.conftest import BOSS, Core

DAY_NS = changes.LOOSEN_AFTER_NS
percent = st.integers(1, 10_000).map(lambda n: Decimal(n) / 100)
limits = st.builds(
    Limits,
    open_risk_max_percent=percent,
    margin_level_min_percent=percent,
    open_positions_max=st.integers(0, 1000),
    spread_points_max=st.dictionaries(st.sampled_from(("EURUSD", "XAUUSD")), st.integers(0, 100)),
    currency=st.sampled_from(("USD", "EUR")),
    approval_lots=st.none() | percent,
    approval_below_role=st.sampled_from((None, "approver", "commander")),
    approval_alone=st.booleans(),
)


def replaced(of: Limits, **fields: Any) -> Limits:
    return msgspec.structs.replace(of, **fields)


# Which way is looser for every field that there is: a new one has to be thought about.
LOOSER: dict[str, tuple[Any, Any]] = {
    "currency": ("EUR", None),
    "risk_per_trade_percent": (Decimal("0.6"), Decimal("0.4")),
    "risk_per_trade_max_percent": (Decimal("1.1"), Decimal("0.9")),
    "open_risk_max_percent": (Decimal("3.1"), Decimal("2.9")),
    "day_loss_max_percent": (Decimal("3.1"), Decimal("2.9")),
    "open_positions_max": (6, 4),
    "resting_orders_max": (6, 4),
    "fires_per_minute_max": (7, 5),
    "spread_share_of_stop_max_percent": (Decimal("16"), Decimal("14")),
    "spread_points_max": ({"EURUSD": 21}, {"EURUSD": 19}),
    "tick_age_max_ms": (5001, 4999),
    "clock_offset_max_ms": (251, 249),
    "margin_level_min_percent": (Decimal("199"), Decimal("201")),
    "basis_share_of_stop_max_percent": (Decimal("11"), Decimal("9")),
    "opposite_positions": (True, None),
    "market_hours": ({"EURUSD": "x"}, None),
    "news_age_max_hours": (169, 167),
    "symbol_positions_max": (None, 1),
    "operator_positions_max": (None, 1),
    "fires_per_day_max": (None, 1),
    "cool_down_minutes": (None, 61),
    "currency_exposure_max_percent": (None, Decimal("1")),
    "correlated_exposure_max_percent": (None, Decimal("1")),
    "drawdown_max_percent": (None, Decimal("1")),
    "approval_risk_percent": (None, Decimal("0.4")),
    "approval_risk_money": (Decimal(501), Decimal(499)),
    "approval_lots": (Decimal("5.01"), Decimal("4.99")),
    "approval_day_risk_percent": (None, Decimal("0.9")),
    "approval_below_role": (None, "commander"),
    "approval_alone": (True, None),
}
BEFORE = Limits(
    spread_points_max={"EURUSD": 20},
    symbol_positions_max=2,
    operator_positions_max=2,
    fires_per_day_max=2,
    cool_down_minutes=60,
    currency_exposure_max_percent=Decimal("2"),
    correlated_exposure_max_percent=Decimal("2"),
    drawdown_max_percent=Decimal("2"),
    approval_risk_percent=Decimal("0.5"),
    approval_risk_money=Decimal(500),
    approval_lots=Decimal(5),
    approval_day_risk_percent=Decimal(1),
    approval_below_role="approver",
)


def test_every_field_is_known_here() -> None:
    assert set(LOOSER) == set(Limits.__struct_fields__)


@pytest.mark.parametrize("field", LOOSER)
def test_field_by_field(field: str) -> None:
    old = BEFORE
    looser, stricter = LOOSER[field]
    assert loosened(old, replaced(old, **{field: looser})) == (field,)
    assert tighter(old, replaced(old, **{field: looser})) == old
    if stricter is not None:
        new = replaced(old, **{field: stricter})
        assert loosened(old, new) == () and tighter(old, new) == new


def test_what_was_not_limited_and_a_switch_are_tightened_at_once() -> None:
    wide = Limits(opposite_positions=True)
    assert tighter(wide, BEFORE) == BEFORE and loosened(wide, BEFORE) == ()


def test_one_person_is_enough_at_once_where_nothing_had_to_be_approved() -> None:
    alone = Limits(approval_lots=Decimal(1), approval_alone=True)
    assert tighter(Limits(), alone) == alone and loosened(Limits(), alone) == ()
    two = replaced(alone, approval_alone=False)
    assert tighter(two, alone) == two and tighter(alone, two) == two
    assert loosened(replaced(two, approval_below_role="commander"), replaced(two, approval_below_role="approver"))


def test_a_limit_a_name() -> None:
    old = Limits(spread_points_max={"EURUSD": 20, "XAUUSD": 50})
    new = replaced(old, spread_points_max={"EURUSD": 10, "XAUUSD": 90, "GBPUSD": 5})
    assert tighter(old, new).spread_points_max == {"EURUSD": 10, "GBPUSD": 5, "XAUUSD": 50}
    assert loosened(old, replaced(old, spread_points_max={})) == ("spread_points_max",)


@given(limits, limits)
def test_what_holds_at_once_loosens_nothing_and_is_as_tight_as_was_asked(old: Limits, new: Limits) -> None:
    now = tighter(old, new)
    assert loosened(old, now) == ()
    same = msgspec.structs.replace(now, currency=new.currency)
    assert loosened(new, same) == ()
    assert (now == new) is (loosened(old, new) == ())
    assert tighter(now, new) == now


# --- in the core ----------------------------------------------------------------------------------------


def reload(core: Core, wanted: Limits, who: str = BOSS, timing: Timing | None = None) -> Any:
    core.step(i.Configured(99, Actor(who, Surface.SHELL), wanted, timing or core.timing))
    return core.replies[99]


def due_ns(core: Core) -> int:
    change = housekeeping.pending(core.state)
    assert change is not None
    return change.effective_ns


def test_a_looser_limit_takes_effect_a_day_later(core: Core) -> None:
    wanted = replaced(core.state.limits, open_positions_max=9, fires_per_minute_max=2)
    assert reload(core, wanted).problem is None
    assert (core.state.limits.open_positions_max, core.state.limits.fires_per_minute_max) == (5, 2)
    assert due_ns(core) == core.now_ns + DAY_NS
    core.now_ns = due_ns(core) - 1
    core.clock(0)
    assert core.state.limits.open_positions_max == 5
    core.now_ns += 1
    core.clock(0)
    assert core.state.limits == wanted and housekeeping.pending(core.state) is None


def test_the_gate_goes_by_what_holds(core: Core) -> None:
    reload(core, replaced(core.state.limits, risk_per_trade_max_percent=Decimal("0.1")))
    assert "RISK_PER_TRADE" in core.fire().codes
    reload(core, replaced(core.state.limits, risk_per_trade_max_percent=Decimal("50")))
    assert "RISK_PER_TRADE" in core.fire().codes


def test_the_same_again_is_no_change_and_a_way_back_drops_the_wait(core: Core) -> None:
    old = core.state.limits
    wanted = replaced(old, open_positions_max=9)
    reload(core, wanted)
    at_ns, count = due_ns(core), len(core.records)
    core.now_ns += 3_600_000_000_000
    reload(core, wanted)
    assert due_ns(core) == at_ns and len(core.records) == count
    reload(core, replaced(wanted, open_positions_max=8))
    assert due_ns(core) == core.now_ns + DAY_NS and len(core.state.changes) == 1
    reload(core, old)
    assert core.state.limits == old and not core.state.changes


def test_another_commander_may_approve_and_the_same_may_not(core: Core) -> None:
    core.role("uid:2", Role.COMMANDER)
    wanted = replaced(core.state.limits, open_positions_max=9)
    reload(core, wanted)
    change = housekeeping.pending(core.state)
    assert change is not None
    shown = changes.shown(change)
    problem = core.ask(calls.Approve(shown), BOSS).problem
    assert problem is not None and problem.code == "FORBIDDEN"
    assert core.ask(calls.Approve(shown), "uid:2").problem is None
    assert core.state.limits == wanted and not core.state.changes


def test_a_restart_is_no_way_around_and_nobody_approves_what_a_file_asked_for(core: Core) -> None:
    old = core.state.limits
    core.limits = replaced(old, open_positions_max=9)
    core.restart()
    assert core.state.limits == old
    at_ns = due_ns(core)
    change = housekeeping.pending(core.state)
    assert change is not None and change.text == "limits of everything: open_positions_max 5 -> 9"
    assert views_crew.change_row(core.state, change).approve == "by nobody: a file asked for it"
    core.now_ns += 3_600_000_000_000
    problem = core.ask(calls.Approve(changes.shown(change))).problem
    assert problem is not None and problem.code == "FORBIDDEN"
    core.restart()
    assert due_ns(core) == at_ns
    core.now_ns = at_ns + 1
    core.restart()
    core.clock()
    assert core.state.limits.open_positions_max == 9
    core.limits = replaced(old, open_positions_max=1)
    core.restart()
    assert core.state.limits.open_positions_max == 1


def test_timing_is_no_limit(core: Core) -> None:
    reload(core, core.state.limits, timing=Timing(act_deadline_ms=1000))
    assert core.state.timing.act_deadline_ms == 1000


def test_only_a_commander_configures(core: Core) -> None:
    core.role("uid:2", Role.APPROVER)
    answer = reload(core, replaced(core.state.limits, open_positions_max=1), "uid:2")
    assert answer.problem.code == "FORBIDDEN" and core.state.limits.open_positions_max == 5
    assert core.records[-1].type == "CALL_REFUSED"


# --- guards ---------------------------------------------------------------------------------------------

ON = Guards(
    **{name: 50 for name in Guards.__struct_fields__ if name.endswith("_minutes")},  # type: ignore[arg-type]
    **{name: Decimal(50) for name in Guards.__struct_fields__ if name.endswith("_percent")},  # type: ignore[arg-type]
    **{name: "reducing" for name in Guards.__struct_fields__ if name.endswith("_action")},  # type: ignore[arg-type]
)


@pytest.mark.parametrize("field", Guards.__struct_fields__)
def test_guards_field_by_field(field: str) -> None:
    acts = field.endswith("_action")
    kind = int if field.endswith("_minutes") else Decimal
    looser, stricter = ("cancel", "flatten") if acts else (kind(60), kind(40))
    if field.startswith(("margin_level", "weekend")) and not acts:
        looser, stricter = stricter, looser
    for value in (looser,) if acts else (looser, kind(0)):
        new = msgspec.structs.replace(ON, **{field: value})
        assert guard_loosening.loosened(ON, new) == (field,) and guard_loosening.tighter(ON, new) == ON
        assert guard_loosening.tighter(new, ON) == ON  # switched on: at once
    new = msgspec.structs.replace(ON, **{field: stricter})
    assert guard_loosening.loosened(ON, new) == () and guard_loosening.tighter(ON, new) == new


def test_to_latch_and_to_close_are_not_the_same() -> None:
    latch, close = (msgspec.structs.replace(ON, day_loss_action=action) for action in ("halted", "flatten"))
    assert guard_loosening.tighter(latch, close) == latch and guard_loosening.tighter(close, latch) == close


def test_a_restart_loosens_no_guard_before_its_time(make: Any) -> None:
    core: Core = make(guards=ON)
    core.guards = msgspec.structs.replace(ON, day_loss_limit_percent=Decimal(90), open_risk_limit_percent=Decimal(9))
    core.restart()
    held = core.state.guards
    assert held == msgspec.structs.replace(ON, open_risk_limit_percent=Decimal(9))
    change = guard_loosening.pending(core.state)
    assert change is not None and change.text == "guards of everything: day_loss_limit_percent 50 -> 90"
    due = change.effective_ns
    core.restart()
    assert [one.effective_ns for one in core.state.changes.values()] == [due]
    core.now_ns = due - 1
    core.clock(0)
    assert core.state.guards == held
    core.now_ns += 1
    core.clock(0)
    assert core.state.guards == core.guards and not core.state.changes
    core.restart()
    assert core.state.guards == core.guards and not core.state.changes


def test_a_guards_way_back_drops_the_wait(make: Any) -> None:
    core: Core = make(guards=ON)
    core.guards = msgspec.structs.replace(ON, day_loss_action="alarm")
    core.restart()
    assert core.state.changes and core.state.guards == ON
    core.guards = ON
    core.restart()
    assert not core.state.changes and core.state.guards == ON
