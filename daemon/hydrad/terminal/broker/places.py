"""Where the broker listens: a unix socket for its owner, or `tcp:HOST:PORT` where a system has none (Windows).

A unix socket is its owner's by its mode. A port is everybody's on the machine: `tcp:WORD@HOST:PORT` is open only to who
says the word first, and a line end.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

TCP = "tcp:"


def listener(place: str) -> socket.socket:
    """A bound socket; the caller holds the books' lock, so a leftover file is dead. Raises OSError."""
    if place.startswith(TCP):
        return socket.create_server(address(place))
    if sys.platform == "win32":
        raise OSError(f"{place}: Windows has no unix sockets for Python; write tcp:127.0.0.1:PORT")
    path = Path(place)
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX)
    made.bind(place)
    path.chmod(0o600)
    return made


def address(place: str) -> tuple[str, int]:
    """Host and port of a `tcp:` place."""
    host, _, port = place.removeprefix(TCP).rpartition("@")[2].rpartition(":")
    return host, int(port)


def word(place: str) -> bytes:
    """What a peer has to say first, with its line end; empty where nothing."""
    said, found, _ = place.removeprefix(TCP).rpartition("@")
    return f"{said}\n".encode() if place.startswith(TCP) and found else b""


def leave(place: str) -> None:
    """Take a unix socket's file away."""
    if not place.startswith(TCP):
        Path(place).unlink(missing_ok=True)


def folder(place: str) -> Path | None:
    """The folder that has to be there."""
    return None if place.startswith(TCP) else Path(place).parent
