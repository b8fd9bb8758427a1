"""How a verb of market data ended. Owns these shapes, nothing else."""

from __future__ import annotations

from typing import NamedTuple

from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode


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
