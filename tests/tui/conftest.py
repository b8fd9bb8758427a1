"""What the TUI's tests share. Those that need tmux are skipped by name where it is not installed."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _shared(name: str) -> ModuleType:
    """A module beside this one that the tests here import by its name."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


terminal = _shared("terminal")
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
