"""What may leave when: every limit kept over long histories, urgent first, nobody starved, patience one by one."""

from __future__ import annotations

import itertools
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.domain.instants import MINUTE, SECOND
from hydrad.outbox.letter import Priority
from hydrad.outbox.outcomes import Lost, Outcome, Sent, Throttled
from hydrad.outbox.planner import BACKOFF_MAX_NS, FAIR_EVERY, Limits, Planner, backoff_ns
from hydrad.outbox.store import Head

START_NS = 1_900_000_000 * SECOND
STEP_NS = SECOND // 4


def limits(per_second: int = 30, flying_max: int = 8) -> Limits:
    return Limits(SECOND, 20, per_second, flying_max, lambda to: to.startswith("-"))


def head(to: str, priority: Priority = Priority.ALARM, number: int = 1) -> Head:
    return Head(to, priority, number, START_NS)


def names(heads: list[Head]) -> list[str]:
    return [found.to for found in heads]


def drain(planner: Planner, heads: list[Head], now_ns: int, outcome: Outcome | None = None) -> list[str]:
    """One look; all that left arrives at once."""
    plan = planner.next(heads, now_ns)
    for found in plan.go:
        planner.settled(found.to, outcome or Sent("1"), now_ns)
    return names(plan.go)


def test_one_at_a_time_with_a_gap_and_it_says_when_to_look_again() -> None:
    planner = Planner(limits())
    first = planner.next([head("1")], START_NS)
    assert names(first.go) == ["1"]
    assert planner.next([head("1")], START_NS + 5 * SECOND) == ([], None)
    planner.settled("1", Sent("7"), START_NS + SECOND // 2)
    assert planner.next([head("1")], START_NS + SECOND // 2) == ([], START_NS + SECOND)
    assert names(planner.next([head("1")], START_NS + SECOND).go) == ["1"]


def test_urgent_first_then_who_was_served_longest_ago() -> None:
    planner = Planner(limits(per_second=1))
    heads = [head("1", Priority.DIGEST), head("2", Priority.HALT), head("3", Priority.HALT, 2)]
    order = [drain(planner, heads, START_NS + n * SECOND) for n in range(4)]
    assert order == [["2"], ["3"], ["2"], ["3"]]


def test_a_group_gets_twenty_a_minute_and_a_person_sixty() -> None:
    planner = Planner(limits())
    heads, left = [head("-1"), head("2")], defaultdict[str, int](int)
    for n in range(60):
        for to in drain(planner, heads, START_NS + n * SECOND):
            left[to] += 1
    assert left == {"-1": 20, "2": 60}
    assert drain(planner, heads, START_NS + MINUTE) == ["-1", "2"]


def test_patience_asked_for_by_one_stops_no_other() -> None:
    planner = Planner(limits())
    assert drain(planner, [head("1")], START_NS, Throttled(35.0)) == ["1"]
    later = START_NS + 2 * SECOND
    assert drain(planner, [head("1", Priority.HALT), head("2", Priority.DIGEST)], later) == ["2"]
    assert drain(planner, [head("1")], START_NS + 35 * SECOND - 1) == []
    assert drain(planner, [head("1")], START_NS + 35 * SECOND) == ["1"]


def test_patience_asked_for_everyone_stops_all() -> None:
    planner = Planner(limits())
    drain(planner, [head("1")], START_NS, Throttled(5.0, everyone=True))
    assert planner.next([head("2")], START_NS + SECOND) == ([], START_NS + 5 * SECOND)
    assert drain(planner, [head("2")], START_NS + 5 * SECOND) == ["2"]


def test_a_channel_that_does_not_answer_is_tried_by_one_at_a_time_each_time_another() -> None:
    planner = Planner(limits())
    heads = [head(f"{n}", number=n) for n in range(20)]
    plan = planner.next(heads, START_NS)
    assert len(plan.go) == 8
    for found in plan.go:
        planner.settled(found.to, Lost("no answer"), START_NS)
    assert planner.down_since_ns == START_NS
    now_ns, tried = START_NS, []
    for _ in range(6):
        plan = planner.next(heads, now_ns)
        while not plan.go:
            assert plan.wake_ns is not None and plan.wake_ns > now_ns
            now_ns = plan.wake_ns
            plan = planner.next(heads, now_ns)
        assert len(plan.go) == 1
        tried.append(plan.go[0].to)
        assert planner.next(heads, now_ns).go == []
        planner.settled(plan.go[0].to, Lost("no answer"), now_ns)
    assert len(set(tried)) == 6
    assert now_ns - START_NS >= sum(backoff_ns(n) for n in range(1, 6))
    later = now_ns + BACKOFF_MAX_NS
    plan = planner.next(heads, later)
    planner.settled(plan.go[0].to, Sent("1"), later)
    assert planner.down_since_ns == 0
    assert len(planner.next(heads, later).go) == 8


def test_what_did_not_leave_after_all_frees_its_place() -> None:
    planner = Planner(limits(flying_max=1))
    assert names(planner.next([head("1"), head("2", number=2)], START_NS).go) == ["1"]
    planner.settled("1", None, START_NS)
    assert names(planner.next([head("2", number=2)], START_NS).go) == ["2"]


def test_who_is_not_waited_for_is_forgotten() -> None:
    planner = Planner(limits())
    for n in range(500):
        drain(planner, [head(f"{n}")], START_NS + n * SECOND)
    assert len(planner._lanes) <= 61


# --- any history ----------------------------------------------------------------------------------------

OUTCOMES = st.sampled_from([Sent("1"), Sent("1"), Sent("1"), Throttled(3.0), Lost("x"), None])
RECIPIENTS = ["1", "2", "3", "-4", "-5"]
HEADS = st.dictionaries(st.sampled_from(RECIPIENTS), st.sampled_from(list(Priority)))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(HEADS, st.lists(OUTCOMES, min_size=5, max_size=5)), min_size=1, max_size=120))
def test_no_history_breaks_a_limit(history: list[tuple[dict[str, Priority], list[Outcome | None]]]) -> None:
    rules = limits(per_second=3, flying_max=2)
    planner = Planner(rules)
    left: dict[str, list[int]] = defaultdict(list)
    until: dict[str, int] = defaultdict(int)
    everyone: list[int] = []
    flying: list[str] = []
    now_ns = START_NS
    for wanted, outcomes in history:
        heads = [head(to, priority, n) for n, (to, priority) in enumerate(wanted.items())]
        down = planner.down_since_ns
        plan = planner.next(heads, now_ns)
        for found in plan.go:
            assert found.to not in flying and found.to in wanted
            assert now_ns >= until[found.to]
            left[found.to].append(now_ns)
            everyone.append(now_ns)
            flying.append(found.to)
        assert len(flying) <= (1 if down else rules.flying_max) or not plan.go
        assert plan.wake_ns is None or plan.wake_ns > now_ns
        for outcome in outcomes[: len(flying)]:
            to = flying.pop(0)
            planner.settled(to, outcome, now_ns)
            if isinstance(outcome, Throttled):
                until[to] = now_ns + 3 * SECOND
        now_ns += STEP_NS
    for to, times in left.items():
        assert all(b - a >= SECOND for a, b in itertools.pairwise(times))
        if to.startswith("-"):
            assert all(b - a >= MINUTE for a, b in zip(times, times[20:], strict=False))
    assert all(b - a >= SECOND for a, b in zip(everyone, everyone[3:], strict=False))


@given(st.integers(2, 40))
def test_nobody_starves_behind_endless_urgency(others: int) -> None:
    planner = Planner(limits(per_second=1))
    heads = [head("poor", Priority.DIGEST, 0)]
    heads += [head(f"{n}", Priority.HALT, n + 1) for n in range(others)]
    gaps, last = [], 0
    for n in range(FAIR_EVERY * (others + 1) * 3):
        if "poor" in drain(planner, heads, START_NS + n * SECOND):
            gaps.append(n - last)
            last = n
    assert gaps and max(gaps) <= FAIR_EVERY * (others + 1)


@given(st.integers(1, 2_000))
def test_backoff_grows_to_its_bound(failures: int) -> None:
    assert 0 < backoff_ns(failures) <= BACKOFF_MAX_NS
    assert backoff_ns(failures + 1) >= backoff_ns(failures)
