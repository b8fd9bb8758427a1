"""The equity floor: the agent latches itself, and closes what is ours, with no daemon to ask."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hydrad.agent import calls, floor
from hydrad.agent.caps import Caps
from hydrad.agent.entries import LatchStored
from hydrad.domain.ids import tag_of
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ActKind
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from tests.agent.conftest import FIRE, Bench, order

LOW = Decimal(8_999)


def bench(action: str = "flatten") -> Bench:
    """An agent with a floor of 9000, and two positions of its own."""
    caps = Caps(Decimal(1), 10, ("EURUSD",), Decimal(9_000), action)  # type: ignore[arg-type]
    made = Bench(caps=caps).ready()
    made.fire()
    made.fire(order(volume_steps=7), FIRE + 1)
    made.pass_time(SECOND)
    return made


def fall(made: Bench, equity: Decimal = LOW, ms: int = 1_000) -> None:
    made.equity = equity
    made.pass_time(SECOND, market_ms=ms)


def local_rows(made: Bench) -> list[f.LedgerRow]:
    rows = [body.row for body in made.of(f.Result)]  # type: ignore[union-attr]
    return [row for row in rows if tag_of(row.act_id) == 0]


def test_above_the_floor_nothing_happens() -> None:
    made = bench()
    fall(made, Decimal("9000.01"))
    assert not made.core.halted and local_rows(made) == []


def test_halt_latches_and_tells_and_closes_nothing() -> None:
    made = bench("halt")
    fall(made, Decimal(9_000))
    assert made.core.halted and made.of(f.Halted)[-1] == f.Halted(True, floor.BY, ("floor",))
    assert [body.code for body in made.of(f.Warn)] == ["EQUITY_FLOOR"]  # type: ignore[union-attr]
    assert len(made.broker.positions) == 2 and local_rows(made) == []
    assert made.fire(act_id=FIRE + 2).code == "HALTED"


def test_flatten_closes_each_of_ours_once_with_ids_of_its_own() -> None:
    made = bench()
    stranger = msgspec.structs.replace(next(iter(made.broker.positions.values())), ticket=5, position_id=5, magic=0)
    made.broker.positions[5] = stranger
    fall(made)
    fall(made, LOW, 600_000)
    assert list(made.broker.positions) == [5]
    done = [row for row in local_rows(made) if row.state is RowState.DONE]
    assert [(row.act_id, row.move, row.volume_steps) for row in done] == [(1, 0, 10), (2, 0, 7)]
    journaled = [row.order for row in local_rows(made) if row.state is RowState.JOURNALED]
    assert all(o is not None and o.kind is ActKind.CLOSE and o.volume_remaining_steps == 0 for o in journaled)
    assert made.broker.sent[1, 0] == made.broker.sent[2, 0] == 1


def test_it_holds_without_a_daemon_and_is_told_at_the_next_hand_shake() -> None:
    made = bench()
    made.now_ns += 60 * SECOND  # nobody answers
    made.step(_timer(made))
    fall(made)
    assert made.broker.positions == {} and made.core.halted
    made.open()
    hello = made.of(f.Hello)[-1]
    assert hello.halted  # type: ignore[union-attr]
    made.welcome()
    told = [row for body in made.of(f.Ledger) for row in body.rows if tag_of(row.act_id) == 0]  # type: ignore[union-attr]
    assert [row.state for row in told] == [RowState.JOURNALED, RowState.JOURNALED, RowState.DONE, RowState.DONE]


def _timer(made: Bench) -> object:
    from hydrad.agent import inputs

    return inputs.Timer(*made.at())


def test_a_restart_goes_on_and_repeats_nothing() -> None:
    made = bench()
    made.auto = False
    made.equity, made.market_ms = LOW, made.market_ms + 1_000
    made.poll()
    made.answer()  # the reading: both closes are journaled, the first is with the worker
    assert isinstance(made.call, calls.Perform)
    made.broker.perform(made.call)
    made.start()  # killed with the answer on its way
    assert made.core.halted
    made.auto = True
    made.ready()
    made.pass_time(2 * SECOND, market_ms=1_000)
    assert made.broker.sent[1, 0] == 1 and made.broker.sent[2, 0] <= 1
    assert all(count == 1 for count in made.broker.sent.values())


def test_what_was_refused_is_tried_again_as_the_next_move_a_minute_later() -> None:
    made = bench()
    made.broker.positions.popitem()
    made.auto = False
    made.equity, made.market_ms = LOW, made.market_ms + 1_000
    made.poll()
    made.answer()
    made.answer_with(calls.Performed(RowState.REFUSED, "REQUOTE", 10004))
    made.auto = True
    while made.call is not None:
        made.answer()
    made.pass_time(SECOND, market_ms=30_000)
    assert len(made.broker.positions) == 1
    made.equity = Decimal(9_500)  # the decision stands while the latch does
    made.pass_time(SECOND, market_ms=31_000)
    assert made.broker.positions == {} and made.broker.sent[1, 1] == 1


def test_without_a_verdict_nothing_is_sent_again() -> None:
    made = bench()
    made.broker.positions.popitem()
    made.auto = False
    made.equity, made.market_ms = LOW, made.market_ms + 1_000
    made.poll()
    made.answer()
    made.broker.shown_from_ns[1, 0] = made.now_ns + 3_600 * SECOND
    made.lose_worker(executed=False)
    made.auto = True
    made.broker.connected = False
    made.worker_up()
    made.pass_time(2 * SECOND, market_ms=600_000)
    assert made.broker.sent[1, 0] == 0 and len(made.broker.positions) == 1
    assert local_rows(made)[-1].state is RowState.UNKNOWN


def test_a_position_that_a_daemon_closes_already_is_left_to_it() -> None:
    made = bench()
    made.broker.positions.popitem()
    held = next(iter(made.broker.positions.values()))
    asked = order(kind=ActKind.CLOSE, position_id=held.position_id, ticket=held.ticket)
    made.auto = False
    made.send(made.command(asked, FIRE + 9, f.Close))
    made.equity = LOW
    made.answer()
    while made.call is not None:
        made.answer()
    assert local_rows(made) == []


def test_a_resume_that_names_it_opens_the_latch_until_the_next_reading() -> None:
    made = bench("halt")
    fall(made)
    made.send(f.Resume("somebody", ("floor",)))
    assert not made.core.halted
    fall(made)
    assert made.core.halted
    fall(made, Decimal(10_000))
    made.send(f.Resume("somebody", ("floor",)))
    made.pass_time(SECOND, market_ms=1_000)
    assert not made.core.halted


def test_beside_a_latch_of_somebody_elses_the_floor_has_its_own() -> None:
    made = bench("flatten")
    made.send(f.Halt("somebody"))
    fall(made)
    latches = [entry for entry in made.durable if isinstance(entry, LatchStored)]
    assert [entry.by for entry in latches] == ["somebody", floor.BY] and made.broker.positions == {}


@pytest.mark.parametrize("balance", [0, 10])
def test_figures_that_are_all_zero_are_no_equity(balance: int) -> None:
    caps = Caps(Decimal(1), 10, (), Decimal(9_000))
    zero = Decimal(0)
    figures = f.Account(Decimal(balance), zero, zero, zero, zero, zero, 1, "USD", 0)
    assert floor.reached(caps, figures) is bool(balance)


def test_an_id_that_was_asked_about_before_it_was_drawn_is_not_drawn() -> None:
    """After a lost ledger a daemon asks about an id of the old one: the tombstone must not hold up the new one's
    close."""
    made = bench()
    made.broker.positions.popitem()
    made.send(f.Query(1, 0))
    fall(made)
    assert made.broker.positions == {} and made.broker.sent[2, 0] == 1
