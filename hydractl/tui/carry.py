"""Acts of the TUI, carried out by the shell's own verbs: same words, same codes, same hints.

Owns the desk: a `Session` whose output and talk are kept instead of written. A desk is one intent: its client has one
idempotency key, so that asking again answers what was done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hydractl.client import TIMEOUT_S, Client, Sent
from hydractl.diagnostics import ExitCode, Failure, Talk
from hydractl.output import Output
from hydractl.session import Session


class Kept(Output):
    """Lines that are kept instead of written, in colours, wrapped to `room` columns."""

    def __init__(self, room: int, zone: str | None) -> None:
        super().__init__("table", zone=zone)
        self.tty = True
        self._color = True
        self._room = room

    def _opened(self) -> bool:
        """Nothing is opened: stdout is the screen's."""
        return False

    def flush(self) -> None:
        """Nothing is written."""

    def clear(self) -> None:
        """Nothing stands before it."""

    def take(self) -> list[str]:
        """The lines so far, which are forgotten."""
        lines = list(self._lines)
        self._lines.clear()
        return lines


class KeptTalk(Talk):
    """What the shell says on stderr, as lines of the output."""

    __slots__ = ("_out",)

    def __init__(self, out: Output) -> None:
        super().__init__()
        self._out = out

    def note(self, text: str) -> None:
        self._out.line(text)

    def problem(self, problem: Any) -> None:
        self._out.line(self._out.paint(f"{problem.code}: {problem.message}", "bad"))
        if problem.hint:
            self._out.line(f"  {problem.hint}")


class Desk(Session):
    """One intent. `room`: columns that its lines may have. `mission`: which one a fire was of, as its answer said."""

    out: Kept
    mission: str | None = None

    def __init__(self, options: Mapping[str, Any], room: int) -> None:
        self._room = room
        super().__init__({**options, "output": None, "quiet": False}, "")
        self.talk = KeptTalk(self.out)
        self.client = Client(self.places, self.timeout_s or TIMEOUT_S, surface="tui")

    def output(self, form: str, no_color: bool, zone: str | None) -> Kept:
        return Kept(self._room, zone)

    def may_ask(self) -> bool:
        """Nobody is asked here: the sheet has asked."""
        return False


@dataclass(frozen=True, slots=True)
class Said:
    """What the shell would have printed, and its exit code. `sent`: how far the requests of its desk have come."""

    lines: tuple[str, ...]
    code: ExitCode
    sent: Sent = Sent.NOTHING


def carry_out(desk: Desk, run: Callable[[Desk], int]) -> Said:
    """Runs a verb of the shell, or a part of one; a failure is words and a code, as it is there. The connection ends
    with it: a sheet that stands open, or was left, holds none of the daemon's."""
    with closed_after(desk):
        try:
            code = ExitCode(run(desk))
        except Failure as failure:
            desk.talk.problem(failure)
            code = failure.exit_code
    return Said(tuple(desk.out.take()), code, desk.client.sent)


@contextlib.contextmanager
def closed_after(desk: Desk) -> Iterator[Desk]:
    """The desk, whose connection ends with its use."""
    try:
        yield desk
    finally:
        desk.client.close()
