"""What `health` and `status` say is wrong: a check a thing, none of them green by inference."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from hydrad.domain.accounts import HomeMode
from hydrad.domain.instants import MS
from hydrad.link import frames as f
from hydrad.toc import health_views, quote_views, uplink
from hydrad.toc.turn import Turn
from hydrad.wire.answers.status import HealthRow
from tests.toc.conftest import ACCOUNT, Core


def row(core: Core, check: str) -> HealthRow:
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    return next(found for found in health_views.health_rows(turn) if found.check == check)


def test_beats_alone_do_not_prove_a_live_terminal(make: Callable[..., Core]) -> None:
    """An agent beats beside a terminal that answers nothing: its figures grow old, and say so."""
    core = make(mode=HomeMode.REAL)
    core.connect()
    core.wait(14_000)
    assert row(core, "terminal t1").ok
    core.wait(2_000)
    found = row(core, "terminal t1")
    assert not found.ok and "READY" in found.detail and "was last read 16.0 s ago" in found.detail
    core.up(ACCOUNT)
    assert row(core, "terminal t1").ok


def test_a_replayed_market_that_stands_is_no_sick_terminal(core: Core) -> None:
    core.wait(60_000)
    assert row(core, "terminal t1").ok


def test_the_ages_of_quotes_grow_on_while_the_market_s_own_clock_stands(core: Core) -> None:
    """By the clock that stands the last tick would be new for as long as nothing moves."""
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    for rows in (quote_views.feed_rows, lambda turn, ms=0: quote_views.quote_rows(turn, (), ms)):
        fresh, stood = (next(row for row in rows(turn, ms) if row.age_s is not None) for ms in (0, 3_500))
        assert not fresh.stale and stood.stale
        assert stood.age_s == pytest.approx(fresh.age_s + 3.5)
    found = {one.check: one for one in health_views.health_rows(turn, 3_500)}
    assert not found["feed EURUSD"].ok and "the market stands still" in found["feed EURUSD"].detail


@pytest.mark.parametrize("offset_ms", [-5_000, 400])
def test_a_clock_that_the_gate_refuses_is_not_healthy(core: Core, offset_ms: int) -> None:
    core.link().offset_ns = offset_ms * MS
    found = row(core, "terminal t1")
    assert not found.ok and f"its clock is {offset_ms:+d} ± " in found.detail
    assert core.fire(core.mission()).codes == ("CLOCK_OFFSET",)
    core.link().offset_ns = 200 * MS
    assert row(core, "terminal t1").ok


def test_a_foreign_position_without_a_stop_is_not_healthy(core: Core) -> None:
    """Nothing opens on its account: whoever looks at health must not have to fire to learn it."""
    assert row(core, "open risk").ok
    theirs = f.PositionRow(9, 9, "EURUSD", 1, 10, 110_000, 0, 0, 0, core.market_ms, ACCOUNT.credit, ACCOUNT.credit, "")
    core.up(f.Positions((theirs,), core.market_ms, True, True))
    found = row(core, "open risk")
    assert not found.ok and "nothing opens on alpha" in found.detail
    assert "OPEN_RISK" in core.fire(core.mission()).codes
    protected = msgspec.structs.replace(theirs, stop_points=109_000)
    core.up(f.Positions((protected,), core.market_ms, True, True))
    assert row(core, "open risk").ok


def test_a_feed_without_a_source_says_so(core: Core) -> None:
    """Ticks were there a moment ago; what is missing is a terminal to take them from."""
    core.beat(trade_allowed=False)
    found = row(core, "feed EURUSD")
    assert not found.ok and found.detail == "no terminal is READY to take it from"


@pytest.mark.parametrize(
    ("beat", "said"),
    [
        (
            {"worker_alive": False, "connected": False, "trade_allowed": False},
            "no worker: the terminal cannot be asked",
        ),
        ({"connected": False, "trade_allowed": False}, "no connection to the trade server; trading is switched off"),
    ],
)
def test_without_a_worker_nothing_else_is_known(core: Core, beat: dict[str, bool], said: str) -> None:
    core.beat(**beat)
    assert uplink.sickness(core.link()) == said


def test_a_check_says_of_whose_accounts_it_speaks(core: Core) -> None:
    assert row(core, "terminal t1").accounts == ("alpha",)
    assert row(core, "acts").accounts == row(core, "alarms").accounts == row(core, "open risk").accounts == ()
    act = core.fire()
    core.result(act, f.RowState.UNKNOWN)
    assert row(core, "acts").accounts == row(core, "alarms").accounts == ("alpha",)
    assert row(core, "acts").detail == "1 UNKNOWN, 0 QUARANTINED"
