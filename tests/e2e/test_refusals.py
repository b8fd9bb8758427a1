"""What people without the role may not do, against real processes: end the daemon, or take away a HALT file."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from paper import PaperHome, as_user

pytestmark = [pytest.mark.timeout(180), pytest.mark.skipif(os.getuid() != 0, reason="needs a second uid")]
ANN, EVE = 1001, 1002


def let_others_in(home: PaperHome) -> None:
    for folder in (home.path, home.places.run_dir):
        folder.chmod(0o710)


def test_a_suspended_operator_cannot_end_the_daemon_and_every_refusal_is_journaled(home: PaperHome) -> None:
    let_others_in(home)
    home.step()
    assert home.ctl("operator", "add", "ann", "--uid", str(ANN), "--role", "trader", "--policy", "full").code == 0
    instance = home.ctl("status").envelope["daemon"]["instance"]
    own = (("down", "--yes"), ("reload",), ("log", "level", "toc=debug"), ("paper", "fault", "requote"))
    for words in own:
        assert home.ctl(*words, uid=ANN).code == 4, words
    assert home.ctl("operator", "suspend", "ann").code == 0
    for words in own:
        assert home.ctl(*words, uid=ANN).code == 4, words
    assert home.ctl("status").envelope["daemon"]["instance"] == instance
    refused = home.ctl("tail", "-n", "1000", "--kind", "CALL_REFUSED")
    assert refused.code == 0 and refused.envelope["facts"]["verb"] == "PaperFault"


def test_a_stranger_who_would_restore_somebody_is_counted(home: PaperHome) -> None:
    let_others_in(home)
    assert home.ctl("operator", "restore", "commander", uid=EVE).code == 4
    counted = home.ctl("tail", "-n", "1000", "--kind", "STRANGERS_COUNTED")
    assert counted.envelope["facts"]["reason"] == f"uid:{EVE} is no operator of this home"


@pytest.mark.parametrize("words", [("resume", "--yes"), ("resume", "--account", "alpha", "--yes")])
def test_a_halt_file_outlives_what_does_not_resume_everything(home: PaperHome, words: tuple[str, ...]) -> None:
    let_others_in(home)
    home.step()
    assert home.ctl("operator", "add", "ann", "--uid", str(ANN), "--role", "trader", "--policy", "full").code == 0
    home.places.halt_file.write_text("halt\n")  # as a shell does that cannot reach the daemon
    home.ctl(*words, uid=ANN if "--account" not in words else None)
    home.until(lambda: home.status()["authority"] == "HALTED", "the HALT file is obeyed")
    assert home.places.halt_file.exists()
    assert home.ctl("resume", "--yes").code == 0
    assert not home.places.halt_file.exists()


HOLD = """
import socket, sys, time
held = []
for _ in range(80):
    held.append(socket.socket(socket.AF_UNIX))
    held[-1].connect(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


def test_a_stranger_who_takes_every_place_keeps_nobody_from_halting(home: PaperHome) -> None:
    let_others_in(home)
    argv = [*as_user(EVE), sys.executable, "-c", HOLD, str(home.places.socket)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as holding:
        assert holding.stdout is not None and holding.stdout.readline() == b"held\n"
        assert home.ctl("halt").code == 0
        assert home.status()["authority"] == "HALTED"
        holding.kill()
