"""Who sees what of an answer: money and accounts only of accounts that they reach."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydrad.domain.actors import Role
from hydrad.toc import sight
from hydrad.toc.people import Person, person
from hydrad.wire import calls
from hydrad.wire.answers import Answer, DaemonInfo, Problem
from hydrad.wire.answers.accounts import AccountRow, GroupRow
from hydrad.wire.answers.acts import ActRow, ActShow, FireAnswer, OrderView, ReduceRow
from hydrad.wire.answers.alarms import AlarmRow, AlarmShow, NoteRow
from hydrad.wire.answers.authority import HaltData, HaltedOrder, HaltedTerminal
from hydrad.wire.answers.comparing import PreflightData, PreflightRow
from hydrad.wire.answers.journal import Event, TraceData
from hydrad.wire.answers.market import FeedRow, QuoteRow
from hydrad.wire.answers.missions import MissionRow, MissionShow
from hydrad.wire.answers.oncall import ChannelsData, OnCallRow
from hydrad.wire.answers.people import OperatorRow
from hydrad.wire.answers.positions import PositionRow
from hydrad.wire.answers.reports import MoneyTotal, ReportData, ReportGroup, ReportSide
from hydrad.wire.answers.status import HealthData, HealthRow, StatusData
from hydrad.wire.answers.terminals import TerminalRow
from tests.toc.conftest import BOSS, Core

ANN = Person("ann", Role.TRADER, ("telegram:7",), ("alpha",), frozenset({"alpha"}), 1)
ALL = Person("all", Role.VIEWER, ("telegram:8",), ("*",), None, 1)
DAEMON = DaemonInfo("0", 1, "i", "paper")


def filled(kind: type[Any], **known: Any) -> Any:
    """One of `kind` with these fields, and something of the right type in all others."""
    made = {}
    for field in msgspec.structs.fields(kind):
        made[field.name] = known.get(field.name, _blank(field.type))
    return kind(**made)


def _blank(kind: Any) -> Any:
    for candidate in ("x", 0, 0.0, True, (), {}, None):
        try:
            return msgspec.convert(candidate, kind)
        except msgspec.ValidationError:
            continue
    return None


def seen(data: Any, verb: Any = None, who: Person = ANN) -> Answer:
    return sight.narrowed(who, verb or calls.Status(), Answer("hydra.x/v1", True, "t", DAEMON, data))


def of(kind: type[Any], field: str = "account") -> tuple[Any, Any]:
    return filled(kind, **{field: "alpha"}), filled(kind, **{field: "bravo"})


@pytest.mark.parametrize(
    ("kind", "field"),
    [(PositionRow, "account"), (ActRow, "account"), (TerminalRow, "account"), (AccountRow, "name")],
)
def test_rows_of_other_accounts_are_left_out(kind: type[Any], field: str) -> None:
    mine, theirs = of(kind, field)
    assert seen((mine, theirs)).data == (mine,)
    assert seen([theirs, mine]).data == (mine,)
    assert seen((mine, theirs), who=ALL).data == (mine, theirs)


def test_a_status_has_them_left_out_too() -> None:
    accounts, terminals = of(AccountRow, "name"), of(TerminalRow)
    data = seen(filled(StatusData, accounts=accounts, terminals=terminals, mode="paper")).data
    assert data.accounts == accounts[:1] and data.terminals == terminals[:1] and data.mode == "paper"


@pytest.mark.parametrize("wrap", [lambda row: row, lambda row: filled(ActShow, act=row)])
def test_one_thing_of_another_account_is_refused(wrap: Any) -> None:
    mine, theirs = of(ActRow)
    assert seen(wrap(mine)).data == wrap(mine)
    answer = seen(wrap(theirs))
    assert answer.data is None and not answer.ok and answer.error is not None and answer.error.code == "FORBIDDEN"
    assert "bravo" not in answer.error.message


def test_a_dry_run_on_another_account_shows_no_money() -> None:
    order = dict.fromkeys(("entry", "collar", "stop", "target"))
    theirs = filled(FireAnswer, dry_run=True, order=filled(OrderView, account="bravo", **order), risk_money="20.00")
    assert seen(theirs).data is None


def test_a_dry_run_of_what_reduces_has_the_acts_on_ones_own_accounts() -> None:
    own, theirs = of(ReduceRow)
    both = filled(FireAnswer, dry_run=True, order=None, reduces=(own, theirs), risk_money=None)
    assert seen(both).data.reduces == (own,)
    alone = filled(FireAnswer, dry_run=True, order=None, reduces=(theirs,), risk_money="20.00")
    assert seen(alone).data is None and seen(alone).error is not None


def event(number: int, ids: tuple[str, ...], **facts: Any) -> Event:
    return Event(number, "t", None, "X", f"text {number}", "uid:1", "shell", ids, facts)


def test_a_missions_trace_has_the_acts_of_ones_own_accounts() -> None:
    events = (
        event(1, ("M-1",)),
        event(2, ("F-1", "M-1"), account="alpha"),
        event(3, ("F-2", "M-1"), account="bravo"),
        event(4, ("F-1",)),
        event(5, ("F-2",)),
        event(6, ("F-2", "P-2")),
    )
    data = seen(TraceData("M-1", "t", events, ("text 5",)), calls.Trace("M-1")).data
    assert [e.seq for e in data.events] == [1, 2, 4] and data.findings == ()
    assert seen(TraceData("F-2", "t", events[2:], ()), calls.Trace("F-2")).data is None


def test_sums_over_all_accounts_are_left_out_of_a_report() -> None:
    side = filled(ReportSide)
    groups = tuple(
        filled(ReportGroup, group=name, fired=side, ghosted=side, money=(MoneyTotal("USD", "5"),))
        for name in ("alpha", "bravo")
    )
    data = seen(ReportData("account", None, None, groups, 0, 0), calls.Report("account")).data
    assert [(g.group, g.money) for g in data.groups] == [("alpha", ())]
    data = seen(ReportData("kind", None, None, groups, 0, 0), calls.Report("kind")).data
    assert [(g.group, g.money) for g in data.groups] == [("alpha", ()), ("bravo", ())]


@pytest.mark.parametrize("kind", [FeedRow, QuoteRow])
def test_a_price_is_seen_without_the_name_of_anothers_terminal(kind: Any) -> None:
    mine, theirs = of(kind)
    for row in seen((mine, theirs)).data:
        assert row.symbol == "x" and "bravo" not in str(row)
    assert [(row.terminal, row.account) for row in seen((mine, theirs)).data] == [("x", "alpha"), ("elsewhere", None)]
    assert seen((mine, theirs), who=ALL).data == (mine, theirs)


def checks() -> tuple[HealthRow, ...]:
    return (
        HealthRow("loop", True, "lag"),
        HealthRow("terminal a1", False, "LOST", ("alpha",)),
        HealthRow("terminal b1", False, "LOST", ("bravo",)),
        HealthRow("open risk", False, "not known: alpha, bravo", ("alpha", "bravo")),
    )


def test_a_check_of_another_account_is_left_out_and_one_of_several_names_ones_own() -> None:
    rows = seen(filled(StatusData, health=checks())).data.health
    assert [(row.check, row.detail) for row in rows] == [
        ("loop", "lag"),
        ("terminal a1", "LOST"),
        ("open risk", "it concerns alpha"),
    ]
    assert seen(filled(StatusData, health=checks()), who=ALL).data.health == checks()


def test_what_fails_elsewhere_is_counted_and_makes_nobody_healthy() -> None:
    failing = tuple(row.check for row in checks() if not row.ok)
    answer = Answer("hydra.health/v1", False, "t", DAEMON, HealthData(False, failing, checks()))
    answer = msgspec.structs.replace(answer, error=Problem("UNHEALTHY", f"failing: {', '.join(failing)}"))
    told = sight.narrowed(ANN, calls.Health(), answer)
    assert not told.ok and not told.data.healthy and told.data.failing == ("terminal a1", "open risk")
    assert told.error is not None
    assert told.error.message == "failing: terminal a1, open risk, 1 of accounts that were not given to you"
    assert "b1" not in str(told) and "bravo" not in str(told)


@pytest.mark.parametrize(("verified", "named"), [(True, ["a1"]), (False, ["a1", "1 elsewhere"])])
def test_a_halt_is_told_without_the_names_of_other_accounts(verified: bool, named: list[str]) -> None:
    terminals = (
        HaltedTerminal("a1", "alpha", False, "not confirmed"),
        HaltedTerminal("b1", "bravo", verified, "whatever"),
    )
    resting = tuple(filled(HaltedOrder, account=name) for name in ("alpha", "bravo"))
    data = filled(HaltData, account=None, terminals=terminals, resting=resting, elsewhere=0, elsewhere_unverified=0)
    unverified = [row.terminal for row in terminals if not row.verified]
    message = f"latched here; not confirmed by {', '.join(unverified)}"
    answer = Answer("hydra.halt/v1", False, "t", DAEMON, data)
    answer = msgspec.structs.replace(answer, error=Problem("PARTLY", message, None, {"unverified": unverified}))
    told = sight.narrowed(ANN, calls.Halt(), answer)
    assert told.data.terminals == terminals[:1] and told.data.resting == resting[:1]
    assert (told.data.elsewhere, told.data.elsewhere_unverified) == (1, int(not verified))
    assert told.error is not None and told.error.facts == {"unverified": named}
    assert told.error.message == f"latched here; not confirmed by {', '.join(named)}"
    assert "b1" not in str(told) and "bravo" not in str(told)
    assert sight.narrowed(ALL, calls.Halt(), answer) == answer


def test_a_halt_of_an_account_that_was_not_given_is_no_refusal() -> None:
    """It was done, and says so."""
    terminals = (HaltedTerminal("b1", "bravo", True, "HALTED"),)
    told = seen(filled(HaltData, account="bravo", authority="HALTED", terminals=terminals), calls.Halt(account="bravo"))
    assert told.ok and told.data.authority == "HALTED" and told.data.elsewhere == 1 and told.data.terminals == ()


def test_a_group_is_seen_whole_or_not_at_all() -> None:
    own, mixed = GroupRow("own", {"alpha": "1"}), GroupRow("mixed", {"alpha": "1", "bravo": "0.5"})
    assert seen((own, mixed), calls.Groups()).data == (own,)
    assert seen((own, mixed), calls.Groups(), ALL).data == (own, mixed)


@pytest.mark.parametrize("verb", [calls.Findings(), calls.Changes(), calls.ConfigShow(), calls.SymbolDiff()])
def test_what_cannot_be_told_apart_is_for_those_who_see_all(verb: Any) -> None:
    assert seen(("row",), verb).data is None and seen(("row",), verb, ALL).data == ("row",)


def test_a_thing_whose_part_is_of_another_account_is_refused_whole() -> None:
    shown = filled(AlarmShow, alarm=filled(AlarmRow, account="bravo"), notes=(filled(NoteRow, text="on bravo"),))
    assert seen(shown, calls.AlarmShow("A-1")).data is None
    ours = filled(AlarmShow, alarm=filled(AlarmRow, account=None), notes=())
    assert seen(ours, calls.AlarmShow("A-1")).data == ours


def test_below_an_approver_one_sees_ones_own_ways_alone() -> None:
    people = tuple(filled(OnCallRow, name=name, ways=("email x@example.org",)) for name in ("ann", "boss"))
    assert seen(ChannelsData((), people), calls.Channels()).data.people == people[:1]
    assert seen(ChannelsData((), people), calls.Channels(), ALL).data.people == ()


def test_below_an_approver_one_sees_oneself_among_the_operators() -> None:
    rows = tuple(filled(OperatorRow, name=name) for name in ("ann", "boss"))
    assert seen(rows, calls.Operators()).data == rows[:1]
    assert seen(rows, calls.Operators(), msgspec.structs.replace(ANN, role=Role.APPROVER)).data == rows


def test_a_mission_has_the_acts_positions_and_notes_of_what_one_sees() -> None:
    acts = tuple(
        filled(ActRow, id=f"F-{n}", position=f"P-{n}", account=name) for n, name in ((1, "alpha"), (2, "bravo"))
    )
    notes = tuple(filled(NoteRow, id=about, text=about) for about in ("M-1", "F-1", "P-1", "F-2", "P-2"))
    positions = tuple(filled(PositionRow, id=f"P-{n}", account=name) for n, name in ((1, "alpha"), (2, "bravo")))
    shown = filled(MissionShow, mission=filled(MissionRow, id="M-1"), acts=acts, notes=notes, positions=positions)
    data = seen(shown, calls.MissionShow("M-1")).data
    assert [act.id for act in data.acts] == ["F-1"] and [row.id for row in data.positions] == ["P-1"]
    assert [note.text for note in data.notes] == ["M-1", "F-1", "P-1"]
    assert seen(shown, calls.MissionShow("M-1"), ALL).data == shown


def test_a_preflight_says_that_something_rings_and_not_what() -> None:
    rows = (filled(PreflightRow, account=None, code="ALARMS", ok=False, measured="TERMINAL_LOST bravo"),)
    data = seen(filled(PreflightData, ready=False, rows=rows), calls.Preflight()).data
    assert [(row.code, row.ok) for row in data.rows] == [("ALARMS", False)] and "bravo" not in data.rows[0].measured


def test_an_answer_without_data_stays_as_it_is() -> None:
    assert seen(None).data is None and seen(None).error is None


def test_what_a_person_was_given_is_void_from_their_suspension_on(core: Core) -> None:
    core.ask(calls.OperatorAdd("ann", "trader", "telegram:7", "full", ("alpha",)))
    added = core.now_ns
    core.clock(1_000)
    core.ask(calls.OperatorSuspend("ann"))
    suspended = core.now_ns
    core.clock(1_000)
    core.ask(calls.OperatorRestore("ann"))
    back = person(core.state, "telegram:7")
    assert back is not None and (back.since_ns, back.void_ns) == (added, suspended)


def test_a_person_is_whoever_has_a_role_now(core: Core) -> None:
    core.role("uid:7", Role.TRADER)
    found = person(core.state, BOSS)
    assert found is not None and found.role is Role.COMMANDER and found.audience is None
    assert BOSS in found.identities
    assert person(core.state, "uid:7") is not None and person(core.state, "uid:666") is None
    core.ask(calls.OperatorSuspend("uid:7"))
    assert person(core.state, "uid:7") is None


def test_a_mission_made_on_anothers_ticks_does_not_name_them() -> None:
    for account, told in (("alpha", ("t1", "alpha")), ("bravo", ("elsewhere", None)), (None, ("elsewhere", None))):
        data = seen(filled(MissionShow, mission=filled(MissionRow), source="t1", source_account=account)).data
        assert (data.source, data.source_account) == told
    assert seen(filled(MissionShow, mission=filled(MissionRow), source=None, source_account=None)).data.source is None
