"""The screens: `hydractl tui`. Textual is imported here, and only when it runs."""

from __future__ import annotations

import os
import signal
import sys
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
    for key, title in app.on_their_way.items():
        session.talk.note(f"{title} was sent and has no verdict that was seen here: hydractl fires --unknown, or tail")
        session.talk.note(f"  the same again with --key {key} answers what was done, and does nothing twice")
    return code


def _hung_up(number: int, _: Any) -> None:
    """The terminal is gone: there is nobody to tell anything, and nothing to put back. The SIGCONT that the kernel
    sends behind SIGHUP makes Textual begin anew on a terminal that takes nothing, and wait for that for ever."""
    os._exit(128 + number)
