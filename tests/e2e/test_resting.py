"""Resting orders, as their user sees them, against the broker's own books: placed, filled, cancelled, expired, halted;
and a verdict by evidence wherever the processes between are killed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from paper import Answer, PaperHome, quote

pytestmark = pytest.mark.timeout(240)
PIP = Decimal("0.0001")
RESTING = (2, 3, 4, 5)  # ENUM_ORDER_TYPE


def place(home: PaperHome, *words: str, away: int = 100, kind: str = "limit", expiry: str = "60m") -> Answer:
    """A BUY that waits so many pips away from the market."""
    bid, ask = quote(home)
    entry = bid - away * PIP if kind == "limit" else ask + away * PIP
    levels = ("--entry", str(entry), "--type", kind, "--stop", str(entry - 30 * PIP), "--target", str(entry + 60 * PIP))
    by_hand = ("--symbol", "EURUSD", "--side", "buy", *levels, "--expiry", expiry)
    return home.ctl("fire", *by_hand, "--again", "--yes", *words)


def rests(home: PaperHome, **how: Any) -> str:
    """The id of a fire whose order rests."""
    placed = place(home, **how)
    assert placed.code == 0 and placed.act["state"] == "WORKING", placed
    fire: str = placed.act["id"]
    return fire


def orders(home: PaperHome) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = home.ctl("orders").data
    return rows


def books(home: PaperHome) -> list[tuple[int, str]]:
    """Ticket and state of each order that rested in the broker's own books, oldest first."""
    rows = home.broker(op="books", login=100001)["orders"]
    return sorted((row["ticket"], row["state"]) for row in rows if row["type"] in RESTING)


def act_of(home: PaperHome, shown: str) -> dict[str, Any]:
    act: dict[str, Any] = home.ctl("fire", "show", shown).data["act"]
    return act


def ended(home: PaperHome, fire: str) -> str:
    """Its state, once it has one that is no promise."""
    home.until(lambda: act_of(home, fire)["state"] not in ("ROUTED", "ACKED", "UNKNOWN"), f"a verdict of {fire}")
    state: str = act_of(home, fire)["state"]
    return state


@pytest.mark.parametrize("kind", ["limit", "stop"])
def test_it_rests_is_filled_and_its_position_has_what_was_asked_for(home: PaperHome, kind: str) -> None:
    home.step()
    fire = rests(home, away=1, kind=kind)
    (row,) = orders(home)
    assert books(home) == [(row["ticket"], "PLACED")] and row["fire"] == fire and row["at_broker"]
    assert home.status()["acts"]["resting"] == 1 and home.ctl("reconcile").code == 0
    for _ in range(59):
        home.step()
        if act_of(home, fire)["state"] != "WORKING":
            break
    assert ended(home, fire) == "FILLED" and books(home) == [(row["ticket"], "FILLED")]
    (position,) = home.ctl("positions").data
    (held,) = home.broker(op="books", login=100001)["positions"]
    assert (position["ticket"], position["stop"], position["target"]) == (row["ticket"], row["stop"], row["target"])
    assert held["ticket"] == row["ticket"] and held["magic"] and position["plan"]
    assert orders(home) == [] and home.ctl("reconcile").code == 0
    too_late = home.ctl("cancel", fire, "--yes")
    assert too_late.code == 15 and position["id"] in too_late.stderr


def test_one_is_cancelled_and_another_expires_at_the_broker(home: PaperHome) -> None:
    home.step()
    gone, stays = rests(home), rests(home, away=120, expiry="10m")
    first, second = orders(home)
    done = home.ctl("cancel", first["id"], "--yes")
    assert done.code == 0 and done.act["kind"] == "CANCEL" and done.act["state"] == "DONE", done
    assert act_of(home, gone)["state"] == "CANCELLED" and done.act["id"] in act_of(home, gone)["verdict"]
    assert [row["fire"] for row in orders(home)] == [stays]
    home.step(11)
    assert ended(home, stays) == "EXPIRED"
    assert books(home) == [(first["ticket"], "CANCELED"), (second["ticket"], "EXPIRED")]
    (order,) = [row for row in home.broker(op="books", login=100001)["orders"] if row["ticket"] == second["ticket"]]
    assert order["expires_ms"] == order["time_ms"]
    trace = [event["text"] for event in home.ctl("trace", stays).data["events"]]
    assert any("WORKING" in text for text in trace) and any("EXPIRED at the broker" in text for text in trace)
    assert home.ctl("cancel", stays, "--yes").code == 15 and home.ctl("journal", "verify").code == 0


def test_a_halt_cancels_what_rests_and_says_so_order_by_order(home: PaperHome) -> None:
    home.step()
    fires = [rests(home), rests(home, away=120)]
    halted = home.ctl("halt")
    assert halted.code == 0, halted
    assert [(row["fire"], row["verdict"]) for row in halted.data["resting"]] == [(fire, "verified") for fire in fires]
    assert [state for _, state in books(home)] == ["CANCELED", "CANCELED"] and orders(home) == []
    assert home.ctl("cancel", "--all", "--yes").code == 0  # nothing rests: done


@pytest.mark.parametrize("step_ms", [1_000, 60_000])
def test_a_partial_fill_is_filled_with_what_it_got_and_the_rest_is_cancelled(home: PaperHome, step_ms: int) -> None:
    """In small steps the rest is still there when the first part is seen; within a minute all parts have come."""
    config = home.places.broker_dir / "broker.toml"
    config.write_text(config.read_text() + "\n[symbols.EURUSD]\nliquidity_steps = 5\n")
    home.kill("broker")
    home.until(lambda: home.ctl("market", "step").code == 0, "the broker is back")
    home.until(lambda: place(home, away=50).code == 0, "orders are taken again")
    home.ctl("cancel", "--all", "--yes")
    placed = place(home, away=0)
    fire, whole = placed.act["id"], Decimal(placed.data["order"]["volume"])
    assert placed.act["state"] == "WORKING" and whole > Decimal("0.10"), placed

    def filled() -> bool:
        home.broker(op="step", ms=step_ms)
        return act_of(home, fire)["state"] == "FILLED"

    home.until(filled, "a part is filled")
    home.until(lambda: orders(home) == [] and books(home)[-1][1] in ("CANCELED", "FILLED"), "nothing rests any more")
    home.until(lambda: home.ctl("reconcile").code == 0, "journal and broker agree")
    (position,) = home.ctl("positions").data
    (held,) = home.broker(op="books", login=100001)["positions"]
    assert Decimal(position["volume"]) == Decimal(held["volume"]) <= whole
    assert (books(home)[-1][1] == "FILLED") is (Decimal(held["volume"]) == whole)
