"""`hydra-terminal local` on the terminal's host: real processes, with the agent running, not running, and killed."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import msgspec
import pytest

from hydrad.domain.instants import SECOND
from hydrad.domain.orders import EntryType, order_hash
from hydrad.link import frames as f
from tests.adapters.test_agent_shell import FIRE_ID, LOGIN, MINUTE_MS, START_MS, World


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("w"))
    yield made
    made.close()


def local(world: World, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The verb in a process of its own; the daemon is answered meanwhile."""
    command = [sys.executable, "-m", "hydrad.terminal", "local", verb, str(world.bundle), *words]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    world.until(lambda: child.poll() is not None)
    out, err = child.communicate()
    return subprocess.CompletedProcess(command, child.returncode, out, err)


def foreign(world: World) -> int:
    made = world.ask(op="manual", login=LOGIN, action="open", symbol="EURUSD", side="BUY", volume="0.02")
    return int(str(made["position"]))


def tickets(world: World) -> list[object]:
    return [row["ticket"] for row in world.books()["positions"]]


def stop_agent(world: World) -> None:
    world.agent.kill()
    world.agent.wait()


def local_deals(world: World) -> list[dict[str, object]]:
    """Deals under ids of the ledger's own."""
    return [deal for deal in world.books()["deals"] if 0 < int(str(deal["magic"])) < 1 << 38]


def test_positions_says_whose_they_are_with_the_agent_running_and_without(world: World) -> None:
    world.ready()
    ours, theirs = world.filled().position_id, foreign(world)
    for _ in range(2):
        done = local(world, "positions")
        assert done.returncode == 0, done.stderr
        head, *lines = done.stdout.splitlines()
        assert head.startswith(f"PAPER {LOGIN} at Paper: balance ")
        whose = {line.split()[0]: line.split()[-1] for line in lines}
        assert whose == {str(ours): "ours", str(theirs): "FOREIGN"}
        assert "BUY 0.10 at 1.38" in lines[0] and "stop NONE" in lines[1]
        stop_agent(world)


def test_flatten_through_the_running_agent_closes_ours_and_tells_the_daemon(world: World) -> None:
    world.ready()
    ours, theirs = world.filled().position_id, foreign(world)
    refused = local(world, "flatten")
    assert refused.returncode == 2 and "--yes" in refused.stderr and set(tickets(world)) == {ours, theirs}
    done = local(world, "flatten", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"{ours} EURUSD closed by deal " in done.stdout
    lines = done.stdout.splitlines()
    assert (
        lines[0] == "t1 is halted" and lines[1].startswith("its agent obeys") and lines[2].startswith(f"{ours} EURUSD")
    )
    assert lines[3].startswith(
        "nothing of ours is open, and nothing of ours rests, as the terminal shows it; t1 is halted"
    )
    assert tickets(world) == [theirs]
    rows = [body.row for body in world.daemon.seen if isinstance(body, f.Result) and body.row.act_id < 1 << 38]
    assert [row.state for row in rows] == [f.RowState.JOURNALED, f.RowState.DONE]
    again = local(world, "flatten", "--yes")
    assert again.returncode == 0 and "nothing of ours is open" in again.stdout
    assert len(local_deals(world)) == 1


def test_flatten_without_an_agent_takes_its_place_and_the_next_one_tells_it(world: World) -> None:
    world.ready()
    ours, theirs = world.filled().position_id, foreign(world)
    stop_agent(world)
    wrong = local(world, "flatten", "--yes", "--yes-foreign", "bravo")
    assert wrong.returncode == 2 and set(tickets(world)) == {ours, theirs}
    done = local(world, "flatten", "--yes", "--yes-foreign", "alpha")
    assert done.returncode == 0 and "its agent does not run; when it starts it opens nothing" in done.stdout, (
        done.stdout
    )
    assert "nothing is open, and" in done.stdout
    assert tickets(world) == []
    world.daemon.up = None
    world.agent = world.run_agent()
    world.ready()
    hello = [body for body in world.daemon.seen if isinstance(body, f.Hello)][-1]
    assert hello.halted and hello.latches == ("local",)
    told = [row for body in world.daemon.seen if isinstance(body, f.Ledger) for row in body.rows]
    closes = {row.act_id: row.state for row in told if row.act_id < 1 << 38}
    assert len(closes) == 2 and set(closes.values()) == {f.RowState.DONE}


def test_flatten_killed_while_its_close_is_at_the_broker_is_resolved_by_the_next_agent(world: World) -> None:
    world.ready()
    ours = world.filled().position_id
    stop_agent(world)
    world.ask(op="fault", kind="latency", login=LOGIN, count=1, ms=3_000)
    child = world.start("local", "flatten", str(world.bundle), "--yes")
    world.until(lambda: local_deals(world))
    child.send_signal(signal.SIGKILL)
    child.wait()
    world.daemon.up = None
    world.agent = world.run_agent()
    world.ready()
    rows = [row for body in world.daemon.seen if isinstance(body, f.Ledger) for row in body.rows]
    last = [row for row in rows if row.act_id < 1 << 38][-1]
    if last.state is not f.RowState.DONE:
        last = world.daemon.wait(f.Result, lambda body: body.row.act_id < 1 << 38).row
    assert last.state is f.RowState.DONE and last.position_id == ours
    assert len(local_deals(world)) == 1


@pytest.mark.parametrize(
    ("kind", "code", "word"), [("reject", 13, "rejected by the broker"), ("timeout_executed", 0, "closed by deal")]
)
def test_what_the_broker_says_is_the_exit_code(world: World, kind: str, code: int, word: str) -> None:
    world.ready()
    world.filled()
    world.ask(op="fault", kind=kind, login=LOGIN, count=1)
    done = local(world, "flatten", "--yes")
    assert done.returncode == code and word in done.stdout, done.stdout + done.stderr


def test_a_person_is_asked_and_anything_else_than_yes_sends_nothing(world: World) -> None:
    world.ready()
    ours = world.filled().position_id
    for answer, code in ((b"n\n", 1), (b"y\n", 0)):
        master, slave = pty.openpty()
        child = subprocess.Popen(
            [sys.executable, "-m", "hydrad.terminal", "local", "flatten", str(world.bundle)],
            stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        os.close(slave)
        os.write(master, answer)
        world.until(lambda child=child: child.poll() is not None)
        _, err = child.communicate()
        os.close(master)
        assert child.returncode == code, err
        assert b"[PAPER] close 1 position(s) and orders of alpha? [type y]" in err
        assert tickets(world) == ([ours] if code else [])


def test_a_terminal_that_does_not_answer_is_said_to(world: World) -> None:
    world.ready()
    stop_agent(world)
    world.ask(op="shutdown")
    world.until(lambda: not world.control.exists())
    for verb in ("positions", "flatten"):
        done = local(world, verb, *(["--yes"] if verb == "flatten" else []))
        assert done.returncode == 1 and "initialize" in done.stderr


def test_flatten_cancels_what_rests_of_ours(world: World) -> None:
    world.ready()
    market = world.order()
    resting = msgspec.structs.replace(
        market, entry_type=EntryType.LIMIT, entry_points=market.entry_points - 500, collar_points=0,
        stop_points=market.entry_points - 1_000, expiration_ms=START_MS + 30 * 60_000,
    )  # fmt: skip
    world.fire(resting, FIRE_ID + 7)
    row = world.daemon.wait(f.Result, lambda body: body.row.act_id == FIRE_ID + 7).row
    assert row.state is f.RowState.WORKING, row
    world.daemon.wait(f.Orders, lambda body: bool(body.rows))
    ours = world.filled().position_id
    done = local(world, "flatten", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{row.order_ticket} EURUSD cancelled" in done.stdout and f"{ours} EURUSD closed" in done.stdout
    assert tickets(world) == []


def test_flatten_lets_nothing_open_behind_its_closes(world: World) -> None:
    """A fire is with the broker and two wait when it is asked for: the first is closed too, the others never leave."""
    world.ready()
    world.ask(op="fault", kind="latency", login=LOGIN, count=1, ms=12_000)
    order, deadline_ns = world.order(), time.time_ns() + 60 * SECOND
    for act_id in range(FIRE_ID, FIRE_ID + 3):
        world.daemon.send(f.Fire(act_id, 0, deadline_ns, START_MS + 60 * MINUTE_MS, order, order_hash(order)))
    world.daemon.wait(f.Ack, lambda body: body.act_id == FIRE_ID + 2)
    done = local(world, "flatten", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert tickets(world) == [] and len(world.opened()) == 1
    rows = {body.row.act_id: body.row for body in world.daemon.seen if isinstance(body, f.Result)}
    assert [rows[FIRE_ID + number].code for number in range(3)] == ["", "HALTED", "HALTED"]


def test_flatten_without_the_halt_says_so(world: World) -> None:
    world.ready()
    world.filled()
    done = local(world, "flatten", "--yes", "--no-halt")
    assert done.returncode == 0 and "t1 is NOT halted: what is fired may open" in done.stdout
    world.fire(world.order(), FIRE_ID + 1)
    assert world.daemon.wait(f.Result, lambda body: body.row.act_id == FIRE_ID + 1).row.state is f.RowState.DONE


def test_a_halt_of_this_host_is_ended_here_and_a_daemons_is_not(world: World) -> None:
    world.ready()
    assert local(world, "halt").returncode == 0
    world.daemon.send(f.Halt("ann"))
    world.daemon.wait(f.Halted, lambda body: body.latches == ("daemon", "local"))
    asked = local(world, "resume")
    assert asked.returncode == 2 and "--yes" in asked.stderr
    done = local(world, "resume", "--yes")
    assert done.returncode == 7 and "STILL HALTED, by the daemon (ann)" in done.stdout
    world.daemon.send(f.Resume("ann"))
    assert not world.daemon.wait(f.Halted, lambda body: not body.latches).halted
    assert local(world, "resume", "--yes").stdout == "t1 is not halted\n"
    assert "halted           no" in local(world, "status").stdout


def test_a_halt_that_a_frozen_agent_does_not_confirm_says_so(world: World) -> None:
    world.ready()
    world.agent.send_signal(signal.SIGSTOP)
    done = local(world, "halt")
    world.agent.send_signal(signal.SIGCONT)
    assert done.returncode == 7 and f"its agent (pid {world.agent.pid}) HAS NOT CONFIRMED" in done.stdout
    assert world.daemon.wait(f.Halted).latches == ("local",)


def test_a_halt_names_the_act_that_may_have_opened(world: World) -> None:
    world.ready()
    world.ask(op="fault", kind="latency", login=LOGIN, count=1, ms=3_000)
    world.fire(world.order())
    world.daemon.wait(f.Ack)
    stop_agent(world)
    done = local(world, "halt")
    assert done.returncode == 12 and f"act {FIRE_ID} HAS NO VERDICT" in done.stdout
