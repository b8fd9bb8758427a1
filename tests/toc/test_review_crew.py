"""Refusals and odd requests that must end as an answer, never as the daemon's end."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import HOUR, MINUTE
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import crew, desk
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.act import ActState
from hydrad.toc.desk import operators
from hydrad.wire import calls
from hydrad.wire.calls.base import Verb
from tests.toc.conftest import BOSS, Core

ANN = "uid:1001"
DAEMONS_OWN = (
    calls.Down(),
    calls.Reload(),
    calls.LogLevel("toc", "debug"),
    calls.MarketStep(),
    calls.PaperFault("requote"),
    calls.PaperCash("alpha", "1"),
    calls.PaperTrade("alpha"),
)


@pytest.mark.parametrize("verb", DAEMONS_OWN, ids=lambda verb: type(verb).__name__)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
def test_what_the_daemon_itself_carries_out_is_refused_and_journaled_by_the_core(
    core: Core, verb: Verb, role: Role
) -> None:
    core.role(ANN, role)
    count = len(core.records)
    reply = core.ask(verb, ANN)
    assert reply.problem is not None and reply.problem.code == "FORBIDDEN"
    assert [record.type for record in core.records[count:]] == ["CALL_REFUSED"]
    core.ask(calls.OperatorSuspend(ANN))
    assert core.ask(verb, ANN).problem.code == "FORBIDDEN"  # type: ignore[union-attr]
    assert core.ask(verb, "uid:6666").problem.code == "FORBIDDEN"  # type: ignore[union-attr]


def test_a_role_given_between_the_edge_and_the_core_is_no_end_of_the_daemon(core: Core) -> None:
    viewers = {calls.HudOpen, calls.HudPin}
    assert {type(verb) for verb in DAEMONS_OWN} | viewers == set(desk.NEEDS) - set(desk.VERBS)
    assert core.ask(calls.Down(), BOSS).problem.code == "CONFLICT"  # type: ignore[union-attr]


@pytest.mark.parametrize("zone", ["a" * 300, "America/" + "x" * 5_000, "a/" * 3_000, "x" * 500_000])
def test_a_zone_of_any_length_is_a_usage_error(core: Core, zone: str) -> None:
    reply = core.ask(calls.AccountDay("alpha", zone, "17:00"))
    assert reply.problem is not None and reply.problem.code == "USAGE"
    assert len(reply.problem.message) < 200


@pytest.mark.parametrize("text", ["x" * 200_000, '"' + "x" * 200_000])
def test_news_with_a_field_without_end_is_a_usage_error(core: Core, text: str) -> None:
    reply = core.ask(calls.NewsImport(text))
    assert reply.problem is not None and reply.problem.code == "USAGE"


# --- what somebody asked for who may not decide any more ------------------------------------------------


@pytest.mark.parametrize("end", [calls.OperatorRemove("ann"), calls.OperatorRole("ann", "approver")])
def test_what_a_former_commander_asked_for_is_void(core: Core, end: Verb) -> None:
    core.ask(calls.OperatorAdd("ann", "commander", ANN, "full", ("*",)))
    core.ask(calls.AccountLimits("alpha", {"open_positions_max": "0"}))
    asked = core.ask(calls.AccountLimits("alpha", {"open_positions_max": "3"}), ANN)
    assert asked.problem is not None and asked.problem.code == "PENDING"
    change = asked.problem.facts["change"]
    core.ask(end)
    assert core.state.changes == {}
    assert core.ask(calls.Approve(change)).problem.code == "NOT_FOUND"  # type: ignore[union-attr]
    core.now_ns += 25 * HOUR
    core.step(i.Clock())
    assert core.state.accounts["alpha"].limits == {"open_positions_max": "0"}


# --- bounds ---------------------------------------------------------------------------------------------


def invite(core: Core, name: str) -> str:
    reply = core.ask(calls.OperatorInvite(name), extra=crew.digest_of(name))
    return reply.problem.code if reply.problem else ""


def test_invitations_that_are_over_make_room_for_new_ones(core: Core) -> None:
    said = [invite(core, f"n{number}") for number in range(operators.INVITES_MAX + 1)]
    assert said == [""] * operators.INVITES_MAX + ["CONFLICT"]
    core.now_ns += 16 * MINUTE
    assert invite(core, "late") == ""
    assert list(core.state.invites) == ["late"]


def test_policies_and_identities_have_a_bound(core: Core) -> None:
    policies = [core.ask(calls.PolicySet(f"p{number}")).problem for number in range(operators.POLICIES_MAX + 1)]
    assert [problem.code for problem in policies if problem] == ["CONFLICT"]
    assert core.ask(calls.PolicySet("p0")).problem is None
    links = [
        core.ask(calls.OperatorLink("commander", f"uid:{5_000 + number}")).problem
        for number in range(operators.IDENTITIES_MAX)
    ]
    assert [problem.code for problem in links if problem] == ["CONFLICT"]


def test_an_account_named_often_is_given_once(core: Core) -> None:
    core.ask(calls.OperatorAdd("ann", "trader", ANN, "full", ("alpha",) * 1_000))
    assert core.state.operators["ann"].accounts == ("alpha",)


# --- what others will read ------------------------------------------------------------------------------


def test_a_reason_is_one_line_of_bounded_length_and_a_halt_is_never_refused_for_it(core: Core) -> None:
    core.send(calls.Halt(reason="\x1b[2J\n12:00:00 all is well" + "x" * 500_000))
    record = next(record for record in core.records if record.type == "AUTHORITY_SET")
    body = r.decode(record.type, record.body)
    assert isinstance(body, r.AuthoritySet) and body.level is Authority.HALTED
    assert body.reason.isprintable() and len(body.reason) == desk.REASON_MAX


# --- a looser stop is new risk; the same key, the same answer -------------------------------------------


def test_a_stop_is_loosened_by_those_alone_who_may_fire_on_its_account(core: Core) -> None:
    position = show(IdKind.POSITION, core.filled().position)
    core.ask(calls.OperatorAdd("ann", "trader", ANN, "full"))
    assert core.act(calls.Modify(position, stop="1.09700"), ANN).codes == ("ASSIGNMENT",)
    tighter = core.act(calls.Modify(position, stop="1.09850"), ANN)
    assert tighter.state is ActState.ROUTED
    core.result(tighter, RowState.REFUSED, retcode=10016)
    core.ask(calls.TerminalAssign("t1", "ann"))
    assert core.act(calls.Modify(position, stop="1.09700"), ANN).state is ActState.ROUTED


def test_an_adoption_asked_twice_with_one_key_is_answered_twice(core: Core) -> None:
    stranger = f.PositionRow(
        77, 77, "EURUSD", 1, 30, 110_050, 110_300, 0, 555, core.market_ms, Decimal(0), Decimal(0), "mine"
    )
    core.up(f.Positions((stranger,), core.market_ms, True, True))
    verb = calls.Adopt(77, "alpha", "1.10300")
    first, second = core.ask(verb, key="k"), core.ask(verb, key="k")
    assert (first.problem, second.problem) == (None, None) and first.data == second.data
    other = core.ask(calls.Adopt(77, "alpha", "1.10200"), key="k")
    assert other.problem is not None and other.problem.code == "CONFLICT"
    core.verify()
