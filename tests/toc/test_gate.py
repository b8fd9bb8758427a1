"""Every check of the gate denies by itself, and has a twin that just passes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hydrad.domain.accounts import AccountKind, Authority
from hydrad.domain.actors import Role
from hydrad.domain.instants import HOUR, SECOND
from hydrad.domain.news import NewsEvent
from hydrad.domain.orders import EntryType, Side
from hydrad.link import frames as f
from hydrad.toc import limit_table, numbering, risk
from hydrad.toc import records as r
from hydrad.toc.act import ActState
from hydrad.toc.gate import market, terminal
from hydrad.toc.limits import Limits
from hydrad.toc.live import News
from hydrad.toc.mids import Mids
from hydrad.toc.mission import MissionState
from hydrad.toc.state import Policy, Terminal
from hydrad.toc.terminal import Duty, LinkState
from hydrad.wire import calls
from hydrad.wire.codes import Reason
from tests.toc.conftest import ACCOUNT, BOSS, SIGNAL, TERMS, Core

replace = msgspec.structs.replace
Change = Callable[[Core, risk.Ask], risk.Ask]


def ask(core: Core, **overrides: Any) -> risk.Ask:
    signal = replace(SIGNAL, expires_ms=core.market_ms + 600_000, horizon_ms=core.market_ms + 7_200_000)
    plain = {
        "signal": signal,
        "mission_number": 0,
        "mission_state": MissionState.PROPOSED,
        "account": core.state.accounts["alpha"],
        "role": Role.TRADER,
        "plan": "default",
        "volume_steps": 0,
        "risk_percent": None,
        "act_id": 77 << 38 | 999,
        "actor": BOSS,
        "source": "t1",
    }
    return risk.Ask(**{**plain, **overrides})


def denied(core: Core, question: risk.Ask) -> tuple[str, ...]:
    return risk.judge(core.state, core.engine.live, core.now_ns, question).codes


def with_signal(question: risk.Ask, **fields: Any) -> risk.Ask:
    question.signal = replace(question.signal, **fields)
    return question


def with_terms(core: Core, **fields: Any) -> None:
    core.link().terms["EURUSD"] = replace(TERMS, **fields)


def with_limits(core: Core, **fields: Any) -> None:
    core.state.limits = replace(core.state.limits, **fields)


def with_account(core: Core, **fields: Any) -> None:
    core.link().account = replace(ACCOUNT, **fields)


def with_quote(core: Core, bid: int, ask_points: int) -> None:
    core.ticks(bid, ask_points)


def authority(core: Core, level: Authority) -> None:
    core.state.authority = level


def market_at(core: Core, ms: int) -> None:
    core.engine.live.market_ms = ms
    quote = core.link().quotes["EURUSD"]
    quote.time_ms = ms


def foreign(core: Core, **fields: Any) -> None:
    row = f.PositionRow(9, 9, "EURUSD", 0, 10, 110_000, 109_000, 0, 0, 0, Decimal(0), Decimal(0), "")
    core.link().positions = {9: replace(row, **fields)}
    core.link().positions_ns = core.now_ns


def routed(core: Core, count: int) -> None:
    core.state.routed_ms["alpha"] = [core.market_ms] * count


def given(core: Core, *accounts: str) -> None:
    core.state.operators["commander"].accounts = accounts


def under(core: Core, **limits: Any) -> None:
    core.state.policies["test"] = Policy("test", (AccountKind.PAPER,), **limits)
    core.state.operators["commander"].policy = "test"


SATURDAY_MS = 1_715_990_400_000  # 2024-05-18 00:00 UTC, Friday 20:00 in New York: closed
ROLLOVER_MS = 1_715_806_200_000 + 0  # 2024-05-15 20:50 UTC, ten minutes before 17:00 New York


def _do(*steps: Callable[[Core], Any]) -> Change:
    def change(core: Core, question: risk.Ask) -> risk.Ask:
        for step in steps:
            step(core)
        return question

    return change


def _signal(**fields: Any) -> Change:
    return lambda core, question: with_signal(question, **fields)


def _ask(**fields: Any) -> Change:
    def change(core: Core, question: risk.Ask) -> risk.Ask:
        for name, value in fields.items():
            setattr(question, name, value)
        return question

    return change


def _resting(*steps: Callable[[Core], Any], kind: EntryType = EntryType.LIMIT, **fields: Any) -> Change:
    """A BUY that waits at 109 900 (LIMIT) or at 110 120 (STOP), while the ask is 110 010."""
    entry = 109_900 if kind is EntryType.LIMIT else 110_120
    levels = {"entry_points": entry, "stop_points": entry - 200, "target_points": entry + 400, "collar_points": 0}

    def change(core: Core, question: risk.Ask) -> risk.Ask:
        _do(*steps)(core, question)
        return with_signal(question, **{"entry_type": kind, **levels, **fields})

    return change


def _expires_in(ms: int) -> Change:
    return lambda core, question: with_signal(question, expires_ms=core.market_ms + ms)


def fired_mission(executed: bool) -> Change:
    """The question is about a mission that was fired before, by another act."""

    def change(core: Core, question: risk.Ask) -> risk.Ask:
        act = core.fire()
        core.done(act) if executed else core.result(act, f.RowState.REFUSED, retcode=10004)
        question.mission_number = act.mission
        return question

    return change


def repeated(after_ns: int, **fields: Any) -> Change:
    """By hand, so long after a fire of the same symbol and side."""

    def change(core: Core, question: risk.Ask) -> risk.Ask:
        act = core.filled()
        core.beat()
        core.now_ns = act.requested_ns + after_ns
        core.link().measured_ns = core.now_ns
        question.act_id, question.by_hand = numbering.new_act_id(core.state), True
        for name, value in fields.items():
            setattr(question, name, value)
        return question

    return change


def another_feed(points: int, **limits: Any) -> Change:
    """The mission came from another account's terminal, whose quotes stand lower by so many points."""

    def change(core: Core, question: risk.Ask) -> risk.Ask:
        with_limits(core, **limits)
        core.state.terminals["t2"] = Terminal("t2", "bravo", "key", ("EURUSD",), 1)
        other = core.link("t2")
        other.through_ms = core.link().through_ms
        other.mids["EURUSD"] = Mids()
        for ms, total in core.link().mids["EURUSD"].samples:
            other.mids["EURUSD"].add(ms, total - 2 * points)
        question.source = "t2"
        return question

    return change


def lost(ago_ms: int) -> Callable[[Core], None]:
    def change(core: Core) -> None:
        with_limits(core, cool_down_minutes=15)
        core.state.accounts["alpha"].last_loss_ms = core.market_ms - ago_ms

    return change


def live_account(core: Core, **limits: Any) -> None:
    core.state.accounts["alpha"].kind = AccountKind.LIVE
    core.state.accounts["alpha"].armed = True
    with_limits(core, **(ALL_SET | limits))


def news_at(core: Core, in_ms: int, currency: str = "USD", impact: str = "high", age_h: int = 0) -> None:
    event = NewsEvent(core.market_ms + in_ms, currency, impact, "CPI")
    core.engine.live.news = News("file", (event,), core.now_ns - age_h * HOUR, "")


def _at_market(ms: int) -> Change:
    def change(core: Core, question: risk.Ask) -> risk.Ask:
        market_at(core, ms)
        return with_signal(question, expires_ms=ms + 60_000, horizon_ms=ms + 90_000)

    return change


ALL_SET: dict[str, Any] = {
    "symbol_positions_max": 5, "operator_positions_max": 5, "fires_per_day_max": 50, "cool_down_minutes": 0,
    "currency_exposure_max_percent": Decimal(1000), "correlated_exposure_max_percent": Decimal(1000),
    "drawdown_max_percent": Decimal(10),
}  # fmt: skip

# Reason, what is denied by it alone, and what just passes it.
CASES: list[tuple[Reason, Change, Change]] = [
    (Reason.AUTHORITY, _do(lambda c: authority(c, Authority.REDUCING)), _do(lambda c: authority(c, Authority.ACTIVE))),
    (Reason.ROLE, _ask(role=Role.VIEWER), _ask(role=Role.TRADER)),
    (Reason.ASSIGNMENT, _do(lambda c: given(c, "beta")), _do(lambda c: given(c, "alpha"))),
    (Reason.POLICY, _do(lambda c: under(c, open_max=0)), _do(lambda c: under(c, open_max=1))),
    (Reason.MISSION_STATE, _ask(mission_state=MissionState.WITHDRAWN), _ask(mission_state=MissionState.ENGAGED)),
    (Reason.MISSION_EXPIRED, _expires_in(0), _expires_in(1)),
    (
        Reason.TERMINAL_LINK,
        _do(lambda c: setattr(c.link(), "state", LinkState.DEGRADED)),
        _do(lambda c: setattr(c.link(), "state", LinkState.READY)),
    ),
    (
        Reason.TERMINAL_DUTY,
        _do(lambda c: setattr(c.state.terminals["t1"], "duty", Duty.DRAINING)),
        _do(lambda c: setattr(c.state.terminals["t1"], "duty", Duty.ACTIVE)),
    ),
    (
        Reason.CLOCK_OFFSET,
        _do(lambda c: setattr(c.link(), "offset_ns", 250_000_001)),
        _do(lambda c: setattr(c.link(), "offset_ns", -249_999_999)),
    ),
    (Reason.BROKER_CLOCK, _do(lambda c: c.beat(offset_ms=None)), _do(lambda c: c.beat(offset_ms=0))),
    (
        Reason.TRADING_OFF,
        _do(lambda c: setattr(c.link(), "beat", replace(c.link().beat, trade_allowed=False))),
        _do(lambda c: c.beat(trade_allowed=True)),
    ),
    (
        Reason.SYMBOL_TRADE_MODE,
        _do(lambda c: with_terms(c, trade_mode=market.SHORT_ONLY)),
        _do(lambda c: with_terms(c, trade_mode=market.LONG_ONLY)),
    ),
    (
        Reason.TICK_AGE,
        _do(lambda c: setattr(c.link().quotes["EURUSD"], "time_ms", c.market_ms - 5_001)),
        _do(lambda c: setattr(c.link().quotes["EURUSD"], "time_ms", c.market_ms - 5_000)),
    ),
    (
        Reason.SPREAD,  # 31 of 211 points to the stop is 14.7 %, 32 of 212 is 15.1 %
        _do(lambda c: with_quote(c, 109_990, 110_022)),
        _do(lambda c: with_quote(c, 109_990, 110_021)),
    ),
    (
        Reason.ENTRY_MISSED,
        _do(lambda c: with_quote(c, 110_021, 110_031)),
        _do(lambda c: with_quote(c, 110_020, 110_030)),
    ),
    (Reason.PRICE_SIDE, _signal(target_points=109_890), _signal(target_points=110_012)),
    (
        Reason.STOPS_LEVEL,
        _do(lambda c: with_terms(c, stops_level_points=191)),
        _do(lambda c: with_terms(c, stops_level_points=190)),
    ),
    (
        Reason.ORDER_TYPE,
        _resting(lambda c: with_terms(c, order_flags=127 - 2)),
        _resting(lambda c: with_terms(c, order_flags=2, expiration_flags=4)),
    ),
    (
        Reason.RESTING_ORDERS,
        _resting(lambda c: with_limits(c, resting_orders_max=0)),
        _resting(lambda c: with_limits(c, resting_orders_max=1)),
    ),
    (
        Reason.SIZE,
        _do(lambda c: with_terms(c, volume_min_steps=23)),
        _do(lambda c: with_terms(c, volume_min_steps=22)),
    ),
    (
        Reason.VOLUME_LIMITS,
        _do(lambda c: with_terms(c, volume_max_steps=21)),
        _do(lambda c: with_terms(c, volume_max_steps=22, volume_limit_steps=22)),
    ),
    (
        Reason.OPEN_POSITIONS,
        _do(foreign, lambda c: with_limits(c, open_positions_max=1)),
        _do(foreign, lambda c: with_limits(c, open_positions_max=2)),
    ),
    (Reason.PLAN, _ask(plan="gone"), _ask(plan="none")),
    (Reason.FIRES_PER_MINUTE, _do(lambda c: routed(c, 100)), _do(lambda c: routed(c, 99))),
    (
        Reason.RISK_PER_TRADE,  # 46 steps at 2.20 are 101.20 of 10000
        _ask(volume_steps=46),
        _ask(volume_steps=45),
    ),
    (
        Reason.OPEN_RISK,  # 10 steps that lose 1000 points hold 100; this fire adds 48.40
        _do(foreign, lambda c: with_limits(c, open_risk_max_percent=Decimal("1.483"))),
        _do(foreign, lambda c: with_limits(c, open_risk_max_percent=Decimal("1.484"))),
    ),
    (
        Reason.DAY_LOSS,
        _do(lambda c: with_account(c, equity=Decimal("9700"))),
        _do(lambda c: with_account(c, equity=Decimal("9700.01"))),
    ),
    (
        Reason.MARGIN,  # 22 steps need 242 at 1100 a lot
        _do(lambda c: with_account(c, margin=Decimal("4758.01"))),
        _do(lambda c: with_account(c, margin=Decimal("4758"))),
    ),
    (Reason.DUPLICATE, fired_mission(True), fired_mission(False)),
    (Reason.LOOKS_REPEATED, repeated(60 * SECOND), repeated(60 * SECOND + 1)),
    (Reason.MARKET_HOURS, _at_market(ROLLOVER_MS), _at_market(ROLLOVER_MS - 1)),
    (Reason.NEWS, _do(lambda c: news_at(c, 300_000)), _do(lambda c: news_at(c, 300_001))),
    (
        Reason.BASIS,  # 5 % of 200 points to the stop
        another_feed(11, basis_share_of_stop_max_percent=Decimal(5)),
        another_feed(10, basis_share_of_stop_max_percent=Decimal(5)),
    ),
    (
        Reason.SYMBOL_POSITIONS,
        _do(foreign, lambda c: with_limits(c, symbol_positions_max=1)),
        _do(foreign, lambda c: with_limits(c, symbol_positions_max=2)),
    ),
    (
        Reason.OPERATOR_POSITIONS,
        _do(lambda c: c.filled(), lambda c: with_limits(c, operator_positions_max=1)),
        _do(lambda c: c.filled(), lambda c: with_limits(c, operator_positions_max=2)),
    ),
    (
        Reason.OPPOSITE_POSITION,
        _do(lambda c: foreign(c, side=int(Side.SELL), stop_points=111_000)),
        _do(lambda c: foreign(c, side=int(Side.SELL), stop_points=111_000, symbol="XAUUSD")),
    ),
    (
        Reason.FIRES_PER_DAY,
        _do(lambda c: with_limits(c, fires_per_day_max=0)),
        _do(lambda c: with_limits(c, fires_per_day_max=1)),
    ),
    (Reason.COOL_DOWN, _do(lost(15 * 60_000 - 1)), _do(lost(15 * 60_000))),
    (
        Reason.CURRENCY_EXPOSURE,  # 0.22 lots at 1.10010 are 24202.20
        _do(lambda c: with_limits(c, currency_exposure_max_percent=Decimal("242.02"))),
        _do(lambda c: with_limits(c, currency_exposure_max_percent=Decimal("242.03"))),
    ),
    (
        Reason.CORRELATED_EXPOSURE,
        _do(lambda c: with_limits(c, correlated_exposure_max_percent=Decimal("242.02"))),
        _do(lambda c: with_limits(c, correlated_exposure_max_percent=Decimal("242.03"))),
    ),
    (
        Reason.APPROVAL,
        _do(lambda c: with_limits(c, approval_lots=Decimal("0.21"))),
        lambda c, a: (with_limits(c, approval_lots=Decimal("0.21")), dataclasses.replace(a, approved_by="uid:2"))[1],
    ),
    (
        Reason.DRAWDOWN,
        _do(lambda c: with_account(c, equity=Decimal(9800)), lambda c: with_limits(c, drawdown_max_percent=Decimal(2))),
        _do(
            lambda c: with_account(c, equity=Decimal("9800.01")),
            lambda c: with_limits(c, drawdown_max_percent=Decimal(2)),
        ),
    ),
    (Reason.LIMIT_UNSET, _do(lambda c: live_account(c, drawdown_max_percent=None)), _do(live_account)),
    (
        Reason.NETTING_SYMBOL_BUSY,
        _do(lambda c: setattr(c.state.accounts["alpha"], "hedging", False), foreign),
        _do(lambda c: setattr(c.state.accounts["alpha"], "hedging", False), lambda c: foreign(c, symbol="XAUUSD")),
    ),
]


@pytest.fixture
def bare(make: Callable[..., Core]) -> Core:
    return _bare(make)


def _bare(make: Callable[..., Core]) -> Core:
    """A core whose state a test may bend: it is not compared with its journal afterwards."""
    made = make()
    made.connect()
    made.verify = lambda: None  # type: ignore[method-assign]
    return made


@pytest.mark.parametrize(("reason", "bad", "good"), CASES, ids=[reason.name for reason, _, _ in CASES])
def test_each_check_denies_alone_and_its_twin_passes(
    make: Callable[..., Core], reason: Reason, bad: Change, good: Change
) -> None:
    bare = _bare(make)
    assert denied(bare, ask(bare)) == ()
    assert denied(bare, bad(bare, ask(bare))) == (reason.name,)
    bare = _bare(make)
    if reason in (Reason.NETTING_SYMBOL_BUSY, Reason.OPPOSITE_POSITION):
        bare.link().terms["XAUUSD"] = replace(TERMS, symbol="XAUUSD")
    assert denied(bare, good(bare, ask(bare))) == ()


BUY, SELL, LIMIT, STOP = Side.BUY, Side.SELL, EntryType.LIMIT, EntryType.STOP
# The market is 110 000 to 110 010; the stops level 10 points.
PRICES: list[tuple[Side, EntryType, int, tuple[str, ...]]] = [
    (BUY, LIMIT, 110_000, ()),
    (BUY, LIMIT, 110_001, ("STOPS_LEVEL",)),
    (BUY, LIMIT, 110_010, ("ENTRY_MISSED", "STOPS_LEVEL")),
    (BUY, STOP, 110_020, ()),
    (BUY, STOP, 110_019, ("STOPS_LEVEL",)),
    (BUY, STOP, 110_005, ("ENTRY_MISSED", "STOPS_LEVEL")),
    (SELL, LIMIT, 110_010, ()),
    (SELL, LIMIT, 110_009, ("STOPS_LEVEL",)),
    (SELL, LIMIT, 110_000, ("ENTRY_MISSED", "STOPS_LEVEL")),
    (SELL, STOP, 109_990, ()),
    (SELL, STOP, 109_991, ("STOPS_LEVEL",)),
    (SELL, STOP, 110_003, ("ENTRY_MISSED", "STOPS_LEVEL")),
]


@pytest.mark.parametrize(("side", "kind", "entry", "codes"), PRICES)
def test_a_resting_order_waits_on_its_side_of_the_market(
    bare: Core, side: Side, kind: EntryType, entry: int, codes: tuple[str, ...]
) -> None:
    levels = {"stop_points": entry - 200 * side.sign, "target_points": entry + 400 * side.sign}
    assert denied(bare, _resting(kind=kind, side=side, entry_points=entry, **levels)(bare, ask(bare))) == codes


def test_stop_and_target_of_a_resting_order_are_judged_from_its_entry(bare: Core) -> None:
    near = _resting(stop_points=109_891)(bare, ask(bare))
    assert "STOPS_LEVEL" in denied(bare, near)
    assert "PRICE_SIDE" in denied(bare, _resting(target_points=109_889)(bare, ask(bare)))
    assert denied(bare, _resting(target_points=109_911)(bare, ask(bare))) == ()  # below the market, above the entry


def test_the_order_that_rests_ends_with_its_mission_and_is_sized_from_its_entry(bare: Core) -> None:
    question = _resting(expires_ms=bare.market_ms + 60_999)(bare, ask(bare))
    verdict = risk.judge(bare.state, bare.engine.live, bare.now_ns, question)
    assert verdict.order is not None and verdict.order.entry_type is EntryType.LIMIT
    assert verdict.order.expiration_ms == (bare.market_ms + 60_999) // 1000 * 1000 <= question.signal.expires_ms
    assert verdict.order.volume_steps == 25  # 50 of 10000 over 200 points
    assert verdict.risk_money == Decimal(50)


def test_market_hours_are_closed_at_the_weekend(bare: Core) -> None:
    assert denied(bare, _at_market(SATURDAY_MS)(bare, ask(bare))) == ("MARKET_HOURS",)


def test_no_stop_is_no_fire(bare: Core) -> None:
    """Without a stop nothing that is measured by it can pass either."""
    codes = denied(bare, with_signal(ask(bare), stop_points=0))
    assert "STOP_PRESENT" in codes
    assert set(codes) <= {"STOP_PRESENT", "SPREAD", "SIZE", "RISK_PER_TRADE", "OPEN_RISK"}


def test_what_is_unknown_does_not_pass(bare: Core) -> None:
    link = bare.link()
    link.account, link.beat, link.offset_ns = None, None, None
    link.terms.clear()
    link.quotes.clear()
    bare.engine.live.market_ms = 0
    verdict = risk.judge(bare.state, bare.engine.live, bare.now_ns, ask(bare))
    assert not verdict.ok
    assert verdict.order is None
    assert set(verdict.codes) >= {
        "MISSION_EXPIRED", "ACCOUNT_UNKNOWN", "TERMS_UNKNOWN", "CLOCK_OFFSET", "BROKER_CLOCK", "TRADING_OFF",
        "SYMBOL_TRADE_MODE", "MARKET_HOURS", "TICK_AGE", "SPREAD", "ENTRY_MISSED", "PRICE_SIDE", "STOPS_LEVEL",
        "SIZE", "VOLUME_LIMITS", "RISK_PER_TRADE", "OPEN_RISK", "DAY_LOSS", "MARGIN",
    }  # fmt: skip


def test_an_account_without_a_terminal_is_refused(bare: Core) -> None:
    del bare.state.terminals["t1"]
    assert {"TERMINAL_LINK", "TERMINAL_DUTY"} <= set(denied(bare, ask(bare)))


def test_a_foreign_position_without_a_stop_cannot_be_measured(bare: Core) -> None:
    foreign(bare, stop_points=0)
    assert denied(bare, ask(bare)) == ("OPEN_RISK",)


def test_an_old_clock_measurement_does_not_pass(bare: Core) -> None:
    bare.now_ns += terminal.MEASUREMENT_AGE_MAX_NS
    assert denied(bare, ask(bare)) == ()
    bare.now_ns += 1
    assert denied(bare, ask(bare)) == ("CLOCK_OFFSET",)


def test_a_limit_of_points_for_one_symbol(bare: Core) -> None:
    with_limits(bare, spread_points_max={"EURUSD": 9})
    assert denied(bare, ask(bare)) == ("SPREAD",)
    with_limits(bare, spread_points_max={"EURUSD": 10})
    assert denied(bare, ask(bare)) == ()


def test_volume_limit_of_one_side_counts_what_is_held_and_in_flight(bare: Core) -> None:
    with_terms(bare, volume_limit_steps=31)
    foreign(bare)
    assert denied(bare, ask(bare)) == ("VOLUME_LIMITS",)
    with_terms(bare, volume_limit_steps=32)
    assert denied(bare, ask(bare)) == ()
    with_terms(bare, volume_limit_steps=31)
    with_limits(bare, opposite_positions=True)
    foreign(bare, side=int(Side.SELL), stop_points=111_000)
    assert denied(bare, ask(bare)) == ()


@pytest.mark.parametrize("name", limit_table.LIVE_NEEDS)
def test_a_live_account_names_the_limit_that_is_missing(bare: Core, name: str) -> None:
    live_account(bare, **{name: None})
    verdict = risk.judge(bare.state, bare.engine.live, bare.now_ns, ask(bare))
    assert verdict.codes == ("LIMIT_UNSET",)
    assert verdict.checks[-1].measured == f"missing: risk.{name}"


def test_a_live_account_that_is_not_armed_opens_nothing(bare: Core) -> None:
    live_account(bare)
    bare.state.accounts["alpha"].armed = False
    verdict = risk.judge(bare.state, bare.engine.live, bare.now_ns, ask(bare))
    assert verdict.codes == ("LIMIT_UNSET",) and verdict.checks[-1].measured == "all are set; not armed"


def test_without_limits_nothing_is_held_against_a_paper_account(bare: Core) -> None:
    verdict = risk.judge(bare.state, bare.engine.live, bare.now_ns, ask(bare))
    said = {check.code: check.limit for check in verdict.checks}
    assert {said[name] for name in ("DRAWDOWN", "COOL_DOWN", "FIRES_PER_DAY", "CURRENCY_EXPOSURE")} == {"not set"}


def test_the_base_is_the_smaller_of_balance_and_equity_less_credit(bare: Core) -> None:
    with_account(bare, balance=Decimal(9000), credit=Decimal(1000))
    verdict = risk.judge(bare.state, bare.engine.live, bare.now_ns, ask(bare))
    assert verdict.base == Decimal(8000)
    assert verdict.order is not None
    assert verdict.order.volume_steps == 18  # 40.00 at 2.20 a step


def test_an_empty_account_is_refused(bare: Core) -> None:
    with_account(bare, balance=Decimal(0))
    assert set(denied(bare, ask(bare))) == {"ACCOUNT_UNKNOWN", "SIZE", "RISK_PER_TRADE", "OPEN_RISK"}


def test_all_checks_are_journaled_in_their_order(core: Core) -> None:
    act = core.fire(core.mission(expires_ms=core.market_ms + 2, target_points=109_000))
    assert [check.code for check in act.checks] == [reason.name for reason, _ in risk.CHECKS]
    assert act.state is ActState.DENIED
    assert set(act.codes) == {check.code for check in act.checks if not check.ok}


# What is measured by these cannot pass without them, so each is denied with all of that.
NEVER_ALONE = {Reason.ACCOUNT_UNKNOWN, Reason.TERMS_UNKNOWN, Reason.STOP_PRESENT}
OF_SERVICES = {Reason.SERVICE_STOPPED, Reason.FIRST_FIRES}  # in test_services, and in test_arming
# Given outside the gate's checks, by lanes and by acts on positions.
ELSEWHERE = {Reason.LANE_FULL, Reason.LANE_WAIT, Reason.POSITION_STATE, Reason.NOT_TIGHTER}
ELSEWHERE |= {Reason.APPROVALS_FULL, Reason.APPROVAL_VOID, Reason.NOT_APPROVED}  # test_approvals


def test_every_reason_is_tested() -> None:
    alone = [reason for reason, _, _ in CASES]
    assert len(alone) == len(set(alone))
    assert {reason for reason, _ in risk.CHECKS} == set(alone) | NEVER_ALONE | OF_SERVICES
    assert set(Reason) == set(alone) | NEVER_ALONE | ELSEWHERE | OF_SERVICES


def test_checks_stand_in_the_order_of_their_reasons() -> None:
    order = list(Reason)
    places = [order.index(reason) for reason, _ in risk.CHECKS]
    assert places == sorted(places)


def test_the_ninth_that_waits_is_denied_and_so_is_one_that_waits_too_long(core: Core) -> None:
    first = core.fire()
    waiting = [core.fire() for _ in range(8)]
    assert {act.state for act in waiting} == {ActState.QUEUED}
    assert core.fire().codes == ("LANE_FULL",)
    core.wait(core.timing.act_deadline_ms + 500)
    assert {act.codes for act in waiting} == {("LANE_WAIT",)}
    core.wait(5_000)
    assert first.state is ActState.UNKNOWN


def test_terms_unknown_is_denied_with_its_code(make: Callable[..., Core]) -> None:
    core = make()
    core.connect()
    core.link().terms.clear()
    act = core.fire()
    assert act.state is ActState.DENIED
    assert "TERMS_UNKNOWN" in act.codes
    assert act.order is None


def test_duplicate_names_who_won(core: Core) -> None:
    mission = core.mission()
    first = core.fire(mission)
    core.done(first)
    second = core.fire(mission)
    assert second.codes == ("DUPLICATE",)
    assert "FILLED by uid:1000" in next(c.measured for c in second.checks if c.code == "DUPLICATE")


def test_a_mission_comes_back_after_a_requote_and_after_a_proof_of_absence(core: Core) -> None:
    mission = core.mission()
    core.result(core.fire(mission), f.RowState.REFUSED, retcode=10004)
    core.result(core.fire(mission), f.RowState.NOT_EXECUTED, code="ENTRY_MISSED")
    assert core.fire(mission).state is ActState.ROUTED


def test_dry_run_writes_nothing_and_says_the_same(core: Core) -> None:
    mission = core.mission()
    before = len(core.records)
    reply = core.ask(calls.Fire(mission, dry_run=True))
    assert len(core.records) == before
    assert reply.problem is None
    told = reply.data
    act = core.fire(mission)
    assert told.order.hash == act.order_hash.hex()  # type: ignore[union-attr]


def test_fires_per_minute_counts_routed_fires_of_market_time(make: Callable[..., Core]) -> None:
    core = make(limits=Limits(fires_per_minute_max=1, open_risk_max_percent=Decimal(50)))
    core.connect()
    core.result(core.fire(), f.RowState.REFUSED)
    assert core.fire().codes == ("FIRES_PER_MINUTE",)
    core.later(60_000)
    core.beat()
    assert core.fire().state is ActState.ROUTED


def test_day_loss_is_net_of_cash(core: Core) -> None:
    cash = core.deal_row(500, 0, deal_type=2, entry=0, profit=Decimal("-1000"), symbol="")
    core.deals(cash)
    core.up(replace(ACCOUNT, balance=Decimal(9000), equity=Decimal(9000)))
    assert core.state.accounts["alpha"].day_cash == Decimal("-1000")
    assert core.fire().state is ActState.ROUTED


def test_a_day_starts_at_five_in_new_york(core: Core) -> None:
    account = core.state.accounts["alpha"]
    day = account.day
    core.later(9 * 3_600_000 - 2_000)  # 20:59:59 UTC, 16:59:59 in New York
    core.up(replace(ACCOUNT, equity=Decimal(9500), balance=Decimal(9500)))
    assert (account.day, account.day_equity) == (day, Decimal(10000))
    core.later(2_000)
    core.up(replace(ACCOUNT, equity=Decimal(9500), balance=Decimal(9500)))
    assert (account.day, account.day_equity) == (day + 1, Decimal(9500))
    assert [body for body in core.records if body.type == "DAY_STARTED"][-1].market_ms == core.market_ms


def test_rules_have_a_hash_in_every_verdict(core: Core) -> None:
    core.fire()
    judged = [r.decode(x.type, x.body) for x in core.records if x.type == "ACT_JUDGED"]
    assert all(isinstance(body, r.ActJudged) and body.rules_hash == risk.RULES_HASH for body in judged)
