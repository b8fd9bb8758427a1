"""Every row of the tables of acts, missions and links: what follows, and that anything else raises."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hydrad.domain.accounts import AccountKind
from hydrad.domain.orders import ActKind
from hydrad.toc import act, fold, mission
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent, ActState, IllegalMove
from hydrad.toc.mission import MissionEvent, MissionState
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Account, Act, Mission, State, Terminal
from hydrad.toc.terminal import LINK_TRANSITIONS, REDUCES_IN, LinkState
from hydrad.toc.turn import Turn
from tests.toc.conftest import SIGNAL, Core, plain

ACT_ID = 42


def holding(state: ActState) -> State:
    """A state with one act, and a mission that it belongs to."""
    made = State()
    made.accounts["alpha"] = Account("alpha", AccountKind.PAPER, 1, "Sim", "USD", True)
    made.terminals["t1"] = Terminal("t1", "alpha", "", (), 0)
    made.missions[1] = Mission(1, SIGNAL, "apex", "t1", MissionState.ENGAGED, 0, [ACT_ID])
    made.acts[ACT_ID] = Act(ACT_ID, ActKind.FIRE, state, "alpha", 1, 0, "uid:1", "shell", 0, 0, 0, "", "")
    if state not in act.FINAL:
        made.acts_open.add(ACT_ID)
    return made


def written(state: State, body: Body) -> Record:
    return Record(state.seq + 1, 1, 5, 0, 1, "daemon", "daemon", r.NAMES[type(body)], 1, r.encode(body))


@pytest.mark.parametrize("event", ActEvent)
@pytest.mark.parametrize("state", ActState)
def test_an_act_moves_by_its_table_alone(state: ActState, event: ActEvent) -> None:
    held = holding(state)
    record = written(held, r.ActMoved(ACT_ID, event, "test", terminal="t1"))
    row = act.TRANSITIONS[state]
    assert act.allows(state, event) is (event in row)
    if event not in row:
        before = plain(held)["acts"]
        with pytest.raises(IllegalMove):
            fold.apply(held, record)
        assert plain(held)["acts"] == before
        return
    fold.apply(held, record)
    assert held.acts[ACT_ID].state is row[event]
    assert (ACT_ID in held.acts_open) is (row[event] not in act.FINAL)


@pytest.mark.parametrize("event", MissionEvent)
@pytest.mark.parametrize("state", MissionState)
def test_a_mission_moves_by_its_table_alone(state: MissionState, event: MissionEvent) -> None:
    held = holding(ActState.FILLED)
    held.missions[1].state = state
    held.missions_open.add(1)
    record = written(held, r.MissionMoved(1, event))
    if event not in mission.TRANSITIONS[state]:
        with pytest.raises(IllegalMove):
            fold.apply(held, record)
        assert held.missions[1].state is state
        return
    fold.apply(held, record)
    assert held.missions[1].state is mission.TRANSITIONS[state][event]
    assert (1 in held.missions_open) is bool(mission.TRANSITIONS[held.missions[1].state])


@pytest.mark.parametrize("after", LinkState)
@pytest.mark.parametrize("before", LinkState)
def test_a_link_moves_by_its_table_alone(core: Core, before: LinkState, after: LinkState) -> None:
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    link = core.link()
    link.state = before
    if after is before:
        turn.link_to(link, after, "again")
        assert not turn.records
    elif after in LINK_TRANSITIONS[before]:
        turn.link_to(link, after, "moved")
        assert (link.state, link.why, len(turn.records)) == (after, "moved", 1)
    else:
        with pytest.raises(AssertionError):
            turn.link_to(link, after, "moved")
        assert link.state is before
    core.records += turn.records


def test_what_the_sets_promise() -> None:
    assert {state for state, row in act.TRANSITIONS.items() if set(row) <= {ActEvent.QUARANTINE}} == set(act.FINAL)
    assert act.LANE_BUSY < act.RESERVED < act.LIVE_OR_EXECUTED
    assert not act.RESERVED & act.FINAL
    assert {LinkState.READY, LinkState.DEGRADED} == REDUCES_IN
    assert all(state in act.TRANSITIONS for state in ActState)
    assert all(state in mission.TRANSITIONS for state in MissionState)
    assert all(state in LINK_TRANSITIONS for state in LinkState)


def test_every_state_can_be_reached_and_nothing_leaves_the_table() -> None:
    reached, edge = {ActState.REQUESTED}, [ActState.REQUESTED]
    while edge:
        for state in act.TRANSITIONS[edge.pop()].values():
            if state not in reached:
                reached.add(state)
                edge.append(state)
    assert reached == set(ActState)


def test_the_fold_stops_at_a_hole_and_at_an_unknown_type() -> None:
    held = holding(ActState.ROUTED)
    record = written(held, r.ActMoved(ACT_ID, ActEvent.ACK, "ledger"))
    with pytest.raises(AssertionError, match="record 3 after 0"):
        fold.apply(held, msgspec.structs.replace(record, seq=3))
    with pytest.raises(KeyError):
        fold.apply(held, msgspec.structs.replace(record, type="NOT_A_TYPE"))


@pytest.mark.parametrize("body", r.TYPES.values(), ids=lambda body: body.__name__)
def test_every_body_has_a_name_and_defaults_for_what_came_later(body: type[Body]) -> None:
    assert r.TYPES[r.NAMES[body]] is body
    assert all(field.name.islower() for field in msgspec.structs.fields(body))


def test_old_plan_steps_fold_as_the_first_move() -> None:
    held = holding(ActState.FILLED)
    order = b""
    body = r.PlanStepBegun(43, ACT_ID, "t1", _some_order(), order)
    bare = msgspec.msgpack.encode(msgspec.msgpack.decode(r.encode(body))[:-1])
    record = msgspec.structs.replace(written(held, body), body=bare)
    fold.apply(held, record)
    assert held.acts[43].move == 0
    assert held.missions[1].acts == [ACT_ID, 43]


def _some_order() -> object:
    from hydrad.domain.orders import ORDER_VERSION, Order, Side

    return Order(ORDER_VERSION, ActKind.PLAN_STEP, "alpha", "EURUSD", Side.BUY)


def test_money_in_a_state_is_exact() -> None:
    held = holding(ActState.FILLED)
    held.accounts["alpha"].day_cash = Decimal("0.1") + Decimal("0.2")
    assert held.accounts["alpha"].day_cash == Decimal("0.3")
