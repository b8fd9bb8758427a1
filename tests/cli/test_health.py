"""`health`, `wait`, services and `reload`, over a scripted daemon: exit codes, and what is asked."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import msgspec
import pytest

from hydrad.wire.answers import Answer, Problem
from hydrad.wire.answers.daemon import ReloadData
from hydrad.wire.answers.status import ActCounts, ClocksView, HealthData, HealthRow, PendingRow, ServiceRow, StatusData


def of_status(wire: Any, **changes: Any) -> StatusData:
    status: StatusData = msgspec.structs.replace(wire.STATUS, **changes)
    return status


def test_a_failing_check_is_shown_and_exits_9(fake: Any, hydractl: Any, wire: Any) -> None:
    checks = (HealthRow("loop", True, "lag 0.1 ms"), HealthRow("feed EURUSD", False, "no tick"))
    problem = Problem("UNHEALTHY", "failing: feed EURUSD")
    fake.script = lambda call: wire.answer(call, data=HealthData(False, ("feed EURUSD",), checks), error=problem)
    done = hydractl("health")
    assert done.returncode == 9 and "feed EURUSD  FAILED" in done.stdout and "loop" not in done.stdout
    assert "loop" in hydractl("health", "--all").stdout
    envelope = json.loads(hydractl("health", "-o", "json").stdout)
    assert envelope["ok"] is False and envelope["data"]["failing"] == ["feed EURUSD"]


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "ready": ({"terminals": ()}, "no terminal"),
    "healthy": ({"health": (HealthRow("loop", False, "x"),)}, "loop"),
    "idle": ({"acts": ActCounts(unknown=0, in_flight=2, today=2, denied_today=0)}, "2 acts in flight"),
    "no-unknown": ({"acts": ActCounts(unknown=1, in_flight=0, today=2, denied_today=0)}, "1 acts UNKNOWN"),
    "flat": ({"positions": 1}, "1 positions"),
    "halted": ({"authority": "REDUCING"}, "REDUCING"),
    "active": ({"authority": "HALTED"}, "HALTED"),
    "market-open": (
        {"clocks": ClocksView(machine="x", market="2026-11-21T12:00:00.000Z", speed="1x")},
        "market is",
    ),
}
GOOD: dict[str, dict[str, Any]] = {
    "flat": {"positions": 0},
    "halted": {"authority": "HALTED"},
    "market-open": {"clocks": ClocksView(machine="x", market="2026-11-20T12:00:00.000Z", speed="1x")},
}


@pytest.mark.parametrize("condition", CASES)
def test_waiting_ends_when_it_holds_or_with_124(condition: str, fake: Any, hydractl: Any, wire: Any) -> None:
    changes, why = CASES[condition]
    fake.script = lambda call: wire.answer(call, data=of_status(wire, **changes))
    done = hydractl("wait", "--for", condition, "--timeout", "0.3s")
    assert done.returncode == 124 and why in done.stderr
    fake.script = lambda call: wire.answer(call, data=of_status(wire, **GOOD.get(condition, {})))
    done = hydractl("wait", "--for", condition, "-o", "json")
    assert done.returncode == 0 and json.loads(done.stdout)["data"]["condition"] == condition


def test_waiting_outlasts_what_holds_it_up(fake: Any, hydractl: Any, wire: Any) -> None:
    busy = [2, 1, 0]

    def script(call: Any) -> Answer:
        left = busy.pop(0) if busy else 0
        acts = ActCounts(unknown=0, in_flight=left, today=2, denied_today=0)
        return wire.answer(call, data=of_status(wire, acts=acts))  # type: ignore[no-any-return]

    fake.script = script
    assert hydractl("wait", "--for", "idle").returncode == 0 and not busy


def test_waiting_for_a_daemon_that_is_not_there_yet(home: Any, hydractl: Any, wire: Any) -> None:
    assert hydractl("wait", "--for", "ready", "--timeout", "0.3s").returncode == 124
    made: list[Any] = []

    def later() -> None:
        time.sleep(0.5)
        made.append(wire.FakeDaemon(home / "run" / "control.sock"))

    threading.Thread(target=later).start()
    try:
        assert hydractl("wait", "--for", "ready", "--timeout", "20s").returncode == 0
    finally:
        for daemon in made:
            daemon.close()


def test_a_condition_is_one_of_those(hydractl: Any) -> None:
    assert hydractl("wait").returncode == 2 and hydractl("wait", "--for", "sunshine").returncode == 2


@pytest.mark.parametrize(
    ("words", "verb", "force"),
    [
        (("start", "hud", "bot"), "service.start", None),
        (("stop", "hud", "bot"), "service.stop", False),
        (("stop", "hud", "bot", "--yes"), "service.stop", True),
        (("restart", "hud", "bot"), "service.restart", False),
    ],
)
def test_services_are_asked_for_by_name(
    words: tuple[str, ...], verb: str, force: bool | None, fake: Any, hydractl: Any
) -> None:
    done = hydractl(*words, "--reason", "testing")
    assert done.returncode == 0 and "toc" in done.stdout
    (body,) = fake.bodies(verb)
    assert (body.names, body.reason) == (("hud", "bot"), "testing")
    assert force is None or body.force is force


def test_a_refusal_is_15(fake: Any, hydractl: Any, wire: Any) -> None:
    fake.script = lambda call: wire.answer(call, data=None, error=Problem("CONFLICT", "ACTIVE"))
    assert hydractl("stop", "toc").returncode == 15


def test_a_reload_that_needs_a_restart_is_7(fake: Any, hydractl: Any, wire: Any) -> None:
    problem = Problem("PARTLY", "a restart is needed for paper.speed")
    data = ReloadData((), (), ("paper.speed",))
    fake.script = lambda call: wire.answer(call, data=data, error=problem)
    done = hydractl("reload")
    assert done.returncode == 7 and "restart: paper.speed" in done.stdout


def test_status_shows_what_waits_and_what_is_off(fake: Any, hydractl: Any, wire: Any) -> None:
    row = ServiceRow(name="bot", state="off", since=wire.TS, restarts=0, detail="no token")
    pending = PendingRow(key="risk.x", value="1", wanted="2", due=wire.TS, change="C-00000097")
    fake.script = lambda call: wire.answer(call, data=of_status(wire, services=(row,), pending_limits=(pending,)))
    text = hydractl("status", "-o", "wide").stdout
    assert "limit risk.x is 1; 2 from" in text and "service bot" not in text and "never ran" in text
    assert "hud http://127.0.0.1:8888" in text
