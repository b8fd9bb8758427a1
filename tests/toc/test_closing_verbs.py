"""flatten, adopt and withdraw: what they touch, what they leave, what they answer."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.orders import ActKind
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc.act import ActState
from hydrad.toc.mission import MissionState
from hydrad.toc.state import Act
from hydrad.wire import calls
from tests.toc.conftest import Core

replace = msgspec.structs.replace
TWO = (("t1", "alpha", 5001), ("t2", "beta", 5002))
STRANGER = f.PositionRow(
    77, 77, "EURUSD", 1, 30, 110_050, 0, 0, 555, 1_715_774_000_000, Decimal("12.5"), Decimal(0), "mine"
)


def report(core: Core, *rows: f.PositionRow) -> None:
    core.up(f.Positions(tuple(rows), core.market_ms, True, True))


def made_by(core: Core, verb: Any, key: str = "") -> tuple[int, list[Act]]:
    """A request, and the acts that it made."""
    before = set(core.state.acts)
    number = core.send(verb, key=key)
    return number, [core.state.acts[n] for n in sorted(core.state.acts) if n not in before]


def problem(core: Core, number: int) -> str:
    found = core.replies[number].problem
    return found.code if found else ""


def gone(core: Core, fire: Act, close: Act) -> None:
    deal = 9000 + sequence_of(close.act_id)
    core.done(close, deal_ticket=deal)
    core.deals(core.deal_row(deal, 1000 + sequence_of(fire.act_id), magic=close.act_id), terminal=close.terminal)


# --- flatten -----------------------------------------------------------------------------------------------------


def test_flatten_closes_ours_on_every_account_in_every_authority(make: Callable[..., Core]) -> None:
    core = make(terminals=TWO)
    core.connect("t1")
    core.connect("t2")
    fires = [core.filled(account="alpha"), core.filled(account="beta")]
    report(core, STRANGER, core.position_row(fires[0]))
    core.send(calls.Halt())
    number, acts = made_by(core, calls.Flatten())
    assert [(act.account, act.kind, act.state) for act in acts] == [
        ("alpha", ActKind.CLOSE, ActState.ROUTED),
        ("beta", ActKind.CLOSE, ActState.ROUTED),
    ]
    assert number not in core.replies
    for fire, act in zip(fires, acts, strict=True):
        gone(core, fire, act)
    assert problem(core, number) == "" and len(core.replies[number].data.acts) == 2  # type: ignore[union-attr]


def test_flatten_of_one_account_and_of_one_symbol(make: Callable[..., Core]) -> None:
    core = make(terminals=TWO)
    core.connect("t1")
    core.connect("t2")
    core.filled(account="alpha")
    beta = core.filled(account="beta")
    number, acts = made_by(core, calls.Flatten(symbol="XAUUSD"))
    assert acts == [] and core.replies[number].data.would == "nothing is open"  # type: ignore[union-attr]
    _, acts = made_by(core, calls.Flatten(account="beta", symbol="EURUSD"))
    assert [act.position for act in acts] == [beta.position]
    number, _ = made_by(core, calls.Flatten(account="gamma"))
    assert problem(core, number) == "NOT_FOUND"


def test_flatten_that_is_partly_done_says_so(core: Core) -> None:
    first, second = core.filled(), core.filled()
    number, acts = made_by(core, calls.Flatten())
    gone(core, first, acts[0])
    core.result(acts[1], RowState.REFUSED, retcode=10004)
    assert problem(core, number) == "PARTLY" and core.state.positions[second.position].open


def test_flatten_twice_sends_nothing_twice(core: Core) -> None:
    core.filled()
    _, (close,) = made_by(core, calls.Flatten(), key="k")
    assert made_by(core, calls.Flatten(), key="k")[1] == []
    _, (denied,) = made_by(core, calls.Flatten())
    assert (denied.state, denied.codes) == (ActState.DENIED, ("POSITION_STATE",))
    assert len(core.sent(f.Close)) == 1 and close.state is ActState.ROUTED


@pytest.mark.parametrize(
    ("account", "typed", "code"), [("alpha", "alfa", "FORBIDDEN"), (None, "alpha", "USAGE"), ("alpha", "", "FORBIDDEN")]
)
def test_strangers_need_the_accounts_name(core: Core, account: str | None, typed: str, code: str) -> None:
    report(core, STRANGER)
    number, acts = made_by(core, calls.Flatten(account=account, foreign=typed))
    assert problem(core, number) == code and acts == []


def test_strangers_are_closed_by_name_and_their_deal_explains_it(core: Core) -> None:
    report(core, STRANGER)
    number, (close,) = made_by(core, calls.Flatten(account="alpha", foreign="alpha"))
    assert close.order is not None and close.position == 0
    assert (close.order.side.name, close.order.volume_steps, close.order.position_id) == ("BUY", 30, 77)
    _, (again,) = made_by(core, calls.Flatten(account="alpha", foreign="alpha"))
    assert again.state is ActState.DENIED
    core.done(close, position_id=77, deal_ticket=5)
    core.deals(core.deal_row(5, 77, magic=close.act_id, volume_steps=30))
    report(core)
    assert close.state is ActState.DONE and problem(core, number) == ""


# --- adopt -------------------------------------------------------------------------------------------------------


def adopt(core: Core, stop: str = "1.10300", ticket: int = 77, key: str = "") -> tuple[int, list[Act]]:
    return made_by(core, calls.Adopt(ticket, "alpha", stop), key=key)


def test_an_adopted_position_gets_its_stop_and_is_followed_to_its_close(core: Core) -> None:
    report(core, STRANGER)
    number, (fire, modify) = adopt(core, key="k")
    assert (fire.kind, fire.state, fire.by) == (ActKind.FIRE, ActState.FILLED, "adopt")
    assert core.sent(f.Fire) == []
    (command,) = core.sent(f.Modify)
    assert (command.order.position_id, command.order.stop_points) == (77, 110_300)
    assert core.alarms() == ["STOP_MISSING"]
    core.done(modify, deal_ticket=0)
    report(core, replace(STRANGER, stop_points=110_300))
    assert core.alarms() == [] and problem(core, number) == ""
    assert adopt(core, key="k")[1] == []
    position = core.state.positions[fire.position]
    assert (position.volume_steps, position.stop_points, fire.risk_money) == (30, 110_300, Decimal("75.00"))
    core.deals(core.deal_row(900, 77, volume_steps=30, reason=4, profit=Decimal("-75")))
    assert (position.open, position.close_reason, position.r_milli) == (False, "STOP", -1000)
    assert fire.state is ActState.CLOSED


def test_an_adopted_position_is_closed_like_any_other(core: Core) -> None:
    report(core, replace(STRANGER, stop_points=110_300))
    number, (fire,) = adopt(core)  # that stop stands already
    assert problem(core, number) == "" and core.alarms() == []
    close = core.act(calls.Close(show(IdKind.POSITION, fire.position)))
    assert close.state is ActState.ROUTED and fire.state is ActState.CLOSING
    core.restart()
    core.verify()


@pytest.mark.parametrize(
    ("stop", "ticket", "code"), [("1.09000", 77, "DENIED"), ("1.10300", 78, "NOT_FOUND"), ("none", 77, "USAGE")]
)
def test_what_cannot_be_adopted_is_left_as_it_is(core: Core, stop: str, ticket: int, code: str) -> None:
    report(core, STRANGER)
    number, acts = adopt(core, stop, ticket)
    assert problem(core, number) == code and acts == []
    assert ("alpha", 77) in core.state.foreign and not core.state.positions


def test_one_of_ours_is_not_adopted(core: Core) -> None:
    fire = core.filled()
    report(core, core.position_row(fire))
    number, acts = adopt(core, "1.09900", 1000 + sequence_of(fire.act_id))
    assert problem(core, number) == "NOT_FOUND" and acts == []


def test_a_stop_that_was_refused_leaves_the_alarm(core: Core) -> None:
    report(core, STRANGER)
    number, (_, modify) = adopt(core)
    core.result(modify, RowState.REFUSED, retcode=10016)
    report(core, STRANGER)
    assert problem(core, number) == "REJECTED" and core.alarms() == ["STOP_MISSING"]


# --- withdraw ----------------------------------------------------------------------------------------------------


def test_a_withdrawn_mission_takes_no_fire(core: Core) -> None:
    mission = core.mission()
    assert core.ask(calls.Withdraw(mission, "no")).problem is None
    assert core.state.missions[max(core.state.missions)].state is MissionState.WITHDRAWN
    assert core.fire(mission).codes == ("MISSION_STATE",)
    assert core.ask(calls.Withdraw(mission)).problem is None  # said again


def test_an_engaged_one_is_closed_to_fires_and_ends_with_its_acts(core: Core) -> None:
    mission = core.mission()
    fire = core.filled(mission=mission)
    number = fire.mission
    assert core.ask(calls.Withdraw(mission)).problem is None
    assert core.state.missions[number].state is MissionState.CLOSED_TO_FIRES and fire.state is ActState.FILLED
    gone(core, fire, core.act(calls.Close(mission)))
    assert core.state.missions[number].state is MissionState.DONE
    found = core.ask(calls.Withdraw(mission)).problem
    assert found is not None and found.code == "CONFLICT"


def test_a_fire_that_waits_is_denied_at_its_turn(core: Core) -> None:
    flying, mission = core.fire(), core.mission()
    waiting = core.fire(mission)
    assert waiting.state is ActState.QUEUED
    core.ask(calls.Withdraw(mission))
    core.result(flying, RowState.REFUSED, retcode=10004)
    assert (waiting.state, waiting.codes) == (ActState.DENIED, ("MISSION_STATE",))


def test_flat_is_said_only_when_it_is_true(core: Core) -> None:
    """A fire on its way, or one that waits, may open what flatten could not close."""
    held, flying, waiting = core.filled(), core.fire(), core.fire()
    number, (close,) = made_by(core, calls.Flatten())
    gone(core, held, close)
    found = core.replies[number].problem
    shown = [show(IdKind.FIRE, sequence_of(act.act_id)) for act in (flying, waiting)]
    assert found is not None and (found.code, found.facts) == ("PARTLY", {"open": [], "flying": shown})
    assert problem(core, made_by(core, calls.Flatten())[0]) == "PARTLY"
    assert problem(core, made_by(core, calls.Flatten(symbol="XAUUSD"))[0]) == ""
