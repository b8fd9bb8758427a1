"""Who is shown what: a person's accounts, and the account that each record of a fire's life is about."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

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
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_what_names_accounts_and_people_in_words_is_for_those_who_see_all(core: Core, body: Body) -> None:
    record = msgspec.structs.replace(core.records[-1], type=r.NAMES[type(body)], body=r.encode(body))
    about = audience.account_of(core.state, record)
    assert audience.sees(None, about) and not audience.sees(frozenset({"alpha"}), about)
