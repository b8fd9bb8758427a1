"""Owns what a call of a client comes to: its session, its reply, its error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class ApiError(Exception):
    """An answer by `last_error`: a code and its text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


@dataclass(slots=True)
class Session:
    """One client's connection: the account it is logged in to (0: none), and the depths of market it follows."""

    login: int = 0
    books: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a JSON value, an array's bytes, and how long to hold it back (milliseconds of wall time; None: for
    ever). `later`: what is done after so many milliseconds of wall time, whoever still listens."""

    value: Any
    tail: bytes = b""
    hold_ms: int | None = 0
    error: tuple[int, str] | None = None
    later: tuple[int, Callable[[], object]] | None = None
