"""Same key, same answer, for requests that make no act."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.toc.fold_arming import ANSWERS_MAX
from hydrad.wire import calls
from tests.toc.conftest import ACCOUNT, Core

ANN = "uid:1001"


def noted(core: Core) -> calls.Note:
    return calls.Note(show(IdKind.MISSION, max(core.state.missions)), "seen", None)


CASES: list[Any] = [
    calls.OperatorAdd("bob", "trader", "uid:1002"),
    calls.AccountLimits("alpha", {"open_positions_max": "2"}),
    calls.PolicySet("small", ("paper",), open_max=2),
    calls.AccountGroup("both", {"alpha": "1"}),
    calls.AccountDay("alpha", "Europe/Prague", "00:00"),
    calls.TerminalDuty("t1", "draining", "for today"),
]


@pytest.mark.parametrize("verb", CASES, ids=lambda verb: type(verb).__name__)
def test_a_repeated_key_changes_nothing_and_gets_the_first_answer(core: Core, verb: Any) -> None:
    core.up(ACCOUNT)
    first = core.ask(verb, key="k1")
    count = len(core.records)
    core.restart()
    again = core.ask(verb, key="k1")
    assert again.schema == first.schema
    assert msgspec.to_builtins(again.data) == msgspec.json.decode(msgspec.json.encode(first.data))
    assert again.problem == first.problem
    assert [record.type for record in core.records[count:]].count("REQUEST_ANSWERED") == 0
    other = core.ask(msgspec.structs.replace(verb, **{verb.__struct_fields__[0]: "beta"}), key="k1")
    assert other.problem is not None and other.problem.code == "CONFLICT"


def test_a_note_is_written_once(core: Core) -> None:
    core.mission()
    for _ in range(3):
        assert core.ask(noted(core), key="n1").problem is None
    assert sum(len(notes) for notes in core.state.notes.values()) == 1
    assert core.ask(noted(core), key="n2").problem is None
    assert core.ask(noted(core)).problem is None
    assert sum(len(notes) for notes in core.state.notes.values()) == 3


def test_a_key_is_its_askers_own_and_not_an_acts(core: Core) -> None:
    core.role(ANN, Role.COMMANDER)
    assert core.ask(CASES[2], key="k1").problem is None
    assert core.ask(calls.PolicySet("other", ("paper",)), ANN, key="k1").problem is None
    fire = core.fire(key="f1")
    reply = core.ask(calls.Note(show(IdKind.MISSION, fire.mission), "x", None), key="f1")
    assert reply.problem is not None and reply.problem.code == "CONFLICT"


def test_what_was_refused_is_asked_anew(core: Core) -> None:
    bad = calls.OperatorAdd("bob", "king", "uid:1002")
    assert core.ask(bad, key="k1").problem.code == "USAGE"  # type: ignore[union-attr]
    assert core.ask(CASES[0], key="k1").problem is None


def test_answers_that_are_kept_are_bounded(core: Core) -> None:
    for number in range(ANSWERS_MAX + 5):
        core.ask(calls.TerminalDuty("t1", "draining" if number % 2 else "active"), key=f"k{number}")
    assert len(core.state.answers) <= ANSWERS_MAX
