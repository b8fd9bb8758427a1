"""What a close brought, by its deals; what an act changes that deals nothing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc.act import ActState
from hydrad.toc.act_views import act_row
from hydrad.toc.mission_views import mission_show
from hydrad.toc.state import Act
from hydrad.wire import calls
from hydrad.wire.answers.acts import ActRow, Realised
from tests.toc.conftest import BOSS, Core
from tests.toc.test_closing_verbs import TWO, gone, made_by


def shown(fire: Act) -> str:
    return show(IdKind.POSITION, fire.position)


def row(core: Core, act: Act) -> ActRow:
    return act_row(core.state, core.state.acts[act.act_id].moved_ns, act)


def deal(core: Core, fire: Act, close: Act, ticket: int, **facts: Any) -> None:
    core.deals(core.deal_row(ticket, 1000 + sequence_of(fire.act_id), magic=close.act_id, **facts))


def test_what_is_not_told_yet_is_not_known(core: Core) -> None:
    fire = core.filled()
    close = core.act(calls.Close(shown(fire)))
    assert row(core, close).realised is None, "it is on its way"
    core.done(close, deal_ticket=70)
    assert row(core, close).realised == Realised("USD", None, None, "0.00", None, None, None)


def test_a_close_brings_what_its_deals_say_net_of_costs(core: Core) -> None:
    fire = core.filled()
    core.deals(
        core.deal_row(60, 1000 + sequence_of(fire.act_id), entry=0, commission=Decimal("-0.70"), magic=fire.act_id)
    )
    number, (close,) = made_by(core, calls.Close(shown(fire), wait_s=10))
    core.done(close, deal_ticket=70)
    assert number not in core.replies, "its deal is waited for"
    deal(
        core,
        fire,
        close,
        70,
        profit=Decimal("26.00"),
        swap=Decimal("-0.30"),
        commission=Decimal("-0.70"),
        fee=Decimal("-0.80"),
    )
    answer: Any = core.replies[number].data
    # 24.20 of 44.00 at the first stop; in all without what opening it cost.
    assert answer.act.realised == Realised("USD", "24.20", "+0.55", "0.22", "0.00", "23.50", "+0.53")
    core.verify()


def test_a_part_brings_its_own_and_says_what_stays_open(core: Core) -> None:
    fire = core.filled()
    part = core.act(calls.Close(shown(fire), part="0.10"))
    core.done(part, deal_ticket=70)
    deal(core, fire, part, 70, volume_steps=10, profit=Decimal("9.68"))
    assert row(core, part).realised == Realised("USD", "9.68", "+0.22", "0.10", "0.12", None, None)
    rest = core.act(calls.Close(shown(fire)))
    core.done(rest, deal_ticket=71)
    deal(core, fire, rest, 71, volume_steps=12, profit=Decimal("-4.84"))
    assert row(core, rest).realised == Realised("USD", "-4.84", "-0.11", "0.12", "0.00", "4.84", "+0.11")
    told = row(core, part).realised
    assert told is not None and (told.money, told.total) == ("9.68", "4.84")


def test_several_deals_of_one_close_are_one_sum(core: Core) -> None:
    fire = core.filled()
    close = core.act(calls.Close(shown(fire)))
    core.done(close, deal_ticket=70)
    deal(core, fire, close, 70, volume_steps=10, profit=Decimal("9.00"))
    told = row(core, close).realised
    assert told is not None and (told.money, told.volume, told.remaining, told.total) == ("9.00", "0.10", "0.12", None)
    deal(core, fire, close, 71, volume_steps=12, profit=Decimal("10.00"))
    told = row(core, close).realised
    assert told is not None and (told.money, told.volume, told.total) == ("19.00", "0.22", "19.00")


def test_a_deal_is_found_by_its_ticket_or_its_order_too(core: Core) -> None:
    for facts in ({"ticket": 70, "order_id": 0}, {"ticket": 71, "order_id": 555}):
        fire = core.filled()
        close = core.act(calls.Close(shown(fire)))
        core.done(close, deal_ticket=70 if facts["ticket"] == 70 else 0, order_ticket=555)
        core.deals(core.deal_row(facts["ticket"], 1000 + sequence_of(fire.act_id), order_id=facts["order_id"]))
        told = row(core, close).realised
        assert told is not None and told.money == "19.80"


def test_the_stop_that_was_faster_is_not_the_closes(core: Core) -> None:
    fire = core.filled()
    close = core.act(calls.Close(shown(fire)))
    deal(core, fire, fire, 70, reason=4, profit=Decimal("-48.40"))
    core.result(close, RowState.REFUSED, retcode=10036)
    assert row(core, close).realised is None and close.state is not ActState.DONE


def test_a_flatten_tells_it_of_each_account(make: Callable[..., Core]) -> None:
    core = make(terminals=TWO)
    core.connect("t1")
    core.connect("t2")
    fires = [core.filled(account="alpha"), core.filled(account="beta")]
    number, acts = made_by(core, calls.Flatten())
    for fire, act in zip(fires, acts, strict=True):
        gone(core, fire, act)
    answer: Any = core.replies[number].data
    assert [(act.account, act.realised.money, act.realised.total) for act in answer.acts] == [
        ("alpha", "19.80", "19.80"),
        ("beta", "19.80", "19.80"),
    ]


@pytest.mark.parametrize(
    ("verb", "wanted"),
    [
        ({"stop": "1.09900"}, "stop 1.09800 -> 1.09900"),
        ({"target": "none"}, "target 1.10400 -> none"),
        ({"stop": "1.09900", "target": "1.10500"}, "stop 1.09800 -> 1.09900, target 1.10400 -> 1.10500"),
        ({"stop": "1.09800"}, "stop 1.09800 as it was"),
    ],
)
def test_a_modify_has_no_volume_and_says_what_it_moves(core: Core, verb: dict[str, str], wanted: str) -> None:
    fire = core.filled()
    position = core.state.positions[fire.position]
    core.up(
        f.Positions((core.position_row(fire, stop_points=109_800, target_points=110_400),), core.market_ms, True, True)
    )
    assert (position.stop_points, position.target_points) == (109_800, 110_400)
    act = core.act(calls.Modify(shown(fire), **verb))
    core.up(f.Positions((core.position_row(fire, stop_points=109_850, target_points=0),), core.market_ms, True, True))
    told = row(core, act)
    assert (told.volume, told.changes) == ("", wanted), "whatever stands by now"
    core.result(act, RowState.DONE, retcode=10009)
    assert row(core, act).verdict == f"DONE, {wanted}"
    core.verify()


def test_a_cancel_names_its_order_and_no_volume(core: Core) -> None:
    fire = core.rests()
    act = core.act(calls.Cancel(show(IdKind.FIRE, sequence_of(fire.act_id))))
    told = row(core, act)
    assert (told.volume, told.changes) == ("", f"order {fire.order_ticket}")


def test_what_deals_has_its_volume_and_changes_nothing_else(core: Core) -> None:
    fire = core.filled()
    assert (row(core, fire).volume, row(core, fire).changes) == ("0.22", None)


def test_a_mission_tells_of_what_its_fires_opened_and_what_became_of_it(core: Core) -> None:
    mission = core.mission()
    fire = core.fire(mission)
    core.done(fire)
    number = fire.mission
    told = mission_show(core.state, core.engine.live, core.now_ns, core.state.missions[number], BOSS)
    assert [(each.id, each.closed_at) for each in told.positions] == [(shown(fire), None)]
    close = core.act(calls.Close(shown(fire)))
    core.done(close, deal_ticket=70)
    deal(core, fire, close, 70)
    told = mission_show(core.state, core.engine.live, core.now_ns, core.state.missions[number], BOSS)
    (position,) = told.positions
    assert (position.pnl, position.close_reason, position.state) == ("19.80", "CLOSED", "CLOSED")
