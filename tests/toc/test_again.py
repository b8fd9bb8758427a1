"""Same key, same answer, for requests that make no act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hydrad.domain.accounts import Authority, HomeMode
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.link import frames as f
from hydrad.toc import crew, narrate
from hydrad.toc import records as r
from hydrad.toc.act import ActState
from hydrad.toc.desk import NEEDS
from hydrad.toc.desk.again import HOW, How
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
    calls.AccountCorrect("alpha", peak="12000", reason="a wrong report"),
    calls.AccountPhone("alpha", "+44 20 7946 0000"),
    calls.ServiceStop(("apex",)),
    calls.ServiceRestart(("apex",)),
]


def test_the_key_of_every_changing_call_holds_in_a_way_that_is_stated() -> None:
    assert set(HOW) == set(NEEDS)


@pytest.mark.parametrize("verb", [verb for verb, how in HOW.items() if how is How.ACTS], ids=lambda verb: verb.__name__)
def test_what_makes_acts_waits_for_them(verb: Any) -> None:
    assert "wait_s" in verb.__struct_fields__


def test_a_key_of_another_request_is_no_acts_either(core: Core) -> None:
    core.ask(CASES[0], key="k1")
    mission = core.mission()
    reply = core.ask(calls.Fire(mission), key="k1")
    assert reply.problem is not None and reply.problem.code == "CONFLICT"
    assert not core.state.acts
    long = calls.Fire(mission, reason="two\nlines")
    for _ in range(2):
        core.send(long, key="k2")
    assert len(core.state.acts) == 1


def test_a_mission_is_passed_and_withdrawn_once(core: Core) -> None:
    shown = core.mission()
    first = core.ask(calls.Withdraw(shown), key="w1")
    core.later(3_600_000)
    again = core.ask(calls.Withdraw(shown), key="w1")
    assert first.problem is None and again.problem is None
    assert again.data["state"] == first.data.state


def test_an_unknown_act_is_resolved_once(core: Core) -> None:
    fire = core.fire()
    core.wait(9_000)
    assert fire.state is ActState.UNKNOWN
    verb = calls.Resolve(show(IdKind.FIRE, sequence_of(fire.act_id)), "not-executed", reason="seen at the broker")
    answers = [core.ask(verb, key="r1") for _ in range(2)]
    assert [answer.problem for answer in answers] == [None, None]
    assert core.ask(verb, key="r2").problem.code == "CONFLICT"  # type: ignore[union-attr]


def test_a_terminal_is_enrolled_once_and_told_again_by_its_first_key(core: Core) -> None:
    verb = calls.TerminalEnroll("t9", "beta", 9, "Sim")
    first = core.ask(verb, key="e1", extra="first-key")
    again = core.ask(verb, key="e1", extra="another-key")
    assert first.problem is None and again.problem is None
    assert again.data["public_key"] == "first-key" == core.state.terminals["t9"].public_key
    assert core.ask(msgspec.structs.replace(verb, login=10), key="e1", extra="k").problem.code == "CONFLICT"  # type: ignore[union-attr]


def test_an_invitation_of_the_same_key_is_a_new_code_and_of_another_person_none(core: Core) -> None:
    verb = calls.OperatorInvite("bob")
    assert core.ask(verb, key="i1", extra=crew.digest_of("ONE")).problem is None
    assert core.ask(verb, key="i1", extra=crew.digest_of("TWO")).problem is None
    other = core.ask(calls.OperatorInvite("eve"), key="i1", extra=crew.digest_of("SIX"))
    assert other.problem is not None and other.problem.code == "CONFLICT"
    assert core.ask(calls.OperatorClaim(crew.digest_of("ONE")), "uid:9").problem.code == "FORBIDDEN"  # type: ignore[union-attr]
    claims = [core.ask(calls.OperatorClaim(crew.digest_of("TWO")), "uid:9", key="c1") for _ in range(2)]
    assert [claim.problem for claim in claims] == [None, None]


def test_a_halt_is_never_refused_for_its_key(core: Core) -> None:
    core.ask(CASES[0], key="k1")
    core.send(calls.Halt(), key="k1")
    assert core.state.authority is Authority.HALTED


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
    named = ("toc",) if verb.__struct_fields__[0] == "names" else "beta"
    other = core.ask(msgspec.structs.replace(verb, **{verb.__struct_fields__[0]: named}), key="k1")
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
    told = [narrate.event(core.state, record).text for record in core.records if record.type == "REQUEST_ANSWERED"]
    assert told[-1] == "answered: everything is ACTIVE, verified at 1 of 1 terminals"


@pytest.mark.parametrize(
    ("schema", "problem", "told"),
    [
        ("", b"", "asked, its answer follows"),
        ("hydra.note/v1", b"", "answered: done (note)"),
        (
            "hydra.halt/v1",
            b'{"code":"FORBIDDEN","message":"needs a commander"}',
            "answered FORBIDDEN: needs a commander",
        ),
    ],
)
def test_what_was_answered_is_told_in_words(core: Core, schema: str, problem: bytes, told: str) -> None:
    halted(core)
    body = r.RequestAnswered("k", b"", schema, b"null", problem)
    record = msgspec.structs.replace(core.records[-1], type="REQUEST_ANSWERED", body=r.encode(body))
    assert narrate.event(core.state, record).text == told


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
