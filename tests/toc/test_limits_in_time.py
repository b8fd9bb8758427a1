"""What the gate remembers: repeats, fires of the day, losses, the peak; and what a fill or a refusal gives away."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hydrad.domain.actors import Role
from hydrad.domain.ids import sequence_of
from hydrad.domain.instants import ms_text
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import limiting, views_crew
from hydrad.toc import records as r
from hydrad.toc.act import ActState
from hydrad.toc.limits import Limits
from hydrad.toc.state import Act
from hydrad.wire import calls
from hydrad.wire.answers.people import RoomRow
from hydrad.wire.codes import Finding
from tests.toc.conftest import ACCOUNT, Core

replace = msgspec.structs.replace
MINUTE = 60_000
WIDE = Limits(open_risk_max_percent=Decimal(50), fires_per_minute_max=100, day_loss_max_percent=Decimal(90))


def by_hand(core: Core, who: str = "uid:1000", **fields: Any) -> Act:
    before = set(core.state.acts)
    core.send(calls.FireSymbol("EURUSD", "buy", "1.09800", **fields), who)
    (number,) = set(core.state.acts) - before
    return core.state.acts[number]


def with_limits(make: Callable[..., Core], **fields: Any) -> Core:
    core = make(limits=replace(WIDE, **fields))
    core.connect()
    return core


def room(core: Core) -> RoomRow:
    """What stands there of the account's day, as its page shows it."""
    (operator,) = core.state.operators.values()
    (row,) = views_crew.operator_row(core.state, operator, core.market_ms).room
    return row


# --- the price that was shown -----------------------------------------------------------------------------


def test_a_market_order_by_hand_is_filled_around_the_price_that_was_shown_or_not_at_all(core: Core) -> None:
    """The stop is 210 points away, the collar a tenth of that."""
    shown = core.ask(calls.FireSymbol("EURUSD", "buy", "1.09800", dry_run=True)).data.order.entry
    core.ticks(110_020, 110_030)
    near = by_hand(core, shown=shown, again=True)
    assert near.order is not None and near.state is ActState.ROUTED
    assert (near.order.entry_points, near.order.collar_points) == (110_010, 21)
    core.done(near)
    core.ticks(110_050, 110_060)
    assert by_hand(core, shown=shown, again=True).codes == ("ENTRY_MISSED",)
    assert by_hand(core, again=True).state is ActState.ROUTED  # nobody was shown a price


# --- repeats --------------------------------------------------------------------------------------------


def test_twice_by_hand_within_a_minute(core: Core) -> None:
    core.role("uid:2", Role.TRADER)
    first = by_hand(core)
    core.done(first)
    again = by_hand(core)
    assert again.codes == ("LOOKS_REPEATED",)
    assert "FILLED, 0 s ago" in next(c.measured for c in again.checks if c.code == "LOOKS_REPEATED")
    assert by_hand(core, "uid:2").state is ActState.ROUTED  # somebody else


def test_said_to_be_meant_also_at_its_turn_in_the_lane(core: Core) -> None:
    first = by_hand(core)
    second = by_hand(core, again=True)
    assert (first.state, second.state) == (ActState.ROUTED, ActState.QUEUED)
    core.done(first)
    assert second.state is ActState.ROUTED  # judged again there


def test_an_earlier_one_is_not_held_against_by_a_later_one(core: Core) -> None:
    core.fire()
    waits = by_hand(core, again=True)
    later = by_hand(core, again=True)
    assert {waits.state, later.state} == {ActState.QUEUED}
    core.result(next(iter(core.state.acts.values())), RowState.REFUSED, retcode=10006)
    assert waits.state is ActState.ROUTED


def test_machine_time_counts_and_what_came_to_nothing_does_not(core: Core) -> None:
    core.result(by_hand(core), RowState.REFUSED, retcode=10006)
    first = by_hand(core)
    core.done(first)
    core.wait(61_000, 1_000)
    assert by_hand(core).state is ActState.ROUTED


def test_a_mission_fired_twice_is_a_duplicate_not_a_repeat(core: Core) -> None:
    core.filled()
    assert core.fire().state is ActState.ROUTED


# --- the day, a loss, the peak --------------------------------------------------------------------------


def test_fires_of_a_day_are_counted_when_routed_and_begin_anew(make: Callable[..., Core]) -> None:
    core = with_limits(make, fires_per_day_max=2)
    core.result(core.fire(), RowState.REFUSED, retcode=10006)
    core.done(core.fire())
    assert core.fire().codes == ("FIRES_PER_DAY",)
    assert core.state.accounts["alpha"].day_fires == 2
    assert room(core) == RoomRow("alpha", 2, 2, 0, None)
    core.restart()
    core.connect()
    assert core.state.accounts["alpha"].day_fires == 2
    core.later(24 * 60 * MINUTE)
    core.up(ACCOUNT)
    core.beat()
    assert core.fire().state is ActState.ROUTED


def test_a_loss_cools_the_account_down(make: Callable[..., Core]) -> None:
    core = with_limits(make, cool_down_minutes=15)
    act = core.filled()
    lost_ms = core.market_ms
    core.deals(core.deal_row(70, 1000 + sequence_of(act.act_id), profit=Decimal("-12.00"), reason=4))
    assert core.state.accounts["alpha"].last_loss_ms == lost_ms
    assert core.fire().codes == ("COOL_DOWN",)
    assert room(core) == RoomRow("alpha", 1, None, None, ms_text(lost_ms + 15 * MINUTE, 0))
    core.later(15 * MINUTE)
    core.beat()
    assert room(core).cooling_until is None
    assert core.fire().state is ActState.ROUTED


def test_a_gain_does_not(make: Callable[..., Core]) -> None:
    core = with_limits(make, cool_down_minutes=15)
    act = core.filled()
    core.deals(core.deal_row(70, 1000 + sequence_of(act.act_id), profit=Decimal("12.00"), reason=5))
    assert core.fire().state is ActState.ROUTED


def figures(core: Core, equity: str) -> None:
    core.up(replace(ACCOUNT, balance=Decimal(equity), equity=Decimal(equity)))


def peaks(core: Core) -> list[Decimal]:
    found = [r.decode(record.type, record.body) for record in core.records if record.type == "EQUITY_PEAK"]
    return [body.equity for body in found if isinstance(body, r.EquityPeak)]


def test_the_peak_is_written_in_steps_and_survives(make: Callable[..., Core]) -> None:
    core = with_limits(make, drawdown_max_percent=Decimal(5))
    for equity in ("10000", "10009.99", "10010", "10010", "10015", "10015", "10500", "10500", "10499", "9976"):
        core.wait(5_000)
        figures(core, equity)
    core.ticks(110_000, 110_010)
    assert peaks(core) == [Decimal(10000), Decimal(10010), Decimal(10500)]
    assert core.fire().state is ActState.ROUTED  # 4.99 % below
    core.restart()
    core.connect()
    core.wait(60_000, 1_000)
    figures(core, "9975")
    assert "DRAWDOWN" in core.fire().codes


def test_one_wrong_report_makes_no_peak(make: Callable[..., Core]) -> None:
    core = with_limits(make, drawdown_max_percent=Decimal(5))
    for equity in ("1000000", "10000", "20000"):
        figures(core, equity)
        core.wait(6_000)
    figures(core, "10000")
    core.wait(6_000)
    figures(core, "10000")
    assert peaks(core) == [Decimal(10000)]


def test_a_peak_is_the_lowest_of_the_reports_that_confirm_it(make: Callable[..., Core]) -> None:
    core = with_limits(make, drawdown_max_percent=Decimal(5))
    for equity in ("1000000", "10200", "10300"):
        figures(core, equity)
        core.wait(3_000)
    assert peaks(core) == [Decimal(10000), Decimal(10200)]


def test_cash_moves_the_peak_and_is_no_drawdown(make: Callable[..., Core]) -> None:
    core = with_limits(make, drawdown_max_percent=Decimal(5))
    account = core.state.accounts["alpha"]
    core.deals(core.deal_row(500, 0, deal_type=2, entry=0, profit=Decimal("-2000"), symbol=""))
    figures(core, "8000")
    assert account.peak_equity == 8000
    assert core.fire().state is ActState.ROUTED
    core.deals(core.deal_row(501, 0, deal_type=2, entry=0, profit=Decimal("5000"), symbol=""))
    figures(core, "13000")
    assert account.peak_equity == 13000 and peaks(core) == [Decimal(10000)]


# --- after a fill ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("price", "found"), [(110_065, False), (110_066, True)])
def test_risk_after_the_fill(core: Core, price: int, found: bool) -> None:
    """48.40 were approved for 220 points from the worse edge; a quarter more are 275."""
    act = core.fire()
    assert act.risk_money == Decimal("48.40")
    core.done(act, price_points=price + 20)
    assert (Finding.RISK_AFTER_FILL in core.findings()) is found
    assert ("RISK_AFTER_FILL" in core.alarms()) is found
    core.deals(core.deal_row(70, 1000 + sequence_of(act.act_id)))
    assert "RISK_AFTER_FILL" not in core.alarms()


def test_a_fill_at_the_approved_price_is_silent(core: Core) -> None:
    core.filled()
    assert core.findings() == [] and core.alarms() == []


# --- the table of hours against the broker --------------------------------------------------------------


def test_market_closed_while_the_table_says_open(core: Core) -> None:
    act = core.fire()
    core.result(act, RowState.REFUSED, retcode=10018)
    assert core.findings() == [Finding.MARKET_HOURS] and core.alarms() == []


def test_another_refusal_says_nothing_of_hours(core: Core) -> None:
    core.result(core.fire(), RowState.REFUSED, retcode=10019)
    assert core.findings() == []


def test_ticks_while_the_table_says_closed_are_told_once_a_day(core: Core) -> None:
    to_saturday = 1_715_990_400_000 - core.market_ms  # Friday 20:00 in New York
    core.later(to_saturday)
    core.later(MINUTE)
    assert core.findings() == [Finding.MARKET_HOURS]
    core.later(24 * 60 * MINUTE)
    assert core.findings() == [Finding.MARKET_HOURS] * 2


def test_the_last_ticks_of_the_week_are_none(core: Core) -> None:
    core.later(1_715_979_600_000 + 4 * MINUTE - core.market_ms)  # Friday 17:04 in New York
    assert core.findings() == []


def test_an_override_is_the_table(make: Callable[..., Core]) -> None:
    core = with_limits(make, market_hours={"alpha/EURUSD": "always"})
    core.later(1_715_990_400_000 - core.market_ms)
    assert core.findings() == []
    core.beat()
    core.up(ACCOUNT)
    assert core.fire().state is ActState.ROUTED


# --- the seam -------------------------------------------------------------------------------------------


def test_limits_are_the_configurations_for_every_account_and_actor(core: Core) -> None:
    assert limiting.limits_for(core.state, "alpha", "uid:1") is core.state.limits


def test_frames_of_a_symbol_without_terms_do_no_harm(core: Core) -> None:
    batch = f.SymbolTicks("DE40", (f.Tick(core.market_ms, 1, 2),))
    core.up(f.Ticks(core.market_ms, False, (batch,)))
    assert core.findings() == []
