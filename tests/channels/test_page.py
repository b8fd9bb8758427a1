"""docs/alerts.md shows the receiver that the tests run, and names what the configuration has."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydrad.config import KEYS
from hydrad.outbox.letter import Priority

pytestmark = pytest.mark.source
HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "alerts.md").read_text()


def test_the_receiver_is_the_one_that_is_tested() -> None:
    source = (HERE / "receiver.py").read_text().split("# --- as on the page ---\n")[1].rstrip()
    assert f"```python\n{source}\n```" in PAGE


@pytest.mark.parametrize("section", ["oncall", "email", "webhook"])
def test_the_sections_are_named(section: str) -> None:
    assert f"[{section}]" in PAGE
    assert any(key.section == section for key in KEYS.values())


@pytest.mark.parametrize("priority", list(Priority))
def test_the_priorities_are_named(priority: Priority) -> None:
    assert priority.name in PAGE
