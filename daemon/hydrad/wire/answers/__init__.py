"""Answers: one envelope for every verb, and, a file a noun, the data of each verb as people's surfaces show it.

Prices, volumes and money are text; instants ISO 8601 with `Z`; durations and ages are seconds, ages measured at
the envelope's `ts`. Null means not known or not applicable, never zero. Additive within a schema version.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Out(msgspec.Struct, frozen=True):
    """Base of answers: additive within a schema version."""


class DaemonInfo(Out, frozen=True):
    version: str
    protocol: int
    instance: str
    mode: str


class Problem(Out, frozen=True):
    """`code` is an ErrorCode; `facts` hold what a script may need."""

    code: str
    message: str
    hint: str | None = None
    facts: dict[str, Any] = {}


class Answer(Out, frozen=True):
    """The envelope. On a stream each event is an Answer with `more`; the last one has `more` False."""

    schema: str
    ok: bool
    ts: str
    daemon: DaemonInfo
    data: Any = None
    warnings: tuple[str, ...] = ()
    error: Problem | None = None
    id: int = 0
    more: bool = False
