"""The tests run what is shipped: both packages come from site-packages, never from the checkout."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import hydractl
import hydrad


def test_packages_come_from_the_wheel() -> None:
    for package in (hydractl, hydrad):
        assert package.__file__ is not None
        assert "site-packages" in Path(package.__file__).parts, package.__file__


def test_scripts_are_declared() -> None:
    entry_points = importlib.metadata.entry_points(group="console_scripts")
    names = {point.name for point in entry_points if point.dist is not None and point.dist.name == "hydrax"}
    assert names == {"hydractl", "hydrad", "hydra-terminal"}


def test_sample_and_notices_are_in_the_wheel() -> None:
    files = {str(file) for file in importlib.metadata.files("hydrax") or []}
    assert "hydrad/market/sample/NOTICE" in files
    assert {"hydrad/market/sample/20140502_EURUSD.hxtk", "hydrad/market/sample/20140502_XAUUSD.hxtk"} <= files
    assert not any(name.startswith(("daemon/", "tests/")) for name in files)
