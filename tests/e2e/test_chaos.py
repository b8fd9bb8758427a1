"""Each kind of act with one process killed, frozen or cut off in its middle: a verdict by evidence, each time.

The middle is made by the broker: it carries the order out, then holds its answer back, so that what happened stands in
its books before anyone on our side can know. What the home says afterwards is compared with those books.
"""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from paper import CONFIG, HYDRAD, PaperHome, fire_by_hand, quote, resolved

from hydrad.host import processes
from hydrad.host.lock import holder

pytestmark = pytest.mark.timeout(300)
HELD_MS = 1_200
QUIET = CONFIG.replace("T12:25", "T13:30")  # a tick in each minute, and narrow spreads, for as long as this takes
LOGIN = 100_001
EXECUTED = ("FILLED", "CLOSED", "DONE", "WORKING")


@dataclass(frozen=True)
class Kind:
    """One kind of act: how it is asked for, and whether the broker's books show that it was carried out."""

    name: str
    ask: Callable[[PaperHome, dict[str, Any]], Any]
    done: Callable[[PaperHome, dict[str, Any]], bool]


def _held(home: PaperHome, ticket: int) -> dict[str, Any] | None:
    rows = home.broker(op="books", login=LOGIN)["positions"]
    return next((row for row in rows if row["ticket"] == ticket), None)


def _fire(home: PaperHome, position: dict[str, Any]) -> Any:
    return fire_by_hand(home, "--no-wait", "--volume", "0.03")


def _close(home: PaperHome, position: dict[str, Any]) -> Any:
    return home.ctl("close", position["id"], "--yes", "--no-wait")


def _part(home: PaperHome, position: dict[str, Any]) -> Any:
    return home.ctl("close", position["id"], "--part", "0.01", "--yes", "--no-wait")


def _modify(home: PaperHome, position: dict[str, Any]) -> Any:
    stop = Decimal(position["stop"]) + Decimal("0.00010")
    return home.ctl("modify", position["id"], "--stop", str(stop), "--yes", "--no-wait")


def _fired(home: PaperHome, before: dict[str, Any]) -> bool:
    return len(home.opened()) == before["opened"] + 1


def _closed(home: PaperHome, before: dict[str, Any]) -> bool:
    return _held(home, before["ticket"]) is None


def _smaller(home: PaperHome, before: dict[str, Any]) -> bool:
    row = _held(home, before["ticket"])
    assert row is not None
    assert Decimal(row["volume"]) in (Decimal(before["volume"]), Decimal(before["volume"]) - Decimal("0.01"))
    return Decimal(row["volume"]) != Decimal(before["volume"])


def _moved(home: PaperHome, before: dict[str, Any]) -> bool:
    row = _held(home, before["ticket"])
    assert row is not None
    return Decimal(row["stop"]) != Decimal(before["stop"])


def _place(home: PaperHome, position: dict[str, Any]) -> Any:
    return _resting(home, "--no-wait")


def _resting(home: PaperHome, *words: str) -> Any:
    """A BUY LIMIT far below the market."""
    entry = quote(home)[0] - Decimal("0.01000")
    levels = ("--stop", str(entry - Decimal("0.00300")), "--target", str(entry + Decimal("0.00900")))
    by_hand = ("--symbol", "EURUSD", "--side", "buy", "--entry", str(entry), "--type", "limit", *levels)
    return home.ctl("fire", *by_hand, "--expiry", "60m", "--again", "--yes", *words)


def _cancel(home: PaperHome, position: dict[str, Any]) -> Any:
    return home.ctl("cancel", home.ctl("orders").data[-1]["id"], "--yes", "--no-wait")


def _resting_orders(home: PaperHome) -> int:
    rows = home.broker(op="books", login=LOGIN)["orders"]
    return sum(row["state"] == "PLACED" for row in rows)


def _placed(home: PaperHome, before: dict[str, Any]) -> bool:
    return _resting_orders(home) == before["resting"] + 1


def _cancelled(home: PaperHome, before: dict[str, Any]) -> bool:
    return _resting_orders(home) == before["resting"] - 1


KINDS = (
    Kind("place", _place, _placed),
    Kind("cancel", _cancel, _cancelled),
    Kind("modify", _modify, _moved),
    Kind("part close", _part, _smaller),
    Kind("fire", _fire, _fired),
    Kind("close", _close, _closed),
)


# --- what goes wrong in the middle -------------------------------------------------------------------------------


def _pid(home: PaperHome, who: str) -> int:
    if who == "worker":
        return home.children(_pid(home, "alpha"))[0]
    lock = {"daemon": home.places.lock_file, "broker": home.places.broker_dir / "books.db.lock"}.get(who)
    found = holder(lock or home.places.process_lock(who))
    assert found is not None and found.pid is not None, f"{who} does not run"
    return found.pid


def _kill(home: PaperHome, who: str) -> None:
    if who == "worker":
        os.kill(_pid(home, who), signal.SIGKILL)
    else:
        home.kill(who)
    if who == "daemon":
        start(home)


def _freeze(home: PaperHome, who: str) -> None:
    """Longer than the deadline of the act and the bound of its answer, then on again."""
    pid = _pid(home, who)
    os.kill(pid, signal.SIGSTOP)
    try:
        if who == "daemon":
            home.until(lambda: home.ctl("status", "--timeout", "1s").code != 0, "the daemon is frozen")
        elif who == "alpha":
            home.until(lambda: _link(home) != "READY", "the frozen agent is seen")
        else:
            home.until(lambda: home.status()["acts"]["unknown"] == 1, "the act is UNKNOWN")
    finally:
        os.kill(pid, signal.SIGCONT)


def _link(home: PaperHome) -> str:
    return str(next(row["link"] for row in home.status()["terminals"] if row["name"] == "alpha"))


def _cut(home: PaperHome, who: str) -> None:
    """The network between the daemon and its agents goes away without a word, and comes back."""
    subprocess.run(["ip", "-n", who, "link", "set", "lo", "down"], check=True)
    try:
        home.until(lambda: _link(home) != "READY", "the cut is seen")
    finally:
        subprocess.run(["ip", "-n", who, "link", "set", "lo", "up"], check=True)


def start(home: PaperHome) -> None:
    """As `PaperHome.start`, in the namespace that the home's environment names."""
    prefix = home.environ.get("TEST_NAMESPACE", "")
    argv = [*(("ip", "netns", "exec", prefix) if prefix else ()), *HYDRAD, "run"]
    processes.spawn(argv, home.places.log_file, home.environ, home.path)
    home.await_ready()


# --- the same story for each -------------------------------------------------------------------------------------


def _each_kind(home: PaperHome, mishap: Callable[[PaperHome, str], None], who: str) -> None:
    home.step()
    for kind in KINDS:
        _passes(home, lambda: fire_by_hand(home, "--volume", "0.03"))
        position = home.ctl("positions").data[-1]
        before = {**position, "opened": len(home.opened()), "resting": _resting_orders(home)}
        home.broker(op="fault", kind="latency", login=LOGIN, count=1, ms=HELD_MS)
        act = _passes(home, lambda: kind.ask(home, position)).act["id"]  # noqa: B023
        home.until(lambda: kind.done(home, before), f"{kind.name}: in the broker's books")  # noqa: B023
        mishap(home, who)
        home.until(lambda: resolved(home), f"{kind.name}: has its verdict")
        _moves_again(home)
        verdict = home.ctl("fire", "show", act).data["act"]["state"]
        assert verdict in EXECUTED, (kind.name, verdict)
        assert kind.done(home, before)
        home.broker(op="clear")
        for row in home.ctl("positions").data:  # room for the next
            assert home.ctl("close", row["id"], "--yes").code == 0
    _agrees(home)
    assert home.ctl("journal", "verify").code == 0


def _passes(home: PaperHome, ask: Callable[[], Any]) -> Any:
    """Asked until it is not denied: quotes come with the next minute, and a clock is known after a few beats."""
    answers = []

    def passed() -> bool:
        answers.append(ask())
        if answers[-1].code == 6:
            home.step()
        return answers[-1].code in (0, 12)

    home.until(passed, "asked and not denied")
    return answers[-1]


def _moves_again(home: PaperHome) -> None:
    """The market goes on through broker and agents: then all of them are there, and have told what they know."""

    def stepped() -> bool:
        try:
            home.step()
        except AssertionError:  # held by one that is not back yet
            return False
        return True

    home.await_ready()
    home.until(stepped, "the market moves")
    home.await_ready()


def _agrees(home: PaperHome) -> None:
    """The home's positions are the broker's, to the step and the point."""
    books = home.broker(op="books", login=LOGIN)["positions"]
    rows = {row["ticket"]: row for row in home.ctl("positions").data}
    assert sorted(rows) == sorted(row["ticket"] for row in books)
    for row in books:
        mine = rows[row["ticket"]]
        assert Decimal(mine["volume"]) == Decimal(row["volume"]) and Decimal(mine["stop"]) == Decimal(row["stop"])
    assert home.ctl("reconcile").code == 0


@pytest.fixture
def quiet() -> Iterator[PaperHome]:
    made = PaperHome(QUIET)
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.mark.parametrize("who", ["daemon", "alpha", "worker", "broker"])
def test_killed_in_the_middle_of_each_kind_of_act(quiet: PaperHome, who: str) -> None:
    _each_kind(quiet, _kill, who)


@pytest.mark.parametrize("who", ["daemon", "alpha", "worker", "broker"])
def test_frozen_in_the_middle_of_each_kind_of_act(quiet: PaperHome, who: str) -> None:
    _each_kind(quiet, _freeze, who)


@contextmanager
def _namespace() -> Iterator[str]:
    """A network of its own, in which nothing is but loopback."""
    name = f"hx{uuid.uuid4().hex[:8]}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def _may_have_namespaces() -> bool:
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True)
    return tried.returncode == 0 and subprocess.run(["which", "ip"], capture_output=True).returncode == 0


@pytest.mark.skipif(not _may_have_namespaces(), reason="needs ip and the right to make network namespaces")
def test_cut_off_in_the_middle_of_each_kind_of_act() -> None:
    with _namespace() as name:
        home = PaperHome(QUIET)
        home.environ["TEST_NAMESPACE"] = name
        try:
            start(home)
            _each_kind(home, _cut, name)
        finally:
            home.end()
