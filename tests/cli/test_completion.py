"""Completion: what comes next, from the table of verbs and from the daemon, in the shells that people use."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hydractl import completion, verbs
from hydractl.commands.completion import SCRIPTS
from hydrad.domain.ids import IdKind, show

M, F, P, C = (show(kind, 7) for kind in (IdKind.MISSION, IdKind.FIRE, IdKind.POSITION, IdKind.CHANGE))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (["mis"], ["mission", "missions"]),
        (["-o", "json", "mis"], ["mission", "missions"]),
        (["terminal", "en"], ["enroll"]),
        (["journal", ""], ["verify"]),
        (["fire", "sh"], ["show"]),
        (["-o", "j"], ["json"]),
        (["status", "-o", "t"], ["table", "tsv"]),
        (["fire", "--side", ""], ["buy", "sell"]),
        (["fire", "--dry"], ["--dry-run"]),
        (["fire", "--wa"], ["--wait"]),
        (["fire", "--no-w"], ["--no-wait"]),
        (["--sock"], ["--socket"]),
        (["nonsense", ""], []),
        (["fire", "--volume", ""], []),
        (["completion", "z"], ["zsh"]),
        (["--bogus", "mis"], ["mission", "missions"]),
    ],
)
def test_words_that_need_no_daemon(typed: list[str], found: list[str]) -> None:
    assert completion.candidates(typed, {"HYDRA_HOME": "/nonexistent"}) == found


def test_every_verb_and_every_long_option_is_offered() -> None:
    environ = {"HYDRA_HOME": "/nonexistent"}
    for name in (*verbs.MODULES, *verbs.HANDED_OVER):
        *before, last = name.split()
        assert last in completion.candidates([*before, last], environ)
    for name in verbs.MODULES:
        offered = set(completion.candidates([*name.split(), "--"], environ))
        params = (*verbs.load(name).params, *verbs.GLOBALS)
        wanted = {word for p in params for decl in p.decls for word in decl.split("/") if word.startswith("--")}
        assert wanted == offered


def test_options_of_a_verb_that_hydrad_has() -> None:
    assert "--replay" in completion.candidates(["journal", "verify", "--"], {})


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (["fire", ""], [M, "show"]),
        (["fire", M, ""], []),
        (["mission", "show", "M-"], [M]),
        (["fire", "show", ""], [F]),
        (["close", ""], sorted([M, F, P])),
        (["positions", "--account", ""], ["paper-1"]),
        (["terminal", "show", ""], ["sim-1"]),
        (["ticks", "EURUSD", ""], ["EURUSD"]),
        (["tail", "--mission", ""], [M]),
        (["fire", M, "--accounts", "x,pa"], ["x,paper-1"]),
        (["halt", "--account", "none"], []),
        (["operator", "suspend", ""], ["ann"]),
        (["change", "drop", ""], [C]),
        (["approve", "C-"], [C]),
        (["fire", M, "--group", ""], ["majors"]),
    ],
)
def test_live_ids(typed: list[str], found: list[str], fake: Any, home: Path) -> None:
    assert completion.candidates(typed, {"HYDRA_HOME": str(home)}) == found


def test_a_daemon_that_does_not_answer_is_silent_and_not_waited_for(fake: Any, home: Path) -> None:
    fake.script = lambda call: None
    assert completion.candidates(["fire", "M"], {"HYDRA_HOME": str(home)}) == []
    fake.close()
    assert completion.candidates(["fire", "M"], {"HYDRA_HOME": str(home)}) == []
    assert completion.candidates(["fire", "M"], {"HYDRA_HOME": "not/absolute"}) == []


# --- real shells ----------------------------------------------------------------------------------------

_DRIVERS = {
    "bash": 'eval "$(hydractl completion bash)"; COMP_WORDS=(hydractl {words}); COMP_CWORD={last}; _hydractl; '
    'printf "%s\\n" "${{COMPREPLY[@]}}"',
    "zsh": 'compdef() {{ :; }}; compadd() {{ shift 2; print -l -- "$@"; }}; eval "$(hydractl completion zsh)"; '
    "words=(hydractl {words}); CURRENT={count}; _hydractl",
    "fish": "hydractl completion fish | source; complete -C 'hydractl {plain}'",
}


@pytest.mark.parametrize("shell", sorted(SCRIPTS))
@pytest.mark.parametrize(
    ("words", "found"),
    [(["mis"], {"mission", "missions"}), (["fire", "show", ""], {F}), (["status", "-o", "js"], {"json"})],
)
def test_in_a_real_shell(
    shell: str, words: list[str], found: set[str], fake: Any, environ: dict[str, str], tmp_path: Path
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "hydractl"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m hydractl.main "$@"\n')
    script.chmod(0o755)
    quoted = " ".join(f"'{word}'" for word in words)
    line = _DRIVERS[shell].format(words=quoted, last=len(words), count=len(words) + 1, plain=" ".join(words))
    flags = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [shell, *flags, "-c", line],
        env={**environ, "PATH": f"{tmp_path}:{environ['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert {word.split("\t")[0] for word in done.stdout.split("\n") if word} == found


def test_an_unknown_shell_is_a_usage_error(hydractl: Any) -> None:
    done = hydractl("completion", "csh")
    assert done.returncode == 2 and "bash, zsh, fish" in done.stderr


def test_version(hydractl: Any) -> None:
    from hydrad import __version__

    done = hydractl("--version")
    assert (done.returncode, done.stdout) == (0, f"hydractl {__version__}, protocol 1\n")
