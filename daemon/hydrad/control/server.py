"""The unix socket: listening, admitting clients, and stopping. Owns the socket file.

Whoever starts it holds the daemon's lock, so that two daemons cannot race for the file. Everything runs in
callbacks of the loop; there are no tasks.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections import Counter
from pathlib import Path

from hydrad.control.client import Client
from hydrad.control.handler import Handler

CLIENTS_MAX = 64
SOCKET_MODE = 0o660
# How long `close` lets the last answers go out before it hangs up.
CLOSE_GRACE_S = 1.0
_PROBE_S = 1.0
_BACKLOG = 64


class SocketTaken(OSError):
    """Another process answers on the socket, or the path holds something that is no socket."""


class ControlServer:
    """Serves `handler` on the unix socket at `path` to at most `clients_max` clients at a time."""

    def __init__(self, path: Path, handler: Handler, *, clients_max: int = CLIENTS_MAX) -> None:
        self._path = path
        self._handler = handler
        self._clients_max = clients_max
        self._clients: set[Client] = set()
        self._numbers = 0
        self._server: asyncio.Server | None = None
        self._inode = 0
        self._all_left: asyncio.Future[None] | None = None

    @property
    def clients(self) -> int:
        """Clients connected now."""
        return len(self._clients)

    async def start(self) -> None:
        """Listen. A stale file is replaced; raises SocketTaken when somebody answers there, else OSError."""
        assert self._server is None, "a server starts once"
        _remove_stale(self._path)
        listener = _listen(self._path)
        self._inode = self._path.stat().st_ino
        self._server = await asyncio.get_running_loop().create_unix_server(self._client, sock=listener)

    async def close(self) -> None:
        """Take no more clients, let answers go out for a second at most, hang up, remove the file."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        for client in list(self._clients):
            client.close()
        if self._clients:
            await self._until_all_left()

    async def _until_all_left(self) -> None:
        loop = asyncio.get_running_loop()
        self._all_left = loop.create_future()
        timer = loop.call_later(CLOSE_GRACE_S, self._abort_all)
        await self._all_left
        timer.cancel()

    def _abort_all(self) -> None:
        for client in list(self._clients):
            client.abort()

    def _client(self) -> Client:
        self._numbers += 1
        return Client(self._numbers, self._handler, self._admit, self._left)

    def _admit(self, client: Client) -> bool:
        if len(self._clients) >= self._clients_max and not self._make_room(client.uid):
            return False
        self._clients.add(client)
        return True

    def _make_room(self, uid: int) -> bool:
        """Nobody keeps others out: whoever has the most clients loses one that is idle, to a user with fewer."""
        held = Counter(client.uid for client in self._clients)
        most = max(held, key=lambda holder: held[holder])
        idle = next((client for client in self._clients if client.uid == most and client.idle), None)
        if idle is None or held[most] <= held[uid] + 1:
            return False
        self._clients.discard(idle)
        idle.abort()
        return True

    def _left(self, client: Client) -> None:
        self._clients.discard(client)
        if self._all_left is not None and not self._clients and not self._all_left.done():
            self._all_left.set_result(None)


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SocketTaken(f"{path} is no socket; it was left alone")
    if _somebody_answers(path):
        raise SocketTaken(f"another process serves {path}")
    path.unlink(missing_ok=True)


def _somebody_answers(path: Path) -> bool:
    """True unless the kernel refuses the connection; a full backlog or a slow peer counts as an answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except TimeoutError:
            return True
    return True


def _listen(path: Path) -> socket.socket:
    """A listening socket at `path`; its mode is right before the first client can connect."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(os.fspath(path))
        path.chmod(SOCKET_MODE)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener
