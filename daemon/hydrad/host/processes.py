"""Child processes that outlive their parent: each in its own session, with its own log, alive while it holds
its lock. Owns how they are started, looked at and ended.

A child takes the lock of `lock.py` by itself; so a parent that was started anew finds and adopts it.
"""

from __future__ import annotations

import enum
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from hydrad.host.lock import Holder, holder

LOG_BYTES_MAX = 16 << 20
_LOOK_S = 0.02
_KILL_WAIT_S = 5.0


class Ended(enum.Enum):
    """How a stop went."""

    NOT_RUNNING = "not running"
    BY_ITSELF = "ended when asked"
    KILLED = "killed"
    STILL_THERE = "still there"


def spawn(argv: Sequence[str], log_file: Path, environ: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own, stdin closed, stdout and stderr appended to `log_file` (0600).

    The log's predecessor is kept as `.1` once it has `LOG_BYTES_MAX`. Raises OSError if it cannot be started.
    """
    _turn(log_file)
    log = os.open(log_file, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(environ),
            cwd=folder,
            start_new_session=True,
        )
    finally:
        os.close(log)


def await_lock(lock_file: Path, child: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Whether the child's lock was taken within `timeout_s`; False at once when it dies."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if holder(lock_file):
            return True
        if child.poll() is not None:
            return False
        time.sleep(_LOOK_S)
    return False


def stop(lock_file: Path, grace_s: float) -> Ended:
    """End the process that holds `lock_file`, and its group: SIGTERM, after `grace_s` SIGKILL. Bounded."""
    found = holder(lock_file)
    if found is None:
        return Ended.NOT_RUNNING
    if _signal(found, signal.SIGTERM) and _released(lock_file, grace_s):
        return Ended.BY_ITSELF
    found = holder(lock_file)
    if found is None:
        return Ended.BY_ITSELF
    if _signal(found, signal.SIGKILL) and _released(lock_file, _KILL_WAIT_S):
        return Ended.KILLED
    return Ended.STILL_THERE


def _signal(found: Holder, number: signal.Signals) -> bool:
    """To the group that the holder leads; to itself where it leads none. False if its pid is not known."""
    if found.pid is None:
        return False
    try:
        if os.getpgid(found.pid) == found.pid:
            os.killpg(found.pid, number)
        else:
            os.kill(found.pid, number)
    except ProcessLookupError:
        return True  # it has just ended
    return True


def _released(lock_file: Path, within_s: float) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if holder(lock_file) is None:
            return True
        time.sleep(_LOOK_S)
    return holder(lock_file) is None


def _turn(log_file: Path) -> None:
    if log_file.exists() and log_file.stat().st_size >= LOG_BYTES_MAX:
        log_file.replace(log_file.with_name(log_file.name + ".1"))
