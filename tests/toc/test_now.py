"""What is now, each second, for who may see what: counts and names of one's own accounts alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hydrad.link.frames import RowState
from hydrad.toc.audience import Audience
from hydrad.toc.now_views import now_view
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.live import Now
from tests.toc.conftest import Core

TWO = (("t1", "alpha", 5001), ("t2", "bravo", 5002))
ALPHA, BRAVO, NOBODY = frozenset({"alpha"}), frozenset({"bravo"}), frozenset[str]()


def now(core: Core, audience: Audience) -> Now:
    return now_view(Turn(core.state, core.engine.live, core.now_ns, 0), audience, 0, "live")


@pytest.fixture
def two(make: Callable[..., Core]) -> Core:
    core = make(terminals=TWO)
    core.connect("t1")
    core.connect("t2")
    return core


def test_alarms_are_counted_for_those_who_may_see_them(two: Core) -> None:
    two.wait(12_000, every_ms=1_000, beat=("t1",))
    rows = two.state.alarms.values()
    of_bravo = sum(alarm.account == "bravo" for alarm in rows)
    everybodys = sum(not alarm.account for alarm in rows)
    assert of_bravo > 0
    assert now(two, None).unread == len(rows) and now(two, BRAVO).unread == of_bravo + everybodys
    assert now(two, ALPHA).unread == now(two, NOBODY).unread + sum(alarm.account == "alpha" for alarm in rows)
    assert now(two, NOBODY).unread == everybodys


def test_acts_without_a_verdict_are_counted_for_those_who_may_see_them(two: Core) -> None:
    two.send(calls.Fire(two.mission(), account="bravo"))
    assert [now(two, audience).in_flight for audience in (None, BRAVO, ALPHA, NOBODY)] == [1, 1, 0, 0]
    (act,) = two.state.acts.values()
    two.result(act, RowState.UNKNOWN)
    assert [now(two, audience).unknown for audience in (None, BRAVO, ALPHA, NOBODY)] == [1, 1, 0, 0]


def test_quotes_come_from_elsewhere_where_their_terminal_is_not_seen(two: Core) -> None:
    (row,) = now(two, None).quotes
    source = row.account
    assert source in ("alpha", "bravo")
    other = BRAVO if source == "alpha" else ALPHA
    (hidden,) = now(two, other).quotes
    assert (hidden.bid, hidden.terminal, hidden.account, hidden.source_why) == (row.bid, "elsewhere", None, None)
    assert str(source) not in str(now(two, other))
