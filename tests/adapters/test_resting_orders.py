"""Resting orders through a real agent and worker at a broker whose clock is three hours ahead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import msgspec
import pytest

from hydrad.domain.instants import MINUTE_MS, SECOND
from hydrad.domain.orders import ORDER_VERSION, ActKind, EntryType, Order, Side, order_hash
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from tests.adapters.test_agent_shell import FIRE_ID, LOGIN, START_MS, World

CANCEL_ID = FIRE_ID + 5
UNTIL_MS = START_MS - START_MS % 1000 + 20 * MINUTE_MS


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("w"))
    made.ready()
    yield made
    made.close()


def limit(world: World, away: int = 3_000, kind: EntryType = EntryType.LIMIT) -> Order:
    """A BUY so many points below the market, or above it."""
    entry = world.quote().ask_points + (away if kind is EntryType.STOP else -away)
    levels = {"entry_points": entry, "stop_points": entry - 2_000, "target_points": entry + 3_000, "collar_points": 0}
    return msgspec.structs.replace(world.order(), entry_type=kind, expiration_ms=UNTIL_MS, **levels)


def told(world: World, act_id: int = FIRE_ID) -> f.LedgerRow:
    """The next row about an act."""
    row: f.LedgerRow = world.daemon.wait(f.Result, lambda body: body.row.act_id == act_id).row
    return row


def rests(world: World, order: Order) -> f.LedgerRow:
    world.fire(order)
    row = told(world)
    assert row.state is RowState.WORKING, row
    return row


def cancel(world: World, ticket: int) -> None:
    order = Order(ORDER_VERSION, ActKind.CANCEL, "alpha", "EURUSD", Side.BUY, ticket=ticket)
    world.daemon.send(f.Cancel(CANCEL_ID, 0, time.time_ns() + 5 * SECOND, 0, order, order_hash(order)))


def reported(world: World, tickets: list[int]) -> f.Orders:
    report: f.Orders = world.daemon.wait(f.Orders, lambda body: [row.ticket for row in body.rows] == tickets)
    return report


def theirs(world: World) -> list[tuple[int, str]]:
    return [(row["ticket"], row["state"]) for row in world.books()["orders"] if row["magic"] == FIRE_ID]  # type: ignore[misc]


@pytest.mark.parametrize("kind", [EntryType.LIMIT, EntryType.STOP])
def test_it_rests_as_it_was_asked_for_and_ends_at_the_very_second(world: World, kind: EntryType) -> None:
    order = limit(world, kind=kind)
    row = rests(world, order)
    (shown,) = reported(world, [row.order_ticket]).rows
    assert (shown.magic, shown.price_points, shown.stop_points, shown.target_points, shown.volume_steps) == (
        FIRE_ID, order.entry_points, order.stop_points, order.target_points, order.volume_steps,
    )  # fmt: skip
    assert shown.expiration_ms == UNTIL_MS
    (held,) = [one for one in world.books()["orders"] if one["magic"] == FIRE_ID]
    assert held["expires_ms"] == UNTIL_MS
    world.ask(op="step", ms=19 * MINUTE_MS)
    assert theirs(world) == [(row.order_ticket, "PLACED")]
    world.ask(op="step", ms=2 * MINUTE_MS)
    ended = told(world)
    assert (ended.state, ended.code, ended.order_ticket) == (RowState.ENDED, "ORDER_EXPIRED", row.order_ticket)
    reported(world, [])


def test_a_cancel_removes_it_and_a_second_one_finds_nothing(world: World) -> None:
    row = rests(world, limit(world))
    cancel(world, row.order_ticket)
    assert told(world, CANCEL_ID).state is RowState.DONE
    ended = told(world)
    assert (ended.state, ended.code) == (RowState.ENDED, "CANCELLED")
    again = Order(ORDER_VERSION, ActKind.CANCEL, "alpha", "EURUSD", Side.BUY, ticket=row.order_ticket)
    world.daemon.send(f.Cancel(CANCEL_ID + 1, 0, time.time_ns() + 5 * SECOND, 0, again, order_hash(again)))
    late = told(world, CANCEL_ID + 1)
    assert (late.state, late.code) == (RowState.NOT_EXECUTED, "ORDER_GONE")


@pytest.mark.parametrize("act", ["place", "cancel"])
def test_without_an_answer_the_records_tell(world: World, act: str) -> None:
    order = limit(world)
    row = None if act == "place" else rests(world, order)
    world.ask(op="fault", kind="timeout_executed", login=LOGIN, count=1)
    if row is None:
        world.fire(order)
        assert told(world).state is RowState.UNKNOWN
        found = told(world)
        assert found.state is RowState.WORKING and theirs(world) == [(found.order_ticket, "PLACED")]
    else:
        cancel(world, row.order_ticket)
        assert told(world, CANCEL_ID).state is RowState.UNKNOWN
        assert told(world, CANCEL_ID).state is RowState.DONE
        assert theirs(world) == [(row.order_ticket, "CANCELED")]


def test_what_its_owner_deletes_in_the_terminal_is_told_as_cancelled(world: World) -> None:
    """By another program at the same terminal, as the owner's platform is."""
    row = rests(world, limit(world))
    path = subprocess.run(
        [sys.executable, "-m", "hydrad.terminal", "sim", "--path"], capture_output=True, text=True, check=True
    ).stdout.strip()
    program = (
        "import MetaTrader5 as mt5, json\n"
        f"assert mt5.initialize(login={LOGIN}, password='paper', server='Paper'), mt5.last_error()\n"
        f"print(json.dumps(mt5.order_send({{'action': mt5.TRADE_ACTION_REMOVE, 'order': {row.order_ticket}}}).retcode))\n"
    )
    environ = {**os.environ, "PYTHONPATH": path, "HYDRA_SIM_SOCKET": str(world.folder / "broker.sock")}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environ, timeout=30)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == 10009
    world.ask(op="step", ms=1_000)  # a standing market is not read again
    ended = told(world)
    assert (ended.state, ended.code) == (RowState.ENDED, "CANCELLED")


def test_an_agent_that_hears_no_daemon_cancels_what_rests(world: World) -> None:
    row = rests(world, limit(world))
    end = time.monotonic() + 30
    while theirs(world) == [(row.order_ticket, "PLACED")]:  # nobody answers its beats meanwhile
        assert time.monotonic() < end, "still there"
        world.ask(op="step", ms=1_000)
        time.sleep(0.2)
    assert theirs(world) == [(row.order_ticket, "CANCELED")]
    world.daemon.seen.clear()
    world.ready()
    rows = [one for body in world.daemon.seen if isinstance(body, f.Ledger) for one in body.rows]
    alone = [one for one in rows if one.act_id >> 38 == 0]
    assert [one.state for one in alone] == [RowState.JOURNALED, RowState.DONE]
    assert next(one for one in reversed(rows) if one.act_id == FIRE_ID).code == "CANCELLED"
