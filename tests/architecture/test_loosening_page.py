"""docs/loosening.md names every section of the configuration and every call that changes something."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydrad.config import KEYS
from hydrad.toc.desk import NEEDS

pytestmark = pytest.mark.source
PAGE = (Path(__file__).parents[2] / "docs" / "loosening.md").read_text()
SECTIONS = sorted({key.section for key in KEYS.values()})
CALLS = sorted(str(verb.__struct_config__.tag).replace(".", " ") for verb in NEEDS)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section(section: str) -> None:
    assert f"`[{section}]`" in PAGE


@pytest.mark.parametrize("call", CALLS)
def test_a_call(call: str) -> None:
    assert f"`{call}`" in PAGE
