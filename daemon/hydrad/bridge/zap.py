"""Who may connect: the answer to ZeroMQ's authentication requests (ZAP, ZeroMQ RFC 27).

Owns the allow-list. libzmq asks over an in-process socket before it lets a peer in; everything but CURVE with
a listed key is refused. Without a handler that answers, or with one that has no policy, libzmq would let NULL
connections in, so the handler is bound before the ROUTER is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import zmq
from zmq.utils import z85

from hydrad.bridge.reader import SocketReader

ENDPOINT = "inproc://zeromq.zap.01"
DOMAIN = b"hydra"
_VERSION = b"1.0"


class Zap:
    """Answers requests on the loop. `refused(reason, detail)`: reason is `key`, `mechanism` or `request`."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        loop: asyncio.AbstractEventLoop,
        refused: Callable[[str, str], None],
    ) -> None:
        self._allowed: dict[str, str] = {}
        self._refused = refused
        self._socket = context.socket(zmq.REP)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(ENDPOINT)
        self._reader = SocketReader(loop, self._socket, self._answer)

    def allow(self, terminals: Mapping[str, str]) -> None:
        """Replace the list: public key (Z85) to terminal name."""
        self._allowed = dict(terminals)

    def terminal(self, key: str) -> str | None:
        """The terminal of a key, None when it is not (or no longer) listed."""
        return self._allowed.get(key)

    def changed(self, terminals: Mapping[str, str]) -> list[str]:
        """The listed keys that a new list would remove or give to another terminal."""
        return [key for key, name in self._allowed.items() if terminals.get(key) != name]

    def close(self) -> None:
        self._reader.close()
        self._socket.close(linger=0)

    def _answer(self, parts: list[zmq.Frame]) -> None:
        fields = [part.bytes for part in parts]
        request_id = fields[1] if len(fields) > 1 else b""
        key = self._judge(fields)
        if key is None:
            reply = [_VERSION, request_id, b"400", b"refused", b"", b""]
        else:
            reply = [_VERSION, request_id, b"200", b"OK", key.encode("ascii"), b""]
        self._socket.send_multipart(reply, zmq.NOBLOCK)
        self._reader.poke()

    def _judge(self, fields: list[bytes]) -> str | None:
        """The Z85 key that may enter; None after having told why not."""
        if len(fields) < 6 or fields[0] != _VERSION or fields[2] != DOMAIN:
            self._refused("request", f"{len(fields)} fields")
            return None
        address, mechanism = fields[3].decode("ascii", "replace"), fields[5]
        if mechanism != b"CURVE" or len(fields) != 7 or len(fields[6]) != 32:
            self._refused("mechanism", f"{mechanism.decode('ascii', 'replace')} from {address}")
            return None
        key = z85.encode(fields[6]).decode("ascii")
        if key not in self._allowed:
            self._refused("key", f"{key} from {address}")
            return None
        return key
