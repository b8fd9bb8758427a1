"""What happens to a terminal on an ordinary day, and is survived: its broker goes and comes, its host sleeps.

Restarts are among the tests of chaos, an owner who logs in elsewhere has a file of his own (test_switched).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from chaos import LOGIN, agrees, link_of, moves_again, passes, pid_of
from paper import CONFIG, PaperHome, fire_by_hand, quote, resolved

pytestmark = pytest.mark.timeout(180)
QUIET = CONFIG.replace("T12:25", "T13:30")
ASLEEP_S = 4.0  # an act's deadline is 1.5 s, a link without beats is LOST after 10 s


@pytest.fixture(scope="module")
def home() -> Iterator[PaperHome]:
    made = PaperHome(QUIET)
    try:
        made.start()
        made.step()
        yield made
    finally:
        made.end()


def test_its_broker_goes_away_and_comes_back(home: PaperHome) -> None:
    """Said by `terminals`, refused by the gate, held by what is open; and afterwards as if nothing had been."""
    passes(home, lambda: fire_by_hand(home, "--account", "alpha", "--volume", "0.03"))
    before, levels = len(home.opened()), quote(home)
    home.broker(op="fault", kind="disconnect", login=LOGIN)
    home.until(lambda: link_of(home) == "DEGRADED", "it is seen")
    row = next(row for row in home.ctl("terminals").data if row["name"] == "alpha")
    assert "trade server" in row["why"], row
    denied = fire_by_hand(home, "--account", "alpha", quoted=levels)
    assert denied.code == 6 and len(home.opened()) == before, denied
    home.broker(op="clear")
    home.until(lambda: link_of(home) == "READY", "it is back")
    moves_again(home)
    passes(home, lambda: fire_by_hand(home, "--account", "alpha", "--volume", "0.03"))
    assert len(home.opened()) == before + 1
    agrees(home)


@pytest.mark.parametrize("who", ["the whole machine", "the terminal's host"])
def test_a_host_sleeps_with_an_order_on_its_way(home: PaperHome, who: str) -> None:
    """Each process stands still while every clock that counts suspend goes on: nothing is sent that is past its deadline
    when they wake, and nothing is taken for fresh."""
    before = len(home.opened())
    passes(home, lambda: fire_by_hand(home, "--account", "alpha", "--dry-run"))
    agent = pid_of(home, "alpha")
    os.kill(agent, signal.SIGSTOP)
    act = fire_by_hand(home, "--account", "alpha", "--no-wait").act["id"]
    beside = {"the whole machine": ("daemon", "worker", "bravo", "broker"), "the terminal's host": ("worker",)}[who]
    asleep = [agent, *(pid_of(home, name) for name in beside)]
    for pid in asleep:
        os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + ASLEEP_S
    home.until(lambda: time.monotonic() > end, "it slept")
    for pid in asleep:
        os.kill(pid, signal.SIGCONT)
    home.until(lambda: resolved(home), "has its verdict")
    assert state(home, act) == "NOT_EXECUTED" and len(home.opened()) == before
    moves_again(home)
    passes(home, lambda: fire_by_hand(home, "--account", "alpha", "--volume", "0.03"))
    assert len(home.opened()) == before + 1
    agrees(home)


def state(home: PaperHome, act: str) -> Any:
    return home.ctl("fire", "show", act).data["act"]["state"]
