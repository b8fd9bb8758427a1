"""The agent's hold on its worker: start, ask, listen, kill. Owns the child process and the bound of its call."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from hydrad.agent.effects import Call
from hydrad.domain.instants import MS, SECOND
from hydrad.terminal import pipe
from hydrad.terminal.answers import Answers
from hydrad.terminal.broker import module_path
from hydrad.terminal.bundle import Bundle, password_of

LOGIN_BOUND_NS = 60 * SECOND
RESTART_NS_MIN = SECOND // 4
RESTART_NS_MAX = 8 * SECOND
END_WAIT_S = 5.0


class WorkerGone(Exception):
    """The worker ended; the message says how."""


class WorkerHandle:
    """At most one worker at a time; after one is gone the next waits a little longer, until one logs in."""

    def __init__(self, bundle: Bundle, clock_base_ns: int) -> None:
        self._bundle = bundle
        self._password = password_of(bundle)
        self._clock_base_ns = clock_base_ns
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: Answers | None = None
        self._assembler = pipe.Assembler()
        self._bound_ns: int | None = None
        self._not_before_ns = 0
        self._pause_ns = RESTART_NS_MIN

    @property
    def fd(self) -> int | None:
        """What to poll for answers; None while there is no worker."""
        return None if self._answers is None else self._answers.fileno()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start_if_due(self, now_ns: int, grids: Mapping[str, pipe.Grid] | None = None) -> None:
        """Start a worker where there is none, unless the last one has only just gone."""
        if self._process is not None or now_ns < self._not_before_ns:
            return
        self._assembler = pipe.Assembler()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hydrad.terminal.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment_of(self._bundle),
        )
        assert self._process.stdout is not None
        self._answers = Answers(self._process.stdout.fileno())
        self._bound_ns = now_ns + LOGIN_BOUND_NS
        bundle = self._bundle
        self._write(
            pipe.Login(
                bundle.module == "simulated",
                bundle.login,
                bundle.server,
                self._password,
                tuple(bundle.symbols),
                self._clock_base_ns,
                bundle.kind,
                bundle.terminal_path,
                bundle.portable,
                dict(grids or {}),
            )
        )

    def ask(self, call: Call, now_ns: int) -> None:
        """Hand over a call. A worker that is gone shows at the next `listen`."""
        self._bound_ns = now_ns + call.bound_ms * MS
        self._write(call.call)

    def listen(self) -> list[pipe.Up]:
        """What the worker said; call when its descriptor is readable. Raises WorkerGone."""
        if self._answers is None:
            return []
        try:
            data = self._answers.read()
            messages = [pipe.decode_up(message) for message in self._assembler.feed(data)]
        except (OSError, pipe.BadPipe) as error:
            raise WorkerGone(str(error)) from None
        if not data:
            raise WorkerGone(f"the worker ended by itself (exit code {self._wait()})")
        if messages:
            self._bound_ns = None
        return messages

    def healthy(self) -> None:
        """A worker has logged in: the next restart need not wait."""
        self._pause_ns = RESTART_NS_MIN

    def overdue(self, now_ns: int) -> bool:
        """Whether the call in hand has passed its bound."""
        return self._bound_ns is not None and now_ns >= self._bound_ns

    def kill(self, now_ns: int) -> None:
        """End the worker now; the next one may start after a pause."""
        if self._process is not None:
            assert self._answers is not None
            self._process.kill()
            self._wait()
            self._answers.close()
            for end in (self._process.stdin, self._process.stdout):
                assert end is not None
                end.close()
        self._process = self._answers = self._bound_ns = None
        self._not_before_ns = now_ns + self._pause_ns
        self._pause_ns = min(self._pause_ns * 2, RESTART_NS_MAX)

    def _write(self, message: pipe.Down) -> None:
        """Calls are small: a pipe takes them whole, unless the worker is gone."""
        assert self._process is not None and self._process.stdin is not None
        try:
            pipe.write_all(self._process.stdin.fileno(), pipe.frame(message))
        except OSError:  # EPIPE; on Windows EINVAL
            return  # its standard output is at its end too, so `listen` tells

    def _wait(self) -> int | None:
        assert self._process is not None
        try:
            return self._process.wait(END_WAIT_S)
        except subprocess.TimeoutExpired:
            return None


def environment_of(bundle: Bundle | None, sim_socket: str = "") -> dict[str, str]:
    """What a process that imports MetaTrader5 finds; for no bundle, a client of the simulated broker at a socket."""
    environment = dict(os.environ)
    if bundle is None or bundle.module == "simulated":
        known = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([module_path(), *([known] if known else [])])
        environment["HYDRA_SIM_SOCKET"] = bundle.sim_socket if bundle else sim_socket
    return environment
