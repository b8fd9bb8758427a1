"""Owns the simulated broker's start and end: `python -m hydrad.terminal.broker --config FILE`, or `--private`.

Exit codes: 0 after a shutdown, 75 when another broker has the same books, 78 for a bad configuration, feed or
books.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hydrad.domain.money import BadNumber
from hydrad.host.clock import SystemClock
from hydrad.host.lock import FileLock, Held
from hydrad.terminal.broker import places, private
from hydrad.terminal.broker.api import Api
from hydrad.terminal.broker.books import BadBooks, Books
from hydrad.terminal.broker.broker import Broker
from hydrad.terminal.broker.config import RECORDING, BadConfig, BrokerConfig, read
from hydrad.terminal.broker.control import Control
from hydrad.terminal.broker.faults import BadFault, Faults
from hydrad.terminal.broker.feed import BadFeed
from hydrad.terminal.broker.followed import LAG_MS
from hydrad.terminal.broker.pace import Following, Pace
from hydrad.terminal.broker.server import ClientConnection, ControlConnection, Server
from hydrad.terminal.broker.world import market_of

RUNNING, BAD_CONFIG = 75, 78
_BAD = (BadFault, BadConfig, BadFeed, BadBooks, BadNumber)


class AlreadyRunning(RuntimeError):
    """Another process holds the books' lock."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a broker until it is told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(prog="hydra-terminal sim", description="The simulated broker.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="its TOML file")
    parser.add_argument("--private", nargs="?", const="", metavar="FILE", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.private is not None:
        return serve_private(Path(arguments.private) if arguments.private else None)
    if arguments.config is None:
        parser.error("--config FILE is needed")
    try:
        return serve(read(arguments.config))
    except AlreadyRunning as error:
        return _refused(str(error), RUNNING)
    except _BAD as error:
        return _refused(str(error), BAD_CONFIG)


def serve_private(path: Path | None) -> int:
    """Serve the program that started this until it is gone."""
    try:
        with private.configured(path) as (config, follows):
            return serve(config, private.Parent(), follows)
    except (AlreadyRunning, *_BAD) as error:
        private.say(error=str(error))
        return BAD_CONFIG


def serve(config: BrokerConfig, parent: private.Parent | None = None, follows: bool = False) -> int:
    """Serve until a `shutdown`, SIGTERM or SIGINT; raises AlreadyRunning and what a bad file raises.

    `parent`: who may alone ask and with whom this ends. `follows`: the market clock is the machine's.
    """
    path = Path(config.books)
    for folder in (path.parent, places.folder(config.socket), places.folder(config.control)):
        if folder is not None and not folder.is_dir():
            raise BadConfig(f"{folder} is no folder")
    try:
        lock = FileLock(Path(f"{path}.lock"))
    except Held as held:
        raise AlreadyRunning(f"another broker has {path} (process {held.pid})") from None
    with lock:
        books = Books(path, config.instance, config.start_ms)
        market = market_of(config, books.market_ms, books.start_ms)
        broker = Broker(config, market, books)
        pace = _pace(config, broker)
        if follows:
            pace.catch_up(_machine_ms())
        _serve(config, broker, pace, parent)
        books.close()
    return 0


def _pace(config: BrokerConfig, broker: Broker) -> Pace:
    if config.feed == RECORDING:
        return Following(broker, LAG_MS, _machine_ms)
    return Pace(broker, config.rate, time.monotonic)


def _machine_ms() -> int:
    return SystemClock().machine_ns() // 1_000_000


def _serve(config: BrokerConfig, broker: Broker, pace: Pace, parent: private.Parent | None) -> None:
    faults, server = Faults(time.monotonic), Server(pace)
    faults.plan(config.faults)
    api, control = Api(broker, faults), Control(broker, faults, server.stop)
    server.on_signals(signal.SIGTERM, signal.SIGINT)
    server.listen(config.socket, lambda peer: ClientConnection(server, peer, api))
    server.listen(config.control, lambda peer: ControlConnection(server, peer, control))
    if parent is not None:
        server.end_with(parent, sys.stdin.fileno())
        private.say(socket=config.socket)
    server.run()
    places.leave(config.socket)
    places.leave(config.control)


def _refused(text: str, code: int) -> int:
    sys.stderr.write(f"hydra-terminal sim: {text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
