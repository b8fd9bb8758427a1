"""What the shell writes: envelopes, tables, tsv; a terminal, a pipe, a broken pipe; and what it imports."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hydractl import verbs
from hydractl.diagnostics import ExitCode
from hydrad.domain.ids import IdKind, show
from hydrad.wire import market as m
from hydrad.wire.answers.accounts import (
    AccountDayData,
    AccountRow,
    AccountShow,
    ArmData,
    GroupRow,
    PoolRow,
    StatementData,
)
from hydrad.wire.answers.acts import ActRow, ActShow, AskedData, FireAnswer
from hydrad.wire.answers.alarms import AlarmRow, AlarmShow, FindingRow, NoteRow
from hydrad.wire.answers.apex import ApexData
from hydrad.wire.answers.authority import HaltData
from hydrad.wire.answers.briefing import Briefing
from hydrad.wire.answers.comparing import PreflightData, ReconcileData
from hydrad.wire.answers.daemon import (
    ConfigPlaces,
    ConfigRow,
    ConfigValue,
    DoctorData,
    DownData,
    HudLink,
    HudPinSet,
    LogLevelData,
    LogRow,
    ReloadData,
    ServicesData,
)
from hydrad.wire.answers.journal import Event, TraceData
from hydrad.wire.answers.market import NewsData, PaperData, QuoteRow, StepData, SymbolDiffData, SymbolRow
from hydrad.wire.answers.missions import MissionRow, MissionShow
from hydrad.wire.answers.oncall import ChannelsData, ChannelTestData, OnCallRow
from hydrad.wire.answers.people import ChangeRow, InviteData, OperatorRow, PolicyRow
from hydrad.wire.answers.positions import NamedPlan, OrderRow, PlanData, PositionRow
from hydrad.wire.answers.reports import DigestData, ReportData
from hydrad.wire.answers.status import HealthData, StatusData, WaitData
from hydrad.wire.answers.terminals import EnrollData, LeavingData, TerminalRow

M, F, P, C, L = (show(kind, 7) for kind in (IdKind.MISSION, IdKind.FIRE, IdKind.POSITION, IdKind.CHANGE, IdKind.ALARM))
GOLDEN = Path(__file__).parent / "golden"
NEWS_CSV = Path(__file__).parent / "news.csv"
TICKS_CSV = Path(__file__).parent / "acme_EURUSD_ticks.csv"
SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"
ENVELOPE = ["schema", "ok", "ts", "daemon", "data", "warnings", "error"]


class Up(msgspec.Struct):
    """Data of `up` and `restart`, which the shell itself makes."""

    started: bool
    instance: str
    mode: str
    pid: int
    home: str
    endpoint: str
    authority: str
    not_ready: list[str]


class Completion(msgspec.Struct):
    """Data of `completion`."""

    shell: str
    script: str


class SupportBundle(msgspec.Struct):
    """Data of `support bundle`: where it is, what is in it."""

    path: str
    parts: list[str]
    accounts_masked: bool


# Verb -> command line, and the type of its data.
VERBS: dict[str, tuple[list[str], Any]] = {
    "account pool": (["ours", "paper-1=2", "paper-2"], GroupRow),
    "account group": (["majors", "paper-1", "paper-2=0.5"], GroupRow),
    "account arm": (["paper-1", "--dry-run"], ArmData),
    "account disarm": (["paper-1"], ArmData),
    "account limits": (["paper-1", "open_positions_max=2"], AccountShow),
    "account phone": (["paper-1", "+44 20 7946 0000"], AccountShow),
    "account correct": (["paper-1", "--peak", "10100", "--reason", "a wrong report"], AccountShow),
    "account show": (["paper-1"], AccountShow),
    "account day": (["paper-1", "--zone", "Europe/Prague", "--at", "00:00"], AccountDayData),
    "accounts": ([], tuple[AccountRow, ...]),
    "adopt": (["123", "--account", "paper-1", "--stop", "1.08", "--yes"], FireAnswer),
    "ack": ([L, "--note", "on it"], AlarmShow),
    "alarm show": ([L], AlarmShow),
    "alarms": ([], tuple[AlarmRow, ...]),
    "apex show": ([], ApexData),
    "approve": ([F, "--yes"], FireAnswer),
    "asked": (["0123456789abcdef"], AskedData),
    "bars": (["EURUSD"], tuple[m.BarRow, ...]),
    "cancel": ([F, "--yes"], FireAnswer),
    "change drop": ([C], ChangeRow),
    "channel confirm": (["ABCDEF"], ChannelsData),
    "channel test": (["email"], ChannelTestData),
    "channels": ([], ChannelsData),
    "changes": ([], tuple[ChangeRow, ...]),
    "brief": ([M], Briefing),
    "close": ([P, "--yes"], FireAnswer),
    "completion": (["bash"], Completion),
    "config show": ([], tuple[ConfigRow, ...]),
    "digest": ([], DigestData),
    "down": (["--yes"], DownData),
    "findings": ([], tuple[FindingRow, ...]),
    "fire": ([M, "--yes"], FireAnswer),
    "fire show": ([F], ActShow),
    "fires": ([], tuple[ActRow, ...]),
    "fires show": ([F], ActShow),
    "groups": ([], tuple[GroupRow, ...]),
    "pools": ([], tuple[PoolRow, ...]),
    "flatten": (["--yes"], FireAnswer),
    "halt": ([], HaltData),
    "market step": (["30"], StepData),
    "health": ([], HealthData),
    "hud open": ([], HudLink),
    "hud pin": ([], HudPinSet),
    "log level": (["services=debug", "--for", "10m"], LogLevelData),
    "logs": ([], tuple[LogRow, ...]),
    "mission": ([M], MissionShow),
    "mission show": ([M], MissionShow),
    "missions": ([], tuple[MissionRow, ...]),
    "modify": ([P, "--stop", "1.08", "--yes"], FireAnswer),
    "note": ([L, "the host is rebooting"], NoteRow),
    "operator add": (["ann", "--uid", "1001", "--accounts", "paper-1"], OperatorRow),
    "operator claim": (["0123456789AB"], OperatorRow),
    "mute": (["1h", "EURUSD"], OnCallRow),
    "operator contact": (["ann", "email", "ann@example.org"], OnCallRow),
    "operator hears": (["ann", "--quiet-hours", "22:00-07:00", "--kinds", "SNIPER_OPS"], OnCallRow),
    "operator invite": (["ann"], InviteData),
    "operator link": (["ann", "--telegram", "42"], OperatorRow),
    "operator policy": (["ann", "full"], OperatorRow),
    "operator remove": (["ann", "--yes"], OperatorRow),
    "operator restore": (["ann"], OperatorRow),
    "operator role": (["ann", "viewer"], OperatorRow),
    "operator suspend": (["ann"], OperatorRow),
    "operators": ([], tuple[OperatorRow, ...]),
    "paper cash": (["paper-1", "--withdraw", "500"], PaperData),
    "paper fault": (["requote"], PaperData),
    "paper trade": (["paper-1", "--ticket", "123"], PaperData),
    "news": ([], NewsData),
    "news add": (["CPI", "--at", "2026-11-20T13:30:00Z", "--currency", "USD"], NewsData),
    "news import": ([str(NEWS_CSV)], NewsData),
    "news today": ([], NewsData),
    "orders": ([], tuple[OrderRow, ...]),
    "pass": ([M], MissionRow),
    "plan set": ([P, "runner", "--yes"], FireAnswer),
    "plan show": ([P], PlanData),
    "plans": ([], tuple[NamedPlan, ...]),
    "policies": ([], tuple[PolicyRow, ...]),
    "policy set": (["small", "--open", "2"], PolicyRow),
    "positions": ([], tuple[PositionRow, ...]),
    "preflight": ([], PreflightData),
    "reconcile": ([], ReconcileData),
    "reload": ([], ReloadData),
    "report": (["--by", "symbol"], ReportData),
    "resolve": ([F, "--as", "not-executed", "--reason", "seen", "--yes"], FireAnswer),
    "restart": ([], Up),
    "resume": (["--yes"], HaltData),
    "start": (["hud"], ServicesData),
    "statement": (["paper-1", "--month", "2026-11"], StatementData),
    "status": ([], StatusData),
    "symbol diff": (["paper-1"], SymbolDiffData),
    "symbol map": (["paper-1", "EURUSD=EURUSD.r", "--yes"], tuple[SymbolRow, ...]),
    "symbols": ([], tuple[SymbolRow, ...]),
    "stop": (["hud"], ServicesData),
    "support bundle": ([], SupportBundle),
    "tail": ([], Event),
    "terminal activate": (["sim-1"], TerminalRow),
    "terminal assign": (["sim-1", "ann", "--primary"], OperatorRow),
    "terminal drain": (["sim-1"], TerminalRow),
    "terminal failover": (["sim-1", "--yes"], LeavingData),
    "terminal remove": (["sim-1", "--reason", "gone", "--yes"], LeavingData),
    "terminal quarantine": (["sim-1"], TerminalRow),
    "terminal release": (["sim-1", "ann"], OperatorRow),
    "terminal enroll": (["t1", "--account", "a", "--login", "7", "--server", "S"], EnrollData),
    "terminal show": (["sim-1"], TerminalRow),
    "terminals": ([], tuple[TerminalRow, ...]),
    "ticks": ([], tuple[QuoteRow, ...]),
    "trace": ([M], TraceData),
    "up": ([], Up),
    "withdraw": ([M], MissionRow),
    "wait": (["--for", "idle"], WaitData),
}
# Verbs that `hydrad` carries out, and the type of their data; their answers name paths and versions of this machine.
HANDED = {
    "config get": ConfigValue,
    "config path": ConfigPlaces,
    "config set": ConfigValue,
    "data bars": tuple[m.BarRow, ...],
    "data export": m.DataExport,
    "data import": m.DataImport,
    "data ls": tuple[m.DataSet, ...],
    "data verify": m.DataVerify,
    "replay": m.ReplayData,
    "doctor": DoctorData,
}
# `restart` needs a daemon that ends and another that starts; its data is `up`'s. `support bundle` has a home to look at.
NO_GOLDEN = {"restart", "support bundle"}
SCREENS = {"tui"}  # shows, and prints nothing
STDIN = {"hud pin": "2468\n"}
WITH_A_FAKE = sorted(set(VERBS) - {*NO_GOLDEN, "down", "tail", "logs"})


def file_of(verb: str) -> str:
    return verb.replace(" ", "-") + ".json"


def stable(envelope: dict[str, Any]) -> dict[str, Any]:
    """An envelope of the shell's own has its own `ts`."""
    return {**envelope, "ts": "TS"}


def compare(verb: str, found: Any) -> None:
    text = json.dumps(found, indent=1) + "\n"
    path = GOLDEN / file_of(verb)
    if os.environ.get("HYDRA_REGENERATE"):
        path.write_text(text)
    assert path.read_text() == text, "the JSON changed; if meant, run again with HYDRA_REGENERATE=1"


def test_every_verb_is_here() -> None:
    assert {*VERBS, *SCREENS} == set(verbs.MODULES)


@pytest.mark.parametrize("verb", WITH_A_FAKE)
def test_json_is_the_envelope(verb: str, fake: Any, hydractl: Any) -> None:
    done = hydractl(*verb.split(), *VERBS[verb][0], "-o", "json", stdin=STDIN.get(verb, ""))
    assert done.returncode == 0, done.stderr
    envelope = json.loads(done.stdout)
    assert list(envelope) == ENVELOPE
    assert envelope["ok"] is True and envelope["ts"].endswith("Z")
    msgspec.convert(envelope["data"], VERBS[verb][1])
    assert envelope["schema"] == verbs.load(verb).schema or verb == "terminal show"
    compare(verb, stable(envelope))


def test_json_of_down(fake: Any, hydractl: Any, wire: Any) -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    fake.script = lambda call: wire.answer(
        call, data=msgspec.structs.replace(wire.DATA[wire.verb_of(call)][1], pid=child.pid)
    )
    done = hydractl("down", "-o", "json")
    envelope = json.loads(done.stdout)
    assert list(envelope) == ENVELOPE
    compare("down", stable({**envelope, "data": {**envelope["data"], "pid": 0}}))


def test_json_of_tail_is_a_line_an_event(fake: Any, hydractl: Any, wire: Any) -> None:
    fake.script = lambda call: [
        wire.answer(call, data=wire.event(1), more=True),
        wire.answer(call, data=wire.event(2), more=True),
        wire.answer(call, data=None),
    ]
    done = hydractl("tail", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["seq"] for event in events] == [1, 2]
    compare("tail", events)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_schema_file_is_current(verb: str) -> None:
    schema = msgspec.json.schema(VERBS[verb][1])
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": verbs.load(verb).schema, **schema}
    text = json.dumps(schema, indent=1) + "\n"
    path = SCHEMAS / file_of(verb)
    if os.environ.get("HYDRA_REGENERATE"):
        path.write_text(text)
    assert path.read_text() == text, "the schema changed; run again with HYDRA_REGENERATE=1"


@pytest.mark.parametrize("verb", sorted(HANDED))
def test_the_schema_file_of_a_verb_of_hydrad_is_current(verb: str) -> None:
    assert verb in verbs.HANDED_OVER
    schema = msgspec.json.schema(HANDED[verb])
    compare_schema(verb, {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


HANDED_WORDS = {
    "config get": ["risk.currency"],
    "config path": [],
    "config set": ["risk.open_positions_max", "3"],
    "data bars": ["EURUSD", "--source", "acme"],
    "data export": ["EURUSD", "--source", "acme", "--to", "HOME/out.csv"],
    "data import": [str(TICKS_CSV)],
    "data ls": [],
    "data verify": [],
    "replay": ["2014-05-08", "--source", "acme"],
}


@pytest.mark.parametrize("verb", sorted(HANDED))
def test_json_of_a_verb_of_hydrad_is_the_envelope(verb: str, home: Path, hydractl: Any) -> None:
    if verb == "replay":
        assert hydractl("init").returncode == 0
        for symbol in ("EURUSD", "XAUUSD"):  # those of the profile
            assert hydractl("data", "import", str(TICKS_CSV), "--source", "acme", "--symbol", symbol).returncode == 0
    elif verb.startswith("data ") and verb != "data import":
        assert hydractl("data", "import", str(TICKS_CSV)).returncode == 0
    words = [word.replace("HOME", str(home)) for word in HANDED_WORDS.get(verb, [])]
    done = hydractl(*verb.split(), *words, "-o", "json")
    assert done.returncode in (0, 9, 10), done.stderr
    envelope = json.loads(done.stdout)
    assert set(envelope) == set(ENVELOPE) and envelope["ok"] is (done.returncode == 0)
    msgspec.convert(envelope["data"], HANDED[verb])
    if verb in HANDED_WORDS:
        compare(verb, stable(json.loads(done.stdout.replace(str(home), "HOME").replace(str(TICKS_CSV.parent), "HERE"))))


def compare_schema(verb: str, schema: dict[str, Any]) -> None:
    text = json.dumps(schema, indent=1) + "\n"
    path = SCHEMAS / file_of(verb)
    if os.environ.get("HYDRA_REGENERATE"):
        path.write_text(text)
    assert path.read_text() == text, "the schema changed; run again with HYDRA_REGENERATE=1"


def test_json_of_logs(home: Path, hydractl: Any) -> None:
    (home / "run" / "hydrad.log").write_text("2026-11-20T12:25:30.500Z INFO hydrad ready\n")
    done = hydractl("logs", "-o", "json")
    envelope = json.loads(done.stdout)
    assert list(envelope) == ENVELOPE and envelope["schema"] == verbs.load("logs").schema
    msgspec.convert(envelope["data"], tuple[LogRow, ...])
    compare("logs", stable(envelope))


def test_no_golden_or_schema_file_is_left_over() -> None:
    assert {path.name for path in SCHEMAS.glob("*.json")} == {file_of(verb) for verb in {*VERBS, *HANDED}}
    assert {path.name for path in GOLDEN.glob("*.json")} == {
        file_of(verb) for verb in {*VERBS, *HANDED_WORDS} - NO_GOLDEN
    }


@pytest.mark.parametrize("words", [["status"], ["status", "--nope"], ["fire", M], ["nonsense", "status"]])
def test_errors_of_the_shell_give_an_envelope(words: list[str], hydractl: Any) -> None:
    done = hydractl(*words, "-o", "json")
    envelope = json.loads(done.stdout)
    assert list(envelope) == ENVELOPE
    assert envelope["ok"] is False and envelope["data"] is None
    assert envelope["schema"] in ("hydra.status/v1", "hydra.fire/v1")
    assert done.returncode == ExitCode[envelope["error"]["code"]]


@pytest.mark.parametrize("verb", WITH_A_FAKE)
@pytest.mark.parametrize("form", ["table", "wide", "tsv"])
def test_every_form_of_every_verb(verb: str, form: str, fake: Any, hydractl: Any) -> None:
    done = hydractl(*verb.split(), *VERBS[verb][0], "-o", form, stdin=STDIN.get(verb, ""))
    assert done.returncode == 0, done.stderr
    assert done.stdout and "\x1b" not in done.stdout and "None" not in done.stdout


def test_rows_are_never_cropped(fake: Any, hydractl: Any, wire: Any) -> None:
    row = msgspec.structs.replace(wire.ACT, verdict="x" * 400)
    fake.script = lambda call: wire.answer(call, data=(row,))
    assert "x" * 400 in hydractl("fires", COLUMNS="40").stdout


def test_numbers_are_aligned_to_the_right(fake: Any, hydractl: Any, wire: Any) -> None:
    rows = tuple(msgspec.structs.replace(wire.MISSION, entry=entry) for entry in ("1.08340", "12345.1"))
    fake.script = lambda call: wire.answer(call, data=(*rows, msgspec.structs.replace(rows[0], entry="9.1")))
    heading, *lines = hydractl("missions").stdout.splitlines()[1:]
    end = heading.index("ENTRY") + len("ENTRY")
    assert [line[end - 7 : end] for line in lines] == ["1.08340", "12345.1", "    9.1"]
    assert all("not calibrated" in line for line in lines)


def test_tsv_has_a_heading_that_quiet_drops(fake: Any, hydractl: Any) -> None:
    heading, row = hydractl("positions", "-o", "tsv").stdout.splitlines()
    assert dict(zip(heading.split("\t"), row.split("\t"), strict=True))["stop"] == "1.08140"
    assert hydractl("positions", "-o", "tsv", "-q").stdout.splitlines() == [row]


def test_warnings_go_to_stderr_and_quiet_drops_them(fake: Any, hydractl: Any, wire: Any) -> None:
    fake.script = lambda call: wire.answer(call, warnings=("the clock was set back",))
    assert "set back" in hydractl("missions").stderr
    assert hydractl("missions", "-q").stderr == ""


def test_times_in_another_zone(fake: Any, hydractl: Any) -> None:
    assert "at 12:25:30" in hydractl("missions").stdout
    assert "at 13:25:30" in hydractl("missions", "--tz", "Europe/Madrid").stdout


def test_status_says_what_is_wrong_first(fake: Any, hydractl: Any, wire: Any) -> None:
    calm = hydractl("status").stdout.splitlines()
    assert calm[0].startswith("PAPER  ACTIVE  hx-test")
    assert calm[1].startswith("nothing wrong in: 0 alarms, 0 unknown acts, 1 terminals READY")
    lost = msgspec.structs.replace(wire.TERMINAL, link="LOST", why="no beat", heartbeat_age_s=12.0)
    data = msgspec.structs.replace(
        wire.STATUS, authority="HALTED", alarms=(wire.ALARM,), terminals=(lost,), feed=(), health=()
    )
    fake.script = lambda call: wire.answer(call, data=data)
    lines = hydractl("status").stdout.splitlines()
    assert "*** HALTED ***" in lines[0]
    wrong = [line for line in lines if line.startswith("!")]
    for word in ("HALTED", "ACT_UNKNOWN", "NOBODY IS ON IT", "sim-1 is LOST: no beat", "no feed", "no health check"):
        assert any(word in line for line in wrong), word


def test_status_repeats_and_a_lost_daemon_is_visible(fake: Any, environ: dict[str, str], wire: Any) -> None:
    fake.script = lambda call: wire.DROP if len(fake.calls) > 1 else wire.answer(call)
    shell = subprocess.Popen(
        [sys.executable, "-P", "-m", "hydractl.main", "status", "-w", "--timeout", "300ms"],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdout is not None
    said = ""
    until = time.monotonic() + 20
    while "NO DAEMON" not in said and time.monotonic() < until:
        said = shell.stdout.readline()
    shell.terminate()
    shell.communicate()
    assert "NO DAEMON" in said and "last answer" in said


def on_a_terminal(words: list[str], environ: dict[str, str], said: str = "") -> tuple[int, str]:
    """Runs the shell on a pseudo-terminal; answers its exit code and all that the terminal showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-P", "-m", "hydractl.main", *words], environ)
    os.write(terminal, said.encode())
    shown = b""
    try:
        while data := os.read(terminal, 65536):
            shown += data
    except OSError:
        pass
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode()


def test_colours_only_on_a_terminal_that_wants_them(fake: Any, environ: dict[str, str]) -> None:
    environ["TERM"] = "xterm"
    assert "\x1b[" in on_a_terminal(["status"], environ)[1]
    assert "\x1b[" not in on_a_terminal(["status", "--no-color"], environ)[1]
    assert "\x1b[" not in on_a_terminal(["status"], {**environ, "NO_COLOR": "1"})[1]
    assert "\x1b[" not in on_a_terminal(["status"], {**environ, "TERM": "dumb"})[1]


def test_a_fire_is_shown_before_it_is_asked(fake: Any, environ: dict[str, str], wire: Any) -> None:
    dry = msgspec.structs.replace(wire.FIRE, dry_run=True, act=None, acts=())
    fake.script = lambda call: (
        wire.answer(call, data=dry) if getattr(call.body, "dry_run", False) else wire.answer(call)
    )
    code, shown = on_a_terminal(["fire", M], environ, "y\n")
    assert code == 0
    assert "[PAPER] fire BUY 0.10 EURUSD, stop 1.08140, target 1.08740, on paper-1?" in shown
    assert "20.00 USD" in shown and "1.08140" in shown and "FILLED" in shown
    assert [body.dry_run for body in fake.bodies("fire")] == [True, False]
    fake.calls.clear()
    code, _ = on_a_terminal(["fire", M], environ, "n\n")
    assert code == 1
    assert [body.dry_run for body in fake.bodies("fire")] == [True]


def test_a_denied_preview_is_not_asked(fake: Any, environ: dict[str, str], wire: Any) -> None:
    dry = msgspec.structs.replace(wire.FIRE, dry_run=True, act=None, acts=(), checks=wire.FAILED)
    fake.script = lambda call: wire.answer(call, data=dry)
    code, shown = on_a_terminal(["fire", M], environ)
    assert code == 6
    assert "?" not in shown and "23 points" in shown


def test_live_has_to_be_typed(fake: Any, environ: dict[str, str], wire: Any) -> None:
    real = msgspec.structs.replace(wire.DAEMON, mode="real")
    row = msgspec.structs.replace(wire.REDUCE, kind="live")

    def script(call: Any) -> Any:
        return wire.answer(call, daemon=real, data=wire.dry(row) if call.body.dry_run else wire.FIRE)

    fake.script = script
    code, shown = on_a_terminal(["close", P], environ, "y\n")
    assert code == 1 and "[LIVE] close all of" in shown
    assert not fake.sent("close")
    code, _ = on_a_terminal(["close", P], environ, "LIVE\n")
    assert code == 0 and fake.sent("close")


def test_halt_does_not_ask_on_a_terminal(fake: Any, environ: dict[str, str]) -> None:
    code, shown = on_a_terminal(["halt"], environ)
    assert code == 0 and "HALTED" in shown and fake.bodies("halt")


@pytest.mark.parametrize(("words", "code"), [(["fires", "--limit", "9"], 0), (["fire", M, "--yes"], 6)])
def test_a_broken_pipe_is_no_error_and_hides_no_verdict(
    words: list[str], code: int, fake: Any, environ: dict[str, str], wire: Any
) -> None:
    denied = msgspec.structs.replace(wire.ACT, state="DENIED", verdict="x" * 500)

    def script(call: Any) -> Any:
        many = msgspec.structs.replace(wire.FIRE, act=denied, acts=(denied,) * 400)
        return wire.answer(call, data=many if wire.verb_of(call) == "fire" else (denied,) * 400)

    fake.script = script
    reading, writing = os.pipe()
    shell = subprocess.Popen(
        [sys.executable, "-P", "-m", "hydractl.main", *words], env=environ, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    os.close(reading)
    _, said = shell.communicate(timeout=20)
    assert shell.returncode == code
    assert b"Traceback" not in said and b"Broken" not in said


HEAVY = {"asyncio", "zmq", "numpy", "textual", "pydantic", "rich", "typer", "msgspec", "json", "pathlib", "dataclasses"}


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["fires"],
        ["missions"],
        ["positions"],
        ["ticks"],
        ["fire", M, "--yes"],
        ["halt"],
        ["close", P, "--yes"],
        ["trace", M],
        ["tail"],
    ],
)
def test_hot_verbs_import_nothing_heavy(words: list[str], fake: Any, environ: dict[str, str]) -> None:
    program = (
        f"import sys, hydractl.main as m; code = m.run({words!r}); "
        f"print('HEAVY', code, *sorted(set(sys.modules) & {HEAVY!r}))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], env=environ, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "HEAVY 0", done.stdout + done.stderr


def test_recorded_ticks_are_a_table_with_their_sources(fake: Any, hydractl: Any) -> None:
    done = hydractl("ticks", "EURUSD", "--since", "10m", "-n", "5")
    assert done.returncode == 0, done.stderr
    assert "1.08010" in done.stdout and "by sim-2; something may be missing before" in done.stdout
    assert "DAMAGED 2026-11-20.ticks" in done.stdout and "there are more" in done.stderr
    told = json.loads(hydractl("ticks", "EURUSD", "--since", "10m", "-o", "json").stdout)
    assert told["schema"] == "hydra.tick_history/v1"
    msgspec.convert(told["data"], m.TickHistory)
    assert hydractl("ticks", "--since", "10m").returncode == 2
    assert hydractl("ticks", "EURUSD", "XAUUSD", "-n", "5").returncode == 2
