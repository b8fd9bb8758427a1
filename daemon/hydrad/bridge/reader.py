"""Reading a ZeroMQ socket from an event loop without losing its edge, and without starving the loop.

Owns the one trap of `socket.FD`: it is edge-triggered and shared by both directions, so that any call on the
socket (a send too) can use up the signal of a message that waits. After each turn and after each send EVENTS
is therefore asked, and a further turn arranged when something is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import zmq

# Four times what the daemon steps in a turn: what waits, waits where orders can be told from ticks, and not in the
# socket, where a beat or a result would stand behind every tick that came before it. Few, so that a request or a halt
# on the control socket waits a millisecond or two.
MESSAGES_PER_TURN_MAX = 32


class SocketReader:
    """Hands each message's parts to `take`, at most 32 messages in one turn of the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        socket: zmq.Socket[bytes],
        take: Callable[[list[zmq.Frame]], None],
    ) -> None:
        self._loop = loop
        self._socket = socket
        self._take = take
        self._arranged = False
        self._closed = False
        fd = socket.getsockopt(zmq.FD)
        assert isinstance(fd, int)
        self._fd = fd
        loop.add_reader(self._fd, self._turn)
        self.poke()

    def poke(self) -> None:
        """Arrange a turn if a message waits; to be called after each send on the socket."""
        if self._arranged or self._closed:
            return
        events = self._socket.getsockopt(zmq.EVENTS)
        assert isinstance(events, int)
        if events & zmq.POLLIN:
            self._arranged = True
            self._loop.call_soon(self._arranged_turn)

    def close(self) -> None:
        """Stop reading. The socket stays the caller's to close."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._fd)

    def _arranged_turn(self) -> None:
        self._arranged = False
        self._turn()

    def _turn(self) -> None:
        try:
            for _ in range(MESSAGES_PER_TURN_MAX):
                if self._closed or not self._read_one():
                    return
        finally:
            self.poke()

    def _read_one(self) -> bool:
        try:
            parts = self._socket.recv_multipart(zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return False
        self._take(parts)
        return True
