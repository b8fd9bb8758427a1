"""What a broker or a person writes is text: no markup of it is made, no script of it runs, and the page keeps its form."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

HOSTILE = (
    '<img src=x onerror="window.owned=1"><script>window.owned=1</script>',
    "\u202egnp.exe\u202d \u2066isolated\u2069",
    "W" * 400,
    "\u200b\u200c\u200d\ufeff",
    "\"'`{{7*7}}${window.owned=1}</textarea></title><svg onload=window.owned=1>",
    "javascript:window.owned=1",
    "a\u0000b\u0007c\r\nevent: record\ndata: {}",
)
# Words that decide what is shown; all other strings of an answer are somebody's.
KEPT = frozenset(
    {
        "at",
        "state",
        "id",
        "kind",
        "link",
        "duty",
        "mode",
        "authority",
        "ts",
        "schema",
        "account",
        "mission",
        "position",
        "side",
    }
)
TIMES = ("_at", "start", "end", "since", "market", "until", "time")


def poisoned(value: Any, draw: Callable[[], str], name: str = "") -> Any:
    """The same answer with a hostile string in every field that a broker or a person could have written."""
    if isinstance(value, dict):
        return {key: poisoned(inner, draw, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner, draw, name) for inner in value]
    if not isinstance(value, str) or name in KEPT or name.endswith(TIMES):
        return value
    try:
        float(value)
    except ValueError:
        return draw()
    return value


def test_strings_of_a_real_home(shown: Any) -> None:
    """Notes and an alarm's words, as a daemon keeps them."""
    crew = shown.crew
    mission = crew.mission()
    for text in HOSTILE[:5]:
        crew.ctl("note", mission, text)
    crew.ctl("halt", "--account", "alpha", "--reason", HOSTILE[0])
    shown.brief(mission)
    shown.see("window.owned=1", ".why")
    for path in ("/", "/log", "/terminals"):
        shown.go(path)
        shown.page.wait_for_timeout(500)
        assert shown.wide() <= 0, path
    assert shown.page.evaluate("window.owned") is None
    assert shown.page.locator("main img, main script, main svg[onload]").count() == 0


def test_every_string_of_every_answer(shown: Any) -> None:
    """Answers as no daemon of ours would give them."""
    crew = shown.crew
    mission = crew.mission()
    crew.ctl("fire", mission, "--yes")
    held = crew.ctl("positions").data[0]["id"]
    count = 0

    def draw() -> str:
        nonlocal count
        count += 1
        return HOSTILE[count % len(HOSTILE)]

    def answer(route: Any) -> None:
        told = route.fetch()
        body = json.loads(told.text())
        body["data"] = poisoned(body["data"], draw)
        route.fulfill(response=told, body=json.dumps(body))

    shown.page.route(lambda url: "/api/v1/" in url and "/stream" not in url, answer)
    for path in ("/", "/missions", "/positions", "/terminals", "/report?by=kind", "/me", f"/hud?mission={mission}",
                 f"/positions?position={held}"):  # fmt: skip
        shown.go(path)
        shown.page.locator("main .card, main table").first.wait_for()
        shown.page.wait_for_timeout(300)
        assert shown.wide() <= 0, path
        assert shown.page.locator("main img, main script, main svg[onload], main [href^=javascript]").count() == 0, path
        assert shown.page.locator("#stop").get_by_role("button").is_visible()
    shown.page.goto("about:blank")
    shown.page.unroute_all(behavior="ignoreErrors")
    shown.complaints[:] = [row for row in shown.complaints if "/api/v1/bars/" not in row]  # no such symbol
    assert count > 100
    assert shown.page.evaluate("window.owned") is None
