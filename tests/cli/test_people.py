"""Alarms, notes, reconcile, statement, preflight and report at the shell: what is said, which exit code, which call."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import msgspec
import pytest

from hydractl.diagnostics import ExitCode
from hydrad.domain.ids import IdKind, show
from hydrad.wire.answers import Problem
from hydrad.wire.answers.comparing import PreflightRow

L, M = show(IdKind.ALARM, 7), show(IdKind.MISSION, 7)


def problem(code: str, message: str = "so it is") -> Problem:
    return Problem(code=code, message=message)


# --- alarms ---------------------------------------------------------------------------------------------


def test_a_tired_person_sees_whether_somebody_is_on_it_and_what_to_do(fake: Any, hydractl: Any, wire: Any) -> None:
    mine = msgspec.structs.replace(wire.ALARM, acknowledged_by="uid:1000", acknowledged_at=wire.TS)
    quiet = msgspec.structs.replace(wire.ALARM, severity="WARNING")
    gone = msgspec.structs.replace(wire.ALARM, cleared_at=wire.TS, cleared_why="READY again")
    fake.script = lambda call: wire.answer(call, data=(wire.ALARM, mine, quiet, gone))
    lines = hydractl("alarms", "--all").stdout.splitlines()[2:]
    words = ("NOBODY IS ON IT", "acknowledged by uid:1000", "warning", "cleared")
    assert all(word in line for word, line in zip(words, lines, strict=True))
    assert all(line.endswith("Do not fire again: look first.") for line in lines)
    assert fake.bodies("alarms")[-1].cleared is True


def test_wide_shows_the_whole_runbook(fake: Any, hydractl: Any) -> None:
    text = hydractl("alarms", "-o", "wide").stdout
    assert "now: Do not fire again: look first." in text and "The order may have been executed." in text
    assert "told 3x, last uid:1000, uid:1001" in text


def test_no_alarm_is_said_in_every_form(fake: Any, hydractl: Any, wire: Any) -> None:
    fake.script = lambda call: wire.answer(call, data=())
    for form in ("table", "wide"):
        assert "no alarm stands" in hydractl("alarms", "-o", form).stdout


def test_ack_is_a_request_with_a_key_and_its_note(fake: Any, hydractl: Any) -> None:
    assert hydractl("ack", L.lower(), "--note", "on it").returncode == 0
    call = fake.calls[-1]
    assert (call.body.alarm, call.body.note) == (L, "on it") and call.key


@pytest.mark.parametrize("argv", [["ack", M], ["alarm", "show", M], ["ack", "L-0000000A"], ["note", "X-1", "hello"]])
def test_an_id_of_something_else_is_a_usage_error_before_anything_is_asked(
    argv: list[str], fake: Any, hydractl: Any
) -> None:
    assert hydractl(*argv).returncode == ExitCode.USAGE
    assert not fake.calls


def test_findings_since(fake: Any, hydractl: Any) -> None:
    assert hydractl("findings", "--since", "2026-11-20T00:00:00Z", "--code", "STOP_MISSING").returncode == 0
    body = fake.bodies("findings")[-1]
    assert (body.since_ns, body.code, body.limit) == (1_795_132_800_000_000_000, "STOP_MISSING", 50)
    assert hydractl("findings", "--since", "yesterday").returncode == ExitCode.USAGE


# --- exit codes -----------------------------------------------------------------------------------------


def test_preflight_that_is_not_ready_exits_9_and_shows_what_failed(fake: Any, hydractl: Any, wire: Any) -> None:
    calm = hydractl("preflight")
    assert calm.returncode == 0 and "nothing would stop a fire" in calm.stdout
    row = PreflightRow(account="paper-1", symbol="EURUSD", code="TICK_AGE", ok=False, measured="9 s", limit="5 s")
    data = msgspec.structs.replace(wire.PREFLIGHT, ready=False, rows=(*wire.PREFLIGHT.rows, row))
    fake.script = lambda call: wire.answer(call, data=data)
    done = hydractl("preflight", "--account", "paper-1", "--symbol", "EURUSD")
    assert done.returncode == ExitCode.UNHEALTHY
    assert "NOT READY: 2 of 3" in done.stdout and "TICK_AGE" in done.stdout and "ALARMS" not in done.stdout
    assert "ALARMS" in hydractl("preflight", "-o", "wide").stdout
    assert (fake.bodies("preflight")[-2].account, fake.bodies("preflight")[-2].symbol) == ("paper-1", "EURUSD")


@pytest.mark.parametrize(("code", "exit_code"), [("DIFFERENCES", 10), ("PARTLY", 7)])
def test_reconcile_shows_its_rows_and_exits_by_what_it_found(
    code: str, exit_code: int, fake: Any, hydractl: Any, wire: Any
) -> None:
    data = msgspec.structs.replace(wire.RECONCILED, differences=(wire.DIFFERENCE,))
    fake.script = lambda call: wire.answer(call, data=data, error=problem(code))
    done = hydractl("reconcile", "--account", "paper-1", "--timeout", "2s")
    assert done.returncode == exit_code and "so it is" in done.stderr
    assert "DIFFERS" in done.stdout and "0.05" in done.stdout
    assert (fake.bodies("reconcile")[-1].account, fake.bodies("reconcile")[-1].wait_s) == ("paper-1", 2.0)
    envelope = json.loads(hydractl("reconcile", "-o", "json").stdout)
    assert envelope["ok"] is False and envelope["data"]["differences"][0]["kind"] == "volume"


def test_agreement_is_only_said_of_what_was_asked(fake: Any, hydractl: Any, wire: Any) -> None:
    assert "journal and broker agree" in hydractl("reconcile").stdout
    mute = msgspec.structs.replace(wire.ANSWERED, answered=False, detail="not asked: LOST")
    data = msgspec.structs.replace(wire.RECONCILED, terminals=(wire.ANSWERED, mute))
    fake.script = lambda call: wire.answer(call, data=data, error=problem("PARTLY"))
    text = hydractl("reconcile").stdout
    assert "agree" not in text and "no differences where a terminal answered" in text


def test_a_statement_that_differs(fake: Any, hydractl: Any, wire: Any) -> None:
    data = msgspec.structs.replace(wire.STATEMENT, agrees=False, difference="0.01", broker_balance="10000.01")
    fake.script = lambda call: wire.answer(call, data=data, error=problem("DIFFERENCES"))
    done = hydractl("statement", "paper-1", "--month", "2026-11")
    assert done.returncode == 10 and "DIFFERS by 0.01" in done.stdout
    assert hydractl("statement", "paper-1").returncode == ExitCode.USAGE


# --- csv ------------------------------------------------------------------------------------------------


def test_csv_of_a_statement_is_its_rows_quoted(fake: Any, hydractl: Any) -> None:
    done = hydractl("statement", "paper-1", "--month", "2026-11", "-o", "csv")
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["ticket"], row["balance"], row["comment"]) == ("1", "10000.00", 'first "deposit", ours')
    assert "opening 0.00, closing 10000.00 USD" in done.stderr
    assert len(hydractl("statement", "paper-1", "--month", "2026-11", "-o", "csv", "-q").stdout.splitlines()) == 1


def test_no_brokers_comment_is_a_formula(fake: Any, hydractl: Any, wire: Any) -> None:
    """A spreadsheet takes what begins so for one: https://owasp.org/www-community/attacks/CSV_Injection."""
    texts = ("=1+1", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("x")', "-5.00", "plain")
    rows = tuple(msgspec.structs.replace(wire.STATEMENT.rows[0], comment=text) for text in texts)
    fake.script = lambda call: wire.answer(call, data=msgspec.structs.replace(wire.STATEMENT, rows=rows))
    words = ("statement", "paper-1", "--month", "2026-11", "-o")
    shown = [row["comment"] for row in csv.DictReader(io.StringIO(hydractl(*words, "csv").stdout))]
    assert all(cell.startswith("'") for cell in shown[:6]) and shown[6:] == ["-5.00", "plain"], "a number stays one"
    assert "\t=1+1" in hydractl(*words, "tsv").stdout, "a program reads that"


def test_csv_of_any_table_and_of_what_is_no_table(fake: Any, hydractl: Any) -> None:
    heading, row = csv.reader(io.StringIO(hydractl("positions", "-o", "csv").stdout))
    assert dict(zip(heading, row, strict=True))["stop"] == "1.08140"
    pairs = dict(csv.reader(io.StringIO(hydractl("status", "-o", "csv").stdout)))
    assert pairs["authority"] == "ACTIVE"


# --- report ---------------------------------------------------------------------------------------------


def test_a_report_says_what_it_cannot_say(fake: Any, hydractl: Any) -> None:
    text = hydractl("report", "--by", "symbol").stdout
    assert "33% [5%, 80%]" in text and "+0.10 [-1.20, +1.40]" in text and "2.5 of 120" in text
    assert "says nothing about its mean R yet" in text
    assert "1 open position(s), 2 ghosted mission(s)" in text


def test_periods_of_a_report_are_market_time(fake: Any, hydractl: Any) -> None:
    assert hydractl("report", "--since", "2d", "--until", "2026-11-20T00:00:00Z").returncode == 0
    body = fake.bodies("report")[-1]
    assert (body.ago_ms, body.since_ms, body.until_ms) == (172_800_000, None, 1_795_132_800_000)
    assert hydractl("report", "--until", "2d").returncode == ExitCode.USAGE
    assert hydractl("report", "--by", "weather").returncode == ExitCode.USAGE
