from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _shared(name: str) -> ModuleType:
    """A module beside this one that the tests here import by its name."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


paper = _shared("paper")
chaos = _shared("chaos")


@pytest.fixture
def home() -> Iterator[Any]:
    """A paper home whose market a test moves; everything ready."""
    made = paper.PaperHome()
    try:
        made.start()
        yield made
    finally:
        made.end()
