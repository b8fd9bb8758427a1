"""Logs are read from their files, merged by time, filtered, followed; no daemon is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hydractl.commands import logs

LOG = """\
2026-11-20T12:00:00.000Z INFO hydrad ready
2026-11-20T12:00:02.000Z ERROR hydrad.services hud failed
Traceback (most recent call last):
  OSError: port taken
2026-11-20T12:00:04.000Z WARNING hydrad.surface slow
"""
AGENT = """\
something that was said before the log was set up
2026-11-20T12:00:01.000Z INFO hydrad.terminal a new session
2026-11-20T12:00:03.000Z WARNING hydrad.terminal the worker ended
"""


@pytest.fixture
def logged(home: Path) -> Path:
    (home / "run" / "hydrad.log").write_text(LOG)
    folder = home / "state" / "log"
    folder.mkdir(parents=True)
    (folder / "alpha.log").write_text(AGENT)
    return home


def rows(hydractl: Any, *words: str) -> list[dict[str, Any]]:
    done = hydractl("logs", *words, "-o", "json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["data"]
    return found


def test_files_are_merged_by_time_and_a_trace_stays_with_its_line(logged: Path, hydractl: Any) -> None:
    found = rows(hydractl)
    assert [row["source"] for row in found] == ["alpha", "hydrad", "alpha", "hydrad", "alpha", "hydrad"]
    assert found[0]["at"] is None and found[3]["text"].endswith("OSError: port taken")
    assert hydractl("logs").stdout.count("\n") == 8


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        (["alpha", "-n", "1"], ["the worker ended"]),
        (["services"], ["hud failed"]),
        (["hud"], ["hud failed"]),
        (["--level", "error"], ["hud failed"]),
        (["--grep", "PORT taken"], ["hud failed"]),
        (["--since", "2026-11-20T12:00:03Z"], ["the worker ended", "slow"]),
        (["--level", "warning", "alpha"], ["the worker ended"]),
        (["-n", "2"], ["the worker ended", "slow"]),
        (["-n", "0"], []),
    ],
)
def test_filters(words: list[str], texts: list[str], logged: Path, hydractl: Any) -> None:
    assert [row["text"].splitlines()[0] for row in rows(hydractl, *words)] == texts


@pytest.mark.parametrize(
    ("words", "code"),
    [(["nosuch"], 5), (["--grep", "("], 2), (["--since", "yesterday"], 2), (["--level", "loud"], 2)],
)
def test_what_cannot_be_read_so_is_said(words: list[str], code: int, logged: Path, hydractl: Any) -> None:
    assert hydractl("logs", *words).returncode == code


def test_without_any_log(hydractl: Any) -> None:
    assert hydractl("logs").returncode == 5


def test_a_predecessor_is_read_first(logged: Path, hydractl: Any) -> None:
    (logged / "state" / "log" / "alpha.log.1").write_text("2026-11-20T11:00:00.000Z INFO hydrad.terminal old\n")
    assert rows(hydractl, "alpha")[0]["text"] == "old"


def test_of_a_file_beyond_reason_the_end_is_read(logged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES_MAX", 60)
    found = list(logs._File(logged / "run" / "hydrad.log").rows())
    assert [row["text"] for row in found] == ["slow"]


def test_following_survives_a_new_file(logged: Path, environ: dict[str, str]) -> None:
    path = logged / "run" / "hydrad.log"
    argv = [sys.executable, "-P", "-m", "hydractl.main", "logs", "-f", "-n", "1", "hydrad", "-o", "json"]
    reader = subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, text=True, bufsize=1)
    try:
        assert reader.stdout is not None

        def read() -> Any:
            return json.loads(reader.stdout.readline())["text"]  # type: ignore[union-attr]

        assert read() == "slow"
        with path.open("a") as log:
            log.write("2026-11-20T12:00:05.000Z INFO hydrad one\n2026-11-20T12:00:06.000Z INFO hydrad ha")
        assert read() == "one"
        with path.open("a") as log:
            log.write("lf\n")
        assert read() == "half"
        path.replace(f"{path}.1")
        path.write_text("2026-11-20T12:00:07.000Z INFO hydrad new\n")
        assert read() == "new"
    finally:
        reader.kill()
        reader.wait()


@pytest.mark.parametrize("words", [["services"], ["services=loud=x", "--for", "soon"]])
def test_a_level_is_written_so(words: list[str], hydractl: Any, fake: Any) -> None:
    assert hydractl("log", "level", *words).returncode == 2
    assert not fake.bodies("log.level")


def test_the_level_is_asked_of_the_daemon(hydractl: Any, fake: Any) -> None:
    done = hydractl("log", "level", "services=DEBUG", "--for", "10m")
    assert done.returncode == 0 and "until 2026-11-20" in done.stdout
    (body,) = fake.bodies("log.level")
    assert (body.subsystem, body.level, body.for_s) == ("services", "debug", 600.0)
