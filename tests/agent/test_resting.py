"""Resting orders at the agent: placed, followed by evidence, cancelled on command and alone."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hydrad.agent import calls, inputs
from hydrad.agent.caps import Caps
from hydrad.agent.entries import LatchStored
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ORDER_VERSION, ActKind, EntryType, Order, Side
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from tests.agent.conftest import ASK, FIRE, START_MS, TERMS, Bench, order

CANCEL = FIRE + 7


def limit(**changes: object) -> Order:
    plain = {
        "entry_type": EntryType.LIMIT,
        "entry_points": ASK - 50,
        "stop_points": ASK - 250,
        "target_points": ASK + 250,
        "collar_points": 0,
        "expiration_ms": START_MS + 3_600_000 - START_MS % 1000,
    }
    return order(**{**plain, **changes})


def cancel(ticket: int) -> Order:
    return Order(ORDER_VERSION, ActKind.CANCEL, "alpha", "EURUSD", Side.BUY, ticket=ticket)


def resting(bench: Bench) -> f.LedgerRow:
    row = bench.fire(limit())
    assert row.state is RowState.WORKING
    bench.pass_time(SECOND, market_ms=1_000)
    return row


def shown(bench: Bench) -> list[int]:
    """Tickets of the last report of orders."""
    (*_, last) = [body for body in bench.sent if isinstance(body, f.Orders)]
    return [row.ticket for row in last.rows]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("EXPIRATION", {"expiration_ms": 0}),
        ("EXPIRATION", {"expiration_ms": START_MS - START_MS % 1000}),
        ("EXPIRATION", {"expiration_ms": START_MS - START_MS % 1000 + 3_600_000 + 1_000}),
        ("EXPIRATION", {"expiration_ms": START_MS - START_MS % 1000 + 60_001}),
        ("ENTRY_MISSED", {"entry_points": ASK}),
        ("ENTRY_MISSED", {"entry_type": EntryType.STOP}),
        ("ENTRY_MISSED", {"side": Side.SELL, "entry_points": ASK - 2}),
        ("STOP_PRESENT", {"stop_points": 0}),
    ],
)
def test_what_may_not_rest_is_not_executed(bench: Bench, code: str, changes: dict[str, object]) -> None:
    row = bench.fire(limit(**changes))
    assert (row.state, row.code) == (RowState.NOT_EXECUTED, code) and not bench.broker.sent


@pytest.mark.parametrize("flags", [{"order_flags": 5}, {"expiration_flags": 3}])
def test_a_broker_that_cannot_end_it_gets_no_resting_order(flags: dict[str, int]) -> None:
    bench = Bench()
    bench.broker.terms = msgspec.structs.replace(TERMS, **flags)
    bench.ready()
    assert bench.fire(limit()).code == "ORDER_TYPE"


def test_an_unknown_broker_clock_opens_nothing(bench: Bench) -> None:
    bench.offset_ms = None
    bench.pass_time(SECOND, market_ms=60_000)
    assert bench.fire(limit()).code == "BROKER_CLOCK"
    assert bench.fire(act_id=FIRE + 1).code == "BROKER_CLOCK"
    bench.offset_ms = 7_200_000  # an hour less than it was
    bench.pass_time(SECOND, market_ms=60_000)
    assert [body.code for body in bench.of(f.Warn)] == ["BROKER_CLOCK"]
    assert bench.fire(act_id=FIRE + 2).state is RowState.DONE


def test_what_rests_is_told_at_once_and_now_and_then(bench: Bench) -> None:
    row = resting(bench)
    assert shown(bench) == [row.order_ticket]
    before = len(bench.of(f.Orders))
    bench.pass_time(6 * SECOND, market_ms=1_000)
    for _ in range(6):
        bench.pass_time(SECOND, market_ms=1_000)
    assert before < len(bench.of(f.Orders)) <= before + 4


def test_where_it_was_last_seen_it_is_not_searched_for(bench: Bench) -> None:
    resting(bench)
    bench.auto = False
    bench.pass_time(3 * SECOND)
    assert not isinstance(bench.call, calls.Find)


def test_its_deal_ends_it(bench: Bench) -> None:
    row = resting(bench)
    bench.broker.fill(FIRE)
    bench.pass_time(SECOND, market_ms=1_000)
    told = bench.told()
    assert (told.state, told.position_id) == (RowState.DONE, row.order_ticket) and shown(bench) == []


@pytest.mark.parametrize("code", ["CANCELLED", "ORDER_EXPIRED", "ORDER_REJECTED"])
def test_its_end_is_told_with_how(bench: Bench, code: str) -> None:
    resting(bench)
    bench.broker.orders.clear()
    bench.broker.ended[FIRE] = code
    bench.pass_time(SECOND, market_ms=1_000)
    assert (bench.told().state, bench.told().code) == (RowState.ENDED, code)


def test_gone_from_the_list_proves_nothing_until_the_records_had_their_window(bench: Bench) -> None:
    """However long it had rested: a fill may be in the history later than out of the list."""
    resting(bench)
    for _ in range(120):
        bench.pass_time(SECOND, market_ms=1_000)
    bench.broker.orders.clear()
    for _ in range(30):
        bench.pass_time(SECOND, market_ms=1_000)
    assert bench.told().state is RowState.WORKING
    bench.broker.done[FIRE, 0] = calls.Performed(RowState.DONE, "", 0, 77, 78, 77, ASK, 10)
    bench.pass_time(2 * SECOND, market_ms=1_000)
    assert bench.told().state is RowState.DONE


def test_a_cancel_removes_it_and_both_acts_are_told(bench: Bench) -> None:
    row = resting(bench)
    bench.send(bench.command(cancel(row.order_ticket), CANCEL, f.Cancel))
    assert bench.told(CANCEL).state is RowState.DONE
    bench.pass_time(SECOND, market_ms=1_000)
    assert (bench.told().state, bench.told().code) == (RowState.ENDED, "CANCELLED")
    bench.send(bench.command(cancel(row.order_ticket), CANCEL, f.Cancel))
    assert bench.broker.sent[CANCEL, 0] == 1


def test_a_halted_agent_still_cancels(bench: Bench) -> None:
    row = resting(bench)
    bench.send(f.Halt("test"))
    bench.send(bench.command(cancel(row.order_ticket), CANCEL, f.Cancel))
    assert bench.told(CANCEL).state is RowState.DONE
    assert bench.fire(limit(), FIRE + 2).code == "HALTED"


# --- the dead-man ---------------------------------------------------------------------------------------


def silent(bench: Bench, seconds: int) -> None:
    """Time goes by with no beat from any daemon."""
    for _ in range(seconds * 2):
        bench.now_ns += SECOND // 2
        bench.market_ms += 500
        bench.step(inputs.Timer(*bench.at()))
        bench.poll()


def test_without_a_beat_for_so_long_the_agent_cancels_alone_and_tells_later(bench: Bench) -> None:
    row = resting(bench)
    silent(bench, 9)
    assert row.order_ticket in bench.broker.orders
    silent(bench, 5)
    assert not bench.broker.orders
    bench.ready()
    rows = [row for body in bench.of(f.Ledger) for row in body.rows]  # type: ignore[attr-defined]
    alone = [row for row in rows if row.act_id >> 38 == 0]
    assert [row.state for row in alone] == [RowState.JOURNALED, RowState.DONE]
    assert alone[0].order == cancel(row.order_ticket)


def test_what_a_partial_fill_has_left_goes_alone_too(bench: Bench) -> None:
    """It may open more with nobody to see it; the act that placed it is DONE with what it got."""
    row = resting(bench)
    whole = bench.broker.orders[row.order_ticket]
    bench.broker.fill(FIRE)
    bench.pass_time(SECOND, market_ms=1_000)
    assert bench.told().state is RowState.DONE
    bench.broker.orders[row.order_ticket] = msgspec.structs.replace(whole, volume_steps=whole.volume_steps - 1)
    silent(bench, 15)
    assert not bench.broker.orders


def test_the_dead_man_cancels_each_order_once(bench: Bench) -> None:
    resting(bench)
    silent(bench, 60)
    assert sum(count for (act_id, _), count in bench.broker.sent.items() if act_id >> 38 == 0) == 1


def test_a_cancel_that_the_broker_refused_is_tried_again_as_the_next_move(bench: Bench) -> None:
    row = resting(bench)
    bench.auto = False
    refused = 0
    for _ in range(120):
        silent(bench, 1) if bench.call is None else None
        call = bench.call
        if isinstance(call, calls.Perform) and refused < 2:
            refused += 1
            bench.answer_with(calls.Performed(RowState.REFUSED, "FROZEN", 10029))
        elif call is not None:
            bench.answer()
    assert refused == 2 and row.order_ticket not in bench.broker.orders
    moves = sorted(move for (act_id, move) in bench.broker.sent if act_id >> 38 == 0)
    assert moves == [2]


def test_an_order_that_does_not_go_is_tried_for_ever_slowly_and_said(bench: Bench) -> None:
    row = resting(bench)
    bench.step(inputs.LocalLatch(*bench.at(), LatchStored(True, "a person at the host", "local")))
    bench.auto, moves = False, 0
    for _ in range(6_000):
        call = bench.call
        if isinstance(call, calls.Perform):
            assert call.move == moves
            moves += 1
            bench.answer_with(calls.Performed(RowState.REFUSED, "FROZEN", 10029))
        elif call is not None:
            bench.answer()
        elif moves < 64:
            bench.pass_time(SECOND, market_ms=10_000 if moves < 60 else 120_000)
        else:
            break
    assert moves == 64, "it goes on beyond the sixty that were made soon"
    told = [body.detail for body in bench.of(f.Warn) if body.code == f.STUCK]  # type: ignore[attr-defined]
    assert len(told) == 4 == len(bench.said) and f"resting order {row.order_ticket} is not cancelled" in told[0]
    bench.auto = True
    bench.pass_time(6 * SECOND, market_ms=700_000)
    assert row.order_ticket not in bench.broker.orders


def test_latched_for_as_long_it_cancels_alone_with_a_daemon_that_beats(bench: Bench) -> None:
    row = resting(bench)
    bench.step(inputs.LocalLatch(*bench.at(), LatchStored(True, "a person at the host", "local")))
    for _ in range(8):
        bench.pass_time(SECOND, market_ms=1_000)
    assert row.order_ticket in bench.broker.orders
    for _ in range(5):
        bench.pass_time(SECOND, market_ms=1_000)
    assert not bench.broker.orders
    assert (bench.told().state, bench.told().code) == (RowState.ENDED, "CANCELLED")


def test_at_its_equity_floor_it_cancels_at_once() -> None:
    bench = Bench(caps=Caps(Decimal(1), 10, ("EURUSD",), equity_floor=Decimal(9_000))).ready()
    row = resting(bench)
    bench.equity = Decimal(8_999)
    for _ in range(2):
        bench.pass_time(SECOND, market_ms=1_000)
    assert row.order_ticket not in bench.broker.orders


def test_a_beat_keeps_the_dead_man_off_across_sessions(bench: Bench) -> None:
    row = resting(bench)
    for _ in range(4):
        silent(bench, 5)
        bench.ready()
    assert row.order_ticket in bench.broker.orders


def test_what_ended_while_nothing_could_be_read_has_the_whole_window_from_the_first_look() -> None:
    """Seen long ago and gone at the first look after a broken connection: it may have ended a moment before."""
    bench = Bench(dead_man_ns=3_600 * SECOND).ready()
    resting(bench)
    for _ in range(90):
        bench.now_ns += SECOND
        bench.step(inputs.Timer(*bench.at()))
    bench.broker.orders.clear()
    bench.ready()
    for _ in range(50):
        bench.pass_time(SECOND, market_ms=1_000)
    assert bench.told().state is RowState.WORKING
    bench.broker.ended[FIRE] = "CANCELLED"
    bench.pass_time(2 * SECOND, market_ms=1_000)
    assert bench.told().state is RowState.ENDED
