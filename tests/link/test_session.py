"""Sessions: what is next passes, everything else is named and moves nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.link.session import SESSION_MAX, Arrival, Session


def test_both_ends_count_from_one() -> None:
    sender, receiver = Session(9), Session(9)
    for expected in range(1, 5):
        seq = sender.next_seq()
        assert seq == expected
        assert receiver.arrival(9, seq) is Arrival.NEXT
    assert (sender.sent, sender.received, receiver.sent, receiver.received) == (4, 0, 0, 4)


@pytest.mark.parametrize(
    ("session", "seq", "arrival"),
    [(9, 5, Arrival.GAP), (9, 3, Arrival.REPEAT), (9, 1, Arrival.REPEAT), (8, 4, Arrival.FOREIGN)],
)
def test_what_is_not_next_moves_nothing(session: int, seq: int, arrival: Arrival) -> None:
    receiver = Session(9)
    receiver.received = 3
    assert receiver.arrival(session, seq) is arrival
    assert receiver.received == 3
    assert receiver.arrival(9, 4) is Arrival.NEXT


@pytest.mark.parametrize(
    ("seq", "gone", "arrival"),
    [(4, 0, Arrival.NEXT), (7, 3, Arrival.NEXT), (7, 2, Arrival.GAP), (7, 4, Arrival.GAP), (3, 2, Arrival.REPEAT)],
)
def test_a_frame_that_stands_for_those_before_it_goes_on_where_they_began(
    seq: int, gone: int, arrival: Arrival
) -> None:
    receiver = Session(9)
    receiver.received = 3
    assert receiver.arrival(9, seq, gone) is arrival
    assert receiver.received == (seq if arrival is Arrival.NEXT else 3)


@pytest.mark.parametrize("session", [0, -1, SESSION_MAX + 1])
def test_sessions_outside_the_range_are_errors(session: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        Session(session)
    assert Session(SESSION_MAX).session == SESSION_MAX


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(1, 12)), max_size=60))
def test_what_passed_is_one_to_n_whatever_arrives(frames: list[tuple[int, int]]) -> None:
    receiver = Session(1)
    passed = [seq for session, seq in frames if receiver.arrival(session, seq) is Arrival.NEXT]
    assert passed == list(range(1, len(passed) + 1))
