"""Owns a private broker: the child of one program that imported MetaTrader5.

Its configuration is the file that HYDRA_SIM names over the defaults here; sockets, and books that the file puts
nowhere, lie in a temporary folder that goes with it. Where there are no unix sockets (Windows), or HYDRA_SIM_TCP asks
for it, the sockets are ports of the loopback with a word that is drawn for each, which only the program is told. It
says one JSON line on stdout, `{"socket": PLACE}` or `{"error": TEXT}`, and ends when its stdin does or its parent is
gone.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hydrad.host import tcp_ports, windows
from hydrad.host.clock import SystemClock
from hydrad.terminal.broker import config as configs
from hydrad.terminal.broker.catalogue import VISIBLE
from hydrad.terminal.broker.config import GENERATED, BadConfig, BrokerConfig
from hydrad.terminal.broker.places import TCP

ACCOUNT = {"login": 100_001, "password": "sim", "server": "HydraX-Sim"}
DEFAULTS: dict[str, Any] = {"accounts": [ACCOUNT], "feed": GENERATED, "speed": 1, "server_zone": "NY+7"}
_PLACED = ("socket", "control")
TCP_VARIABLE = "HYDRA_SIM_TCP"


@contextmanager
def configured(path: Path | None) -> Iterator[tuple[BrokerConfig, bool]]:
    """The configuration, and whether its clock follows the machine's (no start is named); raises BadConfig."""
    given = configs.table(path) if path is not None else {}
    wrong = next((name for name in _PLACED if name in given), None)
    if wrong is not None:
        raise BadConfig(f"{path}: {wrong} is chosen by the broker itself when it is private")
    generated = given.get("feed", GENERATED) == GENERATED and "feeds" not in given
    if not generated and not {"start", "start_ms"} & set(given):
        raise BadConfig(f"{path}: a recorded feed needs a start, such as '2014-05-02T12:00:00Z'")
    now_ms = SystemClock().machine_ns() // 1_000_000
    follows = generated and not {"start", "start_ms"} & set(given)
    with TemporaryDirectory(prefix="hydra-sim-", ignore_cleanup_errors=True) as folder:
        places = {"instance": secrets.token_hex(8), "books": f"{folder}/books.db"}
        places.update({name: _place(folder, name) for name in _PLACED})
        table = {**DEFAULTS, **places, "start_ms": now_ms, **given}
        if "start" in given:
            del table["start_ms"]
        if "visible" not in given and "offered" not in given and table["feed"] == GENERATED:
            table["visible"] = VISIBLE
        yield configs.made(path or "the default", table), follows and table["speed"] == 1


def _place(folder: str, name: str) -> str:
    if not (windows.HERE or os.environ.get(TCP_VARIABLE)):
        return f"{folder}/{name}"
    return f"{TCP}{secrets.token_hex(16)}@127.0.0.1:{tcp_ports.free_port()}"


def say(**message: str) -> None:
    """One line to the program that started this."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Parent:
    """Whether the process that started this is still there."""

    def __init__(self) -> None:
        self._pid = os.getppid()

    @property
    def gone(self) -> bool:
        """True when another has adopted this process. Windows has no such thing; the end of the pipe says it there."""
        return os.getppid() != self._pid
