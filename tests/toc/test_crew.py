"""The crew: who may fire where, invitations, suspension, limits of one account, groups, changes that wait."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.accounts import AccountKind, Authority, HomeMode
from hydrad.domain.actors import Actor, Role, Surface
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import HOUR, MINUTE
from hydrad.domain.money import volume_text
from hydrad.link import frames as f
from hydrad.toc import crew, limiting, views_crew
from hydrad.toc import inputs as i
from hydrad.toc.act import ActState
from hydrad.toc.limits import Limits
from hydrad.wire import calls
from hydrad.wire.calls.base import Verb
from tests.toc.conftest import BOSS, Core

ANN, BOB, EVE = "uid:1001", "uid:1002", "uid:6666"
CODE = crew.digest_of("ABCDEFGHJKMN")


def problem(reply: Any) -> str:
    return reply.problem.code if reply.problem else ""


def add(core: Core, name: str = "ann", role: str = "trader", **fields: Any) -> None:
    verb = calls.OperatorAdd(name, role, **{"identity": ANN, "policy": "full", "accounts": ("*",), **fields})
    assert problem(core.ask(verb)) == ""


@pytest.fixture
def two(make: Callable[..., Core]) -> Core:
    """Two accounts, both READY with a quote."""
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    core.connect("t1")
    core.connect("t2")
    core.ticks(110_000, 110_010, after_ms=1)
    core.ticks(110_000, 110_010, "t2", after_ms=1)
    return core


# --- joining, roles, leaving ------------------------------------------------------------------------------


def test_an_added_operator_may_what_their_role_says_and_no_more(core: Core) -> None:
    add(core)
    assert core.fire(who=ANN).state is ActState.ROUTED
    assert problem(core.ask(calls.Resume(), ANN)) == "FORBIDDEN"
    assert problem(core.ask(calls.OperatorAdd("x", "viewer", "uid:7"), ANN)) == "FORBIDDEN"


def test_without_an_account_nothing_is_fired(core: Core) -> None:
    add(core, accounts=())
    assert problem(core.ask(calls.Fire(core.mission()), ANN)) == "NOT_FOUND"
    assert core.fire(who=ANN, account="alpha").codes == ("ASSIGNMENT",)
    core.ask(calls.TerminalAssign("t1", "ann"))
    assert core.fire(who=ANN).state is ActState.ROUTED
    core.ask(calls.TerminalRelease("t1", "ann"))
    assert core.fire(who=ANN, account="alpha").codes == ("ASSIGNMENT",)


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        (calls.OperatorAdd("ann", "trader", "uid:7"), "CONFLICT"),
        (calls.OperatorAdd("bob", "trader", ANN), "CONFLICT"),
        (calls.OperatorAdd("bob", "king", "uid:7"), "USAGE"),
        (calls.OperatorAdd("bob", "trader", "seven"), "USAGE"),
        (calls.OperatorAdd("b b", "trader", "uid:7"), "USAGE"),
        (calls.OperatorAdd("bob", "trader", "uid:7", policy="none"), "NOT_FOUND"),
        (calls.OperatorAdd("bob", "trader", "uid:7", accounts=("gamma",)), "NOT_FOUND"),
        (calls.OperatorRole("nobody", "viewer"), "NOT_FOUND"),
        (calls.OperatorRole("commander", "viewer"), "CONFLICT"),
        (calls.OperatorRemove("commander"), "CONFLICT"),
        (calls.OperatorLink("commander", ANN), "CONFLICT"),
        (calls.OperatorPolicy("ann", "none"), "NOT_FOUND"),
        (calls.PolicySet("full"), "USAGE"),
        (calls.PolicySet("p", kinds=("toy",)), "USAGE"),
        (calls.PolicySet("p", open_max=-1), "USAGE"),
        (calls.PolicySet("p", risk_per_trade_max_percent="0"), "USAGE"),
    ],
    ids=repr,
)
def test_what_cannot_be_is_refused_and_writes_nothing(core: Core, verb: Any, code: str) -> None:
    add(core)
    count = len(core.records)
    assert problem(core.ask(verb)) == code
    assert len(core.records) == count


def test_the_last_commander_may_go_when_there_is_another(core: Core) -> None:
    add(core, role="commander")
    assert problem(core.ask(calls.OperatorRemove("commander"), ANN)) == ""
    assert core.state.role(BOSS) is Role.NONE and core.state.operator(BOSS) is None


def test_a_person_is_one_operator_however_they_are_known(core: Core) -> None:
    add(core, policy="starter")
    core.ask(calls.OperatorLink("ann", "telegram:42"))
    first = core.fire(who=ANN)
    core.done(first)
    second = core.fire(who="telegram:42")
    assert second.codes == ("POLICY",)
    assert [c.measured for c in second.checks if c.code == "POLICY"] == ["1 open, 1 allowed"]


def told(core: Core, who: str) -> tuple[int, int | None, int | None]:
    """Fires of today, how many there may be, and how many are left."""
    operator = core.state.operator(who)
    assert operator is not None
    row = views_crew.operator_row(core.state, operator, core.market_ms)
    return row.fires_today, row.fires_max, row.fires_left


def test_a_policy_counts_the_fires_of_a_trading_day(core: Core) -> None:
    core.ask(calls.PolicySet("two", kinds=("paper",), fires_per_day_max=2))
    add(core, policy="two")
    for _ in range(2):
        act = core.fire(who=ANN)
        core.result(act, f.RowState.REFUSED)
    assert core.fire(who=ANN).codes == ("POLICY",)
    assert told(core, ANN) == (2, 2, 0)
    core.later(10 * 3_600_000)  # past 17:00 New York
    assert told(core, ANN) == (0, 2, 2)
    assert told(core, BOSS)[1:] == (None, None)
    assert "POLICY" not in core.fire(who=ANN).codes


def test_a_policy_without_this_kind_or_with_less_risk_denies(core: Core) -> None:
    core.ask(calls.PolicySet("demo", kinds=("demo",)))
    core.ask(calls.PolicySet("small", kinds=("paper",), risk_per_trade_max_percent="0.4"))
    add(core, policy="demo")
    assert core.fire(who=ANN).codes == ("POLICY",)
    core.ask(calls.OperatorPolicy("ann", "small"))
    assert core.fire(who=ANN).codes == ("POLICY",)
    assert core.fire(who=ANN, risk="0.3%").state is ActState.ROUTED


# --- invitations ------------------------------------------------------------------------------------------


def test_an_invitation_makes_its_first_user_an_operator_once(core: Core) -> None:
    assert problem(core.ask(calls.OperatorInvite("ann", accounts=("alpha",)), extra=CODE)) == ""
    assert problem(core.ask(calls.OperatorClaim(crew.digest_of("wrong")), EVE)) == "FORBIDDEN"
    assert problem(core.ask(calls.OperatorClaim(CODE), ANN)) == ""
    assert core.state.role(ANN) is Role.TRADER and core.state.operators["ann"].policy == "starter"
    assert problem(core.ask(calls.OperatorClaim(CODE), EVE)) == "FORBIDDEN"
    assert core.state.role(EVE) is Role.NONE


@pytest.mark.parametrize("ended", [calls.OperatorSuspend("bob"), calls.OperatorRole("bob", "trader")])
def test_an_invitation_of_who_may_invite_no_more_lets_nobody_in(core: Core, ended: Verb) -> None:
    core.ask(calls.OperatorAdd("bob", "commander", BOB))
    assert problem(core.ask(calls.OperatorInvite("ann"), BOB, extra=CODE)) == ""
    assert problem(core.ask(ended)) == ""
    assert problem(core.ask(calls.OperatorClaim(CODE), ANN)) == "FORBIDDEN"


def test_an_invitation_is_over_after_fifteen_minutes(core: Core) -> None:
    core.ask(calls.OperatorInvite("ann"), extra=CODE)
    core.now_ns += 15 * MINUTE + 1
    assert problem(core.ask(calls.OperatorClaim(CODE), ANN)) == "FORBIDDEN"


def test_an_invitation_gives_no_more_than_a_trader(core: Core) -> None:
    assert problem(core.ask(calls.OperatorInvite("ann", role="approver"), extra=CODE)) == "USAGE"


# --- suspension -------------------------------------------------------------------------------------------


def test_any_trader_suspends_anyone_and_only_a_commander_restores_at_a_shell(core: Core) -> None:
    add(core)
    assert problem(core.ask(calls.OperatorSuspend("commander", "phone lost"), ANN)) == ""
    assert core.state.role(BOSS) is Role.NONE
    assert problem(core.ask(calls.OperatorRestore("commander"), ANN)) == "FORBIDDEN"
    count = len(core.records)
    assert problem(core.ask(calls.Halt(), BOSS)) == "FORBIDDEN"
    assert [record.type for record in core.records[count:]] == ["CALL_REFUSED"]
    assert problem(core.ask(calls.OperatorRestore("commander"), BOSS)) == ""  # nobody else is left who could
    assert core.state.role(BOSS) is Role.COMMANDER


def test_a_screen_at_a_shell_is_a_shell(core: Core) -> None:
    """The last commander restores themself in the TUI as at a prompt: the kernel knows them in either."""
    add(core)
    core.ask(calls.OperatorSuspend("commander", "phone lost"), ANN)
    core.step(i.Requested(900, Actor(BOSS, Surface.TUI), "", calls.OperatorRestore("commander")))
    assert problem(core.replies[900]) == "" and core.state.role(BOSS) is Role.COMMANDER
    assert core.records[-1].surface == "tui"


def test_a_viewer_suspends_themself_and_nobody_else(core: Core) -> None:
    add(core, role="viewer")
    assert problem(core.ask(calls.OperatorSuspend("commander"), ANN)) == "FORBIDDEN"
    assert problem(core.ask(calls.OperatorSuspend("ann", "phone lost"), ANN)) == ""
    assert core.state.role(ANN) is Role.NONE
    assert problem(core.ask(calls.OperatorSuspend("ann"), ANN)) == "FORBIDDEN", "once suspended, nothing"


def test_a_suspended_commander_does_not_restore_while_another_can(core: Core) -> None:
    add(core, role="commander")
    core.ask(calls.OperatorSuspend("ann"))
    assert problem(core.ask(calls.OperatorRestore("ann"), ANN)) == "FORBIDDEN"
    actor = Actor(BOSS, Surface.BOT)
    core.step(i.Requested(900, actor, "", calls.OperatorRestore("ann")))
    assert problem(core.replies[900]) == "FORBIDDEN"
    assert problem(core.ask(calls.OperatorRestore("ann"))) == ""


def test_what_a_suspended_operator_asked_for_is_void_and_what_waits_is_denied(core: Core) -> None:
    add(core)
    first = core.fire()
    waiting = core.fire(who=ANN)
    core.ask(calls.OperatorSuspend("ann"))
    core.result(first, f.RowState.REFUSED)
    assert (waiting.state, waiting.codes) == (ActState.DENIED, ("ROLE",))


# --- one fire, several accounts ---------------------------------------------------------------------------


def acts_of(core: Core, mission: str) -> list[Any]:
    number = next(n for n in core.state.missions if show(IdKind.MISSION, n) == mission)
    return [core.state.acts[act] for act in core.state.missions[number].acts]


def test_a_group_makes_one_fire_each_with_its_multiplier(two: Core) -> None:
    two.ask(calls.AccountGroup("both", {"alpha": "1", "beta": "0.5"}))
    mission = two.mission()
    two.send(calls.Fire(mission, group="both"))
    first, second = acts_of(two, mission)
    assert (first.account, second.account) == ("alpha", "beta")
    assert {first.state, second.state} == {ActState.ROUTED}
    assert first.order.volume_steps == 2 * second.order.volume_steps
    assert second.risk_asked_percent == Decimal("0.25")


def test_each_account_is_judged_by_itself_and_the_answer_says_partly(two: Core) -> None:
    two.ask(calls.Halt(account="beta", wait_s=0.0))
    mission = two.mission()
    number = two.send(calls.Fire(mission, accounts=("alpha", "beta")))
    first, second = acts_of(two, mission)
    assert (first.state, second.state, second.codes) == (ActState.ROUTED, ActState.DENIED, ("AUTHORITY",))
    two.done(first)
    assert problem(two.replies[number]) == "PARTLY"


def test_the_same_key_answers_for_all_of_them(two: Core) -> None:
    mission = two.mission()
    two.send(calls.Fire(mission, all_accounts=True), key="k")
    two.send(calls.Fire(mission, all_accounts=True), key="k")
    assert len(acts_of(two, mission)) == 2
    assert problem(two.ask(calls.Fire(mission, account="alpha"), key="k")) == "CONFLICT"


def test_a_dry_run_has_a_row_an_account_and_writes_nothing(two: Core) -> None:
    two.ask(calls.Halt(account="beta", wait_s=0.0))
    mission, count = two.mission(), len(two.records)
    reply = two.ask(calls.Fire(mission, all_accounts=True, dry_run=True))
    assert [(row.account, row.codes) for row in reply.data.targets] == [("alpha", ()), ("beta", ("AUTHORITY",))]  # type: ignore[union-attr]
    assert problem(reply) == "PARTLY" and len(two.records) == count + 0


def test_a_dry_run_says_of_each_what_was_measured(two: Core) -> None:
    two.ask(calls.Halt(account="beta", wait_s=0.0))
    rows = two.ask(calls.Fire(two.mission(), all_accounts=True, dry_run=True)).data.targets  # type: ignore[union-attr]
    assert rows[0].failed == ()
    assert [(row.code, row.measured) for row in rows[1].failed] == [("AUTHORITY", "HALTED")]


def test_the_sizes_that_were_shown_are_sent_whatever_a_group_says_by_then(two: Core) -> None:
    two.ask(calls.AccountGroup("both", {"alpha": "1", "beta": "0.5"}))
    mission = two.mission()
    told = two.ask(calls.Fire(mission, group="both", dry_run=True)).data.targets  # type: ignore[union-attr]
    two.ask(calls.AccountGroup("both", {"alpha": "3", "beta": "3"}))
    two.send(calls.Fire(mission, sized=tuple(calls.Sized(row.account, row.volume) for row in told)))
    acts = acts_of(two, mission)
    assert {act.account: volume_text(act.order.volume_steps, act.volume_step) for act in acts} == {
        row.account: row.volume for row in told
    }
    assert all(act.volume_asked_steps == act.order.volume_steps for act in acts)


def test_a_size_that_was_shown_is_judged_by_the_limits_of_now(two: Core) -> None:
    """Its account has not become rich meanwhile: what would be too much is denied, and never made smaller."""
    mission = two.mission()
    told = two.ask(calls.Fire(mission, dry_run=True)).data.targets[0]  # type: ignore[union-attr]
    two.ask(calls.AccountLimits("alpha", {"risk_per_trade_max_percent": "0.1"}))
    two.send(calls.Fire(mission, sized=(calls.Sized("alpha", told.volume),)))
    (act,) = acts_of(two, mission)
    assert (act.state, act.codes) == (ActState.DENIED, ("RISK_PER_TRADE",))


SIZED = (calls.Sized("alpha", "0.01"),)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sized": SIZED, "all_accounts": True}, "USAGE"),
        ({"sized": SIZED, "volume": "0.01"}, "USAGE"),
        ({"sized": SIZED, "risk": "0.5%"}, "USAGE"),
        ({"sized": SIZED * 2}, "USAGE"),
        ({"sized": (calls.Sized("alpha", "0.015"),)}, "USAGE"),
        ({"sized": (calls.Sized("gamma", "0.01"),)}, "NOT_FOUND"),
        ({"account": "alpha", "all_accounts": True}, "USAGE"),
        ({"accounts": ("alpha", "alpha")}, "USAGE"),
        ({"accounts": ("alpha", "gamma")}, "NOT_FOUND"),
        ({"group": "none"}, "NOT_FOUND"),
        ({"group": "tiny", "volume": "0.01"}, "USAGE"),
    ],
)
def test_a_request_that_cannot_be_whole_sends_nothing(two: Core, fields: dict[str, Any], code: str) -> None:
    two.ask(calls.AccountGroup("tiny", {"alpha": "1", "beta": "0.5"}))
    assert problem(two.ask(calls.Fire(two.mission(), **fields))) == code
    assert not two.state.acts


@pytest.mark.parametrize("multiplier", ["0", "-1", "11", "x"])
def test_a_multiplier_is_above_nothing_and_bounded(two: Core, multiplier: str) -> None:
    assert problem(two.ask(calls.AccountGroup("g", {"alpha": multiplier}))) == "USAGE"
    assert not two.state.groups


def test_a_group_goes_with_its_members(two: Core) -> None:
    two.ask(calls.AccountGroup("g", {"alpha": "1"}))
    two.ask(calls.AccountGroup("g", {}))
    assert not two.state.groups


def test_a_fire_without_a_choice_goes_to_the_primary_account(two: Core) -> None:
    add(two, accounts=("alpha",))
    two.ask(calls.TerminalAssign("t2", "ann", primary=True))
    assert two.fire(who=ANN).account == "beta"


# --- limits of one account, and changes that wait ---------------------------------------------------------


def limits(core: Core, clear: tuple[str, ...] = (), who: str = BOSS, **values: str) -> Any:
    return core.ask(calls.AccountLimits("alpha", values, clear), who)


def test_a_tighter_limit_holds_at_once(core: Core) -> None:
    assert problem(limits(core, open_positions_max="0")) == ""
    assert core.fire().codes == ("OPEN_POSITIONS",)


def test_an_account_never_has_more_than_everywhere(core: Core) -> None:
    limits(core, open_positions_max="900", margin_level_min_percent="1")
    holds = limiting.limits_for(core.state, "alpha")
    assert holds.open_positions_max == core.state.limits.open_positions_max
    assert holds.margin_level_min_percent == core.state.limits.margin_level_min_percent


def test_a_looser_limit_waits_a_day(core: Core) -> None:
    limits(core, open_positions_max="1")
    reply = limits(core, open_positions_max="2", fires_per_minute_max="1")
    assert problem(reply) == "PENDING"
    assert core.state.accounts["alpha"].limits == {"open_positions_max": "1", "fires_per_minute_max": "1"}
    core.step(i.Clock(), 24 * 3_600_000 - 10)
    assert core.state.accounts["alpha"].limits["open_positions_max"] == "1"
    core.step(i.Clock(), 10)
    assert core.state.accounts["alpha"].limits["open_positions_max"] == "2" and not core.state.changes


def test_a_second_commander_makes_it_at_once_and_the_first_does_not(core: Core) -> None:
    add(core, role="commander")
    limits(core, open_positions_max="1")
    reply = limits(core, clear=("open_positions_max",))
    change = reply.problem.facts["change"]
    assert problem(core.ask(calls.Approve(change))) == "FORBIDDEN"
    assert problem(core.ask(calls.Approve(change), ANN)) == ""
    assert core.state.accounts["alpha"].limits == {}
    assert problem(core.ask(calls.Approve(change), ANN)) == "NOT_FOUND"


def test_a_commander_alone_is_their_own_second_person_ten_minutes_later(core: Core) -> None:
    limits(core, open_positions_max="1")
    change = limits(core, open_positions_max="2").problem.facts["change"]
    core.now_ns += 10 * MINUTE - 1
    assert problem(core.ask(calls.Approve(change))) == "FORBIDDEN"
    core.now_ns += 1
    assert problem(core.ask(calls.Approve(change))) == ""
    assert core.state.accounts["alpha"].limits == {"open_positions_max": "2"}


def test_a_newer_setting_voids_what_waits(core: Core) -> None:
    limits(core, open_positions_max="1")
    limits(core, open_positions_max="3")
    limits(core, open_positions_max="0")
    core.now_ns += 25 * HOUR
    core.clock()
    assert core.state.accounts["alpha"].limits == {"open_positions_max": "0"}


def test_a_change_is_dropped_or_void_with_its_asker(core: Core) -> None:
    add(core, role="commander")
    limits(core, open_positions_max="1")
    change = limits(core, open_positions_max="2").problem.facts["change"]
    assert problem(core.ask(calls.ChangeDrop(change, "no"))) == ""
    limits(core, open_positions_max="2")
    core.ask(calls.OperatorSuspend("commander"), ANN)
    assert not core.state.changes


@pytest.mark.parametrize("values", [{"no": "1"}, {"currency": "1"}, {"open_positions_max": "1.5"}, {}])
def test_what_is_no_limit_is_usage(core: Core, values: dict[str, str]) -> None:
    assert problem(core.ask(calls.AccountLimits("alpha", values))) == "USAGE"


numbers = st.integers(0, 900).map(str)
owned = st.dictionaries(st.sampled_from(limiting.own_limits()), numbers, max_size=4)


@given(owned, owned)
def test_what_is_not_named_loosened_is_nowhere_looser(before: dict[str, str], after: dict[str, str]) -> None:
    looser = set(limiting.loosened(before, after))
    core = Core()
    account = core.state.accounts["alpha"]

    def holding(own: dict[str, str]) -> Limits:
        account.limits = own
        return limiting.limits_for(core.state, "alpha")

    was, now = holding(before), holding(after)
    for name in set(limiting.own_limits()) - looser - {"risk_per_trade_percent"}:
        one, other = getattr(was, name), getattr(now, name)
        if one is None or other is None:  # unset is the loosest
            assert one is None
            continue
        assert other >= one if limiting.is_floor(name) else other <= one


def test_every_limit_has_a_direction_that_its_name_tells() -> None:
    floors = {name for name in limiting.own_limits() if limiting.is_floor(name)}
    assert floors == {"margin_level_min_percent", "cool_down_minutes"}


# --- raising authority in a real home ---------------------------------------------------------------------


def test_a_real_home_is_resumed_by_a_second_person(make: Callable[..., Core]) -> None:
    core = make(mode=HomeMode.REAL)
    core.connect()
    second(core)
    core.ask(calls.Halt(wait_s=0.0))
    reply = core.ask(calls.Resume(reason="looked"))
    assert problem(reply) == "PENDING" and core.state.authority is Authority.HALTED
    assert not core.sent(f.Resume)
    change = reply.problem.facts["change"]  # type: ignore[union-attr]
    assert problem(core.ask(calls.Approve(change))) == "FORBIDDEN"
    assert problem(core.ask(calls.Approve(change), ANN)) == ""
    assert core.state.authority is Authority.ACTIVE
    assert len(core.sent(f.Resume)) == 1


def test_halting_again_voids_a_resume_that_waits(make: Callable[..., Core]) -> None:
    core = make(mode=HomeMode.REAL)
    core.connect()
    core.ask(calls.Halt(wait_s=0.0))
    core.ask(calls.Resume())
    core.ask(calls.Halt(wait_s=0.0))
    assert not core.state.changes and core.state.authority is Authority.HALTED


@pytest.mark.parametrize("policy", ["wide", "full"])
def test_a_looser_policy_for_somebody_waits_in_a_real_home(make: Callable[..., Core], policy: str) -> None:
    """Neither a new policy nor a built-in one goes round the second person."""
    core = make(mode=HomeMode.REAL)
    second(core)
    add(core, "bob", identity="uid:77", policy="starter")
    core.ask(calls.PolicySet("wide", ("demo", "live"), open_max=50))
    reply = core.ask(calls.OperatorPolicy("bob", policy))
    assert problem(reply) == "PENDING" and core.state.operators["bob"].policy == "starter"
    change = reply.problem.facts["change"]  # type: ignore[union-attr]
    assert problem(core.ask(calls.Approve(change), ANN)) == ""
    assert core.state.operators["bob"].policy == policy
    core.verify()


def test_a_tighter_policy_holds_at_once_and_ends_what_waits(make: Callable[..., Core]) -> None:
    core = make(mode=HomeMode.REAL)
    add(core, "bob", identity="uid:77", policy="starter")
    assert problem(core.ask(calls.OperatorPolicy("bob", "full"))) == "PENDING"
    assert problem(core.ask(calls.OperatorPolicy("bob", "starter"))) == ""
    assert not core.state.changes and core.state.operators["bob"].policy == "starter"


# --- terminals --------------------------------------------------------------------------------------------


@pytest.fixture
def pair(make: Callable[..., Core]) -> Core:
    """Two terminals of one account, both READY."""
    core = make(terminals=(("t1", "alpha", 1), ("t2", "alpha", 1)))
    core.connect("t1")
    core.connect("t2")
    core.ticks(110_000, 110_010, after_ms=1)
    core.ticks(110_000, 110_010, "t2", after_ms=1)
    return core


def test_the_lane_goes_where_a_person_says_and_back_when_that_one_is_gone(pair: Core) -> None:
    first = pair.fire()
    assert first.terminal == "t1"
    pair.result(first, f.RowState.REFUSED)
    assert problem(pair.ask(calls.TerminalFailover("t2", "t1 is slow"))) == ""
    second = pair.fire()
    assert second.terminal == "t2"
    pair.result(second, f.RowState.REFUSED)
    pair.wait(4_000, beat=("t1",))
    assert pair.fire().terminal == "t1"


def test_the_lane_is_not_given_to_one_that_cannot_hold_it(pair: Core) -> None:
    pair.ask(calls.TerminalDuty("t2", "draining"))
    assert problem(pair.ask(calls.TerminalFailover("t2"))) == "CONFLICT"


def test_an_unknown_blocks_the_account_whichever_terminal_has_the_lane(pair: Core) -> None:
    first = pair.fire()
    pair.wait(9_000, beat=("t1", "t2"))
    assert first.state is ActState.UNKNOWN
    assert problem(pair.ask(calls.TerminalFailover("t2"))) == "CONFLICT"
    assert pair.fire().state is ActState.QUEUED


def test_draining_takes_no_new_fires_and_quarantine_is_a_commanders_to_end(core: Core) -> None:
    add(core)
    core.ask(calls.TerminalDuty("t1", "draining", "for today"), ANN)
    assert core.fire().codes == ("TERMINAL_DUTY",)
    core.ask(calls.TerminalDuty("t1", "quarantined"), ANN)
    assert problem(core.ask(calls.TerminalDuty("t1", "active", "fine"), ANN)) == "FORBIDDEN"
    assert problem(core.ask(calls.TerminalDuty("t1", "active"))) == "USAGE"
    assert problem(core.ask(calls.TerminalDuty("t1", "active", "looked"))) == ""
    assert core.fire().state is ActState.ROUTED


def test_kinds_of_policies_are_real_kinds() -> None:
    assert set(crew.BUILT_IN["full"].kinds) == set(AccountKind)
    assert AccountKind.LIVE not in crew.BUILT_IN["starter"].kinds


# --- commanders of a real home ----------------------------------------------------------------------------


@pytest.fixture
def real(make: Callable[..., Core]) -> Core:
    core = make(mode=HomeMode.REAL)
    core.connect()
    return core


def waiting(reply: Any) -> str:
    assert problem(reply) == "PENDING", reply
    return str(reply.problem.facts["change"])


def second(core: Core, name: str = "ann", identity: str = ANN) -> None:
    """A commander alone makes the first second one, ten minutes later."""
    change = waiting(core.ask(calls.OperatorAdd(name, "commander", identity, "full", ("*",))))
    assert problem(core.ask(calls.Approve(change))) == "FORBIDDEN"
    core.now_ns += 10 * MINUTE
    assert problem(core.ask(calls.Approve(change))) == ""


def test_nobody_makes_their_own_second_person(real: Core) -> None:
    second(real)
    change = waiting(real.ask(calls.OperatorAdd("me", "commander", "uid:2000", "full", ("*",))))
    real.now_ns += 25 * HOUR
    real.clock()
    assert problem(real.ask(calls.Approve(change))) == "FORBIDDEN"
    assert real.state.role("uid:2000") is Role.NONE
    assert problem(real.ask(calls.Approve(change), ANN)) == ""
    assert real.state.role("uid:2000") is Role.COMMANDER


def test_suspending_the_other_makes_nobody_alone(real: Core) -> None:
    second(real)
    change = waiting(real.ask(calls.OperatorRole("ann", "viewer")))
    real.ask(calls.OperatorSuspend("ann"))
    real.now_ns += 11 * MINUTE
    assert problem(real.ask(calls.Approve(change))) == "FORBIDDEN"


def test_a_commander_who_goes_has_a_day_and_what_they_asked_for_goes_with_them(real: Core) -> None:
    second(real)
    theirs = waiting(real.ask(calls.OperatorAdd("bob", "commander", "uid:2000", "full", ("*",)), ANN))
    waiting(real.ask(calls.OperatorRemove("ann")))
    assert real.state.role(ANN) is Role.COMMANDER
    real.now_ns += 24 * HOUR
    real.clock()
    assert real.state.role(ANN) is Role.NONE and not real.state.changes
    assert problem(real.ask(calls.Approve(theirs))) == "NOT_FOUND"


def test_a_change_that_does_not_fit_any_more_is_void(real: Core) -> None:
    second(real)
    change = waiting(real.ask(calls.OperatorAdd("bob", "commander", "uid:2000", "full", ("*",))))
    real.ask(calls.OperatorAdd("bob", "viewer", "uid:3000"))
    assert problem(real.ask(calls.Approve(change), ANN)) == "CONFLICT"
    assert real.state.role("uid:2000") is Role.NONE and not real.state.changes


# --- in a real home nobody gets more by way of a person ---------------------------------------------------


def test_an_identity_for_who_decides_waits_for_another(real: Core) -> None:
    """Else one commander would be the other, too."""
    second(real)
    change = waiting(real.ask(calls.OperatorLink("ann", "telegram:7")))
    assert real.state.role("telegram:7") is Role.NONE
    assert problem(real.ask(calls.Approve(change))) == "FORBIDDEN"
    assert problem(real.ask(calls.Approve(change), ANN)) == ""
    assert real.state.role("telegram:7") is Role.COMMANDER
    assert problem(real.ask(calls.OperatorLink("commander", "telegram:8"))) == ""  # one's own
    assert real.state.role("telegram:8") is Role.COMMANDER


def test_an_identity_that_is_somebody_elses_by_then_is_not_linked(real: Core) -> None:
    second(real)
    change = waiting(real.ask(calls.OperatorLink("ann", "telegram:7")))
    real.ask(calls.OperatorAdd("bob", "viewer", "telegram:7"))
    assert problem(real.ask(calls.Approve(change), ANN)) == "CONFLICT"


def test_an_identity_that_comes_later_voids_a_role_that_waits(real: Core) -> None:
    """What the second person read is who it was."""
    second(real)
    real.ask(calls.OperatorAdd("bob", "trader", "uid:2000"))
    change = waiting(real.ask(calls.OperatorRole("bob", "commander")))
    assert "uid:2000" in real.state.changes[max(real.state.changes)].text
    assert problem(real.ask(calls.OperatorLink("bob", "telegram:7"))) == ""
    assert problem(real.ask(calls.Approve(change), ANN)) == "NOT_FOUND"
    assert real.state.role("telegram:7") is Role.TRADER


@pytest.mark.parametrize("verb", [calls.OperatorRole("bob", "commander"), calls.OperatorPolicy("bob", "full")])
@pytest.mark.parametrize("invited", [False, True])
def test_what_waits_for_somebody_is_not_for_another_of_the_same_name(real: Core, verb: Any, invited: bool) -> None:
    """Else who removes them and joins under their name with a phone of their own would be their second person."""
    second(real)
    real.ask(calls.OperatorAdd("bob", "trader", "uid:2000", "starter"))
    change = waiting(real.ask(verb))
    assert problem(real.ask(calls.OperatorRemove("bob"))) == ""
    if invited:
        real.ask(calls.OperatorInvite("bob", "trader"), extra=CODE)
        assert problem(real.ask(calls.OperatorClaim(CODE), "telegram:7")) == ""
    else:
        assert problem(real.ask(calls.OperatorAdd("bob", "trader", "telegram:7", "starter"))) == ""
    assert problem(real.ask(calls.Approve(change), ANN)) == "NOT_FOUND"
    assert (real.state.role("telegram:7"), real.state.operators["bob"].policy) == (Role.TRADER, "starter")


@pytest.mark.parametrize(
    "verb", [calls.OperatorAdd("bob", "approver", "uid:2000"), calls.OperatorRole("eve", "approver")]
)
def test_an_approver_is_made_by_two(real: Core, verb: Any) -> None:
    second(real)
    real.ask(calls.OperatorAdd("eve", "trader", "uid:2000" if isinstance(verb, calls.OperatorRole) else "uid:3000"))
    change = waiting(real.ask(verb))
    assert real.state.role("uid:2000") < Role.APPROVER
    assert problem(real.ask(calls.Approve(change), ANN)) == ""
    assert real.state.role("uid:2000") is Role.APPROVER
    assert problem(real.ask(calls.OperatorRole(verb.name, "viewer"))) == ""  # at once
    assert real.state.role("uid:2000") is Role.VIEWER


def test_leaving_and_joining_again_is_no_way_to_a_looser_policy(real: Core) -> None:
    second(real)
    for policy in ("full", "wide"):
        real.ask(calls.PolicySet("wide", ("demo",), open_max=9))
        real.ask(calls.OperatorAdd("bob", "trader", "uid:2000"))
        real.ask(calls.OperatorRemove("bob"))
        change = waiting(real.ask(calls.OperatorAdd("bob", "trader", "uid:2000", policy)))
        assert real.state.role("uid:2000") is Role.NONE
        assert problem(real.ask(calls.Approve(change), ANN)) == ""
        assert real.state.operators["bob"].policy == policy
        real.ask(calls.OperatorRemove("bob"))
    real.ask(calls.PolicySet("tight", ("demo",), open_max=1, fires_per_day_max=1))
    assert problem(real.ask(calls.OperatorAdd("bob", "trader", "uid:2000", "tight"))) == ""


def test_an_invitation_begins_under_starter_or_less(real: Core) -> None:
    digest = crew.digest_of("CODE")
    assert problem(real.ask(calls.OperatorInvite("bob", "trader", "full"), extra=digest)) == "USAGE"
    assert problem(real.ask(calls.OperatorInvite("bob", "trader"), extra=digest)) == ""


@pytest.mark.parametrize("mode", [HomeMode.PAPER, HomeMode.REAL])
def test_a_login_has_one_account(make: Callable[..., Core], mode: HomeMode) -> None:
    """Another name for it would have limits, a peak and a day of its own."""
    core = make(mode=mode)
    kind = core.state.accounts["alpha"].kind.value
    verb = calls.TerminalEnroll("t9", "beta", 5001, "Sim", kind=kind)
    reply = core.ask(verb, extra="key-t9")
    assert problem(reply) == "CONFLICT" and "alpha" in reply.problem.message
    feeds = calls.TerminalEnroll("t9", "beta", 5001, "Sim", kind=kind, feed_only=True)
    assert problem(core.ask(feeds, extra="key-t9")) == ""
    assert problem(core.ask(calls.TerminalEnroll("t8", "gamma", 5001, "Other", kind=kind), extra="key-t8")) == ""


@pytest.mark.parametrize(
    "fields", [{"currency": "U\nSD"}, {"currency": ""}, {"server": "Sim\x1b[2J"}, {"server": ""}, {"server": "S" * 129}]
)
def test_a_terminal_is_enrolled_with_words_that_can_be_shown(core: Core, fields: dict[str, str]) -> None:
    verb = calls.TerminalEnroll("t9", "beta", 9, **{"server": "Sim", **fields})
    assert problem(core.ask(verb, extra="key-t9")) == "USAGE"
    assert "beta" not in core.state.accounts
