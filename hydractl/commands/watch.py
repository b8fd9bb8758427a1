"""Showing something again every second. Owns the loop, and what is said while the daemon is away."""

from __future__ import annotations

import time

from hydractl.diagnostics import ExitCode, Failure
from hydractl.output import age

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hydractl.session import Session

PERIOD_S = 1.0
ANSWER_S = 3.0


def repeat(session: Session, once: Callable[[], int]) -> int:
    """Calls `once` every second until interrupted or nobody reads. A lost daemon is said at once, with the
    age of what still stands on the screen, and dialled again. Without --timeout a daemon that hangs is one that
    is lost after `ANSWER_S`: until then the screen shows what was."""
    if session.timeout_s is None:
        session.client.timeout_s = ANSWER_S
    answered_at: float | None = None
    while not session.out.closed:
        session.out.clear()
        try:
            once()
            answered_at = time.monotonic()
        except Failure as failure:
            if failure.code not in ("UNREACHABLE", "TIMED_OUT"):
                raise
            session.client.close()
            _say_lost(session, failure, answered_at)
        time.sleep(PERIOD_S)
    return ExitCode.DONE


def _say_lost(session: Session, failure: Failure, answered_at: float | None) -> None:
    """One block that cannot be taken for an answer."""
    if session.out.form == "json":
        session.out.json(session.failed(failure))
    else:
        since = "never answered" if answered_at is None else f"last answer {age(time.monotonic() - answered_at)} ago"
        session.out.line(session.out.paint(f"NO DAEMON  {since}  {failure.message}", "bad"))
        session.out.line("trying again every second")
    session.out.flush()
