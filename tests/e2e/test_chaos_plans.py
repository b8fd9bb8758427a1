"""Steps of a plan, run by the agent alone, with one process killed, frozen, restarted or cut off in their middle.

On the recorded afternoon EURUSD has risen by 30 pips since 14:26 and stays there: a step that is set now is due now.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from chaos import HELD_MS, LOGIN, MISHAPS, Mishap, agrees, held, moves_again, passes, started
from paper import CONFIG, PaperHome, quote, resolved

from hydrad.terminal import bundle as bundles
from hydrad.wire import calls

pytestmark = pytest.mark.timeout(300)
CASES = range(len(MISHAPS))
STEPS = ("break-even 0.{n}R +0.1R", "trail from 0.{n}R by 0.7R", "part 5% at 0.{n}R")  # once each, so each at its own R
RISING = (
    CONFIG.replace("T12:25", "T14:26")
    + """[risk]
risk_per_trade_max_percent = "5"
open_risk_max_percent = "5"
[plans]
"""
)
PLANS = "".join(f'{text.split(" ")[0]}-{case} = "{text.format(n=30 + case)}"\n' for case in CASES for text in STEPS)
R = Decimal("0.00200")


@pytest.fixture(scope="module")
def risen() -> Iterator[PaperHome]:
    with started(RISING + PLANS) as home:
        bundle = home.places.bundle(
            "alpha"
        )  # a call of the worker's may take so long; no daemon's deadline ends a step
        bundles.save(bundle, msgspec.structs.replace(bundles.load(bundle), act_bound_s=2))
        home.kill("alpha")
        moves_again(home)
        passes(home, lambda: _bought(home))
        home.step(35)
        yield home


def _bought(home: PaperHome) -> Any:
    stop = quote(home)[0] - R
    by_hand = ("--symbol", "EURUSD", "--side", "buy", "--stop", str(stop), "--target", str(stop + 10 * R))
    return home.ctl("fire", *by_hand, "--volume", "0.40", "--plan", "none", "--yes", "--again")


@pytest.mark.parametrize("case", CASES, ids=[str(one.id) for one in MISHAPS])
def test_each_kind_of_step_has_its_verdict_by_evidence(risen: PaperHome, case: int) -> None:
    mishap, who = MISHAPS[case].values
    for text in STEPS:
        _is_run_once(risen, f"{text.split(' ')[0]}-{case}", mishap, who)
    moves_again(risen)
    agrees(risen)
    assert not risen.ctl("alarms").data
    (row,) = risen.ctl("positions").data  # the stop back to where it was, for the next
    first = risen.ctl("plan", "show", row["id"]).data["first_stop"]
    assert passes(risen, lambda: risen.ctl("modify", row["id"], "--stop", first, "--yes")).act["state"] == "DONE"


def _is_run_once(home: PaperHome, plan: str, mishap: Mishap, who: str) -> None:
    (row,) = home.ctl("positions").data
    before = held(home, row["ticket"])
    assert before is not None
    passes(home, lambda: home.ctl("plan", "set", row["id"], plan, "--yes"))
    deals = len(home.broker(op="books", login=LOGIN)["deals"])
    home.broker(op="fault", kind="latency", login=LOGIN, count=1, ms=HELD_MS)
    home.broker(op="step", ms=1_000)
    changed = lambda: _levels(held(home, row["ticket"])) != _levels(before)  # noqa: E731
    home.until(changed, f"{plan}: in the broker's books")
    mishap(home, who)
    home.until(lambda: _ran(home, row["id"]), f"{plan}: told, with its verdict")
    assert len(home.broker(op="books", login=LOGIN)["deals"]) == deals + plan.startswith("part")


def _levels(row: dict[str, Any] | None) -> tuple[str, str]:
    assert row is not None, "the position is gone"
    return row["stop"], row["volume"]


def _ran(home: PaperHome, position: str) -> bool:
    shown = home.look(calls.PlanShow(position))
    ran = shown is not None and all(step["state"] in ("done", "trailing") for step in shown["steps"])
    return ran and resolved(home)
