"""Write mode: off at the start, and off again by itself.

Owns when it ends: after five minutes without a key, and as soon as another daemon answers than the one that was
written to.
"""

from __future__ import annotations

from typing import Any

from hydractl.tui.store import View

IDLE_S = 300.0


class Writing:
    """Whether acts may be begun."""

    def __init__(self, now_s: float) -> None:
        self.on = False
        self._key_s = now_s
        self._daemon: tuple[Any, ...] = ()

    def key(self, now_s: float) -> None:
        """A key was pressed."""
        self._key_s = now_s

    def begin(self, view: View) -> None:
        """By a person's hand, for the daemon that answered last."""
        self.on, self._daemon = True, daemon_of(view)

    def end(self) -> None:
        self.on = False

    def over(self, view: View, now_s: float) -> str | None:
        """Why it must end now; None: it need not."""
        if not self.on:
            return None
        if now_s - self._key_s > IDLE_S:
            return f"no key for {IDLE_S / 60:.0f} minutes"
        return "another daemon answers than the one that was written to" if self._daemon != daemon_of(view) else None


def daemon_of(view: View) -> tuple[Any, ...]:
    """Which daemon answered last: of which home, which process, begun for which time."""
    status = view.data("status")
    return () if status is None else (status.home, status.pid, status.epoch)
