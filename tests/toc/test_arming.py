"""A live account is taken into use by two people, after what must be so is so; and out of it by anyone, at once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from hydrad.domain.accounts import HomeMode
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.link import frames as f
from hydrad.toc import crew, disarming
from hydrad.toc import inputs as i
from hydrad.toc.act import ActState
from hydrad.toc.arming import CHANNEL_TEST_AGE_MAX_NS, SELF_TEST_AGE_MAX_NS
from hydrad.toc.first_fires import FIRST_FIRES, first_fires_left
from hydrad.toc.limits import Limits
from hydrad.toc.service import ServiceState
from hydrad.toc.state import Account, Act
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from tests.toc.conftest import BOSS, Core
from tests.toc.test_closing_verbs import STRANGER

ANN, BOB = "uid:1001", "uid:1002"
FULL = Limits(
    open_risk_max_percent=Decimal(50),
    fires_per_minute_max=100,
    open_positions_max=50,
    symbol_positions_max=50,
    operator_positions_max=50,
    fires_per_day_max=100,
    cool_down_minutes=0,
    currency_exposure_max_percent=Decimal(10_000),
    correlated_exposure_max_percent=Decimal(10_000),
    drawdown_max_percent=Decimal(8),
)
DAY_NS = 86_400_000_000_000


def account(core: Core) -> Account:
    return core.state.accounts["live"]


def look(core: Core) -> Turn:
    return Turn(core.state, core.engine.live, core.now_ns, 0)


def told(core: Core, passed: bool = True, age_ns: int = DAY_NS, server: str = "Sim-Demo") -> None:
    """An agent tells of its newest self-test."""
    turn = look(core)
    disarming.self_test_told(turn, "t1", server, 4150, passed, core.now_ns - age_ns)
    core.records += turn.records


def drill(core: Core, confirm: bool = True, where: str | None = "live") -> Any:
    number = core.send(calls.Halt(where, drill=True))
    if confirm:
        core.now_ns += 3_000_000
        core.up(f.Halted(True, "drill"), "t2")
        core.up(f.Halted(False, "drill"), "t2")
    else:
        core.wait(3_000, beat=("t1", "t2"))
    return core.replies[number]


def conditions(core: Core) -> dict[str, bool]:
    reply = core.ask(calls.AccountArm("live", dry_run=True))
    return {row.name: row.ok for row in reply.data.conditions}


@pytest.fixture
def live(make: Callable[..., Core]) -> Core:
    """A real home with a demo account and a live one that is READY, and with nothing of what arming needs but limits."""
    core = make(mode=HomeMode.REAL, limits=FULL, channels=("email",))
    verb = calls.TerminalEnroll("t2", "live", 7001, "Sim-Live", kind="live", symbols=("EURUSD",))
    assert core.ask(verb, extra="key-t2").problem is None
    core.agents["t2"] = type(core.t1)("t2", "live", 7001)
    core.restart()
    core.now_ns += 3 * DAY_NS  # a Wednesday
    core.market_ms = core.now_ns // 1_000_000
    core.connect("t1")
    identity = replace(core.agents["t2"].identity("live"), server="Sim-Live")
    core.hello("t2", identity=identity)
    core.books("t2")
    core.beat("t2")
    ticks = tuple(f.Tick(core.market_ms - ago_ms, 110_000, 110_010) for ago_ms in range(9_000, -1, -1_000))
    core.up(f.Ticks(core.market_ms, False, (f.SymbolTicks("EURUSD", ticks),)), "t2")
    return core


def shot(core: Core, **fields: Any) -> Act:
    """A fire on the live account, of a mission that is seconds old."""
    core.now_ns += 2_000_000_000
    core.market_ms = core.now_ns // 1_000_000 - 1_000
    mission = core.mission("t1")
    core.later(1, "t2")
    core.beat("t2")
    return core.fire(mission, account="live", **fields)


@pytest.fixture
def ready(live: Core) -> Core:
    """Everything that arming needs."""
    told(live)
    drill(live)
    assert live.ask(calls.OperatorAdd("bob", "trader", BOB)).problem is None
    assert live.ask(calls.OperatorLink("bob", "telegram:42")).problem is None
    for name in ("bot", "channels"):
        live.step(i.ServiceReported(name, ServiceState.RUNNING, "x"))
    channel_tested(live)
    live.role(ANN, Role.COMMANDER)
    return live


def channel_tested(core: Core, address: str = "boss@example.org") -> None:
    """A letter went to the commander by e-mail, and its code came back."""
    assert core.ask(calls.OperatorContact("commander", "email", address)).problem is None
    assert core.ask(calls.ChannelTest("email"), extra=crew.digest_of("CODE-1")).problem is None
    assert core.ask(calls.ChannelConfirm(crew.digest_of("CODE-1"))).problem is None


def armed(core: Core) -> Core:
    reply = core.ask(calls.AccountArm("live"))
    assert reply.problem is not None and reply.problem.code == "PENDING", reply.problem
    assert core.ask(calls.Approve(reply.problem.facts["change"]), ANN).problem is None
    return core


# --- conditions -------------------------------------------------------------------------------------------


def channel_row(core: Core) -> tuple[bool, str]:
    reply = core.ask(calls.AccountArm("live", dry_run=True))
    return next((row.ok, row.measured) for row in reply.data.conditions if row.name == "ALARM_CHANNEL")


def test_a_second_channel_counts_while_its_test_holds(ready: Core) -> None:
    ok, measured = channel_row(ready)
    assert ok and "email tested by commander 0.0 ms ago" in measured and "on call: commander, bob" in measured
    assert ready.ask(calls.OperatorContact("commander", "email", "other@example.org")).problem is None
    assert channel_row(ready)[0] is False, "what was tested is another address"
    channel_tested(ready, "other@example.org")
    assert channel_row(ready)[0]
    ready.step(i.ChannelReported("email", "connection refused"))
    ready.wait(61_000, every_ms=1_000, beat=("t1", "t2"))
    assert channel_row(ready) == (False, channel_row(ready)[1]) and "DOWN" in channel_row(ready)[1]
    ready.step(i.ChannelReported("email", ""))
    assert channel_row(ready)[0]
    ready.now_ns += CHANNEL_TEST_AGE_MAX_NS
    ok, measured = channel_row(ready)
    assert not ok and "too long ago" in measured


def test_a_tester_who_is_suspended_or_a_channel_that_is_gone_does_not_count(ready: Core) -> None:
    assert ready.ask(calls.OperatorSuspend("commander"), BOB).problem is None
    assert conditions_of(ready, ANN)["ALARM_CHANNEL"] is False
    ready.channels = ()
    ready.restart()
    assert conditions_of(ready, ANN)["ALARM_CHANNEL"] is False


def test_with_neither_bot_nor_hud_nobody_is_reached(ready: Core) -> None:
    ready.step(i.ServiceReported("hud", ServiceState.FATAL, "x"))
    assert channel_row(ready)[0], "the bot reaches bob"
    ready.step(i.ServiceReported("bot", ServiceState.FATAL, "x"))
    assert channel_row(ready)[0] is False


def conditions_of(core: Core, who: str) -> dict[str, bool]:
    reply = core.ask(calls.AccountArm("live", dry_run=True), who)
    return {row.name: row.ok for row in reply.data.conditions}


def test_each_condition_is_shown_with_what_was_measured_and_what_it_needs(live: Core) -> None:
    reply = live.ask(calls.AccountArm("live"))
    assert reply.problem is not None and reply.problem.code == "CONFLICT"
    assert reply.problem.facts["unmet"] == ["SELF_TEST", "ALARM_CHANNEL", "HALT_DRILL"]
    rows = {row.name: row for row in reply.data.conditions}
    assert rows["TERMINAL"].measured == "t2 READY, ACTIVE, 7001@Sim-Live build 1"
    assert rows["SELF_TEST"].measured == "no report of this broker was told"
    assert rows["ALARM_CHANNEL"].measured == (
        "email never tested; bot starting, linked: nobody; hud starting; on call: commander"
    )
    assert rows["TWO_PEOPLE"].measured == "one commander: approved by the same, 10 m 00 s later"
    assert live.state.changes == {}


@pytest.mark.parametrize(
    ("made", "ok"),
    [
        ({}, True),
        ({"passed": False}, False),
        ({"age_ns": SELF_TEST_AGE_MAX_NS + 1}, False),
        ({"server": "Other-Demo"}, False),
        ({"server": "sim-demo2"}, True),
    ],
)
def test_a_self_test_counts_when_it_passed_lately_at_this_broker(live: Core, made: dict[str, Any], ok: bool) -> None:
    told(live, **made)
    assert conditions(live)["SELF_TEST"] is ok


def test_the_newest_report_of_the_broker_decides(live: Core) -> None:
    told(live)
    told(live, passed=False, age_ns=2 * DAY_NS, server="Sim-Demo2")
    assert conditions(live)["SELF_TEST"]
    told(live, passed=False, age_ns=1, server="Sim-Demo2")
    assert not conditions(live)["SELF_TEST"]


def test_only_live_accounts_are_armed(live: Core) -> None:
    problem = live.ask(calls.AccountArm("alpha")).problem
    assert problem is not None and problem.code == "USAGE"


# --- the halt drill ---------------------------------------------------------------------------------------


def test_a_drill_latches_measures_and_takes_back_what_it_did(live: Core) -> None:
    number = live.send(calls.Halt("live", drill=True))
    assert account(live).authority.name == "HALTED" and live.sent(f.Halt, "t2") and not live.sent(f.Halt, "t1")
    live.now_ns += 3_000_000
    live.up(f.Halted(True, "drill"), "t2")
    data = live.replies[number].data
    assert (data.drill, data.authority, data.terminals[0].detail) == (True, "ACTIVE", "HALTED in its ledger, 3 ms")
    assert account(live).drill == (("t2", 3),) and live.sent(f.Resume, "t2")
    assert conditions(live)["HALT_DRILL"]
    live.now_ns += 8 * DAY_NS
    assert not conditions(live)["HALT_DRILL"]


def test_a_drill_that_is_not_confirmed_says_so_and_leaves_what_was(live: Core) -> None:
    reply = drill(live, confirm=False)
    assert reply.problem is not None and reply.problem.code == "PARTLY"
    assert account(live).authority.name == "ACTIVE" and account(live).drill == (("t2", None),)
    assert not conditions(live)["HALT_DRILL"]


def test_a_drill_never_opens_what_somebody_has_closed(live: Core) -> None:
    live.send(calls.Halt("live", drill=True))
    live.send(calls.Halt("live", reason="in earnest"), ANN if live.state.operator(ANN) else BOSS)
    live.up(f.Halted(True, "both"), "t2")
    live.wait(3_000, beat=("t1", "t2"))
    assert account(live).authority.name == "HALTED"


def test_a_drill_of_what_is_halted_measures_and_opens_nothing(live: Core) -> None:
    live.send(calls.Halt(wait_s=0.0))
    drill(live, where=None, confirm=False)
    assert live.state.authority.name == "HALTED"


def test_a_daemon_that_dies_in_a_drill_stays_halted(live: Core) -> None:
    live.send(calls.Halt("live", drill=True))
    live.restart()
    live.wait(3_000, beat=())
    assert account(live).authority.name == "HALTED"


def test_a_drill_is_refused_where_it_would_cost_something(core: Core) -> None:
    act = core.fire()
    reply = core.ask(calls.Halt(drill=True))
    assert reply.problem is not None and show(IdKind.FIRE, sequence_of(act.act_id)) in reply.problem.message
    assert core.state.authority.name == "ACTIVE"


def test_a_drill_releases_no_agent_that_is_halted_by_itself(live: Core) -> None:
    live.up(f.Halted(True, "a person on its host"), "t2")
    assert live.alarms() == ["AGENT_HALTED"]
    reply = live.ask(calls.Halt("live", drill=True))
    assert reply.problem is not None and reply.problem.code == "CONFLICT" and "t2" in reply.problem.message
    assert not live.sent(f.Resume, "t2") and account(live).authority.name == "ACTIVE"
    assert live.alarms() == ["AGENT_HALTED"]


@pytest.mark.parametrize("halted", [True, False])
def test_an_agent_that_comes_halted_into_a_drill_is_not_released_by_it(live: Core, halted: bool) -> None:
    live.restart()
    live.connect("t1")
    live.send(calls.Halt("live", drill=True))
    identity = replace(live.agents["t2"].identity("live"), server="Sim-Live")
    live.hello("t2", identity=identity, halted=halted)
    live.books("t2")
    live.up(f.Halted(True, "its ledger"), "t2")
    live.wait(3_000, beat=("t1", "t2"))
    assert account(live).authority.name == "ACTIVE"
    assert (bool(live.sent(f.Resume, "t2")), "AGENT_HALTED" in live.alarms()) == (not halted, halted)


def test_one_drill_at_a_time(live: Core) -> None:
    live.send(calls.Halt("live", drill=True))
    reply = live.ask(calls.Halt("live", drill=True))
    assert reply.problem is not None and reply.problem.code == "CONFLICT"


# --- two people -------------------------------------------------------------------------------------------


def test_a_second_person_arms_it(ready: Core) -> None:
    assert shot(ready).codes == ("LIMIT_UNSET",)
    reply = ready.ask(calls.AccountArm("live"))
    assert reply.problem is not None and reply.problem.code == "PENDING"
    change = reply.problem.facts["change"]
    assert ready.ask(calls.Approve(change)).problem.code == "FORBIDDEN"  # type: ignore[union-attr]
    assert not account(ready).armed
    assert ready.ask(calls.Approve(change), ANN).problem is None
    assert account(ready).armed
    assert ready.ask(calls.AccountArm("live")).problem.message == "live is armed already"  # type: ignore[union-attr]


def test_everything_is_looked_at_again_at_the_second_persons_word(ready: Core) -> None:
    change = ready.ask(calls.AccountArm("live")).problem.facts["change"]  # type: ignore[union-attr]
    ready.step(i.ServiceReported("bot", ServiceState.BACKING_OFF, "x"))
    problem = ready.ask(calls.Approve(change), ANN).problem
    assert problem is not None and problem.message == "not armed: ALARM_CHANNEL"
    assert not account(ready).armed


def test_a_commander_alone_waits_ten_minutes(ready: Core) -> None:
    ready.ask(calls.OperatorRole(ready.state.operator(ANN).name, "viewer"))  # type: ignore[union-attr]
    change = next(iter(ready.state.changes.values()))
    ready.now_ns += DAY_NS
    ready.clock()
    assert change.number not in ready.state.changes
    ready.ask(calls.AccountArm("live"))
    reply = ready.ask(calls.AccountArm("live"))
    assert reply.problem is not None
    if reply.problem.code == "PENDING":
        shown = reply.problem.facts["change"]
        assert ready.ask(calls.Approve(shown)).problem.code == "FORBIDDEN"  # type: ignore[union-attr]


# --- the first fires --------------------------------------------------------------------------------------


def test_the_first_ten_fills_use_the_least_volume(ready: Core) -> None:
    armed(ready)
    for number in range(FIRST_FIRES):
        assert first_fires_left(account(ready)) == FIRST_FIRES - number
        act = shot(ready)
        assert act.state is ActState.ROUTED and act.order is not None, act.codes
        assert act.order.volume_steps == 1
        ready.done(act)
    act = shot(ready)
    assert act.order is not None and act.order.volume_steps > 1


def test_a_volume_that_was_named_is_never_made_smaller(ready: Core) -> None:
    armed(ready)
    act = shot(ready, volume="0.02")
    assert act.codes == ("FIRST_FIRES",)
    (check,) = [check for check in act.checks if check.code == "FIRST_FIRES"]
    assert (check.measured, check.limit) == ("0 done, 0.02", "the least volume for the first 10 fills")
    assert shot(ready, volume="0.01").state is ActState.ROUTED


def test_a_position_that_was_adopted_is_no_fill(ready: Core) -> None:
    armed(ready)
    row = replace(STRANGER, stop_points=110_300)
    ready.up(f.Positions((row,), ready.market_ms, True, True), "t2")
    ready.send(calls.Adopt(row.ticket, "live", "1.10300"))
    assert len(ready.state.positions_open) == 1
    assert first_fires_left(account(ready)) == FIRST_FIRES


# --- its end ----------------------------------------------------------------------------------------------


def test_anyone_who_may_halt_disarms_at_once(ready: Core) -> None:
    armed(ready)
    assert ready.ask(calls.AccountDisarm("live", "no"), BOB).problem is None
    assert "LIMIT_UNSET" in shot(ready).codes
    assert ready.ask(calls.AccountDisarm("live"), BOB).problem is None
    assert [record.type for record in ready.records].count("ACCOUNT_DISARMED") == 1


def test_another_account_behind_the_terminal_disarms(ready: Core) -> None:
    armed(ready)
    ready.up(f.Warn("IDENTITY_CHANGED", "after act 7"), "t2")
    assert not account(ready).armed


def test_a_self_test_that_fails_disarms_the_broker(ready: Core) -> None:
    armed(ready)
    told(ready, passed=False, age_ns=0)
    assert not account(ready).armed


def test_what_waits_to_arm_is_void_when_somebody_disarms(ready: Core) -> None:
    change = ready.ask(calls.AccountArm("live")).problem.facts["change"]  # type: ignore[union-attr]
    ready.ask(calls.AccountDisarm("live"), BOB)
    assert ready.ask(calls.Approve(change), ANN).problem.code == "NOT_FOUND"  # type: ignore[union-attr]
