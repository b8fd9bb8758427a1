"""What is drawn again costs bytes over SSH: only lines that have changed are, on every pane."""

from __future__ import annotations

import time
import types
from typing import Any

import pytest
from textual.geometry import Region
from textual.widget import Widget

from hydractl.tui.app import PANES


@pytest.fixture
def refreshed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Widget, tuple[Region, ...], bool]]:
    """What is asked to be drawn again: widget, regions (none: all of it), and whether all is laid out anew."""
    seen: list[tuple[Widget, tuple[Region, ...], bool]] = []
    real = Widget.refresh

    def refresh(self: Widget, *regions: Region, repaint: bool = True, layout: bool = False, **more: Any) -> Widget:
        if repaint or layout:
            seen.append((self, regions, layout))
        return real(self, *regions, repaint=repaint, layout=layout, **more)

    monkeypatch.setattr(Widget, "refresh", refresh)
    return seen


def test_a_filter_is_no_markup(tui: Any, refreshed: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.app.pane.filter = "[red]x[/"
        tui.app.draw()
        await tui.until(pilot, "filter: [red]x[/")
        refreshed.clear()
        tui.app.draw()
        assert refreshed == []

    tui.play(scene)


@pytest.mark.parametrize("writing", [False, True])
@pytest.mark.parametrize("name", [pane.NAME for pane in PANES])
def test_nothing_new_draws_nothing(tui: Any, refreshed: Any, name: str, writing: bool) -> None:
    async def scene(pilot: Any) -> None:
        tui.app.open_pane(name)
        await tui.fed(pilot)
        if writing:
            await pilot.press("W")
        for _ in range(2):
            tui.app.draw()
            await pilot.pause()
        refreshed.clear()
        tui.app.draw()
        assert refreshed == []

    tui.play(scene)


@pytest.mark.parametrize("name", [pane.NAME for pane in PANES])
def test_seconds_that_go_by_draw_lines_alone(
    tui: Any, refreshed: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ages go on, and nothing else does: no widget is drawn whole, and nothing is laid out anew."""
    ahead_s = [0.0]
    clock = types.SimpleNamespace(monotonic=lambda: time.monotonic() + ahead_s[0])
    monkeypatch.setattr("hydractl.tui.app.time", clock)

    async def scene(pilot: Any) -> None:
        tui.app.open_pane(name)
        await tui.fed(pilot)
        for ahead_s[0] in (0.0, 1.0, 2.0):
            await tui.told(pilot)
        refreshed.clear()
        ahead_s[0] = 3.0
        await tui.told(pilot)
        whole = [(widget, layout) for widget, regions, layout in refreshed if layout or not regions]
        assert whole == []
        assert all(region.height == 1 for _, regions, _ in refreshed for region in regions)

    tui.play(scene)
