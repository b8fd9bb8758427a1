"""How a verb of a program that asks no daemon ended. Owns its shape and the exit codes, which are the shell's."""

from __future__ import annotations

from typing import NamedTuple

from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_FORBIDDEN, EXIT_NOT_FOUND, EXIT_PARTLY = 0, 1, 2, 4, 5, 7
EXIT_UNHEALTHY, EXIT_DIFFERENCES, EXIT_CONFLICT = 9, 10, 15
EXIT_FENCED, EXIT_BAD_CONFIG = 75, 78


class Done(NamedTuple):
    """What a verb found: data, lines for people, and the problem with its exit code, if there is one."""

    data: object
    lines: list[str]
    problem: Problem | None = None
    exit_code: int = EXIT_OK


class Stopped(Exception):
    """Nothing was done."""

    def __init__(self, exit_code: int, code: ErrorCode, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.problem = Problem(code.value, message, hint)
