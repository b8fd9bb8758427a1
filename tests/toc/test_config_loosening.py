"""What loosens waits for another commander or a day: policies, an account's trading day, timing, plans, news."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hydrad.domain.actors import Actor, Role, Surface
from hydrad.toc import fold
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.config_loosening import tighter_timing
from hydrad.toc.limits import Timing
from hydrad.toc.record import Record
from hydrad.wire import calls
from tests.toc.conftest import ACCOUNT, BOSS, Core

ANN = "uid:1001"
DAY_NS = 86_400_000_000_000
ZONES = ("America/New_York", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/Prague")


def code(reply: Any) -> str:
    return reply.problem.code if reply.problem else ""


def subjects(core: Core) -> list[str]:
    return [change.subject for change in core.state.changes.values()]


# --- policies ---------------------------------------------------------------------------------------------


def small(core: Core) -> tuple[Any, ...]:
    policy = core.state.policies["small"]
    return (policy.kinds, policy.open_max, policy.fires_per_day_max, policy.risk_per_trade_max_percent)


def test_a_new_policy_and_a_tighter_one_hold_at_once(core: Core) -> None:
    assert code(core.ask(calls.PolicySet("small", ("paper", "demo"), open_max=3))) == ""
    assert code(core.ask(calls.PolicySet("small", ("paper",), open_max=2, risk_per_trade_max_percent="0.5"))) == ""
    assert small(core) == (("paper",), 2, None, Decimal("0.5"))


@pytest.mark.parametrize(
    "looser",
    [
        {"kinds": ("paper", "demo")},
        {"open_max": 3},
        {"open_max": None},
        {"fires_per_day_max": None},
        {"risk_per_trade_max_percent": None},
        {"risk_per_trade_max_percent": "0.6"},
    ],
)
def test_a_looser_policy_waits_with_what_is_tighter_in_it_at_once(core: Core, looser: dict[str, Any]) -> None:
    given: dict[str, Any] = {"open_max": 2, "fires_per_day_max": 4, "risk_per_trade_max_percent": "0.5"}
    core.ask(calls.PolicySet("small", ("paper",), **given))
    wanted = {"kinds": ("paper",), **given, "fires_per_day_max": 3, **looser}
    reply = core.ask(calls.PolicySet("small", **wanted))
    assert code(reply) == "PENDING"
    assert small(core) == (("paper",), 2, 3 if "fires_per_day_max" not in looser else 4, Decimal("0.5"))
    core.role(ANN, Role.COMMANDER)
    assert code(core.ask(calls.Approve(reply.problem.facts["change"]), ANN)) == ""
    percent = wanted["risk_per_trade_max_percent"]
    assert small(core) == (
        wanted["kinds"],
        wanted["open_max"],
        wanted["fires_per_day_max"],
        Decimal(percent) if percent else None,
    )


# --- the trading day --------------------------------------------------------------------------------------


def test_another_turn_of_the_day_waits_once_a_day_has_begun(core: Core) -> None:
    core.up(ACCOUNT)
    account = core.state.accounts["alpha"]
    before, equity = account.day, account.day_equity
    reply = core.ask(calls.AccountDay("alpha", "Pacific/Auckland", "00:00"))
    assert code(reply) == "PENDING" and account.day_zone == "America/New_York"
    assert (reply.data.zone, reply.data.at) == ("America/New_York", "17:00")
    core.now_ns += DAY_NS
    core.clock()
    assert account.day_zone == "Pacific/Auckland" and account.day_equity == equity
    core.connect()
    core.up(replace(ACCOUNT, equity=Decimal(9_000)))
    assert account.day >= before and account.day_equity == equity  # the day that runs keeps its first equity


def test_before_its_first_day_an_account_takes_any(make: Callable[..., Core]) -> None:
    core = make()
    assert code(core.ask(calls.AccountDay("alpha", "Europe/Prague", "00:00"))) == ""
    assert core.state.accounts["alpha"].day_zone == "Europe/Prague"


def told_at(core: Core, market_ms: int, equity: int) -> None:
    """What the account has at a market time."""
    core.later(market_ms - core.market_ms)
    core.beat()
    core.up(replace(ACCOUNT, equity=Decimal(equity)))


def turned(core: Core, at: str) -> None:
    """Another turn in New York, approved by a second commander."""
    reply = core.ask(calls.AccountDay("alpha", "America/New_York", at))
    assert code(core.ask(calls.Approve(reply.problem.facts["change"]), ANN)) == ""


def test_no_day_begins_twice_however_its_turn_is_moved(core: Core) -> None:
    """12:00 UTC is 08:00 in New York, whose day turns at 17:00."""
    core.role(ANN, Role.COMMANDER)
    account, minute = core.state.accounts["alpha"], 60_000
    eight = core.market_ms
    told_at(core, eight + minute, 10_000)
    day = account.day
    turned(core, "12:30")
    told_at(core, eight + 269 * minute, 9_000)
    assert (account.day, account.day_equity) == (day, 10_000)
    told_at(core, eight + 271 * minute, 9_000)
    assert (account.day, account.day_equity) == (day + 1, 9_000)  # sooner than it was to be, and for once
    for at in ("17:00", "13:00", "11:30", "13:30", "17:00"):
        turned(core, at)
        told_at(core, core.market_ms + 20 * minute, 8_000)
        assert (account.day, account.day_equity) == (day + 1, 9_000)
    told_at(core, eight + 10 * 60 * minute, 8_000)  # past 17:00
    assert (account.day, account.day_equity) == (day + 1, 9_000)
    told_at(core, eight + 34 * 60 * minute, 8_000)
    assert (account.day, account.day_equity) == (day + 2, 8_000)


@given(st.lists(st.tuples(st.sampled_from(ZONES), st.integers(0, 1439), st.integers(1, 300)), max_size=8))
def test_days_only_go_on(moves: list[tuple[str, int, int]]) -> None:
    core = Core()
    core.connect()
    core.role(ANN, Role.COMMANDER)
    told_at(core, core.market_ms + 1_000, 10_000)
    for zone, minute, wait in moves:
        reply = core.ask(calls.AccountDay("alpha", zone, f"{minute // 60:02}:{minute % 60:02}"))
        if reply.problem is not None:
            core.ask(calls.Approve(reply.problem.facts["change"]), ANN)
        told_at(core, core.market_ms + wait * 60_000, 9_000)
    days = [r.decode(one.type, one.body) for one in core.records if one.type == "DAY_STARTED"]
    numbers = [body.day for body in days if isinstance(body, r.DayStarted)]
    assert numbers == sorted(set(numbers))


def test_a_clock_that_had_run_ahead_does_not_stop_the_days(core: Core) -> None:
    told_at(core, core.market_ms + 60_000, 10_000)
    account = core.state.accounts["alpha"]
    body = r.DayStarted("alpha", account.day + 300, Decimal(10_000))
    record = Record(core.state.seq + 1, core.state.epoch, core.now_ns, 0, 0, BOSS, "", "DAY_STARTED", 1, r.encode(body))
    fold.apply(core.state, record)
    core.records.append(record)
    told_at(core, core.market_ms + 60_000, 9_000)
    assert account.day == body.day - 300 and account.day_equity == 9_000


# --- timing and plans -------------------------------------------------------------------------------------


def test_of_a_time_the_shorter_is_tighter_but_for_what_proves_absence() -> None:
    old = Timing()
    longer = Timing(**{name: getattr(old, name) * 2 for name in Timing.__struct_fields__})
    assert tighter_timing(old, longer) == replace(old, settle_ms=longer.settle_ms)
    assert tighter_timing(longer, old) == replace(old, settle_ms=longer.settle_ms)


def test_timing_that_a_reload_loosens_waits(core: Core) -> None:
    looser = replace(core.timing, stop_missing_ms=60_000, settle_ms=120_000, query_interval_ms=500)
    core.step(i.Configured(9, Actor(BOSS, Surface.SHELL), core.limits, looser))
    assert core.state.timing == replace(looser, stop_missing_ms=core.timing.stop_missing_ms)
    assert subjects(core) == ["timing of everything"]
    core.now_ns += DAY_NS
    core.clock()
    assert core.state.timing == looser and subjects(core) == []


def test_timing_that_a_restart_loosens_waits_and_is_void_when_it_is_taken_back(core: Core) -> None:
    before = core.timing
    core.timing = replace(before, alarm_repeat_ms=3_600_000)
    core.restart()
    assert core.state.timing == before and subjects(core) == ["timing of everything"]
    core.restart()
    assert len(subjects(core)) == 1
    core.timing = before
    core.restart()
    assert subjects(core) == []


def start(core: Core, plans: dict[str, str]) -> None:
    core.step(i.Started("inst", "0", "2024a", core.limits, core.timing, False, ("EURUSD",), plans=plans))


def test_a_named_plan_that_reads_otherwise_waits_and_a_new_name_does_not(core: Core) -> None:
    start(core, {"runner": "break-even 1R"})
    start(core, {"runner": "time stop", "other": "trail from 1R by 1R"})
    assert core.state.plans == {"runner": "break-even 1R", "other": "trail from 1R by 1R"}
    assert subjects(core) == ["named plans"]
    core.now_ns += DAY_NS
    core.clock()
    assert core.state.plans["runner"] == "time stop"
    start(core, {})
    assert core.state.plans == {} and subjects(core) == []


def test_a_plan_that_was_gone_in_between_is_no_new_one(core: Core) -> None:
    start(core, {"runner": "break-even 1R"})
    start(core, {})
    start(core, {"runner": "time stop", "other": "time stop"})
    assert core.state.plans == {"runner": "break-even 1R", "other": "time stop"}
    assert subjects(core) == ["named plans"]
    core.restart()  # whose configuration has none
    assert core.state.plans == {} and subjects(core) == []
    start(core, {"runner": "time stop"})
    assert core.state.plans == {"runner": "break-even 1R"}
    core.now_ns += DAY_NS
    core.clock()
    assert core.state.plans == {"runner": "time stop"}
    start(core, {})
    start(core, {"runner": "time stop"})
    assert core.state.plans == {"runner": "time stop"} and subjects(core) == []


# --- news -------------------------------------------------------------------------------------------------


def with_news(core: Core, mode: str) -> None:
    core.step(i.Started("inst", "0", "2024a", core.limits, core.timing, False, ("EURUSD",), news_mode=mode))
    core.connect()


def refused(core: Core) -> bool:
    core.beat()
    return "NEWS" in core.fire().codes


def test_news_that_a_restart_switches_off_hold_for_a_day_more(core: Core) -> None:
    with_news(core, "file")
    assert refused(core)
    with_news(core, "off")
    assert core.state.news_mode == "file" and subjects(core) == ["news"]
    core.step(i.NewsTold("off", core.now_ns, (), ""))  # the file is read on, and says nothing against it
    assert core.engine.live.news.mode == "file" and not refused(core)
    core.now_ns += DAY_NS
    core.clock()
    assert core.state.news_mode == core.engine.live.news.mode == "off" and subjects(core) == []
    with_news(core, "off")
    assert not refused(core) and subjects(core) == []
    with_news(core, "file")
    assert refused(core)


def test_news_that_are_switched_on_again_drop_the_wait(core: Core) -> None:
    with_news(core, "file")
    with_news(core, "off")
    with_news(core, "file")
    assert core.state.news_mode == "file" and subjects(core) == []
