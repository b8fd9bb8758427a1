"""Fires above a threshold: who says yes, to exactly what, how often, until when; and that nothing else lets them go."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hydrad.domain.actors import Actor, Role, Surface
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import MINUTE, MS
from hydrad.toc import act_views, approvals, approvers, health_views
from hydrad.toc import inputs as i
from hydrad.toc.act import ActState
from hydrad.toc.limits import Limits, Timing
from hydrad.toc.state import Act
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from tests.toc.conftest import BOSS, TERMS, Core

TOM, ANN, BOB = "uid:1001", "uid:1002", "uid:1003"
WIDE = Limits(open_risk_max_percent=Decimal(50), fires_per_minute_max=100)
# A fire of the usual size is 0.22 lots and risks 48.40 of 10,000, 0.484 %.
ABOVE: dict[str, Any] = {
    "approval_risk_percent": Decimal("0.4"),
    "approval_risk_money": Decimal("48.39"),
    "approval_lots": Decimal("0.21"),
    "approval_day_risk_percent": Decimal("0.48"),
    "approval_below_role": "approver",
}
AT: dict[str, Any] = {
    "approval_risk_percent": Decimal("0.484"),
    "approval_risk_money": Decimal("48.40"),
    "approval_lots": Decimal("0.22"),
    "approval_day_risk_percent": Decimal("0.484"),
}


def limits(**fields: Any) -> Limits:
    return msgspec.structs.replace(WIDE, **fields)


def crew_of(core: Core) -> Core:
    """A trader, an approver and a commander beside the one who is there, and a terminal that is READY."""
    core.role(TOM, Role.TRADER)
    core.role(ANN, Role.APPROVER)
    core.role(BOB, Role.COMMANDER)
    core.connect()
    return core


@pytest.fixture
def core(make: Callable[..., Core]) -> Core:
    """Half a lot's risk waits for a second person."""
    return crew_of(make(limits=limits(approval_risk_percent=Decimal("0.4"))))


def code(core: Core, verb: Any, who: str = BOSS, key: str = "") -> str:
    number = core.send(verb, who, key)
    reply = core.replies.get(number)
    return "(waits)" if reply is None else reply.problem.code if reply.problem else ""


def shown(act: Act) -> str:
    return show(IdKind.FIRE, sequence_of(act.act_id))


def waiting(core: Core, who: str = TOM, **fields: Any) -> Act:
    act = core.fire(who=who, **fields)
    assert act.state is ActState.AWAITING_APPROVAL, (act.state, act.codes)
    return act


def sent(core: Core) -> int:
    from hydrad.link import frames as f

    return len(core.sent(f.Fire))


# --- what waits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ABOVE)
def test_each_threshold_lets_a_fire_wait_and_what_is_at_it_goes(make: Callable[..., Core], name: str) -> None:
    core = crew_of(make(limits=limits(**{name: ABOVE[name]})))
    act = waiting(core)
    assert act.approval is not None and len(act.approval.why) == 1 and not sent(core)
    at = crew_of(make(limits=limits(**{name: AT.get(name)})))
    assert at.fire(who=TOM).state is ActState.ROUTED


def test_who_has_the_role_goes_alone(make: Callable[..., Core]) -> None:
    core = crew_of(make(limits=limits(approval_below_role="approver")))
    core.done(core.fire(who=ANN))
    assert waiting(core).approval.why == ("fired by a trader, below approver",)  # type: ignore[union-attr]


def test_splitting_changes_nothing_whoever_does_it(make: Callable[..., Core]) -> None:
    core = crew_of(make(limits=limits(approval_day_risk_percent=Decimal("1.0"))))
    for who in (TOM, ANN):
        core.done(core.fire(who=who))
    third = waiting(core, who=BOB)
    assert third.approval is not None and third.approval.why[0].startswith("risk of the day 1.4")
    core.send(calls.Approve(shown(third)), ANN)
    core.done(third)
    assert core.fire(risk="0.03%").state is ActState.ROUTED, "what two people let go is not counted"


def test_what_waits_in_the_lane_counts_and_the_next_day_begins_anew(make: Callable[..., Core]) -> None:
    core = crew_of(make(limits=limits(approval_day_risk_percent=Decimal("1.0"))))
    first, second = core.fire(who=TOM), core.fire(who=TOM)
    assert second.state is ActState.QUEUED
    waiting(core)
    core.done(first)
    core.done(second)
    assert core.state.accounts["alpha"].day_fired == [first.act_id, second.act_id]


def test_what_was_let_go_and_came_to_nothing_does_not_count(make: Callable[..., Core]) -> None:
    from hydrad.link.frames import RowState

    core = crew_of(make(limits=limits(approval_day_risk_percent=Decimal("0.5"))))
    first = core.fire(who=TOM)
    core.result(first, RowState.REFUSED, retcode=10004)
    assert core.fire(who=TOM).state is ActState.ROUTED


def test_a_fire_that_reaches_a_threshold_in_the_lane_is_denied_at_its_turn(make: Callable[..., Core]) -> None:
    core = crew_of(make(limits=limits(approval_risk_percent=Decimal("0.6"))))
    first, second = core.fire(who=TOM), core.fire(who=TOM)
    assert second.state is ActState.QUEUED
    core.ask(calls.AccountLimits("alpha", {"approval_risk_percent": "0.1"}))
    core.done(first)
    assert second.state is ActState.DENIED and second.codes == ("APPROVAL",)


def test_what_fails_another_check_too_is_denied_and_does_not_wait(core: Core) -> None:
    act = core.fire(who=TOM, risk="2%")
    assert act.state is ActState.DENIED and set(act.codes) == {"RISK_PER_TRADE", "APPROVAL"}


def test_it_holds_its_mission_and_account_and_neither_exposure_nor_the_lane(core: Core) -> None:
    mission = core.mission()
    act = waiting(core, mission=mission)
    assert core.fire(mission, who=ANN, risk="0.1%").codes == ("DUPLICATE",)
    assert core.fire(who=ANN, risk="0.1%").state is ActState.ROUTED, "the lane is free"
    assert act.act_id not in {other.act_id for other in core.state.acts.values() if other.state is ActState.ROUTED}


def test_the_ninth_is_denied(core: Core) -> None:
    for _ in range(approvals.WAITING_MAX):
        waiting(core)
    assert core.fire(who=TOM).codes == ("APPROVALS_FULL",)


def test_an_accounts_own_threshold_is_a_limit_of_it(make: Callable[..., Core]) -> None:
    core = crew_of(make(limits=WIDE))
    core.ask(calls.AccountLimits("alpha", {"approval_lots": "0.1"}))
    waiting(core)
    assert code(core, calls.AccountLimits("alpha", {"approval_lots": "0.3"})) == "PENDING"
    waiting(core)


# --- the answer -------------------------------------------------------------------------------------------


def test_the_asker_is_told_at_once_who_may_approve_and_how(core: Core) -> None:
    reply = core.ask(calls.Fire(core.mission(), wait_s=10.0), TOM)
    act = next(act for act in core.state.acts.values() if act.state is ActState.AWAITING_APPROVAL)
    assert reply.problem is not None and reply.problem.code == "PENDING"
    assert reply.problem.hint == f"hydractl approve {shown(act)}, by commander or {ANN} or {BOB}"
    assert reply.problem.facts is not None and reply.problem.facts["approvers"] == ["commander", ANN, BOB]
    row = reply.data.act  # type: ignore[attr-defined]
    assert row.verdict.startswith("AWAITING APPROVAL by a second person: risk 0.484 % above 0.4 %")
    assert row.approval.due_at and row.approval.approved_by is None


def test_a_dry_run_says_that_it_would_wait(core: Core) -> None:
    reply = core.ask(calls.Fire(core.mission(), dry_run=True), TOM)
    assert reply.problem is not None and reply.problem.code == "PENDING"
    assert reply.data.would.startswith("would be AWAITING APPROVAL")  # type: ignore[attr-defined]
    assert not core.state.acts


def test_status_names_what_waits(core: Core) -> None:
    act = waiting(core)
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    (row,) = health_views.waiting_rows(turn)
    assert (row.id, row.text, row.asked_by) == (shown(act), "BUY 0.22 EURUSD", TOM)
    assert health_views.one_person(core.state) is None


# --- approving --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [ANN, BOB, BOSS])
def test_another_persons_word_routes_the_very_order(core: Core, who: str) -> None:
    act = waiting(core)
    order, digest = act.order, act.order_hash
    core.ticks(110_001, 110_011)
    assert code(core, calls.Approve(shown(act)), who) == "(waits)"
    assert act.state is ActState.ROUTED and (act.order, act.order_hash) == (order, digest)
    assert act.deadline_ns == core.now_ns + core.timing.act_deadline_ms * MS
    assert act.approval is not None and act.approval.by == who
    core.done(act)
    assert core.replies[core._request].problem is None
    assert sent(core) == 1


def test_an_approval_is_used_once(core: Core) -> None:
    act = waiting(core)
    assert code(core, calls.Approve(shown(act)), ANN) == "(waits)"
    assert code(core, calls.Approve(shown(act)), BOB) == "CONFLICT"
    core.done(act)
    problem = core.ask(calls.Approve(shown(act)), BOB).problem
    assert problem is not None and f"approved by {ANN}" in problem.message and "FILLED" in problem.message
    assert sent(core) == 1


def test_the_same_key_is_answered_with_what_became_of_it_after_a_restart_too(core: Core) -> None:
    act = waiting(core)
    core.send(calls.Approve(shown(act)), ANN, "k")
    core.done(act)
    other = waiting(core)
    core.restart()
    assert code(core, calls.Approve(shown(act), wait_s=0.0), ANN, "k") == ""
    assert code(core, calls.Approve(shown(other)), ANN, "k") == "CONFLICT"
    assert core.state.acts[other.act_id].state is ActState.AWAITING_APPROVAL


def test_nobody_approves_their_own(core: Core) -> None:
    act = waiting(core, who=ANN)
    problem = core.ask(calls.Approve(shown(act)), ANN).problem
    assert problem is not None and problem.code == "FORBIDDEN" and "same person" in problem.message
    refused = [record for record in core.records if record.type == "CALL_REFUSED"]
    assert len(refused) == 1 and act.state is ActState.AWAITING_APPROVAL


def test_one_person_by_two_identities_is_one(core: Core) -> None:
    act = waiting(core, who=ANN)
    core.ask(calls.OperatorLink(ANN, "telegram:7"))
    assert code(core, calls.Approve(shown(act)), "telegram:7") == "FORBIDDEN"


def test_a_trader_approves_nothing(core: Core) -> None:
    act = waiting(core)
    core.role("uid:1009", Role.TRADER)
    assert code(core, calls.Approve(shown(act)), "uid:1009") == "FORBIDDEN"
    assert code(core, calls.Approve(shown(act)), "uid:6666") == "FORBIDDEN"


def test_an_approver_approves_no_change(core: Core) -> None:
    core.ask(calls.AccountLimits("alpha", {"open_positions_max": "3"}))
    reply = core.ask(calls.AccountLimits("alpha", {"open_positions_max": "4"}))
    assert reply.problem is not None and reply.problem.facts is not None
    assert code(core, calls.Approve(str(reply.problem.facts["change"])), ANN) == "FORBIDDEN"
    assert code(core, calls.Approve(str(reply.problem.facts["change"])), BOB) == ""


def test_who_does_not_reach_the_account_does_not_approve(core: Core) -> None:
    core.ask(calls.OperatorAdd("eve", "approver", "uid:1010", policy="full", accounts=()))
    act = waiting(core)
    problem = core.ask(calls.Approve(shown(act)), "uid:1010").problem
    assert problem is not None and "was not given to eve" in problem.message
    assert "eve" not in approvals.who_may(core.state, act)


def test_a_busy_lane_leaves_it_waiting(core: Core) -> None:
    act = waiting(core)
    flying = core.fire(who=TOM, risk="0.1%")
    assert code(core, calls.Approve(shown(act)), ANN) == "CONFLICT" and act.state is ActState.AWAITING_APPROVAL
    core.done(flying)
    assert code(core, calls.Approve(shown(act)), ANN) == "(waits)"


@pytest.mark.parametrize("id", ["F-0000000", "M-00000011", "F-00000011"])
def test_what_is_no_waiting_fire_is_told_as_what_it_is(core: Core, id: str) -> None:
    assert code(core, calls.Approve(id), ANN) in ("USAGE", "NOT_FOUND")


# --- judged again -----------------------------------------------------------------------------------------


def test_every_check_runs_again(core: Core) -> None:
    act = waiting(core)
    core.ticks(110_200, 110_210)
    reply = core.ask(calls.Approve(shown(act)), ANN)
    assert act.state is ActState.DENIED and act.codes == ("ENTRY_MISSED",) and not sent(core)
    assert reply.problem is not None and reply.problem.code == "DENIED"
    assert core.fire(act_views.mission_id_text(act.mission) or "", who=TOM).state is ActState.DENIED, "price is gone"


def test_the_open_risk_of_now_counts(make: Callable[..., Core]) -> None:
    tight = limits(approval_risk_percent=Decimal("0.4"), open_risk_max_percent=Decimal("0.7"))
    core = crew_of(make(limits=tight))
    act = waiting(core)
    core.done(core.fire(who=ANN, risk="0.3%"))
    core.send(calls.Approve(shown(act)), ANN)
    assert act.codes == ("OPEN_RISK",)


def test_the_size_is_frozen_however_the_account_moves(core: Core) -> None:
    from tests.toc.conftest import ACCOUNT

    act = waiting(core)
    core.up(msgspec.structs.replace(ACCOUNT, balance=Decimal(20_000), equity=Decimal(20_000)))
    core.send(calls.Approve(shown(act)), ANN)
    assert act.state is ActState.ROUTED and act.order is not None and act.order.volume_steps == 22


# --- void -------------------------------------------------------------------------------------------------


def _limit_of_everything(core: Core) -> None:
    actor = Actor(BOSS, Surface.SHELL)
    tighter = msgspec.structs.replace(core.state.limits, open_positions_max=4)
    core.step(i.Configured(99_999, actor, tighter, core.timing))


VOIDS: dict[str, tuple[Callable[[Core], object], str]] = {
    "an account's limit": (lambda c: c.ask(calls.AccountLimits("alpha", {"open_positions_max": "4"})), "APPROVAL_VOID"),
    "a limit of everything": (_limit_of_everything, "APPROVAL_VOID"),
    "the asker's policy": (lambda c: c.ask(calls.OperatorPolicy(TOM, "starter")), "APPROVAL_VOID"),
    "the asker's role": (lambda c: c.ask(calls.OperatorRole(TOM, "approver")), "APPROVAL_VOID"),
    "the asker is suspended": (lambda c: c.ask(calls.OperatorSuspend(TOM, "lost")), "APPROVAL_VOID"),
    "the asker is gone": (lambda c: c.ask(calls.OperatorRemove(TOM, "left")), "APPROVAL_VOID"),
    "a halt": (lambda c: c.send(calls.Halt(reason="x")), "AUTHORITY"),
    "a halt of the account": (lambda c: c.send(calls.Halt("alpha", reduce=True)), "AUTHORITY"),
}


@pytest.mark.parametrize("what", VOIDS)
def test_any_change_ends_it_at_once(core: Core, what: str) -> None:
    act = waiting(core)
    change, expected = VOIDS[what]
    change(core)
    assert act.state is ActState.DENIED and act.codes == (expected,) and act.detail
    assert code(core, calls.Approve(shown(act)), ANN) == "CONFLICT" and not sent(core)


def test_other_terms_of_the_symbol_void_it(core: Core) -> None:
    act = waiting(core)
    core.link().terms["EURUSD"] = msgspec.structs.replace(TERMS, contract_size=Decimal(10_000))
    core.send(calls.Approve(shown(act)), ANN)
    assert act.codes == ("APPROVAL_VOID",) and "terms of EURUSD" in act.detail


def test_a_restart_under_the_same_limits_leaves_it_waiting_and_under_others_not(core: Core) -> None:
    act = waiting(core)
    core.restart()
    assert core.state.acts[act.act_id].state is ActState.AWAITING_APPROVAL
    core.connect()
    core.ticks(110_000, 110_010)
    core.send(calls.Approve(shown(act)), ANN)
    assert core.state.acts[act.act_id].state is ActState.ROUTED
    core.done(core.state.acts[act.act_id])
    other = waiting(core)
    core.limits = msgspec.structs.replace(core.limits, open_positions_max=3)
    core.restart()
    assert core.state.acts[other.act_id].codes == ("APPROVAL_VOID",)


# --- it ends by itself, or by a person --------------------------------------------------------------------


def test_it_lapses_at_its_own_limit(make: Callable[..., Core]) -> None:
    own = {"limits": limits(approval_risk_percent=Decimal("0.4")), "timing": Timing(approval_wait_ms=10_000)}
    core = crew_of(make(**own))
    act = waiting(core)
    core.clock(9_999)
    assert act.state is ActState.AWAITING_APPROVAL
    core.clock(1)
    assert act.state is ActState.EXPIRED and act_views.verdict_line(act).startswith("EXPIRED unapproved")


def test_it_lapses_with_its_mission_and_holds_it_no_longer(core: Core) -> None:
    act = waiting(core)
    core.later(600_001)
    assert act.state is ActState.EXPIRED and act.detail == "its mission expired"
    assert act.mission not in core.state.missions_open


def test_a_withdrawn_mission_takes_it_along(core: Core) -> None:
    mission = core.mission()
    act = waiting(core, mission=mission)
    assert code(core, calls.Withdraw(mission)) == ""
    assert act.state is ActState.DENIED and act.codes == ("MISSION_STATE",)


def test_whoever_asked_takes_it_back_by_passing_and_another_does_not(core: Core) -> None:
    mission = core.mission()
    act = waiting(core, mission=mission)
    core.ask(calls.Pass(mission), ANN)
    assert act.state is ActState.AWAITING_APPROVAL
    core.ask(calls.Pass(mission), TOM)
    assert act.codes == ("NOT_APPROVED",) and TOM in act.detail


@pytest.mark.parametrize("who", [TOM, ANN])
def test_it_is_taken_back_or_refused_by_cancelling_it_and_the_mission_is_free(core: Core, who: str) -> None:
    mission = core.mission()
    act = waiting(core, mission=mission)
    for _ in range(2):
        reply = core.ask(calls.Cancel(shown(act), reason="too big"), who)
        assert reply.problem is None
    assert act.codes == ("NOT_APPROVED",) and act.detail == f"by {who}: too big"
    assert core.fire(mission, who=TOM, risk="0.1%").state is ActState.ROUTED


# --- enough people ----------------------------------------------------------------------------------------


def test_a_threshold_needs_two_who_may_approve(make: Callable[..., Core]) -> None:
    core = make(limits=WIDE)
    core.connect()
    assert code(core, calls.AccountLimits("alpha", {"approval_lots": "1"})) == "CONFLICT"
    wanted = limits(approval_lots=Decimal(1))
    core.step(i.Configured(99_999, Actor(BOSS, Surface.SHELL), wanted, core.timing))
    problem = core.replies[99_999].problem
    assert problem is not None and problem.code == "CONFLICT" and core.state.limits.approval_lots is None
    core.role(ANN, Role.APPROVER)
    assert code(core, calls.AccountLimits("alpha", {"approval_lots": "1"})) == ""


def test_the_last_two_stay_while_a_threshold_holds(core: Core) -> None:
    assert code(core, calls.OperatorRemove(BOB, "x")) == "", "two are left"
    for verb in (calls.OperatorRemove(ANN, "x"), calls.OperatorRole(ANN, "trader")):
        assert code(core, verb) == "CONFLICT"
    assert code(core, calls.OperatorSuspend(ANN, "x")) == "", "nobody's suspension waits"
    assert len(approvers.approvers(core.state)) == 2


# --- one person -------------------------------------------------------------------------------------------


@pytest.fixture
def alone(make: Callable[..., Core]) -> Core:
    core = make(limits=limits(approval_risk_percent=Decimal("0.4"), approval_alone=True))
    core.ask(calls.OperatorLink("commander", "telegram:7"))
    core.connect()
    return core


def test_alone_it_is_another_identity_ten_minutes_later(alone: Core) -> None:
    act = waiting(alone, who=BOSS, mission=alone.mission(expires_ms=alone.market_ms + 3_600_000))
    assert health_views.one_person(alone.state) == "commander"
    assert "by commander, by another identity, 10 minutes later" in act_views.how_approved(alone.state, act)
    for who, words in ((BOSS, "another of one's identities"), ("telegram:7", "in 10 minutes")):
        problem = alone.ask(calls.Approve(shown(act)), who).problem
        assert problem is not None and problem.code == "FORBIDDEN" and words in problem.message
    alone.now_ns += 10 * MINUTE
    alone.beat()
    alone.ticks(110_000, 110_010)
    assert code(alone, calls.Approve(shown(act)), BOSS) == "FORBIDDEN"
    assert code(alone, calls.Approve(shown(act)), "telegram:7") == "(waits)"
    assert act.state is ActState.ROUTED


def test_a_second_approver_ends_one_person_mode(alone: Core) -> None:
    act = waiting(alone, who=BOSS)
    alone.role(ANN, Role.APPROVER)
    alone.now_ns += 10 * MINUTE
    assert code(alone, calls.Approve(shown(act)), "telegram:7") == "FORBIDDEN"
    assert approvals.who_may(alone.state, act) == (ANN,)
    assert health_views.one_person(alone.state) is None


def test_one_person_approves_what_a_trader_fires_at_once(alone: Core) -> None:
    alone.role(TOM, Role.TRADER)
    act = waiting(alone)
    assert code(alone, calls.Approve(shown(act))) == "(waits)" and act.state is ActState.ROUTED
