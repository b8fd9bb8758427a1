"""Every exit code of the shell, and where it comes from."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hydractl.commands.authority import FILE_AFTER_S
from hydractl.commands.verdicts import EXIT_OF_STATE
from hydractl.diagnostics import ExitCode, exit_code_of
from hydrad.domain.ids import IdKind, show
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode

M, F, P = (show(kind, 7) for kind in (IdKind.MISSION, IdKind.FIRE, IdKind.POSITION))


def test_each_error_code_has_an_exit_code_of_its_name() -> None:
    assert all(code.value in ExitCode.__members__ for code in ErrorCode)


def test_each_state_of_an_act_has_an_exit_code() -> None:
    act = pytest.importorskip("hydrad.toc.act")
    assert set(EXIT_OF_STATE) == {state.value for state in act.ActState}


@pytest.mark.parametrize("code", list(ErrorCode))
def test_an_error_of_the_daemon(code: ErrorCode, fake: Any, hydractl: Any, wire: Any) -> None:
    problem = Problem(code=code.value, message="said by the daemon", hint="do this", facts={"n": 1})
    fake.script = lambda call: wire.answer(call, data=None, error=problem)
    done = hydractl("missions")
    assert done.returncode == exit_code_of(code.value) != 0
    assert f"{code.value}: said by the daemon" in done.stderr
    assert "do this" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("state", "code"), EXIT_OF_STATE.items())
def test_a_fire_exits_by_its_state(state: str, code: ExitCode, fake: Any, hydractl: Any, wire: Any) -> None:
    act = msgspec.structs.replace(wire.ACT, state=state)
    fake.script = lambda call: wire.answer(call, data=msgspec.structs.replace(wire.FIRE, act=act, acts=(act,)))
    done = hydractl("fire", M, "--yes")
    assert done.returncode == code
    assert state in done.stdout


def test_a_state_of_a_later_version_is_no_success(fake: Any, hydractl: Any, wire: Any) -> None:
    act = msgspec.structs.replace(wire.ACT, state="NEWER")
    fake.script = lambda call: wire.answer(call, data=msgspec.structs.replace(wire.FIRE, act=act, acts=()))
    assert hydractl("fire", M, "--yes").returncode == 12


@pytest.mark.parametrize(
    ("states", "code"),
    [(("DONE", "DONE"), 0), (("DONE", "REJECTED"), 7), (("DONE", "UNKNOWN"), 12), (("DENIED", "REJECTED"), 6)],
)
def test_several_acts(states: tuple[str, ...], code: int, fake: Any, hydractl: Any, wire: Any) -> None:
    acts = tuple(msgspec.structs.replace(wire.ACT, state=state) for state in states)
    fake.script = lambda call: wire.answer(call, data=msgspec.structs.replace(wire.FIRE, act=None, acts=acts))
    assert hydractl("close", M, "--yes").returncode == code


def test_a_denial_with_its_problem_shows_failed_checks(fake: Any, hydractl: Any, wire: Any) -> None:
    act = msgspec.structs.replace(wire.ACT, state="DENIED", codes=("SPREAD",), verdict="denied: SPREAD")
    data = msgspec.structs.replace(wire.FIRE, act=act, acts=(act,), checks=wire.FAILED)
    problem = Problem(code="DENIED", message="denied: SPREAD")
    fake.script = lambda call: wire.answer(call, data=data, error=problem)
    done = hydractl("fire", M, "--yes")
    assert done.returncode == 6
    assert "23 points" in done.stdout and "20 points" in done.stdout
    assert "AUTHORITY" not in done.stdout
    assert "AUTHORITY" in hydractl("fire", M, "--yes", "-o", "wide").stdout


def test_a_dry_run_that_would_be_denied(fake: Any, hydractl: Any, wire: Any) -> None:
    data = msgspec.structs.replace(
        wire.FIRE, dry_run=True, would="would be DENIED: SPREAD", act=None, acts=(), checks=wire.FAILED
    )
    fake.script = lambda call: wire.answer(call, data=data)
    done = hydractl("fire", M, "--dry-run")
    assert done.returncode == 6
    assert "AUTHORITY" in done.stdout and "SPREAD" in done.stdout
    assert fake.bodies("fire")[0].dry_run is True
    assert fake.calls[0].key == ""


def test_unreachable_is_advice(hydractl: Any) -> None:
    done = hydractl("status")
    assert done.returncode == 3
    assert "control.sock" in done.stderr and "HYDRA_HOME" in done.stderr and "hydractl up" in done.stderr


def test_another_protocol(fake: Any, hydractl: Any, wire: Any) -> None:
    fake.script = lambda call: wire.answer(call, daemon=msgspec.structs.replace(wire.DAEMON, protocol=2))
    assert hydractl("status").returncode == 11


def test_bytes_that_are_no_answer(fake: Any, hydractl: Any) -> None:
    fake.script = lambda call: b"\x00\x00\x00\x02\xc1\xc1"
    assert hydractl("status").returncode == 11


def test_a_query_times_out_with_124_and_a_request_with_12(fake: Any, hydractl: Any) -> None:
    fake.script = lambda call: None
    assert hydractl("status", "--timeout", "200ms").returncode == 124
    done = hydractl("pass", M, "--timeout", "200ms", "-o", "json")
    assert done.returncode == 12
    assert fake.calls[-1].key in done.stdout


def test_a_request_that_lost_its_connection_is_sent_again_with_its_key(fake: Any, hydractl: Any, wire: Any) -> None:
    fake.script = lambda call: wire.DROP if len(fake.calls) == 1 else wire.answer(call)
    assert hydractl("fire", M, "--yes").returncode == 0
    first, second = fake.calls
    assert first.key == second.key != ""
    assert first.body == second.body


def test_a_key_that_is_named_is_sent(fake: Any, hydractl: Any) -> None:
    hydractl("fire", M, "--yes", "--key", "mine")
    assert fake.calls[0].key == "mine"


def test_interrupted(fake: Any, environ: dict[str, str]) -> None:
    fake.script = lambda call: None
    for words, word in ((["status"], ""), (["fire", M, "--yes"], "may have been carried out")):
        before = len(fake.calls)
        shell = subprocess.Popen(
            [sys.executable, "-P", "-m", "hydractl.main", *words], env=environ, stderr=subprocess.PIPE, text=True
        )
        until = time.monotonic() + 10
        while len(fake.calls) == before and time.monotonic() < until:
            time.sleep(0.01)
        shell.send_signal(signal.SIGINT)
        _, said = shell.communicate(timeout=60)
        assert shell.returncode == 130
        assert word in said


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["terminal"],
        ["status", "--nonsense"],
        ["missions", "--limit", "many"],
        ["mission", "show"],
        ["fire", "M-0000001X"],
        ["fire", F, "--yes"],
        ["fire"],
        ["fire", M, "--symbol", "EURUSD"],
        ["fire", M, "--volume", "1", "--risk", "1%"],
        ["fire", "--symbol", "EURUSD", "--side", "buy"],
        ["modify", P, "--yes"],
        ["resolve", F, "--as", "filled", "--reason", "seen", "--yes"],
        ["tail", "--since", "yesterday"],
        ["status", "--tz", "Mars/Olympus"],
        ["status", "--timeout", "soon"],
    ],
)
def test_usage(words: list[str], fake: Any, hydractl: Any) -> None:
    done = hydractl(*words)
    assert done.returncode == 2
    assert "USAGE" in done.stderr
    assert not fake.calls


@pytest.mark.parametrize(
    "words",
    [
        ["fire", M],
        ["close", P],
        ["modify", P, "--stop", "1.08"],
        ["plan", "set", P, "runner"],
        ["resume"],
        ["resolve", F, "--as", "not-executed", "--reason", "seen"],
    ],
)
def test_what_risks_money_needs_yes_off_a_terminal(words: list[str], fake: Any, hydractl: Any) -> None:
    done = hydractl(*words)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert not fake.calls


def test_halt_never_asks_and_an_unverified_terminal_is_partly(fake: Any, hydractl: Any, wire: Any) -> None:
    assert hydractl("halt", "--reason", "news").returncode == 0
    slow = msgspec.structs.replace(wire.HALT.terminals[0], verified=False, detail="no answer in 2 s")
    fake.script = lambda call: wire.answer(call, data=msgspec.structs.replace(wire.HALT, terminals=(slow,)))
    done = hydractl("halt")
    assert done.returncode == 7
    assert "NOT VERIFIED" in done.stdout


def test_halt_without_a_daemon_writes_the_file(home: Path, hydractl: Any) -> None:
    done = hydractl("halt", "--reason", 'a "quoted" reason')
    written = (home / "state" / "halt" / "HALT").read_text()
    assert done.returncode == 12
    assert str(home / "state" / "halt" / "HALT") in done.stderr
    assert "uid:" in written and '\\"quoted\\"' in written
    assert hydractl("halt", "--reason", "again").returncode == 12
    assert (home / "state" / "halt" / "HALT").read_text() == written


def test_halt_with_a_daemon_that_hangs_writes_the_file(home: Path, fake: Any, hydractl: Any) -> None:
    fake.script = lambda call: None
    assert hydractl("halt", "--timeout", "100ms").returncode == 12
    assert (home / "state" / "halt" / "HALT").exists()


def test_a_halt_that_is_late_writes_the_file_and_goes_on_waiting(
    home: Path, fake: Any, hydractl: Any, wire: Any
) -> None:
    """The daemon answers once the file is there: the answer counts, and what the file still does is said."""
    there = home / "state" / "halt" / "HALT"

    def script(call: Any) -> Any:
        while not there.exists():
            time.sleep(0.02)
        return wire.answer(call)

    fake.script = script
    done = hydractl("halt", "--reason", "news")
    assert done.returncode == 0 and "verified" in done.stdout
    assert (
        "no answer yet" in done.stderr and "`resume` removes" in done.stderr and 'reason = "news"' in there.read_text()
    )


@pytest.mark.parametrize("words", [("--account", "sim-1"), ("--reduce",), ("--drill",)])
def test_a_halt_of_less_writes_nothing_while_it_waits(
    words: tuple[str, ...], home: Path, fake: Any, hydractl: Any, wire: Any
) -> None:
    def script(call: Any) -> Any:
        time.sleep(FILE_AFTER_S + 0.5)
        return wire.answer(call)

    fake.script = script
    assert hydractl("halt", *words).returncode == 0
    assert not (home / "state" / "halt" / "HALT").exists()


def test_not_found(fake: Any, hydractl: Any) -> None:
    assert hydractl("terminal", "show", "sim-1").returncode == 0
    assert hydractl("terminal", "show", "nobody").returncode == 5


def test_down_without_a_daemon_is_done(hydractl: Any) -> None:
    done = hydractl("down")
    assert done.returncode == 0
    assert "no daemon" in done.stderr


def test_down_refused(fake: Any, hydractl: Any, wire: Any) -> None:
    problem = Problem(code="CONFLICT", message="1 act is in flight")
    fake.script = lambda call: (
        wire.answer(call, data=None, error=problem) if wire.verb_of(call) == "down" else wire.answer(call)
    )
    assert hydractl("down").returncode == 15
    assert hydractl("restart").returncode == 15


def test_down_waits_for_the_process(fake: Any, hydractl: Any, wire: Any) -> None:
    child = subprocess.Popen(["sleep", "0.4"])
    status = msgspec.structs.replace(wire.STATUS, pid=child.pid)
    fake.script = lambda call: wire.answer(call, data=status) if wire.verb_of(call) == "status" else wire.answer(call)
    begin = time.monotonic()
    assert hydractl("down", "--yes").returncode == 0
    assert time.monotonic() - begin > 0.3
    assert fake.bodies("down")[0].force is True
    child.wait()


def test_up_when_running_names_the_instance(fake: Any, hydractl: Any) -> None:
    done = hydractl("up")
    assert done.returncode == 0
    assert "hx-test" in done.stdout and "PAPER" in done.stdout


def test_up_whose_daemon_dies_shows_its_last_words(home: Path, hydractl: Any) -> None:
    """A package named hydrad that dies at once stands before the real one."""
    package = home / "fake" / "hydrad"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("__path__ = __import__('pkgutil').extend_path(__path__, 'hydrad')\n")
    (package / "__main__.py").write_text("raise SystemExit('the finding: no config')\n")
    program = (
        "import sys, hydractl.handover as h, hydractl.main as m; "
        f"h.hydrad_command = lambda: [sys.executable, {str(package / '__main__.py')!r}]; "
        "import hydractl.commands.daemon as d; d.hydrad_command = h.hydrad_command; "
        "raise SystemExit(m.run(['up']))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**__import__("os").environ, "HYDRA_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "the finding: no config" in done.stderr
    assert (home / "run" / "hydrad.log").exists()


def test_halt_writes_the_file_where_the_daemon_has_no_room(fake: Any, hydractl: Any, wire: Any, home: Any) -> None:
    problem = Problem("FAILED", "too many clients are connected")
    fake.script = lambda call: wire.answer(call, data=None, error=problem)
    done = hydractl("halt", "--reason", "all full")
    assert done.returncode == 12 and "too many clients are connected; wrote" in done.stderr
    assert "all full" in (home / "state" / "halt" / "HALT").read_text()
