"""Cash is neither profit nor loss, costs are; and the deals must explain the balance."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from hydrad.domain.actors import Role
from hydrad.domain.instants import DAY_MS
from hydrad.link import frames as f
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Timing
from hydrad.toc.records.base import Body
from hydrad.toc.state import Account
from hydrad.wire import calls
from tests.toc.conftest import ACCOUNT, BOSS, Core

replace = msgspec.structs.replace
SETTLE = Timing(settle_ms=2_000)


def figures(core: Core, balance: str, **more: Decimal) -> list[Body]:
    amount = Decimal(balance)
    return core.up(replace(ACCOUNT, balance=amount, **{"equity": amount, **more}))


def cash(core: Core, ticket: int, amount: str, kind: int = 2, **more: object) -> None:
    core.deals(core.deal_row(ticket, 0, symbol="", deal_type=kind, entry=0, profit=Decimal(amount), **more))


@pytest.fixture
def anchored(make: Callable[..., Core]) -> Core:
    """Balance 10000, explained."""
    core = make(timing=SETTLE, guards=Guards())
    core.connect()
    for _ in range(3):
        core.wait(1_000)
        figures(core, "10000")
    assert alpha(core).funds == 10000
    return core


def alpha(core: Core) -> Account:
    return core.state.accounts["alpha"]


@pytest.mark.parametrize(("kind", "external"), [(2, 1), (3, 1), (5, 1), (6, 1), (4, 0), (7, 0), (12, 0), (17, 0)])
def test_money_from_outside_moves_the_day_the_start_and_the_peak(anchored: Core, kind: int, external: int) -> None:
    cash(anchored, 50, "-400", kind)
    moved = -400 * external
    assert alpha(anchored).day_cash == moved
    assert (alpha(anchored).start_equity, alpha(anchored).peak_equity) == (10000 + moved, 10000 + moved)
    assert alpha(anchored).funds == 9600


def test_a_withdrawal_is_no_loss_and_no_drift(anchored: Core) -> None:
    cash(anchored, 50, "-5000")
    figures(anchored, "5000")
    for _ in range(5):
        anchored.wait(1_000)
        figures(anchored, "5000")
    assert anchored.alarms() == [] and anchored.state.guards_standing == {}
    row = anchored.state.accounts["alpha"]
    assert (row.day_equity, row.day_cash, row.peak_equity, row.drift) == (10000, -5000, 5000, 0)


def test_a_report_ahead_of_its_deal_trips_nothing(anchored: Core) -> None:
    figures(anchored, "5000")
    anchored.wait(1_000)
    figures(anchored, "5000")
    cash(anchored, 50, "-5000")
    figures(anchored, "5000")
    assert anchored.alarms() == [] and anchored.state.guards_standing == {}


def test_a_deposit_ahead_of_its_report_trips_nothing(anchored: Core) -> None:
    cash(anchored, 50, "5000")
    figures(anchored, "10000")  # read a moment before the deposit
    figures(anchored, "15000")
    assert anchored.alarms() == [] and alpha(anchored).peak_equity == 15000


def test_a_loss_that_no_deal_explains_trips_after_a_while(anchored: Core) -> None:
    """The difference has stood for long enough: whatever it is, the equity is that low."""
    figures(anchored, "9000")
    anchored.wait(5_000)
    figures(anchored, "9000")
    assert "GUARD_TRIPPED" in anchored.alarms()


def test_credit_is_equity_but_no_balance(anchored: Core) -> None:
    cash(anchored, 50, "1000", 3)
    figures(anchored, "10000", credit=Decimal(1000), equity=Decimal(11000))
    anchored.wait(3_000)
    figures(anchored, "10000", credit=Decimal(1000), equity=Decimal(11000))
    assert anchored.alarms() == [] and alpha(anchored).funds == 11000


def test_a_strangers_trade_explains_the_balance_too(anchored: Core) -> None:
    anchored.deals(anchored.deal_row(60, 7, magic=0, profit=Decimal(-20), commission=Decimal("-1.50")))
    assert alpha(anchored).funds == Decimal("9978.50") and alpha(anchored).day_cash == 0


def test_what_the_deals_do_not_explain_is_a_finding_once(anchored: Core) -> None:
    figures(anchored, "9990")
    anchored.wait(1_000)
    figures(anchored, "9990")
    assert anchored.alarms() == []
    for _ in range(4):
        anchored.wait(1_000)
        figures(anchored, "9990")
    assert anchored.alarms() == ["BALANCE_DRIFT"]
    assert [code.name for code in anchored.findings()] == ["BALANCE_DRIFT"]
    assert alpha(anchored).drift == -10
    anchored.restart()
    anchored.connect()
    figures(anchored, "9990")
    assert [code.name for code in anchored.findings()] == ["BALANCE_DRIFT"]
    cash(anchored, 70, "-10", 5)
    figures(anchored, "9990")
    assert anchored.alarms() == [] and alpha(anchored).drift == 0


# --- the trading day --------------------------------------------------------------------------------------------


def day(core: Core, zone: str, at: str, who: str = BOSS) -> str:
    """Asked for, and where it waits let be by a second commander."""
    problem = core.ask(calls.AccountDay("alpha", zone, at), who).problem
    if problem and problem.code == "PENDING":
        core.role("uid:77", Role.COMMANDER)
        problem = core.ask(calls.Approve(problem.facts["change"]), "uid:77").problem
    return problem.code if problem else ""


def test_the_day_turns_by_the_accounts_own_clock(core: Core) -> None:
    """Wednesday 12:00 UTC: midnight in Prague is at 22:00 UTC, 17:00 in New York at 21:00."""
    core.up(ACCOUNT)
    before = alpha(core).day
    assert day(core, "Europe/Prague", "00:00") == ""
    core.later(9 * 3_600_000 + 1)
    core.up(replace(ACCOUNT, equity=Decimal(9900)))
    assert alpha(core).day == before and alpha(core).day_equity == 10000
    core.later(3_600_000)
    core.up(replace(ACCOUNT, equity=Decimal(9900)))
    assert alpha(core).day == before + 1 and alpha(core).day_equity == 9900


def test_moving_the_clock_forgives_nothing(core: Core) -> None:
    core.up(ACCOUNT)
    assert day(core, "Pacific/Auckland", "12:30") == ""
    core.up(replace(ACCOUNT, equity=Decimal(9000)))
    assert alpha(core).day_equity == 10000
    core.later(DAY_MS)
    core.up(replace(ACCOUNT, equity=Decimal(9000)))
    assert alpha(core).day_equity == 9000


@pytest.mark.parametrize(
    ("zone", "at"), [("Mars/Olympus", "17:00"), ("Europe/Prague", "25:00"), ("Europe/Prague", "7:00"), ("UTC", "0700")]
)
def test_a_bad_clock_is_a_usage_error(core: Core, zone: str, at: str) -> None:
    assert day(core, zone, at) == "USAGE"
    assert (alpha(core).day_zone, alpha(core).day_minute) == ("America/New_York", 1020)


def test_only_a_commander_moves_it(core: Core) -> None:
    from hydrad.domain.actors import Role

    core.role("uid:7", Role.TRADER)
    assert day(core, "Europe/Prague", "00:00", "uid:7") == "FORBIDDEN"


def test_a_positions_report_with_old_figures_judges_no_equity(anchored: Core) -> None:
    cash(anchored, 50, "5000")
    anchored.up(f.Positions((), anchored.market_ms, True, True))
    assert anchored.alarms() == [] and alpha(anchored).peak_equity == 15000


def test_a_day_does_not_begin_with_money_whose_deal_is_on_its_way(anchored: Core) -> None:
    anchored.later(DAY_MS)
    before = alpha(anchored).day
    figures(anchored, "4000")
    assert alpha(anchored).day == before
    cash(anchored, 50, "-6000")
    figures(anchored, "4000")
    assert (alpha(anchored).day, alpha(anchored).day_equity, alpha(anchored).day_cash) == (before + 1, 4000, 0)
