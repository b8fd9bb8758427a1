"""The reducer: what is newer wins, nothing is shown twice, nothing makes it raise, and where it began does not matter."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hydractl.msgpack import View as Row
from hydractl.tui.store import (
    ANSWERS_KEPT,
    EVENTS_KEPT,
    QUERIES,
    SILENT_S,
    STATUS,
    STREAM,
    Another,
    Answered,
    Ask,
    Heard,
    Lost,
    Message,
    Problem,
    Recorded,
    Ticked,
    Unanswered,
    View,
    step,
)

ASKS = [Ask.of("status"), Ask.of("now"), Ask.of("missions", state=None), Ask.of("brief", mission="M-00000014")]
PROBLEM = Problem("TIMED_OUT", "no answer within 3 s", None)


def event(seq: int, text: str = "") -> Row:
    return Row({"seq": seq, "at": "2026-01-05T10:00:00.000Z", "kind": "FILLED", "text": text or f"event {seq}"})


def run(messages: list[Message], view: View | None = None) -> View:
    view = view or View()
    for message in messages:
        view = step(view, message)
    return view


times = st.floats(0, 1000, allow_nan=False)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
events = st.integers(1, 900).map(event) | anything.map(lambda value: Row({"seq": value}))
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        Answered, st.sampled_from(ASKS), times, anything, st.none() | st.just(PROBLEM), st.none() | st.just(Row())
    ),
    st.builds(Unanswered, st.sampled_from(ASKS), times, st.just(PROBLEM)),
    st.builds(Recorded, events),
    st.builds(Lost, st.sampled_from([QUERIES, STREAM]), times, st.text(max_size=10)),
    st.builds(Heard, st.sampled_from([QUERIES, STREAM]), times),
    st.builds(Another, times),
    st.builds(Ticked, times),
)


@given(st.lists(messages, max_size=60))
def test_no_message_makes_it_raise_and_the_clock_never_goes_back(told: list[Message]) -> None:
    view, clock_s = View(), 0.0
    for message in told:
        view = step(view, message)
        assert view.clock_s >= clock_s
        clock_s = view.clock_s
        seqs = [row.seq for row in view.events]
        assert seqs == sorted(set(seqs)) and len(seqs) <= EVENTS_KEPT
        assert len(view.answers) <= ANSWERS_KEPT + len(ASKS)
        assert all(row.at_s <= row.tried_s for row in view.answers.values())
        silent = view.heard_s is not None and view.clock_s - view.heard_s > SILENT_S
        assert (view.lost is None) is (not view.away and not silent)


@given(st.integers(0, 1200), st.integers(0, 1200), st.integers(0, 50))
def test_a_snapshot_and_the_rest_of_the_stream_are_the_whole(length: int, at: int, overlap: int) -> None:
    """A screen that is opened in the middle is told the newest events, and then the rest, some of them again."""
    stream = [event(seq) for seq in range(1, length + 1)]
    at = min(at, length)
    snapshot = stream[max(at - EVENTS_KEPT, 0) : at]
    rest = stream[max(at - overlap, 0) :]
    whole = run([Recorded(row) for row in stream])
    resumed = run([Recorded(row) for row in (*snapshot, *rest)])
    assert resumed == whole


@given(st.lists(st.integers(1, 40), max_size=60), st.randoms())
def test_the_order_in_which_events_come_does_not_matter(seqs: list[int], chance: Any) -> None:
    shuffled = list(seqs)
    chance.shuffle(shuffled)
    assert run([Recorded(event(seq)) for seq in shuffled]).events == run([Recorded(event(seq)) for seq in seqs]).events


@given(st.lists(st.tuples(st.sampled_from(ASKS), times, st.integers()), max_size=30))
def test_the_answer_that_was_asked_for_last_stands(told: list[tuple[Ask, float, int]]) -> None:
    view = run([Answered(ask, at_s, Row(value=value)) for ask, at_s, value in told])
    for ask in ASKS:
        of_it = [(at_s, number) for number, (asked, at_s, _) in enumerate(told) if asked == ask]
        if of_it:
            assert view.answers[ask].data.value == told[max(of_it)[1]][2]


def test_a_try_that_failed_leaves_the_answer_with_its_age() -> None:
    ask = Ask.of("status")
    view = run([Answered(ask, 1.0, Row(mode="paper")), Unanswered(ask, 6.0, PROBLEM), Ticked(9.0)])
    kept = view.answers[ask]
    assert (kept.data.mode, kept.at_s, kept.problem, kept.tried_s) == ("paper", 1.0, PROBLEM, 6.0)
    assert view.age_s("status") == 8.0


def test_an_answer_is_as_old_as_its_question() -> None:
    """Asked at 10, answered at 12: the age counts from 10, for it must never be shown too young."""
    view = run([Answered(Ask.of("status"), 10.0, Row()), Ticked(12.0)])
    assert view.age_s("status") == 2.0
    assert view.age_s("missions") is None


def test_blind_in_one_way_is_blind_until_that_way_is_heard_again() -> None:
    view = run([Lost(STREAM, 5.0, "it hangs"), Answered(Ask.of("now"), 6.0, Row()), Ticked(7.0)])
    assert view.lost is not None and (view.lost.since_s, view.lost.why) == (5.0, "it hangs")
    view = run([Lost(STREAM, 8.0, "still"), Lost(QUERIES, 9.0, "refused")], view)
    assert view.lost is not None and (view.lost.since_s, view.lost.why) == (5.0, "still")
    view = run([Heard(STREAM, 10.0)], view)
    assert view.lost is not None and view.lost.since_s == 9.0
    assert run([Answered(Ask.of("now"), 11.0, Row())], view).lost is None


def test_nothing_heard_for_long_is_blind_though_nobody_said_so() -> None:
    view = run([Answered(Ask.of("now"), 1.0, Row()), Ticked(1.0 + SILENT_S)])
    assert view.lost is None
    view = step(view, Ticked(1.5 + SILENT_S))
    assert view.lost is not None and view.lost.since_s == 1.0
    assert step(view, Heard(STREAM, 12.0)).lost is None


def test_another_journal_leaves_nothing_of_the_old_one() -> None:
    view = run([Recorded(event(7)), Answered(Ask.of("status"), 1.0, Row()), Another(2.0)])
    assert (view.events, dict(view.answers), view.seq, view.clock_s) == ((), {}, 0, 2.0)


def test_fields_that_are_not_given_make_no_other_query() -> None:
    assert Ask.of("missions", state=None, limit=5) == Ask.of("missions", limit=5)
    assert Ask.of("brief", mission="M-1", account="a") == Ask.of("brief", account="a", mission="M-1")


def test_what_every_pane_has_is_not_given_up_for_what_was_looked_at() -> None:
    """Somebody who runs through a hundred missions still has the status, however long ago it was told."""
    asks = [Ask.of("brief", mission=f"M-{number:08}") for number in range(ANSWERS_KEPT + 30)]
    view = run([Answered(ask, float(at), Row()) for at, ask in enumerate([STATUS, Ask.of("groups"), *asks])])
    assert view.data("status") is not None and view.data("groups") is not None
    assert view.data("brief", mission="M-00000000") is None
    assert list(view.answers)[-1] == asks[-1] and len(view.answers) == ANSWERS_KEPT + 2


def test_a_try_that_came_to_nothing_renews_no_answer_of_another() -> None:
    view = run([Answered(STATUS, 1.0, Row(mode="paper")), Unanswered(Ask.of("now"), 9.0, PROBLEM)])
    assert (view.answers[STATUS].at_s, view.heard_s) == (1.0, 1.0)
