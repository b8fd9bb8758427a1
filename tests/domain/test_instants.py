"""Instants and durations: integers inside, text at the edge."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain import instants as i

# Years 1970 to 2200.
MILLISECONDS = st.integers(0, 7_258_118_400_000)


@given(MILLISECONDS)
def test_instants_come_back(ms: int) -> None:
    text = i.ms_text(ms)
    assert text.endswith("Z")
    assert i.parse_ms(text) == ms


@pytest.mark.parametrize(
    ("ns", "digits", "text"),
    [
        (0, 3, "1970-01-01T00:00:00.000Z"),
        (1_399_033_800_123_456_789, 3, "2014-05-02T12:30:00.123Z"),
        (1_399_033_800_123_456_789, 0, "2014-05-02T12:30:00Z"),
        (1_399_033_800_123_456_789, 9, "2014-05-02T12:30:00.123456789Z"),
        (999_999_999, 3, "1970-01-01T00:00:00.999Z"),
        (-1, 9, "1969-12-31T23:59:59.999999999Z"),
    ],
)
def test_fractions_are_cut_not_rounded(ns: int, digits: int, text: str) -> None:
    assert i.ns_text(ns, digits) == text


def test_a_zone_is_taken_and_its_lack_is_not() -> None:
    assert i.parse_ms("2014-05-02T14:30:00+02:00") == i.parse_ms("2014-05-02T12:30:00Z")
    with pytest.raises(i.BadInstant, match="names no zone"):
        i.parse_ms("2014-05-02T12:30:00")
    with pytest.raises(i.BadInstant, match="not an ISO 8601"):
        i.parse_ms("yesterday")


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("90s", 90 * i.SECOND),
        ("5m", 5 * i.MINUTE),
        ("1h30m", i.HOUR + 30 * i.MINUTE),
        ("250ms", 250 * i.MS),
        ("2d", 48 * i.HOUR),
        (" 10 ".strip(), 10 * i.SECOND),
        ("0.5", i.SECOND // 2),
        ("1.5H", 90 * i.MINUTE),
    ],
)
def test_durations(text: str, ns: int) -> None:
    assert i.parse_duration_ns(text) == ns


@pytest.mark.parametrize("text", ["", "m", "5 m", "5m x", "-5m", "0", "0s", "1y", "5m,3s", "9" * 400 + "d"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(i.BadInstant):
        i.parse_duration_ns(text)


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    with contextlib.suppress(i.BadInstant):
        assert i.parse_duration_ns(text) > 0


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (1_234_567, "1.2 ms"),
        (12 * i.MS, "12 ms"),
        (3_400 * i.MS, "3.4 s"),
        (302 * i.SECOND, "5 m 02 s"),
        (125 * i.MINUTE, "2 h 05 m"),
        (-3_400 * i.MS, "-3.4 s"),
    ],
)
def test_durations_for_people(ns: int, text: str) -> None:
    assert i.duration_text(ns) == text
