"""One gesture, a fire on each of several accounts: a line an account before it, a verdict an account after it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest


def choose(shown: Any, value: str) -> None:
    """Whom the fire is for, and wait until the button says so."""
    shown.page.get_by_label("Account", exact=True).select_option(value)
    shown.page.locator(".fire .targets").wait_for()


def sizes(shown: Any) -> dict[str, str]:
    """What the lines say will be sent, by account."""
    lines = shown.page.locator(".fire .targets li.good").all_inner_texts()
    return {line.split()[0]: re.findall(r"PAPER (\S+) lots", line)[0] for line in lines}


def sent(crew: Any) -> dict[str, str]:
    return {row["account"]: row["volume"] for row in crew.ctl("fires").data}


def test_all_accounts_are_fired_by_one_gesture(shown: Any) -> None:
    crew = shown.crew
    shown.brief(crew.mission())
    choose(shown, "*")
    told = sizes(shown)
    assert set(told) == {"alpha", "bravo"}
    shown.see(re.compile(r"alpha PAPER \S+ lots, risk [0-9.]+ "), ".fire")
    shown.see("What each account would be sent", ".money")
    assert shown.wide() <= 0
    shown.hold("FIRE BUY XAUUSD on 2 of 2 accounts PAPER")
    shown.give_pin()
    shown.page.locator("dialog .verdicts li.good").nth(1).wait_for()
    text = shown.text("dialog")
    fires = {row["account"]: row for row in crew.ctl("fires").data}
    for account, fire in fires.items():
        assert f"{account}: {told[account]} lots" in text
        assert f"{fire['id']} on {account}" in text and str(fire["ticket"]) in text
    assert sent(crew) == told
    assert len(crew.opened(100001)) == 1 and len(crew.opened(100002)) == 1


def test_who_would_be_denied_is_told_and_not_asked(shown: Any) -> None:
    crew = shown.crew
    crew.ctl("halt", "--account", "bravo")
    shown.brief(crew.mission())
    choose(shown, "*")
    shown.see("Would be DENIED: AUTHORITY, HALTED", ".fire .targets")
    shown.see("bravo FAILS AUTHORITY", ".checks")
    shown.hold("FIRE BUY XAUUSD on 1 of 2 accounts PAPER")
    shown.give_pin()
    shown.see("FILLED", "dialog")
    assert set(sent(crew)) == {"alpha"}


def test_a_group_has_its_sizes_and_each_account_its_own_verdict(shown: Any) -> None:
    crew = shown.crew
    assert crew.ctl("account", "group", "pair", "alpha", "bravo=0.5").code == 0
    crew.broker(op="fault", kind="requote", login=100002, count=1)
    shown.brief(crew.mission())
    choose(shown, "@pair")
    told = sizes(shown)
    shown.see("(× 0.5)", ".fire .targets")
    shown.hold("FIRE BUY XAUUSD on 2 of 2 accounts")
    shown.give_pin()
    shown.see("1 of 2 done:", "dialog")
    assert "FILLED" in shown.text("dialog li.good") and "on alpha" in shown.text("dialog li.good")
    assert "REJECTED by the broker" in shown.text("dialog .verdicts li.bad") and "on bravo" in shown.text(
        "dialog .verdicts li.bad"
    )
    assert sent(crew) == told and float(told["bravo"]) < float(told["alpha"])


def frozen(shown: Any, crew: Any) -> str:
    """The page stays with what it was told; the size that stands on its button."""
    shown.brief(crew.mission())
    shown.see("checks pass", ".fire")
    body = shown.page.request.get(f"{crew.address}/api/v1/missions/{crew.mission()}/brief").json()
    shown.page.route("**/api/v1/missions/*/brief*", lambda route: route.fulfill(json=body))
    return str(body["data"]["fire"]["order"]["volume"])


@pytest.fixture
def phone(screen: Callable[..., Any]) -> Any:
    return screen("phone").log_in()


def test_the_size_on_the_button_is_the_size_that_is_sent(phone: Any) -> None:
    """Another one would be made by then."""
    crew = phone.crew
    size = frozen(phone, crew)
    assert crew.ctl("account", "limits", "alpha", "risk_per_trade_percent=0.1").code == 0
    assert crew.ctl("fire", crew.mission(), "--dry-run").data["order"]["volume"] != size
    with phone.page.expect_request("**/fire") as asked:
        phone.hold(f"FIRE BUY {size} XAUUSD")
    assert json.loads(asked.value.post_data) == {"account": "alpha", "volume": size}
    phone.give_pin()
    phone.see("FILLED", "dialog")
    assert sent(crew) == {"alpha": size}


def test_a_size_that_is_too_much_by_then_is_denied_and_not_made_smaller(phone: Any) -> None:
    crew = phone.crew
    size = frozen(phone, crew)
    limits = ("risk_per_trade_percent=0.1", "risk_per_trade_max_percent=0.1")
    assert crew.ctl("account", "limits", "alpha", *limits).code == 0
    phone.hold(f"FIRE BUY {size} XAUUSD")
    phone.give_pin()
    phone.see("DENIED by us: RISK_PER_TRADE", "dialog")
    assert crew.opened() == []
