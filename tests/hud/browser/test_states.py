"""Each state is shown as what it is: denied, rejected, expired, halted, unknown; and who may not act sees no acts."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
from screens import PIN, TRADER, VIEWER


def test_a_denied_fire_says_so_before_and_after(shown: Any) -> None:
    """EURUSD has left its collar by then."""
    mission = shown.crew.mission("EURUSD")
    for page, place in (("/hud", ".missions"), ("/missions", "main")):
        shown.go(page)
        shown.see(re.compile(r"missed by \d+ pts, [\d.]+ m?s old"), place)
    shown.brief(mission)
    shown.see("Would be DENIED: ENTRY_MISSED")
    shown.see("FAILS ENTRY_MISSED", ".checks")
    shown.hold("FIRE BUY")
    shown.give_pin()
    shown.see("DENIED by us: ENTRY_MISSED", "dialog")
    assert shown.page.locator("dialog .good").count() == 0
    assert shown.crew.opened() == []


def test_a_rejection_is_the_brokers(shown: Any) -> None:
    shown.crew.broker(op="fault", kind="requote", login=100001, count=1)
    shown.brief(shown.crew.mission())
    shown.hold("FIRE BUY")
    shown.give_pin()
    shown.see("REJECTED by the broker", "dialog")
    shown.see(re.compile("10004|REQUOTE"), "dialog")
    assert shown.page.locator("dialog .good").count() == 0


def test_a_wrong_pin_sends_nothing(shown: Any) -> None:
    shown.brief(shown.crew.mission())
    shown.hold("FIRE BUY")
    shown.give_pin("0000")
    shown.see(re.compile("wrong", re.I), "dialog")
    assert shown.crew.ctl("fires").data == []
    shown.give_pin(PIN)
    shown.see("FILLED", "dialog")
    assert len(shown.crew.opened()) == 1


def test_a_short_press_fires_nothing(shown: Any) -> None:
    shown.brief(shown.crew.mission())
    for _ in range(3):
        shown.hold("FIRE BUY", 200)
    assert shown.page.locator("dialog").count() == 0
    assert shown.crew.ctl("fires").data == []


def test_an_expired_mission_takes_no_fire(shown: Any) -> None:
    mission = shown.crew.mission()
    shown.brief(mission)
    shown.see("left", ".head")
    shown.crew.step(10)
    shown.see("EXPIRED", ".head")
    shown.see("It takes no fires any more.")
    assert shown.page.get_by_role("button", name="FIRE BUY").count() == 0
    assert "left" not in shown.text(".head .big")


def test_halting_never_asks_and_is_seen_everywhere(shown: Any, screen: Callable[..., Any]) -> None:
    other = screen("desktop").log_in()
    shown.brief(shown.crew.mission())
    shown.hold("HALT")
    shown.see("HALTED. 2 terminals verified", "dialog")
    shown.see("alpha verified: HALTED in its ledger", "dialog")
    assert shown.crew.status()["authority"] == "HALTED"
    other.see("HALTED", "header", timeout_s=2)
    other.see(re.compile("HALTED since .*: nothing opens"))
    shown.close_sheet()
    shown.see("Would be DENIED: AUTHORITY")


def test_an_unknown_outcome_is_unknown_and_ends_by_evidence(shown: Any) -> None:
    crew = shown.crew
    crew.broker(op="fault", kind="latency", login=100001, count=1, ms=2_000)
    shown.brief(crew.mission())
    shown.hold("FIRE BUY")
    shown.give_pin()
    crew.until(lambda: crew.status()["acts"]["in_flight"] == 1, "the fire is on its way")
    agent = crew.kill("alpha", signal.SIGSTOP)
    try:
        shown.see(re.compile("1 UNKNOWN"), "header")
        shown.see(re.compile("^UNKNOWN"), "dialog", timeout_s=20)
        shown.see("asking again here cannot do it twice", "dialog")
        assert shown.page.locator("dialog .good").count() == 0
        shown.close_sheet()
        shown.see("UNKNOWN", ".acts")
    finally:
        os.kill(agent, signal.SIGCONT)
    crew.until(lambda: crew.status()["acts"]["unknown"] == 0, "it was resolved")
    state = crew.ctl("fires").data[0]["state"]
    assert state in ("FILLED", "NOT_EXECUTED")
    shown.see(state.replace("_", " "), ".acts", timeout_s=30)
    assert len(crew.opened()) == (state == "FILLED")


@pytest.mark.telegram
@pytest.mark.parametrize("kind", ["phone", "desktop"])
def test_a_viewer_sees_no_acts(screen: Callable[..., Any], crew: Any, kind: str) -> None:
    shown = screen(kind).log_in_by_telegram(VIEWER)
    assert shown.page.get_by_role("button", name="HALT").count() == 0
    for path in ("/", "/positions", "/terminals", f"/hud?mission={crew.mission()}"):
        shown.go(path)
        shown.page.locator("main .card").first.wait_for()
        assert shown.page.locator(".hold").count() == 0
        assert shown.page.get_by_role("button", name=re.compile("Fire|Pass|Close|Halt|Acknowledge", re.I)).count() == 0
    shown.see("Your role looks; it does not fire.")


@pytest.mark.telegram
def test_a_trader_sees_the_accounts_that_were_given(screen: Callable[..., Any], crew: Any) -> None:
    shown = screen().log_in_by_telegram(TRADER).go("/terminals")
    shown.see("alpha", "main")
    assert "bravo" not in shown.text()


@pytest.mark.telegram
def test_a_trader_halts_and_reads_no_name_of_what_was_not_given(screen: Callable[..., Any], crew: Any) -> None:
    """Nor where something of it fails: its terminal is lost, and rings for others."""
    shown = screen().log_in_by_telegram(TRADER)
    agent = crew.kill("bravo", signal.SIGSTOP)
    try:
        crew.until(lambda: any(row["link"] == "LOST" for row in crew.status()["terminals"]), "bravo is lost")
        shown.go("/")
        shown.see("Needs you", ".urgent")
        shown.page.wait_for_timeout(2_500)
        assert "bravo" not in shown.text("main") and "alarm" not in shown.text("#link")
        assert not re.search("FAILS (terminal|alarms|acts)", shown.text(".urgent"))
        shown.hold("HALT")
        shown.see("HALTED. 1 of 2 terminals NOT verified", "dialog", timeout_s=20)
        shown.see("1 of accounts that were not given to you: 1 NOT verified", "dialog")
        shown.see("alpha verified: HALTED in its ledger", "dialog")
        assert "bravo" not in shown.text("dialog")
    finally:
        os.kill(agent, signal.SIGCONT)
