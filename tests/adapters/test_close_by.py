"""A close-by with one process killed, frozen, restarted or cut off in its middle: real agent, worker and broker.

No verb of a person's makes one; an agent is asked for it over the link. The middle is made by the broker: both positions
are gone from its books while its answer is held back.
"""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ORDER_VERSION, ActKind, Order, Side, order_hash
from hydrad.link import frames as f
from tests import namespaces
from tests.adapters.test_agent_shell import FIRE_ID, PATIENCE_S, World

STEPS, PARTNER = 10, 4
HELD_MS, BOUND_S = 1_000, 1
UNSETTLED = (f.RowState.JOURNALED, f.RowState.UNKNOWN)
_IDS = itertools.count(FIRE_ID + 100)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("w"), act_bound_s=BOUND_S)
    try:
        made.ready()
        yield made
    finally:
        made.close()


def opened(world: World, side: Side, steps: int) -> int:
    """A position; its id."""
    order, sign = world.order(), side.sign
    order = msgspec.structs.replace(
        order, side=side, volume_steps=steps, collar_points=100,
        stop_points=order.entry_points - sign * 2000, target_points=order.entry_points + sign * 3000,
    )  # fmt: skip
    row = heard(world, lambda: fired(world, order))
    assert row.state is f.RowState.DONE, row
    return row.position_id


def fired(world: World, order: Order) -> int:
    act_id = next(_IDS)
    world.fire(order, act_id)
    return act_id


def heard(world: World, ask: Callable[[], int]) -> f.LedgerRow:
    """The end of an act that reached the agent: one that went down with a session is asked for anew."""
    for _ in range(20):
        row = settled(world, ask())
        if row.state is not f.RowState.TOMBSTONED and row.code not in ("CLOCK", "EXPIRED", "NOT_READY"):
            return row
    raise AssertionError(f"it never reached the agent: {row}")


def close_by(bought: int, sold: int) -> Order:
    return Order(
        version=ORDER_VERSION,
        kind=ActKind.CLOSE_BY,
        account="alpha",
        symbol="EURUSD",
        side=Side.SELL,
        volume_steps=PARTNER,
        position_id=bought,
        volume_expected_steps=STEPS,
        volume_remaining_steps=STEPS - PARTNER,
        ticket=sold,
    )


def asked(world: World, order: Order) -> int:
    act_id = next(_IDS)
    world.daemon.send(f.Close(act_id, 0, time.time_ns() + 20 * SECOND, 0, order, order_hash(order)))
    return act_id


def settled(world: World, act_id: int) -> f.LedgerRow:
    """What the agent says of an act in the end, asked again and again over whatever session there is."""
    end, ask_at = time.monotonic() + PATIENCE_S, time.monotonic() + 1.0
    while time.monotonic() < end:
        for body in world.daemon.turn():
            row = body.row if isinstance(body, f.Result | f.Status) else None
            if row is not None and row.act_id == act_id and row.state not in UNSETTLED:
                return row
        if time.monotonic() >= ask_at:
            world.daemon.send(f.Query(act_id, 0))
            ask_at += 0.3
    raise AssertionError(f"act {act_id} has no verdict; seen {world.daemon.seen[-10:]}")


def positions(world: World) -> dict[object, object]:
    return {row["ticket"]: row["volume"] for row in world.books()["positions"]}


# --- what goes wrong in the middle -------------------------------------------------------------------------------


def _killed_agent(world: World) -> None:
    world.agent.kill()
    world.agent.wait()
    world.agent = world.run_agent()


def _restarted_agent(world: World) -> None:
    """It waits for the order on its way before it ends."""
    world.agent.terminate()
    assert world.agent.wait(timeout=PATIENCE_S) == 0
    world.agent = world.run_agent()


def _killed_broker(world: World) -> None:
    world.broker.kill()
    world.broker.wait()
    world.broker = world.start("sim", "--config", str(world.folder / "broker.toml"))


def _restarted_broker(world: World) -> None:
    world.ask(op="shutdown")
    world.broker.wait(timeout=PATIENCE_S)
    world.broker = world.start("sim", "--config", str(world.folder / "broker.toml"))


def _frozen(world: World, pid: int) -> None:
    """Beyond the bound of the call, and of a beat."""
    os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + BOUND_S + 0.5
    world.until(lambda: time.monotonic() > end)
    os.kill(pid, signal.SIGCONT)


def _frozen_worker(world: World) -> None:
    """Found by the agent's bound, and killed."""
    pid = world.worker_pid()
    os.kill(pid, signal.SIGSTOP)
    world.daemon.wait(f.Warn, lambda body: body.code == "WORKER_KILLED")
    world.until(lambda: not Path(f"/proc/{pid}").exists())


MISHAPS: dict[str, Callable[[World], None]] = {
    "agent killed": _killed_agent,
    "agent frozen": lambda world: _frozen(world, world.agent.pid),
    "agent restarted": _restarted_agent,
    "worker killed": lambda world: os.kill(world.worker_pid(), signal.SIGKILL),
    "worker frozen": _frozen_worker,
    "broker killed": _killed_broker,
    "broker frozen": lambda world: _frozen(world, world.broker.pid),
    "broker restarted": _restarted_broker,
}


def _closed_by_one_another(world: World, mishap: Callable[[World], None]) -> None:
    bought, sold = opened(world, Side.BUY, STEPS), opened(world, Side.SELL, PARTNER)
    world.ask(op="fault", kind="latency", login=100_001, count=1, ms=HELD_MS)
    act_id = asked(world, close_by(bought, sold))
    world.until(lambda: sold not in positions(world))
    mishap(world)
    row = settled(world, act_id)
    assert (row.state, row.position_id, row.volume_steps) == (f.RowState.DONE, bought, PARTNER), row
    again = heard(world, lambda: asked(world, close_by(bought, sold)))  # whoever asks once more closes nothing
    assert (again.state, again.code) == (f.RowState.NOT_EXECUTED, "POSITION_CLOSED")
    assert positions(world) == {bought: "0.06"}
    ours = [deal for deal in world.books()["deals"] if deal["magic"] == act_id]
    assert [deal["entry"] for deal in ours] == ["OUT_BY", "OUT_BY"]
    world.ask(op="manual", login=100_001, action="close", position=bought)


@pytest.mark.parametrize("mishap", MISHAPS)
def test_a_close_by_has_its_verdict_by_evidence(world: World, mishap: str) -> None:
    _closed_by_one_another(world, MISHAPS[mishap])


@pytest.mark.skipif(not namespaces.allowed(), reason="needs ip and the right to make network namespaces")
def test_a_close_by_whose_daemon_is_cut_off_has_its_verdict(tmp_path_factory: pytest.TempPathFactory) -> None:
    with namespaces.namespace() as name:
        with namespaces.inside(name):
            world = World(tmp_path_factory.mktemp("w"), act_bound_s=BOUND_S)
        try:
            world.ready()
            _closed_by_one_another(world, lambda world: _cut(world, name))
        finally:
            world.close()


def _cut(world: World, name: str) -> None:
    """Until the broker has long answered."""
    namespaces.cut(name)
    end = time.monotonic() + 2 * HELD_MS / 1000
    world.until(lambda: time.monotonic() > end)
    namespaces.mended(name)


def test_a_close_by_that_was_made_for_other_positions_is_not_sent(world: World) -> None:
    bought, sold = opened(world, Side.BUY, STEPS), opened(world, Side.SELL, PARTNER)
    other = opened(world, Side.BUY, STEPS)
    order = close_by(bought, sold)
    replace = msgspec.structs.replace
    for wrong, code in (
        (replace(order, ticket=other), "POSITION_STATE"),
        (replace(order, ticket=1), "POSITION_CLOSED"),
        (replace(order, volume_steps=3, volume_remaining_steps=7), "VOLUME_CONFLICT"),
        (replace(order, volume_expected_steps=STEPS + 1, volume_remaining_steps=7), "VOLUME_CONFLICT"),
    ):
        row = heard(world, lambda: asked(world, wrong))  # noqa: B023
        assert (row.state, row.code) == (f.RowState.NOT_EXECUTED, code)
    assert set(positions(world)) >= {bought, sold, other}
