"""What the TUI's tests share. Those that need tmux are skipped by name where it is not installed."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


def _shared(name: str, path: Path | None = None) -> ModuleType:
    """A module beside this one that the tests here import by its name."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path or Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


terminal = _shared("terminal")
# The scripted daemon of the shell's tests, with a good answer to every call.
scripted = _shared("scripted", Path(__file__).parents[1] / "cli" / "conftest.py")
stage = _shared("stage")
_shared("briefings")
_shared("sheet")
home, fake, environ, hydractl = scripted.home, scripted.fake, scripted.environ, scripted.hydractl
Starts = Callable[..., Any]


@pytest.fixture(params=["tmux", "pty"])
def start(request: pytest.FixtureRequest) -> Iterator[Starts]:
    """Starts a program at a terminal, `(argv, environ, size)`: once in tmux, once in a pty. Ended with the test."""
    if request.param == "tmux" and shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    kind = {"tmux": terminal.Tmux, "pty": terminal.Pty}[request.param]
    with ExitStack() as stack:

        def started(argv: Sequence[str], environ: Mapping[str, str], size: tuple[int, int] = terminal.WIDE) -> Any:
            return stack.enter_context(kind(argv, environ, size))

        yield started


@pytest.fixture
def tmux() -> type[Any]:
    """The class itself, for what only tmux shows."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    kind: type[Any] = terminal.Tmux
    return kind


@pytest.fixture
def wire() -> ModuleType:
    """Samples of answers, and the scripted daemon's parts."""
    return scripted


@pytest.fixture
def tui(fake: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The app before a scripted daemon, fed by hand: see `stage.Stage`."""
    for name in ("NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("HYDRA_HOME", str(home))
    return stage.Stage(fake)


class Clock:
    """The app's, which stands until it is moved."""

    now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    from hydractl.tui import app

    made = Clock()
    monkeypatch.setattr(app, "time", SimpleNamespace(monotonic=made.monotonic))
    return made
