"""The text form of plans: what it takes, what it refuses and where, and that it can be written back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain import calendar
from hydrad.domain.instants import MINUTE_MS, parse_ms
from hydrad.domain.orders import PlanStepKind
from hydrad.domain.plans import BUILT_IN, RUNNER, BadPlan, Wanted, parse, text_of

K = PlanStepKind


def test_every_form() -> None:
    text = "Break-even 1R +0.1r;  part 50% at 1.5R;trail from 2R by 150p; time stop; before news 15m; before weekend 1h"
    assert parse(text) == (
        Wanted(K.BREAK_EVEN, 1_000, 100),
        Wanted(K.PART_CLOSE, 1_500, part_percent=Decimal(50)),
        Wanted(K.TRAIL, 2_000, 0, 150),
        Wanted(K.TIME_STOP),
        Wanted(K.EXIT_BEFORE_NEWS, before_ms=15 * MINUTE_MS),
        Wanted(K.EXIT_BEFORE_WEEKEND, before_ms=60 * MINUTE_MS),
    )
    assert parse("break-even 0.25R") == (Wanted(K.BREAK_EVEN, 250),)
    assert parse("break-even 1R +20p") == (Wanted(K.BREAK_EVEN, 1_000, 0, 20),)


def test_the_built_in_plans() -> None:
    assert parse(BUILT_IN["default"]) == (Wanted(K.TIME_STOP),)
    assert parse(BUILT_IN["none"]) == () == parse("  ")
    assert [step.kind for step in parse(RUNNER)] == [
        K.BREAK_EVEN, K.PART_CLOSE, K.TRAIL, K.TIME_STOP, K.EXIT_BEFORE_WEEKEND,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("time stop; moon", "step 2 'moon' is none of 'break-even 1R"),
        ("break-even 1R + 0.1R", "step 1 'break-even 1R + 0.1R' is none of"),
        ("break-even 1R -0.1R", "is none of"),
        ("time stop;", "step 2 '' is none of"),
        ("break-even 0R", "0R is not above 0R"),
        ("break-even 51R", "at most 50R"),
        ("break-even 1R +1R", "the stop would not be behind the price"),
        ("part 0% at 1R", "0% is not above 0 %"),
        ("part 100% at 1R", "below 100 %"),
        ("trail from 1R by 0R", "the distance is not above zero"),
        ("trail from 1R by 0p", "the distance is not above zero"),
        ("trail from 1R by 1000001p", "more than 1000000"),
        ("before news 90s", "not whole minutes from 1m to 2d"),
        ("before weekend 3d", "not whole minutes"),
        ("before weekend soon", "'soon' is not a duration"),
        ("part 50% at 1R; part 20% at 1R", "step 2 'part 20% at 1R': another step does this"),
        ("time stop; time stop", "step 2 'time stop': another step"),
        ("part 60% at 1R; part 40% at 2R", "add up to 100 %"),
        (";".join(f"trail from {n}R by 1R" for n in range(1, 10)), "9 steps; a plan has at most 8"),
    ],
)
def test_what_is_refused_and_where(text: str, says: str) -> None:
    with pytest.raises(BadPlan) as raised:
        parse(text)
    assert says in str(raised.value)


milli = st.integers(1, 50_000)
wanted = st.one_of(
    milli.flatmap(lambda at: st.integers(0, at - 1).map(lambda off: Wanted(K.BREAK_EVEN, at, off))),
    st.builds(lambda at, n: Wanted(K.PART_CLOSE, at, part_percent=Decimal(n) / 8), milli, st.integers(1, 799)),
    st.builds(lambda at, away: Wanted(K.TRAIL, at, away), milli, milli),
    st.builds(lambda at, away: Wanted(K.TRAIL, at, 0, away), milli, milli),
    st.just(Wanted(K.TIME_STOP)),
    st.builds(
        lambda kind, n: Wanted(kind, before_ms=n * MINUTE_MS),
        st.sampled_from((K.EXIT_BEFORE_NEWS, K.EXIT_BEFORE_WEEKEND)),
        st.integers(1, 2880),
    ),
)


@given(wanted)
def test_a_step_written_back_reads_the_same(step: Wanted) -> None:
    assert parse(text_of(step)) == (step,)


@given(st.text(alphabet="breakvntilsmo-;%+.0123456789Rp ", max_size=60))
def test_any_text_is_a_plan_or_refused(text: str) -> None:
    try:
        assert len(parse(text)) <= 8
    except BadPlan:
        return


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2014-05-02T12:25:00Z", "2014-05-02T21:00:00Z"),  # a Friday, daylight saving
        ("2014-05-02T20:59:59.999Z", "2014-05-02T21:00:00Z"),
        ("2014-05-02T21:00:00Z", "2014-05-09T21:00:00Z"),
        ("2014-01-05T23:00:00Z", "2014-01-10T22:00:00Z"),  # a Sunday, winter
        ("2014-03-07T23:00:00Z", "2014-03-14T21:00:00Z"),  # New York's clocks go forward in between
        ("2014-10-31T12:00:00Z", "2014-10-31T21:00:00Z"),
        ("2014-11-01T12:00:00Z", "2014-11-07T22:00:00Z"),
    ],
)
def test_the_end_of_the_week(now: str, end: str) -> None:
    assert calendar.week_end_ms(parse_ms(now)) == parse_ms(end)


@given(st.integers(parse_ms("2000-01-01T00:00:00Z"), parse_ms("2035-01-01T00:00:00Z")))
def test_the_week_ends_within_seven_days_and_is_then_closed(ms: int) -> None:
    end = calendar.week_end_ms(ms)
    assert 0 < end - ms <= 7 * 86_400_000 + 3_600_000
    assert calendar.hours(end) is calendar.Hours.CLOSED
    assert calendar.hours(end - 1) is not calendar.Hours.CLOSED
