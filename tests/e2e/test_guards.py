"""Money that is not trading, guards and their closes, as their users see them: real processes on the recorded day."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from paper import CONFIG, PaperHome

pytestmark = pytest.mark.timeout(180)
LOGINS = {"alpha": 100001, "bravo": 100002}
GUARDED = (
    CONFIG
    + """\
[risk]
day_loss_max_percent = "0.1"
[guards]
day_loss_action = "flatten"
"""
)


@pytest.fixture
def guarded() -> Iterator[PaperHome]:
    """A home whose guard closes everything of an account at a day loss of 0.08 %."""
    made = PaperHome(GUARDED)
    try:
        made.start()
        yield made
    finally:
        made.end()


def account(home: PaperHome, name: str = "alpha") -> Any:
    return next(row for row in home.ctl("accounts").data if row["name"] == name)


def fire(home: PaperHome, side: str, name: str) -> Any:
    """By hand, 60 pips to the stop; as soon as the account's terminal has a quote and its broker."""
    words: list[str] = []

    def would_pass() -> bool:
        row = next((r for r in home.ctl("ticks", "EURUSD").data if r["terminal"] == name), None)
        if row is None:
            home.step()
            return False
        far = Decimal("0.00600") * (1 if side == "sell" else -1)
        stop = str(Decimal(row["bid"]) + far)
        words[:] = ["fire", "--symbol", "EURUSD", "--side", side, "--stop", stop, "--account", name]
        return home.ctl(*words, "--dry-run").code == 0

    home.until(would_pass, f"a fire on {name} would pass")
    fired = home.ctl(*words, "--yes")
    assert fired.code == 0, fired
    return fired.act


def test_a_withdrawal_and_a_deposit_are_neither_loss_nor_profit(home: PaperHome) -> None:
    home.step()
    home.broker(op="cash", login=100001, amount="-6000", comment="rent")
    home.until(lambda: home.step() is not None and account(home)["balance"] == "4000.00", "the withdrawal is seen")
    assert (account(home)["day_pnl"], account(home)["equity"]) == ("0.00", "4000.00")
    home.broker(op="cash", login=100001, amount="1500", kind="credit")
    home.broker(op="cash", login=100001, amount="-0.50", kind="correction")
    home.until(lambda: home.step() is not None and account(home)["equity"] == "5499.50", "the rest is seen")
    assert account(home)["day_pnl"] == "0.00"
    assert home.ctl("alarms").data == []
    assert [row["authority"] for row in home.ctl("accounts").data] == ["ACTIVE", "ACTIVE"]
    home.kill("daemon")
    home.start()
    assert account(home)["day_pnl"] == "0.00" and home.ctl("journal", "verify").code == 0


def test_a_guard_flattens_the_account_that_loses_and_no_other(guarded: PaperHome) -> None:
    home = guarded
    home.step()
    fire(home, "buy", "alpha")
    fire(home, "sell", "bravo")

    def one_has_lost() -> bool:
        home.step()
        return any(alarm["code"] == "GUARD_TRIPPED" for alarm in home.ctl("alarms").data)

    home.until(one_has_lost, "a guard has tripped")
    home.until(lambda: len(home.ctl("positions").data) == 1, "it has closed what was its")
    loser = home.ctl("positions", "--closed").data[0]["account"]
    other = "bravo" if loser == "alpha" else "alpha"
    assert home.broker(op="books", login=LOGINS[loser])["positions"] == []
    assert len(home.broker(op="books", login=LOGINS[other])["positions"]) == 1
    assert (account(home, loser)["authority"], account(home, other)["authority"]) == ("REDUCING", "ACTIVE")
    closes = [act for act in home.ctl("fires", "--all").data if act["kind"] == "CLOSE"]
    assert [(act["by"], act["state"]) for act in closes] == [("guard", "DONE")]
    outs = [d for d in home.broker(op="books", login=LOGINS[loser])["deals"] if d["entry"] == "OUT"]
    assert len(outs) == 1 and outs[0]["reason"] == "EXPERT"
    home.kill("daemon")
    home.start()
    home.step()
    alarms = home.ctl("alarms").data
    assert [alarm["code"] for alarm in alarms] == ["GUARD_TRIPPED"], alarms
    assert home.ctl("flatten", "--yes").code == 0 and home.ctl("positions").data == []
    assert home.ctl("journal", "verify").code == 0


def test_a_stranger_is_left_adopted_or_closed_by_name(home: PaperHome) -> None:
    home.step()
    bid = Decimal(home.ctl("ticks", "EURUSD").data[0]["bid"])
    made = [
        home.broker(op="manual", login=100001, action="open", symbol="EURUSD", side="BUY", volume="0.10")["position"]
        for _ in range(2)
    ]
    home.until(lambda: home.step() is not None and len(home.ctl("positions").data) == 2, "both are seen")
    assert home.ctl("flatten", "--yes").data["acts"] == []
    stop = str(bid - Decimal("0.00800"))
    adopted = home.ctl("adopt", str(made[0]), "--account", "alpha", "--stop", stop, "--yes")
    assert adopted.code == 0 and adopted.act["kind"] == "MODIFY", adopted
    rows = {row["ticket"]: row for row in home.ctl("positions").data}
    assert (rows[made[0]]["foreign"], rows[made[1]]["foreign"]) == (False, True)
    held = {p["ticket"]: p["stop"] for p in home.broker(op="books", login=100001)["positions"]}
    assert held[made[0]] == stop != held[made[1]]
    assert home.ctl("flatten", "--account", "alpha", "--foreign", "--yes").code == 2
    assert home.ctl("flatten", "--account", "alpha", "--yes-foreign", "bravo", "--yes").code == 2
    ended = home.ctl("flatten", "--account", "alpha", "--yes-foreign", "alpha", "--yes")
    assert ended.code == 0 and len(ended.data["acts"]) == 2, ended
    assert home.broker(op="books", login=100001)["positions"] == []
    closed = home.ctl("positions", "--closed").data
    assert [(row["ticket"], row["close_reason"]) for row in closed] == [(made[0], "CLOSED")]


def test_an_agent_flattens_at_its_floor_while_no_daemon_runs(home: PaperHome) -> None:
    home.step()
    bundle = home.places.bundle("alpha")
    text = bundle.read_text().replace('equity_floor = "0"', 'equity_floor = "9990"')
    bundle.write_text(text.replace('floor_action = "halt"', 'floor_action = "flatten"'))
    home.kill("alpha")
    home.await_ready()
    home.step()
    fire(home, "buy", "alpha")
    home.kill("daemon")

    def fallen() -> bool:
        home.broker(op="step", ms=10_000)
        return home.broker(op="books", login=LOGINS["alpha"])["positions"] == []

    home.until(fallen, "the agent has closed at its floor")
    outs = [d for d in home.broker(op="books", login=LOGINS["alpha"])["deals"] if d["entry"] == "OUT"]
    assert [(d["reason"], d["magic"]) for d in outs] == [("EXPERT", 1)], "an act id of the agent's own"
    home.start()
    (closed,) = home.ctl("positions", "--closed").data
    assert closed["close_reason"] == "EQUITY_FLOOR" and home.ctl("positions").data == []
    (act,) = [act for act in home.ctl("fires", "--all").data if act["kind"] == "CLOSE"]
    assert (act["by"], act["state"]) == ("agent", "DONE")
    assert [alarm["code"] for alarm in home.ctl("alarms").data] == ["AGENT_HALTED"]
    assert home.ctl("journal", "verify").code == 0
