"""People's requests: keys, roles, lanes, refusals, and when an answer comes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import desk
from hydrad.toc.act import ActState
from hydrad.toc.effects import Admit, Reply
from hydrad.toc.limits import Limits
from hydrad.toc.mission import MissionState
from hydrad.toc.state import Act
from hydrad.wire import calls
from hydrad.wire.calls.base import Verb
from tests.toc.conftest import BOSS, Core

TRADER, VIEWER, STRANGER = "uid:7", "uid:8", "uid:9"


def fire_id(act: Act) -> str:
    return show(IdKind.FIRE, sequence_of(act.act_id))


def position_id(act: Act) -> str:
    return show(IdKind.POSITION, act.position)


def problem(reply: Reply) -> str:
    return reply.problem.code if reply.problem else ""


# --- keys ------------------------------------------------------------------------------------------------


def test_the_same_key_gets_the_first_answer(core: Core) -> None:
    mission = core.mission()
    act = core.fire(mission, key="k")
    core.done(act)
    first = core.replies[core._request]
    second = core.ask(calls.Fire(mission), key="k")
    assert second.data == first.data
    assert len([a for a in core.state.acts.values() if a.act_id == act.act_id]) == len(core.state.acts) == 1


def test_a_repeated_key_waits_for_the_first_verdict(core: Core) -> None:
    mission = core.mission()
    act = core.fire(mission, key="k")
    again = core.send(calls.Fire(mission, wait_s=1.0), key="k")  # waiting differs, the request does not
    assert again not in core.replies
    core.done(act)
    assert core.replies[again].problem is None
    assert len(core.sent(f.Fire)) == 1


def test_other_parameters_under_a_key_are_a_conflict(core: Core) -> None:
    mission = core.mission()
    core.fire(mission, key="k")
    assert problem(core.ask(calls.Fire(mission, risk="0.1%"), key="k")) == "CONFLICT"
    assert problem(core.ask(calls.Fire(core.mission()), key="k")) == "CONFLICT"
    assert len(core.state.acts) == 1


def test_a_key_belongs_to_its_actor_and_outlives_the_daemon(core: Core) -> None:
    core.role(TRADER, Role.TRADER)
    mission = core.mission()
    act = core.fire(mission, key="k")
    core.result(act, RowState.REFUSED)
    other = core.fire(mission, who=TRADER, key="k")
    assert other.act_id != act.act_id
    core.restart()
    again = core.send(calls.Fire(mission, wait_s=0.0), key="k")
    assert len(core.state.acts) == 2
    assert core.replies[again].problem.code == "REJECTED"  # type: ignore[union-attr]


def test_a_denial_is_remembered_too(core: Core) -> None:
    mission = core.mission(target_points=109_000)
    first = core.ask(calls.Fire(mission), key="k")
    assert core.ask(calls.Fire(mission), key="k").problem == first.problem
    assert problem(first) == "DENIED"


def test_a_key_of_a_close_and_a_modify(core: Core) -> None:
    fire = core.filled()
    close = core.act(calls.Close(position_id(fire), part="0.10"), key="c")
    core.result(close, RowState.REFUSED)
    assert problem(core.ask(calls.Close(position_id(fire), part="0.10"), key="c")) == "REJECTED"
    assert problem(core.ask(calls.Close(position_id(fire)), key="c")) == "CONFLICT"
    modify = core.act(calls.Modify(position_id(fire), stop="1.09900"), key="m")
    core.done(modify)
    assert core.ask(calls.Modify(position_id(fire), stop="1.09900"), key="m").problem is None


def test_a_key_that_is_too_long_is_usage(core: Core) -> None:
    assert problem(core.ask(calls.Fire(core.mission()), key="x" * 65)) == "USAGE"


# --- roles -----------------------------------------------------------------------------------------------

VERBS: list[tuple[Verb, Role]] = [
    (calls.Fire("M-00000011"), Role.TRADER),
    (calls.FireSymbol("EURUSD", "buy", "1.09800"), Role.TRADER),
    (calls.Cancel("F-00000011"), Role.TRADER),
    (calls.Pass("M-00000011"), Role.TRADER),
    (calls.Withdraw("M-00000010"), Role.TRADER),
    (calls.Flatten(), Role.TRADER),
    (calls.Adopt(1, "alpha", "1.1"), Role.TRADER),
    (calls.AccountDay("alpha", "Europe/Prague", "00:00"), Role.COMMANDER),
    (calls.Close("P-00000011"), Role.TRADER),
    (calls.Modify("P-00000011", stop="1.0"), Role.TRADER),
    (calls.PlanSet("P-00000011", "none"), Role.TRADER),
    (calls.Halt(), Role.TRADER),
    (calls.Resume(), Role.COMMANDER),
    (calls.Resolve("F-00000011", "filled", "seen"), Role.COMMANDER),
    (calls.Ack("L-00000011"), Role.TRADER),
    (calls.Note("M-00000011", "seen"), Role.TRADER),
    (calls.Reconcile(), Role.VIEWER),
    (calls.Statement("alpha", "2024-05"), Role.VIEWER),
    (calls.TerminalEnroll("t9", "x", 1, "Sim"), Role.COMMANDER),
    (calls.SymbolMap("alpha", {"EURUSD": "EURUSD.r"}), Role.COMMANDER),
    (calls.TerminalAssign("t1", "ann"), Role.COMMANDER),
    (calls.TerminalRelease("t1", "ann"), Role.COMMANDER),
    (calls.TerminalDuty("t1", "draining"), Role.TRADER),
    (calls.TerminalFailover("t1"), Role.TRADER),
    (calls.TerminalRemove("t1"), Role.COMMANDER),
    (calls.AccountArm("alpha"), Role.COMMANDER),
    (calls.AccountDisarm("alpha"), Role.TRADER),
    (calls.AccountPool("ours", {"alpha": "1"}), Role.COMMANDER),
    (calls.AccountLimits("alpha", {"open_positions_max": "1"}), Role.COMMANDER),
    (calls.AccountCorrect("alpha", peak="1", reason="x"), Role.COMMANDER),
    (calls.AccountPhone("alpha", "+44 20 7946 0000"), Role.COMMANDER),
    (calls.AccountGroup("g", {"alpha": "1"}), Role.COMMANDER),
    (calls.OperatorAdd("ann", "viewer", "uid:1"), Role.COMMANDER),
    (calls.OperatorInvite("ann"), Role.COMMANDER),
    (calls.OperatorRole("commander", "viewer"), Role.COMMANDER),
    (calls.OperatorPolicy("commander", "starter"), Role.COMMANDER),
    (calls.OperatorLink("commander", "uid:1"), Role.COMMANDER),
    (calls.OperatorSuspend("commander"), Role.TRADER),
    (calls.OperatorRestore("commander"), Role.COMMANDER),
    (calls.OperatorRemove("commander"), Role.COMMANDER),
    (calls.PolicySet("small", open_max=1), Role.COMMANDER),
    (calls.OperatorContact("commander", "email", "a@example.org"), Role.TRADER),
    (calls.OperatorHears("commander"), Role.VIEWER),
    (calls.Mute(60.0), Role.VIEWER),
    (calls.ChannelTest("email"), Role.TRADER),
    (calls.ChannelConfirm("00"), Role.TRADER),
    (calls.Approve("F-00000011"), Role.APPROVER),
    (calls.ChangeDrop("C-00000011"), Role.COMMANDER),
    (calls.NewsImport("x"), Role.COMMANDER),
    (calls.NewsAdd("x", "USD", "CPI"), Role.TRADER),
    (calls.ServiceStart(("hud",)), Role.COMMANDER),
    (calls.ServiceStop(("hud",)), Role.COMMANDER),
    (calls.ServiceRestart(("hud",)), Role.COMMANDER),
]


def test_every_request_is_in_the_table_of_roles() -> None:
    assert {type(verb) for verb, _ in VERBS} | {calls.OperatorClaim} == set(desk.VERBS)
    assert all(desk.NEEDS[type(verb)] is needs for verb, needs in VERBS)


@pytest.mark.parametrize(("verb", "needs"), VERBS, ids=[type(verb).__name__ for verb, _ in VERBS])
def test_a_role_below_what_is_needed_changes_nothing(core: Core, verb: Verb, needs: Role) -> None:
    core.role(VIEWER, Role(needs - 1))
    state, count = core.state.authority, len(core.records)
    assert problem(core.ask(verb, VIEWER)) == "FORBIDDEN"
    refused = core.records[count:]
    assert [record.type for record in refused] == ["CALL_REFUSED"]
    assert (core.state.authority, core.state.acts) == (state, {})


@pytest.mark.parametrize(("verb", "needs"), VERBS, ids=[type(verb).__name__ for verb, _ in VERBS])
def test_a_stranger_writes_nothing_at_all(core: Core, verb: Verb, needs: Role) -> None:
    count = len(core.records)
    assert problem(core.ask(verb, STRANGER)) == "FORBIDDEN"
    assert len(core.records) == count


def test_a_role_taken_away_while_waiting_is_seen_when_judged_again(core: Core) -> None:
    core.role(TRADER, Role.TRADER)
    first = core.fire()
    waiting = core.fire(who=TRADER)
    assert waiting.state is ActState.QUEUED
    core.role(TRADER, Role.VIEWER)
    core.result(first, RowState.REFUSED)
    assert (waiting.state, waiting.codes) == (ActState.DENIED, ("ROLE",))


# --- lanes -----------------------------------------------------------------------------------------------


def test_one_in_flight_eight_wait_the_ninth_is_denied(core: Core) -> None:
    acts = [core.fire() for _ in range(10)]
    assert [act.state for act in acts] == [ActState.ROUTED] + [ActState.QUEUED] * 8 + [ActState.DENIED]
    assert acts[-1].codes == ("LANE_FULL",)
    assert len(core.sent(f.Fire)) == 1


def test_the_lane_is_served_in_order_and_each_is_judged_again(make: Callable[..., Core]) -> None:
    core = make(limits=Limits(open_positions_max=2, open_risk_max_percent=Decimal(50)))
    core.connect()
    first, second, third, fourth = (core.fire() for _ in range(4))
    core.done(first)
    assert (first.state, second.state, third.state) == (ActState.FILLED, ActState.ROUTED, ActState.QUEUED)
    core.done(second)
    assert (third.state, third.codes) == (ActState.DENIED, ("OPEN_POSITIONS",))
    assert (fourth.state, fourth.codes) == (ActState.DENIED, ("OPEN_POSITIONS",))


def test_a_refusal_frees_the_lane_and_the_size_is_judged_anew(core: Core) -> None:
    first, second = core.fire(), core.fire()
    assert second.order is not None
    before = second.order.volume_steps
    core.up(f.Account(*[Decimal(5000), Decimal(0), Decimal(5000)], *[Decimal(0)] * 3, 100, "USD", core.market_ms))
    core.result(first, RowState.REFUSED, retcode=10004)
    assert second.codes == ("DAY_LOSS",)  # half of the day's equity is gone
    assert second.order.volume_steps == before // 2


def test_waiting_has_a_deadline(core: Core) -> None:
    core.fire()
    waiting = core.fire()
    core.wait(4_500)
    assert waiting.state is ActState.QUEUED
    core.wait(1_000)
    assert (waiting.state, waiting.codes) == (ActState.DENIED, ("LANE_WAIT",))


def test_unknown_keeps_the_lane(core: Core) -> None:
    first = core.fire()
    core.wait(8_500)
    assert first.state is ActState.UNKNOWN
    assert core.fire().state is ActState.QUEUED


def test_lanes_of_two_accounts_do_not_meet(make: Callable[..., Core]) -> None:
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    core.connect("t1")
    core.connect("t2")
    core.ticks(110_000, 110_010)
    mission = core.mission()
    first, second = core.fire(mission, account="alpha"), core.fire(mission, account="beta")
    assert (first.state, second.state) == (ActState.ROUTED, ActState.ROUTED)
    assert (first.terminal, second.terminal) == ("t1", "t2")


def test_the_second_terminal_of_an_account_takes_over(make: Callable[..., Core]) -> None:
    core = make(terminals=(("t1", "alpha", 1), ("t2", "alpha", 1)))
    core.connect("t2")
    assert core.fire(core.mission("t2")).terminal == "t2"


def test_a_waiting_fire_does_not_survive_a_restart(core: Core) -> None:
    first, waiting = core.fire(), core.fire()
    core.restart()
    assert core.state.acts[first.act_id].state is ActState.UNKNOWN
    assert core.state.acts[waiting.act_id].codes == ("LANE_WAIT",)


def test_closes_never_wait_for_the_lane(core: Core) -> None:
    fire = core.filled()
    core.fire()
    assert core.act(calls.Close(position_id(fire))).state is ActState.ROUTED


# --- answers ---------------------------------------------------------------------------------------------


def test_an_answer_waits_for_the_verdict_and_no_longer_than_asked(core: Core) -> None:
    number = core.send(calls.Fire(core.mission(), wait_s=2.0))
    core.wait(1_500)
    assert number not in core.replies
    core.wait(1_000)
    assert problem(core.replies[number]) == "UNKNOWN_OUTCOME"
    assert "nothing is resent" in str(core.replies[number].problem.hint)  # type: ignore[union-attr]


def test_no_wait_answers_once_routed(core: Core) -> None:
    reply = core.ask(calls.Fire(core.mission(), wait_s=0.0))
    assert problem(reply) == "UNKNOWN_OUTCOME"


def test_a_close_is_answered_when_its_deal_is_booked(core: Core) -> None:
    fire = core.filled()
    number = core.send(calls.Close(position_id(fire)))
    close = max(core.state.acts.values(), key=lambda act: act.act_id)
    core.done(close, deal_ticket=70)
    assert number not in core.replies
    core.deals(core.deal_row(70, 1000 + sequence_of(fire.act_id), magic=close.act_id))
    assert core.replies[number].problem is None


def test_all_of_a_mission_is_closed_together(make: Callable[..., Core]) -> None:
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    core.connect("t1")
    core.connect("t2")
    core.ticks(110_000, 110_010)
    mission = core.mission()
    for account in ("alpha", "beta"):
        core.done(core.fire(mission, account=account))
    number = core.send(calls.Close(mission))
    closes = [act for act in core.state.acts.values() if act.kind.name == "CLOSE"]
    assert [act.account for act in closes] == ["alpha", "beta"]
    core.result(closes[0], RowState.REFUSED)
    core.done(closes[1], deal_ticket=71)
    core.deals(core.deal_row(71, closes[1].order.position_id, magic=closes[1].act_id), terminal="t2")  # type: ignore[union-attr]
    assert problem(core.replies[number]) == "PARTLY"


# --- by hand ---------------------------------------------------------------------------------------------


def test_by_hand_makes_a_mission_and_fires_it(core: Core) -> None:
    core.send(calls.FireSymbol("EURUSD", "buy", "1.09800", target="1.10430"))
    (act,) = core.state.acts.values()
    mission = core.state.missions[act.mission]
    assert (act.state, mission.origin, mission.state) == (ActState.ROUTED, "hand", MissionState.ENGAGED)
    assert mission.signal.entry_points == 110_010
    assert mission.signal.collar_points == 21
    assert mission.signal.r_milli == 2000


def test_the_same_key_by_hand_makes_no_second_mission(core: Core) -> None:
    verb = calls.FireSymbol("EURUSD", "sell", "1.10200")
    core.send(verb, key="k")
    core.send(verb, key="k")
    assert (len(core.state.missions), len(core.state.acts)) == (1, 1)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"side": "long"}, "USAGE"),
    ({"symbol": "GBPUSD"}, "NOT_FOUND"),
    ({"stop": "1.0980001"}, "USAGE"),
    ({"stop": "none"}, "USAGE"),
    ({"expiry_s": 0.5}, "USAGE"),
    ({"expiry_s": 1e9}, "USAGE"),
    ({"risk": "0.5"}, "USAGE"),
    ({"risk": "-1%"}, "USAGE"),
    ({"risk": "1%", "volume": "0.1"}, "USAGE"),
    ({"volume": "0.015"}, "USAGE"),
    ({"plan": "moon"}, "USAGE"),
    ({"account": "nobody"}, "NOT_FOUND"),
]


@pytest.mark.parametrize(("fields", "code"), BAD, ids=[str(fields) for fields, _ in BAD])
def test_a_request_that_cannot_be_read_changes_nothing(core: Core, fields: dict[str, Any], code: str) -> None:
    count = len(core.records)
    verb = calls.FireSymbol("EURUSD", "buy", "1.09800")
    assert problem(core.ask(msgspec.structs.replace(verb, **fields), key="k")) == code
    assert len(core.records) == count


def test_by_hand_without_a_quote_is_denied(core: Core) -> None:
    core.link().quotes.clear()
    assert problem(core.ask(calls.FireSymbol("EURUSD", "buy", "1.09800"))) == "DENIED"


@pytest.mark.parametrize("text", ["M-00000011", "M-000000ZZ", "nonsense"])
def test_ids_that_name_nothing(core: Core, text: str) -> None:
    for verb in (calls.Fire(text), calls.Pass(text), calls.Close(text)):
        assert problem(core.ask(verb)) in ("USAGE", "NOT_FOUND")


# --- missions, enrolment ---------------------------------------------------------------------------------


def test_passing_is_per_operator_and_told_once(core: Core) -> None:
    mission = core.mission()
    core.ask(calls.Pass(mission))
    core.ask(calls.Pass(mission))
    (held,) = core.state.missions.values()
    assert held.passed_by == [BOSS]
    assert core.fire(mission).state is ActState.ROUTED


def test_a_mission_expires_unfired_or_closes_to_fires_and_is_done(core: Core) -> None:
    ghost, fired = core.mission(), core.mission()
    act = core.fire(fired)
    core.done(act)
    core.later(600_000)
    states = [mission.state for mission in core.state.missions.values()]
    assert states == [MissionState.EXPIRED, MissionState.CLOSED_TO_FIRES]
    assert problem(core.ask(calls.Pass(ghost))) == "CONFLICT"
    assert "MISSION_STATE" in core.fire(ghost).codes
    core.deals(core.deal_row(70, 1000 + sequence_of(act.act_id), reason=4))
    assert core.state.missions[act.mission].state is MissionState.DONE


def test_apex_follows_each_mission(core: Core) -> None:
    core.mission()
    core.send(calls.FireSymbol("EURUSD", "buy", "1.09800"))
    assert core.apex.followed == sorted(core.state.missions)


def test_enrolment(core: Core) -> None:
    count = len(core.effects)
    verb = calls.TerminalEnroll("t9", "beta", 9, "Sim")
    reply = core.ask(verb, extra="pub")
    assert reply.problem is None
    assert Admit() in core.effects[count:]
    assert core.state.terminals["t9"].public_key == "pub"
    again = msgspec.structs.replace(verb, name="t10")
    assert core.ask(again).problem is None  # a second terminal of a known account
    for fields in ({"name": "t9"}, {"name": "t11", "login": 10}, {"name": "t12", "kind": "demo"}):
        assert problem(core.ask(msgspec.structs.replace(verb, **fields))) == "CONFLICT"
    for fields in ({"name": "a b"}, {"name": ""}, {"name": "x" * 33}, {"name": "ok", "kind": "toy"}):
        assert problem(core.ask(msgspec.structs.replace(verb, **fields))) == "USAGE"
