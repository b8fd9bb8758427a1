"""docs/simulator.md lists every key of the simulated broker's file, and no other; docs/conformance.md every client."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from hydrad.terminal.broker import config
from hydrad.terminal.broker.broker import TERMS_CHANGES
from hydrad.terminal.broker.faults import FaultKind

ROOT = Path(__file__).resolve().parents[2]
TABLES = {"instance": config.BrokerConfig, "login": config.AccountConfig, "description": config.SymbolConfig}

pytestmark = pytest.mark.source


def keys_in(table: str) -> set[str]:
    """Names in the first column."""
    cells = [line.split("|")[1] for line in table.splitlines()[2:] if line.startswith("|")]
    return set(re.findall(r"`(\w+)`", " ".join(cells)))


def test_every_key_is_listed_and_no_other() -> None:
    text = (ROOT / "docs/simulator.md").read_text()
    tables = [part for part in re.split(r"\n\n", text) if part.startswith("| key")]
    assert len(tables) == len(TABLES)
    for table in tables:
        found = keys_in(table)
        kind = next(kind for name, kind in TABLES.items() if name in found)
        assert found == {field.name for field in msgspec.structs.fields(kind)}


def test_every_client_is_listed() -> None:
    text = (ROOT / "docs/conformance.md").read_text()
    for client in conformance().CLIENTS:
        for name, version in zip(client.name.split(", "), client.version.split(", "), strict=True):
            assert not version or f"{name} {version}" in text


def conformance() -> ModuleType:
    spec = importlib.util.spec_from_file_location("conformance_run", ROOT / "tests/conformance/run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["conformance_run"] = module  # for its dataclasses
    spec.loader.exec_module(module)
    return module


def test_every_fault_is_on_the_page() -> None:
    text = (ROOT / "docs/simulator.md").read_text().partition("## Faults")[2]
    assert [kind for kind in FaultKind if f"`{kind.value}`" not in text] == []
    assert [change for change in TERMS_CHANGES if f"`{change}`" not in text] == []
