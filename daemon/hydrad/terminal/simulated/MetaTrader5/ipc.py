"""Owns the connection to the simulated broker and the last error.

A request is 4 bytes of big-endian length and a JSON object `{"id": N, "call": NAME, "arguments": [...]}`. The
reply is framed the same way, `{"id": N, "value": ..., "error": null or [code, text], "tail": N}`, followed by
`tail` bytes of a packed array. Each call waits at most `timeout_s`; a reply that comes after its call gave up
is dropped by its id.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
import time
from typing import Any

from .failed import Failed
from .host import PRIVATE

__all__ = ["IPC", "SUCCESS", "TIMEOUT_S", "Failed"]

SOCKET_VARIABLE = "HYDRA_SIM_SOCKET"
TCP = "tcp:"
TIMEOUT_S = 60.0
SUCCESS = (1, "Success")
_LENGTH = struct.Struct("!I")
_RECEIVE_BYTES = 1 << 16  # what malloc gives without asking the kernel each time


def _connected(place: str, timeout_s: float) -> socket.socket:
    """To a unix socket, or to `tcp:HOST:PORT`, where `tcp:WORD@HOST:PORT` wants its word first; raises OSError."""
    if place.startswith(TCP):
        word, found, address = place[len(TCP) :].rpartition("@")
        host, _, port = address.rpartition(":")
        made = socket.create_connection((host, int(port)), timeout_s)
        if found:
            made.sendall(f"{word}\n".encode())
        return made
    if sys.platform == "win32":
        raise OSError("a unix socket cannot be reached from Windows")
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(timeout_s)
    try:
        peer.connect(place)
    except OSError:
        peer.close()
        raise
    return peer


class Ipc:
    """One connection, one call at a time."""

    def __init__(self) -> None:
        self.last_error: tuple[int, str] = SUCCESS
        self.timeout_s = TIMEOUT_S
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self._number = 0
        self._owner = os.getpid()

    def connect(self, timeout_s: float) -> None:
        """Connect to the broker that the environment names, else to a private one; raises Failed -10003."""
        self.close()
        path = os.environ.get(SOCKET_VARIABLE, "") or PRIVATE.socket(timeout_s)
        try:
            peer = _connected(path, timeout_s)
        except OSError as error:
            shown = TCP + path[len(TCP) :].rpartition("@")[2] if path.startswith(TCP) else path  # without the word
            raise Failed(-10003, f"IPC initialize failed, {shown}: {error.strerror or error}") from None
        self.timeout_s = timeout_s
        self._socket, self._owner = peer, os.getpid()

    def close(self) -> None:
        """Forget the connection; nothing when there is none."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._buffer.clear()

    def call(self, name: str, *arguments: Any) -> Any:
        """The value of an answer; raises Failed."""
        return self.exchange(name, *arguments)[0]

    def exchange(self, name: str, *arguments: Any) -> tuple[Any, bytes]:
        """The value and the array of an answer; raises Failed."""
        with self._lock:
            self._number += 1
            deadline = time.monotonic() + self.timeout_s
            self._send({"id": self._number, "call": name, "arguments": arguments}, deadline)
            while True:
                reply, tail = self._receive(deadline)
                if reply["id"] == self._number:
                    break
        if reply["error"] is not None:
            raise Failed(*reply["error"])
        return reply["value"], tail

    def _send(self, request: dict[str, Any], deadline: float) -> None:
        peer = self._connected()
        try:
            header = json.dumps(request, allow_nan=False).encode()
        except ValueError:
            raise Failed(-2, "Terminal: Invalid params") from None
        try:
            peer.settimeout(max(deadline - time.monotonic(), 0.001))
            peer.sendall(_LENGTH.pack(len(header)) + header)
        except OSError:
            self.close()
            raise Failed(-10001, "IPC send failed") from None

    def _receive(self, deadline: float) -> tuple[dict[str, Any], bytes]:
        """The next whole frame. Nothing is taken from the buffer before it is whole."""
        self._fill(_LENGTH.size, deadline)
        end = _LENGTH.size + int(_LENGTH.unpack_from(self._buffer)[0])
        self._fill(end, deadline)
        reply: dict[str, Any] = json.loads(self._buffer[_LENGTH.size : end])
        total = end + int(reply["tail"])
        self._fill(total, deadline)
        tail = bytes(self._buffer[end:total])
        del self._buffer[:total]
        return reply, tail

    def _fill(self, size: int, deadline: float) -> None:
        peer = self._connected()
        while len(self._buffer) < size:
            try:
                peer.settimeout(max(deadline - time.monotonic(), 0.001))
                data = peer.recv(_RECEIVE_BYTES)
            except socket.timeout:  # TimeoutError from Python 3.10 on
                raise Failed(-10005, "IPC timeout") from None
            except OSError:
                data = b""
            if not data:
                self.close()
                raise Failed(-10002, "IPC recv failed")
            self._buffer += data

    def _connected(self) -> socket.socket:
        if self._owner != os.getpid():  # a fork has no connection of its own
            self.close()
        if self._socket is None:
            raise Failed(-10004, "No IPC connection")
        return self._socket


IPC = Ipc()
