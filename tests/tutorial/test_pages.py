"""The tutorial is true: every command of it is typed, every line that it shows is printed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("transcript", Path(__file__).with_name("transcript.py"))
assert _SPEC is not None and _SPEC.loader is not None
transcript = importlib.util.module_from_spec(_SPEC)
sys.modules["transcript"] = transcript
_SPEC.loader.exec_module(transcript)

PAGES = sorted((Path(__file__).resolve().parents[2] / "docs" / "tutorial").glob("*.md"))
USERS = {"ann": transcript.as_user(1001), "ben": transcript.as_user(1002)}


@pytest.fixture
def environ() -> Iterator[Mapping[str, str]]:
    home = Path(tempfile.mkdtemp(prefix="hx-"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HYDRA_")}
    values = {**kept, "HYDRA_HOME": str(home / "day"), "PATH": path}
    try:
        yield values
    finally:
        subprocess.run(["hydractl", "down", "--yes"], env=values, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.skipif(os.getuid() != 0, reason="needs other unix users")
@pytest.mark.skipif("PYTHONPATH" in os.environ, reason="needs the installed commands")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_word_for_word(environ: Mapping[str, str], page: Path) -> None:
    shell = transcript.Shell(environ, USERS)
    Path(environ["HYDRA_HOME"]).parent.chmod(0o711)
    for command in transcript.commands(page.read_text()):
        printed, code = shell.type(command)
        difference = shell.difference(command, printed, code)
        told = "\n  ".join(printed)
        assert not difference, f"{page.name}:{command.line}: {command.typed}\n  {difference}\n  in:\n  {told}"


PAGE_TEXT = """
```console
$ one
F-00000011 … at 1.5
$ two F-00000011
…
last F-00000011
[exit 6]
```
"""


def check(printed_one: list[str], printed_two: list[str], code_two: int = 6) -> list[str]:
    shell = transcript.Shell({}, {})
    first, second = transcript.commands(PAGE_TEXT)
    return [shell.difference(first, printed_one, 0), shell.difference(second, printed_two, code_two)]


def test_a_page_is_read_and_compared() -> None:
    assert check(["F-0000007Q  FILLED at  1.5"], ["a", "b", "last F-0000007Q"]) == ["", ""]


@pytest.mark.parametrize(
    ("one", "two", "code"),
    [
        (["F-0000007Q FILLED at 1.6"], ["last F-0000007Q"], 6),
        (["F-0000007Q FILLED at 1.5", "more"], ["last F-0000007Q"], 6),
        (["F-0000007Q FILLED at 1.5"], ["last F-0000008W"], 6),
        (["F-0000007Q FILLED at 1.5"], ["last F-0000007Q"], 0),
        (["F-0000007Q FILLED at 1.5"], [], 6),
    ],
)
def test_whatever_differs_is_told(one: list[str], two: list[str], code: int) -> None:
    assert any(check(one, two, code))
