"""A paper home of real processes, driven as a person would: through `hydractl`, kill -9 and the broker's own socket."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from hydrad.host import processes
from hydrad.host.lock import holder
from hydrad.host.places import find_places

CONFIG = """\
[paper]
conductor = "client"
start = "2014-05-02T12:25:00Z"
[timing]
act_deadline_ms = 1500
result_timeout_ms = 1600
settle_ms = 1000
query_interval_ms = 200
"""
WAIT_S = 40.0


def script(name: str, module: str) -> list[str]:
    """The installed script, or the module where the tests run from the tree."""
    path = Path(sys.executable).with_name(name)
    return [str(path)] if path.exists() and "PYTHONPATH" not in os.environ else [sys.executable, "-m", module]


HYDRACTL = script("hydractl", "hydractl.main")
HYDRAD = script("hydrad", "hydrad")


def as_user(uid: int) -> list[str]:
    """What runs a command as another unix user, who may read wherever these tests stand."""
    reads = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    return ["setpriv", "--reuid", str(uid), "--regid", str(os.getgid()), "--clear-groups", *reads]


class Answer:
    """Exit code and envelope of one command."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.code = done.returncode
        self.stderr = done.stderr.decode()
        text = done.stdout.decode().strip()
        self.envelope: dict[str, Any] = json.loads(text.splitlines()[-1]) if text else {}

    @property
    def data(self) -> Any:
        return self.envelope["data"]

    @property
    def act(self) -> dict[str, Any]:
        return self.data["act"]

    def __repr__(self) -> str:
        return f"exit {self.code} {self.envelope} {self.stderr}"


class PaperHome:
    """One home in a short temporary folder (a unix socket's path is short)."""

    def __init__(self, config: str = CONFIG) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="hx-"))
        # A busy machine answers a beat late: how late is not what these tests are about.
        self.environ = {**os.environ, "HYDRA_HOME": str(self.path), "HYDRA_RISK__CLOCK_OFFSET_MAX_MS": "2000"}
        for name in ("HYDRA_SOCKET", "HYDRA_HOST"):
            self.environ.pop(name, None)
        self.places = find_places(self.environ)
        self.places.make()
        self.places.config_file.write_text(config)

    def ctl(self, *words: str, timeout: float = 60.0, uid: int | None = None) -> Answer:
        """`hydractl WORDS -o json`, as another user with `uid`."""
        argv = [*(as_user(uid) if uid is not None else ()), *HYDRACTL, *words, "-o", "json"]
        done = subprocess.run(argv, env=self.environ, capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL)
        return Answer(done)

    def begin(self, *words: str) -> Callable[[], Answer]:
        """`ctl` in the background; the answer, once it is asked for."""
        argv = [*HYDRACTL, *words, "-o", "json"]
        child = subprocess.Popen(
            argv, env=self.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

        def end() -> Answer:
            out, err = child.communicate(timeout=60)
            return Answer(subprocess.CompletedProcess(argv, child.returncode, out, err))

        return end

    def launch(self) -> None:
        """Its daemon, answering."""
        processes.spawn([*HYDRAD, "run"], self.places.log_file, self.environ, self.path)
        self.until(lambda: self.ctl("status").code == 0, "the daemon answers")

    def start(self) -> None:
        self.launch()
        self.await_ready()

    def await_ready(self) -> None:
        self.until(lambda: all(t["link"] == "READY" for t in self.status()["terminals"]), "all terminals READY")

    def status(self) -> dict[str, Any]:
        from hydrad.wire import calls

        found: dict[str, Any] | None = self.look(calls.Status())
        return found or {"terminals": [{"link": "none"}], "acts": {"unknown": -1}}

    def until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.05)
        raise AssertionError(f"not within {WAIT_S:.0f} s: {what}\n{self.logs()}")

    def logs(self) -> str:
        found = sorted(self.places.log_dir.glob("*.log"))
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in found)

    def look(self, verb: Any, timeout_s: float = 10.0) -> Any:
        """The data of a query over the socket itself, for what is asked again and again; None without an answer."""
        from hydrad.wire import calls, codec

        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(timeout_s)
            try:
                link.connect(str(self.places.socket))
                link.sendall(codec.encode_call(calls.Call(calls.PROTOCOL, 1, verb, "")))
                framer = codec.Framer()
                while data := link.recv(65536):
                    for message in framer.feed(data):
                        answer = codec.decode_answer(message)
                        return answer.data if answer.ok else None
            except OSError:
                pass
        return None

    # --- the market and the broker ------------------------------------------------------------------

    def step(self, minutes: int = 1) -> dict[str, Any]:
        """Move the market through all agents."""
        from hydrad.host import entropy
        from hydrad.wire import calls, codec

        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(60)
            link.connect(str(self.places.socket))
            link.sendall(
                codec.encode_call(calls.Call(calls.PROTOCOL, 1, calls.MarketStep(minutes), entropy.draw_key()))
            )
            framer = codec.Framer()
            while data := link.recv(65536):
                for message in framer.feed(data):
                    answer = codec.decode_answer(message)
                    assert answer.ok, answer.error
                    return answer.data
        raise AssertionError("the daemon hung up")

    def broker(self, **request: object) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            self.until(lambda: _answers(control, self.places.run_dir / "broker-control.sock"), "the broker answers")
            control.sendall(json.dumps(request).encode() + b"\n")
            with control.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline())
        assert answer["ok"], answer
        return answer

    def opened(self, login: int = 100001) -> list[dict[str, Any]]:
        """Opening deals in the broker's own books."""
        return [
            d
            for d in self.broker(op="books", login=login)["deals"]
            if d["type"] in ("BUY", "SELL") and d["entry"] == "IN"
        ]

    # --- processes ----------------------------------------------------------------------------------

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Kill a process by what it is: daemon, broker, or an agent's name."""
        locks = {
            "daemon": self.places.lock_file,
            "broker": self.places.broker_dir / "books.db.lock",
        }
        lock = locks.get(name, self.places.process_lock(name))
        found = holder(lock)
        assert found is not None and found.pid is not None, f"{name} does not run"
        os.kill(found.pid, number)
        if number == signal.SIGKILL:
            self.until(lambda: (now := holder(lock)) is None or now.pid != found.pid, f"{name} is gone")
        return found.pid

    def running(self, name: str) -> bool:
        found = holder(self.places.process_lock(name))
        return found is not None and found.pid is not None

    def children(self, pid: int) -> list[int]:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(word) for word in text.split()]

    def end(self) -> None:
        locks = [self.places.lock_file, *self.places.run_dir.glob("*.lock"), *self.places.broker_dir.glob("*.lock")]
        for lock in locks:
            found = holder(lock)
            if found is not None and found.pid is not None:
                os.kill(found.pid, signal.SIGKILL)
                self.until(lambda: holder(lock) is None, "ended")  # noqa: B023
        shutil.rmtree(self.path, ignore_errors=True)


def _answers(control: socket.socket, path: Path) -> bool:
    """Connected; not yet where one that was killed is not back."""
    try:
        control.connect(str(path))
    except (ConnectionRefusedError, FileNotFoundError):
        return False
    return True


def quote(home: PaperHome, symbol: str = "EURUSD") -> tuple[Decimal, Decimal]:
    """Waits for one: after a restart, or a line that was cut, it comes with the next frame of ticks."""

    def told() -> Any:
        return next((row for row in home.ctl("ticks", symbol).data if row["symbol"] == symbol), None)

    home.until(lambda: told() is not None, f"a quote of {symbol}")
    row = told()
    return Decimal(row["bid"]), Decimal(row["ask"])


def fire_by_hand(home: PaperHome, *more: str, quoted: tuple[Decimal, Decimal] | None = None) -> Any:
    """A EURUSD BUY with a wide stop, meant however often it is repeated."""
    bid, _ = quoted or quote(home)
    stop = bid - Decimal("0.00300")
    target = bid + Decimal("0.00900")
    return home.ctl(
        "fire",
        "--symbol",
        "EURUSD",
        "--side",
        "buy",
        "--stop",
        str(stop),
        "--target",
        str(target),
        "--yes",
        "--again",
        *more,
    )


def resolved(home: PaperHome) -> bool:
    acts = home.status()["acts"]
    return acts["unknown"] == 0 and acts["in_flight"] == 0
