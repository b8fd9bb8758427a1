"""Each kind of act with one process killed, frozen, restarted or cut off in its middle: a verdict by evidence, each time.

What the home says afterwards is compared with the broker's own books. Steps of a plan have a file of their own, and a
close-by, which no verb makes, is asked of an agent alone (tests/adapters/test_close_by.py).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from chaos import (
    HELD_MS,
    LOGIN,
    MISHAPS,
    Mishap,
    agrees,
    carried_out,
    held,
    moves_again,
    passes,
    pid_of,
    quoted,
    started,
)
from paper import CONFIG, PaperHome, fire_by_hand, quote, resolved

pytestmark = pytest.mark.timeout(300)
QUIET = CONFIG.replace("T12:25", "T13:30")  # a tick in each minute, and narrow spreads, for as long as this takes
EXECUTED = ("FILLED", "CLOSED", "DONE", "WORKING")
Before = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of act: how it is asked for, and whether the broker's books show that it was carried out."""

    name: str
    ask: Callable[[PaperHome, Before], Any]
    done: Callable[[PaperHome, Before], bool]


def _fire(home: PaperHome, before: Before) -> Any:
    return fire_by_hand(home, "--no-wait", "--volume", "0.03", "--plan", "none")


def _close(home: PaperHome, before: Before) -> Any:
    return home.ctl("close", before["id"], "--yes", "--no-wait")


def _part(home: PaperHome, before: Before) -> Any:
    return home.ctl("close", before["id"], "--part", "0.01", "--yes", "--no-wait")


def _flatten(home: PaperHome, before: Before) -> Any:
    return home.ctl("flatten", "--yes", "--no-wait")


def _modify(home: PaperHome, before: Before) -> Any:
    stop = Decimal(before["stop"]) + Decimal("0.00010")
    return home.ctl("modify", before["id"], "--stop", str(stop), "--yes", "--no-wait")


def _place(home: PaperHome, before: Before) -> Any:
    """A BUY LIMIT far below the market."""
    entry = quote(home)[0] - Decimal("0.01000")
    levels = ("--stop", str(entry - Decimal("0.00300")), "--target", str(entry + Decimal("0.00900")))
    by_hand = ("--symbol", "EURUSD", "--side", "buy", "--entry", str(entry), "--type", "limit", *levels)
    return home.ctl("fire", *by_hand, "--expiry", "60m", "--again", "--yes", "--no-wait")


def _cancel(home: PaperHome, before: Before) -> Any:
    return home.ctl("cancel", home.ctl("orders").data[-1]["id"], "--yes", "--no-wait")


def _fired(home: PaperHome, before: Before) -> bool:
    return len(home.opened()) == before["opened"] + 1


def _closed(home: PaperHome, before: Before) -> bool:
    return held(home, before["ticket"]) is None


def _smaller(home: PaperHome, before: Before) -> bool:
    row = held(home, before["ticket"])
    assert row is not None
    assert Decimal(row["volume"]) in (Decimal(before["volume"]), Decimal(before["volume"]) - Decimal("0.01"))
    return Decimal(row["volume"]) != Decimal(before["volume"])


def _moved(home: PaperHome, before: Before) -> bool:
    row = held(home, before["ticket"])
    assert row is not None
    return Decimal(row["stop"]) != Decimal(before["stop"])


def _resting(home: PaperHome) -> int:
    rows = home.broker(op="books", login=LOGIN)["orders"]
    return sum(row["state"] == "PLACED" for row in rows)


def _placed(home: PaperHome, before: Before) -> bool:
    return _resting(home) == before["resting"] + 1


def _cancelled(home: PaperHome, before: Before) -> bool:
    return _resting(home) == before["resting"] - 1


KINDS = (
    Kind("place", _place, _placed),
    Kind("cancel", _cancel, _cancelled),
    Kind("modify", _modify, _moved),
    Kind("part close", _part, _smaller),
    Kind("fire", _fire, _fired),
    Kind("close", _close, _closed),
    Kind("flatten", _flatten, _closed),
)


@pytest.fixture(scope="module")
def shared() -> Iterator[PaperHome]:
    with started(QUIET) as home:
        home.step()
        yield home


@pytest.fixture
def quiet(shared: PaperHome) -> PaperHome:
    """Nothing is open or rests, and everything may be asked for: whatever the test before has left."""
    shared.broker(op="clear")
    shared.until(lambda: shared.ctl("resume", "--yes").code == 0, "resumed")
    shared.until(lambda: shared.ctl("cancel", "--all", "--yes").code == 0 and not _resting(shared), "nothing rests")
    shared.until(lambda: shared.ctl("flatten", "--yes").code == 0 and not shared.ctl("positions").data, "flat")
    return shared


def _opened(home: PaperHome) -> Before:
    """One position, and what the books say beside it: the daemon has booked what the broker has, and all are there."""
    home.await_ready()
    home.until(
        lambda: len(home.ctl("positions").data) == len(home.broker(op="books", login=LOGIN)["positions"]), "booked"
    )
    if not home.ctl("positions").data:
        passes(home, lambda: fire_by_hand(home, "--volume", "0.03", "--plan", "none"))  # no time stop in the middle
    position = home.ctl("positions").data[-1]
    return {**position, "opened": len(home.opened()), "resting": _resting(home)}


@pytest.mark.parametrize(("mishap", "who"), MISHAPS)
def test_each_kind_of_act_has_its_verdict_by_evidence(quiet: PaperHome, mishap: Mishap, who: str) -> None:
    for kind in KINDS:
        _has_its_verdict(quiet, kind, mishap, who)
    moves_again(quiet)
    agrees(quiet)
    assert quiet.ctl("journal", "verify").code == 0


def _has_its_verdict(home: PaperHome, kind: Kind, mishap: Mishap, who: str) -> None:
    before = _opened(home)
    home.broker(op="fault", kind="latency", login=LOGIN, count=1, ms=HELD_MS)
    act = carried_out(home, lambda: kind.ask(home, before), lambda: kind.done(home, before))
    mishap(home, who)
    home.until(lambda: resolved(home), f"{kind.name}: has its verdict")
    verdict = home.ctl("fire", "show", act).data["act"]["state"]
    assert verdict in EXECUTED, (kind.name, verdict)
    assert kind.done(home, before)


@pytest.mark.parametrize(("mishap", "who"), MISHAPS)
def test_a_halt_cancels_what_rests_and_holds(quiet: PaperHome, mishap: Mishap, who: str) -> None:
    """In the middle of the cancel that a halt has begun: what it says then, and what stands in the end."""
    before = _opened(quiet)
    carried_out(quiet, lambda: _place(quiet, before), lambda: _placed(quiet, before))
    quiet.until(lambda: resolved(quiet), "it rests")
    quiet.broker(op="fault", kind="latency", login=LOGIN, count=1, ms=HELD_MS)
    said = quiet.begin("halt", "--timeout", "8s")
    quiet.until(lambda: _resting(quiet) == before["resting"], "cancelled in the broker's books")
    mishap(quiet, who)
    answer = said()
    assert answer.code in (0, 3, 7, 12), answer  # verified; or not reached; or it says of what it does not know
    quiet.until(lambda: resolved(quiet), "has its verdict")
    moves_again(quiet)
    assert quiet.status()["authority"] == "HALTED" and _resting(quiet) == before["resting"]
    quiet.until(lambda: all(row["halted"] for row in quiet.status()["terminals"]), "every agent holds it")
    quiet.until(lambda: quoted(quiet), "a quote")
    opened = len(quiet.opened())
    assert _fire(quiet, before).code == 6 and len(quiet.opened()) == opened
    assert quiet.ctl("resume", "--yes").code == 0
    agrees(quiet)


@pytest.mark.parametrize(("mishap", "who"), [one for one in MISHAPS if one.values[1] not in ("worker", "broker")])
def test_a_plan_is_set_or_it_is_not(quiet: PaperHome, mishap: Mishap, who: str) -> None:
    """No worker and no broker hears of it: the middle is an agent that stands still with the command before it."""
    before = _opened(quiet)
    wanted = "none" if quiet.ctl("plan", "show", before["id"]).data["steps"] else "default"
    agent = pid_of(quiet, "alpha")
    os.kill(agent, signal.SIGSTOP)
    act = passes(quiet, lambda: quiet.ctl("plan", "set", before["id"], wanted, "--yes", "--no-wait")).act["id"]
    if who != "alpha":
        os.kill(agent, signal.SIGCONT)
    mishap(quiet, who)
    quiet.until(lambda: resolved(quiet), "has its verdict")
    moves_again(quiet)
    verdict = quiet.ctl("fire", "show", act).data["act"]["state"]
    assert verdict in ("DONE", "NOT_EXECUTED")
    shown, done = quiet.ctl("plan", "show", before["id"]).data, verdict == "DONE"
    assert (shown["set_by"] == act) is done and bool(shown["steps"]) is ((wanted == "default") is done)
    agrees(quiet)
