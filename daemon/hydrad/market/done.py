"""How a verb of market data ended: its shapes, exit codes and tables. Owns these, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode

EXIT_FAILED, EXIT_USAGE, EXIT_NOT_FOUND, EXIT_PARTLY, EXIT_DIFFERENCES, EXIT_CONFLICT = 1, 2, 5, 7, 10, 15


class Done(NamedTuple):
    """What a verb found: data, lines for people, and the problem with its exit code, if there is one."""

    data: object
    lines: list[str]
    problem: Problem | None = None
    exit_code: int = 0


class Stopped(Exception):
    """Nothing was done."""

    def __init__(self, exit_code: int, code: ErrorCode, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.problem = Problem(code.value, message, hint)


class Refused(Exception):
    """A file is not imported; the message says why. `hint`: what to do. `taken`: something else stands in its place."""

    def __init__(self, message: str, hint: str | None = None, taken: bool = False) -> None:
        super().__init__(message)
        self.hint, self.taken = hint, taken


def reason(path: Path, error: Exception) -> str:
    """Why a file could not be read or written."""
    if isinstance(error, OSError):
        return f"{path}: {error.strerror}"
    return str(error)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: tuple[int, ...]) -> list[str]:
    """Aligned columns; those numbered in `right` stand to the right."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    return [
        "  ".join(
            cell.rjust(widths[at]) if at in right else cell.ljust(widths[at]) for at, cell in enumerate(row)
        ).rstrip()
        for row in (head, *rows)
    ]
