"""The first slice, as its user sees it: enrolled, READY, fire, FILLED, close, trace; and what goes wrong in between."""

from __future__ import annotations

import signal
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from paper import HYDRACTL, HYDRAD, PaperHome, fire_by_hand, quote, resolved

pytestmark = pytest.mark.timeout(180)


def test_fire_close_trace_and_the_broker_agrees(home: PaperHome) -> None:
    home.step()
    fired = fire_by_hand(home)
    assert fired.code == 0, fired
    assert fired.act["state"] == "FILLED"
    assert [d["ticket"] for d in home.opened()] and len(home.opened()) == 1
    position = home.ctl("positions").data[0]
    assert (
        position["stop"] is not None
        and position["ticket"] == home.broker(op="books", login=100001)["positions"][0]["ticket"]
    )
    home.step(3)
    half = home.ctl("close", position["id"], "--part", "50%", "--dry-run")
    assert half.code == 0 and Decimal(half.data["reduces"][0]["remaining"]) > 0, half
    seen = home.ctl("close", position["id"], "--dry-run")
    (would,) = seen.data["reduces"]
    assert seen.code == 0 and would["volume"] == position["volume"] == home.ctl("positions").data[0]["volume"], seen
    closed = home.ctl("close", position["id"], "--yes")
    assert closed.code == 0, closed
    assert closed.data["order"]["hash"] == seen.data["order"]["hash"]
    assert home.ctl("positions").data == []
    done = home.ctl("positions", "--closed").data[0]
    books = home.broker(op="books", login=100001)
    assert done["close_reason"] == "CLOSED" and books["positions"] == []
    told = Decimal(would["money"]) + Decimal(would["swap"]) + Decimal(done["commission"])
    assert told == Decimal(done["pnl"]) and would["price"] == done["close_price"]  # the market stood meanwhile
    assert Decimal(books["balance"]) == Decimal(10000) + Decimal(done["pnl"])
    trace = home.ctl("trace", fired.act["id"]).data["events"]
    kinds = [event["kind"] for event in trace]
    for kind in ("ACT_REQUESTED", "ACT_JUDGED", "ACT_MOVED", "POSITION_OPENED", "DEAL_BOOKED", "POSITION_CLOSED"):
        assert kind in kinds
    assert home.ctl("journal", "verify").code == 0


def test_same_key_same_answer_other_parameters_conflict(home: PaperHome) -> None:
    home.step()
    bid, _ = quote(home)
    words = [
        "fire",
        "--symbol",
        "EURUSD",
        "--side",
        "buy",
        "--stop",
        str(bid - Decimal("0.003")),
        "--yes",
        "--key",
        "k1",
    ]
    first, again = home.ctl(*words), home.ctl(*words)
    assert first.code == again.code == 0 and first.act["id"] == again.act["id"]
    other = home.ctl(*words, "--volume", "0.01")
    assert other.code == 15
    assert len(home.opened()) == 1


def test_halt_denies_close_passes_resume(home: PaperHome) -> None:
    home.step()
    fired = fire_by_hand(home)
    halted = home.ctl("halt", "--reason", "test")
    assert halted.code == 0 and all(row["verified"] for row in halted.data["terminals"]), halted
    denied = fire_by_hand(home)
    assert denied.code == 6 and "AUTHORITY" in denied.act["codes"]
    closed = home.ctl("close", fired.act["id"], "--yes")
    assert closed.code == 0, closed
    resumed = home.ctl("resume", "--yes")
    assert resumed.code == 0, resumed
    assert fire_by_hand(home).code == 0


def test_requote_is_rejected_and_a_new_fire_may_follow(home: PaperHome) -> None:
    home.step()
    home.broker(op="fault", kind="requote", login=100001, count=1)
    rejected = fire_by_hand(home)
    assert rejected.code == 13 and rejected.act["retcode"] == 10004
    mission = rejected.data["mission"]
    again = home.ctl("fire", mission, "--yes")
    assert again.code == 0, again
    assert len(home.opened()) == 1


def test_a_lost_reply_is_unknown_and_ends_by_evidence(home: PaperHome) -> None:
    home.step()
    home.broker(op="fault", kind="lost_reply", login=100001, count=1)
    fired = fire_by_hand(home)
    assert fired.code in (0, 12), fired
    home.until(lambda: home.status()["acts"]["unknown"] == 0, "the act was resolved")
    assert home.ctl("fire", "show", fired.act["id"]).data["act"]["state"] == "FILLED"
    assert len(home.opened()) == 1
    assert home.ctl("alarms").data == []


@pytest.mark.parametrize("victim", ["daemon", "alpha", "worker", "broker"])
def test_kill_in_the_middle_of_a_fire(home: PaperHome, victim: str) -> None:
    home.step()
    home.broker(op="fault", kind="latency", login=100001, count=1, ms=1200)
    bid, _ = quote(home)
    words = ["fire", "--symbol", "EURUSD", "--side", "buy", "--stop", str(bid - Decimal("0.003")), "--yes"]
    client = subprocess.Popen(
        [*HYDRACTL, *words, "-o", "json", "--no-wait"], env=home.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    client.communicate(timeout=30)
    home.until(lambda: home.status()["acts"]["in_flight"] == 1, "the fire is on its way")
    if victim == "worker":
        lock = home.places.process_lock("alpha")
        agent = int(lock.read_text().split()[0])
        worker = home.children(agent)[0]
        subprocess.run(["kill", "-9", str(worker)], check=True)
    else:
        home.kill(victim)
    if victim == "daemon":
        home.start()
    home.await_ready()
    home.until(lambda: resolved(home), "every act has its verdict")
    act = home.ctl("fires").data[0]
    deals = home.opened()
    assert len(deals) <= 1
    expected = "FILLED" if deals else "NOT_EXECUTED"
    assert act["state"] == expected, act
    assert home.ctl("journal", "verify").code == 0


def test_kill_the_daemon_between_two_fires(home: PaperHome) -> None:
    home.step()
    first = fire_by_hand(home)
    before = home.ctl("positions").data
    home.kill("daemon")
    assert home.ctl("status").code == 3
    home.start()
    after = home.ctl("positions").data
    keep = ("id", "ticket", "volume", "stop", "open_price", "state")
    assert [{k: p[k] for k in keep} for p in after] == [{k: p[k] for k in keep} for p in before]
    assert home.ctl("fire", "show", first.act["id"]).data["act"]["state"] == "FILLED"
    home.step()
    second = fire_by_hand(home)
    assert second.code == 0, second
    assert len(home.opened()) == 2


def test_one_daemon_only(home: PaperHome) -> None:
    second = subprocess.run([*HYDRAD, "run"], env=home.environ, capture_output=True, timeout=30)
    assert second.returncode == 75
    pid = home.status()["pid"]
    assert home.ctl("up").code == 0 and home.status()["pid"] == pid


def test_down_ends_everything(home: PaperHome) -> None:
    home.step()
    assert home.ctl("down", "--yes").code == 0
    assert home.ctl("status").code == 3
    home.until(lambda: not list(_alive(home)), "all processes ended")


def _alive(home: PaperHome) -> list[Path]:
    from hydrad.host.lock import holder

    locks = [*home.places.run_dir.glob("*.lock"), *home.places.broker_dir.glob("*.lock")]
    return [lock for lock in locks if holder(lock)]


def test_a_frozen_agent_is_seen(home: PaperHome) -> None:
    home.step()
    pid = home.kill("alpha", signal.SIGSTOP)
    home.until(lambda: home.status()["terminals"][0]["link"] in ("DEGRADED", "LOST"), "alpha is not READY any more")
    denied = fire_by_hand(home) if home.ctl("ticks", "EURUSD").data else None
    assert denied is None or denied.code == 6
    subprocess.run(["kill", "-CONT", str(pid)], check=True)
    home.await_ready()
