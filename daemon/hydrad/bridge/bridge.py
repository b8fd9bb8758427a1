"""Frames to and from all agents: a ZeroMQ ROUTER with CURVE on the event loop. Owns the socket and its
counters.

The key is the terminal: who sent a message is what CURVE proved about its connection (ZAP's User-Id), never
what its payload says. A connection has a number, since two agents may hold one key, or one agent may come
back; which of them is the live session is judged by the core.

Nothing here waits: sends are tried once and refused when the peer is gone or its queue is full, and a message
that is no frame is counted and dropped, which disturbs nobody else.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Mapping

import zmq

from hydrad.bridge.connections import Connections
from hydrad.bridge.reader import SocketReader
from hydrad.bridge.strangers import Strangers
from hydrad.bridge.zap import DOMAIN, Zap
from hydrad.host.secrets import Secret
from hydrad.link.frames import (
    FRAME_BYTES_MAX,
    BadFrame,
    DownFrame,
    OtherVersion,
    UpFrame,
    decode_up,
    encode,
    versions_told,
)

# A queue is per connection and counts frames: 512 hold a hand-shake's pages (100 rows each) and more than a
# minute of beats and commands; at 64 KiB each way a peer that stops reading costs at most 32 MiB before it is
# refused.
QUEUE_FRAMES_MAX = 512
# libzmq compares the encrypted message with this limit: CURVE adds 33 bytes, so the bare 64 KiB would cut off
# a peer for a frame of just the allowed size. What lies between is refused by the decoder and counted by
# terminal.
MESSAGE_BYTES_MAX = FRAME_BYTES_MAX + 1024
HANDSHAKE_MS = 5_000
HEARTBEAT_MS = 2_000
HEARTBEAT_TIMEOUT_MS = 6_000

OnFrame = Callable[[str, int, UpFrame], None]
OnBad = Callable[[str, str, str], None]


class CannotListen(OSError):
    """The address for agents is taken, or is not one of this machine; the message names it."""


class Bridge:
    """One endpoint for all agents.

    `on_frame(terminal, connection, frame)` is called on the loop for each frame of a listed key.
    `on_bad(kind, detail, terminal)` for everything refused: kind is `stranger_key`, `stranger_mechanism`,
    `stranger_protocol`, `stranger_handshake`, `stranger_request` (terminal empty), or `frame`, `multipart`,
    `routing_id` (terminal named), `version` (likewise; detail is the link version that the agent speaks, and it was
    answered), or `revoked` (a key that was listed when it connected; terminal empty).

    A port of `*` or 0 takes a free one. Raises ValueError for keys that are no pair and for an address that
    names no host. Start and use it on the loop's thread alone.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        address: str,
        server_secret_z85: Secret,
        server_public: str,
        on_frame: OnFrame,
        on_bad: OnBad,
    ) -> None:
        _check_keys(server_secret_z85, server_public)
        self._loop = loop
        self._address = _check_address(address)
        self._on_frame = on_frame
        self._on_bad = on_bad
        self._counts: Counter[str] = Counter(frames_in=0, frames_out=0, dropped_gone=0, dropped_full=0, disconnected=0)
        self._connections = Connections()
        # A context of its own: the ZAP endpoint is in-process, one to a context.
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._zap = Zap(self._context, loop, self._stranger)
        self._router = _router(self._context, server_secret_z85, server_public, self._address)
        self._strangers = Strangers(loop, self._router, self._stranger, self._left)
        self._reader: SocketReader | None = None

    def start(self) -> str:
        """Bind and begin to read; the endpoint with its real port. Raises CannotListen when the address is
        taken."""
        assert self._reader is None, "a bridge starts once"
        try:
            self._router.bind(self._address)
        except zmq.ZMQError as error:
            why = os.strerror(error.errno or 0)
            raise CannotListen(error.errno, f"cannot listen on {self._address}: {why}") from None
        self._reader = SocketReader(self._loop, self._router, self._message)
        endpoint = self._router.getsockopt(zmq.LAST_ENDPOINT)
        assert isinstance(endpoint, bytes)
        return endpoint.decode("ascii").rstrip("\0")

    def allow(self, terminals: Mapping[str, str]) -> None:
        """Replace the allow-list: public key (Z85) to terminal name.

        A key that left the list, or names another terminal now, loses its connections at once: what it still
        sends is `revoked`, and what is sent to it is dropped.
        """
        changed = self._zap.changed(terminals)
        self._zap.allow(terminals)
        for key in changed:
            self._connections.forget_key(key)

    def send(self, terminal: str, connection: int, frame: DownFrame) -> bool:
        """Queue a frame; False when the connection is gone, not this terminal's, or its queue is full."""
        peer = self._connections.get(connection)
        if peer is None or self._reader is None or self._zap.terminal(peer.key) != terminal:
            return self._dropped("gone")
        try:
            self._router.send_multipart((peer.route, encode(frame)), zmq.NOBLOCK)
        except zmq.Again:
            return self._dropped("full")
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            self._connections.forget(connection)
            return self._dropped("gone")
        finally:
            self._reader.poke()
        self._counts["frames_out"] += 1
        return True

    def forget(self, terminal: str, connection: int) -> None:
        """Drop a connection's number; if its peer speaks again it is a new connection."""
        peer = self._connections.get(connection)
        if peer is not None and self._zap.terminal(peer.key) == terminal:
            self._connections.forget(connection)

    def counters(self) -> dict[str, int]:
        """Totals since the start: `frames_in`, `frames_out`, `dropped_gone`, `dropped_full`, `disconnected`,
        one `bad_KIND` for each kind told by `on_bad`; and `connections`, those known now."""
        return {**self._counts, "connections": len(self._connections)}

    def close(self) -> None:
        """Stop at once; what was queued and not sent is lost. May be called twice."""
        if self._context.closed:
            return
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._strangers.close()
        self._router.close(linger=0)
        self._zap.close()
        self._context.term()

    def _message(self, parts: list[zmq.Frame]) -> None:
        key = str(parts[-1].get("User-Id"))
        terminal = self._zap.terminal(key)
        if terminal is None:
            self._bad("revoked", key, "")
        elif len(parts) != 2:
            self._bad("multipart", f"{len(parts) - 1} parts", terminal)
        else:
            self._payload(terminal, key, parts[0].bytes, parts[1].bytes)

    def _payload(self, terminal: str, key: str, route: bytes, payload: bytes) -> None:
        # Ids that a ROUTER gives begin with a zero byte. A peer that names itself could take the id of
        # another one.
        if route[:1] != b"\0":
            self._bad("routing_id", "the peer chose its own", terminal)
            return
        try:
            frame = decode_up(payload)
        except OtherVersion as error:
            number = self._connections.heard(route, key).number
            self.send(terminal, number, versions_told(error.session, error.version))
            self._bad("version", str(error.version), terminal)
            return
        except BadFrame as error:
            self._bad("frame", str(error), terminal)
            return
        connection = self._connections.heard(route, key)
        self._counts["frames_in"] += 1
        self._on_frame(terminal, connection.number, frame)

    def _dropped(self, why: str) -> bool:
        self._counts[f"dropped_{why}"] += 1
        return False

    def _left(self) -> None:
        self._counts["disconnected"] += 1

    def _stranger(self, reason: str, detail: str) -> None:
        self._bad(f"stranger_{reason}", detail, "")

    def _bad(self, kind: str, detail: str, terminal: str) -> None:
        self._counts[f"bad_{kind}"] += 1
        self._on_bad(kind, detail, terminal)


def _router(context: zmq.Context[zmq.Socket[bytes]], secret: Secret, public: str, address: str) -> zmq.Socket[bytes]:
    """The ROUTER with every option set, not bound yet. No ROUTER_HANDOVER: a name in use is not handed on."""
    socket = context.socket(zmq.ROUTER)
    options = {
        zmq.LINGER: 0,
        zmq.SNDHWM: QUEUE_FRAMES_MAX,
        zmq.RCVHWM: QUEUE_FRAMES_MAX,
        zmq.MAXMSGSIZE: MESSAGE_BYTES_MAX,
        zmq.HANDSHAKE_IVL: HANDSHAKE_MS,
        zmq.HEARTBEAT_IVL: HEARTBEAT_MS,
        zmq.HEARTBEAT_TIMEOUT: HEARTBEAT_TIMEOUT_MS,
        zmq.HEARTBEAT_TTL: HEARTBEAT_TIMEOUT_MS,
        zmq.ROUTER_MANDATORY: 1,
        zmq.CURVE_SERVER: 1,
        zmq.IPV6: int("[" in address),
    }
    for option, value in options.items():
        socket.setsockopt(option, value)
    socket.setsockopt(zmq.CURVE_SECRETKEY, secret.reveal().encode("ascii"))
    socket.setsockopt(zmq.CURVE_PUBLICKEY, public.encode("ascii"))
    socket.setsockopt(zmq.ZAP_DOMAIN, DOMAIN)
    return socket


def _check_keys(secret: Secret, public: str) -> None:
    try:
        derived = zmq.curve_public(secret.reveal().encode("ascii")).decode("ascii")
    except (zmq.ZMQError, ValueError):  # pyzmq: ValueError for a wrong length
        raise ValueError("the server's secret key is not 40 characters of Z85") from None
    if derived != public:
        raise ValueError("the server's public key does not belong to its secret key")


def _check_address(address: str) -> str:
    """An address as libzmq binds it; raises ValueError unless it is `tcp://HOST:PORT` with a host written
    out."""
    scheme, _, rest = address.partition("://")
    host, _, port = rest.rpartition(":")
    if scheme != "tcp" or host in ("", "*") or not (port == "*" or port.isdecimal()):
        raise ValueError(f"'{address}' is not tcp://HOST:PORT with a host written out")
    return f"tcp://{host}:*" if port == "0" else address
