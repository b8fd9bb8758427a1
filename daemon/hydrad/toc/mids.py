"""Mids of two feeds, and the basis between them: how far an account's quotes stand from those of a source.

Owns the samples (at most one a market second, and two minutes of them) and the one measurement.
At each instant of the last minute at which either feed ticked, the difference of the mids is taken, each feed with its
last quote at or before that instant. The basis is the median (the lower of two); its spread is what separates the
10th from the 90th percentile, so that a single late tick makes nothing unstable and a feed that wanders does.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from hydrad.domain.instants import MINUTE_MS

WINDOW_MS = MINUTE_MS
SAMPLE_MS = 1_000
SAMPLES_MAX = 122  # two windows of one a second, and the one before them
SAMPLES_MIN = 3


class Basis(NamedTuple):
    """Account minus source, in points of the account's symbol. `samples` 0: the account's own quotes, nothing to
    measure."""

    points: int
    spread_points: int
    samples: int


OWN = Basis(0, 0, 0)


@dataclass(slots=True)
class Mids:
    """Bid plus ask (twice the mid) of one feed, by the time of the tick."""

    samples: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=SAMPLES_MAX))

    def add(self, time_ms: int, sum_points: int) -> None:
        if self.samples:
            last_ms = self.samples[-1][0]
            if time_ms < last_ms:
                return
            if time_ms // SAMPLE_MS == last_ms // SAMPLE_MS:
                self.samples.pop()
        self.samples.append((time_ms, sum_points))


def measure(own: Mids, source: Mids, own_digits: int, source_digits: int, until_ms: int) -> Basis | None:
    """Over the minute that ends at `until_ms`; None with fewer than 3 instants at which both had a quote."""
    finer = max(own_digits, source_digits)
    found = sorted(_differences(own, 10 ** (finer - own_digits), source, 10 ** (finer - source_digits), until_ms))
    if len(found) < SAMPLES_MIN:
        return None
    unit = 2 * 10 ** (finer - own_digits)  # of a difference of sums in one point of the account
    last = len(found) - 1
    wide = found[-(-last * 9 // 10)] - found[last // 10]
    return Basis((2 * found[last // 2] + unit) // (2 * unit), -(-wide // unit), len(found))


def _differences(own: Mids, own_scale: int, source: Mids, source_scale: int, until_ms: int) -> list[int]:
    merged = sorted([(ms, 0, total) for ms, total in own.samples] + [(ms, 1, total) for ms, total in source.samples])
    last: list[int | None] = [None, None]
    found: dict[int, int] = {}
    for ms, which, total in merged:
        if ms > until_ms:
            break
        last[which] = total
        mine, theirs = last
        if ms > until_ms - WINDOW_MS and mine is not None and theirs is not None:
            found[ms] = mine * own_scale - theirs * source_scale
    return list(found.values())
