"""Queries over the journal and the state, with a journal that is a list."""

from __future__ import annotations

from typing import Any

import pytest

from hydrad.domain.actors import Actor, Surface
from hydrad.domain.ids import IdKind, show
from hydrad.surface import people_queries as q
from hydrad.surface.queries import NotFound
from hydrad.toc.desk.refusals import Refused
from hydrad.toc.fold_alarms import FINDINGS_MAX
from hydrad.toc.record import Record
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.calls.base import Verb
from hydrad.wire.codes import ErrorCode, Finding
from tests.toc.conftest import BOSS, Core

ACTOR = Actor(BOSS, Surface.SHELL)


class Journal:
    """What the queries ask of the daemon: committed records."""

    def __init__(self, core: Core, committed: int | None = None) -> None:
        self.core, self.committed = core, committed

    def read(self, after: int, limit: int) -> list[Record]:
        return self.core.records[: self.committed][after : after + limit]

    def ask(self, query: Any, verb: Verb) -> Any:
        turn = Turn(self.core.state, self.core.engine.live, self.core.now_ns, 0)
        found = query(self, turn, ACTOR, verb)
        assert not turn.records
        return found


def found(core: Core, count: int, code: Finding = Finding.SEQUENCE_GAP) -> None:
    for number in range(count):
        core.now_ns += 1_000_000_000
        turn = Turn(core.state, core.engine.live, core.now_ns, 0)
        turn.finding(code, f"t{number}", f"detail {number}", alarm=False)
        core.records += turn.records


def test_findings_come_newest_first_up_to_a_limit() -> None:
    core = Core()
    found(core, 5)
    rows = Journal(core).ask(q.findings, calls.Findings(limit=3))
    assert [row.subject for row in rows] == ["t4", "t3", "t2"]
    assert rows[0].meaning == Finding.SEQUENCE_GAP.text and rows[0].now.startswith("Nothing to do")
    assert Journal(core).ask(q.findings, calls.Findings(limit=0)) == []


@pytest.mark.parametrize("fields", [{"until_ms": -(1 << 99)}, {"since_ms": 1 << 63}, {"until_ms": -1}, {"ago_ms": -1}])
def test_a_report_of_a_time_that_no_calendar_has_is_usage(fields: dict[str, int]) -> None:
    with pytest.raises(Refused) as refused:
        Journal(Core()).ask(q.report, calls.Report(**fields))
    assert refused.value.problem.code == ErrorCode.USAGE.value


def test_findings_by_code_and_since() -> None:
    core = Core()
    found(core, 2)
    found(core, 1, Finding.AGENT_WARNING)
    journal = Journal(core)
    assert [r.code for r in journal.ask(q.findings, calls.Findings(code="agent_warning"))] == ["AGENT_WARNING"]
    assert len(journal.ask(q.findings, calls.Findings(since_ns=core.now_ns))) == 1
    assert journal.ask(q.findings, calls.Findings(since_ns=core.now_ns + 1)) == []


def test_what_is_stepped_and_not_committed_is_not_shown() -> None:
    core = Core()
    found(core, 2)
    rows = Journal(core, committed=len(core.records) - 1).ask(q.findings, calls.Findings())
    assert [row.subject for row in rows] == ["t0"]


def test_only_the_newest_are_remembered() -> None:
    core = Core()
    found(core, FINDINGS_MAX + 5)
    assert len(core.state.findings) == FINDINGS_MAX
    assert len(Journal(core).ask(q.findings, calls.Findings(limit=5_000))) == FINDINGS_MAX
    core.verify()


def test_an_alarm_is_shown_standing_and_cleared() -> None:
    core = Core()
    core.connect()
    core.wait(12_000, every_ms=1_000, beat=())
    (alarm,) = core.state.alarms.values()
    shown = show(IdKind.ALARM, alarm.number)
    journal = Journal(core)
    assert journal.ask(q.alarm_show, calls.AlarmShow(shown)).alarm.cleared_at is None
    core.connect()
    assert journal.ask(q.alarm_show, calls.AlarmShow(shown)).alarm.cleared_why == "READY again"
    with pytest.raises(NotFound):
        journal.ask(q.alarm_show, calls.AlarmShow(show(IdKind.ALARM, 9_999)))


def test_what_is_not_known_is_named() -> None:
    core = Core()
    journal = Journal(core)
    with pytest.raises(NotFound, match="nobody"):
        journal.ask(q.preflight_data, calls.Preflight("nobody"))
    with pytest.raises(NotFound, match="weather"):
        journal.ask(q.report, calls.Report("weather"))
    assert journal.ask(q.preflight_data, calls.Preflight("alpha")).ready is False
    assert journal.ask(q.report, calls.Report("kind", ago_ms=60_000)).groups == ()
