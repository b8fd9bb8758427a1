"""Owns the private broker: which Python runs it, its start, and its end with this process.

Without HYDRA_SIM_SOCKET the first `initialize` starts `python -m hydrad.terminal.broker --private` as a child,
which stays until this process ends, as a terminal does: a second `initialize` finds it again with its
positions. It holds the reading end of a pipe; when this process is gone, however it went, that pipe is at its
end, and so is the broker.

The Python is that of the environment in which this package lies, found from the package's own path, whatever
Python imports it; HYDRA_SIM_PYTHON names another.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .failed import Failed

CONFIG_VARIABLE = "HYDRA_SIM"
PYTHON_VARIABLE = "HYDRA_SIM_PYTHON"
_END_WAIT_S = 5.0
_LINE_BYTES_MAX = 1 << 16


def product_folder() -> Path:
    """The folder that `import hydrad` must find: this package is hydrad/terminal/simulated/MetaTrader5."""
    return Path(__file__).resolve().parents[4]


def interpreter() -> str:
    """The Python that runs the broker; raises Failed when none is found."""
    named = os.environ.get(PYTHON_VARIABLE, "")
    if named:
        return named
    folder = product_folder()
    for candidate in _beside(folder):
        if candidate.exists():
            return str(candidate)
    found = shutil.which(_version_in(folder) or "no python is named in the path")
    if found:
        return found
    if importlib.util.find_spec("hydrad") is not None:
        return sys.executable
    raise Failed(-10003, f"IPC initialize failed, no Python for {folder}: set {PYTHON_VARIABLE}")


def _beside(folder: Path) -> Iterator[Path]:
    """Where the Python of a folder of packages would be: in its virtual environment, else three folders up."""
    for prefix in folder.parents:
        if (prefix / "pyvenv.cfg").exists():
            yield prefix / "bin" / "python"
            yield prefix / "Scripts" / "python.exe"
    version, above = _version_in(folder), list(folder.parents)
    if version and len(above) > 2:
        yield above[2] / "bin" / version


def _version_in(folder: Path) -> str:
    """`python3.11` of `lib/python3.11/site-packages`, empty where the path names none."""
    return next((part for part in folder.parts if part.startswith("python3.")), "")


class PrivateBroker:
    """At most one child."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = ""
        self._owner = 0

    def socket(self, timeout_s: float) -> str:
        """The path of the running broker's socket, started where there is none; raises Failed -10003."""
        ours = self._owner == os.getpid()  # a fork asks the broker of the process that it came from
        if self._process is None or (ours and self._process.poll() is not None):
            self._start(timeout_s)
        return self._socket

    def stop(self) -> None:
        """End the child and wait for it; nothing when there is none or another process started it."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid() or process.poll() is not None:
            return
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        try:
            process.wait(_END_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _start(self, timeout_s: float) -> None:
        command = [interpreter(), "-m", "hydrad.terminal.broker", "--private"]
        config = os.environ.get(CONFIG_VARIABLE, "")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment["PYTHONPATH"] = str(product_folder())
        try:
            self._process = subprocess.Popen(
                [*command, *([os.path.abspath(config)] if config else [])],  # noqa: PTH100 - no link is resolved
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                bufsize=0,
                start_new_session=True,  # an interrupt at the keyboard is the program's alone
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # likewise, on Windows
            )
        except OSError as error:
            raise Failed(-10003, f"IPC initialize failed, Process create failed '{command[0]}': {error}") from None
        self._owner = os.getpid()
        self._socket = self._first_line(timeout_s)

    def _first_line(self, timeout_s: float) -> str:
        """What the broker says when it listens, or why it cannot."""
        assert self._process is not None and self._process.stdout is not None
        said_first: queue.Queue[bytes] = queue.Queue()
        read = self._process.stdout.readline
        # A thread, since Windows waits for sockets alone; it ends with the broker, at the latest.
        threading.Thread(target=lambda: said_first.put(read(_LINE_BYTES_MAX)), daemon=True).start()
        try:
            line = said_first.get(timeout=timeout_s)
        except queue.Empty:
            self.stop()
            raise Failed(-10003, f"IPC initialize failed, Pipe server didn't answer in {timeout_s:.0f} sec") from None
        if not line.endswith(b"\n"):
            self.stop()
            raise Failed(-10003, "IPC initialize failed, the simulated broker ended at its start")
        said: Any = json.loads(line)
        if "error" in said:
            self.stop()
            raise Failed(-10003, f"IPC initialize failed, {said['error']}")
        return str(said["socket"])


PRIVATE = PrivateBroker()
atexit.register(PRIVATE.stop)
