"""What a day came to: whose, of which day, with which numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain import calendar
from hydrad.domain.instants import parse_ms
from hydrad.toc import digest
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.reports import DigestData
from tests.toc.conftest import Core
from tests.toc.test_reporting import closed, ghosted

HOUR_MS = 3_600_000
ANN = "uid:2001"
TWO = (("t1", "alpha", 5001), ("t2", "bravo", 5002))
ZONES = ["UTC", "Europe/Prague", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]


@pytest.mark.parametrize(
    ("now", "zone", "back", "begin", "hours"),
    [
        ("2024-05-15T12:00:00Z", "UTC", 0, "2024-05-15T00:00:00Z", 24),
        ("2024-05-15T22:30:00Z", "Europe/Prague", 0, "2024-05-15T22:00:00Z", 24),
        ("2024-05-15T21:30:00Z", "Europe/Prague", 0, "2024-05-14T22:00:00Z", 24),
        ("2024-03-31T12:00:00Z", "Europe/Prague", 0, "2024-03-30T23:00:00Z", 23),
        ("2024-10-28T12:00:00Z", "Europe/Prague", 1, "2024-10-26T22:00:00Z", 25),
        ("2024-05-15T12:00:00Z", "America/New_York", 1, "2024-05-14T04:00:00Z", 24),
    ],
)
def test_a_day_is_a_persons(now: str, zone: str, back: int, begin: str, hours: int) -> None:
    since_ms, until_ms = digest.day_of(parse_ms(now), zone, back)
    assert (since_ms, until_ms - since_ms) == (parse_ms(begin), hours * HOUR_MS)


@given(st.integers(1_600_000_000_000, 1_900_000_000_000), st.sampled_from(ZONES))
def test_days_join_without_a_gap_and_now_is_in_todays(ms: int, zone: str) -> None:
    since_ms, until_ms = digest.day_of(ms, zone, 0)
    assert since_ms <= ms < until_ms
    assert digest.day_of(ms, zone, 1)[1] == since_ms
    assert calendar.local_ms(since_ms, zone) // 86_400_000 == calendar.local_ms(ms, zone) // 86_400_000


@pytest.fixture
def core(make: Callable[..., Core]) -> Core:
    core = make(terminals=TWO)
    core.connect("t1")
    core.connect("t2")
    assert core.ask(calls.OperatorAdd("ann", "trader", ANN, "full", ("alpha",))).problem is None
    return core


def of(core: Core, name: str = "ann", back: int = 0) -> DigestData:
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    return digest.made(turn, core.state.operators[name], back)


def test_the_numbers_are_the_reports_of_the_accounts_that_are_seen(core: Core) -> None:
    closed(core, "40.00")
    closed(core, "-20.00")
    data, all_of_it = of(core), of(core, "commander")
    assert data.eventful and "fired 2: 1 won 50% [" in data.text and "P&L 20.00 USD" in data.text
    assert [point.r_milli for point in data.curve] == [400, 200] or len(data.curve) == 2
    assert data.curve == all_of_it.curve
    assert (data.currency, [point.amount for point in data.money]) == ("USD", ["40.00", "20.00"])
    assert [point.at_ms for point in data.money] == [point.at_ms for point in data.curve]
    assert core.ask(calls.OperatorAdd("eve", "trader", "uid:2009", "full", ("bravo",))).problem is None
    other = of(core, "eve")
    assert (
        other.curve == () and "fired" not in other.text.replace("nothing was fired", "") and "alpha" not in other.text
    )
    assert of(core, back=1).curve == (), "yesterday was another day"


def test_a_day_of_nothing_says_so(core: Core) -> None:
    data = of(core)
    assert "nothing was fired, and no mission was let go" in data.text and not data.eventful
    assert data.text.endswith("no alarm") and "alpha equity 10000.00 USD, 0 open" in data.text
    assert (data.day, data.zone, data.curve) == ("2024-05-15", "UTC", ())


def test_alarms_and_who_took_them_on(core: Core) -> None:
    core.wait(12_000, every_ms=1_000, beat=("t2",))
    (alarm,) = core.state.alarms.values()
    data = of(core)
    assert data.eventful and f"{alarm.code} t1, STANDS" in data.text
    core.connect("t1")
    assert "STANDS" not in of(core).text and "alarms 1" in of(core).text


def test_what_was_denied_and_why(core: Core) -> None:
    core.ask(calls.OperatorPolicy("ann", "starter"))
    core.market_ms += 1
    core.fire(core.mission(), who=ANN, volume="99")
    data = of(core)
    assert data.eventful and "asked 1, denied 1: " in data.text and data.denied == 1


def test_what_was_let_go_has_a_curve_of_its_own(core: Core) -> None:
    ghosted(core, 2_000)
    ghosted(core, -1_000)
    data = of(core)
    assert [point.r_milli for point in data.let_go] == [2_000, 1_000]
    assert data.let_go[0].at_ms < data.let_go[1].at_ms
    assert data.curve == () and data.currency is None and "let go 2" in data.text
