"""What goes wrong in the middle of an act, and how a home is seen to be whole again: shared by the tests of chaos.

The middle is made by the broker: it carries the order out, then holds its answer back, so that what happened stands in
its books before anyone on our side can know.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from typing import Any

import pytest
from paper import HYDRAD, PaperHome

from hydrad.host import processes
from hydrad.host.lock import holder
from hydrad.wire import calls
from tests import namespaces

HELD_MS = 700
# How long an agent may be silent is not what these tests are about: a fault in the middle is noticed soon.
NOTICED = "[bridge]\ndegraded_after_ms = 1700\n"
LOGIN = 100_001


@contextmanager
def started(config: str) -> Iterator[PaperHome]:
    """A home, in a network of its own where one may be made."""
    with ExitStack() as stack:
        home = PaperHome(config + NOTICED)
        if namespaces.allowed():
            home.environ["TEST_NAMESPACE"] = stack.enter_context(namespaces.namespace())
        stack.callback(home.end)
        start(home)
        yield home


def start(home: PaperHome) -> None:
    """As `PaperHome.start`, in the network that the home's environment names."""
    name = home.environ.get("TEST_NAMESPACE", "")
    argv = [*(("ip", "netns", "exec", name) if name else ()), *HYDRAD, "run"]
    processes.spawn(argv, home.places.log_file, home.environ, home.path)
    home.await_ready()


# --- what goes wrong in the middle -------------------------------------------------------------------------------


def pid_of(home: PaperHome, who: str) -> int:
    if who == "worker":
        return home.children(pid_of(home, "alpha"))[0]
    lock = {"daemon": home.places.lock_file, "broker": home.places.broker_dir / "books.db.lock"}.get(who)
    found = holder(lock or home.places.process_lock(who))
    assert found is not None and found.pid is not None, f"{who} does not run"
    return found.pid


def _ended(home: PaperHome, who: str, number: int) -> None:
    """By a signal, and there again: by its supervisor, or the daemon by ourselves."""
    if who == "worker":
        os.kill(pid_of(home, who), number)
        return
    home.until(lambda: _runs(home, who), f"{who} runs")  # what was done to it before may be no second ago
    pid = home.kill(who, number)
    if number != signal.SIGKILL:
        os.kill(pid, signal.SIGCONT)  # where a test had it stand still
        home.until(lambda: not _is(home, who, pid), f"{who} has ended")
    if who == "daemon":
        start(home)


def _is(home: PaperHome, who: str, pid: int) -> bool:
    return _runs(home, who) and pid_of(home, who) == pid


def _runs(home: PaperHome, who: str) -> bool:
    try:
        return pid_of(home, who) > 0
    except AssertionError:
        return False


def killed(home: PaperHome, who: str) -> None:
    _ended(home, who, signal.SIGKILL)


def restarted(home: PaperHome, who: str) -> None:
    """Asked to end, as a service manager does."""
    _ended(home, who, signal.SIGTERM)


def frozen(home: PaperHome, who: str) -> None:
    """Longer than the deadline of the act and the bound of its answer, then on again."""
    pid = pid_of(home, who)
    os.kill(pid, signal.SIGSTOP)
    try:
        if who == "daemon":
            home.until(lambda: home.look(calls.Status(), timeout_s=1.0) is None, "the daemon is frozen")
        elif who == "alpha":
            home.until(lambda: _missed(home), "the frozen agent is seen")
        else:
            home.until(lambda: home.status()["acts"]["unknown"] >= 1, "the act is UNKNOWN")
    finally:
        with suppress(ProcessLookupError):  # a worker that took too long has been killed by its agent
            os.kill(pid, signal.SIGCONT)


def cut_off(home: PaperHome, who: str) -> None:
    """The network between the daemon and its agents goes away without a word, and comes back."""
    name = home.environ["TEST_NAMESPACE"]
    namespaces.cut(name)
    try:
        home.until(lambda: _missed(home), "the cut is seen")
    finally:
        namespaces.mended(name)


def _missed(home: PaperHome) -> bool:
    """The agent is, and what was asked of it is past the bound of its answer."""
    return link_of(home) != "READY" and home.status()["acts"]["in_flight"] == 0


def link_of(home: PaperHome) -> str:
    return next((str(row["link"]) for row in home.status()["terminals"] if row.get("name") == "alpha"), "none")


Mishap = Callable[[PaperHome, str], None]
_NEEDS = pytest.mark.skipif(not namespaces.allowed(), reason="needs ip and the right to make network namespaces")
MISHAPS = [
    *(pytest.param(killed, who, id=f"{who} killed") for who in ("daemon", "alpha", "worker", "broker")),
    *(pytest.param(frozen, who, id=f"{who} frozen") for who in ("daemon", "alpha", "worker", "broker")),
    *(pytest.param(restarted, who, id=f"{who} restarted") for who in ("daemon", "alpha", "broker")),
    pytest.param(cut_off, "network", id="network cut", marks=_NEEDS),
]


# --- whole again -------------------------------------------------------------------------------------------------


def passes(home: PaperHome, ask: Callable[[], Any]) -> Any:
    """Asked until it is not denied: quotes come with the next minute, and a clock is known after a few beats."""
    answers = []

    def passed() -> bool:
        if not quoted(home):
            return False
        answers.append(ask())
        if answers[-1].code in (0, 12):
            return True
        stepped(home)
        return False

    home.until(passed, "asked and not denied")
    return answers[-1]


def quoted(home: PaperHome) -> bool:
    """Whether alpha has told a quote in this session; else the market moves by a minute: what was ticked before a
    hand-shake is history, and a market that stands brings nothing after it."""
    if any(row["terminal"] == "alpha" for row in home.look(calls.Ticks(("EURUSD",))) or ()):
        return True
    stepped(home)
    return False


def carried_out(home: PaperHome, ask: Callable[[], Any], done: Callable[[], bool]) -> str:
    """Asked until the broker has done it; the act's id. Where an agent on a busy machine found the deadline passed, the
    verdict is that it was not executed, and it may be asked for again."""
    acts: list[str] = []

    def there() -> bool:
        if not acts or state_of(home, acts[-1]) == "NOT_EXECUTED":
            acts.append(passes(home, ask).act["id"])
        return done()

    home.until(there, "in the broker's books")
    return acts[-1]


def state_of(home: PaperHome, act: str) -> str:
    shown = home.look(calls.FireShow(act))
    return str(shown["act"]["state"]) if shown else "not told"


def moves_again(home: PaperHome) -> None:
    """The market goes on through broker and agents: then all of them are there, and have told what they know."""
    home.await_ready()
    home.until(lambda: stepped(home), "the market moves")
    home.await_ready()


def stepped(home: PaperHome) -> bool:
    """A minute through all agents, unless one that is not back yet holds it."""
    try:
        home.step()
    except AssertionError:
        return False
    return True


def held(home: PaperHome, ticket: int) -> dict[str, Any] | None:
    """A position in the broker's own books."""
    rows = home.broker(op="books", login=LOGIN)["positions"]
    return next((row for row in rows if row["ticket"] == ticket), None)


def agrees(home: PaperHome) -> None:
    """The home's positions are the broker's, to the step and the point."""
    books = home.broker(op="books", login=LOGIN)["positions"]
    rows = {row["ticket"]: row for row in home.ctl("positions").data}
    assert sorted(rows) == sorted(row["ticket"] for row in books)
    for row in books:
        mine = rows[row["ticket"]]
        assert Decimal(mine["volume"]) == Decimal(row["volume"]) and Decimal(mine["stop"]) == Decimal(row["stop"])
    assert home.ctl("reconcile").code == 0
