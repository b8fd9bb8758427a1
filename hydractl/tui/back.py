"""What is said once the daemon is heard again: for how long it was not, which one answers now, and whether the records
go on without a gap.

Owns since when the daemon is away, and which one answered before. Nothing is said before one has told its status: which
daemon it is stands in that.
"""

from __future__ import annotations

from hydractl.output import age
from hydractl.tui.frame import Frame
from hydractl.tui.store import View
from hydractl.tui.writing import daemon_of

ANOTHER_JOURNAL = "its journal is ANOTHER one: nothing that was shown before belongs to it"
NO_GAP = "the records go on without a gap"


class Back:
    """Asked at each turn."""

    def __init__(self) -> None:
        self._away_s: float | None = None
        self._before: tuple[object, ...] = ()
        self._journals = 0

    def words(self, frame: Frame) -> str:
        """What there is to say now; "" for nothing."""
        view = frame.view
        if view.lost is not None:
            self._away_s = view.lost.since_s if self._away_s is None else self._away_s
            return ""
        status = view.kept("status")
        if status is None or status.data is None or status.failed or status.at_s < view.broke_s:
            return ""
        away_s, self._away_s = self._away_s, None
        words = self._said(frame, away_s, status.at_s) if away_s is not None and self._before else ""
        self._before, self._journals = daemon_of(view), view.journals
        return words

    def _said(self, frame: Frame, from_s: float, to_s: float) -> str:
        heard_s = max(to_s - from_s, 0.1)
        begin, end = frame.wall(from_s), frame.wall(to_s)
        when = f"from {begin} to {end} ({age(heard_s)})" if begin and end else f"for {age(heard_s)}"
        records = NO_GAP if frame.view.journals == self._journals else ANOTHER_JOURNAL
        return f"the daemon was not heard {when}; {which(self._before, frame.view)} answers now, and {records}"


def which(before: tuple[object, ...], view: View) -> str:
    """The daemon that answers, beside the one before."""
    now = daemon_of(view)
    (home, pid, epoch), (was_home, was_pid, was_epoch) = now, before
    if now == before:
        return f"the same one (pid {pid})"
    where = f" of {home}, before it one of {was_home}" if home != was_home else ""
    return f"another one (pid {pid}, epoch {epoch}; before it pid {was_pid}, epoch {was_epoch}){where}"
