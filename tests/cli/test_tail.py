"""Following the journal: order, filters, and a lost connection without a gap or a repeat."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hydractl import client
from hydractl.places import find

SHELL = [sys.executable, "-P", "-m", "hydractl.main", "tail"]


def journal_of(wire: Any, length: int) -> Any:
    return msgspec.structs.replace(wire.STATUS, journal=msgspec.structs.replace(wire.STATUS.journal, seq=length))


def follow(environ: dict[str, str], *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*SHELL, "-f", *words], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def numbers(shell: subprocess.Popen[str], count: int) -> list[int]:
    assert shell.stdout is not None
    return [msgspec.json.decode(shell.stdout.readline())["seq"] for _ in range(count)]


def end(shell: subprocess.Popen[str]) -> str:
    shell.send_signal(signal.SIGINT)
    _, said = shell.communicate(timeout=60)
    assert shell.returncode == 130
    return said


def test_lines_for_people(fake: Any, hydractl: Any, wire: Any) -> None:
    fake.script = lambda call: [wire.answer(call, data=wire.event(4), more=True), wire.answer(call, data=None)]
    line = hydractl("tail", "-n", "1").stdout.rstrip("\n")
    assert line == f"12:25:30.500 market 12:25:30 mission.proposed EURUSD BUY {wire.M}"


def test_filters_travel(fake: Any, hydractl: Any, wire: Any) -> None:
    begin = time.time_ns()
    assert hydractl("tail", "--since", "10m", "--kind", "k", "--symbol", "S", "--mission", wire.M).returncode == 0
    (body,) = fake.bodies("tail")
    assert (body.kind, body.symbol, body.mission, body.follow) == ("k", "S", wire.M, False)
    assert abs(begin - 600 * 10**9 - body.since_ns) < 60 * 10**9
    hydractl("tail", "--since", "2026-11-20T12:00:00Z")
    assert fake.bodies("tail")[1].since_ns == 1_795_176_000 * 10**9


def test_a_lost_connection_is_resumed_by_sequence_number(fake: Any, environ: dict[str, str], wire: Any) -> None:
    """The second connection repeats a record: it is not shown again."""

    def script(call: Any) -> Any:
        if wire.verb_of(call) == "status":
            return wire.answer(call, data=journal_of(wire, 2))
        if call.body.after_seq is None:
            return [*(wire.answer(call, data=wire.event(seq), more=True) for seq in (1, 2)), wire.DROP]
        return [wire.answer(call, data=wire.event(seq), more=True) for seq in (2, 3, 4)]

    fake.script = script
    shell = follow(environ, "-o", "json")
    assert numbers(shell, 4) == [1, 2, 3, 4]
    assert "connection lost; going on behind 2" in end(shell)
    assert [body.after_seq for body in fake.bodies("tail")] == [None, 2]


def test_nothing_seen_yet_resumes_where_it_began(fake: Any, environ: dict[str, str], wire: Any) -> None:
    def script(call: Any) -> Any:
        if wire.verb_of(call) == "status":
            return wire.answer(call, data=journal_of(wire, 7))
        return wire.DROP if call.body.after_seq is None else [wire.answer(call, data=wire.event(8), more=True)]

    fake.script = script
    shell = follow(environ, "-o", "json", "-n", "0")
    assert numbers(shell, 1) == [8]
    end(shell)
    assert [body.after_seq for body in fake.bodies("tail")] == [None, 7]


def test_it_waits_for_a_daemon_that_restarts(home: Path, environ: dict[str, str], wire: Any) -> None:
    path = home / "run" / "control.sock"
    first = wire.FakeDaemon(path)

    def script(call: Any) -> Any:
        if wire.verb_of(call) == "status":
            return wire.answer(call, data=journal_of(wire, 9))
        return [wire.answer(call, data=wire.event((call.body.after_seq or 0) + 1), more=True)]

    first.script = script
    shell = follow(environ, "-o", "json")
    assert numbers(shell, 1) == [1]
    path.unlink()
    for opened in first._open:
        opened.shutdown(2)
    first.close()
    time.sleep(0.5)
    second = wire.FakeDaemon(path)
    second.script = script
    assert numbers(shell, 1) == [2]
    end(shell)
    second.close()


def test_a_daemon_that_hangs_is_told(fake: Any, environ: dict[str, str], wire: Any, monkeypatch: Any) -> None:
    """Its socket stands and nothing comes: a quiet daemon says each second that it is there."""
    alive = threading.Event()

    def script(call: Any) -> Any:
        if wire.verb_of(call) == "status":
            return wire.answer(call, data=journal_of(wire, 1))
        return later(call)

    def later(call: Any) -> Any:
        yield wire.answer(call, data=wire.event(1), more=True)
        alive.wait(20)
        yield wire.answer(call, data=None, more=True)
        yield wire.answer(call, data=wire.event(2), more=True)

    monkeypatch.setattr(client, "SILENCE_S", 0.05)
    fake.script = script
    said: list[float] = []

    def on_silent(silent_s: float) -> None:
        said.append(silent_s)
        alive.set()

    events = client.Client(find(None, environ)).events(True, lambda seq: None, on_silent, last=1)
    assert [next(events).seq, next(events).seq] == [1, 2]
    assert said[:2] == [0.05, 0.0]


def test_another_journal_is_not_followed(fake: Any, environ: dict[str, str], wire: Any) -> None:
    def script(call: Any) -> Any:
        if wire.verb_of(call) == "status":
            return wire.answer(call, data=journal_of(wire, 3))
        return [wire.answer(call, data=wire.event(50), more=True), wire.DROP]

    fake.script = script
    shell = follow(environ, "-o", "json")
    _, said = shell.communicate(timeout=20)
    assert shell.returncode == 10
    assert "another journal" in said


@pytest.mark.parametrize("words", [["-f"], []])
def test_a_reader_that_leaves_ends_it(words: list[str], fake: Any, environ: dict[str, str], wire: Any) -> None:
    fake.script = lambda call: (
        wire.answer(call)
        if wire.verb_of(call) == "status"
        else [wire.answer(call, data=wire.event(seq), more=True) for seq in range(1, 3000)]
        + [wire.answer(call, data=None)]
    )
    shell = subprocess.Popen([*SHELL, *words], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert shell.stdout is not None
    shell.stdout.readline()
    shell.stdout.close()
    assert shell.wait(timeout=20) == 0
