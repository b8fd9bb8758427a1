"""`hydra-terminal local halt` and `resume`: the latch of the terminal's own host, and whether its agent obeys it.

Owns the words and exit codes of both. What is written into the ledger holds from that moment for an agent that starts;
a running one stores it once more itself, and that entry is the evidence. A latch of a daemon's is not opened here.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hydrad.agent.entries import LatchStored, Whose
from hydrad.agent.latch import LOCAL, OWN
from hydrad.host.lock import holder
from hydrad.terminal import local
from hydrad.terminal.book import Book
from hydrad.terminal.bundle import Bundle
from hydrad.terminal.ledger import LedgerFile
from hydrad.terminal.local import DONE, PARTLY, UNKNOWN_OUTCOME

# Of a running agent, which looks twenty times a second.
OBEYED_S = 5.0
# Longer than the bound of the order that is with the broker.
ENDED_S = 20.0
LOOK_EVERY_S = 0.05


def halt(arguments: argparse.Namespace) -> int:
    """Store the latch. Never asks."""
    bundle, file = local.ledger_of(arguments)
    try:
        return close(bundle, file)
    finally:
        file.close()


def close(bundle: Bundle, file: LedgerFile) -> int:
    """Halt, and say whether the agent obeys and nothing that opens is on its way any more."""
    file.news()
    file.append_local(LatchStored(True, local.who(), LOCAL))
    _say(f"{bundle.name} is halted")
    agent = holder(Path(bundle.lock))
    if agent is None:
        _say("its agent does not run; when it starts it opens nothing")
    elif not _obeyed(file, LOCAL, halted=True):
        _say(f"its agent (pid {agent.pid}) HAS NOT CONFIRMED within {OBEYED_S:.0f} s and may still open: end it")
        return PARTLY
    return _nothing_on_its_way(file, runs=agent is not None)


def _nothing_on_its_way(file: LedgerFile, *, runs: bool) -> int:
    if runs:
        _wait(lambda: not Book(file.read()).on_its_way, ENDED_S)
    book = Book(file.read())
    for act_id, _ in book.opening:
        _say(f"act {act_id} HAS NO VERDICT: it was sent, or may have been, before the halt")
    if not book.opening and runs:
        _say("its agent obeys: no order that opens is on its way")
    return UNKNOWN_OUTCOME if book.opening else DONE


def resume(arguments: argparse.Namespace) -> int:
    """Open what this host has closed; a daemon's latch stays."""
    bundle, file = local.ledger_of(arguments)
    try:
        return _resume(arguments, bundle, file)
    finally:
        file.close()


def _resume(arguments: argparse.Namespace, bundle: Bundle, file: LedgerFile) -> int:
    book = Book(file.read())
    own = [whose for whose in OWN if book.latches.holds(whose)]
    if book.latches.halted:
        sys.stderr.write(f"{bundle.name} is halted by {book.halted_by}\n")
    if own and not arguments.yes:
        if not sys.stdin.isatty():
            return local.refused("resume lets this terminal open again: it needs --yes")
        if not local.confirmed(bundle, f"let {bundle.account} open again at {bundle.name}?"):
            return local.failed("not confirmed; it stays halted")
    for whose in own:
        file.news()
        file.append_local(LatchStored(False, local.who(), whose))
        if holder(Path(bundle.lock)) is not None and not _obeyed(file, whose, halted=False):
            _say(f"its agent HAS NOT CONFIRMED within {OBEYED_S:.0f} s; it is asked to open, and may not have")
            return PARTLY
    return _still(bundle, Book(file.read()))


def _still(bundle: Bundle, book: Book) -> int:
    if not book.latches.halted:
        _say(f"{bundle.name} is not halted")
        return DONE
    _say(f"{bundle.name} is STILL HALTED, by {book.halted_by}")
    return PARTLY


def _obeyed(file: LedgerFile, whose: Whose, *, halted: bool) -> bool:
    """Whether the agent has stored the same since."""

    def stored() -> bool:
        news = [entry for entry in file.news() if isinstance(entry, LatchStored)]
        return any((entry.whose, entry.halted) == (whose, halted) for entry in news)

    return _wait(stored, OBEYED_S)


def _wait(condition: Callable[[], bool], for_s: float) -> bool:
    end_s = time.monotonic() + for_s
    while not condition():
        if time.monotonic() >= end_s:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
