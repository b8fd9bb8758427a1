"""What the Services pane says in each state, without an app."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydractl.session import as_view
from hydractl.tui.carry import Kept as Out
from hydractl.tui.draw.glyphs import ASCII, UNICODE
from hydractl.tui.frame import Frame
from hydractl.tui.intents import services as intents
from hydractl.tui.panes import machinery
from hydractl.tui.store import Answered, Ask, Ticked, View, step
from hydrad.toc import service


@pytest.fixture
def told(wire: Any) -> Any:
    """A frame that was told this status at 10 s."""

    def made(at_s: float = 10.0, glyphs: Any = UNICODE, calm: bool = False, **changes: Any) -> Frame:
        status = as_view({**msgspec.to_builtins(wire.STATUS), **changes})
        daemon = as_view(msgspec.to_builtins(wire.DAEMON))
        view = step(View(), Answered(Ask.of("status"), 10.0, status, None, daemon))
        return Frame(step(view, Ticked(at_s)), 160, 50, glyphs, Out(0, None), calm=calm)

    return made


def plain(lines: Any) -> list[str]:
    return [line.plain for line in lines]


def row(name: str, state: str) -> dict[str, Any]:
    return {"name": name, "state": state, "since": "2026-11-20T12:25:30.500Z", "restarts": 3, "detail": "as it is"}


def test_every_service_has_its_words_for_a_stop() -> None:
    assert set(intents.STOPPED) == set(service.NAMES)
    assert set(intents.OUTLIVES) == service.STOPS_OUTLIVE_RESTART


def test_every_state_of_a_service_is_told_apart(told: Any) -> None:
    styles = {state: machinery.service_style(as_view(row("x", state))) for state in service.ServiceState}
    assert styles == {
        "running": "", "off": "dim", "fatal": "red", "stopped": "yellow", "starting": "yellow", "backing off": "yellow",
    }  # fmt: skip


def test_what_does_not_run_stands_first(told: Any) -> None:
    frame = told(services=[row("toc", "running"), row("bot", "off"), row("hud", "fatal")])
    assert [each.name for each in machinery.services_of(frame)] == ["hud", "toc", "bot"]
    frame = told(
        scheduler=[{"name": "a", "last_ok": None}, {"name": "b", "last_ok": True}, {"name": "c", "last_ok": False}]
    )
    assert [each.name for each in machinery.jobs_of(frame)] == ["c", "a", "b"]


def test_checks_that_fail_stand_first_and_are_counted(told: Any) -> None:
    checks = [{"check": "journal", "ok": True, "detail": "x"}, {"check": "disk", "ok": False, "detail": "4 MiB free"}]
    frame = told(health=checks)
    assert [each.check for each in machinery.checks_of(frame)] == ["disk", "journal"]
    assert machinery.checks_mark(frame) == "1 of 2 fail"
    assert machinery.checks_mark(told(health=[])) == ""


def test_the_daemon(told: Any) -> None:
    assert plain(machinery.daemon_lines(told(), 100)) == [
        "news       OFF: opens are not held back around news (a paper home's built-in)",
        "daemon     0.1.0, protocol 1, hx-test  since 2026-11-20 12:25:30Z",
        "process    pid 4242  epoch 3  home /home/hydra",
        "endpoints  bridge tcp://127.0.0.1:5555  hud http://127.0.0.1:8888",
        "journal    512 records  0.3 MB  head cdcdcdcdcdcdcdcd",
        "clocks     machine 2026-11-20 12:25:30Z  market 2026-11-20 12:25:30Z  speed 10x",
    ]
    lines = machinery.daemon_lines(told(glyphs=ASCII), 40)
    assert max(line.cell_len for line in lines) <= 40 and "http://127.0.0.1:8888" in "".join(plain(lines))


@pytest.mark.parametrize(
    ("changes", "words", "style"),
    [
        ({"mode": "file", "problem": "no file"}, "NOTHING OPENS: no file", "bold red"),
        ({"mode": "file", "holding": ["USD CPI"]}, "OPENS HELD BACK: USD CPI", "yellow"),
        ({"mode": "file", "age_s": 60.0}, "file 1 m 04 s old", ""),
        ({}, "OFF: opens are not held back", ""),
    ],
)
def test_news_that_holds_back_stands_out(told: Any, wire: Any, changes: dict[str, Any], words: str, style: str) -> None:
    news = {**msgspec.to_builtins(wire.STATUS.news), **changes}
    first = machinery.daemon_lines(told(at_s=14.0, news=news), 120)[0]
    assert words in first.plain and str(first.style) == style


def test_before_the_first_answer_nothing_is_made_up() -> None:
    frame = Frame(View(), 160, 50, UNICODE, Out(0, None))
    assert plain(machinery.daemon_lines(frame, 80)) == ["asking ..."]
    assert machinery.pending_lines(frame, 80) == []
    assert [shown.rows(frame) for shown in machinery.TABLES.values()] == [[], [], []]


def test_what_a_column_had_no_room_for_is_told_in_full(told: Any) -> None:
    job = {
        "name": "snapshot", "when": "every 3600 s", "next_at": "2026-11-20T13:00:00Z", "last_at": None, "last_ok": False,
        "last_detail": "the disk is full",
    }  # fmt: skip
    (line,) = machinery.chosen_lines(told(scheduler=[job]), "jobs", "snapshot", 120)
    assert line.plain == "snapshot   every 3600 s  next 2026-11-20 13:00:00Z  the disk is full"
    assert line.style == "red"
    assert machinery.chosen_lines(told(), "jobs", "gone", 120) == []


def test_limits_that_wait_are_named(told: Any) -> None:
    waits = {
        "key": "risk.open_max", "value": "3", "wanted": "5", "due": "2026-11-20T13:00:00Z", "change": "C-00000097",
    }  # fmt: skip
    lines = plain(machinery.pending_lines(told(pending_limits=[waits], one_person="boss"), 120))
    assert lines == [
        "waits      risk.open_max 3 until 2026-11-20 13:00:00Z, then 5 (C-00000097)",
        "approvals  one person: boss",
    ]


@pytest.mark.parametrize(
    ("name", "authority", "in_flight", "words"),
    [
        ("toc", "ACTIVE", 0, "authority is ACTIVE"),
        ("toc", "HALTED", 0, ""),
        ("bridge", "ACTIVE", 2, "2 acts are in flight"),
        ("bridge", "ACTIVE", 0, ""),
        ("hud", "ACTIVE", 2, ""),
    ],
)
def test_what_the_daemon_would_refuse_is_said_before(
    told: Any, name: str, authority: str, in_flight: int, words: str
) -> None:
    status = told(authority=authority, acts={"in_flight": in_flight}).view.data("status")
    why = intents.forced(name, status)
    assert why.startswith(words) and bool(why) == bool(words)
