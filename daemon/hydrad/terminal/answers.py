"""What a worker says, as something that can be polled together with a socket.

A pipe can, but on Windows, where only sockets can: there a thread of its own carries the pipe's bytes into one. The
thread ends with the pipe, and the pipe with the worker.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading

from hydrad.host import windows

_READ_BYTES = 1 << 16


class Answers:
    """The readable end of a worker's pipe. `carried`: by a thread, into a socket."""

    def __init__(self, fd: int, *, carried: bool = windows.HERE) -> None:
        self._pipe = fd
        self._socket: socket.socket | None = None
        if carried:
            self._socket, far = socket.socketpair()
            threading.Thread(target=_carry, args=(fd, far), daemon=True).start()

    def fileno(self) -> int:
        """What to poll."""
        return self._pipe if self._socket is None else self._socket.fileno()

    def read(self) -> bytes:
        """What there is, empty at its end; raises OSError."""
        return os.read(self._pipe, _READ_BYTES) if self._socket is None else self._socket.recv(_READ_BYTES)

    def close(self) -> None:
        """The socket's; the pipe is whose process it is."""
        if self._socket is not None:
            self._socket.close()


def _carry(fd: int, far: socket.socket) -> None:
    with contextlib.suppress(OSError), far:  # the reader has gone, or the pipe was closed under us: the end
        while data := os.read(fd, _READ_BYTES):
            far.sendall(data)
