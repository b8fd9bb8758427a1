"""Something that is asked once, beside the feed: on a thread of its own, with a client of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hydractl.diagnostics import Failure
from hydractl.tui.carry import closed_after
from hydractl.tui.screens import Screens
from hydractl.tui.store import Problem

if TYPE_CHECKING:
    from hydractl.client import Client


def aside(app: Screens, ask: Callable[[Client], Any], then: Callable[[Any, Problem | None], None]) -> None:
    """Runs `ask`, and then on the loop `then` with what it gave, or with why it failed."""
    desk = app.desk(app.sheet_room)

    def work() -> None:
        found, problem = None, None
        with closed_after(desk):
            try:
                found = ask(desk.client)
            except Failure as failure:
                problem = Problem(failure.code, failure.message, failure.hint)
        app.call_soon(lambda: then(found, problem))

    threading.Thread(target=work, name="hydractl-tui-aside", daemon=True).start()
