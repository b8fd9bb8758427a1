"""A terminal that goes away leaves no process behind."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import pytest
from terminal import Tmux, environment

WAIT_S = 20.0


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_screens_end_with_their_terminal(tmp_path: Path) -> None:
    """A shell leads its session: the screens hear SIGHUP and then SIGCONT, and every write of theirs fails."""
    with Tmux([sys.executable, "-m", "hydractl.main", "tui"], environment(HYDRA_HOME=str(tmp_path))) as one:
        one.wait_for("NO DAEMON")
        screens = one.pid()
    ends_s = time.monotonic() + WAIT_S
    while Path(f"/proc/{screens}").exists():
        assert time.monotonic() < ends_s, "the screens outlive their terminal"
        time.sleep(0.05)
