"""Guards: warn once, trip once, latch one account, close what is ours once, and tell what stayed open."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from hydrad.domain.accounts import Authority
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.orders import ActKind, EntryType
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import changes
from hydrad.toc import guard_closes as g
from hydrad.toc import records as r
from hydrad.toc.act import ActState
from hydrad.toc.guard_limits import Guards
from hydrad.toc.guard_table import table
from hydrad.toc.limits import Limits
from hydrad.toc.records.base import Body
from hydrad.toc.state import Act
from hydrad.wire import calls
from tests.toc.conftest import ACCOUNT, Core

replace = msgspec.structs.replace
OFF = Guards(day_loss_warning_percent=Decimal(0), day_loss_limit_percent=Decimal(0),
             margin_level_warning_percent=Decimal(0))  # fmt: skip
FLATTEN = replace(
    OFF, day_loss_warning_percent=Decimal(64), day_loss_limit_percent=Decimal(80), day_loss_action="flatten"
)
LIMITS = Limits(open_risk_max_percent=Decimal(50), fires_per_minute_max=100)
TWO = (("t1", "alpha", 5001), ("t2", "beta", 5002))


def equity(core: Core, amount: int | str, terminal: str = "t1", **figures: object) -> list[Body]:
    """The account's next report: the balance stands, the rest is open profit."""
    return core.up(replace(ACCOUNT, equity=Decimal(amount), market_ms=core.market_ms, **figures), terminal)


def guarded(make: Callable[..., Core], guards: Guards = FLATTEN, **given: object) -> Core:
    core = make(guards=guards, **given)
    core.connect()
    return core


def closes(core: Core) -> list[Act]:
    return [act for act in core.state.acts.values() if act.kind is ActKind.CLOSE]


def kinds(bodies: list[Body]) -> list[str]:
    return [r.NAMES[type(body)] for body in bodies]


def gone(core: Core, fire: Act, close: Act) -> None:
    """The close was executed and its deal is booked."""
    core.done(close, deal_ticket=9000 + sequence_of(close.act_id))
    row = core.deal_row(9000 + sequence_of(close.act_id), 1000 + sequence_of(fire.act_id), magic=close.act_id)
    core.deals(row)


# --- levels ----------------------------------------------------------------------------------------------------


def test_the_default_stands_at_80_percent_of_the_outside_limit() -> None:
    rows = table(Guards(), LIMITS)
    assert (rows["day_loss"].warning, rows["day_loss"].limit) == (Decimal("1.92"), Decimal("2.4"))
    assert rows["day_loss"].action == "reducing" and set(rows) == {"day_loss", "margin_level"}


def test_a_tighter_limit_of_an_account_tightens_its_guard(make: Callable[..., Core]) -> None:
    core = guarded(make, replace(FLATTEN, day_loss_action="alarm"), terminals=TWO)
    core.connect("t2")
    assert core.ask(calls.AccountLimits("alpha", {"day_loss_max_percent": "1"})).problem is None
    equity(core, "9919")
    equity(core, "9919", "t2")
    assert [alarm.subject for alarm in core.state.alarms.values()] == ["alpha day_loss"]


def test_it_warns_once_trips_once_and_is_armed_again_well_below(make: Callable[..., Core]) -> None:
    core = guarded(make, replace(FLATTEN, day_loss_action="alarm"))
    assert kinds(equity(core, "9809")) == []
    assert "GUARD_WARNED" in kinds(equity(core, "9808"))
    assert kinds(equity(core, "9800")) == [] and core.alarms() == ["GUARD_WARNED"]
    assert "GUARD_TRIPPED" in kinds(equity(core, "9760"))
    assert core.alarms() == ["GUARD_TRIPPED"]
    for amount in ("9700", "9790", "9759", "9846.40"):  # 1.536 % is 80 % of the warning
        assert kinds(equity(core, amount)) == []
    assert "GUARD_CLEARED" in kinds(equity(core, "9846.41"))
    assert core.alarms() == [] and core.state.guards_standing == {}
    assert "GUARD_TRIPPED" in kinds(equity(core, "9700"))


def test_a_restart_begins_nothing_anew(make: Callable[..., Core]) -> None:
    core = guarded(make, replace(FLATTEN, day_loss_action="alarm"))
    equity(core, 9700)
    core.restart()
    core.hello()
    core.books(ready=False)
    equity(core, 9700)
    core.up(f.Ready())
    assert kinds(equity(core, 9690)) == [] and core.alarms() == ["GUARD_TRIPPED"]
    core.guards = OFF
    core.restart()
    assert "GUARD_TRIPPED" in core.alarms()  # what loosens waits
    core.now_ns += changes.LOOSEN_AFTER_NS
    core.clock()
    assert core.state.guards_standing == {} and "GUARD_TRIPPED" not in core.alarms()


@pytest.mark.parametrize(("action", "level"), [("reducing", Authority.REDUCING), ("halted", Authority.HALTED)])
def test_its_account_is_latched_and_no_other(make: Callable[..., Core], action: str, level: Authority) -> None:
    core = guarded(make, replace(FLATTEN, day_loss_action=action), terminals=TWO)
    core.connect("t2")
    fire = core.filled(account="alpha")
    equity(core, 9700)
    assert (core.state.accounts["alpha"].authority, core.state.accounts["beta"].authority) == (level, Authority.ACTIVE)
    assert core.state.authority is Authority.ACTIVE
    assert core.sent(f.Halt) == [f.Halt("guard")] and core.sent(f.Halt, "t2") == []
    assert closes(core) == [] and core.state.positions[fire.position].open
    written = next(x for x in core.records if x.type == "AUTHORITY_SET")
    assert (written.actor, r.decode(written.type, written.body).account) == ("guard", "alpha")  # type: ignore[attr-defined]


def test_it_never_loosens_a_latch(make: Callable[..., Core]) -> None:
    core = guarded(make, replace(FLATTEN, day_loss_action="reducing"))
    core.send(calls.Halt(account="alpha"))
    equity(core, 9700)
    assert core.state.accounts["alpha"].authority is Authority.HALTED


@pytest.mark.parametrize(
    ("guards", "figures"),
    [
        (replace(OFF, drawdown_start_limit_percent=Decimal(5)), {"amount": 9500}),
        (replace(OFF, drawdown_peak_limit_percent=Decimal(5)), {"amount": 9500}),
        (replace(OFF, margin_level_limit_percent=Decimal(150)), {"amount": 10000, "margin": Decimal("6666.67")}),
    ],
)
def test_every_figure_trips_its_guard(make: Callable[..., Core], guards: Guards, figures: dict[str, object]) -> None:
    core = guarded(make, guards)
    fire = core.filled()
    equity(core, 9999)
    assert closes(core) == []
    equity(core, **figures)  # type: ignore[arg-type]
    (close,) = closes(core)
    assert (close.position, close.actor, close.state) == (fire.position, "guard", ActState.ROUTED)


def test_the_peak_trails(make: Callable[..., Core]) -> None:
    core = guarded(make, replace(OFF, drawdown_peak_limit_percent=Decimal(5), drawdown_peak_action="alarm"))
    equity(core, 11000)
    core.wait(5_000)
    equity(core, 11000)
    assert core.state.accounts["alpha"].peak_equity == 11000
    equity(core, 10500)
    assert core.alarms() == []
    equity(core, 10450)
    assert core.alarms() == ["GUARD_TRIPPED"]


def test_open_risk_is_judged_by_the_positions_too(make: Callable[..., Core]) -> None:
    core = guarded(make, replace(OFF, open_risk_limit_percent=Decimal(1), open_risk_action="flatten"))
    fire = core.filled()
    core.up(f.Positions((core.position_row(fire),), core.market_ms, True, True))
    assert closes(core) == []
    moved = core.position_row(fire, stop_points=109_400)  # the owner moved it: 610 points at 22 steps
    core.up(f.Positions((moved,), core.market_ms, True, True))
    assert [close.position for close in closes(core)] == [fire.position]


def test_what_cannot_be_measured_changes_nothing(make: Callable[..., Core]) -> None:
    core = guarded(make)
    core.filled()
    equity(core, 0, balance=Decimal(0))
    core.beat(connected=False)
    equity(core, 5000)
    assert closes(core) == [] and core.state.guards_standing == {}


# --- time --------------------------------------------------------------------------------------------------------


def test_age_closes_that_position_alone(make: Callable[..., Core]) -> None:
    core = guarded(make, replace(OFF, age_warning_minutes=20, age_limit_minutes=30))
    old = core.filled()
    core.later(15 * 60_000)
    young = core.fire()
    core.done(young)
    core.deals(core.deal_row(1, 1000 + sequence_of(young.act_id), entry=0, magic=young.act_id))
    core.state.positions[young.position].opened_ms = core.market_ms
    core.later(6 * 60_000)
    core.clock()
    assert core.alarms() == ["GUARD_WARNED"] and closes(core) == []
    core.later(10 * 60_000)
    core.clock()
    (close,) = closes(core)
    assert close.position == old.position and core.state.accounts["alpha"].authority is Authority.ACTIVE
    gone(core, old, close)
    core.clock()
    assert "GUARD_TRIPPED" not in core.alarms()
    core.records.clear()  # the young one's time of opening was set by hand
    core.verify = lambda: None  # type: ignore[method-assign]


def test_the_weekend_closes_before_friday_ends(make: Callable[..., Core]) -> None:
    core = guarded(make, replace(OFF, weekend_warning_minutes=120, weekend_limit_minutes=60))
    fire = core.filled()
    to_friday = 2 * 86_400_000 + 9 * 3_600_000  # Wednesday 12:00 UTC; the week ends Friday 21:00
    core.later(to_friday - 121 * 60_000)
    core.clock()
    assert core.alarms() == []
    core.later(2 * 60_000)
    core.clock()
    assert core.alarms() == ["GUARD_WARNED"] and closes(core) == []
    core.later(60 * 60_000)
    core.clock()
    (close,) = closes(core)
    gone(core, fire, close)
    core.clock()
    assert core.state.guards_standing == {} and core.alarms() == []


def test_nothing_is_sent_into_a_closed_market(make: Callable[..., Core]) -> None:
    core = guarded(make, replace(OFF, weekend_limit_minutes=60, weekend_warning_minutes=60))
    core.filled()
    core.later(3 * 86_400_000)
    core.clock()
    assert closes(core) == []
    core.wait(11_000)
    assert core.alarms() == ["GUARD_TRIPPED", "GUARD_UNCLOSED"]


# --- flatten -----------------------------------------------------------------------------------------------------


def test_flatten_closes_ours_once_and_ends(make: Callable[..., Core]) -> None:
    core = guarded(make)
    fires = [core.filled(), core.filled()]
    rows = [core.position_row(fire) for fire in fires]
    stranger = core.position_row(fires[0], ticket=7, position_id=7, magic=0)
    core.up(f.Positions((*rows, stranger), core.market_ms, True, True))
    equity(core, 9700)
    made = closes(core)
    assert [close.position for close in made] == [fire.position for fire in fires]
    for close, fire in zip(made, fires, strict=True):
        assert close.order is not None and (close.order.volume_steps, close.order.volume_remaining_steps) == (22, 0)
        assert close.actor == "guard" and fire.state is ActState.CLOSING
    for _ in range(5):
        equity(core, 9600)
        core.clock(1_000)
    assert len(closes(core)) == 2 and len(core.sent(f.Close)) == 2
    for close, fire in zip(made, fires, strict=True):
        gone(core, fire, close)
    core.wait(20_000)
    assert core.alarms() == ["GUARD_TRIPPED"]
    assert not core.state.positions_open and len(closes(core)) == 2
    assert core.state.accounts["alpha"].authority is Authority.REDUCING


def test_unknown_is_waited_for_and_never_sent_again(make: Callable[..., Core]) -> None:
    core = guarded(make)
    core.filled()
    equity(core, 9700)
    (close,) = closes(core)
    core.wait(60_000, 1_000)
    assert close.state is ActState.UNKNOWN and len(closes(core)) == 1
    assert "ACT_UNKNOWN" in core.alarms()


def test_what_was_provably_not_done_is_tried_again_a_few_times(make: Callable[..., Core]) -> None:
    core = guarded(make)
    fire = core.filled()
    equity(core, 9700)
    for tries in range(1, g.ACTS_MAX + 1):
        assert len(closes(core)) == tries
        core.result(closes(core)[-1], RowState.REFUSED, retcode=10004)
        core.clock()
        assert "GUARD_UNCLOSED" in core.alarms() and fire.state is ActState.FILLED
        core.wait(60_000, 1_000)
    assert len(closes(core)) == g.ACTS_MAX
    equity(core, 10_000)
    assert core.alarms() == ["GUARD_TRIPPED", "GUARD_UNCLOSED"]  # not armed again while it is open
    core.deals(core.deal_row(9999, 1000 + sequence_of(fire.act_id), reason=4))
    core.clock()
    assert core.alarms() == ["GUARD_TRIPPED"]
    equity(core, "10019.80", balance=Decimal("10019.80"))
    assert core.alarms() == []


def test_a_part_is_followed_by_the_rest(make: Callable[..., Core]) -> None:
    core = guarded(make)
    fire = core.filled()
    equity(core, 9700)
    (first,) = closes(core)
    core.done(first, volume_steps=15, deal_ticket=901)
    core.deals(core.deal_row(901, 1000 + sequence_of(fire.act_id), magic=first.act_id, volume_steps=15))
    core.wait(6_000, 1_000)
    _, second = closes(core)
    assert second.order is not None and (second.order.volume_steps, second.order.volume_expected_steps) == (7, 7)


def test_a_fire_in_flight_when_it_trips_is_closed_when_it_fills(make: Callable[..., Core]) -> None:
    core = guarded(make)
    flying, waiting = core.fire(), core.fire()
    assert waiting.state is ActState.QUEUED
    equity(core, 9700)
    assert closes(core) == [] and waiting.state is ActState.DENIED
    core.done(flying)
    core.clock()
    assert [close.position for close in closes(core)] == [flying.position]


def test_what_is_fired_after_a_person_resumed_is_let_be(make: Callable[..., Core]) -> None:
    core = guarded(make)
    first = core.filled()
    equity(core, 9710)
    gone(core, first, closes(core)[0])
    core.send(calls.Resume(account="alpha"))
    core.up(f.Halted(False, "x"))
    second = core.filled()
    equity(core, 9710)
    core.wait(20_000, 1_000)
    assert len(closes(core)) == 1 and core.state.positions[second.position].open


def test_a_busy_position_is_waited_for_and_told(make: Callable[..., Core]) -> None:
    core = guarded(make)
    fire = core.filled()
    part = core.act(calls.Close(show(IdKind.POSITION, fire.position), part="50%"))
    equity(core, 9700)
    core.wait(7_000, 1_000)
    assert closes(core) == []
    core.result(part, RowState.REFUSED, retcode=10004)
    core.clock()
    assert [close.position for close in closes(core)] == [fire.position]


def test_a_resting_order_of_ours_is_cancelled(make: Callable[..., Core]) -> None:
    core = guarded(make, replace(FLATTEN, day_loss_action="cancel"))
    fire = core.fire()
    core.result(fire, RowState.WORKING, order_ticket=4711)
    assert fire.state is ActState.WORKING and fire.order is not None and fire.order.entry_type is EntryType.MARKET
    equity(core, 9700)
    equity(core, 9690)
    (cancel,) = core.sent(f.Cancel)
    assert cancel.order.ticket == 4711 and core.state.accounts["alpha"].authority is Authority.ACTIVE
    assert core.state.acts[cancel.act_id].actor == "guard"
