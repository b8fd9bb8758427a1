"""The other side's clock as seen from here, and whether a deadline has passed by it. Both ends of a link have one.

A beat sent at S and answered at R by a peer whose clock then stood at D gives offset = D - (S + R) / 2, wrong by
(R - S) / 2 at most (Cristian 1989): the answer was written somewhere between. The best of the last samples counts.
"""

from __future__ import annotations

from collections import deque

import msgspec

from hydrad.domain.instants import MS, SECOND

UNCERTAINTY_NS_MAX = 250 * MS
SAMPLE_AGE_NS_MAX = 60 * SECOND
_SAMPLES_MAX = 16
# Two hosts may drift apart by so much within the age of a sample (200 ppm each).
_DRIFT_NS_MAX = 24 * MS


class Sample(msgspec.Struct, frozen=True):
    """`offset_ns`: the peer's clock minus ours. `at_ns`: our machine time of the measurement."""

    offset_ns: int
    uncertainty_ns: int
    at_ns: int


class PeerClock:
    """Measured by round trips; forgets everything with the session, and what a newer sample contradicts: then one of
    the two clocks was set, and the older samples speak of another time."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=_SAMPLES_MAX)

    def measured(self, sent_ns: int, received_ns: int, peer_ns: int) -> None:
        """One round trip; a clock that ran backwards meanwhile gives no sample."""
        if received_ns < sent_ns:
            return
        middle = (sent_ns + received_ns) // 2
        # One more nanosecond for the division.
        newest = Sample(peer_ns - middle, (received_ns - sent_ns) // 2 + 1, received_ns)
        agreeing = [sample for sample in self._samples if _agree(sample, newest)]
        self._samples = deque([*agreeing, newest], maxlen=_SAMPLES_MAX)

    def best(self, now_ns: int) -> Sample | None:
        """The most certain sample that is young enough, else the newest, None when nothing was measured."""
        young = [sample for sample in self._samples if now_ns - sample.at_ns <= SAMPLE_AGE_NS_MAX]
        if young:
            return min(young, key=lambda sample: sample.uncertainty_ns)
        return self._samples[-1] if self._samples else None

    def trusted(self, now_ns: int) -> bool:
        """Whether the measurement is young and certain enough to open a position by."""
        sample = self.best(now_ns)
        return (
            sample is not None
            and sample.uncertainty_ns <= UNCERTAINTY_NS_MAX
            and now_ns - sample.at_ns <= SAMPLE_AGE_NS_MAX
        )

    def not_after_ns(self, deadline_ns: int, now_ns: int) -> int | None:
        """Our machine time until which a deadline of the peer's has surely not passed; None: unmeasured."""
        sample = self.best(now_ns)
        return None if sample is None else deadline_ns - sample.offset_ns - sample.uncertainty_ns


def _agree(older: Sample, newer: Sample) -> bool:
    """Whether both can be true of clocks that nobody has set in between."""
    room_ns = older.uncertainty_ns + newer.uncertainty_ns + _DRIFT_NS_MAX
    return abs(older.offset_ns - newer.offset_ns) <= room_ns
