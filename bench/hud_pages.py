"""How long a first view of the HUD takes on loopback, and what it weighs: a new browser each time, nothing cached.

From the navigation's start until the briefing's or the board's words stand, by the browser's own clock; aim: under 500 ms
and 150 KiB. Its limit is printed beside it: the same browser's time for an empty page of the same server (`/livez`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "hud" / "browser"), str(HERE.parent / "tests" / "e2e")]

from common import finish, median  # noqa: E402
from screens import Crew, Screen  # noqa: E402

ROUNDS = 5
WEIGHT = """() => performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
  .filter((row) => !row.name.includes("/stream")).reduce((sum, row) => sum + row.transferSize, 0)"""


def look(browser: Any, crew: Crew, path: str, until: str) -> tuple[float, int]:
    """Milliseconds and bytes of a first view; the session's cookie is there, nothing else is."""
    shown = Screen(browser, crew, "phone").log_in()
    page = shown.context.new_page()
    session = shown.context.new_cdp_session(page)
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(crew.address + path, wait_until="commit")
    page.wait_for_function(f"() => {until}")  # a bare expression would be evaluated, which the policy forbids
    ms = page.evaluate("performance.now()")
    page.wait_for_timeout(500)
    weight = page.evaluate(WEIGHT) if path != "/livez" else 0
    shown.context.close()
    return float(ms), int(weight)


def main() -> int:
    import shutil

    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not installed", file=sys.stderr)
        return 1
    crew = Crew()
    try:
        crew.start()
        views = {
            "livez": ("/livez", "document.body"),
            "board": ("/", "document.querySelector('.urgent h2')"),
            "briefing": (f"/hud?mission={crew.mission()}", "document.querySelector('.fire .hold')"),
            "briefing_chart": (f"/hud?mission={crew.mission()}", "document.querySelector('.candles canvas')"),
        }
        taken: dict[str, list[float]] = {name: [] for name in views}
        weights: dict[str, int] = {}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for _ in range(ROUNDS):  # interleaved: what else the machine does falls on all of them
                for name, (path, until) in views.items():
                    ms, weights[name] = look(browser, crew, path, until)
                    taken[name].append(ms)
            browser.close()
    finally:
        crew.end()
    medians = {name: median(values) for name, values in taken.items()}
    for name, ms in medians.items():
        print(f"{name:15} {ms:7.0f} ms  {weights[name] / 1024:7.1f} KiB")
    figures = {f"{name}_ms": round(ms, 1) for name, ms in medians.items()}
    figures |= {f"{name}_kib": round(size / 1024, 1) for name, size in weights.items() if size}
    ratios = {f"{name}_to_empty_page": medians[name] / medians["livez"] for name in views if name != "livez"}
    finish("hud_pages", figures, ratios)
    return 0


if __name__ == "__main__":
    sys.exit(main())
