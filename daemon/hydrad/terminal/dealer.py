"""The agent's socket to a daemon: a ZeroMQ DEALER with CURVE. Owns the socket, its options and what waits to be sent.

Nothing here blocks. A frame that the socket does not take waits in a bounded outbox, in its order; ticks are not even
made while something waits there. The socket is closed and made anew for each session, since after a refused CURVE
hand-shake a DEALER may have no connection left.
"""

from __future__ import annotations

from collections import deque

import zmq

from hydrad.link.frames import FRAME_BYTES_MAX
from hydrad.terminal.bundle import Bundle, DaemonAddress

QUEUE_FRAMES = 256
OUTBOX_FRAMES_MAX = 4096
RECEIVED_AT_ONCE_MAX = 256
# libzmq compares the encrypted message, which is 33 bytes longer than the frame.
MESSAGE_BYTES_MAX = FRAME_BYTES_MAX + 1024
_OPTIONS = {
    zmq.LINGER: 0,
    zmq.SNDHWM: QUEUE_FRAMES,
    zmq.RCVHWM: QUEUE_FRAMES,
    zmq.MAXMSGSIZE: MESSAGE_BYTES_MAX,
    zmq.IMMEDIATE: 1,
    zmq.HANDSHAKE_IVL: 5_000,
    zmq.HEARTBEAT_IVL: 2_000,
    zmq.HEARTBEAT_TIMEOUT: 6_000,
    zmq.RECONNECT_IVL: 100,
    zmq.RECONNECT_IVL_MAX: 1_000,
}


class OutboxFull(Exception):
    """The daemon does not take what it is sent: give up this connection."""


class Dealer:
    """At most one connection at a time."""

    def __init__(self, bundle: Bundle) -> None:
        self._public = bundle.curve_public.encode("ascii")
        self._secret = bundle.curve_secret
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._outbox: deque[bytes] = deque()
        self.socket: zmq.Socket[bytes] | None = None

    def open(self, daemon: DaemonAddress) -> None:
        """Connect anew; what still waited is forgotten. Raises zmq.ZMQError for an address that is none."""
        self._drop()
        socket = self._context.socket(zmq.DEALER)
        for option, value in _OPTIONS.items():
            socket.setsockopt(option, value)
        socket.setsockopt(zmq.IPV6, int("[" in daemon.address))
        socket.setsockopt(zmq.CURVE_SERVERKEY, daemon.server_key.encode("ascii"))
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self._public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._secret.reveal().encode("ascii"))
        socket.connect(daemon.address)
        self.socket = socket

    @property
    def waiting(self) -> int:
        """Frames that the socket has not taken yet."""
        return len(self._outbox)

    def send(self, data: bytes) -> None:
        """Send after what waits already; raises OutboxFull."""
        if len(self._outbox) >= OUTBOX_FRAMES_MAX:
            raise OutboxFull
        self._outbox.append(data)
        self.flush()

    def flush(self) -> None:
        """Hand the socket what it takes."""
        while self._outbox and self.socket is not None:
            try:
                self.socket.send(self._outbox[0], zmq.NOBLOCK)
            except zmq.Again:
                return
            self._outbox.popleft()

    def receive(self) -> list[bytes]:
        """What has come, a bounded number of messages. One of several parts is no frame: it comes as no bytes."""
        messages: list[bytes] = []
        while self.socket is not None and len(messages) < RECEIVED_AT_ONCE_MAX:
            try:
                parts = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            messages.append(parts[0] if len(parts) == 1 else b"")
        return messages

    def close(self, linger_ms: int) -> None:
        """For good; what the socket has taken may still leave for so long."""
        self._drop(linger_ms)
        self._context.term()

    def _drop(self, linger_ms: int = 0) -> None:
        self._outbox.clear()
        if self.socket is not None:
            self.socket.close(linger=linger_ms)
        self.socket = None
