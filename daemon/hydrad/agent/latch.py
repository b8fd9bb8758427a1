"""The agent's halt latches: one for each who may close it. While any is closed nothing opens.

Each is opened by whom it belongs to. The daemon's RESUME opens the daemon's; what a person on the host has closed, and
what the equity floor has, is opened on that host, or by a RESUME that names it: whoever sends that has seen who else
wanted this terminal to open nothing.
"""

from __future__ import annotations

from hydrad.agent.entries import LatchStored, Whose

DAEMON: Whose = "daemon"
LOCAL: Whose = "local"
FLOOR: Whose = "floor"
# In this order they are told.
ALL: tuple[Whose, ...] = (DAEMON, LOCAL, FLOOR)
OWN: tuple[Whose, ...] = (LOCAL, FLOOR)


class Latches:
    """The fold over the entries of all latches. `by`: who has closed each of those that are closed."""

    def __init__(self) -> None:
        self._by: dict[Whose, str] = {}

    def apply(self, entry: LatchStored) -> None:
        if entry.halted:
            self._by[entry.whose] = entry.by
        else:
            self._by.pop(entry.whose, None)

    def holds(self, whose: Whose) -> bool:
        return whose in self._by

    @property
    def halted(self) -> bool:
        return bool(self._by)

    @property
    def held(self) -> tuple[Whose, ...]:
        """Those that are closed."""
        return tuple(whose for whose in ALL if whose in self._by)

    @property
    def by(self) -> str:
        """Who has closed them, for people."""
        return "; ".join(self._by[whose] for whose in self.held)

    def of(self, whose: Whose) -> str:
        """Who has closed this one; empty while it is open."""
        return self._by.get(whose, "")
