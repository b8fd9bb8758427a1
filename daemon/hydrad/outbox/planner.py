"""Which letter may leave now. Owns the limits of a channel, and what is known of each recipient's patience. Pure.

A recipient gets one letter at a time, with a gap between two; a group has a bound a minute, and all together one a
second. Who asks for patience gets it alone. While the channel itself does not answer, one letter at a time tries it,
ever more rarely, and each time another recipient's, so that no letter can block the others.

Urgent letters go first; of equal ones the recipient's who was served longest ago. Every tenth goes to the one served
longest ago, whatever is urgent, so that nobody starves: of `n` recipients each has one of `10 n` sendings.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hydrad.domain.instants import MINUTE, SECOND
from hydrad.outbox.outcomes import Lost, Outcome, Rejected, Throttled
from hydrad.outbox.store import Head

FAIR_EVERY = 10
BACKOFF_NS = SECOND
BACKOFF_MAX_NS = 30 * SECOND


@dataclass(frozen=True, slots=True)
class Limits:
    """`gap_ns`: between two letters to one recipient; `group_per_minute` and `per_second`: within any such time;
    `flying_max`: on their way at once. `is_group`: whether this recipient is many people."""

    gap_ns: int
    group_per_minute: int
    per_second: int
    flying_max: int
    is_group: Callable[[str], bool]


@dataclass(slots=True)
class _Lane:
    """One recipient. `recent`: when the last letters left, at most as many as a minute may have."""

    recent: deque[int]
    flies: bool = False
    until_ns: int = 0
    failures: int = 0
    served: int = 0


class Plan(NamedTuple):
    """`go`: these leave now. `wake_ns`: when there may be more without any news; None: never."""

    go: list[Head]
    wake_ns: int | None


@dataclass(slots=True)
class Planner:
    limits: Limits
    down_since_ns: int = 0
    _lanes: dict[str, _Lane] = field(default_factory=dict)
    _recent: deque[int] = field(default_factory=deque)
    _until_ns: int = 0
    _failures: int = 0
    _picks: int = 0

    # --- choosing -------------------------------------------------------------------------------------

    def next(self, heads: Sequence[Head], now_ns: int) -> Plan:
        """What leaves now, of each recipient's next letter. Each must be settled later."""
        self._prune({head.to for head in heads}, now_ns)
        ready = [head for head in heads if self._from_ns(head.to) <= now_ns and not self._lane(head.to).flies]
        go: list[Head] = []
        while ready and self._room_ns(now_ns) <= now_ns and self._places() > 0:
            head = self._pick(ready)
            ready.remove(head)
            self._leave(head.to, now_ns)
            go.append(head)
        left = [head for head in heads if head not in go and not self._lane(head.to).flies]
        return Plan(go, self._wake_ns(left, now_ns))

    def _pick(self, ready: Sequence[Head]) -> Head:
        self._picks += 1
        if self._picks % FAIR_EVERY == 0:
            return min(ready, key=lambda head: (self._lane(head.to).served, head.id))
        return min(ready, key=lambda head: (head.priority, self._lane(head.to).served, head.id))

    def _leave(self, to: str, now_ns: int) -> None:
        lane = self._lane(to)
        lane.flies, lane.served = True, self._picks
        for recent in (lane.recent, self._recent):
            if len(recent) == recent.maxlen:
                recent.popleft()
            recent.append(now_ns)

    def _wake_ns(self, left: Iterable[Head], now_ns: int) -> int | None:
        """Without a free place the end of one that flies is the news to wait for."""
        if self._places() <= 0:
            return None
        first_ns = min((self._from_ns(head.to) for head in left), default=None)
        return None if first_ns is None else max(first_ns, self._room_ns(now_ns))

    # --- patience -------------------------------------------------------------------------------------

    def _from_ns(self, to: str) -> int:
        """From when on this recipient may get one."""
        lane = self._lane(to)
        after_ns = lane.recent[-1] + self.limits.gap_ns if lane.recent else 0
        full = self.limits.is_group(to) and len(lane.recent) == self.limits.group_per_minute
        return max(lane.until_ns, after_ns, lane.recent[0] + MINUTE if full else 0)

    def _room_ns(self, now_ns: int) -> int:
        """From when on the channel takes one."""
        while self._recent and self._recent[0] + SECOND <= now_ns:
            self._recent.popleft()
        full = len(self._recent) >= self.limits.per_second
        return max(self._until_ns, self._recent[0] + SECOND if full else 0)

    def _places(self) -> int:
        at_once = 1 if self.down_since_ns else self.limits.flying_max
        return at_once - sum(lane.flies for lane in self._lanes.values())

    def _lane(self, to: str) -> _Lane:
        if to not in self._lanes:
            self._lanes[to] = _Lane(deque(maxlen=self.limits.group_per_minute))
        return self._lanes[to]

    def _prune(self, wanted: set[str], now_ns: int) -> None:
        """Forget whose last letter is a minute old and who is not waited for: no limit looks further back."""
        for to, lane in list(self._lanes.items()):
            old = not lane.recent or lane.recent[-1] + MINUTE <= now_ns
            if to not in wanted and not lane.flies and lane.until_ns <= now_ns and old:
                del self._lanes[to]

    # --- learning -------------------------------------------------------------------------------------

    def settled(self, to: str, outcome: Outcome | None, now_ns: int) -> None:
        """What became of the one on its way; None: it did not leave after all."""
        lane = self._lane(to)
        lane.flies = False
        if outcome is None:
            return
        if isinstance(outcome, Lost):
            lane.failures += 1
            lane.until_ns = now_ns + backoff_ns(lane.failures)
            self._lost(now_ns)
            return
        lane.failures = 0
        self.answered()
        if isinstance(outcome, Throttled | Rejected):
            until_ns = now_ns + round(outcome.retry_after_s * SECOND)
            lane.until_ns = max(lane.until_ns, until_ns)
            if isinstance(outcome, Throttled) and outcome.everyone:
                self._until_ns = max(self._until_ns, until_ns)

    def answered(self) -> None:
        """The channel has answered, whatever it said."""
        if self.down_since_ns:
            self._until_ns = 0
        self._failures, self.down_since_ns = 0, 0

    def _lost(self, now_ns: int) -> None:
        self.down_since_ns = self.down_since_ns or now_ns
        if now_ns >= self._until_ns:  # those that left together fail together, once
            self._failures += 1
            self._until_ns = now_ns + backoff_ns(self._failures)


def backoff_ns(failures: int) -> int:
    """How long to wait after so many failures in a row."""
    return int(min(BACKOFF_NS << min(failures - 1, 10), BACKOFF_MAX_NS))
