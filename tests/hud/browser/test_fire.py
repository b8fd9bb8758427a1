"""From a login to a closed position with its result, on a phone and on a desktop."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from screens import BOSS, PIN, TRADER


def pixels(shown: Any) -> int:
    """How many different colours the chart has drawn."""
    return int(
        shown.page.evaluate(
            """() => { const seen = new Set();
            for (const canvas of document.querySelectorAll(".candles canvas")) {
              if (!canvas.width || !canvas.height) continue;
              const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
              for (let at = 0; at < data.length; at += 4) if (data[at + 3]) seen.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
            }
            return seen.size; }"""
        )
    )


def test_from_a_link_to_a_closed_position(shown: Any) -> None:
    crew = shown.crew
    mission = crew.mission()
    shown.brief(mission)
    shown.see("XAUUSD BUY", "h1")
    shown.see(re.compile(r"PROPOSED"))
    shown.page.locator(".candles canvas").first.wait_for()
    shown.page.wait_for_function("() => document.querySelectorAll('.candles canvas').length > 3")
    assert pixels(shown) > 8  # bars up and down, lines of three colours, words
    label = shown.page.locator(".fire .hold .label").inner_text()
    assert re.fullmatch(r"FIRE BUY [0-9.]+ XAUUSD on alpha PAPER", label)

    shown.hold("FIRE BUY")
    shown.see("Nothing was sent yet.")
    assert crew.ctl("fires").data == []
    shown.give_pin()
    shown.see("FILLED", "dialog")
    fire = crew.ctl("fires").data[0]
    assert fire["state"] == "FILLED" and fire["surface"] == "hud" and fire["mission"] == mission
    assert str(fire["ticket"]) in shown.text("dialog") and fire["id"] in shown.text("dialog")
    shown.close_sheet()
    shown.see("A second fire would be denied: DUPLICATE", ".fire .dim")

    position = crew.ctl("positions").data[0]
    shown.page.get_by_role("link", name=position["id"]).click()
    shown.see("Stop", ".facts")
    shown.see(str(position["ticket"]))
    shown.page.get_by_label("How much").select_option("50%")
    shown.hold("Close at the market")
    shown.see("DONE", "dialog")
    shown.see(re.compile("Realised|not known yet"), "dialog .realised")
    shown.close_sheet()
    crew.until(lambda: crew.ctl("positions").data[0]["volume"] != position["volume"], "half of it is closed")
    shown.see(f"BUY {crew.ctl('positions').data[0]['volume']} XAUUSD", "h1")

    shown.page.get_by_label("Stop", exact=True).fill("1281.318")
    shown.hold("Modify stop and target")
    shown.see(f"stop {position['stop']} → 1281.318", "dialog")
    shown.see("DONE", "dialog")
    shown.close_sheet()
    crew.until(lambda: crew.ctl("positions").data[0]["stop"] == "1281.318", "the stop is moved")

    shown.page.get_by_label("How much").select_option("100%")
    shown.hold("Close at the market")
    shown.see("DONE", "dialog")
    shown.see(re.compile("Realised|not known yet"), "dialog .realised")
    shown.close_sheet()
    shown.see(re.compile("CLOSED by CLOSED at"))
    closed = crew.ctl("positions", "--closed").data[0]
    assert f"{closed['pnl']} {closed['currency']}" in shown.text(".head")
    assert len(crew.opened()) == 1


@pytest.mark.telegram
@pytest.mark.parametrize("kind", ["phone", "desktop"])
def test_from_telegram_to_a_fill(screen: Callable[..., Any], crew: Any, kind: str) -> None:
    mission = crew.mission()
    shown = screen(kind).log_in_by_telegram(
        BOSS, {"bg_color": "#102030", "text_color": "#fefefe"}, f"?mission={mission}"
    )
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 32, 48)"
    assert "tgWebAppData" not in shown.page.url  # not kept where a history or a screen shot has it
    shown.see("XAUUSD BUY", "h1")
    shown.hold("FIRE BUY")
    shown.give_pin(PIN)
    shown.see("FILLED", "dialog")
    shown.close_sheet()
    # Its other pages and a reload are the same session: no cookie reaches Telegram's frame.
    shown.page.get_by_role("link", name="Positions").click()
    shown.see(crew.ctl("positions").data[0]["id"])
    assert shown.page.url.split("?")[0].endswith("/app")
    shown.page.reload()
    shown.see(crew.ctl("positions").data[0]["id"])
    assert len(crew.opened()) == 1
    shown.page.go_back()
    shown.see("XAUUSD BUY", "h1")


@pytest.mark.telegram
def test_a_word_that_was_used_only_looks(screen: Callable[..., Any], crew: Any) -> None:
    first = screen().log_in_by_telegram(TRADER)
    told = first.page.evaluate("performance.getEntriesByType('navigation')[0].name")
    again = screen("desktop")
    again.page.goto(told)
    again.see("READ-ONLY")
    again.brief(crew.mission())
    again.see("This session only looks")


def test_a_second_screen_sees_a_fill_within_a_second(screen: Callable[..., Any], crew: Any) -> None:
    one, other = screen("phone").log_in(), screen("desktop").log_in()
    mission = crew.mission()
    one.brief(mission)
    other.brief(mission)
    other.see("Nobody has fired it.")
    one.hold("FIRE BUY")
    one.give_pin()
    one.see("FILLED", "dialog")
    other.see("FILLED", ".acts", timeout_s=1.0)
    fired = crew.ctl("fires").data[0]
    other.see(f"ticket {fired['ticket']}", ".acts", timeout_s=1.0)
