"""An operator's night and morning in a paper home: what rings, who is on it, what differs, what came of it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from paper import CONFIG, HYDRACTL, PaperHome

pytestmark = pytest.mark.timeout(240)

# A clock is measured by round trips, which are long where all cores are busy; that is not what is looked at here.
CALM = CONFIG + "[risk]\nclock_offset_max_ms = 5000\n"
QUICK = CONFIG + "alarm_repeat_ms = 1000\n[bridge]\ndegraded_after_ms = 1000\nlost_after_ms = 2500\n"


@pytest.fixture
def home() -> Iterator[PaperHome]:
    """A paper home whose market a test moves."""
    made = PaperHome(CALM)
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.fixture
def night() -> Iterator[PaperHome]:
    """A paper home in which alarms come soon and are repeated every second."""
    made = PaperHome(QUICK)
    try:
        made.start()
        yield made
    finally:
        made.end()


def rung(home: PaperHome, code: str) -> list[dict[str, Any]]:
    return [row for row in home.ctl("alarms").data if row["code"] == code]


def fired(home: PaperHome) -> dict[str, Any]:
    row = next(r for r in home.ctl("ticks", "EURUSD").data if r["symbol"] == "EURUSD")
    stop = Decimal(row["bid"]) - Decimal("0.00300")
    done = home.ctl("fire", "--symbol", "EURUSD", "--side", "buy", "--stop", str(stop), "--yes")
    assert done.code == 0, done
    return done.act


def words(home: PaperHome, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*HYDRACTL, *argv], env=home.environ, capture_output=True, text=True, timeout=60)


def test_a_silenced_agent_rings_is_taken_on_and_clears_by_itself(night: PaperHome) -> None:
    night.step()
    pid = night.kill("alpha", signal.SIGSTOP)
    night.until(lambda: bool(rung(night, "TERMINAL_LOST")), "TERMINAL_LOST stands")
    night.until(lambda: rung(night, "TERMINAL_LOST")[0]["repeats"] >= 2, "nobody is on it: told again")
    (alarm,) = rung(night, "TERMINAL_LOST")
    assert (alarm["subject"], alarm["account"], alarm["step"]) == ("alpha", "alpha", 2)
    assert alarm["owner"] == "commander" and alarm["told"] == ["commander"]
    shown = words(night, "alarm", "show", alarm["id"]).stdout
    assert "NOBODY IS ON IT" in shown and "now: Look at the terminal's host" in shown
    assert night.ctl("preflight").code == 9

    taken = night.ctl("ack", alarm["id"], "--note", "host is rebooting")
    assert taken.code == 0 and taken.data["alarm"]["acknowledged_by"] == alarm["owner"], taken
    repeats = taken.data["alarm"]["repeats"]
    assert night.ctl("note", alarm["id"], "it was the updates again", "--tag", "host").code == 0
    os.kill(pid, signal.SIGCONT)
    night.await_ready()
    night.until(lambda: not rung(night, "TERMINAL_LOST"), "cleared by itself")
    past = next(row for row in night.ctl("alarms", "--all").data if row["id"] == alarm["id"])
    assert past["cleared_why"] == "READY again" and past["note"] == "host is rebooting" and past["repeats"] == repeats
    kinds = [event["kind"] for event in tail(night)]
    assert kinds.index("ALARM_RAISED") < kinds.index("ALARM_REPEATED") < kinds.index("ALARM_ACKNOWLEDGED")
    assert "ALARM_CLEARED" in kinds[kinds.index("ALARM_ACKNOWLEDGED") :]
    assert night.ctl("journal", "verify").code == 0


def tail(home: PaperHome) -> list[dict[str, Any]]:
    import json

    return [json.loads(line) for line in words(home, "tail", "-n", "5000", "-o", "json").stdout.splitlines()]


def test_a_terminal_without_its_broker_rings_though_the_clock_stands(night: PaperHome) -> None:
    night.step()
    night.broker(op="fault", kind="disconnect", login=100001, ms=0)
    night.until(lambda: bool(rung(night, "TERMINAL_UNFIT")), "TERMINAL_UNFIT stands")
    assert [row["code"] for row in night.ctl("alarms").data] == ["TERMINAL_UNFIT"]
    night.broker(op="clear")
    night.until(lambda: not night.ctl("alarms").data, "cleared")


def test_a_feed_that_is_silent_in_an_open_market_rings_and_the_next_tick_ends_it() -> None:
    """The recorded day has minutes that end with over a second of silence: enough, where a second is the limit."""
    home = PaperHome(CALM.replace("[timing]", "[timing]\nfeed_silent_ms = 1000") + "[bridge]\nlost_after_ms = 4000\n")
    try:
        home.start()
        home.step()
        silent = next(minute for minute in range(60) if stepped_into_silence(home, True))
        home.until(lambda: len(rung(home, "FEED_SILENT")) == 2, f"both ring, after {silent} minutes")
        assert all("of an open market" in row["text"] for row in rung(home, "FEED_SILENT"))
        assert any(stepped_into_silence(home, False) for _ in range(60))
        home.until(lambda: not rung(home, "FEED_SILENT"), "ticks came")
    finally:
        home.end()


def stepped_into_silence(home: PaperHome, wanted: bool) -> bool:
    """One more minute; whether its last tick of any symbol is over a second old at its end, as wanted."""
    home.step()
    return (min(row["age_s"] for row in home.ctl("ticks").data) > 1.0) is wanted


def test_a_home_that_nobody_steps_is_calm(night: PaperHome) -> None:
    """Longer than every limit of machine time that this home has; only its clock's age can show that time went by."""
    night.step()
    since = night.status()["clocks"]["market"]
    pid = night.kill("bravo", signal.SIGSTOP)
    night.until(lambda: bool(rung(night, "TERMINAL_LOST")), "time goes by")
    os.kill(pid, signal.SIGCONT)
    night.await_ready()
    night.until(lambda: not night.ctl("alarms").data, "calm again")
    assert night.status()["clocks"]["market"] == since


def test_trades_by_hand_at_the_broker_are_differences(home: PaperHome) -> None:
    home.step()
    agreed = home.ctl("reconcile")
    assert agreed.code == 0 and agreed.data["differences"] == [], agreed
    act = fired(home)
    assert home.ctl("reconcile", "--account", "alpha").code == 0
    opened = home.broker(
        op="manual", login=100001, action="open", symbol="EURUSD", side="SELL", volume="0.10", stop="1.40000"
    )
    found = home.ctl("reconcile")
    assert found.code == 10, found
    (row,) = found.data["differences"]
    assert (row["kind"], row["settled"]) == ("foreign", False) and str(opened["position"]) in row["broker"]
    ours = home.ctl("positions").data[0]
    home.broker(op="manual", login=100001, action="close", position=ours["ticket"])
    closed = home.ctl("reconcile", "--account", "alpha")
    kinds = {(row["kind"], row["settled"]) for row in closed.data["differences"]}
    assert closed.code == 10 and ("foreign", False) in kinds
    assert home.ctl("fire", "show", act["id"]).data["act"]["state"] == "CLOSED", "the reading booked the close"
    home.broker(op="manual", login=100001, action="close", position=opened["position"])
    assert home.ctl("reconcile").code in (0, 10)
    assert home.ctl("reconcile").code == 0


def test_a_terminal_that_is_silent_makes_it_partly(home: PaperHome) -> None:
    home.step()
    pid = home.kill("bravo", signal.SIGSTOP)
    partly = home.ctl("reconcile", "--timeout", "2s")
    assert partly.code == 7, partly
    assert {row["terminal"]: row["answered"] for row in partly.data["terminals"]} == {"alpha": True, "bravo": False}
    os.kill(pid, signal.SIGCONT)
    home.await_ready()


def test_a_statement_comes_to_the_brokers_balance(home: PaperHome) -> None:
    home.step()
    fired(home)
    ours = home.ctl("positions").data[0]
    foreign = home.broker(op="manual", login=100001, action="open", symbol="EURUSD", side="SELL", volume="0.10")
    home.step(2)
    home.broker(op="manual", login=100001, action="close", position=foreign["position"])
    assert home.ctl("close", ours["id"], "--yes").code == 0
    books = home.broker(op="books", login=100001)
    done = home.ctl("statement", "alpha", "--month", "2014-05")
    assert done.code == 0, done
    assert done.data["closing"] == done.data["broker_balance"] == books["balance"]
    assert [row["ticket"] for row in done.data["rows"]] == [deal["ticket"] for deal in books["deals"]]
    acts = {act["id"] for act in home.ctl("fires", "--all").data}
    assert len(acts) == 2 and {row["owner"] for row in done.data["rows"]} == {"CASH", "FOREIGN", *acts}
    text = words(home, "statement", "alpha", "--month", "2014-05", "-o", "csv")
    lines = text.stdout.splitlines()
    assert lines[0].startswith("at,ticket,") and len(lines) == 1 + len(books["deals"])
    assert home.ctl("statement", "alpha", "--month", "2014-04").data["closing"] == "0.00"


def test_what_came_of_it_by_tag(home: PaperHome) -> None:
    home.step()
    act = fired(home)
    assert home.ctl("note", act["id"], "I liked the candle", "--tag", "hunch").code == 0
    position = home.ctl("positions").data[0]
    assert home.ctl("close", position["id"], "--yes").code == 0
    pnl = home.ctl("positions", "--closed").data[0]["pnl"]
    (group,) = home.ctl("report", "--by", "tag").data["groups"]
    assert (group["group"], group["fired"]["n"], group["money"]) == ("hunch", 1, [{"currency": "USD", "amount": pnl}])
    shown = home.ctl("mission", "show", act["mission"]).data["notes"]
    assert [note["text"] for note in shown] == ["I liked the candle"]
    assert "NOTE" in [event["kind"] for event in home.ctl("trace", act["id"]).data["events"]]
    assert home.ctl("report", "--since", "2014-05-03T00:00:00Z").data["groups"] == []
    assert home.ctl("report", "--since", "1h").data["groups"] != []


def test_findings_newest_first(home: PaperHome) -> None:
    home.step()
    for _ in range(2):
        home.broker(op="manual", login=100001, action="open", symbol="EURUSD", side="SELL", volume="0.01")
    home.ctl("reconcile")
    rows = home.ctl("findings", "--code", "foreign_position").data
    assert len(rows) == 2 and rows[0]["seq"] > rows[1]["seq"] and rows[0]["now"]
    assert home.ctl("findings", "--limit", "1").data == rows[:1]
    assert home.ctl("findings", "--since", "2099-01-01T00:00:00Z").data == []
