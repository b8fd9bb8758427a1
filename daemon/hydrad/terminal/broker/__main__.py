"""Owns the simulated broker's start and end: `python -m hydrad.terminal.broker --config FILE`.

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
from hydrad.host.lock import FileLock, Held
from hydrad.terminal.broker.api import Api
from hydrad.terminal.broker.books import BadBooks, Books
from hydrad.terminal.broker.broker import Broker
from hydrad.terminal.broker.config import BadConfig, BrokerConfig, read
from hydrad.terminal.broker.control import Control
from hydrad.terminal.broker.faults import Faults
from hydrad.terminal.broker.feed import BadFeed
from hydrad.terminal.broker.server import ClientConnection, ControlConnection, Server
from hydrad.terminal.broker.world import market_of

RUNNING, BAD_CONFIG = 75, 78


class AlreadyRunning(RuntimeError):
    """Another process holds the books' lock."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a broker until it is told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(prog="hydra-terminal sim", description="The simulated broker.")
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="its TOML file")
    arguments = parser.parse_args(argv)
    try:
        return serve(read(arguments.config))
    except AlreadyRunning as error:
        return _refused(str(error), RUNNING)
    except (BadConfig, BadFeed, BadBooks, BadNumber) as error:
        return _refused(str(error), BAD_CONFIG)


def serve(config: BrokerConfig) -> int:
    """Serve until a `shutdown`, SIGTERM or SIGINT; raises AlreadyRunning and what a bad file raises."""
    path = Path(config.books)
    for needed in (path, Path(config.socket), Path(config.control)):
        if not needed.parent.is_dir():
            raise BadConfig(f"{needed.parent} is no folder")
    try:
        lock = FileLock(Path(f"{path}.lock"))
    except Held as held:
        raise AlreadyRunning(f"another broker has {path} (process {held.pid})") from None
    with lock:
        books = Books(path, config.instance, config.start_ms)
        market = market_of(config, books.market_ms, books.start_ms)
        _serve(config, Broker(config, market, books))
        books.close()
    return 0


def _serve(config: BrokerConfig, broker: Broker) -> None:
    faults, server = Faults(time.monotonic), Server()
    api, control = Api(broker, faults), Control(broker, faults, server.stop)
    server.on_signals(signal.SIGTERM, signal.SIGINT)
    server.listen(Path(config.socket), lambda peer: ClientConnection(server, peer, api))
    server.listen(Path(config.control), lambda peer: ControlConnection(server, peer, control))
    server.run()
    Path(config.socket).unlink(missing_ok=True)
    Path(config.control).unlink(missing_ok=True)


def _refused(text: str, code: int) -> int:
    sys.stderr.write(f"hydra-terminal sim: {text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
