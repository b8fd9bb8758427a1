"""Net per currency and per bloc: what adds up, what nets off, and what may not be counted on."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hydrad.domain.assets import bloc_of
from hydrad.domain.orders import Side
from hydrad.link import frames as f
from hydrad.toc import risk
from hydrad.toc.act import ActState
from hydrad.toc.gate import currencies
from hydrad.toc.limits import Limits
from hydrad.wire import calls
from tests.toc.conftest import TERMS, Core
from tests.toc.test_gate import ask

replace = msgspec.structs.replace
# Symbol: base, profit, price in points, money per point and lot.
BOOK = {
    "EURUSD": ("EUR", "USD", 110_000, "1"),
    "EURGBP": ("EUR", "GBP", 85_000, "1.25"),
    "USDJPY": ("USD", "JPY", 150_000, "0.66"),
    "AUDUSD": ("AUD", "USD", 66_000, "1"),
    "XAUUSD": ("XAU", "USD", 230_000, "1"),
}


@pytest.fixture
def bare(make: Callable[..., Core]) -> Core:
    core = make()
    core.connect()
    core.verify = lambda: None  # type: ignore[method-assign]
    for symbol, (base, profit, _, value) in BOOK.items():
        core.link().terms[symbol] = replace(
            TERMS, symbol=symbol, currency_base=base, currency_profit=profit, tick_value_profit=Decimal(value)
        )
    return core


def hold(core: Core, *held: tuple[str, int, int]) -> None:
    """Foreign positions: symbol, side, steps. The reported books are what the net is made from."""
    rows = {}
    for ticket, (symbol, side, steps) in enumerate(held, 1):
        stop = BOOK[symbol][2] * (9 if side == 0 else 11) // 10
        rows[ticket] = f.PositionRow(
            ticket, ticket, symbol, side, steps, BOOK[symbol][2], stop, 0, 0, 0, Decimal(0), Decimal(0), ""
        )
    core.link().positions, core.link().positions_ns = rows, core.now_ns


def case(core: Core, **fields: Any) -> risk.Case:
    return risk.look_up(core.state, core.engine.live, core.now_ns, ask(core, **fields))


def net(core: Core, bloc: bool = False) -> dict[str, Decimal]:
    found = currencies.net(case(core), False, bloc_of if bloc else lambda name: name)
    assert found is not None
    return found


def test_eurusd_and_eurgbp_add_up_in_eur(bare: Core) -> None:
    hold(bare, ("EURUSD", 0, 100), ("EURGBP", 0, 100))
    assert net(bare) == {
        "EUR": Decimal(110_000) + Decimal("106250.00"),
        "USD": Decimal(-110_000),
        "GBP": Decimal("-106250.00"),
    }


def test_a_hedge_nets_off(bare: Core) -> None:
    hold(bare, ("EURUSD", 0, 100), ("EURUSD", 1, 60))
    assert net(bare) == {"EUR": Decimal(44_000), "USD": Decimal(-44_000)}


def test_dollars_are_sold_by_many_pairs(bare: Core) -> None:
    hold(bare, ("EURUSD", 0, 100), ("AUDUSD", 0, 100), ("XAUUSD", 0, 10), ("USDJPY", 1, 100))
    assert net(bare)["USD"] == -(110_000 + 66_000 + 23_000 + 99_000)


def test_blocs(bare: Core) -> None:
    hold(bare, ("EURGBP", 0, 100), ("AUDUSD", 1, 100), ("XAUUSD", 0, 10))
    assert net(bare, bloc=True) == {"europe": 0, "commodity": -66_000, "metals": 23_000}


def test_an_act_without_an_end_counts_where_it_adds_and_never_where_it_takes(core: Core) -> None:
    act = core.fire()
    assert act.state is ActState.ROUTED and act.order is not None
    worth = Decimal(110_010 * act.order.volume_steps) / 100
    row = f.PositionRow(9, 9, "EURUSD", 1, 100, 110_000, 120_000, 0, 0, 0, Decimal(0), Decimal(0), "")
    core.up(f.Positions((row,), core.market_ms, True, True))
    assert net(core)["EUR"] == -110_000  # the buy in flight would make it less, and may never fill
    core.up(f.Positions((replace(row, side=0, stop_points=100_000),), core.market_ms, True, True))
    assert net(core)["EUR"] == 110_000 + worth


def test_terms_that_are_not_known_are_unknown(bare: Core) -> None:
    hold(bare, ("USDJPY", 0, 1))
    whole = bare.link().terms.pop("USDJPY")
    assert currencies.net(case(bare), False, lambda name: name) is None
    bare.link().terms["USDJPY"] = replace(whole, tick_value_profit=Decimal(0))
    assert currencies.net(case(bare), False, lambda name: name) is None
    bare.state.limits = replace(bare.state.limits, currency_exposure_max_percent=Decimal(10_000))
    codes = risk.judge(bare.state, bare.engine.live, bare.now_ns, ask(bare)).codes
    assert "CURRENCY_EXPOSURE" in codes


def test_what_brings_a_net_down_passes_though_it_stays_above_the_limit(bare: Core) -> None:
    bare.state.limits = replace(
        bare.state.limits,
        currency_exposure_max_percent=Decimal(300),
        opposite_positions=True,
        open_risk_max_percent=Decimal(100),
    )
    hold(bare, ("EURUSD", 1, 50))  # 550 % short of EUR
    buy = ask(bare)
    verdict = risk.judge(bare.state, bare.engine.live, bare.now_ns, buy)
    said = {check.code: check for check in verdict.checks}
    assert said["CURRENCY_EXPOSURE"].ok and said["CURRENCY_EXPOSURE"].measured == "nothing grows"
    hold(bare, ("EURUSD", 0, 50))
    verdict = risk.judge(bare.state, bare.engine.live, bare.now_ns, ask(bare))
    said = {check.code: check for check in verdict.checks}
    assert not said["CURRENCY_EXPOSURE"].ok
    assert said["CURRENCY_EXPOSURE"].measured == "EUR 79202.20 = 792.0 %"


# --- counted over accounts and operators ----------------------------------------------------------------


def test_positions_of_one_operator_are_counted_on_all_accounts(make: Callable[..., Core]) -> None:
    core = make(
        limits=Limits(open_risk_max_percent=Decimal(50), fires_per_minute_max=100, operator_positions_max=2),
        terminals=(("t1", "alpha", 5001), ("t2", "bravo", 5002)),
    )
    core.connect("t1")
    core.connect("t2")
    core.done(core.fire(account="alpha"))
    core.fire(account="bravo")  # in flight counts
    mission = core.mission()
    core.ticks(110_000, 110_010, "t2", after_ms=0)
    assert core.fire(mission, account="alpha").codes == ("OPERATOR_POSITIONS",)


def test_the_other_side_in_flight_counts(core: Core) -> None:
    core.fire()
    sell = core.mission(
        side=Side.SELL,
        entry_points=110_000,
        stop_points=110_210,
        target_points=109_600,
        expires_ms=core.market_ms + 60_000,
    )
    act = core.fire(sell)
    assert act.codes == ("OPPOSITE_POSITION",)


def test_a_symbols_positions_count_what_is_in_flight(make: Callable[..., Core]) -> None:
    core = make(limits=Limits(open_risk_max_percent=Decimal(50), symbol_positions_max=1))
    core.connect()
    first = core.fire()
    assert core.fire().codes == ("SYMBOL_POSITIONS",)
    core.result(first, f.RowState.REFUSED, retcode=10006)
    assert core.fire().state is ActState.ROUTED


def test_a_dry_run_is_of_the_asking_operator(make: Callable[..., Core]) -> None:
    core = make(limits=Limits(open_risk_max_percent=Decimal(50), operator_positions_max=0))
    core.connect()
    problem = core.ask(calls.Fire(core.mission(), dry_run=True)).problem
    assert problem is not None and problem.facts["codes"] == ["OPERATOR_POSITIONS"]
