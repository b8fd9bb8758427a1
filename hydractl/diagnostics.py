"""The only writer to stderr, and the table of exit codes.

Owns `ExitCode`, `Failure` (an error on its way to `main`, which alone turns it into an exit code) and `Talk`.
"""

from __future__ import annotations

import enum
import sys

from hydractl.plain import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any

    from hydrad.wire.answers import Problem


class ExitCode(enum.IntEnum):
    """What a script may rely on. The names from FAILED on are those of `hydrad.wire.codes.ErrorCode`."""

    DONE = 0
    """Done, or answered."""
    FAILED = 1
    """Failed; the message says how."""
    USAGE = 2
    """The command line is wrong, or a confirmation is needed and there is no terminal to ask on."""
    UNREACHABLE = 3
    """No daemon answers."""
    FORBIDDEN = 4
    """The operator may not do this."""
    NOT_FOUND = 5
    """There is no such mission, act, position, account or terminal."""
    DENIED = 6
    """Denied by us: at least one check of TOC failed, in a dry run too."""
    PARTLY = 7
    """Some of it was done, or it needs a restart."""
    PENDING = 8
    """Waits for another person's approval."""
    UNHEALTHY = 9
    """A health check failed."""
    DIFFERENCES = 10
    """Two books that should agree do not, or the journal does not verify."""
    PROTOCOL = 11
    """Shell and daemon speak different versions."""
    UNKNOWN_OUTCOME = 12
    """It may have happened: there is no verdict yet. Never repeat it blindly; `hydractl fires --unknown`."""
    REJECTED = 13
    """Rejected by the broker. A dry run: as its terms stand, the broker would reject it."""
    NOT_EXECUTED = 14
    """Provably never executed."""
    CONFLICT = 15
    """Refused because something else holds: same key with other parameters, acts in flight."""
    FENCED = 75
    """Daemon only: fenced off, or already running."""
    BAD_CONFIG = 78
    """Daemon only: the configuration cannot be used."""
    TIMED_OUT = 124
    """Time was up with nothing routed."""
    INTERRUPTED = 130
    """Interrupted from the keyboard."""


class Failure(Exception):
    """An error that ends the command. `code` is the name of an ExitCode; the fields are those of
    `answers.Problem`."""

    def __init__(
        self, code: str, message: str, hint: str | None = None, facts: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.facts = dict(facts or {})

    @property
    def exit_code(self) -> ExitCode:
        return exit_code_of(self.code)


def exit_code_of(error_code: str) -> ExitCode:
    """The exit code of an error code; a code that this version does not know is FAILED."""
    return ExitCode.__members__.get(error_code, ExitCode.FAILED)


class Talk:
    """What is said beside the data. `quiet` drops notes and warnings, never errors."""

    __slots__ = ("quiet",)

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet

    def note(self, text: str) -> None:
        if not self.quiet:
            write(text)

    def warn(self, text: str) -> None:
        self.note(f"warning: {text}")

    def problem(self, problem: Problem | Failure) -> None:
        write(f"hydractl: {problem.code}: {problem.message}")
        if problem.hint:
            write(f"  {problem.hint}")


def write(text: str, end: str = "\n") -> None:
    """Text to stderr; nobody listening there is no error."""
    try:
        print(plain(text), end=end, file=sys.stderr, flush=True)
    except (BrokenPipeError, ValueError):
        return


def one_line_excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A defect of ours in one line; `--debug` leaves Python's own trace in place."""
    write(f"hydractl: FAILED: {kind.__name__}: {error}")
    write("  this is a defect of hydractl: run it again with --debug and report the trace")
