"""What partial fills leave resting counts until a report that was read after the fill lacks it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.orders import Side
from hydrad.link import frames as f
from hydrad.toc import exposure, remainders, risk
from hydrad.toc.act import ActState
from hydrad.toc.gate import currencies
from hydrad.toc.state import Act
from hydrad.toc.texts import act_id_text
from hydrad.wire import calls
from tests.toc.conftest import Core, ours
from tests.toc.test_gate import ask
from tests.toc.test_resting import cancels, filled

PARTLY = 10


def left(core: Core, account: str = "alpha") -> list[int]:
    return [rest.steps for rest in remainders.standing(core.state, core.engine.live, account)]


def partly(core: Core) -> tuple[Act, int]:
    """A fire of which 10 steps were filled, by its deal; and what that leaves."""
    fire = core.rests()
    filled(core, fire, PARTLY)
    assert fire.state is ActState.FILLED
    return fire, ours(fire).volume_steps - PARTLY


@pytest.fixture
def two(make: Callable[..., Core]) -> Core:
    core = make(terminals=(("t1", "alpha", 5001), ("t2", "alpha", 5001)))
    core.connect("t1")
    core.connect("t2")
    return core


def test_it_counts_from_the_fill_on_before_any_report_has_shown_it(core: Core) -> None:
    fire, rest = partly(core)
    assert left(core) == [rest]
    held = exposure.open_risk(core.state, core.engine.live, "alpha")
    assert held is not None and abs(held - fire.risk_money) < Decimal("0.02")
    assert exposure.steps_on_side(core.state, core.engine.live, "alpha", "EURUSD", Side.BUY) == PARTLY + rest
    assert exposure.positions_and_in_flight(core.state, core.engine.live, "alpha") == 1


@pytest.mark.parametrize("closed", [False, True])
def test_one_that_does_not_go_has_an_alarm_until_it_is_reported_no_more(core: Core, closed: bool) -> None:
    fire, rest = partly(core)
    row = core.order_row(fire, volume_steps=rest)
    core.orders(row)
    for _ in range(2):
        core.result(cancels(core)[-1], f.RowState.REFUSED, retcode=10029)
        core.orders(row)
        assert core.alarms() == ["RESTING_UNCANCELLED"]
        core.wait(25_000)
        core.orders(row)
    assert len(cancels(core)) == 3 and core.alarms() == ["RESTING_UNCANCELLED"]
    if closed:
        core.deals(core.deal_row(5001, fire.order_ticket, volume_steps=PARTLY))
        assert fire.state is ActState.CLOSED
    core.result(cancels(core)[-1], f.RowState.DONE, order_ticket=fire.order_ticket, retcode=10009)
    core.orders()
    assert core.alarms() == [] and left(core) == []


def test_a_report_read_before_the_fill_shows_it_whole_and_it_counts(core: Core) -> None:
    fire = core.rests()
    core.orders(core.order_row(fire))
    filled(core, fire, PARTLY)
    assert left(core) == [ours(fire).volume_steps - PARTLY]


def test_it_is_gone_by_a_report_of_its_own_terminal(core: Core) -> None:
    partly(core)
    core.orders()
    assert left(core) == []


def test_another_terminals_fresher_books_do_not_hide_it(two: Core) -> None:
    """The freshest positions may be told by a terminal whose list of orders is older."""
    fire, rest = partly(two)
    two.orders(two.order_row(fire, volume_steps=rest))
    two.now_ns += 1_000_000
    two.up(f.Positions((), two.market_ms, True, True), "t2")
    assert left(two) == [rest]
    two.orders(terminal="t2")  # may have been read before the order was placed
    assert left(two) == [rest]


def test_another_terminals_report_counts_after_the_settle_window(two: Core) -> None:
    partly(two)
    two.orders(terminal="t2")
    assert len(left(two)) == 1
    two.wait(61_000, beat=("t1", "t2"))
    two.orders(terminal="t2")
    assert left(two) == []


def test_a_lost_terminals_old_list_does_not_bring_it_back(two: Core) -> None:
    fire, rest = partly(two)
    two.orders(two.order_row(fire, volume_steps=rest), terminal="t2")
    two.orders()
    assert left(two) == []
    two.wait(20_000, beat=("t1",))
    two.orders()
    assert left(two) == []


def test_one_that_is_reported_again_counts_again(core: Core) -> None:
    fire, rest = partly(core)
    core.orders()
    core.orders(core.order_row(fire, volume_steps=rest))
    assert left(core) == [rest]


def test_a_restart_counts_it_until_the_books_are_read(core: Core) -> None:
    partly(core)
    core.orders()
    core.restart()
    assert len(left(core)) == 1
    core.connect()
    assert left(core) == []


def test_a_second_deal_makes_it_less(core: Core) -> None:
    fire, rest = partly(core)
    core.deals(
        core.deal_row(5001, fire.order_ticket, entry=0, deal_type=0, magic=fire.act_id, order_id=fire.order_ticket,
                      volume_steps=rest, price_points=ours(fire).entry_points)
    )  # fmt: skip
    assert left(core) == []


def test_a_whole_fill_and_a_market_fire_leave_nothing(core: Core) -> None:
    fire = core.rests()
    filled(core, fire)
    core.orders(core.order_row(fire))
    core.done(core.fire(), volume_steps=1)
    assert left(core) == []


def test_it_counts_while_its_position_is_closed_already(core: Core) -> None:
    fire, rest = partly(core)
    core.orders(core.order_row(fire, volume_steps=rest))
    core.deals(core.deal_row(6000, fire.order_ticket, volume_steps=PARTLY))
    assert fire.state is ActState.CLOSED and left(core) == [rest]
    live = core.engine.live
    assert exposure.positions_and_in_flight(core.state, live, "alpha") == 1
    assert exposure.held_in_symbol(core.state, live, "alpha", "EURUSD") == 1
    assert exposure.symbol_busy(core.state, live, "alpha", "EURUSD") == "rest of an order"
    core.orders()
    assert exposure.positions_and_in_flight(core.state, live, "alpha") == 0


def test_it_may_add_to_a_currency_and_is_not_counted_on(core: Core) -> None:
    _, rest = partly(core)
    case = risk.look_up(core.state, core.engine.live, core.now_ns, ask(core))
    legs = [(leg.steps, leg.sure) for leg in currencies._held(case)]
    assert legs == [(PARTLY, True), (rest, False)]


def test_an_account_with_one_is_not_flat(core: Core) -> None:
    fire, rest = partly(core)
    core.orders(core.order_row(fire, volume_steps=rest))
    request = core.send(calls.Flatten())
    close = max(core.state.acts.values(), key=lambda act: act.act_id)
    core.done(close, position_id=fire.order_ticket, deal_ticket=6000)
    core.deals(core.deal_row(6000, fire.order_ticket, volume_steps=PARTLY, magic=close.act_id))
    problem = core.replies[request].problem
    assert problem is not None and problem.code == "PARTLY" and "may open yet: the rest of F-" in problem.message
    core.orders()
    assert core.ask(calls.Flatten()).problem is None


@given(st.lists(st.sampled_from(["whole", "rest", "none", "t2 none", "t2 rest"]), max_size=12))
def test_no_order_of_reports_hides_what_its_terminal_shows(says: list[str]) -> None:
    """After any sequence: if its own terminal's last report has it, it counts; and never more than is unfilled."""
    core = Core(terminals=(("t1", "alpha", 5001), ("t2", "alpha", 5001)))
    core.connect("t1")
    core.connect("t2")
    fire = core.rests()
    whole, told = ours(fire).volume_steps, False
    filled(core, fire, PARTLY)
    for one in says:
        core.now_ns += 1_000_000
        rows = {"whole": whole, "rest": whole - PARTLY, "t2 rest": whole - PARTLY}
        terminal = "t2" if one.startswith("t2") else "t1"
        row = [core.order_row(fire, volume_steps=rows[one])] if one in rows else []
        core.orders(*row, terminal=terminal)
        told = bool(row) if terminal == "t1" else told
        assert left(core) in ([], [whole - PARTLY])
        assert left(core) or not told


@pytest.mark.parametrize(("end", "verdict"), [("gone", "verified"), ("refused", "refused"), ("silent", "unknown")])
def test_a_halt_names_it_and_says_what_became_of_it(core: Core, end: str, verdict: str) -> None:
    fire, rest = partly(core)
    core.orders(core.order_row(fire, volume_steps=rest))
    (cancel,) = cancels(core)
    number = core.send(calls.Halt(wait_s=2.0))
    core.up(f.Halted(True, "daemon"))
    assert number not in core.replies
    if end == "refused":
        core.result(cancel, f.RowState.REFUSED, retcode=10029)
    elif end == "gone":
        core.result(cancel, f.RowState.DONE, order_ticket=fire.order_ticket)
        core.orders()
    core.clock(2_000)
    (row,) = core.replies[number].data.resting  # type: ignore[union-attr]
    assert (row.verdict, row.fire) == (verdict, act_id_text(fire))
    assert "in part" in row.detail and (end == "gone" or "0.15 of it may rest" in row.detail)
