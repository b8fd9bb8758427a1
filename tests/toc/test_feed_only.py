"""Agents that only feed: their quotes are taken, and nothing that trades is ever sent to them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from hydrad.domain.accounts import AccountKind, HomeMode
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.link import frames as f
from hydrad.toc import account_views, sources
from hydrad.toc import inputs as i
from hydrad.toc.act import ActState
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from tests.toc.conftest import ACCOUNT, BOSS, MARKET_MS, START_NS, Agent, Core

COMMANDS = (f.Fire, f.Close, f.Modify, f.Cancel, f.Plan, f.QueryHistory)


def enroll(core: Core, name: str = "live1", kind: str = "live") -> None:
    verb = calls.TerminalEnroll(name, "tide", 90_001, "Sim", kind=kind, symbols=("EURUSD",), feed_only=True)
    assert core.ask(verb, extra=f"key-{name}").problem is None
    core.agents[name] = Agent(name, "tide", 90_001)


def connect(core: Core, name: str = "live1", kind: str = "live") -> None:
    core.hello(name, identity=core.agents[name].identity(kind))
    core.books(name)
    core.beat(name)
    ticks = tuple(f.Tick(core.market_ms - ago_ms, 110_000, 110_010) for ago_ms in range(9_000, -1, -1_000))
    core.up(f.Ticks(core.market_ms, False, (f.SymbolTicks("EURUSD", ticks),)), name)


@pytest.fixture
def fed(core: Core) -> Core:
    """A paper home with an account, and an agent beside a live terminal that only feeds."""
    enroll(core)
    connect(core)
    return core


def turn_of(core: Core) -> Turn:
    return Turn(core.state, core.engine.live, core.now_ns, 0)


def test_it_may_join_a_paper_home_whatever_its_account_is(fed: Core) -> None:
    assert fed.link("live1").state.value == "READY"
    row = account_views.terminal_row(fed.state, fed.engine.live, fed.now_ns, "live1")
    assert row.feed_only and not fed.state.terminals["live1"].reduces
    plain = fed.ask(calls.TerminalEnroll("x", "other", 7, "Sim", kind="live"), extra="key")
    assert plain.problem is not None and plain.problem.message == "a paper home takes no live account"


def test_an_account_feeds_or_trades_and_never_both(fed: Core) -> None:
    again = calls.TerminalEnroll("live2", "tide", 90_001, "Sim", kind="live", symbols=("EURUSD",))
    assert fed.ask(replace(again, kind="paper"), extra="k").problem is not None
    other = calls.TerminalEnroll("t9", "alpha", 5001, "Sim", symbols=("EURUSD",), feed_only=True)
    assert fed.ask(other, extra="k").problem is not None


def test_its_quotes_are_seen_and_nothing_opens_there(fed: Core) -> None:
    assert fed.link("live1").quotes["EURUSD"].bid_points == 110_000
    act = fed.fire(account="tide")
    assert "TERMINAL_DUTY" in act.codes
    (check,) = [check for check in act.checks if check.code == "TERMINAL_DUTY"]
    assert check.measured == "it only gives quotes"


def test_all_accounts_are_all_that_trade(fed: Core) -> None:
    fed.send(calls.Fire(fed.mission(), all_accounts=True))
    assert {act.account for act in fed.state.acts.values()} == {"alpha"}
    assert [row.name for row in fed.state.traded()] == ["alpha"]


def test_what_its_owner_trades_there_is_not_looked_at(fed: Core) -> None:
    position = f.PositionRow(9, 9, "EURUSD", 0, 5, 110_000, 0, 0, 0, fed.market_ms, Decimal(0), Decimal(0), "")
    fed.up(f.Positions((position,), fed.market_ms, True, True), "live1")
    fed.up(replace(ACCOUNT, balance=Decimal(7), equity=Decimal(7)), "live1")
    fed.up(f.Deals((fed.deal_row(77, 9),), True), "live1")
    assert fed.state.foreign == {} and fed.findings() == []
    assert fed.link("live1").account is None
    assert fed.state.accounts["tide"].deals_after == 0 and fed.state.accounts["tide"].day_equity is None


def test_nothing_that_trades_is_sent_to_it(fed: Core) -> None:
    act = fed.filled()
    fed.send(calls.Flatten(wait_s=0.0))
    fed.send(calls.Reconcile(wait_s=0.0))
    fed.act(calls.PlanSet(show(IdKind.FIRE, sequence_of(act.act_id)), "none"))
    fed.wait(30_000, beat=("t1", "live1"))
    assert not [body for kind in COMMANDS for body in fed.sent(kind, "live1")]
    reply = fed.ask(calls.TerminalFailover("live1"))
    assert reply.problem is not None and reply.problem.code == "CONFLICT"


def test_a_halt_is_told_to_it_too(fed: Core) -> None:
    fed.send(calls.Halt(wait_s=0.0))
    assert fed.sent(f.Halt, "live1")


# --- a home on live quotes --------------------------------------------------------------------------------


@pytest.fixture
def on_live(make: Callable[..., Core]) -> Core:
    """A paper home that was made for live quotes: t1 is simulated, live1 feeds."""
    core = make()
    core.records.clear()
    core.engine = type(core.engine)(type(core.state)(), core.apex)
    core.market_ms = MARKET_MS
    core.start(i.HomeBirth(HomeMode.PAPER, 78, BOSS, live_feed=True))
    for name, login in (("t1", 5001),):
        verb = calls.TerminalEnroll(name, "alpha", login, "Sim", symbols=("EURUSD",))
        assert core.ask(verb, extra="key").problem is None
    enroll(core)
    core.market_ms = core.now_ns // 1_000_000
    core.connect("t1")
    connect(core)
    return core


def test_market_time_is_machine_time_there_for_ever(on_live: Core) -> None:
    assert on_live.state.live_feed and on_live.state.mode is HomeMode.PAPER
    on_live.now_ns += 5_000_000_000
    on_live.up(f.Ticks(MARKET_MS, False, ()), "t1")
    assert on_live.engine.live.market_ms == on_live.now_ns // 1_000_000 >= START_NS // 1_000_000
    on_live.restart()
    assert on_live.state.live_feed


def test_only_what_feeds_is_a_source_there(on_live: Core) -> None:
    assert sources.source(turn_of(on_live), "EURUSD") == "live1"
    on_live.up(f.Warn("IDENTITY_CHANGED", "x"), "live1")
    on_live.wait(11_000, beat=("t1",))
    assert sources.source(turn_of(on_live), "EURUSD") == ""


def test_in_any_other_home_it_is_one_source_among_others(fed: Core) -> None:
    assert sources.source(turn_of(fed), "EURUSD") == "t1"
    assert fed.fire().state is ActState.ROUTED
    assert fed.state.accounts["tide"].kind is AccountKind.LIVE
