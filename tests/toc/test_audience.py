"""Who is shown what: a person's accounts, and the account that each record of a fire's life is about."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.link import frames as f
from hydrad.toc import audience
from hydrad.toc import records as r
from hydrad.toc.records.base import Body
from hydrad.wire import calls
from tests.toc.conftest import BOSS, Core

ANN, EVE = "uid:1001", "uid:6666"


def test_everybody_sees_their_accounts_a_commander_all_a_stranger_none(make: Callable[..., Core]) -> None:
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    core.ask(calls.OperatorAdd("ann", "trader", ANN, "full", ("alpha",)))
    assert audience.of(core.state, BOSS) is None
    assert audience.of(core.state, ANN) == frozenset({"alpha"})
    assert audience.of(core.state, EVE) == frozenset()
    core.ask(calls.OperatorSuspend("ann"))
    assert audience.of(core.state, ANN) == frozenset()


def test_who_was_given_all_accounts_sees_those_that_come_later(core: Core) -> None:
    core.ask(calls.OperatorAdd("ann", "viewer", ANN, "full", ("*",)))
    assert audience.of(core.state, ANN) is None


@pytest.mark.parametrize(
    ("shown", "account", "sees"),
    [(None, "alpha", True), (frozenset({"beta"}), "alpha", False), (frozenset({"beta"}), "", True)],
)
def test_what_is_about_no_account_everybody_sees(shown: audience.Audience, account: str, sees: bool) -> None:
    assert audience.sees(shown, account) is sees


def test_each_record_of_a_fires_life_is_about_its_account(core: Core) -> None:
    core.connect()
    core.ticks(110_000, 110_010, after_ms=1)
    core.filled()
    about = {record.type: audience.account_of(core.state, record) for record in core.records}
    of_the_fire = {"ACT_REQUESTED", "ACT_JUDGED", "ACT_MOVED", "POSITION_OPENED"}
    assert {kind: about[kind] for kind in of_the_fire} == dict.fromkeys(of_the_fire, "alpha")
    assert about["TERMINAL_SESSION"] == "alpha"
    assert about["HOME_CREATED"] == about["MISSION_PROPOSED"] == ""


BODIES = [
    r.RequestAnswered("k", b"", "hydra.x/v1", b'{"account":"bravo"}', b""),
    r.FindingMade("X", "bravo", "alpha and bravo differ by 10.00"),
    r.ContactSet("ann", "email", "ann@example.org"),
    r.AlarmCleared(99, "of an alarm that nobody remembers"),
    r.CallRefused("Fire", Role.TRADER, Role.VIEWER, "bravo is not theirs"),
    r.OperatorSet("telegram:8", "bob", Role.TRADER),
    r.OperatorAdded("bob", Role.TRADER, "full", ("telegram:8",), ("bravo",)),
    r.OperatorAccountsSet("bob", ("bravo",), "bravo"),
    r.OperatorSuspended("bob", "he lost bravo"),
    r.OperatorRestored("bob", "bravo is found"),
    r.OperatorRemoved("bob", "with bravo"),
    r.HearsSet("bob", "", "UTC", (), (), ("bravo",), None),
    r.TerminalRemoved("t9", "", "bravo's"),
    r.NoteMade(show(IdKind.FIRE, 99), "of an act that nobody remembers", ""),
    r.NoteMade(show(IdKind.POSITION, 99), "of a position that nobody remembers", ""),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_what_names_accounts_and_people_in_words_is_for_those_who_see_all(core: Core, body: Body) -> None:
    record = msgspec.structs.replace(core.records[-1], type=r.NAMES[type(body)], body=r.encode(body))
    about = audience.account_of(core.state, record)
    assert audience.sees(None, about) and not audience.sees(frozenset({"alpha"}), about)


def test_an_account_is_told_to_those_who_see_it(make: Callable[..., Core]) -> None:
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    added = [record for record in core.records if record.type == "ACCOUNT_ADDED"]
    assert [audience.account_of(core.state, record) for record in added] == ["alpha", "beta"]


def test_a_note_is_for_those_who_see_what_it_is_about(make: Callable[..., Core]) -> None:
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    for name in ("t1", "t2"):
        core.connect(name)
    mission = core.mission()
    act = core.fire(mission, account="beta")
    core.done(act)
    stranger = core.position_row(act, ticket=77, position_id=77, magic=0)
    core.up(f.Positions((core.position_row(act), stranger), core.market_ms, True, True), "t2")
    (foreign,) = core.state.foreign.values()
    number = sequence_of(act.act_id)
    for shown in (mission, show(IdKind.FIRE, number), show(IdKind.POSITION, number), show(IdKind.POSITION, foreign)):
        assert core.ask(calls.Note(shown, "read this")).problem is None, shown
    notes = [record for record in core.records if record.type == "NOTE"]
    assert [audience.account_of(core.state, record) for record in notes] == ["", "beta", "beta", "beta"]
