"""One table of verbs, two parsers: where the fast one answers, typer finds the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hydractl import fastpath, handover, root, verbs
from hydractl.diagnostics import Failure
from hydractl.session import Session
from hydrad.domain.ids import IdKind, show

M, F, P = (show(kind, 7) for kind in (IdKind.MISSION, IdKind.FIRE, IdKind.POSITION))
COMMON = [
    "status",
    "status -w -o json",
    "-o json -q status",
    "--output=tsv accounts --no-color",
    "-o json missions -o wide --limit 5 --symbol EURUSD",
    "fires --unknown --all",
    "fires --state=filled",
    f"fire show {F}",
    f"fires show {F}",
    f"mission {M}",
    f"mission show {M}",
    f"fire {M} --yes --no-wait --risk 0.5% --account a",
    f"fire {M} -y --wait --key k --reason why --timeout 5s",
    "fire --symbol EURUSD --side buy --stop 1.08 --target 1.09 --expiry 5m --again --yes",
    "fire --symbol EURUSD --side buy --stop 1.08 --entry 1.09 --type limit --yes",
    f"cancel {F} --yes --no-wait",
    "cancel --all --account a -y",
    "orders --account a",
    f"pass {M} --reason no",
    f"close {P} --part 50% --yes",
    f"modify {P} --stop 1.1 --yes --tz Europe/Madrid",
    f"plan set {P} runner --yes --no-wait",
    f"plan show {P} -o json",
    "halt --reduce --account a",
    "resume --yes",
    f"trace {M} --recheck",
    f"resolve {F} --as filled --ticket 7 --reason seen --yes",
    "ticks",
    "ticks EURUSD XAUUSD -w",
    "terminal enroll t1 --account a --login 7 --server S --netting --symbols EURUSD,XAUUSD",
    "terminal enroll t1 --account a --login 7 --server S --phone +442079460000",
    "account phone a +442079460000",
    "terminal show t1",
    "config show --source",
    "tail -f -n 5 --json --kind k",
    "tail --since 10m --after-seq 7",
    "positions --closed --limit 3",
    "down --yes --socket /s",
    "alarms --debug",
]
UNUSUAL = [
    "",
    "--help",
    "status --help",
    "nonsense",
    "status --nope",
    "missions --limit",
    "missions --limit x",
    "missions extra",
    "mission show",
    "fire --side sideways",
    "status -- x",
    "-ojson status",
    "fire --stop -1",
]


def by_typer(words: list[str]) -> tuple[Any, ...]:
    found: list[tuple[Any, ...]] = []

    def dispatch(name: str, verb: Any, options: Any, values: Any, rest: list[str]) -> int:
        found.append((name, options, values, rest))
        return 0

    assert root.run(words, dispatch) == 0
    return found[0]


@pytest.mark.parametrize("line", COMMON)
def test_both_parsers_agree(line: str) -> None:
    parsed = fastpath.parse(line.split())
    assert parsed is not None
    name, options, values, _ = by_typer(line.split())
    assert (parsed.name, parsed.values) == (name, values)
    assert {k: v or None for k, v in parsed.options.items()} == {k: v or None for k, v in options.items()}


@pytest.mark.parametrize("line", UNUSUAL)
def test_the_unusual_is_left_to_typer(line: str) -> None:
    assert fastpath.parse(line.split()) is None


def test_every_verb_is_in_the_table_of_modules() -> None:
    for name in verbs.MODULES:
        verb = verbs.load(name)
        assert verb.run.__module__ == f"hydractl.commands.{verbs.MODULES[name]}"
        assert verb.help
    assert set(verbs.REGISTRY) == set(verbs.MODULES)
    assert all(param.help for verb in verbs.REGISTRY.values() for param in verb.params)


def test_no_parameter_hides_a_global_option() -> None:
    taken = {param.name for param in verbs.GLOBALS}
    decls = {decl for param in verbs.GLOBALS for decl in param.decls}
    for name in verbs.MODULES:
        for param in verbs.load(name).params:
            assert param.name not in taken and not decls & set(param.decls)


def test_verbs_without_a_daemon_are_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(handover, "hydrad_command", lambda: ["/bin/hydrad"])
    monkeypatch.setattr(handover.os, "execv", lambda path, argv: ran.append(argv))
    parsed = fastpath.parse(["-o", "json", "journal", "verify", "--anything", "goes"])
    assert parsed is not None and parsed.verb is None
    handover.to_hydrad(parsed.name, parsed.rest, None)
    assert ran == [["/bin/hydrad", "journal", "verify", "--anything", "goes", "-o", "json"]]


def test_host_runs_the_same_line_over_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(handover.os, "execvp", lambda path, argv: ran.append(argv))
    host, rest = handover.split_host(["fire", M, "--host", "me@there", "--reason", "it's"])
    assert host == "me@there"
    handover.to_host(host, rest)
    assert ran[0][-3:] == ["--", "me@there", f"hydractl fire {M} --reason 'it'\"'\"'s'"]
    with pytest.raises(Failure):
        handover.to_host("-oProxyCommand=x", [])


@pytest.mark.parametrize(
    ("environ", "socket", "source"),
    [
        ({"HYDRA_HOME": "/h"}, "/h/run/control.sock", "HYDRA_HOME"),
        ({"HYDRA_HOME": "/h", "HYDRA_SOCKET": "/s"}, "/s", "HYDRA_SOCKET"),
        ({"HOME": "/u", "XDG_RUNTIME_DIR": "/x"}, "/x/hydra/control.sock", "the user's home"),
        ({"HOME": "/u", "XDG_RUNTIME_DIR": "x"}, "/u/.local/state/hydra/run/control.sock", "the user's home"),
        ({"HOME": "/u", "XDG_STATE_HOME": "/st"}, "/st/hydra/run/control.sock", "the user's home"),
    ],
)
def test_places(environ: dict[str, str], socket: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from hydractl import places

    monkeypatch.setattr(places, "SYSTEM_CONFIG", "/nowhere/config.toml")
    monkeypatch.setattr(places, "SYSTEM_RUN", "/nowhere")
    found = places.find(None, environ)
    assert (found.socket, found.source) == (socket, source)
    assert places.find("/named", environ).socket == "/named"


def test_places_are_the_daemons(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    theirs = pytest.importorskip("hydrad.host.places")
    from hydractl import places

    monkeypatch.setattr(places, "SYSTEM_CONFIG", str(tmp_path / "none"))
    monkeypatch.setattr(places, "SYSTEM_RUN", str(tmp_path))
    for environ in ({"HYDRA_HOME": "/h"}, {"HOME": "/u"}, {"HOME": "/u", "XDG_RUNTIME_DIR": "/x"}):
        here, there = places.find(None, environ), theirs.find_places(environ, tmp_path / "none")
        assert here.socket == str(there.socket)
        assert here.halt_file == str(there.halt_file)
        assert here.config == str(there.config_file)
        assert here.state == str(there.state_dir)


def test_a_relative_home_is_refused() -> None:
    from hydractl import places

    with pytest.raises(Failure):
        places.find(None, {"HYDRA_HOME": "here"})


def test_a_session_needs_no_daemon() -> None:
    assert Session(fastpath.defaults(verbs.GLOBALS), "hydra.x/v1").machine is False


@pytest.mark.parametrize(
    "words",
    [
        ("adopt", str(2**64), "--account", "alpha", "--stop", "1.1", "--yes"),
        ("tail", "--since", "99999999999d"),
        ("missions", "--symbol", "\udcff"),
    ],
)
def test_what_no_message_can_hold_is_a_usage_error(words: tuple[str, ...], fake: Any, hydractl: Any) -> None:
    done = hydractl(*words, "-o", "json")
    assert done.returncode == 2 and json.loads(done.stdout)["error"]["code"] == "USAGE"
