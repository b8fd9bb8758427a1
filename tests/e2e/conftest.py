from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _shared(name: str, folder: Path = Path(__file__).parent) -> ModuleType:
    """A module that the tests here import by its name."""
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


paper = _shared("paper")
chaos = _shared("chaos")
terminal = _shared("terminal", Path(__file__).parents[1] / "tui")


@pytest.fixture
def home() -> Iterator[Any]:
    """A paper home whose market a test moves; everything ready."""
    made = paper.PaperHome()
    try:
        made.start()
        yield made
    finally:
        made.end()
