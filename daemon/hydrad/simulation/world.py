"""Owns time, order and chance of a run: a heap of (at, n, fn), named random streams, the trace and the counters.

Everything that happens goes through `after`; everything drawn comes from a stream with a name, so that a new fault
does not shift the draws of the others. The trace is a hash over what happened: the same seed gives the same one in
any process. A run that is told to `remember` keeps the last lines of its time line for people.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from hydrad.domain.instants import SECOND, ns_text

# A Wednesday noon: London and New York are open, and no roll-over comes within the run.
START_NS = 1_715_774_400 * SECOND
LINES_MAX = 20_000


class World:
    """One run. `now_ns`: true time, which no actor can see; actors have clocks."""

    def __init__(self, seed: int, remember: bool = False) -> None:
        self.seed = seed
        self.now_ns = START_NS
        self.hits: Counter[str] = Counter()
        self.lines: deque[str] = deque(maxlen=LINES_MAX)
        self.events = 0
        self.remembers = remember
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0
        self._trace = hashlib.blake2b(digest_size=16)

    def rng(self, name: str) -> random.Random:
        """A stream of its own for a name."""
        digest = hashlib.blake2b(f"{self.seed}/{name}".encode(), digest_size=8).digest()
        return random.Random(int.from_bytes(digest, "big"))

    def after(self, delay_ns: int, fn: Callable[..., None], *given: Any) -> None:
        """Call `fn` that much later; what is due at the same instant happens in the order of these calls."""
        self._count += 1
        heapq.heappush(self._heap, (self.now_ns + max(delay_ns, 0), self._count, fn, given))

    def run(self, until_ns: int) -> None:
        """Let happen what is due by then."""
        heap = self._heap
        while heap and heap[0][0] <= until_ns:
            self.now_ns, _, fn, given = heapq.heappop(heap)
            self.events += 1
            fn(*given)
        self.now_ns = until_ns

    def hit(self, fault: str) -> None:
        """Count a fault that happened."""
        self.hits[fault] += 1
        self.say("fault", fault)

    def happens(self, fault: str, chance: float, rng: random.Random) -> bool:
        """Whether this opportunity is one of the fault's, by its chance from 0 to 1; counted if so."""
        if chance and rng.random() < chance:
            self.hit(fault)
            return True
        return False

    def trace(self, data: bytes) -> None:
        """Mix what happened into the trace."""
        self._trace.update(data)

    def say(self, who: str, what: str) -> None:
        """A line of the time line, and of the trace."""
        self._trace.update(f"{self.now_ns}{who}{what}".encode())
        self.note(who, what)

    def note(self, who: str, what: str) -> None:
        """A line of the time line alone."""
        if self.remembers:
            self.lines.append(f"{ns_text(self.now_ns, 6)[11:-1]}  {who:<8} {what}")

    def digest(self) -> str:
        """The trace so far, in hex."""
        self._trace.update(self.now_ns.to_bytes(8, "big"))
        return self._trace.hexdigest()
