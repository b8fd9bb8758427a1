"""The enrolment card of a terminal's account: what a person needs at 3 a.m. who has only a phone. Owns its text.

A file beside the bundle, to be printed; it holds no secret. It is written from the journal's state at each start and
whenever something on it has changed, so that it is never older than the journal.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from hydrad.host.places import Places
from hydrad.toc.record import Record
from hydrad.toc.state import Account, State

log = logging.getLogger("hydrad")

CHANGED_BY = frozenset({"TERMINAL_ENROLLED", "TERMINAL_REMOVED", "BROKER_PHONE_SET"})


def path_of(places: Places, terminal: str) -> Path:
    return places.bundle(terminal).with_name("card.txt")


def published(places: Places, state: State, records: Sequence[Record]) -> None:
    if any(record.type in CHANGED_BY for record in records):
        write_all(places, state)


def write_all(places: Places, state: State) -> None:
    """The cards that are not as they should be; of a terminal with a folder here, which its bundle makes. One that
    cannot be written is logged: nothing that trades needs it."""
    for terminal in state.terminals.values():
        path, wanted = path_of(places, terminal.name), text(state, state.accounts[terminal.account]).encode()
        try:
            if path.parent.is_dir() and not (path.exists() and path.read_bytes() == wanted):
                _replace(path, wanted)
        except OSError as error:
            log.warning("the card %s is not written: %s", path, error)


def _replace(path: Path, data: bytes) -> None:
    """Mode 0600, whole or as it was."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(data)
    new.replace(path)


def text(state: State, account: Account) -> str:
    terminals = ", ".join(t.name for t in state.terminals.values() if t.account == account.name)
    phone = account.phone or f"NOT KNOWN: hydractl account phone {account.name} NUMBER"
    return (
        f"HydraX  {state.mode.value} home, account {account.name} ({account.kind.value})\n"
        "Print this, and keep it where you can read it without this machine.\n"
        "\n"
        f"broker's phone  {phone}\n"
        f"server          {account.server}\n"
        f"login           {account.login}\n"
        f"terminals       {terminals}\n"
        "\n"
        "Where no terminal answers, positions are closed in the broker's own MT5 app with this server and login (its\n"
        "password is not here), or by phone: say the login, then the ticket, which stands in the alarm.\n"
    )
