"""What is on the screen is what is so: a question that failed is not an empty answer, and a press does what its button said."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

TOLD = {"schema": "hydra.x/v1", "ok": True, "ts": "2026-01-01T00:00:00Z", "data": None, "warnings": [], "error": None}
BUSY = {**TOLD, "ok": False, "error": {"code": "FORBIDDEN", "message": "too often", "hint": None, "facts": {}}}


def answer(shown: Any, path: str, body: dict[str, Any], status: int = 403) -> None:
    """From now on this is what the page is told there."""
    shown.page.route(f"**/api/v1{path}", lambda route: route.fulfill(status=status, json=body))


def press(shown: Any, name: str) -> None:
    """Down, and not up again."""
    button = shown.page.get_by_role("button", name=name).first
    button.evaluate("button => button.scrollIntoView({ block: 'center' })")
    box = button.bounding_box()
    shown.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown.page.mouse.down()


@pytest.fixture
def phone(screen: Callable[..., Any]) -> Any:
    return screen("phone").log_in()


def test_a_question_that_failed_is_not_an_empty_answer(phone: Any) -> None:
    for path, place, empty in [
        ("/positions", ".positions", "Nothing is open."),
        ("/missions", ".missions", "No mission can be fired now."),
        ("/fires?*", ".urgent", "Nothing. "),
    ]:
        answer(phone, path, BUSY)
        phone.see("Not told: too often", place)
        assert empty not in phone.text(place)
    answer(phone, "/status", BUSY)
    phone.page.locator(".urgent", has_text="Not told").wait_for(state="detached")
    assert phone.text(".urgent") == "too often" and phone.text(".accounts") == ""
    phone.page.unroute_all()
    phone.see("Nothing is open.")


def test_a_page_comes_back_after_a_refusal(phone: Any) -> None:
    answer(phone, "/missions/*/brief*", BUSY)
    phone.go(f"/hud?mission={phone.crew.mission()}")
    phone.see("too often", ".head")
    phone.page.unroute_all()
    phone.page.reload()
    phone.see("checks pass", ".fire")
    answer(phone, "/missions/*/brief*", BUSY)
    phone.see("too often", ".head")
    assert phone.page.get_by_role("button", name="FIRE").count() == 0
    phone.page.unroute_all()
    phone.page.evaluate("window.dispatchEvent(new Event('popstate'))")
    phone.see("checks pass", ".fire")


def test_answers_that_do_not_come_make_the_page_blind(phone: Any) -> None:
    phone.brief(phone.crew.mission())
    phone.see("checks pass", ".fire")
    phone.lost = True
    phone.page.route("**/api/v1/missions/*/brief*", lambda route: route.abort("failed"))
    phone.see("The daemon gave no answer to what this page asks", "#blind")
    phone.see("NOT LIVE", "#link")
    phone.see("nothing is fired from what may be old", ".fire")
    phone.page.unroute_all()
    phone.see("checks pass", ".fire")
    phone.page.locator("#blind").wait_for(state="hidden")


def test_a_page_that_cannot_show_what_it_was_told_says_so(phone: Any) -> None:
    answer(phone, "/missions", TOLD, status=200)
    phone.see("This page has failed", "#blind")
    phone.see("NOT LIVE", "#link")
    phone.page.unroute_all()
    phone.page.locator("#blind").wait_for(state="hidden")
    phone.see("XAUUSD BUY", ".missions")
    assert all("script: " in told for told in phone.complaints), phone.complaints
    phone.complaints.clear()


def test_what_comes_late_is_not_live(phone: Any) -> None:
    """A clock that jumps stands for a line that holds back: what is told is older than it was."""
    phone.see("live", "#link")
    phone.page.evaluate("() => { const now = Date.now; Date.now = () => now() + 10_000; }")
    phone.see("late", "#blind")
    phone.page.locator("#blind").wait_for(state="hidden")  # a new connection


def test_a_button_that_went_away_under_the_finger_does_nothing(phone: Any) -> None:
    phone.brief(phone.crew.mission())
    press(phone, "FIRE BUY")
    phone.page.evaluate("document.querySelector('.fire .hold').remove()")
    phone.page.mouse.up()
    phone.page.wait_for_timeout(1_200)
    assert phone.page.locator("dialog").count() == 0
    assert phone.crew.ctl("fires").data == []


def test_what_is_fired_is_what_the_button_said(phone: Any) -> None:
    """The answer for another account comes while the finger is down."""
    phone.brief(phone.crew.mission())

    def other(route: Any) -> None:
        told = route.fetch().json()
        told["data"].update(account="bravo", kind="demo")
        route.fulfill(json=told)

    longer = "() => { const make = setTimeout; setTimeout = (work, ms) => make(work, ms === 800 ? 6_000 : ms); }"
    phone.page.evaluate(longer)
    press(phone, "FIRE BUY")
    with phone.page.expect_request("**/fire") as sent:
        phone.page.route("**/api/v1/missions/*/brief*", other)
        phone.see("DEMO", ".money")
        assert phone.page.locator("dialog").count() == 0
    phone.page.mouse.up()
    assert json.loads(sent.value.post_data)["account"] == "alpha"


def test_a_stop_that_was_moved_meanwhile_is_not_put_back(phone: Any) -> None:
    crew = phone.crew
    assert crew.ctl("fire", crew.mission(), "--yes").code == 0
    position = crew.ctl("positions").data[0]
    phone.go(f"/positions?position={position['id']}")
    phone.page.get_by_label("Target").fill(str(round(float(position["target"]) + 1, 2)))
    moved = str(round(float(position["stop"]) - 1, 2))
    done = crew.ctl("modify", position["id"], "--stop", moved, "--yes")
    assert done.code == 0, done
    phone.see(moved, ".told")
    with phone.page.expect_request("**/modify") as sent:
        phone.hold("Modify stop and target")
    assert set(json.loads(sent.value.post_data)) == {"target"}
