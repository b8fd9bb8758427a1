"""Where parts that were made apart meet on one position: adopted ones with plans and repeats, closes of several
authors, stops on their way to a looser place, news and resting orders."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from hydrad.domain.accounts import HomeMode
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import DAY_MS, MS
from hydrad.domain.news import NewsEvent
from hydrad.domain.orders import ActKind, order_hash
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import exposure
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.act import ActState
from hydrad.toc.limits import Limits
from hydrad.toc.live import Quote
from hydrad.toc.state import Act, Position
from hydrad.toc.ticks import TICK_AHEAD_MS_MAX
from hydrad.wire import calls
from hydrad.wire.codes import Finding
from tests.toc.conftest import Core, ours
from tests.toc.test_agent_acts import close_of
from tests.toc.test_closing_verbs import STRANGER, adopt, made_by, problem, report
from tests.toc.test_guards import closes, equity, guarded

replace = msgspec.structs.replace


def adopted(core: Core) -> Act:
    report(core, replace(STRANGER, stop_points=110_300))
    _, (fire,) = adopt(core)
    return fire


def position_of(core: Core, fire: Act) -> Position:
    return core.state.positions[fire.position]


# --- adopted: a fire without a mission ------------------------------------------------------------------


def test_a_fire_by_hand_right_after_an_adoption_is_judged(core: Core) -> None:
    adopted(core)
    verb = calls.FireSymbol("EURUSD", "sell", "1.10300", "1.09500", plan="none", wait_s=0)
    _, (fire,) = made_by(core, verb)
    assert fire.checks and "LOOKS_REPEATED" not in fire.codes  # what was adopted was not fired


def test_an_adopted_position_takes_no_plan_and_says_why(core: Core) -> None:
    fire = adopted(core)
    number, (act,) = made_by(core, calls.PlanSet(show(IdKind.POSITION, fire.position), "default"))
    assert (act.state, act.codes) == (ActState.DENIED, ("PLAN",)) and problem(core, number) == "DENIED"
    assert core.sent(f.Plan) == []


# --- several authors of a close ------------------------------------------------------------------------


def test_a_guard_waits_for_the_deal_of_a_close_that_was_executed(make: Callable[..., Core]) -> None:
    core = guarded(make)
    fire = core.filled()
    _, (close,) = made_by(core, calls.Close(show(IdKind.POSITION, fire.position)))
    core.done(close)
    equity(core, 9700)  # its deal is still on its way: a second close could meet what was opened since
    assert closes(core) == [close]
    core.deals(core.deal_row(5, 1000 + sequence_of(fire.act_id), magic=close.act_id))
    equity(core, 9700)
    assert closes(core) == [close] and not position_of(core, fire).open


def test_a_guard_whose_close_was_taken_by_a_person_tells_when_no_deal_comes(make: Callable[..., Core]) -> None:
    core = guarded(make)
    fire = core.filled()
    _, (close,) = made_by(core, calls.Close(show(IdKind.POSITION, fire.position)))
    core.done(close)
    equity(core, 9700)
    core.wait(11_000)
    assert "GUARD_UNCLOSED" in core.alarms() and closes(core) == [close]


def test_a_deal_of_an_agents_earlier_move_says_nothing_about_the_next(core: Core) -> None:
    """The first move took 10 of 22; its deal is told after the second has begun."""
    fire = core.filled()
    first = close_of(fire)
    second = replace(first, volume_steps=12, volume_expected_steps=12)
    taken = {"order_ticket": 71, "deal_ticket": 70, "position_id": first.position_id, "volume_steps": 10}
    for order, move, state, facts in (
        (first, 0, RowState.JOURNALED, {"order": first}),
        (first, 0, RowState.DONE, taken),
        (second, 1, RowState.JOURNALED, {"order": second}),
    ):
        core.up(f.Result(core.t1.row(1, state, move=move, order_hash=order_hash(order), **facts)))
    core.deals(core.deal_row(70, first.position_id, magic=1, order_id=71, volume_steps=10))
    done, begun = [act for act in core.state.acts.values() if act.actor == "agent"]
    assert (done.state, begun.state) == (ActState.DONE, ActState.ACKED)
    assert position_of(core, fire).volume_steps == 12
    core.deals(core.deal_row(80, first.position_id, magic=1, order_id=81, volume_steps=12))
    assert begun.state is ActState.DONE and not position_of(core, fire).open


def test_an_agent_that_opens_by_itself_is_told_of_and_gets_no_position(core: Core) -> None:
    fire = core.filled()
    order = replace(ours(fire), position_id=0)
    rows = [core.t1.row(1, RowState.JOURNALED, order_hash=order_hash(order), order=order)]
    done = {"deal_ticket": 70, "position_id": 4242, "price_points": 110_010, "volume_steps": 22}
    rows.append(core.t1.row(1, RowState.DONE, order_hash=order_hash(order), **done))
    for row in rows:
        core.up(f.Result(row))
    assert list(core.state.positions) == [fire.position]
    assert Finding.ALIEN_ORDER in core.findings()


def test_flatten_that_must_leave_a_stranger_closes_nothing_and_says_so(core: Core) -> None:
    fire = core.filled()
    report(core, core.position_row(fire), replace(STRANGER, symbol="GBPUSD"))
    number, acts = made_by(core, calls.Flatten(account="alpha", foreign="alpha"))
    assert problem(core, number) == "DENIED" and acts == [] and core.sent(f.Close) == []


# --- I4 ------------------------------------------------------------------------------------------------


def test_a_stop_on_its_way_to_a_looser_place_is_counted_there(make: Callable[..., Core]) -> None:
    core = make(limits=Limits(open_risk_max_percent=Decimal("1.6"), risk_per_trade_max_percent=Decimal("5")))
    core.connect()
    fire = core.filled(volume="0.25")  # 200 points: 50.00, half a percent
    _, (modify,) = made_by(core, calls.Modify(show(IdKind.POSITION, fire.position), stop="1.09600"))
    assert modify.kind is ActKind.MODIFY and modify.state is ActState.ROUTED
    assert exposure.open_risk(core.state, core.engine.live, "alpha") == Decimal("102.50")
    assert "OPEN_RISK" in core.fire(risk="1.0%").codes
    core.result(modify, RowState.REFUSED, retcode=10016)
    assert exposure.open_risk(core.state, core.engine.live, "alpha") == Decimal("50.00")
    assert core.fire(risk="1.0%").state is ActState.ROUTED


def test_a_stop_on_its_way_to_a_tighter_place_is_counted_where_it_stands(core: Core) -> None:
    fire = core.filled(volume="0.25")
    made_by(core, calls.Modify(show(IdKind.POSITION, fire.position), stop="1.09900"))
    assert exposure.open_risk(core.state, core.engine.live, "alpha") == Decimal("50.00")


# --- news ----------------------------------------------------------------------------------------------


def near_news(core: Core, currency: str) -> None:
    event = NewsEvent(core.market_ms + 7 * 60_000, currency, "high", "CPI", "test")
    core.step(i.NewsTold(mode="file", as_of_ns=core.now_ns, events=(event,)))
    core.later(3 * 60_000)
    core.later(60_000)


def cancels(core: Core) -> list[Act]:
    return [act for act in core.state.acts.values() if act.kind is ActKind.CANCEL]


def test_the_window_of_news_cancels_resting_orders_of_ours_once(core: Core) -> None:
    fire = core.fire()
    core.result(fire, RowState.WORKING, order_ticket=4711)
    near_news(core, "JPY")
    assert cancels(core) == []
    near_news(core, "USD")
    (cancel,) = cancels(core)
    assert (cancel.state, cancel.actor, ours(cancel).ticket) == (ActState.ROUTED, "news", 4711)
    assert "CPI" in cancel.reason and core.sent(f.Cancel)[0].order.ticket == 4711


# --- what a broken terminal tells ---------------------------------------------------------------------


@pytest.mark.parametrize("time_ms", [-(1 << 60), 1 << 60, 253_402_300_800_000])
def test_a_tick_of_no_year_is_left_out_and_counted(core: Core, time_ms: int) -> None:
    before = core.link().quotes["EURUSD"]
    batch = f.SymbolTicks("EURUSD", (f.Tick(time_ms, 109_000, 109_010),))
    core.up(f.Ticks(core.market_ms, False, (batch,)))
    assert core.link().quotes["EURUSD"] == before
    core.clock(60_000)
    (told,) = [r.decode(x.type, x.body) for x in core.records if x.type == "TICKS_REJECTED"]
    assert isinstance(told, r.TicksRejected) and (told.symbol, told.reason, told.count) == ("EURUSD", "TIME", 1)


def test_a_live_tick_of_the_future_does_not_stand_before_those_that_follow(make: Callable[..., Core]) -> None:
    core = make(mode=HomeMode.REAL)
    core.hello(identity=replace(core.t1.identity("demo"), sim_broker=""))
    core.books()

    def tick(ahead_ms: int, bid: int) -> Quote | None:
        time_ms = core.now_ns // MS + ahead_ms
        batch = f.SymbolTicks("EURUSD", (f.Tick(time_ms, bid, bid + 10),))
        core.up(f.Ticks(time_ms, False, (batch,)))
        return core.link().quotes.get("EURUSD")

    assert tick(TICK_AHEAD_MS_MAX, 110_000).bid_points == 110_000
    assert tick(TICK_AHEAD_MS_MAX + 1, 120_000).bid_points == 110_000
    assert tick(3_600_000, 120_000).bid_points == 110_000
    core.wait(60_000)
    assert tick(0, 110_005).bid_points == 110_005
    (told,) = [r.decode(x.type, x.body) for x in core.records if x.type == "TICKS_REJECTED"]
    assert isinstance(told, r.TicksRejected) and (told.reason, told.count) == ("AHEAD", 2)


def test_a_simulated_tick_may_lead_by_a_step_of_its_market_and_no_more(core: Core) -> None:
    for ahead_ms, taken in ((DAY_MS, True), (DAY_MS + 1, False)):
        batch = f.SymbolTicks("EURUSD", (f.Tick(core.market_ms + ahead_ms, 109_000, 109_010),))
        core.link().quotes.clear()
        core.up(f.Ticks(core.market_ms, True, (batch,)))
        core.up(f.Ticks(core.market_ms, False, (batch,)))
        assert ("EURUSD" in core.link().quotes) is taken


# --- changes that wait --------------------------------------------------------------------------------


def test_a_limit_set_to_what_holds_drops_the_looser_one_that_waits(core: Core) -> None:
    core.ask(calls.AccountLimits("alpha", {"open_positions_max": "2"}))
    core.ask(calls.AccountLimits("alpha", {"open_positions_max": "4"}))
    assert len(core.state.changes) == 1
    core.ask(calls.AccountLimits("alpha", {"open_positions_max": "2"}))
    assert not core.state.changes and core.state.accounts["alpha"].limits == {"open_positions_max": "2"}


def test_what_a_removed_operator_asked_for_is_void(core: Core) -> None:
    core.role("uid:2", Role.COMMANDER)
    core.ask(calls.AccountLimits("alpha", {"open_positions_max": "2"}))
    core.ask(calls.AccountLimits("alpha", {"open_positions_max": "4"}), "uid:2")
    assert len(core.state.changes) == 1
    assert core.ask(calls.OperatorRemove("uid:2", "left")).problem is None
    assert not core.state.changes


# --- limits of people and looser stops ------------------------------------------------------------------


def trader(core: Core, **fields: object) -> None:
    core.ask(calls.PolicySet("small", ("paper",), risk_per_trade_max_percent="0.6"))
    core.ask(calls.OperatorAdd("eve", "trader", "uid:9", policy="small", **{"accounts": ("alpha",), **fields}))


def test_a_policy_holds_for_a_looser_stop_as_for_a_fire(make: Callable[..., Core]) -> None:
    core = make(limits=Limits(risk_per_trade_max_percent=Decimal(5), open_risk_max_percent=Decimal(50)))
    core.connect()
    trader(core)
    fire = core.filled(who="uid:9", volume="0.25")
    shown = show(IdKind.POSITION, fire.position)
    denied = core.act(calls.Modify(shown, stop="1.09600"), "uid:9")
    assert (denied.state, denied.codes) == (ActState.DENIED, ("POLICY",))
    assert core.act(calls.Modify(shown, stop="1.09790"), "uid:9").state is ActState.ROUTED


def test_who_was_not_given_an_account_tightens_there_and_loosens_nothing(core: Core) -> None:
    trader(core, accounts=())
    fire = core.filled(volume="0.10")
    shown = show(IdKind.POSITION, fire.position)
    denied = core.act(calls.Modify(shown, stop="1.09790"), "uid:9")
    assert (denied.state, denied.codes) == (ActState.DENIED, ("ASSIGNMENT",))
    assert core.act(calls.Modify(shown, stop="1.09890"), "uid:9").state is ActState.ROUTED


# --- two terminals of one account -----------------------------------------------------------------------


def test_an_act_on_a_position_goes_to_the_agent_that_has_its_plan(make: Callable[..., Core]) -> None:
    """One agent serializes a position's plan steps, its floor's closes and ours; two cannot."""
    core = make(terminals=(("t1", "alpha", 5001), ("t2", "alpha", 5001)))
    core.connect("t1")
    core.connect("t2")
    assert core.ask(calls.TerminalFailover("t2")).problem is None
    fire = core.filled()
    assert fire.terminal == "t2"
    shown = show(IdKind.POSITION, fire.position)
    assert core.act(calls.Modify(shown, stop="1.09900")).terminal == "t2"
    core.beat("t2", connected=False)
    assert core.act(calls.Close(shown)).terminal == "t1"  # without its trade server the other one is better
