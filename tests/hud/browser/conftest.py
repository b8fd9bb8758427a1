"""Chromium before a paper daemon of real processes, as a phone and as a desktop. Without a browser, or without axe-core,
these tests are skipped by name."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def _shared(name: str, folder: Path) -> ModuleType:
    """A module that the tests here import by its name."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_shared("paper", ROOT / "tests" / "e2e")
screens = _shared("screens", Path(__file__).parent)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.timeout(180))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser itself; each screen is a context of its own. It is ended with its file's tests: while it runs, so does
    a loop of its own, beside which no other test could run one."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, to be run in a page."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make browser-setup")
    return AXE.read_text()


@pytest.fixture
def crew(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A home with a commander who has a PIN, and two missions of APEX's. Marked `telegram`: with a bot's token, and
    people who are known by their numbers there."""
    made = screens.Crew(telegram=request.node.get_closest_marker("telegram") is not None)
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.fixture
def screen(chromium: Any, crew: Any) -> Iterator[Callable[..., Any]]:
    """Makes a screen before the crew's HUD: `screen("phone")`. At the end none of them has anything to complain of."""
    made: list[Any] = []

    def make(kind: str = "phone", **more: Any) -> Any:
        made.append(screens.Screen(chromium, crew, kind, **more))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture(params=["phone", "desktop"])
def shown(request: pytest.FixtureRequest, screen: Callable[..., Any]) -> Any:
    """A screen of each kind, logged in by a link."""
    return screen(request.param).log_in()
