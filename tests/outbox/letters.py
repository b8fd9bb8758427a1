"""Letters for tests."""

from __future__ import annotations

from typing import Any

from hydrad.domain.instants import SECOND
from hydrad.outbox.letter import Channel, Letter, Priority

START_NS = 1_900_000_000 * SECOND


def letter(key: str, to: str = "42", priority: Priority = Priority.ALARM, **fields: Any) -> Letter:
    fields = {"text": f"text of {key}", "channel": Channel.TELEGRAM, **fields}
    return Letter(key=key, to=to, priority=priority, **fields)
