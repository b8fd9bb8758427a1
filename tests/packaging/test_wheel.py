"""What is in the wheel, as it was installed."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest

FILES = {str(file): file for file in importlib.metadata.files("hydrax") or []}


def ends(suffix: str) -> list[str]:
    return [name for name in FILES if name.endswith(suffix)]


@pytest.mark.parametrize(
    "name",
    [
        "hydrad/systemd/hydrad.service",
        "hydrad/systemd/hydra-terminal@.service",
        "hydrad/systemd/hydra-sim@.service",
        "hydrad/systemd/sysusers.conf",
        "hydrad/systemd/tmpfiles.conf",
        "hydrad/market/sample/NOTICE",
        "hydrad/hud/static/vendor/lightweight-charts.LICENSE.txt",
        "hydrad/py.typed",
        "hydractl/py.typed",
    ],
)
def test_data_lies_beside_the_code(name: str) -> None:
    assert name in FILES
    assert FILES[name].locate().exists()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "page", ["man1/hydractl.1", "man5/hydra-config.5", "man7/hydra-link.7", "man8/hydrad.8", "man8/hydra-terminal.8"]
)
def test_manual_pages_are_where_man_looks(page: str) -> None:
    (name,) = ends(f"share/man/{page}")
    path = Path(str(FILES[name].locate())).resolve()
    assert path == (Path(sys.prefix) / "share/man" / page).resolve()
    assert path.read_text().startswith('.\\" Made by `make man`')


def test_licence_and_notice() -> None:
    assert ends("licenses/LICENSE") and ends("licenses/NOTICE")


def test_nothing_else_has_slipped_in() -> None:
    tops = {name.split("/")[0] for name in FILES if not name.startswith("../")}
    assert {top for top in tops if not top.startswith("hydrax-")} == {"hydractl", "hydrad"}
    assert not [name for name in FILES if name.endswith((".key", ".db", ".toml", ".in")) or "/tests/" in name]
