"""How far a request came: what was never handed to a socket is not `unknown`, and what was is never `not sent`."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hydractl import places
from hydractl.client import Client, Sent
from hydractl.diagnostics import ExitCode, Failure
from hydrad.domain.ids import IdKind, show
from hydrad.wire.answers import Problem

M = show(IdKind.MISSION, 7)


def client(path: Path, timeout_s: float = 0.3) -> Client:
    return Client(places.find(str(path), {}), timeout_s)


def failure_of(made: Client, verb: str = "pass") -> Failure:
    with pytest.raises(Failure) as failed:
        made.request(verb, mission=M)
    return failed.value


def test_without_a_daemon_nothing_is_sent(home: Path) -> None:
    made = client(home / "run" / "control.sock")
    assert failure_of(made).exit_code is ExitCode.UNREACHABLE and made.sent is Sent.NOTHING


def test_what_is_answered_was_sent_whatever_the_answer_is(fake: Any, wire: Any) -> None:
    made = client(fake.path)
    made.query("status")
    assert made.sent is Sent.NOTHING, "a query is no request"
    made.request("pass", mission=M)
    assert made.sent is Sent.ANSWERED


@pytest.mark.parametrize("after", ["hangs", "goes", "garbage"])
def test_what_was_handed_over_and_not_answered_is_unknown(fake: Any, wire: Any, after: str) -> None:
    """Also where another daemon, or none, is met by the next try."""

    def script(call: Any) -> Any:
        if after == "goes":
            fake.path.unlink()
        return {"hangs": None, "goes": wire.DROP, "garbage": b"\x00\x00\x00\x02\xc1\xc1"}[after]

    fake.script = script
    made = client(fake.path)
    failure = failure_of(made)
    assert failure.exit_code is ExitCode.UNKNOWN_OUTCOME and made.sent is Sent.UNANSWERED
    assert f"hydractl asked {made.key}" in str(failure.hint)


def test_a_daemon_of_another_version_does_nothing_that_it_is_asked(fake: Any, wire: Any) -> None:
    other = msgspec.structs.replace(wire.DAEMON, protocol=2)
    fake.script = lambda call: wire.answer(call, daemon=other)
    assert failure_of(client(fake.path)).exit_code is ExitCode.PROTOCOL


def test_the_first_daemon_may_have_done_what_the_next_refuses(fake: Any, wire: Any) -> None:
    other = msgspec.structs.replace(wire.DAEMON, protocol=2)
    fake.script = lambda call: wire.DROP if len(fake.calls) == 1 else wire.answer(call, daemon=other)
    failure = failure_of(client(fake.path))
    assert failure.exit_code is ExitCode.UNKNOWN_OUTCOME and "protocol 2" in failure.message


def test_a_frame_that_the_socket_did_not_take_whole_is_no_request(home: Path) -> None:
    """A daemon that listens and reads nothing: most of a long call stays here."""
    path = home / "run" / "full.sock"
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))
        listener.listen(1)
        made = client(path)
        with pytest.raises(Failure) as failed:
            made.request("note", text="x" * 1_000_000)
    assert failed.value.exit_code is ExitCode.UNREACHABLE and "nothing was sent" in failed.value.message
    assert made.sent is Sent.NOTHING


def test_asked_again_and_not_sent_is_as_unknown_as_it_was(fake: Any) -> None:
    fake.script = lambda call: None
    made = client(fake.path)
    failure_of(made)
    made.close()
    fake.path.unlink()
    assert failure_of(made).exit_code is ExitCode.UNREACHABLE, "this time nothing was sent"
    assert made.sent is Sent.UNANSWERED


def interrupted(*_: Any) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("where", "words", "sent"),
    [
        ("hydractl.client._connect", "nothing was done", Sent.NOTHING),
        ("hydractl.client._Connection.send", "it may have been carried out", Sent.UNANSWERED),
        ("hydractl.client._Connection.receive", "it may have been carried out", Sent.UNANSWERED),
    ],
)
def test_interrupted(fake: Any, monkeypatch: pytest.MonkeyPatch, where: str, words: str, sent: Sent) -> None:
    """While it is handed over nobody knows how much of it the socket took."""
    monkeypatch.setattr(where, interrupted)
    made = client(fake.path)
    failure = failure_of(made)
    assert failure.exit_code is ExitCode.INTERRUPTED and words in failure.message and made.sent is sent


# --- hydractl asked ---


@pytest.mark.parametrize(
    ("state", "code"), [("DONE", 0), ("DENIED", 6), ("REJECTED", 13), ("NOT_EXECUTED", 14), ("UNKNOWN", 12)]
)
def test_asked_exits_as_the_request_would(fake: Any, hydractl: Any, wire: Any, state: str, code: int) -> None:
    row = msgspec.structs.replace(wire.ACT, state=state)
    found = msgspec.structs.replace(wire.DATA["asked"][1], acts=(row,))
    fake.script = lambda call: wire.answer(call, data=found)
    done = hydractl("asked", "k1")
    assert done.returncode == code and row.id in done.stdout
    assert [call.key for call in fake.calls] == [""]


@pytest.mark.parametrize(
    ("answered", "code", "words"),
    [(True, 0, "it came, and was carried out"), (False, 12, "it came; an answer to it is not kept")],
)
def test_what_makes_no_acts_is_told_by_its_answer(
    fake: Any, hydractl: Any, wire: Any, answered: bool, code: int, words: str
) -> None:
    found = msgspec.structs.replace(wire.DATA["asked"][1], acts=(), answered=answered)
    fake.script = lambda call: wire.answer(call, data=found)
    done = hydractl("asked", "k1")
    assert done.returncode == code and words in done.stdout


def test_what_was_answered_with_a_problem_has_its_code(fake: Any, hydractl: Any, wire: Any) -> None:
    problem = Problem("PENDING", "waits for a second person")
    found = msgspec.structs.replace(wire.DATA["asked"][1], acts=(), answered=True, problem=problem)
    fake.script = lambda call: wire.answer(call, data=found)
    done = hydractl("asked", "k1")
    assert done.returncode == 8 and "waits for a second person" in done.stdout


def test_what_never_came_is_not_found(fake: Any, hydractl: Any, wire: Any) -> None:
    fake.script = lambda call: wire.answer(call, data=None, error=Problem("NOT_FOUND", "nothing of yours was done"))
    done = hydractl("asked", "k1")
    assert done.returncode == 5 and "nothing of yours was done" in done.stderr
