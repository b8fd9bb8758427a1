"""A page that hears nothing says so, shows nothing as current, and heals without a gap; old prices look old."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from screens import Crew, Screen


def test_a_lost_daemon_is_seen_and_the_page_comes_back_without_a_gap(shown: Any) -> None:
    crew = shown.crew
    shown.brief(crew.mission())
    shown.lost = True
    crew.kill("daemon")
    shown.see("NOT LIVE", "header", timeout_s=4)
    shown.see(re.compile("Nothing was heard of the daemon for"), "#blind", timeout_s=4)
    shown.see(re.compile("older"), "#blind")
    assert shown.page.get_by_role("button", name="FIRE BUY").count() == 0
    assert "old" in (shown.page.locator(".price dd").first.get_attribute("class") or "")
    first = shown.text(".price")
    shown.page.wait_for_function("before => document.querySelector('.price').innerText !== before", arg=first)
    assert shown.page.get_by_role("button", name="HALT").is_visible()

    crew.start()
    crew.ctl("pass", crew.mission("EURUSD"))
    shown.see(re.compile(r"^live"), "#link", timeout_s=30)
    assert not shown.page.locator("#blind").is_visible()
    shown.page.get_by_role("button", name="FIRE BUY").wait_for()
    shown.lost = False


def test_what_happened_while_the_line_was_down_is_told_after(shown: Any) -> None:
    """The log's lines are the journal's, none missing and none twice."""
    crew = shown.crew
    shown.go("/log")
    shown.see("MISSION_PROPOSED", "[role=log]")
    shown.lost = True
    shown.context.set_offline(True)
    crew.kill("daemon")
    shown.see("NOT LIVE", "header", timeout_s=5)
    crew.start()
    noted = crew.ctl("note", crew.mission(), "written in the dark")
    assert noted.code == 0, noted
    shown.context.set_offline(False)
    shown.see("written in the dark", "[role=log]", timeout_s=30)
    lines = shown.page.locator("[role=log] li small").all_inner_texts()
    seqs = [int(line.split()[0]) for line in lines]
    assert seqs == list(range(seqs[0], seqs[0] - len(seqs), -1))
    shown.lost = False


@pytest.fixture
def running() -> Iterator[Crew]:
    """A market that goes by itself, as fast as life."""
    made = Crew("daemon")
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.mark.parametrize("kind", ["phone", "desktop"])
def test_the_countdown_agrees_and_old_prices_look_old(chromium: Any, running: Crew, kind: str) -> None:
    shown = Screen(chromium, running, kind).log_in()
    mission = running.mission()
    shown.brief(mission)
    left = "document.querySelector('.head .big').innerText"
    first = shown.page.evaluate(left)
    shown.page.wait_for_function(f"before => {left} !== before", arg=first)
    minutes, seconds = map(int, re.findall(r"(\d+) m (\d+) s", shown.page.evaluate(left))[0])
    told = running.ctl("mission", "show", mission).data["mission"]["expires_in_s"]
    assert abs(minutes * 60 + seconds - told) < 4

    pids = [running.kill("alpha", signal.SIGSTOP), running.kill("bravo", signal.SIGSTOP)]
    try:
        shown.see(re.compile("STALE"), ".price", timeout_s=20)
        assert "old" in (shown.page.locator(".price dd").first.get_attribute("class") or "")
        shown.see(re.compile("Would be DENIED"), ".fire", timeout_s=20)
        shown.page.get_by_role("link", name="Board").click()
        shown.see(re.compile("STALE|No terminal has told a quote"), ".feed")  # of one that is LOST none is known
        assert shown.page.locator(".feed span:not(.old)").count() == 0
    finally:
        import os

        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    shown.end()


def test_a_page_that_was_put_away_asks_anew(screen: Callable[..., Any], crew: Any) -> None:
    """A phone in a pocket: nothing is asked while nobody looks, and all of it when somebody does."""
    shown = screen().brief_after_login(crew.mission())
    shown.page.evaluate(
        "Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => window.seen ?? 'hidden' })"
    )
    asked: list[str] = []
    shown.page.on("request", lambda request: asked.append(request.url) if "/brief" in request.url else None)
    crew.ctl("note", crew.mission(), "while it was in a pocket")
    shown.page.wait_for_timeout(2_500)
    assert not asked
    shown.page.evaluate("window.seen = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    shown.see("while it was in a pocket")
