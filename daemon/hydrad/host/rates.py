"""How often somebody may ask: token buckets in memory, one for each name, the longest unused forgotten."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from hydrad.domain.instants import SECOND

NAMES_MAX = 4_096


class Rate(NamedTuple):
    """So many a second in the long run, `burst` at once."""

    per_s: float
    burst: int


class Buckets:
    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._held: OrderedDict[object, tuple[float, int]] = OrderedDict()

    def take(self, name: object, now_ns: int) -> float:
        """Take one. 0 when it was there, else the seconds until there is one."""
        left, since_ns = self._held.pop(name, (float(self._rate.burst), now_ns))
        left = min(left + max(now_ns - since_ns, 0) / SECOND * self._rate.per_s, self._rate.burst)
        short = max(1.0 - left, 0.0)
        self._held[name] = (left if short else left - 1.0, now_ns)
        if len(self._held) > NAMES_MAX:
            self._held.popitem(last=False)
        return short / self._rate.per_s
