"""What waits to be stepped: the lanes' order, that no frame overtakes one of its session, and the bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.link import frames as f
from hydrad.loop.inbox import (
    BEAT_FRAMES_PER_TURN_MAX,
    FRAMES_MAX,
    INPUTS_PER_TURN_MAX,
    TICK_FRAMES_BEFORE_MAX,
    TICK_FRAMES_MAX,
    TICKS_PER_TURN_MAX,
    Inbox,
)
from hydrad.toc import inputs as i

TICK = f.Tick(1_000, 110_000, 110_010)
TICKS = f.Ticks(1_000, False, (f.SymbolTicks("EURUSD", (TICK, TICK)),))
HISTORY = f.Ticks(1_000, True, TICKS.batches)
EMPTY = f.Ticks(1_000, False, ())
BEAT = f.BeatUp(1, 0, 0, 1_000, True, True, True, 0, 0, 0)
BODIES = {"ticks": TICKS, "history": HISTORY, "empty": EMPTY, "beat": BEAT, "order": f.Halted(True, "x")}


def frame(terminal: str, seq: int, kind: str) -> i.FrameIn:
    return i.FrameIn(terminal, 1, f.UpFrame(1, 1, 1, seq, BODIES[kind]))


def filled(*plan: tuple[str, str]) -> Inbox:
    """`plan`: (terminal, kind) in the order of arrival; numbers from 1 by terminal."""
    inbox, numbers = Inbox(), dict.fromkeys((terminal for terminal, _ in plan), 0)
    for terminal, kind in plan:
        numbers[terminal] += 1
        inbox.put_frame(frame(terminal, numbers[terminal], kind))
    return inbox


def seen(taken: list[i.AnyInput]) -> list[tuple[str, int]]:
    """Each frame that was taken or stood for."""
    frames = [one for one in taken if isinstance(one, i.FrameIn)]
    return [(one.terminal, seq) for one in frames for seq in range(one.frame.seq - one.gone, one.frame.seq + 1)]


def test_halts_then_people_then_orders_then_ticks() -> None:
    inbox = filled(("a", "ticks"), ("b", "ticks"), ("b", "order"), ("b", "ticks"))
    inbox.put(i.Clock())
    inbox.put_urgent(i.Recheck())
    taken = inbox.take()
    assert [type(one) for one in taken[:2]] == [i.Recheck, i.Clock]
    assert seen(taken) == [("b", 1), ("b", 2), ("a", 1), ("b", 3)]
    assert not inbox


def test_ticks_of_all_terminals_in_their_turn() -> None:
    inbox = filled(*[("a", "ticks")] * 3, ("b", "ticks"), ("c", "ticks"))
    assert seen(inbox.take()) == [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("a", 3)]


def test_an_order_waits_for_one_turn_of_ticks_at_most() -> None:
    inbox = filled(*[(f"t{n % 40}", "ticks") for n in range(2_000)])
    assert len(inbox.take()) == TICKS_PER_TURN_MAX
    inbox.put(i.Recheck())
    inbox.put_frame(frame("z", 1, "order"))
    taken = inbox.take()
    assert isinstance(taken[0], i.Recheck)
    assert seen(taken)[0] == ("z", 1)


def test_what_was_caused_goes_before_what_was_asked() -> None:
    inbox = Inbox()
    inbox.put(i.Clock())
    inbox.put_back([i.Unsent((7,))])
    assert inbox.take() == [i.Unsent((7,)), i.Clock()]


def test_the_oldest_live_ticks_are_shed_and_counted() -> None:
    kinds = ("history", "order", "empty")
    inbox = filled(*[("a", kind) for kind in kinds], *[("a", "ticks")] * (TICK_FRAMES_MAX + 2))
    assert inbox.ticks_shed == 4
    taken: list[i.AnyInput] = []
    while inbox:
        taken += inbox.take()
    entries = [one for one in taken if isinstance(one, i.FrameIn)]
    assert seen(taken) == [("a", seq) for seq in range(1, TICK_FRAMES_MAX + 6)]
    assert [(one.shed, one.gone) for one in entries[:5]] == [(0, 0), (0, 0), (0, 0), (4, 1), (0, 0)]
    assert entries[0].frame.body == HISTORY
    assert entries[3].frame.body == EMPTY  # how far it was read is still told
    assert all(one.frame.body == TICKS for one in entries[4:])


def test_what_waits_stays_as_long_as_it_is_however_long_too_much_comes() -> None:
    inbox = filled(*[("a", "ticks")] * (FRAMES_MAX * 2))
    assert (len(inbox), inbox.refused) == (TICK_FRAMES_MAX + 1, 0)
    (first, *_) = inbox.take()
    assert isinstance(first, i.FrameIn)
    assert (first.shed, first.gone) == (inbox.ticks_shed, FRAMES_MAX * 2 - TICK_FRAMES_MAX - 1)


def test_frames_of_two_sessions_never_stand_for_one_another() -> None:
    inbox = Inbox()
    for session in (1, 2):
        for seq in range(1, TICK_FRAMES_MAX + 1):
            inbox.put_frame(i.FrameIn("a", session, f.UpFrame(1, 1, session, seq, TICKS)))
    taken: list[i.AnyInput] = []
    while inbox:
        taken += inbox.take()
    counts = {1: 0, 2: 0}
    for one in taken:
        assert isinstance(one, i.FrameIn)
        counts[one.connection] += 1 + one.gone
        assert one.gone < one.frame.seq
    assert counts == {1: TICK_FRAMES_MAX, 2: TICK_FRAMES_MAX}


def test_beats_of_many_terminals_bring_no_ticks_along_before_an_order() -> None:
    names = [f"t{n}" for n in range(50)]
    inbox = filled(*[(name, kind) for name in names for kind in ("ticks", "ticks", "beat")], ("z", "order"))
    assert seen(inbox.take())[0] == ("z", 1)
    taken: list[i.AnyInput] = []
    while inbox:
        turn = inbox.take()
        assert len(turn) <= BEAT_FRAMES_PER_TURN_MAX + TICKS_PER_TURN_MAX
        taken += turn
    told = [name for name, seq in seen(taken) if seq == 3]
    assert told and told == names[-len(told) :]


@pytest.mark.parametrize("kind", ["order", "beat"])
def test_what_has_too_many_ticks_before_it_has_the_oldest_of_them_shed(kind: str) -> None:
    inbox = filled(("a", "history"), *[("a", "ticks")] * 100, ("a", kind))
    assert inbox.ticks_shed == 2 * (100 - TICK_FRAMES_BEFORE_MAX)
    taken: list[i.AnyInput] = []
    while inbox:
        taken += inbox.take()
    assert seen(taken) == [("a", seq) for seq in range(1, 103)]
    assert len(taken) == 1 + 1 + TICK_FRAMES_BEFORE_MAX + 1
    assert isinstance(taken[0], i.FrameIn) and taken[0].frame.body == HISTORY


def test_a_terminal_that_is_broken_is_refused_and_harms_no_other() -> None:
    inbox = filled(*[("a", "order")] * (FRAMES_MAX + 1), ("b", "order"))
    assert (inbox.refused, len(inbox)) == (1, FRAMES_MAX + 1)


PLANS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(sorted(BODIES))), max_size=400)


@given(PLANS, st.lists(st.integers(0, 50), max_size=20))
def test_nothing_is_lost_and_no_session_is_disordered(plan: list[tuple[str, str]], takes: list[int]) -> None:
    """Frames come and are taken in any interleaving."""
    inbox, numbers, taken, cuts = Inbox(), dict.fromkeys("abc", 0), list[i.AnyInput](), set(takes)
    for place, (terminal, kind) in enumerate(plan):
        numbers[terminal] += 1
        inbox.put_frame(frame(terminal, numbers[terminal], kind))
        if place in cuts:
            turn = inbox.take()
            assert len(turn) <= INPUTS_PER_TURN_MAX
            taken += turn
    while inbox:
        turn = inbox.take()
        assert turn
        taken += turn
    for terminal, count in numbers.items():
        assert [seq for name, seq in seen(taken) if name == terminal] == list(range(1, count + 1))
    told = sum(kind in ("ticks", "history") for _, kind in plan) * 2
    kept = sum(
        sum(len(batch.ticks) for batch in one.frame.body.batches)
        for one in taken
        if isinstance(one, i.FrameIn) and isinstance(one.frame.body, f.Ticks)
    )
    assert kept + inbox.ticks_shed == told
    assert inbox.ticks_shed == sum(one.shed for one in taken if isinstance(one, i.FrameIn))


@given(PLANS)
def test_order_traffic_is_never_behind_another_terminals_ticks(plan: list[tuple[str, str]]) -> None:
    places = seen(filled(*plan).take())
    ordering = {terminal for terminal, kind in plan if kind == "order"}
    last = {t: max(n for n, (name, kind) in enumerate(plan) if (name, kind) == (t, "order")) for t in ordering}
    ahead = {(t, sum(name == t for name, _ in plan[: place + 1])) for t, place in last.items()}
    if len(places) < INPUTS_PER_TURN_MAX:
        first = sum(sum(name == t for name, _ in plan[: place + 1]) for t, place in last.items())
        assert ahead <= set(places[:first])
