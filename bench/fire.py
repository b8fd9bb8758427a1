"""`fire` -> filled -> answer in a client, beside the sum of its measured parts, in one run.

Parts: three durable commits (daemon, agent's ledger, daemon), one ZeroMQ round trip with CURVE, one pipe round trip
to a worker process, one unix-socket round trip. Fires go to the two paper accounts in turn; each is closed before the
next, so that limits hold. The client speaks the control socket directly, as the shell does after its start.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import apsw
import zmq
from common import finish, median, percentile

from hydrad.host import entropy
from hydrad.host.places import find_places
from hydrad.wire import calls, codec
from hydrad.wire.answers import Answer

# The agents themselves cap opening orders at 60 a minute each.
FIRES = 110
PARTS = 400
CONFIG = """\
[paper]
conductor = "client"
[risk]
fires_per_minute_max = 600
tick_age_max_ms = 600000
"""


class Client:
    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._framer = codec.Framer()
        self._number = 0

    def ask(self, verb: calls.AnyVerb) -> Answer:
        return next(self.follow(verb))

    def follow(self, verb: calls.AnyVerb) -> Iterator[Answer]:
        """A stream's answers, until the daemon hangs up."""
        self._number += 1
        self._socket.sendall(codec.encode_call(calls.Call(calls.PROTOCOL, self._number, verb, entropy.draw_key())))
        while data := self._socket.recv(1 << 16):
            yield from map(codec.decode_answer, self._framer.feed(data))


def fires(client: Client) -> tuple[list[float], list[float]]:
    filled, closed = [], []
    client.ask(calls.MarketStep(1))
    accounts = [row["name"] for row in client.ask(calls.Accounts()).data]
    bid = Decimal(client.ask(calls.Ticks(("EURUSD",))).data[0]["bid"])
    for number in range(FIRES):
        verb = calls.FireSymbol("EURUSD", "buy", str(bid - Decimal("0.005")), account=accounts[number % 2], again=True)
        began = time.perf_counter()
        answer = client.ask(verb)
        filled.append(time.perf_counter() - began)
        assert answer.ok and answer.data["act"]["state"] == "FILLED", answer
        began = time.perf_counter()
        done = client.ask(calls.Close(answer.data["act"]["id"]))
        closed.append(time.perf_counter() - began)
        assert done.ok, done
    return filled[10:], closed[10:]


def commits(folder: Path) -> float:
    connection = apsw.Connection(str(folder / "part.db"))
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB)")
    times = []
    for number in range(PARTS):
        began = time.perf_counter()
        connection.execute("INSERT INTO t VALUES (?, ?)", (number, b"x" * 600))
        times.append(time.perf_counter() - began)
    return median(times)


def zmq_round_trip() -> float:
    context = zmq.Context()
    public, secret = zmq.curve_keypair()
    mine, my_secret = zmq.curve_keypair()
    router = context.socket(zmq.ROUTER)
    router.curve_server, router.curve_secretkey, router.curve_publickey = True, secret, public
    port = router.bind_to_random_port("tcp://127.0.0.1")
    dealer = context.socket(zmq.DEALER)
    dealer.curve_serverkey, dealer.curve_publickey, dealer.curve_secretkey = public, mine, my_secret
    dealer.connect(f"tcp://127.0.0.1:{port}")

    def echo() -> None:
        for _ in range(PARTS):
            router.send_multipart(router.recv_multipart())

    thread = threading.Thread(target=echo)
    thread.start()
    times = []
    for _ in range(PARTS):
        began = time.perf_counter()
        dealer.send(b"x" * 300)
        dealer.recv()
        times.append(time.perf_counter() - began)
    thread.join()
    context.destroy(linger=0)
    return median(times[20:])


def echo_process(write: Callable[[bytes], object], read: Callable[[int], bytes]) -> float:
    times = []
    for _ in range(PARTS):
        began = time.perf_counter()
        write(b"x" * 200)
        read(200)
        times.append(time.perf_counter() - began)
    return median(times[20:])


def pipe_round_trip() -> float:
    code = "import os\nwhile d := os.read(0, 65536): os.write(1, d)"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin and child.stdout
    inward, outward = child.stdin.fileno(), child.stdout.fileno()
    value = echo_process(lambda b: os.write(inward, b), lambda n: os.read(outward, n))
    child.stdin.close()
    child.wait(5)
    return value


def unix_round_trip(folder: Path) -> float:
    path = str(folder / "echo.sock")
    code = (
        "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1] + '.new')\ns.listen()\n"
        "import os\nos.rename(sys.argv[1] + '.new', sys.argv[1])\nc,_=s.accept()\n"
        "while d := c.recv(65536): c.sendall(d)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, path])
    while not Path(path).exists():
        time.sleep(0.01)
    link = socket.socket(socket.AF_UNIX)
    link.connect(path)
    value = echo_process(link.sendall, link.recv)
    link.close()
    child.wait(5)
    return value


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="hx-"))
    environ = {**os.environ, "HYDRA_HOME": str(home)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    (home / "config.toml").write_text(CONFIG)
    hydractl = str(Path(sys.executable).with_name("hydractl"))
    subprocess.run([hydractl, "up"], env=environ, check=True, stdout=subprocess.DEVNULL)
    try:
        client = Client(str(find_places(environ).socket))
        parts_first = [commits(home), zmq_round_trip(), pipe_round_trip(), unix_round_trip(home)]
        filled, closed = fires(client)
        for name in ("part.db", "echo.sock"):
            (home / name).unlink()
        parts_last = [commits(home), zmq_round_trip(), pipe_round_trip(), unix_round_trip(home)]
    finally:
        subprocess.run([hydractl, "down", "--yes"], env=environ, stdout=subprocess.DEVNULL)
    commit, link, pipe, unix = (median(pair) for pair in zip(parts_first, parts_last, strict=True))
    total = 3 * commit + link + pipe + unix
    figures = {
        "fire_p50_ms": median(filled) * 1000,
        "fire_p99_ms": percentile(filled, 0.99) * 1000,
        "close_p50_ms": median(closed) * 1000,
        "commit_ms": commit * 1000,
        "zmq_curve_round_trip_ms": link * 1000,
        "pipe_round_trip_ms": pipe * 1000,
        "unix_round_trip_ms": unix * 1000,
        "sum_of_parts_ms": total * 1000,
    }
    for name, value in figures.items():
        print(f"{name:28s} {value:8.3f}")
    finish("fire", figures, {"fire_over_parts": median(filled) / total})


if __name__ == "__main__":
    main()
