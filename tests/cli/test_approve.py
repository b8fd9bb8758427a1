"""The second person at the shell: what is shown before the word, what the word sends, and which exit code follows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydrad.domain.ids import IdKind, show
from hydrad.wire.answers import Problem
from hydrad.wire.answers.acts import ApprovalView, CheckRow
from hydrad.wire.answers.status import WaitingRow

C = show(IdKind.CHANGE, 7)


@pytest.fixture
def waits(wire: Any) -> Any:
    """A fire that waits, as the daemon answers it."""
    view = ApprovalView(
        why=("risk 0.900 % above 0.5 %",), asked_by="tom", asked_at=wire.TS, due_at=wire.TS,
        mission_expires_at=wire.TS, approvers=("ann", "bob"), how=f"hydractl approve {wire.F}, by ann or bob",
        approved_by=None, approved_at=None, surface=None,
    )  # fmt: skip
    act = msgspec.structs.replace(
        wire.ACT, state="AWAITING_APPROVAL", ticket=None, price=None, approval=view,
        verdict="AWAITING APPROVAL by a second person: risk 0.900 % above 0.5 %",
    )  # fmt: skip
    return msgspec.structs.replace(wire.FIRE, act=act, acts=(act,))


PENDING = Problem("PENDING", "AWAITING APPROVAL by a second person", "hydractl approve F, by ann or bob")


def test_a_fire_that_waits_is_8_and_says_who_and_how(fake: Any, hydractl: Any, wire: Any, waits: Any) -> None:
    fake.script = lambda call: wire.answer(call, data=waits, error=PENDING)
    done = hydractl("fire", wire.M, "--yes")
    assert done.returncode == 8
    assert "AWAITING_APPROVAL" in done.stdout and f"hydractl approve {wire.F}, by ann or bob" in done.stdout


def test_a_dry_run_that_would_wait_is_8_and_one_that_would_be_denied_besides_is_6(
    fake: Any, hydractl: Any, wire: Any
) -> None:
    lacks = CheckRow(code="APPROVAL", ok=False, measured="volume 0.22 above 0.1 lots", limit="two people")
    data = msgspec.structs.replace(
        wire.FIRE, dry_run=True, act=None, acts=(), would="would be AWAITING APPROVAL", checks=(wire.CHECKS[0], lacks)
    )
    fake.script = lambda call: wire.answer(call, data=data, error=PENDING)
    assert hydractl("fire", wire.M, "--dry-run").returncode == 8
    both = msgspec.structs.replace(data, checks=(*wire.FAILED, lacks), would="would be DENIED: SPREAD, APPROVAL")
    fake.script = lambda call: wire.answer(call, data=both, error=Problem("DENIED", "denied"))
    assert hydractl("fire", wire.M, "--dry-run").returncode == 6


def test_approving_a_fire_is_one_request_with_a_key_and_its_exit_code_is_the_brokers(
    fake: Any, hydractl: Any, wire: Any
) -> None:
    assert hydractl("approve", wire.F.lower(), "--yes", "--key", "k").returncode == 0
    (call,) = [call for call in fake.calls if wire.verb_of(call) == "approve"]
    assert (call.body.id, call.body.wait_s, call.key) == (wire.F, 10.0, "k")
    denied = msgspec.structs.replace(wire.ACT, state="DENIED", verdict="DENIED by us: SPREAD", codes=("SPREAD",))
    data = msgspec.structs.replace(wire.FIRE, act=denied, acts=(denied,), checks=wire.FAILED)
    fake.script = lambda call: wire.answer(call, data=data, error=Problem("DENIED", "denied"))
    assert hydractl("approve", wire.F, "--yes").returncode == 6


def test_approving_a_change_is_answered_as_a_change(fake: Any, hydractl: Any, wire: Any) -> None:
    fake.script = lambda call: wire.answer(call, data=wire.CHANGE)
    done = hydractl("approve", C, "--yes")
    assert done.returncode == 0 and done.stdout.splitlines()[-1].startswith("APPROVED")


@pytest.mark.parametrize("words", [["approve", "M-00000011", "--yes"], ["approve", "F-0000"], ["approve"]])
def test_without_an_id_of_what_waits_or_without_a_yes_nothing_is_sent(
    words: list[str], fake: Any, hydractl: Any
) -> None:
    assert hydractl(*words).returncode == 2
    assert fake.bodies("approve") == []


def test_a_waiting_fire_that_was_taken_back_is_0(fake: Any, hydractl: Any, wire: Any) -> None:
    act = msgspec.structs.replace(wire.ACT, state="DENIED", codes=("NOT_APPROVED",), verdict="DENIED by us")
    fake.script = lambda call: wire.answer(call, data=msgspec.structs.replace(wire.FIRE, act=act, acts=(act,)))
    assert hydractl("cancel", wire.F, "--yes").returncode == 0


def test_status_names_what_waits_and_that_one_person_does(fake: Any, hydractl: Any, wire: Any) -> None:
    row = WaitingRow(
        id=wire.F, account="paper-1", text="BUY 0.10 EURUSD", why="risk", asked_by="tom", due_at=wire.TS, age_s=61.0,
        how=f"hydractl approve {wire.F}, by ann",
    )  # fmt: skip
    data = msgspec.structs.replace(wire.DATA["status"][1], approvals=(row,), one_person="boss")
    fake.script = lambda call: wire.answer(call, data=data)
    text = hydractl("status").stdout
    assert f"{wire.F} BUY 0.10 EURUSD on paper-1 waits" in text and "by ann" in text
    assert "one person: boss" in text
