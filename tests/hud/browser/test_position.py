"""A position's plan: the one that runs is told with each step's state, and another is set by a gesture of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from screens import TRADER


def held(crew: Any) -> dict[str, Any]:
    assert crew.ctl("fire", crew.mission(), "--yes").code == 0
    return dict(crew.ctl("positions").data[0])


def test_a_plan_is_shown_and_another_one_set(shown: Any) -> None:
    crew = shown.crew
    position = held(crew)
    shown.go(f"/positions?position={position['id']}")
    shown.see("Plan default", ".plan")
    shown.see("time stop", ".plan")
    shown.see("Came with its fire", ".plan")
    shown.page.get_by_label("Plan", exact=True).select_option("runner")
    shown.see("break-even 1R", ".replan")
    assert shown.wide() <= 0
    shown.page.wait_for_timeout(1_500)  # it is drawn anew each second, and the choice stays
    shown.hold("Set this plan")
    shown.see("default → runner: break-even 1R", "dialog")
    shown.see("Nothing was sent yet.", "dialog")
    assert crew.ctl("plan", "show", position["id"]).data["plan"] == "default"
    shown.give_pin()
    shown.see("DONE", "dialog")
    shown.close_sheet()
    shown.see("Plan runner", ".plan")
    shown.see(re.compile("Set by A-"), ".plan")
    for words in ("break even", "part close", "trail"):
        shown.see(words, ".plan")
    assert crew.ctl("plan", "show", position["id"]).data["plan"] == "runner"
    for path, place in (("/", ".positions"), ("/positions", "main")):
        shown.go(path)
        shown.see("runner: break even, part close, trail", place)
        assert shown.wide() <= 0


def test_a_closed_position_takes_no_plan(shown: Any) -> None:
    crew = shown.crew
    position = held(crew)
    assert crew.ctl("close", position["id"], "--yes").code == 0
    shown.go(f"/positions?position={position['id']}")
    shown.see("not reached", ".plan")
    assert shown.page.get_by_role("button", name="Set this plan").count() == 0


@pytest.mark.telegram
def test_of_an_account_that_was_not_given_nothing_is_told(screen: Callable[..., Any], crew: Any) -> None:
    assert crew.ctl("fire", crew.mission(), "--account", "bravo", "--yes").code == 0
    position = crew.ctl("positions").data[0]["id"]
    shown = screen().log_in_by_telegram(TRADER).go(f"/positions?position={position}")
    shown.see(f"No position {position}.")
    assert "XAUUSD" not in shown.text("main") and "bravo" not in shown.text("main")
