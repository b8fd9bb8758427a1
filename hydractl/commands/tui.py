"""The screens: `hydractl tui`. Textual is imported here, and only when it runs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

from hydractl.diagnostics import ExitCode, Failure
from hydractl.session import Session
from hydractl.verbs import flag, verb


@verb(
    "tui",
    "tui",
    flag("--low-bandwidth", "Drawn every two seconds; nothing ticks."),
    flag("--ascii", "Only ASCII, as where the locale has no UTF-8.", name="ascii_only"),
)
def tui(session: Session, low_bandwidth: bool, ascii_only: bool) -> int:
    """Screens of everything, over SSH too: watch, read why, fire, follow, halt. Read-only until you say otherwise."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failure("USAGE", "the screens need a terminal", "hydractl status -w, hydractl tail -f")
    from hydractl.tui.app import HydraTui
    from hydractl.tui.terminal import abilities

    signal.signal(signal.SIGHUP, _hung_up)
    can = abilities(os.environ, low_bandwidth, ascii_only)
    app = HydraTui(session, can)
    left = app.run()
    code = left if left is not None else app.return_code or ExitCode.FAILED
    for act in app.on_their_way:
        for line in left_behind(session, act.title, act.key if act.is_kept else None):
            session.talk.note(line)
    return code


def left_behind(session: Session, title: str, key: str | None) -> Iterator[str]:
    """What to know about an act that was sent, and whose verdict was not seen. `key` None: nobody keeps it."""
    socket = session.options["socket"]
    where = f"hydractl --socket {socket}" if socket else "hydractl"
    yield f"{title} was sent, and no verdict of it was seen here: it may have been done, or not."
    if key is None:
        yield f"  {where} status           tells what is halted"
        return
    yield f"  {where} asked {key}   tells what became of it, and sends nothing"
    yield f"  {key} is the key that it was sent under. Whatever is sent with --key {key} is done once at most."


def _hung_up(number: int, _: Any) -> None:
    """The terminal is gone: there is nobody to tell anything, and nothing to put back. The SIGCONT that the kernel
    sends behind SIGHUP makes Textual begin anew on a terminal that takes nothing, and wait for that for ever."""
    os._exit(128 + number)
