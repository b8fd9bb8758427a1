"""The latches of an agent: each is opened by whom it belongs to, and opening one opens no other."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hydrad.agent import inputs
from hydrad.agent.caps import Caps
from hydrad.agent.entries import LatchStored
from hydrad.agent.latch import DAEMON, FLOOR, LOCAL, Latches
from hydrad.domain.instants import SECOND
from hydrad.link import frames as f
from tests.agent.conftest import FIRE, Bench


def locally(bench: Bench, halted: bool, whose: str = LOCAL, by: str = "owner") -> None:
    bench.step(inputs.LocalLatch(*bench.at(), LatchStored(halted, by, whose)))  # type: ignore[arg-type]


def held(bench: Bench) -> tuple[str, ...]:
    last = bench.of(f.Halted)[-1]
    assert isinstance(last, f.Halted) and last.halted is bool(last.latches) is bench.core.halted
    return last.latches


def test_a_daemons_resume_opens_the_daemons_latch_alone(bench: Bench) -> None:
    locally(bench, True)
    bench.send(f.Halt("ann"))
    assert held(bench) == (DAEMON, LOCAL)
    bench.send(f.Resume("ann"))
    assert held(bench) == (LOCAL,) and bench.fire().code == "HALTED"
    locally(bench, False)
    assert held(bench) == () and bench.fire(act_id=FIRE + 1).state is f.RowState.DONE


def test_a_local_resume_opens_no_latch_of_a_daemon(bench: Bench) -> None:
    bench.send(f.Halt("ann"))
    locally(bench, True)
    locally(bench, False)
    assert held(bench) == (DAEMON,) and bench.fire().code == "HALTED"


def test_a_daemon_that_was_halted_before_the_hand_shake_holds_one_of_its_own(bench: Bench) -> None:
    locally(bench, True)
    bench.open()
    bench.welcome(halted=True)
    assert held(bench) == (DAEMON, LOCAL)
    locally(bench, False)
    assert held(bench) == (DAEMON,)


def test_a_resume_that_names_it_opens_it_too(bench: Bench) -> None:
    locally(bench, True)
    bench.send(f.Resume("ann", (LOCAL, "of another release")))
    assert held(bench) == () and not bench.core.halted


def test_each_outlives_the_process_and_is_told_at_the_hand_shake(bench: Bench) -> None:
    locally(bench, True)
    bench.send(f.Halt("ann"))
    bench.start()
    bench.ready()
    hello = bench.of(f.Hello)[-1]
    assert isinstance(hello, f.Hello) and (hello.halted, hello.latches) == (True, (DAEMON, LOCAL))
    bench.send(f.Resume("ann"))
    bench.start()
    assert bench.core.halted


def test_the_floor_is_nobodys_to_open_unnamed() -> None:
    made = Bench(caps=Caps(Decimal(1), 10, ("EURUSD",), equity_floor=Decimal(9_000))).ready()
    made.send(f.Halt("ann"))
    made.equity = Decimal(8_000)
    made.pass_time(SECOND, market_ms=1_000)
    assert held(made) == (DAEMON, FLOOR)
    made.equity = Decimal(10_000)
    made.send(f.Resume("ann"))
    assert held(made) == (FLOOR,)
    made.send(f.Resume("ann", (FLOOR,)))
    made.pass_time(SECOND, market_ms=1_000)
    assert not made.core.halted


def test_who_closed_them_is_told_in_one_line(bench: Bench) -> None:
    bench.send(f.Halt("ann"))
    locally(bench, True, by="owner on this host")
    assert bench.of(f.Halted)[-1] == f.Halted(True, "ann; owner on this host", (DAEMON, LOCAL))


def test_a_local_halt_is_answered_by_an_entry_of_the_agent_each_time(bench: Bench) -> None:
    """That is how the command that asked for it knows that it is obeyed."""
    for _ in range(2):
        before = len(bench.durable)
        locally(bench, True)
        assert bench.durable[before:] == [LatchStored(True, "owner", LOCAL)]


@pytest.mark.parametrize("halted", [True, False])
def test_an_entry_of_before_there_were_several_is_the_daemons(halted: bool) -> None:
    old = msgspec.msgpack.decode(msgspec.msgpack.encode(["LATCH", halted, "ann"]), type=LatchStored)
    latches = Latches()
    latches.apply(old)
    assert (latches.halted, latches.held) == (halted, (DAEMON,) if halted else ())
