"""The briefing: what a person decides a mission by is what the gate and the broker would do a moment later."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hydrad.domain.ids import IdKind, parse, show
from hydrad.toc import briefing
from hydrad.toc.act import ActState
from hydrad.toc.desk.refusals import Refused
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.briefing import Briefing
from tests.toc.conftest import BOSS, Core


def brief(core: Core, mission: str = "", **fields: str) -> Briefing:
    """Of this mission, else of a new one."""
    mission = mission or core.mission()
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    turn.actor = BOSS
    _, number = parse(mission, IdKind.MISSION)
    return briefing.made(turn, core.state.missions[number], calls.Brief(mission, **fields))


@pytest.fixture
def ready(core: Core) -> Core:
    core.connect()
    core.ticks(110_000, 110_010, after_ms=1)
    return core


def test_it_shows_the_order_that_a_fire_then_sends(ready: Core) -> None:
    mission = ready.mission()
    shown = brief(ready, mission)
    act = ready.fire(mission)
    assert act.state is ActState.ROUTED and act.order is not None and shown.fire.order is not None
    assert shown.fire.order.volume == f"{act.order.volume_steps * Decimal('0.01'):f}"
    assert shown.fire.would.startswith("would be ROUTED")
    assert shown.account == "alpha" and shown.accounts == ("alpha",)


def test_money_is_of_the_way_from_where_it_would_open(ready: Core) -> None:
    shown = brief(ready, volume="1.00")
    assert shown.stake is not None and shown.price is not None
    order = shown.fire.order
    assert order is not None and order.stop is not None and order.target is not None
    to_stop = (Decimal("1.10010") - Decimal(order.stop)) * 100_000
    to_target = (Decimal(order.target) - Decimal("1.10010")) * 100_000
    assert Decimal(shown.stake.at_stop) == -to_stop and Decimal(shown.stake.at_target or "") == to_target
    needs = to_stop * 100 / (to_stop + to_target)
    assert shown.stake.needs_percent == str(needs.quantize(Decimal("0.1")))
    assert shown.tcs_text == f"not calibrated (needs {shown.stake.needs_percent}%)"
    assert shown.stake.commission is None and shown.price.spread_points == 10 and not shown.price.stale


def test_without_a_quote_there_is_no_price_and_no_money_and_the_checks_say_why(core: Core) -> None:
    core.connect()
    mission = core.mission()
    core.link().quotes.clear()
    shown = brief(core, mission)
    assert shown.price is None and shown.stake is None
    assert "TICK_AGE" in shown.fire.would
    assert shown.tcs_text == "what it needs is not known"


def test_an_old_quote_is_called_stale(ready: Core) -> None:
    mission = ready.mission()
    ready.engine.live.market_ms += 60_000
    shown = brief(ready, mission)
    assert shown.price is not None and shown.price.stale


def test_an_order_that_rests_is_as_far_away_as_the_market_is_from_its_price(ready: Core) -> None:
    mission = ready.state.missions[ready.rests().mission]
    shown = brief(ready, show(IdKind.MISSION, mission.number))
    assert shown.price is not None and shown.price.rests and shown.price.off_points == 110


def test_an_account_that_is_none_is_refused(ready: Core) -> None:
    with pytest.raises(Refused):
        brief(ready, account="nowhere")


def test_a_percentage_never_stands_without_what_it_needs(core: Core) -> None:
    core.connect()
    mission = core.mission(tcs=63)
    shown = brief(core, mission)
    assert shown.stake is not None
    assert shown.tcs_text == f"63% (needs {shown.stake.needs_percent}%)"
    core.link().quotes.clear()
    assert "63" not in brief(core, mission).tcs_text


def test_what_is_to_be_drawn_are_its_levels_the_detectors_and_the_sessions_up_to_now(ready: Core) -> None:
    features = (("atr_points", "12.5"), ("channel_high", "1.09990"))
    chart = brief(ready, ready.mission(features=features)).chart
    assert [level.name for level in chart.levels] == ["entry", "stop", "target", "channel_high"]
    assert [span.session for span in chart.sessions] == ["LONDON", "OVERLAP"]
    assert chart.sessions[0].start == chart.start and chart.sessions[0].end == chart.sessions[1].start
