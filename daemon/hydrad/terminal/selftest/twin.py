"""The simulated terminal of the comparison: a broker of its own in a folder of its own, with the terms that the tested
one told, on a generated market in the middle of a week."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import tomli_w

from hydrad.host import entropy, keys, tcp_ports, windows
from hydrad.host.secrets import Secret
from hydrad.link.frames import Identity
from hydrad.terminal.broker import places
from hydrad.terminal.broker.catalogue import CATALOGUE
from hydrad.terminal.metatrader import TerminalError
from hydrad.terminal.pipe import Login
from hydrad.terminal.selftest.child import Terms
from hydrad.venue.contract import Execution

START = "2026-06-10T12:00:00Z"  # a Wednesday
SPEED = 60  # market seconds a second: an order expires in two
STAND_IN = "EURUSD"
_LOGIN, _SERVER = 1, "Twin"
_START_S = 30.0


class Twin(msgspec.Struct, frozen=True):
    socket: str
    login: Login
    symbol: str


@contextmanager
def twin(identity: Identity, terms: Terms, symbol: str, *, tcp: bool = windows.HERE) -> Iterator[Twin]:
    """A running one; it ends with the block. Raises TerminalError."""
    with tempfile.TemporaryDirectory(prefix="hydra-selftest-", ignore_cleanup_errors=True) as folder:
        place, name, password = Path(folder), stands_for(symbol), entropy.draw_key()
        sockets = [
            f"tcp:{entropy.draw_key()}@127.0.0.1:{tcp_ports.free_port()}" if tcp else f"{folder}/{word}"
            for word in ("b", "c")
        ]
        keys.write_secret(place / "broker.toml", _config(place, sockets, password, identity, terms, name))
        child = subprocess.Popen([sys.executable, "-m", "hydrad.terminal.broker", "--config", f"{folder}/broker.toml"])
        try:
            _await(sockets[0], child)
            login = Login(True, _LOGIN, _SERVER, Secret(password), (name,), 0, "paper")
            yield Twin(sockets[0], login, name)
        finally:
            child.terminate()
            child.wait()


def stands_for(symbol: str) -> str:
    """The simulated market's symbol of that name, without a broker's prefix or suffix; else any."""
    return next((name for name in CATALOGUE if name in symbol.upper()), STAND_IN)


def _config(place: Path, sockets: list[str], password: str, identity: Identity, terms: Terms, name: str) -> str:
    given = msgspec.structs.asdict(terms)
    leverage = max(given.pop("leverage"), 1)
    given["execution"] = Execution(terms.execution).name.lower()
    given["spread_points"] = max(terms.spread_points, 1)
    account = {"login": _LOGIN, "password": password, "server": _SERVER, "currency": identity.currency}
    return tomli_w.dumps(
        {
            "instance": "selftest",
            "socket": sockets[0],
            "control": sockets[1],
            "books": str(place / "books.db"),
            "start": START,
            "feed": "generated",
            "speed": SPEED,
            "symbols": {name: given},
            "accounts": [account | {"leverage": leverage, "hedging": identity.hedging}],
        }
    )


def _await(place: str, child: subprocess.Popen[bytes]) -> None:
    end_s = time.monotonic() + _START_S
    while not _listens(place):
        if child.poll() is not None or time.monotonic() >= end_s:
            raise TerminalError("the simulated broker to compare with did not start")
        time.sleep(0.05)


def _listens(place: str) -> bool:
    if not place.startswith("tcp:"):
        return Path(place).exists()
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(places.address(place)) == 0
