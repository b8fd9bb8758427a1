"""A terminal that answers as its neighbour, a broker that goes and comes, a host that slept: real processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from hydrad.domain.instants import SECOND
from hydrad.domain.orders import order_hash
from hydrad.link import frames as f
from tests.adapters.test_agent_shell import FIRE_ID, LOGIN, START_MS, World, closing

OTHER = 100_002
NEIGHBOUR = f"""
[[accounts]]
login = {OTHER}
password = "paper"
server = "Paper"
"""


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("w"), more=NEIGHBOUR)
    yield made
    made.close()


def test_before_an_order_the_neighbour_is_recognised_and_nothing_is_sent(world: World) -> None:
    world.ready()
    order = world.order()
    world.ask(op="fault", kind="neighbour", login=LOGIN)
    world.fire(order)
    hello = world.daemon.wait(f.Hello)
    assert hello.identity.login == OTHER
    assert not world.opened() and not world.ask(op="books", login=OTHER)["positions"]
    rows = [body.row for body in world.daemon.seen if isinstance(body, f.Result)]
    assert all(row.state is f.RowState.NOT_EXECUTED for row in rows), rows
    world.daemon.up = None
    world.ask(op="clear")
    world.daemon.wait(f.Hello, lambda body: body.identity.login == LOGIN)  # it is itself again, and says so
    world.daemon.wait(f.Ready)


def test_nothing_of_the_neighbour_is_told_as_our_own(world: World) -> None:
    """A reading between the switch and the next look at who it is: its money would be booked, its positions followed."""
    world.ready()
    world.ask(op="manual", login=OTHER, action="open", symbol="EURUSD", side="BUY", volume="0.50")
    world.ask(op="cash", login=OTHER, amount="77.00")
    seen = len(world.daemon.seen)
    world.ask(op="fault", kind="neighbour", login=LOGIN)
    for _ in range(3):
        world.ask(op="step", ms=1_000)
    assert world.daemon.wait(f.Hello).identity.login == OTHER
    told = world.daemon.seen[seen:]
    assert not [row for body in told if isinstance(body, f.Deals | f.Positions) for row in body.rows]
    assert all(body.balance == 10_000 for body in told if isinstance(body, f.Account))


def test_after_an_order_the_neighbour_makes_it_unknown_until_the_records_tell(world: World) -> None:
    world.ready()
    world.ask(op="fault", kind="latency", login=LOGIN, count=1, ms=1_500)
    world.fire(world.order())
    world.daemon.wait(f.Ack)
    world.until(world.opened)  # done at the broker; its answer is held back
    world.ask(op="fault", kind="neighbour", login=LOGIN, ms=4_000)
    unknown = world.daemon.wait(f.Result).row
    assert (unknown.state, unknown.code) in (
        (f.RowState.UNKNOWN, "IDENTITY"),
        (f.RowState.UNKNOWN, "WORKER_LOST"),
    )
    if unknown.code == "IDENTITY":
        assert world.daemon.wait(f.Warn, lambda body: body.code == "IDENTITY_CHANGED").detail == f"after act {FIRE_ID}"
    world.daemon.up = None
    world.daemon.wait(f.Hello, lambda body: body.identity.login == LOGIN)
    world.daemon.wait(f.Ready)
    end = time.monotonic() + 30
    state = None
    while state is not f.RowState.DONE:
        assert time.monotonic() < end
        world.daemon.send(f.Query(FIRE_ID, 0))
        state = world.daemon.wait(f.Status).row.state
    assert len(world.opened()) == 1


def test_a_broker_that_goes_and_comes_is_told_and_survived(world: World) -> None:
    world.ready()
    world.ask(op="fault", kind="disconnect", login=LOGIN, ms=2_500)
    assert world.daemon.wait(f.BeatUp, lambda beat: not beat.connected).worker_alive
    world.daemon.wait(f.BeatUp, lambda beat: beat.connected)
    world.filled()


def test_a_terminal_that_is_restarted_is_told_and_survived(world: World) -> None:
    """The simulated terminal is the broker: its process ends in the middle of everything, and another one starts."""
    world.ready()
    held = world.filled()
    os.kill(world.broker.pid, signal.SIGKILL)
    world.broker.wait()
    assert not world.daemon.wait(f.BeatUp, lambda beat: not beat.worker_alive).connected
    world.broker = world.start("sim", "--config", str(world.folder / "broker.toml"))
    world.daemon.wait(f.BeatUp, lambda beat: beat.worker_alive and beat.connected)
    order = closing(held)
    world.daemon.send(f.Close(FIRE_ID + 1, 0, time.time_ns() + 5 * SECOND, 0, order, order_hash(order)))
    done = world.daemon.wait(f.Result, lambda body: body.row.act_id == FIRE_ID + 1).row
    assert done.state is f.RowState.DONE and world.books()["positions"] == []


def test_a_host_that_slept_sends_nothing_that_is_past_its_deadline(world: World) -> None:
    """As a suspended host: the agent stands still while its clock, which counts suspend, goes on."""
    world.ready()
    order = world.order()
    os.kill(world.agent.pid, signal.SIGSTOP)
    deadline_ns = time.time_ns() + SECOND
    world.daemon.send(f.Fire(FIRE_ID, 0, deadline_ns, START_MS + 3_600_000, order, order_hash(order)))
    world.until(lambda: time.time_ns() > deadline_ns + SECOND)
    os.kill(world.agent.pid, signal.SIGCONT)
    row = world.daemon.wait(f.Result, lambda body: body.row.act_id == FIRE_ID).row
    assert (row.state, row.code) == (f.RowState.NOT_EXECUTED, "EXPIRED")
    assert not world.opened()
