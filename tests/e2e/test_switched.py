"""A terminal that its owner logs in elsewhere while it is in use: to another account, or to the same number at another
server. It is quarantined with a finding, and by the broker's own books nothing is sent.

The worker reads who the terminal is right before an order, again as the last thing before it is sent, right after it, and
without any order once a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from paper import CONFIG, PaperHome, fire_by_hand, quote, resolved

pytestmark = pytest.mark.timeout(180)
LOGINS = (100_001, 100_002)
# What the switch is seen by: the other account's number, or the other server's name.
SWITCHES = {"neighbour": "login 100002, enrolled 100001", "other_server": "server 'HydraX-Paper-2'"}


@pytest.fixture(scope="module")
def shared() -> Iterator[PaperHome]:
    made = PaperHome(CONFIG.replace("T12:25", "T13:30"))  # narrow spreads
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.fixture
def home(shared: PaperHome) -> Iterator[PaperHome]:
    """Alpha as it was enrolled, healthy; put right again afterwards, as a person would."""
    shared.step()
    yield shared
    shared.broker(op="clear")
    shared.until(lambda: alpha(shared)["link"] == "READY", "alpha is itself again")
    shared.until(lambda: resolved(shared), "every act has its verdict")
    assert alpha(shared)["duty"] == "QUARANTINED"  # until a person says that it is well
    assert shared.ctl("terminal", "activate", "alpha", "--reason", "logged in again").code == 0


def alpha(home: PaperHome) -> dict[str, Any]:
    row: dict[str, Any] = next(row for row in home.ctl("terminals").data if row["name"] == "alpha")
    return row


def findings(home: PaperHome) -> list[dict[str, Any]]:
    return [row for row in home.ctl("findings").data if row["code"] == "IDENTITY"]


def sent(home: PaperHome) -> list[Any]:
    """All that ever reached the broker's books, of both accounts."""
    books = [home.broker(op="books", login=login) for login in LOGINS]
    return [[book[kind] for book in books] for kind in ("deals", "orders", "positions")]


def quarantined(home: PaperHome, switch: str, known: int) -> None:
    """As `terminals` and `findings` show it; and what is fired at the account is denied."""
    home.until(lambda: alpha(home)["duty"] == "QUARANTINED", "alpha is quarantined")
    row = alpha(home)
    assert row["cause"] == "IDENTITY" and SWITCHES[switch] in row["why"], row
    home.until(lambda: len(findings(home)) == known + 1, "a finding")
    found = max(findings(home), key=lambda row: row["seq"])
    assert found["subject"] == "alpha" and SWITCHES[switch] in found["detail"], found


@pytest.mark.parametrize("after", ["", "symbol_info_tick", "order_check"])
@pytest.mark.parametrize("switch", SWITCHES)
def test_switched_at_an_order(home: PaperHome, switch: str, after: str) -> None:
    """Between the hand-shake and the order; after the order's own first look; and at the last moment."""
    before, known, levels = sent(home), len(findings(home)), quote(home)
    home.broker(op="fault", kind=switch, login=LOGINS[0], after=after)
    answer = fire_by_hand(home, "--account", "alpha", quoted=levels)
    # Without an order's own look the reading may find it first, with the order on its way: proven absent afterwards.
    assert answer.code in ((14,) if after else (6, 12, 14)), answer
    assert sent(home) == before
    quarantined(home, switch, known)
    assert fire_by_hand(home, "--account", "alpha", quoted=levels).code == 6
    assert sent(home) == before
    if after:
        assert home.broker(op="faults")["fired"][switch] > 0


@pytest.mark.parametrize("switch", SWITCHES)
def test_switched_while_nothing_is_asked_of_it(home: PaperHome, switch: str) -> None:
    """Found by the reading that comes every second, in a market that stands: no order is needed for it."""
    before, known = sent(home), len(findings(home))
    home.broker(op="fault", kind=switch, login=LOGINS[0])
    quarantined(home, switch, known)
    assert sent(home) == before
