"""A fire above a threshold, on the board of a second person: the exact order, a hold with a PIN, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

IVY = 71
BY_HAND = ("--symbol", "EURUSD", "--side", "buy", "--stop", "1.3790", "--yes", "--again", "--expiry", "1h")

pytestmark = pytest.mark.telegram


@pytest.fixture
def two(crew: Any) -> Any:
    """Above two hundredths of a lot somebody else says yes, and there is somebody."""
    added = crew.ctl("operator", "add", "ivy", "--role", "approver", "--telegram", str(IVY), "--accounts", "alpha")
    assert added.code == 0, added
    crew.set_pin("--for", "ivy")
    assert crew.ctl("account", "limits", "alpha", "approval_lots=0.02").code == 0
    return crew


def waiting(crew: Any) -> Any:
    fired = crew.ctl("fire", *BY_HAND, "--volume", "0.03")
    assert fired.code == 8, fired
    return fired


@pytest.mark.parametrize("kind", ["phone", "desktop"])
def test_a_second_person_sees_the_order_and_lets_it_go(
    two: Any, screen: Callable[..., Any], kind: str, axe: str
) -> None:
    fired = waiting(two)
    fire = fired.act["id"]
    shown = screen(kind).log_in_by_telegram(IVY).go("/")
    shown.see("WAITS for a second person", ".urgent")
    text = shown.text(".urgent")
    assert f"{fire} BUY 0.03 EURUSD on alpha" in text and "stop 1.3790" in text
    assert fired.data["order"]["hash"][:16] in text and "volume 0.03 above 0.02 lots" in text
    assert shown.wide() <= 0 and shown.violations(axe) == []
    shown.hold(f"Approve {fire}")
    shown.give_pin()
    shown.see("FILLED", "dialog")
    assert two.ctl("fires").data[0]["approval"]["approved_by"] == "ivy" and len(two.opened()) == 1


def test_ones_own_has_no_button_and_can_be_taken_back(two: Any, screen: Callable[..., Any]) -> None:
    fire = waiting(two).act["id"]
    shown = screen("phone").log_in()
    shown.see("WAITS for a second person", ".urgent")
    assert shown.page.get_by_role("button", name=f"Approve {fire}").count() == 0
    shown.hold(f"Refuse {fire}")
    shown.give_pin()
    shown.see("NOT_APPROVED", "dialog")
    assert two.ctl("fires").data[0]["codes"] == ["NOT_APPROVED"] and not two.opened()
