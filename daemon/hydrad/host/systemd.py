"""The service manager: what hydrad tells systemd, and when the watchdog is fed.

Owns the datagrams of sd_notify(3) and the rule of the watchdog: it is fed only by a loop that keeps time, and only
after the journal's disk has taken something since the last feeding. Without a manager everything here is silent.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

LAG_MAX_S = 0.5
FEEDINGS_PER_TIMEOUT = 4
_SECOND_US = 1_000_000
_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Manager:
    """The socket of the service manager, or nobody. `watchdog_s`: how long it waits for a sign of life; None: ever."""

    def __init__(self, address: str, watchdog_s: float | None) -> None:
        self.watchdog_s = watchdog_s
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if address and sys.platform != "win32":
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._status = ""
        self.lost = 0

    def ready(self, status: str) -> None:
        """Recovery is over and the doors are open."""
        self._tell("READY=1", f"STATUS={status}")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; told when it has changed."""
        if text != self._status:
            self._status = text
            self._tell(f"STATUS={text}")

    def stopping(self, status: str) -> None:
        self._tell("STOPPING=1", f"STATUS={status}")

    def alive(self) -> None:
        self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        """A manager that does not listen is counted and never waited for."""
        if self._socket is None or sys.platform == "win32":
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), socket.MSG_DONTWAIT, self._address)
        except OSError:
            self.lost += 1


def take(environ: MutableMapping[str, str]) -> Manager:
    """The manager that this process was started by. Its variables leave the environment: children must not speak
    for us."""
    found = {name: environ.pop(name, "") for name in _VARIABLES}
    return Manager(found["NOTIFY_SOCKET"], _watchdog_s(found, os.getpid()))


def _watchdog_s(found: Mapping[str, str], pid: int) -> float | None:
    microseconds, whose = found["WATCHDOG_USEC"], found["WATCHDOG_PID"]
    if not microseconds.isdigit() or int(microseconds) == 0 or (whose and whose != str(pid)):
        return None
    return int(microseconds) / _SECOND_US


class Watchdog:
    """When to feed. All times are of one monotonic clock, in seconds."""

    def __init__(self, timeout_s: float | None, now_s: float) -> None:
        self._every_s = timeout_s / FEEDINGS_PER_TIMEOUT if timeout_s else None
        self._fed_s = now_s

    def needs_ping(self, now_s: float, durable_s: float) -> bool:
        """Whether feeding is due and nothing was made durable since the last feeding."""
        return self._due(now_s) and durable_s <= self._fed_s

    def feed(self, now_s: float, lag_s: float, durable_s: float) -> bool:
        """Whether the watchdog is to be fed now: it is due, the loop keeps time, and the disk has just worked."""
        if not self._due(now_s) or lag_s > LAG_MAX_S or durable_s <= self._fed_s:
            return False
        self._fed_s = now_s
        return True

    def _due(self, now_s: float) -> bool:
        return self._every_s is not None and now_s - self._fed_s >= self._every_s


def ping(path: Path, text: str) -> None:
    """A small write that is durable on return, on the journal's own file system. Raises OSError."""
    if sys.platform == "win32":
        raise OSError("Windows has no such manager")
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(fd, text.encode(), 0)
        os.fdatasync(fd)
    finally:
        os.close(fd)
