"""What losses are counted from, corrected by a person: upwards at once, downwards by two or a day later."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from hydrad.domain.actors import Role
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits
from hydrad.toc.state import Account
from hydrad.wire import calls
from tests.toc.conftest import ACCOUNT, Core

ANN = "uid:1001"
DAY_NS = 86_400_000_000_000
OFF = Guards(
    **{name: 0 for name in Guards.__struct_fields__ if name.endswith("_minutes")},  # type: ignore[arg-type]
    **{name: Decimal(0) for name in Guards.__struct_fields__ if name.endswith("_percent")},  # type: ignore[arg-type]
)


def code(reply: Any) -> str:
    return reply.problem.code if reply.problem else ""


def alpha(core: Core) -> Account:
    return core.state.accounts["alpha"]


def bases(core: Core) -> tuple[Decimal | None, ...]:
    return (alpha(core).peak_equity, alpha(core).start_equity, alpha(core).day_equity)


def report(core: Core, equity: int, times: int = 1) -> None:
    for _ in range(times):
        core.wait(6_000)
        core.up(replace(ACCOUNT, balance=Decimal(equity), equity=Decimal(equity)))


@pytest.fixture
def begun(make: Callable[..., Core]) -> Core:
    """An account at 10,000 whose terminal has twice told of a million."""
    core = make(limits=Limits(open_risk_max_percent=Decimal(50), drawdown_max_percent=Decimal(5)))
    core.connect()
    report(core, 10_000, 2)
    report(core, 1_000_000, 2)
    report(core, 10_000)
    assert bases(core) == (1_000_000, 10_000, 10_000)
    return core


def correct(core: Core, reason: str = "the terminal told nonsense", **values: str) -> Any:
    return core.ask(calls.AccountCorrect("alpha", reason=reason, **values))


def test_a_wrong_first_report_is_set_right(make: Callable[..., Core]) -> None:
    core = make()
    core.connect()
    assert bases(core) == (10_000, 10_000, 10_000)
    correct(core, peak="9000", start="9000", day="9000")
    core.now_ns += DAY_NS
    core.clock()
    assert bases(core) == (9_000, 9_000, 9_000)


def test_a_wrong_peak_locks_no_account_for_ever(begun: Core) -> None:
    assert "DRAWDOWN" in begun.fire().codes
    begun.role(ANN, Role.COMMANDER)
    reply = correct(begun, peak="10100")
    assert code(reply) == "PENDING" and alpha(begun).peak_equity == 1_000_000
    assert "alpha: peak 1000000.00 -> 10100.00: the terminal told nonsense" in reply.problem.message
    assert code(begun.ask(calls.Approve(reply.problem.facts["change"]), ANN)) == ""
    assert bases(begun) == (10_100, 10_000, 10_000)
    begun.ticks(110_000, 110_010)
    assert begun.fire().codes == ()


def test_a_day_later_it_is_made_by_itself(begun: Core) -> None:
    correct(begun, peak="10100")
    begun.now_ns += DAY_NS
    begun.clock()
    assert alpha(begun).peak_equity == 10_100
    begun.restart()
    assert alpha(begun).peak_equity == 10_100


def test_what_tightens_holds_at_once_and_the_rest_waits(begun: Core) -> None:
    reply = correct(begun, peak="10100", start="12000", day="11000")
    assert code(reply) == "PENDING" and bases(begun) == (1_000_000, 12_000, 11_000)
    assert reply.data.peak == "1000000.00" and reply.data.start == "12000.00"
    reply = correct(begun, start="9000", day="9000")
    assert code(reply) == "PENDING" and len(begun.state.changes) == 1  # the newer one of the same subject
    begun.now_ns += DAY_NS
    begun.clock()
    assert bases(begun) == (1_000_000, 9_000, 9_000)


def test_what_is_otherwise_by_then_is_void(begun: Core) -> None:
    correct(begun, peak="10100")
    begun.deals(begun.deal_row(500, 0, deal_type=2, entry=0, profit=Decimal(500), symbol=""))
    begun.now_ns += DAY_NS
    begun.clock()
    assert alpha(begun).peak_equity == 1_000_500 and not begun.state.changes


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "USAGE"),
        ({"peak": "0"}, "USAGE"),
        ({"peak": "-1"}, "USAGE"),
        ({"peak": "x"}, "USAGE"),
        ({"peak": "10", "reason": " "}, "USAGE"),
    ],
)
def test_what_is_no_correction(begun: Core, values: dict[str, str], said: str) -> None:
    assert code(correct(begun, **values)) == said
    assert not begun.state.changes


def test_what_has_not_begun_is_not_corrected(make: Callable[..., Core]) -> None:
    core = make()
    assert code(correct(core, start="10000")) == code(correct(core, day="10000")) == "CONFLICT"
    assert code(correct(core, peak="10000")) == "CONFLICT"


def test_only_a_commander_corrects(begun: Core) -> None:
    begun.role(ANN, Role.APPROVER)
    assert code(begun.ask(calls.AccountCorrect("alpha", peak="10100", reason="x"), ANN)) == "FORBIDDEN"


def test_a_guard_that_a_wrong_figure_tripped_is_armed_again(make: Callable[..., Core]) -> None:
    core = make(guards=replace(OFF, drawdown_peak_limit_percent=Decimal(5), drawdown_peak_action="alarm"))
    core.connect()
    report(core, 10_000, 2)
    report(core, 1_000_000, 2)
    report(core, 10_000)
    assert "GUARD_TRIPPED" in core.alarms()
    correct(core, peak="10000")
    core.now_ns += DAY_NS
    core.clock()
    core.connect()
    report(core, 10_000)
    assert core.alarms() == []
