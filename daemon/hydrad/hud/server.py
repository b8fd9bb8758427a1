"""Starlette under uvicorn on the daemon's own loop. Owns the routes, the socket, and how it is ended.

uvicorn takes no signals here (they are the daemon's), writes no log of its own set-up, and listens on a socket that was
bound before: a port that is taken is an error of ours, not its exit.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from hydrad.hud.page import Glance, html

HOST = "127.0.0.1"
CONNECTIONS_MAX = 64
GRACE_S = 1
_LOOK_S = 0.02
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HudServer:
    """Serves what `look` measures, at most `CONNECTIONS_MAX` at a time. `requests`: answered so far."""

    def __init__(self, look: Callable[[], Glance]) -> None:
        self._look = look
        self.requests = 0
        routes = [
            Route("/", self._page),
            Route("/livez", self._livez),
            Route("/readyz", self._readyz),
            Route("/healthz", self._healthz),
        ]
        self.app = Starlette(routes=routes)
        # A page elsewhere must not read this one through a name of its own that points here.
        self.app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])

    async def serve(self, listener: socket.socket, ready: Callable[[], None]) -> None:
        """Until cancelled; the listener is closed then. Raises what uvicorn raises."""
        config = uvicorn.Config(
            self.app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            http="h11",
            loop="none",
            limit_concurrency=CONNECTIONS_MAX,
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
        )
        server = _Server(config)
        serving = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]))
        try:
            while not server.started and not serving.done():
                await asyncio.sleep(_LOOK_S)
            if not serving.done():
                ready()
            await asyncio.wait({serving})
            serving.result()
        finally:
            server.should_exit = True
            await asyncio.wait({serving}, timeout=GRACE_S + 2)
            serving.cancel()
            listener.close()

    async def _page(self, request: Request) -> Response:
        self.requests += 1
        return HTMLResponse(html(self._look()), headers=_HEADERS)

    async def _livez(self, request: Request) -> Response:
        """The loop turns and its lag is bearable."""
        return self._probe(self._look().live)

    async def _readyz(self, request: Request) -> Response:
        """It can take acts: bridge and toc run, a terminal is READY."""
        return self._probe(self._look().ready)

    async def _healthz(self, request: Request) -> Response:
        """Every check, as JSON."""
        self.requests += 1
        glance = self._look()
        body = msgspec.json.encode(glance)
        status = 200 if glance.healthy else 503
        return Response(body, status, headers=_HEADERS, media_type="application/json")

    def _probe(self, passed: bool) -> Response:
        self.requests += 1
        return PlainTextResponse("ok\n" if passed else "no\n", 200 if passed else 503, headers=_HEADERS)


def listen(port: int) -> socket.socket:
    """A bound socket on loopback; 0 takes a free port. Raises OSError when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
