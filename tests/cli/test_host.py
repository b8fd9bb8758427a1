"""`--host` on a terminal: what ssh leaves behind when its connection is lost. A real pty, and a program named ssh."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from hydractl import handover

ENTERED = r"\033[?1049h\033[?1003h a board of green"


def run(tmp_path: Path, script: str) -> tuple[int, str]:
    """Exit code and all that the terminal got of `hydractl --host me@there tui` where `ssh` is this script."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\n{script}\n")
    ssh.chmod(0o755)
    ours, theirs = pty.openpty()
    try:
        ran = subprocess.Popen(
            [sys.executable, "-m", "hydractl.main", "--host", "me@there", "tui"],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        )  # fmt: skip
        os.close(theirs)
        told = b""
        try:
            while piece := os.read(ours, 4096):
                told += piece
        except OSError:  # all who had the other end are gone
            pass
        return ran.wait(), told.decode()
    finally:
        os.close(ours)


def test_a_lost_connection_gives_the_screen_back_and_says_that_it_was_old(tmp_path: Path) -> None:
    code, told = run(tmp_path, f"printf '{ENTERED}'; exit 255")
    assert code == handover.SSH_FAILED
    _, _, after = told.partition("a board of green")
    assert after.startswith("\x1b7\x1b[?1049l"), "first the picture is taken away"
    assert "\x1b[?1003l" in after
    assert "\x1b[?25h" in after
    assert "ssh to me@there broke off: whatever it showed is old" in after
    assert "may have been done" in after


def test_an_ssh_that_is_killed_is_no_success(tmp_path: Path) -> None:
    code, told = run(tmp_path, "kill -9 $$")
    assert code == 128 + 9
    assert "broke off" in told


@pytest.mark.parametrize("code", [0, 6, 12])
def test_what_the_verb_there_says_is_left_as_it_is(tmp_path: Path, code: int) -> None:
    """Its code is the verb's, and nothing is written behind it."""
    assert run(tmp_path, f'printf "%s " "$@"; exit {code}') == (
        code,
        "-o ServerAliveInterval=4 -o ServerAliveCountMax=2 -t -- me@there hydractl tui ",
    )
