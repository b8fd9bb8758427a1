"""The daemon's clock as an agent measures it: the best of the samples that can be true together."""

from __future__ import annotations

from hydrad.domain.instants import MS, SECOND
from hydrad.link.clock import PeerClock

NOW = 1_000 * SECOND


def beat(clock: PeerClock, at_ns: int, offset_ns: int, round_trip_ns: int = 2 * MS) -> None:
    """A round trip that ends at `at_ns`, answered in its middle."""
    clock.measured(at_ns - round_trip_ns, at_ns, at_ns - round_trip_ns // 2 + offset_ns)


def test_the_most_certain_sample_counts() -> None:
    clock = PeerClock()
    beat(clock, NOW, 5 * MS, 2 * MS)
    beat(clock, NOW + SECOND, 6 * MS, 40 * MS)
    sample = clock.best(NOW + SECOND)
    assert sample is not None
    assert sample.offset_ns == 5 * MS
    assert clock.not_after_ns(NOW, NOW + SECOND) == NOW - 5 * MS - sample.uncertainty_ns


def test_a_clock_that_was_set_is_measured_anew() -> None:
    clock = PeerClock()
    beat(clock, NOW, 0, 2 * MS)
    beat(clock, NOW + SECOND, 300 * MS, 40 * MS)
    sample = clock.best(NOW + SECOND)
    assert sample is not None
    assert sample.offset_ns == 300 * MS


def test_drift_is_no_contradiction() -> None:
    clock = PeerClock()
    beat(clock, NOW, 0, 2 * MS)
    beat(clock, NOW + 50 * SECOND, 20 * MS, 40 * MS)
    sample = clock.best(NOW + 50 * SECOND)
    assert sample is not None
    assert sample.offset_ns == 0


def test_old_or_vague_measurements_are_not_trusted() -> None:
    clock = PeerClock()
    assert not clock.trusted(NOW)
    assert clock.not_after_ns(NOW, NOW) is None
    beat(clock, NOW, 0, 600 * MS)
    assert not clock.trusted(NOW)
    beat(clock, NOW, 0, 2 * MS)
    assert clock.trusted(NOW + 60 * SECOND)
    assert not clock.trusted(NOW + 60 * SECOND + 1)


def test_time_that_ran_backwards_is_no_sample() -> None:
    clock = PeerClock()
    clock.measured(NOW, NOW - 1, NOW)
    assert clock.best(NOW) is None
