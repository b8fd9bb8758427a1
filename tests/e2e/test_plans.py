"""A plan on the recorded day, as its user sees it: the pay-roll minute of 2014-05-02 takes EURUSD down by 40 pips.

The fire's steps run at the agent beside a real worker and a real simulated broker, with and without the daemon.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from paper import CONFIG, PaperHome

pytestmark = pytest.mark.timeout(180)

PLANS = """\
[plans]
drop = "break-even 1R +0.1R; part 50% at 1.5R; trail from 1.5R by 1R; time stop; before weekend 30m"
"""
STOP = Decimal("1.38820")
LOGIN = 100001


@pytest.fixture
def planned() -> Iterator[PaperHome]:
    home = PaperHome(CONFIG + PLANS)
    try:
        home.start()
        yield home
    finally:
        home.end()


def fired(home: PaperHome, plan: str) -> Any:
    """A SELL two minutes before the figures, 20 pips of risk."""
    home.step(3)
    done = home.ctl(
        "fire", "--symbol", "EURUSD", "--side", "sell", "--stop", str(STOP), "--plan", plan, "--volume", "0.20", "--yes"
    )
    assert done.code == 0, done
    return done.act


def held(home: PaperHome) -> dict[str, Any]:
    """The position in the broker's own books."""
    (row,) = home.broker(op="books", login=LOGIN)["positions"]
    return row


def steps(home: PaperHome, position: str) -> dict[str, str]:
    return {row["kind"]: row["state"] for row in home.ctl("plan", "show", position).data["steps"]}


def test_break_even_part_and_trail_on_the_recorded_day(planned: PaperHome) -> None:
    act = fired(planned, "drop")
    position = act["position"]
    assert set(steps(planned, position).values()) == {"waiting"}
    planned.step(3)
    planned.until(lambda: steps(planned, position)["TRAIL"] == "trailing", "the trail has begun")
    assert steps(planned, position) == {
        "BREAK_EVEN": "done", "PART_CLOSE": "done", "TRAIL": "trailing", "TIME_STOP": "waiting",
        "EXIT_BEFORE_WEEKEND": "waiting",
    }  # fmt: skip
    shown, there = planned.ctl("positions").data[0], held(planned)
    assert Decimal(shown["stop"]) == Decimal(there["stop"]) < Decimal(shown["open_price"]) < STOP
    assert Decimal(shown["volume"]) == Decimal(there["volume"]) == Decimal("0.10")
    told = [event["text"] for event in planned.ctl("trace", position).data["events"]]
    moved = [text for text in told if "BREAK_EVEN step" in text]
    assert len(moved) == 1 and "stop to 1.38" in moved[0] and "run by alpha" in moved[0]
    assert any("PART_CLOSE step" in text and "close 0.10" in text for text in told)
    for _ in range(3):  # until the price comes back up into the stop, or the time stop
        planned.step(40)
    planned.until(lambda: planned.ctl("positions").data == [], "closed by its plan")
    closed = planned.ctl("positions", "--closed").data[0]
    assert closed["close_reason"] in ("STOP", "TIME_STOP") and Decimal(closed["pnl"]) > 0
    assert Decimal(planned.broker(op="books", login=LOGIN)["balance"]) == 10_000 + Decimal(closed["pnl"])
    assert planned.ctl("journal", "verify").code == 0


def test_the_plan_runs_without_the_daemon_and_is_told_afterwards(planned: PaperHome) -> None:
    position = fired(planned, "drop")["position"]
    before = held(planned)["stop"]
    planned.kill("daemon")
    for _ in range(3):
        planned.broker(op="step", ms=60_000)
    planned.until(
        lambda: held(planned)["stop"] < before and held(planned)["volume"] == "0.10", "the agent moved the stop"
    )
    planned.kill("alpha")  # its ledger is all that is left
    planned.start()
    planned.until(lambda: steps(planned, position)["PART_CLOSE"] == "done", "the ledger told it")
    assert steps(planned, position)["BREAK_EVEN"] == "done"
    shown, there = planned.ctl("positions").data[0], held(planned)
    assert Decimal(shown["stop"]) == Decimal(there["stop"]) and Decimal(shown["volume"]) == Decimal("0.10")
    assert planned.ctl("alarms").data == [] and planned.status()["acts"]["unknown"] == 0


def test_another_plan_for_an_open_position(planned: PaperHome) -> None:
    position = fired(planned, "none")["position"]
    assert steps(planned, position) == {}
    done = planned.ctl("plan", "set", position, "drop", "--yes")
    assert done.code == 0 and done.act["state"] == "DONE" and done.act["kind"] == "SET_PLAN", done
    assert planned.ctl("plan", "show", position).data["set_by"] == done.act["id"]
    planned.kill("alpha")
    planned.await_ready()
    planned.step(3)
    planned.until(lambda: steps(planned, position)["BREAK_EVEN"] == "done", "the new plan runs")
    unknown = planned.ctl("plan", "set", position, "moon", "--yes")
    assert unknown.code == 2 and "drop" in unknown.envelope["error"]["message"]
