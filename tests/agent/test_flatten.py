"""A flatten asked for on the terminal's own host: each position once, under ids of the ledger's own."""

from __future__ import annotations

from hydrad.agent import calls, inputs
from hydrad.agent.entries import FlattenStored, RowStored
from hydrad.domain.ids import tag_of
from hydrad.domain.instants import SECOND
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from tests.agent.conftest import FIRE, Bench


def ask(bench: Bench, *positions: int, left_ns: int = 60 * SECOND) -> FlattenStored:
    """What another process has written, and the agent finds."""
    asked = FlattenStored("ann", positions, bench.now_ns + left_ns)
    bench.durable.append(asked)
    bench.step(inputs.LocalFlatten(*bench.at(), asked, left_ns))
    bench.poll()
    return asked


def at_the_broker(bench: Bench, *positions: int) -> None:
    """Until the first close is in the worker's hands; the worker answers no more by itself."""
    bench.auto = False
    ask(bench, *positions)
    while bench.call is not None and not isinstance(bench.call, calls.Perform):
        bench.answer()
    assert isinstance(bench.call, calls.Perform)


def local_rows(bench: Bench) -> list[f.LedgerRow]:
    rows = [entry.row for entry in bench.durable if isinstance(entry, RowStored)]
    return [row for row in rows if tag_of(row.act_id) == 0]


def test_what_was_named_is_closed_once_and_told_to_the_daemon(bench: Bench) -> None:
    first, second = (bench.fire(act_id=FIRE + n).position_id for n in range(2))
    ask(bench, first)
    for _ in range(5):
        bench.pass_time(SECOND, market_ms=60_000)
    assert list(bench.broker.positions) == [second]
    (journaled, done) = local_rows(bench)
    assert (journaled.state, done.state) == (RowState.JOURNALED, RowState.DONE)
    told = [b.row for b in bench.of(f.Result) if tag_of(b.row.act_id) == 0]
    assert [row.state for row in told] == [RowState.JOURNALED, RowState.DONE]


def test_it_works_halted_and_without_a_daemon(bench: Bench) -> None:
    position = bench.fire().position_id
    bench.send(f.Halt("test"))
    bench.step(inputs.LinkLost(*bench.at(), "test"))
    ask(bench, position)
    assert not bench.broker.positions
    assert local_rows(bench)[-1].state is RowState.DONE


def test_what_the_broker_refuses_is_not_sent_again_until_somebody_asks_again(bench: Bench) -> None:
    position = bench.fire().position_id
    at_the_broker(bench, position)
    bench.answer_with(calls.Performed(RowState.REFUSED, "REQUOTE", 10004))
    bench.auto = True
    for _ in range(5):
        bench.pass_time(SECOND, market_ms=60_000)
    assert list(bench.broker.positions) == [position] and len(local_rows(bench)) == 2
    ask(bench, position)
    assert not bench.broker.positions
    assert [row.move for row in local_rows(bench)] == [0, 0, 1, 1]


def test_an_ask_whose_time_is_over_does_nothing(bench: Bench) -> None:
    position = bench.fire().position_id
    asked = FlattenStored("ann", (position,), bench.now_ns - 1)
    bench.durable.append(asked)
    bench.start()  # found by an agent that starts too late
    bench.worker_up()
    bench.pass_time(SECOND, market_ms=60_000)
    assert list(bench.broker.positions) == [position] and not local_rows(bench)


def test_an_agent_that_died_with_the_close_at_the_broker_finds_it_and_sends_no_other(bench: Bench) -> None:
    position = bench.fire().position_id
    other = bench.fire(act_id=FIRE + 1).position_id
    at_the_broker(bench, position, other)
    assert bench.call is not None
    bench._execute(bench.call)  # done at the broker; the answer is never read
    bench.start()
    bench.auto = True
    bench.worker_up()
    bench.pass_time(2 * bench.config.settle_ns)
    assert max(bench.broker.sent.values()) == 1
    states = {row.act_id: row.state for row in local_rows(bench)}
    # What was at the broker is found there; what was journaled and never sent is proven absent, and asked for anew.
    assert list(states.values()) == [RowState.DONE, RowState.NOT_EXECUTED]
    assert list(bench.broker.positions) == [other]
    ask(bench, other)
    assert not bench.broker.positions and max(bench.broker.sent.values()) == 1


def test_another_terminals_fire_is_ours_by_its_tag_and_anybody_elses_is_not(bench: Bench) -> None:
    row = bench.fire()
    ledger = bench.core._ledger
    assert ledger.is_ours(row.position_id, 0)
    assert ledger.is_ours(4711, FIRE + 5)  # opened elsewhere, under an id of the same journal
    assert not ledger.is_ours(4711, 12345) and not ledger.is_ours(4711, FIRE + (1 << 38))
