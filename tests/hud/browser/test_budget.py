"""What a first look costs, by the browser's own count of bytes on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

BYTES_MAX = 150 * 1024
TRANSFERRED = """() => performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
  .filter((row) => !row.name.includes("/stream")).map((row) => [row.name, row.transferSize])"""


def transferred(shown: Any) -> dict[str, int]:
    shown.page.wait_for_timeout(1_000)
    return dict(shown.page.evaluate(TRANSFERRED))  # each address once: what is asked anew later is no first view


def test_a_first_view_is_small_and_has_no_chart(screen: Callable[..., Any]) -> None:
    shown = screen("phone").log_in()
    sizes = transferred(shown)
    assert 0 < sum(sizes.values()) <= BYTES_MAX, sizes
    assert not any("vendor" in name for name in sizes)


def test_a_briefing_is_small_too_chart_and_bars_included(screen: Callable[..., Any], crew: Any) -> None:
    """From nothing: a phone that a link of the bot's has opened."""
    shown = screen("phone")
    link = crew.link()
    shown.page.goto(link.replace("/login#", f"/hud?mission={crew.mission()}#"))
    shown.page.locator(".candles canvas").first.wait_for()
    sizes = transferred(shown)
    assert any("vendor" in name for name in sizes) and any("/bars/" in name for name in sizes)
    assert 0 < sum(sizes.values()) <= BYTES_MAX, sizes
