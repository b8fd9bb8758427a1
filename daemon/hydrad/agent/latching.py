"""The halt latches as frames and people on the host move them, and when HALTED may be said."""

from __future__ import annotations

from hydrad.agent import entries, inputs
from hydrad.agent.connection import Connection
from hydrad.agent.latch import DAEMON, OWN
from hydrad.agent.state import DETAIL_MAX
from hydrad.link import frames


class Latching(Connection):
    """A layer of the core; see `state`."""

    def _set_latch(self, whose: entries.Whose, halted: bool, by: str) -> None:
        if self._latches.holds(whose) != halted:
            self._store(entries.LatchStored(halted, by[:DETAIL_MAX], whose))

    def _resumed(self, body: frames.Resume) -> None:
        """The daemon's own latch, and those of ours that it names."""
        self._set_latch(DAEMON, False, body.by)
        for whose in OWN:
            if whose in body.latches:
                self._set_latch(whose, False, body.by)
        self._tell_latch()

    def _latched_here(self, given: inputs.LocalLatch) -> None:
        """Stored again, though it be so already: to the command that asked for it this is the answer."""
        self._store(given.asked)
        self._tell_latch()

    def _tell_latch(self) -> None:
        """HALTED promises that nothing opens any more, so it waits for an opening order in the worker's hand."""
        self._halted_owed = self._latches.halted and self._may_open()
        if not self._halted_owed:
            self._send_open(frames.Halted(self._latches.halted, self._latches.by, self._latches.held))
