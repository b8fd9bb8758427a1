"""Same key, same answer, for requests that make no act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hydrad.domain.accounts import Authority, HomeMode
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.link import frames as f
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


# --- resume: answered when the terminals have confirmed ---------------------------------------------------


def halted(core: Core) -> None:
    core.send(calls.Halt(wait_s=0.0))
    core.up(f.Halted(True, "test"))


def types(core: Core) -> list[str]:
    return [record.type for record in core.records]


def test_a_repeated_resume_changes_nothing_and_gets_the_first_answer(core: Core) -> None:
    halted(core)
    first = core.send(calls.Resume(), key="k1")
    joined = core.send(calls.Resume(), key="k1")  # asked again before anything was answered
    assert not {first, joined} & core.replies.keys()
    core.now_ns += 1_000_000
    core.up(f.Halted(False, "test"))
    assert core.replies[first].problem is core.replies[joined].problem is None
    core.restart()
    again = core.ask(calls.Resume(), key="k1")
    assert again.schema == "hydra.halt/v1" and again.problem is None
    assert again.data == msgspec.json.decode(msgspec.json.encode(core.replies[first].data))
    assert types(core).count("AUTHORITY_SET") == 2


def test_a_resume_that_is_repeated_after_another_halt_does_not_release_it(core: Core) -> None:
    halted(core)
    core.send(calls.Resume(), key="k1")  # its answer is lost
    core.restart()
    halted(core)
    number = core.send(calls.Resume(), key="k1")
    core.wait(3_000)
    assert core.state.authority is Authority.HALTED
    assert core.replies[number].data.authority == "HALTED" and core.replies[number].problem is not None


def test_a_resumes_key_is_a_conflict_with_other_parameters_and_for_other_verbs(core: Core) -> None:
    halted(core)
    core.send(calls.Resume(), key="k1")
    for verb in (calls.Resume("alpha"), calls.Fire(core.mission())):
        problem = core.ask(verb, key="k1").problem
        assert problem is not None and problem.code == "CONFLICT", verb
    core.send(calls.Fire(core.mission()), key="f1")
    problem = core.ask(calls.Resume(), key="f1").problem
    assert problem is not None and problem.code == "CONFLICT"
    core.send(calls.Halt(), key="k1")  # a halt is never refused
    assert core.state.authority is Authority.HALTED


def test_in_a_real_home_the_change_that_waits_is_told_again(make: Callable[..., Core]) -> None:
    core = make(HomeMode.REAL)
    core.connect()
    halted(core)
    first = core.ask(calls.Resume(), key="k1").problem
    again = core.ask(calls.Resume(), key="k1").problem
    assert first is not None and first.code == "PENDING" and again == first
    assert types(core).count("CHANGE_ASKED") == 1


def test_a_fires_key_that_a_note_has_used_is_a_conflict(core: Core) -> None:
    mission = core.mission()
    core.ask(noted(core), key="n1")
    problem = core.ask(calls.Fire(mission), key="n1").problem
    assert problem is not None and problem.code == "CONFLICT"
