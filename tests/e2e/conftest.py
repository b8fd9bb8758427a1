from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("paper", Path(__file__).with_name("paper.py"))
assert _SPEC is not None and _SPEC.loader is not None
paper = importlib.util.module_from_spec(_SPEC)
sys.modules["paper"] = paper
_SPEC.loader.exec_module(paper)


@pytest.fixture
def home() -> Iterator[paper.PaperHome]:
    """A paper home whose market a test moves; everything ready."""
    made = paper.PaperHome()
    try:
        made.start()
        yield made
    finally:
        made.end()
