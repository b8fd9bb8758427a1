"""Queries that wait to be answered, between one batch and the next. Owns how many of them a turn answers.

A query is answered after the batch that was being committed when it came. However many wait, a turn gives them
`TURN_NS`, and one at least: what trades, and a halt above all, waits for one query more and not for all of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hydrad.domain.instants import MS

TURN_NS = 5 * MS


class Asks:
    """`now_ns`: a clock for how long answering has taken."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._waiting: deque[Callable[[], None]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, answer: Callable[[], None]) -> None:
        self._waiting.append(answer)

    def answer(self, count: int) -> None:
        """The first `count`, or as many as a turn has time for; the others stay first."""
        ends_ns = self._now_ns() + TURN_NS
        for _ in range(count):
            self._waiting.popleft()()
            if self._now_ns() >= ends_ns:
                return
