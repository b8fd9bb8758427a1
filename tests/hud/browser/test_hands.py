"""By keyboard alone, with a screen reader's words, on small and turned phones, magnified; and what axe-core says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from screens import PIN

PAGES = ("/", "/missions", "/positions", "/terminals", "/report", "/me", "/log")
SMALL_TARGETS = """() => [...document.querySelectorAll("button, select, input, nav a, summary, td a, .act a")]
  .filter((one) => one.checkVisibility() && (one.getBoundingClientRect().height < 43.5 || one.getBoundingClientRect().width < 43.5))
  .map((one) => `${one.tagName} ${one.innerText} ${one.getBoundingClientRect().width}x${one.getBoundingClientRect().height}`)"""


def test_axe_finds_nothing_serious(shown: Any, axe: str) -> None:
    crew = shown.crew
    found: dict[str, list[str]] = {}
    for path in (*PAGES, f"/hud?mission={crew.mission()}", f"/hud?mission={crew.mission('EURUSD')}"):
        shown.go(path)
        shown.page.wait_for_timeout(400)
        found[path] = shown.violations(axe)
    shown.brief(crew.mission())
    shown.page.get_by_label("Account", exact=True).select_option("*")
    shown.page.locator(".fire .targets").wait_for()
    found["several"] = shown.violations(axe)
    shown.page.get_by_label("Account", exact=True).select_option("alpha")
    shown.page.locator(".fire .targets").wait_for(state="detached")
    shown.hold("FIRE BUY")
    shown.page.get_by_label("Your PIN").wait_for()
    found["PIN"] = shown.violations(axe)
    shown.give_pin()
    shown.see("FILLED", "dialog")
    found["filled"] = shown.violations(axe)
    shown.close_sheet()
    shown.go(f"/positions?position={crew.ctl('positions').data[0]['id']}")
    shown.see("As the broker told")
    found["position"] = shown.violations(axe)
    shown.hold("HALT")
    shown.see("HALTED. 2 terminals", "dialog")
    found["halted"] = shown.violations(axe)
    shown.close_sheet()
    shown.go("/")
    shown.see("nothing opens")
    found["board, halted"] = shown.violations(axe)
    shown.page.get_by_role("button", name="Log out").click()
    shown.see("Log in", "h1")
    found["login"] = shown.violations(axe)
    assert {page: rows for page, rows in found.items() if rows} == {}


def test_fired_by_keyboard_alone(shown: Any) -> None:
    shown.brief(shown.crew.mission())
    for _ in range(60):
        shown.page.keyboard.press("Tab")
        if shown.page.evaluate("document.activeElement.innerText?.startsWith('FIRE')"):
            break
    else:
        raise AssertionError("the fire button cannot be reached by Tab")
    shown.page.keyboard.press("Enter")
    shown.see("press again")
    assert shown.page.locator("dialog").count() == 0
    shown.page.keyboard.press("Enter")
    shown.see("Nothing was sent yet.")
    shown.page.keyboard.type(PIN)
    shown.page.keyboard.press("Enter")
    shown.see("FILLED", "dialog")
    shown.page.keyboard.press("Escape")
    shown.page.locator("dialog").wait_for(state="detached")
    assert len(shown.crew.opened()) == 1


ARMED = "document.querySelector('.fire .hold').classList.contains('armed')"


def test_a_button_waits_for_its_second_press_while_the_page_is_drawn_anew(
    screen: Callable[..., Any], crew: Any
) -> None:
    """Four seconds, then it must be begun anew."""
    shown = screen("desktop").brief_after_login(crew.mission())
    drawn = "window.drawn = 0; new MutationObserver(() => window.drawn++).observe(document.querySelector('.head'), { childList: true })"
    shown.page.evaluate(drawn)
    button = shown.page.get_by_role("button", name="FIRE BUY")
    button.focus()
    shown.page.keyboard.press("Enter")
    crew.ctl("pass", crew.mission())  # what is told of it draws the page anew
    crew.step(1)
    shown.page.wait_for_function("() => window.drawn > 0")
    assert shown.page.evaluate(ARMED)
    shown.page.wait_for_function(f"() => !({ARMED})")
    assert shown.page.locator("dialog").count() == 0
    button.focus()
    shown.page.keyboard.press("Enter")
    assert shown.page.evaluate(ARMED) and shown.page.locator("dialog").count() == 0
    shown.page.keyboard.press("Enter")
    shown.see("Nothing was sent yet.", "dialog")


@pytest.mark.parametrize("kind", ["phone", "small", "landscape"])
def test_nothing_is_cut_off_and_fingers_find_it(screen: Callable[..., Any], crew: Any, kind: str) -> None:
    shown = screen(kind).log_in()
    wrong: dict[str, Any] = {}
    for path in (*PAGES, f"/hud?mission={crew.mission()}"):
        shown.go(path)
        shown.page.wait_for_timeout(500)
        if shown.wide() > 0:
            wrong[path] = f"{shown.wide()} px too wide"
        elif small := shown.page.evaluate(SMALL_TARGETS):
            wrong[path] = small
    assert wrong == {}


def test_twice_as_large_still_fits(screen: Callable[..., Any], crew: Any) -> None:
    """200 %: a window of half the pixels."""
    shown = screen("desktop", viewport={"width": 720, "height": 450}).log_in()
    for path in (*PAGES, f"/hud?mission={crew.mission()}"):
        shown.go(path)
        shown.page.wait_for_timeout(300)
        assert shown.wide() <= 0, path


def test_halt_hides_nothing(shown: Any) -> None:
    """Scrolled to its end, a page's last words stand above the button."""
    for path in (*PAGES, f"/hud?mission={shown.crew.mission()}"):
        shown.go(path)
        shown.page.wait_for_timeout(300)
        shown.page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        bottom, top = shown.page.evaluate(
            "[document.querySelector('#foot').getBoundingClientRect().bottom, document.querySelector('#stop').getBoundingClientRect().top]"
        )
        assert bottom <= top, path
