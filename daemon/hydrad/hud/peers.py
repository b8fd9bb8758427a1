"""One connection. Owns what uvicorn leaves open: how many there may be before any has asked, how long a head takes, and
a way past its queues for bytes that are the same for a thousand connections.

uvicorn's own limit is looked at when a request has come; a connection that sends nothing, or its head a byte a minute,
would hold a descriptor for ever.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0
# Where a request's scope names its connection.
PEER = "hydra.peer"


class Peer(H11Protocol):
    """HTTP/1.1; hung up on at the door when there are as many as may be, and when a head is not whole in time."""

    _waiting: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.app = partial(_named, self, self.app)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency:
            transport.abort()
        else:
            self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        """From its first moment: what trickles in later gives it no more time."""
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class Body:
    """The body of a response that has begun and has no length, written straight to its connection: pieces go out when
    they are written, not when some task has its turn. A `hud.stream.Sink`. RFC 9112, 7.1: to HTTP/1.1 in chunks."""

    def __init__(self, scope: Scope) -> None:
        peer: Peer = scope[PEER]
        self._transport, self._flow = peer.transport, peer.flow
        self._chunked = scope["http_version"] == "1.1"

    def write(self, data: bytes) -> bool:
        """Whether the connection takes more; what is written to a lost one goes nowhere."""
        if not self._transport.is_closing():
            self._transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        return not self._flow.write_paused

    async def drained(self) -> None:
        """Until it takes more, or is lost."""
        await self._flow.drain()


async def _named(peer: Peer, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    scope[PEER] = peer
    await app(scope, receive, send)
