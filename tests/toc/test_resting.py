"""Resting orders in the core: placed, told of, cancelled, filled, expired; what must go, and what a cancel comes to."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.news import NewsEvent
from hydrad.domain.orders import ORDER_VERSION, ActKind, EntryType, Order, Side, order_hash
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import comparing, exposure, order_views
from hydrad.toc import inputs as i
from hydrad.toc.act import ActState
from hydrad.toc.histories import History
from hydrad.toc.limits import Limits, Timing
from hydrad.toc.state import Act
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode, Finding
from tests.toc.conftest import Core, ours

BY_HAND = {"symbol": "EURUSD", "side": "buy", "stop": "1.09700", "target": "1.10300"}


def cancels(core: Core) -> list[Act]:
    return [act for act in core.state.acts.values() if act.kind is ActKind.CANCEL]


def cancelled(core: Core, act: Act, fire: Act) -> None:
    """The broker removed the order; the agent tells of both acts."""
    core.result(act, RowState.DONE, order_ticket=fire.order_ticket, retcode=10009)
    core.up(f.Result(core.t1.row(fire, RowState.ENDED, code="CANCELLED", order_ticket=fire.order_ticket)))


def filled(core: Core, fire: Act, steps: int = 0) -> None:
    """The order's price came: its deal."""
    core.deals(
        core.deal_row(
            5000, fire.order_ticket, entry=0, deal_type=0, magic=fire.act_id, order_id=fire.order_ticket,
            volume_steps=steps or ours(fire).volume_steps, price_points=ours(fire).entry_points,
        )
    )  # fmt: skip


def shown(core: Core) -> list[tuple[str | None, str, bool | None]]:
    rows = order_views.rows(core.state, core.engine.live, core.now_ns, None, 100)
    return [(row.id, row.state, row.at_broker) for row in rows]


# --- placing --------------------------------------------------------------------------------------------


def test_a_fire_with_an_entry_rests_with_an_expiration_no_later_than_its_mission(core: Core) -> None:
    fire = core.rests(expiry_s=90.7)
    mission = core.state.missions[fire.mission]
    order = ours(fire)
    assert (order.entry_type, order.entry_points, order.collar_points) == (EntryType.LIMIT, 109_900, 0)
    assert mission.signal.expires_ms - 1000 < order.expiration_ms <= mission.signal.expires_ms
    assert mission.signal.horizon_ms > mission.signal.expires_ms
    sent = core.sent(f.Fire)[-1]
    assert sent.order == order and sent.mission_expiry_ms == mission.signal.expires_ms


def test_the_type_is_never_inferred(core: Core) -> None:
    for half in ({"entry": "1.09900"}, {"type": "limit"}, {"entry": "1.09900", "type": "market"}):
        reply = core.ask(calls.FireSymbol(**BY_HAND, **half))  # type: ignore[arg-type]
        assert reply.problem is not None and reply.problem.code == ErrorCode.USAGE.value
    assert not core.state.missions


def test_what_rests_is_shown_with_its_order_and_holds_its_risk(core: Core) -> None:
    fire = core.rests()
    number = show(IdKind.ORDER, sequence_of(fire.act_id))
    assert shown(core) == [(number, "WORKING", False)]
    core.orders(core.order_row(fire), core.order_row(fire, ticket=77, magic=0))
    assert shown(core) == [(number, "WORKING", True), (None, "FOREIGN", True)]
    assert exposure.open_risk(core.state, core.engine.live, "alpha") == fire.risk_money > 0
    assert exposure.positions_and_in_flight(core.state, core.engine.live, "alpha") == 1


def test_so_many_rest_as_the_account_allows(make: Callable[..., Core]) -> None:
    core = make(limits=Limits(resting_orders_max=1, open_risk_max_percent=Decimal(50)))
    core.connect()
    core.rests()
    verb = calls.FireSymbol(**BY_HAND, entry="1.09900", type="limit", again=True)  # type: ignore[arg-type]
    assert core.act(verb).codes == ("RESTING_ORDERS",)


# --- how it ends ----------------------------------------------------------------------------------------


def test_its_deal_makes_it_filled_and_its_position_is_followed(core: Core) -> None:
    fire = core.rests()
    filled(core, fire)
    assert fire.state is ActState.FILLED and fire.price_points == 109_900
    (position,) = core.state.positions.values()
    assert (position.position_id, position.stop_points) == (fire.order_ticket, 109_700)
    core.up(f.Result(core.t1.row(fire, RowState.DONE, order_ticket=fire.order_ticket, position_id=fire.order_ticket)))
    assert len(core.state.positions) == 1 and not core.findings()


def test_its_position_alone_proves_the_fill(core: Core) -> None:
    fire = core.rests()
    row = core.position_row(fire, ticket=fire.order_ticket, position_id=fire.order_ticket, open_points=109_900)
    core.up(f.Positions((row,), core.market_ms, True, True))
    assert fire.state is ActState.FILLED


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("ORDER_EXPIRED", ActState.EXPIRED),
        ("ORDER_REJECTED", ActState.REJECTED),
        ("CANCELLED", ActState.CANCELLED),
    ],
)
def test_it_ends_as_the_broker_says_and_gives_its_risk_back(core: Core, code: str, state: ActState) -> None:
    fire = core.rests()
    core.up(f.Result(core.t1.row(fire, RowState.ENDED, code=code)))
    assert fire.state is state and not core.state.resting
    assert exposure.open_risk(core.state, core.engine.live, "alpha") == 0
    if state is ActState.CANCELLED:
        assert fire.detail == "by the owner, or by the broker"


def test_one_that_ended_before_anybody_heard_of_it_was_working_first(core: Core) -> None:
    verb = calls.FireSymbol(**BY_HAND, entry="1.09900", type="limit")  # type: ignore[arg-type]
    fire = core.act(verb)
    core.ack(fire)
    core.up(f.Result(core.t1.row(fire, RowState.UNKNOWN)))
    assert fire.state is ActState.UNKNOWN
    core.up(f.Result(core.t1.row(fire, RowState.ENDED, code="ORDER_EXPIRED", order_ticket=44)))
    assert (fire.state, fire.order_ticket) == (ActState.EXPIRED, 44)
    assert "ACT_UNKNOWN" not in core.alarms()


def test_a_deal_after_its_end_is_a_finding_and_a_persons_to_decide(core: Core) -> None:
    fire = core.rests()
    core.up(f.Result(core.t1.row(fire, RowState.ENDED, code="CANCELLED")))
    filled(core, fire)
    assert fire.state is ActState.QUARANTINED and Finding.LATE_EXECUTION in core.findings()


def test_an_order_found_resting_ends_unknown(core: Core) -> None:
    verb = calls.FireSymbol(**BY_HAND, entry="1.09900", type="limit")  # type: ignore[arg-type]
    fire = core.act(verb)
    core.ack(fire)
    core.up(f.Result(core.t1.row(fire, RowState.UNKNOWN)))
    core.orders(core.order_row(fire, ticket=44))
    assert (fire.state, fire.order_ticket) == (ActState.WORKING, 44)


def test_what_a_partial_fill_leaves_is_cancelled_and_counts_until_then(core: Core) -> None:
    fire = core.rests()
    whole = ours(fire).volume_steps
    filled(core, fire, 10)
    assert fire.state is ActState.FILLED and core.state.positions[sequence_of(fire.act_id)].volume_steps == 10
    held = exposure.open_risk(core.state, core.engine.live, "alpha")
    core.orders(core.order_row(fire, volume_steps=whole - 10))
    (cancel,) = cancels(core)
    assert (ours(cancel).ticket, cancel.actor, cancel.state) == (fire.order_ticket, "resting", ActState.ROUTED)
    assert held is not None and exposure.open_risk(core.state, core.engine.live, "alpha") == held
    core.orders(core.order_row(fire, volume_steps=whole - 10))
    assert len(cancels(core)) == 1
    core.result(cancel, RowState.DONE, order_ticket=fire.order_ticket)
    core.orders()
    after = exposure.open_risk(core.state, core.engine.live, "alpha")
    assert fire.state is ActState.FILLED and after is not None and after < held


def test_an_order_with_our_tag_that_nobody_placed_is_an_alarm_once(core: Core) -> None:
    fire = core.rests()
    stranger = core.order_row(fire, ticket=9, magic=(fire.act_id >> 38 << 38) + 99)
    core.orders(core.order_row(fire), stranger)
    core.orders(core.order_row(fire), stranger)
    assert core.findings().count(Finding.ALIEN_ORDER) == 1


def test_an_order_that_rests_after_its_end_was_proven_is_quarantined(core: Core) -> None:
    fire = core.rests()
    core.up(f.Result(core.t1.row(fire, RowState.ENDED, code="CANCELLED")))
    core.orders(core.order_row(fire))
    assert fire.state is ActState.CANCELLED  # another terminal may have read it before
    core.wait(61_000)
    core.orders(core.order_row(fire))
    assert fire.state is ActState.QUARANTINED and Finding.LATE_EXECUTION in core.findings()


def test_a_report_that_was_long_on_its_way_contradicts_nothing(make: Callable[..., Core]) -> None:
    """Its terminal was frozen: what it had written before the order's end arrives when it is back."""
    core = make(timing=Timing(settle_ms=4_000), terminals=(("t1", "alpha", 5001), ("t2", "alpha", 5001)))
    core.connect("t1")
    core.connect("t2")
    fire = core.rests()
    written = core.order_row(fire)
    core.up(f.Result(core.t1.row(fire, RowState.ENDED, code="ORDER_EXPIRED")))
    core.wait(8_000)
    core.orders(written, terminal="t2")
    assert fire.state is ActState.EXPIRED and Finding.LATE_EXECUTION not in core.findings()
    core.beat("t2")  # answers a beat of ours: what follows was written after it
    core.orders(written, terminal="t2")
    assert fire.state is ActState.QUARANTINED and Finding.LATE_EXECUTION in core.findings()


def test_an_entry_that_is_told_again_unlearns_nothing(core: Core) -> None:
    """It was UNKNOWN to its agent, then found among the orders; the lane is free for another. The next hand-shake tells
    of the entry once more."""
    fire = core.act(calls.FireSymbol(**BY_HAND, entry="1.09900", type="limit"))  # type: ignore[arg-type]
    core.t1.row(fire, RowState.JOURNALED, order=fire.order)  # whose ACK is lost, so that all is told again from here
    core.up(f.Result(core.t1.row(fire, RowState.UNKNOWN)))
    core.orders(core.order_row(fire, ticket=44))
    other = core.fire()
    assert (fire.state, other.state) == (ActState.WORKING, ActState.ROUTED)
    core.restart()
    core.connect(orders=(core.order_row(core.state.acts[fire.act_id]),))
    states = [core.state.acts[act.act_id].state for act in (fire, other)]
    assert states == [ActState.WORKING, ActState.UNKNOWN]


def quarantined(core: Core) -> Act:
    fire = core.rests()
    core.up(f.Result(core.t1.row(fire, RowState.ENDED, code="CANCELLED")))
    core.wait(61_000)
    core.orders(core.order_row(fire))
    assert fire.state is ActState.QUARANTINED
    return fire


def test_a_quarantined_fires_order_is_shown_and_is_a_difference(core: Core) -> None:
    fire = quarantined(core)
    number = show(IdKind.ORDER, sequence_of(fire.act_id))
    assert shown(core) == [(number, "QUARANTINED", True)]
    assert differences(core) == [("order", f"rests, ticket {fire.order_ticket}")]
    core.orders()
    assert shown(core) == []


def test_a_halt_cancels_a_quarantined_fires_order_and_says_what_became_of_it(core: Core) -> None:
    fire = quarantined(core)
    assert cancels(core) == []
    number = core.send(calls.Halt())
    [act] = cancels(core)
    assert ours(act).ticket == fire.order_ticket
    core.up(f.Halted(True, "daemon"))
    assert number not in core.replies
    core.result(act, RowState.DONE, order_ticket=fire.order_ticket, retcode=10009)
    core.orders()
    [row] = core.replies[number].data.resting
    assert row.verdict == "verified" and fire.state is ActState.QUARANTINED
    core.wait(70_000)
    assert cancels(core) == [act]


def test_a_refused_cancel_of_a_quarantined_fires_order_has_its_alarm_until_the_order_is_gone(core: Core) -> None:
    fire = quarantined(core)
    core.send(calls.Halt())
    core.result(cancels(core)[0], RowState.REFUSED, retcode=10018)
    core.orders(core.order_row(fire))
    assert "RESTING_UNCANCELLED" in core.alarms()
    core.orders()
    assert "RESTING_UNCANCELLED" not in core.alarms()


def test_all_of_them_has_a_quarantined_fires_order(core: Core) -> None:
    fire = quarantined(core)
    core.send(calls.Cancel(all_orders=True))
    assert [ours(act).ticket for act in cancels(core)] == [fire.order_ticket]


def test_a_whole_order_beside_its_fill_was_read_before_it_and_is_left_alone(core: Core) -> None:
    fire = core.rests()
    filled(core, fire)
    before = exposure.open_risk(core.state, core.engine.live, "alpha")
    core.orders(core.order_row(fire))
    assert not cancels(core) and exposure.open_risk(core.state, core.engine.live, "alpha") == before


def test_after_a_lost_ledger_the_brokers_records_tell_of_what_rested(core: Core) -> None:
    fire = core.rests()
    core.orders(core.order_row(fire))
    core.t1.ledger_id, core.t1.rows = "ledger-2", []
    core.connect(orders=(core.order_row(fire),))
    core.wait(70_000)
    assert fire.state is ActState.WORKING  # it was reported within the settle window
    core.orders()
    core.wait(30_000)
    assert fire.state is ActState.WORKING
    core.wait(40_000)
    assert (fire.state, fire.by) == (ActState.CANCELLED, "history")


# --- cancelling -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [IdKind.ORDER, IdKind.FIRE])
def test_a_cancel_by_order_or_fire_ends_with_the_orders_own_end(core: Core, kind: IdKind) -> None:
    fire = core.rests()
    request = core.send(calls.Cancel(show(kind, sequence_of(fire.act_id))))
    (cancel,) = cancels(core)
    sent = core.sent(f.Cancel)[0]
    assert (sent.act_id, sent.order.ticket, sent.mission_expiry_ms) == (cancel.act_id, fire.order_ticket, 0)
    core.result(cancel, RowState.DONE, order_ticket=fire.order_ticket, retcode=10009)
    assert cancel.state is ActState.DONE and fire.state is ActState.WORKING and request not in core.replies
    core.up(f.Result(core.t1.row(fire, RowState.ENDED, code="CANCELLED")))
    assert fire.state is ActState.CANCELLED and fire.detail.startswith("by A-")
    assert core.replies[request].problem is None


@pytest.mark.parametrize("level", list(Authority))
def test_cancelling_passes_in_every_authority(core: Core, level: Authority) -> None:
    fire = core.rests()
    core.state.authority = level
    core.verify = lambda: None  # type: ignore[method-assign]
    core.send(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    assert len(core.sent(f.Cancel)) == 1


def test_a_cancel_that_found_it_filled_says_so(core: Core) -> None:
    fire = core.rests()
    request = core.send(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    core.result(cancels(core)[0], RowState.NOT_EXECUTED, code="ORDER_GONE")
    assert request not in core.replies  # what became of the order is on its way
    filled(core, fire)
    problem = core.replies[request].problem
    assert problem is not None and problem.code == ErrorCode.CONFLICT.value
    assert show(IdKind.POSITION, sequence_of(fire.act_id)) in problem.message
    again = core.ask(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    assert again.problem is not None and again.problem.code == ErrorCode.CONFLICT.value
    assert len(cancels(core)) == 1


def test_a_second_cancel_joins_the_first(core: Core) -> None:
    fire = core.rests()
    first = core.send(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    second = core.send(calls.Cancel(show(IdKind.ORDER, sequence_of(fire.act_id))), "uid:1000", "other")
    cancelled(core, cancels(core)[0], fire)
    assert len(cancels(core)) == 1 and core.replies[first].problem is core.replies[second].problem is None


def test_all_of_them_are_cancelled_each_by_its_own_act(core: Core) -> None:
    fires = [core.rests(), core.rests(entry="1.09800", stop="1.09600")]
    request = core.send(calls.Cancel(all_orders=True))
    assert [ours(act).ticket for act in cancels(core)] == [fire.order_ticket for fire in fires]
    for act, fire in zip(cancels(core), fires, strict=True):
        cancelled(core, act, fire)
    assert core.replies[request].problem is None
    nothing = core.ask(calls.Cancel(all_orders=True))
    assert nothing.problem is None and nothing.data.would == "nothing rests"  # type: ignore[union-attr]


def test_nonsense_is_refused_by_name(core: Core) -> None:
    fire = core.filled()
    named = show(IdKind.FIRE, sequence_of(fire.act_id))
    cases = {
        ErrorCode.USAGE: (calls.Cancel(), calls.Cancel(named, all_orders=True), calls.Cancel(named, account="alpha")),
        ErrorCode.NOT_FOUND: (calls.Cancel(show(IdKind.ORDER, 9999)),),
        ErrorCode.CONFLICT: (calls.Cancel(named),),
    }
    for code, verbs in cases.items():
        for verb in verbs:
            problem = core.ask(verb).problem
            assert problem is not None and problem.code == code.value, verb


def test_a_viewer_cancels_nothing(core: Core) -> None:
    fire = core.rests()
    core.role("uid:7", Role.VIEWER)
    problem = core.ask(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))), "uid:7").problem
    assert problem is not None and problem.code == ErrorCode.FORBIDDEN.value and not cancels(core)


# --- what must go ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduce", [False, True])
def test_a_halt_cancels_what_rests_and_answers_order_by_order(core: Core, reduce: bool) -> None:
    fires = [core.rests(), core.rests(entry="1.09800", stop="1.09600"), core.rests(entry="1.09750", stop="1.09550")]
    request = core.send(calls.Halt(reduce=reduce))
    gone, refused, silent = cancels(core)
    core.up(f.Halted(True, "test"))
    cancelled(core, gone, fires[0])
    core.result(refused, RowState.REFUSED, retcode=10029)
    assert request not in core.replies
    core.wait(3_000)
    reply = core.replies[request]
    assert [(row.fire, row.verdict) for row in reply.data.resting] == [  # type: ignore[union-attr]
        (show(IdKind.FIRE, sequence_of(fire.act_id)), word)
        for fire, word in zip(fires, ("verified", "refused", "unknown"), strict=True)
    ]
    assert reply.problem is not None and reply.problem.code == ErrorCode.PARTLY.value
    assert "RESTING_UNCANCELLED" in core.alarms() and silent.state is ActState.ROUTED


def test_a_refused_cancel_of_a_halt_is_followed_by_another_until_it_is_gone(core: Core) -> None:
    fire = core.rests()
    core.send(calls.Halt())
    core.result(cancels(core)[0], RowState.REFUSED, retcode=10029)
    assert len(cancels(core)) == 1
    core.wait(5_500)
    first, second = cancels(core)
    assert first.state is ActState.REJECTED and second.state is ActState.ROUTED
    cancelled(core, second, fire)
    assert fire.state is ActState.CANCELLED and "RESTING_UNCANCELLED" not in core.alarms()
    core.wait(70_000)
    assert len(cancels(core)) == 2


def test_what_was_on_the_wire_when_the_latch_closed_is_cancelled_as_soon_as_it_rests(core: Core) -> None:
    fire = core.act(calls.FireSymbol(**BY_HAND, entry="1.09900", type="limit"))  # type: ignore[arg-type]
    request = core.send(calls.Halt())
    core.up(f.Halted(True, "test"))
    assert core.replies[request].data.on_the_wire == (show(IdKind.FIRE, sequence_of(fire.act_id)),)  # type: ignore[union-attr]
    assert not cancels(core)
    core.result(fire, RowState.WORKING, order_ticket=44)
    assert [ours(act).ticket for act in cancels(core)] == [44]


def test_a_halt_with_no_terminal_in_reach_says_unknown_and_cancels_when_one_is_back(core: Core) -> None:
    fire = core.rests()
    core.wait(15_000, beat=())
    request = core.send(calls.Halt(wait_s=1.0))
    core.wait(2_000, beat=())
    (row,) = core.replies[request].data.resting  # type: ignore[union-attr]
    assert row.verdict == "unknown" and "reach" in row.detail and not cancels(core)
    assert "RESTING_UNCANCELLED" in core.alarms()
    core.t1.halted = True
    core.connect(orders=(core.order_row(fire),))
    (cancel,) = cancels(core)
    cancelled(core, cancel, fire)
    assert fire.state is ActState.CANCELLED


def test_filled_before_the_halts_cancel_is_said_as_that(core: Core) -> None:
    fire = core.rests()
    request = core.send(calls.Halt())
    core.up(f.Halted(True, "test"))
    filled(core, fire)
    reply = core.replies[request]
    assert [row.verdict for row in reply.data.resting] == ["filled"]  # type: ignore[union-attr]
    assert reply.problem is not None and reply.problem.code == ErrorCode.PARTLY.value


def test_a_withdrawn_missions_order_is_cancelled(core: Core) -> None:
    fire = core.rests()
    core.ask(calls.Withdraw(show(IdKind.MISSION, fire.mission)))
    assert [act.reason for act in cancels(core)] == ["its mission was withdrawn"]


def test_an_order_that_its_broker_lets_stand_past_its_expiration_is_cancelled(core: Core) -> None:
    fire = core.rests(expiry_s=60.0)
    core.later(61_000)
    assert not cancels(core)
    core.later(5_000)
    assert len(cancels(core)) == 1 and fire.state is ActState.WORKING


def test_the_orders_of_a_suspended_person_are_cancelled(core: Core) -> None:
    core.ask(calls.OperatorAdd("ann", role="trader", accounts=("alpha",), identity="uid:5"))
    verb = calls.FireSymbol(**BY_HAND, entry="1.09900", type="limit")  # type: ignore[arg-type]
    fire = core.act(verb, "uid:5")
    assert fire.state is ActState.ROUTED, fire.codes
    core.result(fire, RowState.WORKING, order_ticket=44)
    assert not cancels(core)
    core.ask(calls.OperatorSuspend("ann", reason="lost phone"))
    assert [ours(act).ticket for act in cancels(core)] == [44]


@pytest.fixture
def away(make: Callable[..., Core]) -> tuple[Core, Act]:
    """An order that rests by t1, which is away; t2 of the same account is there and shows it."""
    core = make(terminals=(("t1", "alpha", 5001), ("t2", "alpha", 5001)))
    core.connect("t1")
    core.connect("t2")
    fire = core.rests()
    core.wait(15_000, beat=("t2",))
    core.orders(core.order_row(fire), terminal="t2")
    return core, fire


def test_where_another_terminal_has_cancelled_the_exposure_stays_for_the_settle_window(away: tuple[Core, Act]) -> None:
    core, fire = away
    request = core.send(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    (cancel,) = cancels(core)
    assert cancel.terminal == "t2"
    core.result(cancel, RowState.DONE, order_ticket=fire.order_ticket)
    assert core.replies[request].problem is None  # gone; how much was filled, t1 alone could say at once
    core.orders(terminal="t2")
    core.wait(59_000, beat=("t2",))
    assert fire.state is ActState.WORKING
    assert exposure.open_risk(core.state, core.engine.live, "alpha") == fire.risk_money
    core.wait(2_000, beat=("t2",))
    assert fire.state is ActState.CANCELLED and show(IdKind.ACT, sequence_of(cancel.act_id)) in fire.detail
    assert cancels(core) == [cancel]


def test_a_part_fill_whose_deal_is_late_is_booked_after_anothers_cancel(away: tuple[Core, Act]) -> None:
    core, fire = away
    core.send(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    core.result(cancels(core)[0], RowState.DONE, order_ticket=fire.order_ticket)
    core.orders(terminal="t2")
    core.wait(30_000, beat=("t2",))
    row = core.deal_row(
        5000, fire.order_ticket, entry=0, deal_type=0, magic=fire.act_id, order_id=fire.order_ticket,
        volume_steps=10, price_points=ours(fire).entry_points,
    )  # fmt: skip
    core.deals(row, terminal="t2")
    assert fire.state is ActState.FILLED and core.state.positions[sequence_of(fire.act_id)].volume_steps == 10
    assert Finding.LATE_EXECUTION not in core.findings()


def test_a_break_of_its_broker_begins_the_settle_window_anew(away: tuple[Core, Act]) -> None:
    core, fire = away
    core.orders(terminal="t2")
    core.wait(50_000, beat=("t2",))
    core.beat("t2", connected=False)
    core.beat("t2")
    core.wait(50_000, beat=("t2",))
    assert fire.state is ActState.WORKING
    core.wait(15_000, beat=("t2",))
    assert fire.state is ActState.CANCELLED


def test_a_halt_says_that_it_is_gone_and_that_a_part_may_have_been_filled(away: tuple[Core, Act]) -> None:
    core, fire = away
    request = core.send(calls.Halt("alpha"))
    core.result(cancels(core)[0], RowState.DONE, order_ticket=fire.order_ticket)
    core.up(f.Halted(True, "daemon"), "t2")
    core.wait(3_000, beat=("t2",))
    (row,) = core.replies[request].data.resting  # type: ignore[union-attr]
    assert row.verdict == "verified" and row.detail.endswith("t1 is away: a part may have been filled")


def test_its_own_terminal_tells_as_soon_as_it_is_back(away: tuple[Core, Act]) -> None:
    core, fire = away
    core.send(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    core.result(cancels(core)[0], RowState.DONE, order_ticket=fire.order_ticket)
    core.orders(terminal="t2")
    core.t1.row(fire, RowState.ENDED, code="CANCELLED", order_ticket=fire.order_ticket)
    core.connect("t1")
    assert fire.state is ActState.CANCELLED and fire.by == "ledger"


def test_a_cancel_without_a_verdict_at_a_lost_terminal_ends_with_its_order(away: tuple[Core, Act]) -> None:
    core, fire = away
    core.connect("t1", orders=(core.order_row(fire),))
    core.send(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    (first,) = cancels(core)
    assert first.terminal == "t1"
    core.wait(15_000, beat=("t2",))
    assert first.state is ActState.UNKNOWN and core.alarms() == ["RESTING_UNCANCELLED", "TERMINAL_LOST"]
    core.orders(terminal="t2")
    core.wait(62_000, beat=("t2",))
    assert (fire.state, first.state) == (ActState.CANCELLED, ActState.DONE)
    assert core.alarms() == ["TERMINAL_LOST"]


# --- the one alarm of an order ---------------------------------------------------------------------------


def resting_alarm(core: Core) -> Any:
    (alarm,) = [alarm for alarm in core.state.alarms.values() if alarm.code == "RESTING_UNCANCELLED"]
    return alarm


def refused(core: Core) -> None:
    core.result(cancels(core)[-1], RowState.REFUSED, retcode=10018)


def next_cancel(core: Core) -> None:
    count = len(cancels(core))
    for _ in range(2_000):
        core.clock(500)
        core.beat()
        if len(cancels(core)) > count:
            return


def test_refused_cancels_come_ever_later_and_one_alarm_is_kept_up_to_date(core: Core) -> None:
    fire = core.rests()
    core.send(calls.Halt())
    gaps, last_ns, texts = [], core.now_ns, []
    for _ in range(12):
        gaps.append((cancels(core)[-1].requested_ns - last_ns) // 1_000_000_000)
        last_ns = core.now_ns
        refused(core)
        texts.append(resting_alarm(core).text)
        next_cancel(core)
    assert gaps[1:8] == [5, 10, 20, 40, 80, 160, 320] and set(gaps[9:]) == {900}
    assert len(set(texts)) == 12 and "12 cancels came to nothing" in texts[-1] and "MARKET_CLOSED" in texts[-1]
    assert all("delete it in the broker's own app" in text for text in texts)
    raised = [x for x in core.records if x.type == "ALARM_RAISED"]
    assert len(raised) == 1
    cancelled(core, cancels(core)[-1], fire)
    assert core.alarms() == []


def test_unknown_cancels_of_one_order_have_one_alarm_until_the_order_is_gone(core: Core) -> None:
    fire = core.rests()
    core.send(calls.Halt())
    core.wait(60_000)
    asked = cancels(core)
    assert len(asked) > 2 and all(act.state is ActState.UNKNOWN for act in asked[:-1])
    assert core.alarms() == ["RESTING_UNCANCELLED"]
    text = resting_alarm(core).text
    assert "UNKNOWN" in text and "may rest still, and fill" in text and f"ticket {fire.order_ticket}" in text
    for act in cancels(core):
        core.result(act, RowState.DONE, order_ticket=fire.order_ticket)
    core.up(f.Result(core.t1.row(fire, RowState.ENDED, code="CANCELLED")))
    assert core.alarms() == []


def test_a_persons_cancel_without_a_verdict_rings_though_the_order_may_rest(core: Core) -> None:
    fire = core.rests()
    core.send(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    core.wait(9_000)
    (cancel,) = cancels(core)
    assert cancel.state is ActState.UNKNOWN and core.alarms() == ["RESTING_UNCANCELLED"]
    core.result(cancel, RowState.NOT_EXECUTED, code="EXPIRED")
    assert core.alarms() == [] and fire.state is ActState.WORKING


def test_a_terminal_that_is_back_is_asked_soon(core: Core) -> None:
    fire = core.rests()
    core.send(calls.Halt())
    for _ in range(5):
        refused(core)
        next_cancel(core)
    refused(core)
    count = len(cancels(core))
    core.wait(10_000)
    core.beat(connected=False)
    core.beat()
    core.wait(6_000)
    assert len(cancels(core)) == count + 1
    assert fire.state is ActState.WORKING


def test_one_that_found_no_order_is_not_repeated_unless_the_order_is_shown_again(core: Core) -> None:
    fire = core.rests()
    core.send(calls.Halt())
    core.result(cancels(core)[0], RowState.NOT_EXECUTED, code="ORDER_GONE")
    core.orders()
    core.wait(40_000)
    assert len(cancels(core)) == 1
    core.orders(core.order_row(fire))
    core.wait(1_000)
    assert len(cancels(core)) == 2


def test_a_refused_cancel_of_those_who_ask_once_is_followed_by_another(core: Core) -> None:
    core.rests()
    event = NewsEvent(core.market_ms + 5 * 60_000, "USD", "high", "CPI", "test")
    core.step(i.NewsTold(mode="file", as_of_ns=core.now_ns, events=(event,)))
    core.later(2_000)
    core.later(2_000)
    (first,) = cancels(core)
    core.result(first, RowState.REFUSED, retcode=10029)
    assert first.actor == "news" and "RESTING_UNCANCELLED" in core.alarms()
    core.wait(6_000)
    assert [act.reason for act in cancels(core)] == [first.reason] * 2
    for count, wait_ms in ((3, 12_000), (4, 22_000)):
        core.result(cancels(core)[-1], RowState.REFUSED, retcode=10029)
        assert "RESTING_UNCANCELLED" in core.alarms()
        core.wait(wait_ms)
        assert [act.reason for act in cancels(core)] == [first.reason] * count


def test_what_was_asked_once_goes_on_when_a_persons_own_cancel_is_refused_too(core: Core) -> None:
    fire = core.rests()
    event = NewsEvent(core.market_ms + 5 * 60_000, "USD", "high", "CPI", "test")
    core.step(i.NewsTold(mode="file", as_of_ns=core.now_ns, events=(event,)))
    core.later(2_000)
    core.later(2_000)
    core.result(cancels(core)[0], RowState.REFUSED, retcode=10029)
    core.send(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    core.result(cancels(core)[1], RowState.REFUSED, retcode=10029)
    assert "RESTING_UNCANCELLED" in core.alarms()
    core.wait(12_000)
    assert [act.actor for act in cancels(core)] == ["news", cancels(core)[1].actor, "resting"]


@pytest.mark.parametrize("ticket", [0, 1])
def test_a_cancel_without_a_verdict_has_an_alarm_when_its_fire_has_another_ticket_by_then(
    core: Core, ticket: int
) -> None:
    """A position's ticket may be another than that of the order that opened it."""
    fire = core.rests()
    core.send(calls.Halt())
    core.wait(20_000)
    assert cancels(core)[0].state is ActState.UNKNOWN
    held = fire.order_ticket
    row = core.position_row(fire, ticket=held + ticket, position_id=held, open_points=109_900)
    core.up(f.Positions((row,), core.market_ms, True, True))
    assert fire.state is ActState.FILLED
    assert ("ACT_UNKNOWN" if ticket else "RESTING_UNCANCELLED") in core.alarms()
    for cancel in cancels(core):
        core.result(cancel, RowState.DONE, order_ticket=held, retcode=10009)
    assert core.alarms() == []


# --- what an agent did alone ----------------------------------------------------------------------------


def test_a_dead_mans_cancel_is_an_act_of_the_journal_and_says_who_cancelled(core: Core) -> None:
    fire = core.rests()
    order = Order(ORDER_VERSION, ActKind.CANCEL, "alpha", "EURUSD", Side.BUY, ticket=fire.order_ticket)
    digest = order_hash(order)
    core.t1.row(1, RowState.JOURNALED, order_hash=digest, order=order)
    core.t1.row(1, RowState.DONE, order_hash=digest, order_ticket=fire.order_ticket)
    core.t1.row(fire, RowState.ENDED, code="CANCELLED", order_ticket=fire.order_ticket)
    core.wait(15_000, beat=())
    core.connect()
    (cancel,) = cancels(core)
    assert (cancel.state, cancel.actor, cancel.reason, cancel.mission) == (
        ActState.DONE,
        "agent",
        "dead-man",
        fire.mission,
    )
    assert fire.state is ActState.CANCELLED and show(IdKind.ACT, sequence_of(cancel.act_id)) in fire.detail
    assert not core.findings()


# --- comparing ------------------------------------------------------------------------------------------


def differences(core: Core) -> list[tuple[str, str]]:
    found = comparing.differences(
        Turn(core.state, core.engine.live, core.now_ns, 0), "alpha", core.link(), History("t1", 1)
    )
    return [(row.kind, row.broker) for row in found if row.kind not in ("deal", "balance")]


def test_the_books_of_orders_are_compared_row_by_row(core: Core) -> None:
    fire = core.rests()
    core.orders(core.order_row(fire))
    assert differences(core) == []
    core.orders(core.order_row(fire, price_points=109_901))
    assert [kind for kind, _ in differences(core)] == ["order"]
    core.orders(core.order_row(fire), core.order_row(fire, ticket=9, magic=0))
    assert [kind for kind, _ in differences(core)] == ["foreign order"]
    core.orders()
    assert differences(core) == [("order", "does not rest")]


def test_what_is_left_of_a_partial_fill_can_be_cancelled_by_a_person_and_is_a_difference(core: Core) -> None:
    fire = core.rests()
    filled(core, fire, 10)
    core.link().orders = {fire.order_ticket: core.order_row(fire, volume_steps=6)}
    assert ("order", f"0.06 of it rest, ticket {fire.order_ticket}") in differences(core)
    core.send(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    assert [ours(act).ticket for act in cancels(core)] == [fire.order_ticket]


def test_the_same_key_is_answered_by_the_same_cancel(core: Core) -> None:
    fire = core.rests()
    verb = calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id)))
    first = core.send(verb, key="k")
    cancelled(core, cancels(core)[0], fire)
    again = core.ask(verb, key="k")
    assert core.replies[first].problem is again.problem is None and len(cancels(core)) == 1
    assert again.data.acts[0].verdict.endswith("is cancelled")  # type: ignore[union-attr]


def test_a_halt_that_latches_again_asks_nothing_twice(core: Core) -> None:
    core.rests()
    core.send(calls.Halt(reduce=True))
    core.send(calls.Halt())
    assert len(cancels(core)) == 1
