"""A crew at work: two agents on one account, a second person, several accounts at once, with real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import Any

import pytest
from paper import HYDRACTL, PaperHome, as_user

pytestmark = pytest.mark.timeout(180)
root = pytest.mark.skipif(os.getuid() != 0, reason="needs a second uid")
ANN = 1001
ALPHA = ("--accounts", "alpha")
HAND = ("--symbol", "EURUSD", "--side", "buy", "--stop", "1.3790", "--yes", "--again")


def let_others_in(home: PaperHome) -> None:
    for folder in (home.path, home.places.run_dir):
        folder.chmod(0o710)


def rows(answer: Any, key: str = "name") -> dict[str, Any]:
    return {row[key]: row for row in answer.data}


def test_two_agents_on_one_account(home: PaperHome) -> None:
    home.step()
    account = ("--account", "alpha", "--login", "100001", "--server", "HydraX-Paper", "--symbols", "EURUSD,XAUUSD")
    assert home.ctl("terminal", "enroll", "second", *account).code == 0
    home.await_ready()
    home.step()
    terminals = rows(home.ctl("terminals"))
    assert (terminals["alpha"]["lane"], terminals["second"]["lane"]) == (True, False)
    first = home.ctl("fire", *HAND)
    assert (first.code, first.act["terminal"]) == (0, "alpha")

    assert home.ctl("terminal", "failover", "second", "--reason", "a try", "--yes").data["lane_after"] == "second"
    other = home.ctl("fire", *HAND)
    assert (other.code, other.act["terminal"]) == (0, "second")

    home.kill("second", signal.SIGSTOP)  # its position is closed through the other terminal of the account
    home.until(lambda: rows(home.ctl("terminals"))["second"]["link"] != "READY", "second is seen to be silent")
    closed = home.ctl("close", other.act["id"], "--yes")
    assert (closed.code, closed.act["terminal"]) == (0, "alpha")
    fell_back = home.ctl("fire", *HAND)
    assert (fell_back.code, fell_back.act["terminal"]) == (0, "alpha")
    home.kill("second", signal.SIGCONT)
    home.await_ready()

    books = home.broker(op="books", login=100001)
    assert len(home.opened()) == 3 and len(books["positions"]) == 2
    deals = [d for d in books["deals"] if d["entry"] == "OUT"]
    assert len(deals) == 1
    assert sorted(row["ticket"] for row in home.ctl("positions").data) == sorted(
        row["ticket"] for row in books["positions"]
    )
    assert home.ctl("journal", "verify").code == 0


@root
def test_a_second_person_joins_fires_within_a_policy_and_is_suspended(home: PaperHome) -> None:
    home.step()
    let_others_in(home)
    assert home.ctl("status", uid=ANN).code == 4
    invited = home.ctl("operator", "invite", "ann", "--accounts", "alpha")
    code = invited.data["code"]
    assert home.ctl("operator", "claim", "0" * 12, uid=ANN).code == 4
    assert home.ctl("operator", "claim", code, uid=ANN).data["role"] == "trader"
    fired = home.ctl("fire", *HAND, uid=ANN)
    assert (fired.code, fired.act["by"]) == (0, f"uid:{ANN}")
    assert home.ctl("fire", *HAND, uid=ANN).act["codes"] == ["POLICY"]
    assert home.ctl("fire", *HAND, "--account", "bravo", uid=ANN).act["codes"] == ["ASSIGNMENT", "POLICY"]
    assert home.ctl("resume", "--yes", uid=ANN).code == 4

    argv = [*as_user(ANN), *HYDRACTL, "tail", "-f", "-o", "json"]
    with subprocess.Popen(argv, env=home.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watching:
        assert watching.stdout is not None and watching.stdout.readline()
        assert home.ctl("operator", "suspend", "ann", "--reason", "phone lost").data["state"] == "SUSPENDED"
        assert watching.wait(30) == 4  # what they were watching ends with it
    assert home.ctl("positions", uid=ANN).code == 4
    assert home.ctl("close", fired.act["id"], "--yes", uid=ANN).code == 4
    kinds = [json.loads(line)["kind"] for line in _tail(home)]
    assert kinds.count("CALL_REFUSED") == 2 and "STRANGERS_COUNTED" in kinds
    assert all(code.encode() not in path.read_bytes() for path in home.places.state_dir.rglob("*") if path.is_file())


def _tail(home: PaperHome) -> list[str]:
    argv = [*HYDRACTL, "tail", "-n", "1000", "-o", "json"]
    return subprocess.run(argv, env=home.environ, capture_output=True, text=True).stdout.splitlines()


@root
def test_a_looser_limit_waits_for_a_second_commander(home: PaperHome) -> None:
    let_others_in(home)
    home.step()
    assert home.ctl("operator", "add", "ann", "--uid", str(ANN), "--role", "commander", "--policy", "full").code == 0
    assert home.ctl("account", "limits", "alpha", "open_positions_max=0").code == 0
    assert home.ctl("fire", *HAND).act["codes"] == ["OPEN_POSITIONS"]
    asked = home.ctl("account", "limits", "alpha", "open_positions_max=3")
    assert asked.code == 8
    change = home.ctl("changes").data[0]["id"]
    assert home.ctl("approve", change, "--yes").code == 4
    home.kill("daemon")  # what waits is in the journal
    home.start()
    assert home.ctl("approve", change, "--yes", uid=ANN).code == 0
    home.step()
    assert home.ctl("fire", *HAND).code == 0


def test_one_fire_on_a_group(home: PaperHome) -> None:
    home.step()
    assert home.ctl("account", "group", "both", "alpha", "bravo=0.5").code == 0
    preview = home.ctl("fire", *HAND, "--group", "both", "--dry-run")
    assert [(row["account"], row["multiplier"]) for row in preview.data["targets"]] == [
        ("alpha", "1"),
        ("bravo", "0.5"),
    ]
    fired = home.ctl("fire", *HAND, "--group", "both")
    assert fired.code == 0 and {act["state"] for act in fired.data["acts"]} == {"FILLED"}
    home.ctl("halt", "--account", "bravo")
    some = home.ctl("fire", *HAND, "--group", "both")
    assert some.code == 7 and [act["state"] for act in some.data["acts"]] == ["FILLED", "DENIED"]
    assert (len(home.opened(100001)), len(home.opened(100002))) == (2, 1)


@root
def test_a_fire_above_a_threshold_waits_for_another_person(home: PaperHome) -> None:
    let_others_in(home)
    home.step()
    assert home.ctl("account", "limits", "alpha", "approval_lots=0.02").code == 15, "one may approve, two are needed"
    assert (
        home.ctl("operator", "add", "ann", "--uid", str(ANN), "--role", "approver", "--policy", "full", *ALPHA).code
        == 0
    )
    assert home.ctl("account", "limits", "alpha", "approval_lots=0.02").code == 0
    assert home.ctl("fire", *HAND, "--volume", "0.03", "--dry-run").code == 8
    fired = home.ctl("fire", *HAND, "--volume", "0.03")
    assert (fired.code, fired.act["state"]) == (8, "AWAITING_APPROVAL")
    fire, digest = fired.act["id"], fired.data["order"]["hash"]
    assert [row["id"] for row in home.ctl("status").data["approvals"]] == [fire]
    assert home.ctl("approve", fire, "--yes").code == 4
    home.kill("daemon")  # what waits is in the journal
    home.start()
    home.await_ready()
    home.step()
    approved = home.ctl("approve", fire, "--yes", uid=ANN)
    assert (approved.code, approved.act["state"], approved.data["order"]["hash"]) == (0, "FILLED", digest)
    assert home.ctl("approve", fire, "--yes", uid=ANN).code == 15
    other = home.ctl("fire", *HAND, "--volume", "0.03").act["id"]
    assert home.ctl("cancel", other, "--reason", "too big", "--yes", uid=ANN).code == 0
    assert len(home.opened()) == 1
    assert home.ctl("journal", "verify").code == 0
