"""An agent that was told to end: nothing opens any more, what reduces is finished, nothing new begins."""

from __future__ import annotations

import pytest

from hydrad.agent import calls, inputs
from hydrad.agent.checks import STOP_NS_MAX
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ActKind, Order
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from tests.agent.conftest import FIRE, START_MS, Bench, order, time_stop

CLOSE = FIRE + 50


def close_of(held: f.PositionRow) -> Order:
    return order(
        kind=ActKind.CLOSE, side=1, position_id=held.position_id, ticket=held.ticket, volume_steps=held.volume_steps,
        volume_expected_steps=held.volume_steps, stop_points=0, target_points=0,
    )  # fmt: skip


def busy(bench: Bench) -> None:
    """A reading is in the worker's hand, so that what comes now must wait."""
    bench.market_ms += 1_000
    bench.auto = False
    bench.poll()
    assert isinstance(bench.call, calls.Poll)


def stop(bench: Bench) -> None:
    bench.step(inputs.Stopping(*bench.at()))


def stored(bench: Bench, act_id: int) -> f.LedgerRow:
    rows = [entry.row for entry in bench.durable if hasattr(entry, "row")]
    return [row for row in rows if row.act_id == act_id][-1]


def test_opens_that_wait_are_withheld_at_once_and_told(bench: Bench) -> None:
    busy(bench)
    bench.send(bench.command(order(), FIRE))
    bench.send(bench.command(order(), FIRE + 1))
    stop(bench)
    for act_id in (FIRE, FIRE + 1):
        assert (bench.told(act_id).state, bench.told(act_id).code) == (RowState.NOT_EXECUTED, "STOPPING")
        assert stored(bench, act_id).state is RowState.NOT_EXECUTED
    assert bench.core.in_hand == 0
    bench.auto = True
    bench.answer()
    assert not bench.broker.sent


def test_without_a_session_it_is_durable_and_told_at_the_next_hand_shake(bench: Bench) -> None:
    busy(bench)
    bench.send(bench.command(order(), FIRE))
    bench.step(inputs.LinkLost(*bench.at(), "cut"))
    stop(bench)
    bench.start()
    bench.auto = True
    bench.ready()
    rows = [row for body in bench.of(f.Ledger) for row in body.rows]  # type: ignore[attr-defined]
    assert [(row.state, row.code) for row in rows][-1] == (RowState.NOT_EXECUTED, "STOPPING")
    again = bench.fire(act_id=FIRE)
    assert again.code == "STOPPING" and not bench.broker.sent


def test_an_order_on_its_way_is_waited_for_and_nothing_follows_it(bench: Bench) -> None:
    bench.auto = False
    bench.send(bench.command(order(), FIRE))
    bench.send(bench.command(order(), FIRE + 1))
    stop(bench)
    assert bench.core.in_hand == 1 and bench.core.performing
    bench.answer()
    assert bench.told(FIRE).state is RowState.DONE
    assert bench.core.in_hand == 0 and list(bench.broker.sent) == [(FIRE, 0)]


def test_closes_that_wait_are_finished(bench: Bench) -> None:
    bench.fire(act_id=FIRE)
    (held,) = bench.held()
    busy(bench)
    bench.send(bench.command(order(), FIRE + 1))
    bench.send(bench.command(close_of(held), CLOSE, f.Close))
    stop(bench)
    assert bench.core.in_hand == 1
    bench.answer()
    bench.answer()
    assert bench.told(CLOSE).state is RowState.DONE and bench.core.in_hand == 0
    assert set(bench.broker.sent) == {(FIRE, 0), (CLOSE, 0)}


@pytest.mark.parametrize("kind", [f.Fire, f.Close])
def test_what_comes_after_it_is_refused_so_that_the_end_comes(bench: Bench, kind: type[f.Command]) -> None:
    bench.fire(act_id=FIRE)
    (held,) = bench.held()
    stop(bench)
    asked = order() if kind is f.Fire else close_of(held)
    bench.send(bench.command(asked, CLOSE, kind))
    assert (bench.told(CLOSE).state, bench.told(CLOSE).code) == (RowState.NOT_EXECUTED, "STOPPING")


def test_no_plan_begins_a_step_any_more(bench: Bench) -> None:
    bench.fire(order(plan=(time_stop(FIRE + 90, START_MS + 2_000),)), FIRE)
    stop(bench)
    bench.price(138_700, market_ms=5_000)
    assert set(bench.broker.sent) == {(FIRE, 0)}
    bench.start()
    bench.ready()
    bench.price(138_700, market_ms=5_000)
    assert bench.broker.sent[FIRE + 90, 0] == 1


def test_a_step_that_no_worker_takes_in_time_is_given_up(bench: Bench) -> None:
    for number in (0, 1):
        bench.fire(order(plan=(time_stop(FIRE + 90 + number, START_MS + 2_000),)), FIRE + number)
    busy(bench)
    bench.market_ms += 5_000
    while not isinstance(bench.call, calls.Perform):
        bench.answer()
    stop(bench)
    assert bench.core.in_hand == 2
    bench.now_ns += STOP_NS_MAX + SECOND
    bench.step(inputs.Timer(*bench.at()))
    assert bench.core.in_hand == 1 and stored(bench, FIRE + 91).code == "STOPPING"
    bench.answer()
    assert stored(bench, FIRE + 90).state is RowState.DONE and bench.core.in_hand == 0
