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


def test_words_and_the_button_do_not_wait_for_a_recording_to_be_read(screen: Callable[..., Any], crew: Any) -> None:
    shown = screen("phone").log_in()
    held: list[Any] = []
    hold = lambda route: held.append(route)  # noqa: E731, PLW0108 - playwright marks its handlers: no built-in
    shown.page.route("**/api/v1/bars/**", hold)
    shown.brief(crew.mission())
    shown.see("The recording is being read.")
    shown.page.locator(".fire .hold").wait_for()
    held[0].fulfill(json={"ok": False, "data": None, "error": {"message": "too busy", "code": "TIMED_OUT"}})
    shown.see("The bars were not told: too busy")
    shown.page.unroute("**/api/v1/bars/**")
